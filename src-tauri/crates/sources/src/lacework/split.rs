//! Cutting files and messages into single objects, each byte for byte as it came.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use super::shape::{ALERT, OTHER, Shape, shape};
use crate::documents::{documents, embedded, verbatim};
use crate::json::{self, Members};

/// Wrappings taken off one another: array, log message, envelope, answer.
const WRAPPINGS: usize = 5;

/// Splits one JSON value, an array, JSON lines, an answer of the API, or log messages that carry
/// one.
///
/// What is JSON but no alert comes out as an object of kind `other`, so that reading it names what
/// it is and the rest of the file still loads; so does a broken line among JSON lines.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
    documents(bytes, OTHER, |raw, alerts| collect(raw, WRAPPINGS, alerts))
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
    alerts.push(verbatim(raw, kind));
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
    message
        .or_else(|| members.get("message"))
        .is_some_and(|m| embedded(m, |raw| collect(raw, wrappings - 1, alerts)))
}
