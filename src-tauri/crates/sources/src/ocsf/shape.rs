//! Telling what an object is before reading it, and cutting files into such objects.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use firebreak_core::text;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::documents::{documents, verbatim};
use crate::fields::{at, text_of};
use crate::json::{self, Members};

/// `RawAlert::kind` of a Detection Finding.
pub(super) const FINDING: &str = "detection_finding";
/// `RawAlert::kind` of anything else that was in a file.
pub(super) const OTHER: &str = "other";
/// Wrappings taken off one another: array, log message, list of events.
const WRAPPINGS: usize = 4;

/// Whether it is a Detection Finding; else what it looks like, in words.
pub(super) fn shape(value: &Value) -> Result<(), String> {
    let Some(object) = value.as_object() else {
        return Err(match value {
            Value::Array(_) => "a list".to_owned(),
            _ => "a single value".to_owned(),
        });
    };
    match text_of(at(value, "class_uid")).as_deref() {
        Some("2004") => Ok(()),
        // Some producers leave the class out; this is what only findings have.
        None if at(value, "finding_info").is_object() => Ok(()),
        None => Err(match object.is_empty() {
            true => "an empty object".to_owned(),
            false => {
                let keys: Vec<&str> = object.keys().map(String::as_str).take(8).collect();
                text::line(&format!("an object with the keys {}", keys.join(", ")), text::TITLE_CAP)
            }
        }),
        Some(class) => {
            let name = text_of(at(value, "class_name")).unwrap_or_else(|| known_class(class));
            Err(text::line(&format!("an OCSF event of class {class} ({name})"), text::TITLE_CAP))
        }
    }
}

fn known_class(class: &str) -> String {
    match class {
        "2001" => "Security Finding",
        "2002" => "Vulnerability Finding",
        "2003" => "Compliance Finding",
        "2005" => "Incident Finding",
        "3002" => "Authentication",
        "6003" => "API Activity",
        _ => "not a Detection Finding",
    }
    .to_owned()
}

/// Splits one JSON value, an array, JSON lines, or log messages that carry one.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
    documents(bytes, OTHER, |raw, alerts| collect(raw, WRAPPINGS, alerts))
}

fn collect(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) {
    if wrappings > 0 {
        if let Some(items) = json::items(raw) {
            items.into_iter().for_each(|item| collect(item, wrappings - 1, alerts));
            return;
        }
        if contents(raw, wrappings, alerts) {
            return;
        }
    }
    let kind = if shape(&json::value(raw).0).is_ok() { FINDING } else { OTHER };
    alerts.push(verbatim(raw, kind));
}

/// A list of events under `findings`, `events` or `records`, or JSON as text under `message`.
fn contents(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let Some(members) = Members::of(raw) else { return false };
    if members.get("class_uid").is_some() || members.get("finding_info").is_some() {
        return false;
    }
    let listed = ["findings", "events", "records", "Records"].iter().find_map(|k| members.get(k));
    if let Some(list) = listed.filter(|list| list.get().starts_with('[')) {
        collect(list, wrappings - 1, alerts);
        return true;
    }
    let Some(message) = members.get("message") else { return false };
    let (value, _) = json::value(message);
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['{', '[']));
    let Some(raw) = text.and_then(|text| json::raw(text.as_bytes()).ok()) else { return false };
    collect(raw, wrappings - 1, alerts);
    true
}
