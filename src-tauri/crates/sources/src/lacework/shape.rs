//! Telling what an object is before reading it.

use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, text_of};

/// `RawAlert::kind` of an alert.
pub(super) const ALERT: &str = "alert";
/// `RawAlert::kind` of anything else that was in a file.
pub(super) const OTHER: &str = "other";

/// What an object looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// An alert as the API sends it, in a list or with its details.
    Alert,
    /// An alert with the answers to further scopes beside it, as our client composes them.
    Parts,
    /// An event in the older words (`EVENT_ID`), bare or in an EventBridge envelope.
    Event,
    /// The body of a webhook channel (`event_id`).
    Webhook,
    /// None of these; in words that complete "this looks like …".
    Else(String),
}

/// Looks at keys only: a value may be null or of the wrong type and the object still be an alert.
pub(super) fn shape(value: &Value) -> Shape {
    let Some(object) = value.as_object() else { return Shape::Else(scalar(value)) };
    let has = |key: &str| object.contains_key(key);
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    if is_alert(at(value, "alert")) {
        return Shape::Parts;
    }
    if is_alert(value) {
        return Shape::Alert;
    }
    let detail = at(value, "detail");
    if is_event(value) || is_event(detail) {
        return Shape::Event;
    }
    if has("event_id") && any(&["event_title", "event_severity", "event_type"]) {
        return Shape::Webhook;
    }
    Shape::Else(text::line(&described(value, &has), text::TITLE_CAP))
}

fn is_alert(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    let entry = ["entryType", "alertIntegrationId", "alertChannel"].iter().any(|key| has(key));
    let said = ["alertType", "alertName", "alertInfo", "severity", "status", "startTime"];
    has("alertId") && !entry && said.iter().any(|key| has(key))
}

fn is_event(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("EVENT_ID")
        && ["EVENT_TYPE", "EVENT_NAME", "SEVERITY", "SUMMARY"].iter().any(|key| has(key))
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list",
        Value::Null => "null",
        Value::String(_) => "a single text",
        _ => "a single value",
    }
    .to_owned()
}

/// Single objects by the keys that only they have. Policies come before the rest: they have
/// severities too.
const KNOWN: [(&[&str], &str); 14] = [
    (&["alertChannel"], "an alert channel of an alert, not the alert itself"),
    (&["alertIntegrationId"], "an alert channel of an alert, not the alert itself"),
    (&["entryType"], "a timeline entry of an alert, not the alert itself"),
    (&["question", "answer"], "a line of an alert's investigation, not the alert itself"),
    (&["observationType"], "an entry of an alert's observation timeline, not the alert itself"),
    (&["eventName", "eventSource"], "a CloudTrail event behind an alert, not the alert itself"),
    (&["eventId", "eventName"], "the summary of a related alert, without its status"),
    (&["policyId", "policyType"], "a policy, not an alert of it"),
    (&["policyId", "queryId"], "a policy, not an alert of it"),
    (&["imageId", "repo"], "an image of the inventory"),
    (&["awsInstanceId"], "a machine of the inventory"),
    (&["resourceConfig"], "a resource of the inventory"),
    (&["username", "uid"], "a user of a machine"),
    (&["keyId", "expiryTime"], "a token request"),
];

/// Never quotes values of things that may hold secrets.
fn described(value: &Value, has: &dyn Fn(&str) -> bool) -> String {
    if has("token") || at(value, "data.token").is_string() || has("access_token") {
        return "the answer to a token request; treat its token as leaked".to_owned();
    }
    if let Some((_, what)) = KNOWN.iter().find(|(keys, _)| keys.iter().all(|key| has(key))) {
        return (*what).to_owned();
    }
    if let Some(said) = words(value) {
        return format!("an error answer ({said})");
    }
    if has("data") {
        return "an answer without an alert in it".to_owned();
    }
    let keys: Vec<&str> =
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).take(8).collect();
    match keys.as_slice() {
        [] => "an empty object".to_owned(),
        keys => format!("an object with the keys {}", keys.join(", ")),
    }
}

/// What an error answer says. Its words stand at one of several places (the vendor's own Go client
/// looks at all of these); `SUCCESS` says nothing.
pub(super) fn words(answer: &Value) -> Option<String> {
    let places = [
        "message",
        "data.message",
        "data.statusMessage",
        "data.ErrorMsg",
        "data.Message",
        "data.MessageError",
        "error",
    ];
    let said = places.iter().filter_map(|place| text_of(at(answer, place)));
    said.into_iter().find(|said| said != "SUCCESS").map(|said| text::line(&said, 200))
}
