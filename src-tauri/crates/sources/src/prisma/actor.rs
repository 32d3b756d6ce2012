//! Reading who did it, and what an alert says happened.

use firebreak_core::finding::{Actor, Observation};
use firebreak_core::{Timestamp, text};
use serde_json::Value;

use crate::fields::{at, id, list, opaque, text_of, title};
use crate::instant::instant;
use crate::native;

/// Most observations kept.
const CAP: usize = 50;

/// Lines for people, each once.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<Observation>);

impl Lines {
    /// Adds one line, unless it is blank or already there.
    pub(super) fn add(&mut self, at: Option<Timestamp>, words: &str) {
        let line = Observation { at, text: text::line(words.trim(), text::LINE_CAP) };
        if !line.text.is_empty() && self.0.len() < CAP && !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Oldest first; those without a time last.
    pub(super) fn sorted(mut self) -> Vec<Observation> {
        self.0.sort_by_key(|line| (line.at.is_none(), line.at));
        self.0
    }
}

/// Of an audit event the resource's data is the cloud's own record: CloudTrail's on AWS. Elsewhere
/// only `triggeredBy` names somebody.
pub(super) fn of_alert(alert: &Value) -> Option<Actor> {
    let record = at(alert, "resource.data");
    let who = at(record, "userIdentity");
    let arn = text_of(at(who, "arn"));
    let named = ["userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"];
    let actor = Actor {
        native_id: arn.map(|arn| native::canonical(&arn).id),
        name: named
            .iter()
            .find_map(|path| title(at(record, path)))
            .or_else(|| title(at(alert, "triggeredBy"))),
        access_key_id: id(at(who, "accessKeyId")),
        address: text_of(at(record, "sourceIPAddress")).map(|address| opaque(&address)),
    };
    (actor != Actor::default()).then_some(actor)
}

/// The event, the history of the alert, and who changed the resource.
pub(super) fn events(alert: &Value, lines: &mut Lines) {
    let record = at(alert, "resource.data");
    let call = text_of(at(record, "eventName"));
    if let (Some(call), true) = (&call, at(record, "userIdentity").is_object()) {
        let mut parts = vec![match text_of(at(record, "eventSource")) {
            Some(service) => format!("{call} ({service})"),
            None => call.clone(),
        }];
        parts.extend(text_of(at(record, "sourceIPAddress")).map(|from| format!("from {from}")));
        parts.extend(text_of(at(record, "errorCode")).map(|code| format!("refused: {code}")));
        let when = instant(at(record, "eventTime")).or_else(|| instant(at(alert, "eventOccurred")));
        lines.add(when, &parts.join("; "));
    }
    for entry in list(at(alert, "history")).iter().take(20) {
        let word = |key: &str| text_of(at(entry, key));
        let mut parts = vec![format!(
            "Alert {}",
            word("status").unwrap_or_else(|| "changed".into()).to_lowercase()
        )];
        parts.extend(word("reason").map(|reason| format!("because of {reason}")));
        parts.extend(word("modifiedBy").map(|by| format!("by {by}")));
        lines.add(instant(at(entry, "modifiedOn")), &parts.join(" "));
    }
    let attribution = at(alert, "alertAttribution");
    for event in list(at(attribution, "attributionEventList")).iter().take(20) {
        let Some(what) = text_of(at(event, "event")) else { continue };
        let by = text_of(at(event, "username")).map(|by| format!(" by {by}")).unwrap_or_default();
        lines.add(instant(at(event, "event_ts")), &format!("Resource: {what}{by}"));
    }
    if let Some(note) = text_of(at(alert, "dismissalNote")) {
        lines.add(None, &format!("Dismissal note: {note}"));
    }
}
