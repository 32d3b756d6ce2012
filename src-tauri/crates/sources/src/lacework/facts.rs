//! What an alert says happened, line by line, from its own words and the answers to its scopes.

use firebreak_core::finding::Observation;
use firebreak_core::{Timestamp, text};
use serde_json::Value;

use super::entity::{Entity, entities};
use crate::attack::Mentions;
use crate::fields::{at, list, text_of};
use crate::instant::instant;

/// Most observations kept.
const OBSERVATIONS_CAP: usize = 50;
/// Most entries looked at of one list.
const ENTRIES_CAP: usize = 50;

/// Lines for people.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<Observation>);

impl Facts {
    /// The alert's own supporting facts, two levels deep.
    pub(super) fn supporting(&mut self, info: &Value) {
        for fact in list(at(info, "supportingFacts")).iter().take(ENTRIES_CAP) {
            let head = text_of(at(fact, "supportingFactText")).unwrap_or_default();
            let under = list(at(fact, "subElements"));
            for part in under.iter().take(ENTRIES_CAP) {
                let part = text_of(at(part, "supportingFactText")).unwrap_or_default();
                self.add(None, &format!("{head}: {part}"));
            }
            if under.is_empty() {
                self.add(None, &head);
            }
        }
    }

    /// Scope `Events`: CloudTrail events.
    pub(super) fn events(&mut self, events: &Value) {
        for event in list(events).iter().take(ENTRIES_CAP) {
            let field = |name: &str| text_of(at(event, name));
            let call = match (field("eventName"), field("eventSource")) {
                (Some(name), Some(service)) => format!("{name} ({service})"),
                (Some(name), None) => name,
                _ => continue,
            };
            let mut parts = vec![call];
            parts.extend(field("sourceIpAddress").map(|address| format!("from {address}")));
            parts.extend(field("awsRegion").map(|region| format!("in {region}")));
            parts.extend(refusal(event).map(|code| format!("refused: {code}")));
            self.add(instant(at(event, "eventTime")), &parts.join("; "));
        }
    }

    /// Scope `Investigation`: questions that Lacework answers by itself.
    pub(super) fn investigation(&mut self, lines: &Value) {
        for line in list(lines).iter().take(ENTRIES_CAP) {
            if let (Some(question), Some(answer)) =
                (text_of(at(line, "question")), text_of(at(line, "answer")))
            {
                self.add(None, &format!("{question} {answer}"));
            }
        }
    }

    /// Scope `ObservationTimeline`: what was seen, with ATT&CK ids beside it.
    pub(super) fn observations(&mut self, entries: &Value, mentions: &mut Mentions) {
        for entry in list(entries).iter().take(ENTRIES_CAP) {
            for tag in list(at(entry, "formalTags")).iter().take(ENTRIES_CAP) {
                let word = |name: &str| text_of(at(tag, name)).unwrap_or_default();
                mentions.phrase(&format!("{} {}", word("id"), word("name")));
            }
            let subjects = list(at(entry, "entities")).iter().take(ENTRIES_CAP);
            let words: Vec<String> =
                subjects.filter_map(|e| text_of(at(e, "entity_text"))).take(4).collect();
            let said = text_of(at(entry, "description")).unwrap_or_default();
            let at_time = instant(at(entry, "startEpoch"));
            match words.as_slice() {
                _ if said.is_empty() => {}
                [] => self.add(at_time, &said),
                words => self.add(at_time, &format!("{said} ({})", words.join(", "))),
            }
        }
    }

    /// Scope `Timeline`: what people and channels did with the alert.
    pub(super) fn timeline(&mut self, entries: &Value) {
        for entry in list(entries).iter().take(ENTRIES_CAP) {
            let kind = text_of(at(entry, "entryType")).unwrap_or_default();
            let who = text_of(at(entry, "user.username")).unwrap_or_else(|| "Lacework".to_owned());
            if let Some(said) = text_of(at(entry, "message.value")) {
                self.add(instant(at(entry, "externalTime")), &format!("{kind} by {who}: {said}"));
            }
        }
    }

    /// Scope `RelatedAlerts`: other findings of Lacework's, each with its number.
    pub(super) fn related(&mut self, alerts: &Value) {
        for alert in list(alerts).iter().take(ENTRIES_CAP) {
            let field = |names: [&str; 2]| names.iter().find_map(|name| text_of(at(alert, name)));
            let Some(number) = field(["eventId", "alertId"]) else { continue };
            let severity = field(["severity", "alertSeverity"]);
            let severity = severity.map(|word| format!(" (severity {word})")).unwrap_or_default();
            let name = field(["eventName", "alertName"]).map(|name| format!(": {name}"));
            let line = format!(
                "Lacework relates alert {number}{severity} to this one{}",
                name.unwrap_or_default()
            );
            self.add(instant(at(alert, "startTime")), &line);
        }
    }

    /// Scope `Integrations`: where Lacework sent the alert, and whether that worked.
    pub(super) fn integrations(&mut self, channels: &Value) {
        for channel in list(channels).iter().take(ENTRIES_CAP) {
            let Some(kind) = text_of(at(channel, "integrationType")) else { continue };
            let name = text_of(at(channel, "alertChannel.NAME")).unwrap_or_default();
            let trouble = text_of(at(channel, "alertChannel.STATE.details.errorTitle"));
            let trouble = trouble.map(|text| format!("; its last delivery failed: {text}"));
            let line = format!("Sent to the {kind} channel {name}{}", trouble.unwrap_or_default());
            self.add(instant(at(channel, "lastSyncTime")), &line);
        }
    }

    /// Processes and files of the entity map.
    pub(super) fn entity_map(&mut self, map: &Value) {
        let field = |entity: &Entity<'_>, names: &[&str]| entity.field(names);
        for process in entities(map, &["Process"]).iter().take(ENTRIES_CAP) {
            let Some(command) = field(process, &["cmdline", "commandline"]) else { continue };
            let host = field(process, &["hostname"]).map(|host| format!(" on {host}"));
            let began = field(process, &["processstarttime", "starttime"]).map(Value::String);
            let line = format!("process{}: {command}", host.unwrap_or_default());
            self.add(began.as_ref().and_then(instant), &line);
        }
        for file in entities(map, &["FileExePath"]).iter().take(ENTRIES_CAP) {
            if let Some(path) = field(file, &["exepath"]) {
                self.add(None, &format!("executable: {path}"));
            }
        }
        for name in entities(map, &["DnsName"]).iter().take(ENTRIES_CAP) {
            if let Some(host) = field(name, &["hostname"]) {
                self.add(None, &format!("talks to {host}"));
            }
        }
    }

    /// Adds one line, unless it is blank or already there.
    pub(super) fn add(&mut self, at: Option<Timestamp>, words: &str) {
        let line = Observation { at, text: text::line(words.trim(), text::LINE_CAP) };
        let room = self.0.len() < OBSERVATIONS_CAP && !line.text.is_empty();
        if room && !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Oldest first; those without a time last.
    pub(super) fn into_observations(mut self) -> Vec<Observation> {
        self.0.sort_by_key(|line| (line.at.is_none(), line.at));
        self.0
    }
}

/// `additionalEventInfo` is an object, or one written as text.
fn refusal(event: &Value) -> Option<String> {
    let info = at(event, "additionalEventInfo");
    let code = text_of(at(info, "errorCode")).or_else(|| text_of(at(event, "errorCode")));
    code.or_else(|| {
        let text = info.as_str().filter(|text| text.len() < 10_000)?;
        let raw = crate::json::raw(text.as_bytes()).ok()?;
        text_of(at(&crate::json::value(raw).0, "errorCode"))
    })
}
