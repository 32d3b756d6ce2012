//! Cutting files and messages into single objects, each byte for byte as it came.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use super::shape::{DETECTION, ISSUE, OTHER, Shape, shape_of};
use crate::documents::{documents, embedded, verbatim};
use crate::json::{self, Members};

/// Wrappings taken off one another: array, log message, envelope, connection.
const WRAPPINGS: usize = 5;

/// Splits one JSON value, an array, JSON lines, a GraphQL answer, or log messages that carry one.
///
/// What is JSON but nothing of Wiz's comes out as an object of kind `other`, so that reading it
/// names what it is and the rest of the file still loads; so does a broken line among JSON lines.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
    documents(bytes, OTHER, |raw, alerts| collect(raw, WRAPPINGS, alerts))
}

fn collect(raw: &RawValue, wrappings: usize, alerts: &mut Vec<RawAlert>) {
    let unwrapped =
        wrappings > 0 && (elements(raw, wrappings, alerts) || contents(raw, wrappings, alerts));
    if !unwrapped {
        let kind = match Members::of(raw).and_then(|members| shape_of(&members)) {
            Some(Shape::Issue | Shape::Webhook) => ISSUE,
            Some(Shape::Detection) => DETECTION,
            Some(Shape::Else(_)) | None => OTHER,
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
    if let Some(data) = members.get("data").and_then(Members::of)
        && answer(&data, wrappings, alerts)
    {
        if let Some(errors) = members
            .get("errors")
            .filter(|errors| json::items(errors).is_some_and(|e| !e.is_empty()))
        {
            let body = format!("{{\"errors\":{}}}", errors.get()).into_bytes();
            alerts.push(RawAlert { kind: OTHER.to_owned(), body });
        }
        return true;
    }
    if members.get("id").is_some() {
        return false;
    }
    let message = members.get("input").and_then(Members::of).and_then(|input| input.get("message"));
    message
        .or_else(|| members.get("message"))
        .is_some_and(|m| embedded(m, |raw| collect(raw, wrappings - 1, alerts)))
        || answer(&members, wrappings, alerts)
}

/// Lists of issues and detections, or one issue, under the names that operations give them.
fn answer(data: &Members<'_>, wrappings: usize, alerts: &mut Vec<RawAlert>) -> bool {
    let mut found = false;
    for (name, raw) in &data.0 {
        let kind = match name.as_str() {
            "issues" | "issuesV2" => ISSUE,
            "detections" => DETECTION,
            "nodes" => OTHER,
            // A webhook's body has an `issue` too; there it is read with its surroundings.
            "issue" | "detection" if data.0.len() == 1 => {
                let alone = Members::of(raw).is_some_and(|members| shape_of(&members).is_some());
                if alone {
                    collect(raw, wrappings - 1, alerts);
                }
                found |= alone;
                continue;
            }
            _ => continue,
        };
        let nodes = Members::of(raw).and_then(|connection| connection.get("nodes"));
        let Some(items) = json::items(nodes.unwrap_or(raw)) else { continue };
        found = true;
        for item in items.into_iter().filter(|item| item.get() != "null") {
            match kind {
                OTHER => collect(item, wrappings - 1, alerts),
                kind => push(item, kind, alerts),
            }
        }
    }
    found
}
