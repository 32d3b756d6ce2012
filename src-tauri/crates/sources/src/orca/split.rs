//! Cutting files and messages into single objects, each byte for byte as it came.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use super::plain::plain;
use super::shape::{ALERT, OTHER, Shape, shape};
use crate::documents::{documents, embedded, verbatim};
use crate::json::{self, Members};

/// Wrappings taken off one another: array, log message, envelope.
const WRAPPINGS: usize = 5;

/// Splits one JSON value, an array, JSON lines, an answer of either API, a webhook's body, or log
/// messages that carry one.
///
/// What is JSON but nothing of Orca's comes out as an object of kind `other`, so that reading it
/// names what it is and the rest of the file still loads.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
    documents(bytes, OTHER, |raw, alerts| collect(raw, WRAPPINGS, alerts))
}

fn collect(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) {
    let unwrapped =
        wrappings > 0 && (elements(raw, wrappings, alerts) || contents(raw, wrappings, alerts));
    if !unwrapped {
        let kind = match shape(&plain(json::value(raw).0)) {
            Shape::Alert => ALERT,
            Shape::Else(_) => OTHER,
        };
        alerts.push(verbatim(raw, kind));
    }
}

fn elements(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let Some(items) = json::items(raw) else { return false };
    items
        .into_iter()
        .filter(|item| item.get() != "null")
        .for_each(|item| collect(item, wrappings - 1, alerts));
    true
}

/// Takes one wrapping off an object; false when it has none.
fn contents(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let Some(members) = Members::of(raw) else { return false };
    let is_itself = ["state", "AlertId", "alert_id", "Title", "type"];
    if is_itself.iter().any(|key| members.get(key).is_some()) {
        return false;
    }
    for key in ["data", "alerts", "results"] {
        let list = members.get(key).filter(|list| list.get().starts_with('['));
        // The results beside a CVE are its occurrences, not alerts.
        if let Some(list) = list.filter(|_| key != "results" || members.get("cve_id").is_none()) {
            return elements(list, wrappings, alerts);
        }
    }
    let alone = members.get("alert").filter(|alert| {
        alert.get().starts_with('{') && shape(&plain(json::value(alert).0)) == Shape::Alert
    });
    if let Some(alert) = alone {
        collect(alert, wrappings - 1, alerts);
        return true;
    }
    members
        .get("message")
        .is_some_and(|message| embedded(message, |raw| collect(raw, wrappings - 1, alerts)))
}
