//! What a client may write, and what the control API changes.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::organisation::{Alert, Organisation};
use super::stamp;

/// Why a write was refused.
pub(super) enum Refusal {
    /// No such alert.
    Unknown,
    /// In Orca's words.
    Words(&'static str),
}

/// Setting what is set is an error here; clients know it by these words.
const SAME: Refusal = Refusal::Words("requested to set same configuration");

/// `PUT …/status/{word}`.
pub(super) fn status(
    organisation: &mut Organisation,
    name: &str,
    word: &str,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let status = match word {
        "open" | "in_progress" => word,
        "close" => "closed",
        "dismiss" => "dismissed",
        _ => return Err(Refusal::Words("invalid status")),
    };
    let id = organisation.fresh_id("event");
    let alert = organisation.alert_mut(name).ok_or(Refusal::Unknown)?;
    if alert.fields["Status"] == status {
        return Err(SAME);
    }
    set_status(alert, status, now);
    let details = json!({ "description": "Alert status changed", "status": status });
    Ok(record(alert, &id, "status", details, now))
}

/// `PUT …/snooze {"days": n}`.
pub(super) fn snooze(
    organisation: &mut Organisation,
    name: &str,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let days = body["days"].as_u64().filter(|days| (1..=3_650).contains(days));
    let days = days.ok_or(Refusal::Words("days must be a positive number"))?;
    let id = organisation.fresh_id("event");
    let alert = organisation.alert_mut(name).ok_or(Refusal::Unknown)?;
    set_status(alert, "snoozed", now);
    let details = json!({ "description": format!("Alert snoozed for {days} days") });
    Ok(record(alert, &id, "snooze", details, now))
}

/// `PUT …/comment {"comment": text}`.
pub(super) fn comment(
    organisation: &mut Organisation,
    name: &str,
    body: &Value,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let text = body["comment"].as_str().filter(|text| !text.trim().is_empty());
    let text = text.ok_or(Refusal::Words("comment must not be empty"))?;
    let id = organisation.fresh_id("comment");
    let alert = organisation.alert_mut(name).ok_or(Refusal::Unknown)?;
    let count = alert.fields.get("CommentsCount").and_then(Value::as_u64).unwrap_or_default();
    alert.fields.insert("CommentsCount".into(), json!(count + 1));
    touch(alert, now);
    let details = json!({ "description": "Added comment", "comment": text });
    Ok(record(alert, &id, "comment", details, now))
}

/// `GET …/event_log`, newest first.
pub(super) fn event_log(
    organisation: &Organisation,
    name: &str,
    from: usize,
    limit: usize,
) -> Result<Value, Refusal> {
    let alert = organisation.alert(name).ok_or(Refusal::Unknown)?;
    let events: Vec<&Value> = alert.events.iter().rev().skip(from).take(limit).collect();
    Ok(json!({ "event_log": events }))
}

/// Changes fields of an alert from outside, as if Orca itself had. A new status moves its time.
pub(super) fn overlay(
    organisation: &mut Organisation,
    name: &str,
    fields: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let alert = organisation.alert_mut(name).ok_or_else(|| format!("there is no alert {name}"))?;
    touch(alert, now);
    for (key, value) in fields {
        match (key.as_str(), value.as_str()) {
            ("Status", Some(status)) => set_status(alert, status, now),
            ("LastUpdated", Some(text)) => {
                let at = text.parse().map_err(|_| format!("{text} is not a time"))?;
                alert.updated = at;
                alert.fields.insert(key.clone(), json!(stamp(at)));
            }
            _ => _ = alert.fields.insert(key.clone(), value.clone()),
        }
    }
    Ok(())
}

fn set_status(alert: &mut Alert, status: &str, now: DateTime<Utc>) {
    let before = alert.fields.get("Status").cloned().unwrap_or_default();
    let closed = status == "closed";
    for (key, value) in [
        ("PrevUserDefinedStatus", before),
        ("Status", json!(status)),
        ("UserDefinedStatus", json!(status)),
        ("StatusTime", json!(stamp(now))),
        ("ClosedTime", if closed { json!(stamp(now)) } else { Value::Null }),
        ("ClosedReason", if closed { json!("user moved to done") } else { Value::Null }),
    ] {
        alert.fields.insert(key.into(), value);
    }
    touch(alert, now);
}

fn touch(alert: &mut Alert, now: DateTime<Utc>) {
    alert.updated = now;
    alert.fields.insert("LastUpdated".into(), json!(stamp(now)));
}

fn record(alert: &mut Alert, id: &str, kind: &str, details: Value, now: DateTime<Utc>) -> Value {
    let event = json!({
        "unique_id": id,
        "user_email": "firebreak@sandbox.invalid",
        "user_name": "firebreak",
        "alert_id": alert.name(),
        "asset_unique_id": alert.asset,
        "create_time": stamp(now),
        "type": kind,
        "details": details,
    });
    alert.events.push(event.clone());
    event
}
