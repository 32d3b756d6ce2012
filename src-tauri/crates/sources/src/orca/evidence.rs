//! What an alert says happened, as lines for people.

use firebreak_core::Timestamp;
use firebreak_core::finding::Observation;
use firebreak_core::text;
use serde_json::Value;

use super::graph::radius_names;
use super::plain::embedded;
use crate::fields::{at, list, text_of};
use crate::instant::instant;

/// Most observations kept.
const OBSERVATIONS_CAP: usize = 50;
/// Most details in one line, and levels looked into for them.
const DETAILS_CAP: usize = 12;
const LEVELS: usize = 3;

/// Where an alert carries the blast radius of its asset.
pub(super) const RADIUS: [&str; 2] = ["Inventory.BlastRadius", "model.Inventory.BlastRadius"];

/// Reads findings, risk findings, the reason of closing and the blast radius.
pub(super) fn observations(alert: &Value, created: Option<Timestamp>) -> Vec<Observation> {
    let mut lines = Lines::default();
    for path in ["findings", "RiskFindings", "risk_findings"] {
        for (kind, found) in embedded(at(alert, path)).as_object().into_iter().flatten() {
            for finding in each(found).iter().take(10) {
                lines.add(moment(finding).or(created), &described(kind, finding));
            }
        }
    }
    if let Some(reason) = text_of(at(alert, "ClosedReason")) {
        lines.add(instant(at(alert, "ClosedTime")), &format!("Orca closed it: {reason}"));
    }
    if RADIUS.iter().any(|path| radius_names(at(alert, path))) {
        lines.add(None, "Orca names a blast radius of the asset; the graph shows it.");
    }
    lines.into_list()
}

fn each(found: &Value) -> &[Value] {
    match found {
        Value::Array(_) => list(found),
        one => std::slice::from_ref(one),
    }
}

fn moment(finding: &Value) -> Option<Timestamp> {
    ["time", "event_time", "timestamp", "first_seen"]
        .iter()
        .find_map(|key| instant(at(finding, key)))
}

/// `malware: file: /tmp/x; sha256: …`.
fn described(kind: &str, finding: &Value) -> String {
    let mut details = Vec::new();
    gather(finding, "", LEVELS, &mut details);
    match details.is_empty() {
        true => String::new(),
        false => format!("{}: {}", kind.replace('_', " "), details.join("; ")),
    }
}

fn gather(value: &Value, name: &str, levels: usize, details: &mut Vec<String>) {
    if details.len() >= DETAILS_CAP {
        return;
    }
    match value {
        // Orca masks them, but not always, and nobody needs them here.
        _ if is_secret(name) => {}
        Value::Object(map) if levels > 0 => {
            map.iter().for_each(|(key, value)| gather(value, key, levels - 1, details));
        }
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().take(5).filter_map(text_of).collect();
            if !texts.is_empty() {
                details.push(format!("{}: {}", name.replace('_', " "), texts.join(", ")));
            }
            if levels > 0 {
                let deeper = items.iter().take(5).filter(|item| item.is_object());
                deeper.for_each(|item| gather(item, name, levels - 1, details));
            }
        }
        value => {
            let text = text_of(value).map(|text| text::line(&text, 200));
            details.extend(text.map(|text| match name {
                "" => text,
                name => format!("{}: {text}", name.replace('_', " ")),
            }));
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token", "private_key", "credential"].iter().any(|w| name.contains(w))
}

#[derive(Default)]
struct Lines(Vec<Observation>);

impl Lines {
    fn add(&mut self, at: Option<Timestamp>, words: &str) {
        let line = Observation { at, text: text::line(words.trim(), text::LINE_CAP) };
        let room = self.0.len() < OBSERVATIONS_CAP;
        if room && !line.text.is_empty() && !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Oldest first; those without a time last.
    fn into_list(mut self) -> Vec<Observation> {
        self.0.sort_by_key(|line| (line.at.is_none(), line.at));
        self.0
    }
}
