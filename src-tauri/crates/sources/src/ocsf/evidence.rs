//! Who did it and what was seen: `actor`, `evidences[]`, `message`.

use firebreak_core::Timestamp;
use firebreak_core::finding::{Actor, Observation};
use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, list, opaque, text_of, title};
use crate::instant::instant;
use crate::native;

/// Most observations kept.
const OBSERVATIONS_CAP: usize = 50;

/// The finding's actor, else that of the first evidence which has one.
pub(super) fn actor(finding: &Value) -> Option<Actor> {
    let evidences = list(at(finding, "evidences")).iter().take(OBSERVATIONS_CAP);
    let places: Vec<&Value> = std::iter::once(finding).chain(evidences).collect();
    let first = |paths: &[&str]| {
        places.iter().find_map(|place| paths.iter().find_map(|path| text_of(at(place, path))))
    };
    let user = first(&["actor.user.uid_alt", "actor.user.uid"]);
    let actor = Actor {
        native_id: user
            .filter(|uid| native::is_cloud_form(uid))
            .map(|uid| native::canonical(&uid).id),
        name: places.iter().find_map(|place| title(at(place, "actor.user.name"))),
        access_key_id: first(&["actor.user.credential_uid", "actor.session.credential_uid"])
            .map(|key| opaque(&key)),
        address: first(&["src_endpoint.ip"]).map(|address| opaque(&address)),
    };
    (actor != Actor::default()).then_some(actor)
}

/// One line for the message, one for each evidence, one for the other resources.
pub(super) fn observations(finding: &Value, created: Option<Timestamp>) -> Vec<Observation> {
    let mut lines: Vec<Observation> = Vec::new();
    let mut add = |at: Option<Timestamp>, words: &str| {
        let line = Observation { at, text: text::line(words.trim(), text::LINE_CAP) };
        if !line.text.is_empty() && lines.len() < OBSERVATIONS_CAP && !lines.contains(&line) {
            lines.push(line);
        }
    };
    for path in ["message", "status_detail"] {
        add(created, &text_of(at(finding, path)).unwrap_or_default());
    }
    for evidence in list(at(finding, "evidences")).iter().take(OBSERVATIONS_CAP) {
        let moment = ["time_dt", "time", "api.request.time", "process.created_time"]
            .iter()
            .find_map(|path| instant(at(evidence, path)));
        add(moment.or(created), &evidence_line(evidence));
    }
    let others: Vec<String> = list(at(finding, "resources"))
        .iter()
        .skip(1)
        .take(10)
        .filter_map(|resource| {
            text_of(at(resource, "uid")).or_else(|| text_of(at(resource, "name")))
        })
        .collect();
    if !others.is_empty() {
        add(None, &format!("The finding also names {}.", others.join(", ")));
    }
    lines.sort_by_key(|line| (line.at.is_none(), line.at));
    lines
}

fn evidence_line(evidence: &Value) -> String {
    let field = |path: &str| text_of(at(evidence, path));
    let operation = field("api.operation").map(|name| match field("api.service.name") {
        Some(service) => format!("{name} ({service})"),
        None => name,
    });
    let mut parts: Vec<String> = Vec::new();
    parts.extend(operation);
    parts.extend(field("process.name").map(|name| format!("program: {name}")));
    parts.extend(field("process.cmd_line").map(|line| format!("command line: {line}")));
    parts.extend(field("file.path").map(|path| format!("file: {path}")));
    parts.extend(field("query.hostname").map(|name| format!("asked for {name}")));
    parts.extend(field("src_endpoint.ip").map(|address| format!("from {address}")));
    parts.extend(field("dst_endpoint.ip").map(|address| format!("to {address}")));
    parts.join("; ")
}
