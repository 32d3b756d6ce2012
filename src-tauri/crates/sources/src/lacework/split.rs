//! Cutting files and messages into single objects, each byte for byte as it came.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use super::shape::{ALERT, OTHER, Shape, shape};
use crate::json::{self, JsonFault, Members};

/// Wrappings taken off one another: array, log message, envelope, answer.
const WRAPPINGS: usize = 5;

/// Splits one JSON value, an array, JSON lines, an answer of the API, or log messages that carry
/// one.
///
/// What is JSON but no alert comes out as an object of kind `other`, so that reading it names what
/// it is and the rest of the file still loads; so does a broken line among JSON lines.
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
    if wrappings > 0
        && let Some(items) = json::items(raw)
    {
        items.into_iter().for_each(|item| collect(item, wrappings - 1, alerts));
        return;
    }
    // What is an alert already is not unwrapped: an EventBridge envelope is read with its detail.
    let found = shape(&json::value(raw).0);
    if wrappings > 0 && matches!(found, Shape::Else(_)) && contents(raw, wrappings, alerts) {
        return;
    }
    let kind = if matches!(found, Shape::Else(_)) { OTHER } else { ALERT };
    alerts.push(RawAlert { kind: kind.to_owned(), body: raw.get().as_bytes().to_vec() });
}

/// Takes one wrapping off an object; false when it has none.
fn contents(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let Some(members) = Members::of(raw) else { return false };
    if let Some(data) = members.get("data") {
        // Everything that a list answers is told apart by itself; a single object only when it is
        // an alert, since an error answer is understood with its surroundings.
        let list = json::items(data).is_some();
        let alone = !matches!(shape(&json::value(data).0), Shape::Else(_));
        let told = alone || Members::of(data).is_some_and(|data| data.get("alertId").is_some());
        if list || told {
            collect(data, wrappings - 1, alerts);
            return true;
        }
    }
    let message = members.get("input").and_then(Members::of).and_then(|input| input.get("message"));
    message.or_else(|| members.get("message")).is_some_and(|m| embedded(m, wrappings, alerts))
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
