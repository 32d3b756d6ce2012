//! One alert, scope by scope.

use serde_json::{Value, json};

use super::account::Account;

/// The scopes that are served.
pub(super) const SCOPES: [&str; 7] = [
    "Details",
    "Investigation",
    "Events",
    "RelatedAlerts",
    "Integrations",
    "Timeline",
    "ObservationTimeline",
];

/// The data of a scope; `None` for an alert that is not known.
pub(super) fn scope(account: &Account, id: u64, scope: &str) -> Option<Value> {
    let alert = account.alerts.get(&id)?;
    Some(match scope {
        "Investigation" => json!(alert.investigation),
        "Events" => json!(alert.events),
        "RelatedAlerts" => related(account, id, &alert.about),
        "Integrations" => json!([]),
        "Timeline" => json!(alert.timeline),
        "ObservationTimeline" => json!(alert.observations),
        _ => {
            let mut whole = alert.listed.clone();
            whole["entityMap"] = alert.entity_map.clone();
            whole
        }
    })
}

/// Other alerts about the same thing, in the older words that this scope still has.
fn related(account: &Account, id: u64, about: &str) -> Value {
    let others = account
        .alerts
        .iter()
        .filter(|(other, alert)| **other != id && !about.is_empty() && alert.about == about);
    let rows = others.take(20).enumerate().map(|(place, (other, alert))| {
        let listed = &alert.listed;
        json!({
            "eventId": other.to_string(),
            "eventName": listed["alertName"],
            "eventType": listed["alertType"],
            "severity": listed["severity"],
            "rank": place + 1,
            "eventInfo": listed["alertInfo"],
            "startTime": listed["startTime"],
            "endTime": listed["endTime"],
        })
    });
    rows.collect()
}
