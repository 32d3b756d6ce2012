//! Telling what an object is before reading it.

use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, text_of};

/// `RawAlert::kind` of an alert of CSPM, from the API or from a notification.
pub(super) const ALERT: &str = "alert";
/// `RawAlert::kind` of a runtime incident of Compute.
pub(super) const INCIDENT: &str = "incident";
/// `RawAlert::kind` of a record of Compute's alert feed: audit, discovery, compliance, vulnerability.
pub(super) const AUDIT: &str = "audit";
/// `RawAlert::kind` of anything else that was in a file.
pub(super) const OTHER: &str = "other";

/// What an object looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// As `/v2/alert` and `/alert/{id}` send it.
    Alert,
    /// A notification: flat, edited by customers.
    Notification,
    /// An incident as Compute's API sends it.
    Incident,
    /// A record of Compute's alert feed.
    Audit,
    /// None of these; in words that complete "this looks like …".
    Else(String),
}

/// Looks at keys only: a value may be null or of the wrong type and the object still be an alert.
pub(super) fn shape(value: &Value) -> Shape {
    let Some(object) = value.as_object() else { return Shape::Else(scalar(value)) };
    let has = |key: &str| object.contains_key(key);
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    if has("alertId") && any(&["policyName", "policyId", "severity", "alertRuleName"]) {
        return Shape::Notification;
    }
    if has("_id") && any(&["kind", "compliance", "vulnerabilities", "forensicLink"]) {
        return Shape::Audit;
    }
    if has("_id") && any(&["acknowledged", "audits", "category", "serialNum"]) {
        return Shape::Incident;
    }
    if has("id") && any(&["policy", "policyId", "alertTime", "alertRules"]) {
        return Shape::Alert;
    }
    Shape::Else(text::line(&described(value, &has), text::TITLE_CAP))
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

/// Never quotes values of things that may hold secrets.
fn described(value: &Value, has: &dyn Fn(&str) -> bool) -> String {
    let all = |keys: &[&str]| keys.iter().all(|key| has(key));
    if has("token") {
        return "the answer to a login".to_owned();
    }
    if all(&["status", "headers", "body"]) {
        return "a recorded HTTP answer".to_owned();
    }
    if all(&["resource"]) || has("rrn") {
        return "a description of a resource, which is no alert".to_owned();
    }
    if at(value, "data.asset").is_object() {
        return "a description of an asset, which is no alert".to_owned();
    }
    if at(value, "data.items").is_array() && has("query") {
        return "the answer to an IAM query".to_owned();
    }
    if all(&["policyId", "rule"]) || all(&["policyType", "name"]) {
        return "a policy, which is no alert".to_owned();
    }
    if has("error") || has("err") {
        let said = text_of(at(value, "error.message")).or_else(|| text_of(at(value, "error.code")));
        return format!("an error answer ({})", said.unwrap_or_else(|| "no text".to_owned()));
    }
    let keys: Vec<&str> =
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).take(8).collect();
    match keys.as_slice() {
        [] => "an empty object".to_owned(),
        keys => format!("an object with the keys {}", keys.join(", ")),
    }
}
