//! What a client may write: a comment, and closing. There is no way back.

use serde_json::{Value, json};

use super::account::Account;
use super::{now, stamp};

/// Why a write is refused: status and words.
pub(super) type Refusal = (u16, String);

/// Reasons for closing, by number.
const REASONS: [&str; 6] = [
    "Other",
    "False positive",
    "Not enough information",
    "Malicious and have resolution in place",
    "Expected because of routine testing",
    "Expected Behavior",
];

/// `POST Alerts/{id}/comment`.
pub(super) fn comment(account: &mut Account, id: u64, body: &Value) -> Result<Value, Refusal> {
    let said = body["comment"].as_str().filter(|said| !said.trim().is_empty());
    let said = said.ok_or((400, "comment must be a text".to_owned()))?.to_owned();
    entry(account, id, "Comment", &said).map(|entry| json!({ "data": entry }))
}

/// `POST Alerts/{id}/close`.
pub(super) fn close(account: &mut Account, id: u64, body: &Value) -> Result<Value, Refusal> {
    let reason = body["reason"].as_u64().and_then(|reason| REASONS.get(reason as usize));
    let reason = reason.ok_or((400, "reason must be a number from 0 to 5".to_owned()))?;
    let comment = body["comment"].as_str().unwrap_or_default();
    if *reason == "Other" && comment.trim().is_empty() {
        return Err((400, "a comment is needed when the reason is Other".to_owned()));
    }
    let open = account.alerts.get(&id).is_some_and(|alert| alert.listed["status"] == "Open");
    if account.alerts.contains_key(&id) && !open {
        return Err((400, "the alert is closed already".to_owned()));
    }
    entry(account, id, "AlertClosed", &format!("{reason} {comment}"))?;
    if let Some(alert) = account.alerts.get_mut(&id) {
        alert.listed["status"] = json!("Closed");
    }
    Ok(json!({ "message": "SUCCESS" }))
}

fn entry(account: &mut Account, id: u64, kind: &str, said: &str) -> Result<Value, Refusal> {
    let number = account.written();
    let unknown = || (404, format!("no alert has the id {id}"));
    let alert = account.alerts.get_mut(&id).ok_or_else(unknown)?;
    alert.listed["lastUserUpdatedTime"] = json!(stamp(now()));
    let entry = json!({
        "id": number,
        "alertId": id,
        "entryType": kind,
        "entryAuthorType": "UserUpdate",
        "message": { "value": said.trim() },
        "externalTime": "0",
        "user": { "userGuid": "SANDBOX_USER", "username": "firebreak@example.com" },
        "updateContext": {},
    });
    alert.timeline.push(entry.clone());
    Ok(entry)
}
