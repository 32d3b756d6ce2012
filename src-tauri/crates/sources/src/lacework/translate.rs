//! Events in Lacework's older words, and the bodies of its channels, brought into the words of the
//! alerts API so that there is one way of reading.
//!
//! Older events (EventBridge channel, version 1 of the API) use upper case: `EVENT_ID`, `SEVERITY`
//! as a number or a text, `EVENT_DETAILS.data[].ENTITY_MAP`. Webhook channels send a flat object:
//! `event_id`, `event_severity` as text. Neither has a status.

use serde_json::{Map, Value, json};

use crate::fields::{at, list, text_of};

/// An older event, bare or as the `detail` of an EventBridge envelope.
pub(super) fn event(value: &Value) -> Value {
    let enveloped = at(value, "detail").get("EVENT_ID").is_some();
    let event = if enveloped { at(value, "detail") } else { value };
    let parts: Vec<&Value> = list(at(event, "EVENT_DETAILS.data")).iter().take(50).collect();
    let from_parts = |key: &str| parts.iter().find_map(|part| given(at(part, key)));
    let first = |key: &str| given(at(event, key)).or_else(|| from_parts(key));
    let summary = given(at(event, "SUMMARY"));
    json!({
        "alertId": at(event, "EVENT_ID"),
        "alertName": first("EVENT_NAME").or_else(|| first("EVENT_TYPE")),
        "alertType": first("EVENT_TYPE"),
        "severity": at(event, "SEVERITY"),
        "status": at(event, "STATUS"),
        "startTime": first("START_TIME").or_else(|| given(at(value, "time"))),
        "endTime": first("END_TIME"),
        "alertInfo": { "subject": summary, "description": summary },
        "derivedFields": {
            "category": at(event, "EVENT_CATEGORY"),
            "source": at(event, "SOURCE"),
        },
        "entityMap": entity_map(event, &parts),
    })
}

/// The body of a webhook channel.
pub(super) fn webhook(value: &Value) -> Value {
    let description = at(value, "event_description");
    json!({
        "alertId": at(value, "event_id"),
        "alertName": at(value, "event_title"),
        "alertType": at(value, "event_type"),
        "severity": at(value, "event_severity"),
        "status": at(value, "event_status"),
        "startTime": at(value, "event_timestamp"),
        "alertInfo": { "subject": at(value, "event_title"), "description": description },
        "derivedFields": { "source": at(value, "event_source") },
        "policyId": at(value, "rec_id"),
        "entityMap": at(value, "entity_map"),
    })
}

fn given(value: &Value) -> Option<Value> {
    text_of(value).map(|_| value.clone())
}

/// The entity maps of all parts of an event as one.
fn entity_map(event: &Value, parts: &[&Value]) -> Value {
    let mut whole: Map<String, Value> = Map::new();
    let maps = parts.iter().map(|part| at(part, "ENTITY_MAP")).chain([at(event, "ENTITY_MAP")]);
    for (kind, entities) in maps.filter_map(Value::as_object).flatten() {
        let slot = whole.entry(kind.clone()).or_insert_with(|| json!([]));
        if let (Some(all), Some(more)) = (slot.as_array_mut(), entities.as_array()) {
            all.extend(more.iter().take(50).cloned());
        }
    }
    Value::Object(whole)
}
