//! Telling what an object is before reading it.

use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, text_of};
use crate::json::{self, Members};

/// `RawAlert::kind` of an issue.
pub(super) const ISSUE: &str = "issue";
/// `RawAlert::kind` of a detection.
pub(super) const DETECTION: &str = "detection";
/// `RawAlert::kind` of anything else that was in a file.
pub(super) const OTHER: &str = "other";

/// What an object looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// An issue as the API sends it.
    Issue,
    /// A Wiz Defend detection as the API sends it.
    Detection,
    /// The body of an automation rule's webhook.
    Webhook,
    /// Neither; in words that complete "this looks like …".
    Else(String),
}

/// Looks at keys only: a value may be null or of the wrong type and the object still be an issue.
pub(super) fn shape(value: &Value) -> Shape {
    let Some(object) = value.as_object() else { return Shape::Else(scalar(value)) };
    let has = |key: &str| object.contains_key(key);
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    known(&has, kind, at(value, "issue").is_object())
        .unwrap_or_else(|| Shape::Else(text::line(&described(value, &has), text::TITLE_CAP)))
}

/// The same of an object whose values are unread; `None` where it is something else.
pub(super) fn shape_of(members: &Members<'_>) -> Option<Shape> {
    let has = |key: &str| members.get(key).is_some();
    let kind = members.get("type").map(|raw| json::value(raw).0);
    let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
    known(&has, kind, members.get("issue").is_some_and(|issue| issue.get().starts_with('{')))
}

fn known(has: &dyn Fn(&str) -> bool, kind: &str, has_issue: bool) -> Option<Shape> {
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    if has_issue && any(&["trigger", "control", "resource"]) {
        return Some(Shape::Webhook);
    }
    let detection = any(&["ruleMatch", "triggeringEvents", "primaryResource", "primaryActor"])
        || (has("origins") && any(&["resources", "actors"]));
    if detection && any(&["id", "severity", "createdAt"]) {
        return Some(Shape::Detection);
    }
    let issue = any(&["sourceRule", "sourceRules", "entitySnapshot", "threatDetectionDetails"])
        || ["TOXIC_COMBINATION", "THREAT_DETECTION", "CLOUD_CONFIGURATION"].contains(&kind);
    (issue && any(&["id", "severity", "status", "createdAt"])).then_some(Shape::Issue)
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
    if has("access_token") {
        return "the answer to a token request; treat its token as leaked".to_owned();
    }
    if let Some(error) = value.get("errors").and_then(|errors| errors.get(0)) {
        let code = text_of(at(error, "extensions.code")).unwrap_or_else(|| "no code".to_owned());
        let message = text_of(at(error, "message")).unwrap_or_else(|| "no message".to_owned());
        return format!("a GraphQL error answer ({code}: {message})");
    }
    if let Some(data) = value.get("data").and_then(Value::as_object) {
        if at(value, "data.issue.threatDetectionDetails.aiAnalysis").is_object() {
            return "an AI analysis of an issue, not the issue itself".to_owned();
        }
        let what = data.keys().next().map_or("nothing", String::as_str);
        return format!(
            "the answer to the GraphQL operation {what:?}, which is no list of issues or detections"
        );
    }
    if has("CVEDescription") || has("CVSSSeverity") || has("vulnerableAsset") || has("EntityResult")
    {
        return "a vulnerability finding".to_owned();
    }
    if all(&["rule", "resource"]) || has("targetExternalId") {
        return "a cloud configuration finding".to_owned();
    }
    if all(&["action", "requestId"]) || has("actionParameters") {
        return "an audit log entry".to_owned();
    }
    if all(&["status", "resolutionReason"]) {
        return "the answer to an update of an issue".to_owned();
    }
    if all(&["id", "text"]) {
        return "a comment on an issue".to_owned();
    }
    if has("detail") || has("error") {
        let said = text_of(at(value, "detail")).or_else(|| text_of(at(value, "error")));
        return format!("an error answer ({})", said.unwrap_or_else(|| "no text".to_owned()));
    }
    let keys: Vec<&str> =
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).take(8).collect();
    match keys.as_slice() {
        [] => "an empty object".to_owned(),
        keys => format!("an object with the keys {}", keys.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_say_what_the_value_says() {
        let texts = [
            r#"{"id":1,"sourceRule":null}"#,
            r#"{"id":1,"type":"TOXIC_COMBINATION"}"#,
            r#"{"id":1,"type":["TOXIC_COMBINATION"]}"#,
            r#"{"severity":"HIGH","origins":[],"actors":[]}"#,
            r#"{"issue":{},"trigger":1}"#,
            r#"{"issue":[],"trigger":1}"#,
            r#"{"issue":{},"issue":1,"control":2}"#,
            r#"{"sourceRule":{}}"#,
            r#"{"access_token":"x"}"#,
            "{}",
        ];
        for text in texts {
            let raw = json::raw(text.as_bytes()).unwrap();
            let whole = Some(shape(&json::value(raw).0)).filter(|it| !matches!(it, Shape::Else(_)));
            assert_eq!(shape_of(&Members::of(raw).unwrap()), whole, "{text}");
        }
    }
}
