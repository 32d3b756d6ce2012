//! Cutting files and messages into single objects, each byte for byte as it came.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use super::shape::{ALERT, AUDIT, INCIDENT, OTHER, Shape, shape};
use crate::documents::{documents, embedded, verbatim};
use crate::json::{self, Members};

/// Wrappings taken off one another: array, log message, envelope, list.
const WRAPPINGS: usize = 5;

/// Splits one JSON value, an array, JSON lines, an answer of `/v2/alert`, or log messages that
/// carry one.
///
/// What is JSON but nothing of Prisma's comes out as an object of kind `other`, so that reading it
/// names what it is and the rest of the file still loads; so does a broken line among JSON lines.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
    documents(bytes, OTHER, |raw, alerts| collect(raw, WRAPPINGS, alerts))
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
    alerts.push(verbatim(raw, kind));
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
    members
        .get("message")
        .is_some_and(|message| embedded(message, |raw| collect(raw, wrappings - 1, alerts)))
}
