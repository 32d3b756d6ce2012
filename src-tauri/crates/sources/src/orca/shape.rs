//! Telling what an object is before reading it. Objects are looked at without their wrappings.

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
    /// An alert, in whichever form.
    Alert,
    /// Something else; in words that complete "it looks like …".
    Else(String),
}

/// Looks at keys only: a value may be null or of the wrong type and the object still be an alert.
pub(super) fn shape(plain: &Value) -> Shape {
    let Some(object) = plain.as_object() else { return Shape::Else(scalar(plain)) };
    let has = |key: &str| object.contains_key(key);
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    let kind = at(plain, "type").as_str().unwrap_or_default();
    let comment = kind == "comment" || at(plain, "details.comment").is_string();
    let alert = has("AlertId")
        || (kind == "Alert" && any(&["Status", "Title", "RiskLevel", "AlertType", "CreatedAt"]))
        || at(plain, "state.alert_id") != &Value::Null
        || (at(plain, "state").is_object() && any(&["type_string", "asset_unique_id", "rule_id"]))
        || (has("alert_id") && any(&["alert_type", "description", "score", "type_string"]))
        // The export from the user interface.
        || (has("Title") && has("Status") && any(&["OrcaScore", "Category", "CreatedAt"]));
    if alert && !comment {
        return Shape::Alert;
    }
    Shape::Else(text::line(&described(plain, comment, &any), text::TITLE_CAP))
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
fn described(plain: &Value, comment: bool, any: &dyn Fn(&[&str]) -> bool) -> String {
    let status = text_of(at(plain, "status")).unwrap_or_default().to_ascii_lowercase();
    if any(&["jwt", "access_token"]) {
        return "the answer to a sign-in; treat its token as leaked".to_owned();
    }
    if comment {
        return "a comment on an alert".to_owned();
    }
    if any(&["scan_unique_id"]) {
        return "the status of a scan".to_owned();
    }
    if any(&["frameworks"]) {
        return "a list of compliance frameworks".to_owned();
    }
    if any(&["CveId", "cve_id"]) {
        return "a vulnerability".to_owned();
    }
    if any(&["error", "errors"]) || matches!(status.as_str(), "failure" | "error" | "failed") {
        let said = ["error", "detail", "message"].iter().find_map(|key| text_of(at(plain, key)));
        return format!("an error answer ({})", said.unwrap_or_else(|| "no text".to_owned()));
    }
    if any(&["AssetUniqueId", "asset_unique_id", "cluster_unique_id", "UiUniqueField"]) {
        return "an asset of the inventory".to_owned();
    }
    let keys: Vec<&str> =
        plain.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).take(8).collect();
    match keys.as_slice() {
        [] => "an empty object".to_owned(),
        keys => format!("an object with the keys {}", keys.join(", ")),
    }
}
