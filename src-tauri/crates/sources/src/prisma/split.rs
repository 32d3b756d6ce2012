//! Cutting files and messages into single objects, each byte for byte as it came.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use super::shape::{ALERT, AUDIT, INCIDENT, OTHER, Shape, shape};
use crate::json::{self, JsonFault, Members};

/// Wrappings taken off one another: array, log message, envelope, list.
const WRAPPINGS: usize = 5;

/// Splits one JSON value, an array, JSON lines, an answer of `/v2/alert`, or log messages that
/// carry one.
///
/// What is JSON but nothing of Prisma's comes out as an object of kind `other`, so that reading it
/// names what it is and the rest of the file still loads; so does a broken line among JSON lines.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
    let fault = match json::raw(bytes) {
        Ok(raw) => {
            let mut alerts = Vec::new();
            collect(raw, WRAPPINGS, &mut alerts);
            return Ok(alerts);
        }
        Err(fault) => fault,
    };
    match fault {
        JsonFault::Empty | JsonFault::Utf16 => Err(fault),
        fault => json_lines(bytes).ok_or(fault),
    }
    .map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))
}

/// `None` unless the first line that is not blank is a whole JSON object.
fn json_lines(bytes: &[u8]) -> Option<Vec<RawAlert>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    let first = json::raw(lines.first()?).ok()?;
    if lines.len() < 2 || !first.get().starts_with('{') {
        return None;
    }
    let mut alerts = Vec::new();
    for line in lines {
        match json::raw(line) {
            Ok(raw) => collect(raw, WRAPPINGS, &mut alerts),
            Err(_) => alerts.push(RawAlert { kind: OTHER.to_owned(), body: line.to_vec() }),
        }
    }
    Some(alerts)
}

fn collect(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) {
    let unwrapped =
        wrappings > 0 && (elements(raw, wrappings, alerts) || contents(raw, wrappings, alerts));
    if !unwrapped {
        let kind = match shape(&json::value(raw).0) {
            Shape::Alert | Shape::Notification => ALERT,
            Shape::Incident => INCIDENT,
            Shape::Audit => AUDIT,
            Shape::Else(_) => OTHER,
        };
        push(raw, kind, alerts);
    }
}

fn push(raw: &RawValue, kind: &str, alerts: &mut Vec<RawAlert>) {
    alerts.push(RawAlert { kind: kind.to_owned(), body: raw.get().as_bytes().to_vec() });
}

fn elements(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let Some(items) = json::items(raw) else { return false };
    for item in items {
        collect(item, wrappings - 1, alerts);
    }
    true
}

/// Takes one wrapping off an object; false when it has none.
fn contents(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let Some(members) = Members::of(raw) else { return false };
    if members.get("id").is_some()
        || members.get("_id").is_some()
        || members.get("alertId").is_some()
    {
        return false;
    }
    if let Some(items) = members.get("items").and_then(json::items)
        && ["totalRows", "nextPageToken", "sortAllowedColumns", "dynamicColumns"]
            .iter()
            .any(|key| members.get(key).is_some())
    {
        for item in items.into_iter().filter(|item| item.get() != "null") {
            push(item, ALERT, alerts);
        }
        return true;
    }
    members.get("message").is_some_and(|message| embedded(message, wrappings, alerts))
}

/// JSON carried as text in a log message.
fn embedded(message: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let (value, _) = json::value(message);
    let Some(text) = value.as_str().filter(|text| text.trim_start().starts_with(['{', '['])) else {
        return false;
    };
    let Ok(raw) = json::raw(text.as_bytes()) else { return false };
    collect(raw, wrappings - 1, alerts);
    true
}
