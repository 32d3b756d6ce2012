//! Reading what an alert says happened.

use firebreak_core::finding::Observation;
use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, list, plain, text_of};
use crate::instant::instant;
use crate::json;

/// Most observations kept.
const OBSERVATIONS_CAP: usize = 50;
/// Longest audit log record read when it comes as text.
const RECORD_CAP: usize = 256 << 10;

/// What events tell: lines for people, and who acted.
#[derive(Debug, Default)]
pub(super) struct Events {
    observations: Vec<Observation>,
    /// Source address of the first event that has one.
    pub(super) address: Option<String>,
    /// From CloudTrail's `userIdentity` of the first event that has one.
    pub(super) access_key_id: Option<String>,
    /// The same.
    pub(super) actor_arn: Option<String>,
    /// The same.
    pub(super) actor_name: Option<String>,
}

impl Events {
    /// Reads `triggeringEvents`.
    pub(super) fn read(&mut self, events: &Value) {
        for event in list(events).iter().take(OBSERVATIONS_CAP) {
            let record = record(at(event, "rawAuditLogRecord"));
            let field = |path: &str| text_of(at(event, path));
            let logged = |path: &str| text_of(at(&record, path));
            let address = field("actorIP").or_else(|| logged("sourceIPAddress"));
            let mut parts = Vec::new();
            let headline = field("description").map(|text| plain(&text)).or_else(|| field("name"));
            let call = logged("eventName").map(|name| match logged("eventSource") {
                Some(service) => format!("{name} ({service})"),
                None => name,
            });
            let headline = headline.map(|text| text.trim_end_matches('.').to_owned());
            parts.extend(headline.or(call));
            parts.extend(field("runtimeProgram.name").map(|name| format!("program: {name}")));
            parts.extend(field("commandLine").map(|line| format!("command line: {line}")));
            parts.extend(address.as_ref().map(|address| format!("from {address}")));
            parts.extend(logged("errorCode").map(|code| format!("refused: {code}")));
            self.add(instant(at(event, "timestamp")), &parts.join("; "));
            fill(&mut self.address, address);
            fill(&mut self.access_key_id, logged("userIdentity.accessKeyId"));
            fill(&mut self.actor_arn, logged("userIdentity.arn"));
            fill(&mut self.actor_name, logged("userIdentity.userName"));
        }
    }

    /// Adds one line, unless it is blank or already there.
    pub(super) fn add(&mut self, at: Option<firebreak_core::Timestamp>, words: &str) {
        let text = text::line(words.trim(), text::LINE_CAP);
        let line = Observation { at, text };
        if !line.text.is_empty()
            && self.observations.len() < OBSERVATIONS_CAP
            && !self.observations.contains(&line)
        {
            self.observations.push(line);
        }
    }

    /// Oldest first; those without a time last.
    pub(super) fn into_observations(mut self) -> Vec<Observation> {
        self.observations.sort_by_key(|line| (line.at.is_none(), line.at));
        self.observations
    }
}

/// Keeps the first.
pub(super) fn fill<T>(slot: &mut Option<T>, fresh: Option<T>) {
    if slot.is_none() {
        *slot = fresh;
    }
}

/// An audit log record: an object, or an object written as text.
fn record(value: &Value) -> Value {
    match value {
        Value::Object(_) => value.clone(),
        Value::String(text) if text.len() <= RECORD_CAP => {
            json::raw(text.as_bytes()).map_or(Value::Null, |raw| json::value(raw).0)
        }
        _ => Value::Null,
    }
}
