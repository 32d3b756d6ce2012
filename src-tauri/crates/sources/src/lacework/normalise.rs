//! Turning one alert of Lacework's into a finding.

use firebreak_core::finding::{FindingDraft, FindingStatus, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_core::text;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::resource::resource;
use super::shape::{ALERT, Shape, shape};
use super::split::split;
use super::{entity, people, translate};
use crate::attack::Mentions;
use crate::fields::{Notes, at, id, list, text_of, title};
use crate::instant::moment;
use crate::json;

/// Most labels, facts and parts of a fact looked at.
const LABELS_CAP: usize = 50;

/// No further scopes.
static NONE: Value = Value::Null;

/// Reads alerts of the API, with or without details, older events and webhook bodies of Lacework.
#[derive(Debug, Clone, Copy, Default)]
pub struct LaceworkNormaliser;

impl Normaliser for LaceworkNormaliser {
    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let (value, mended) = json::read(&alert.body)
            .map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))?;
        let mut notes = Notes::default();
        if mended {
            notes.add("text or numbers: some were not valid and were replaced; the alert itself is kept as it came");
        }
        let bytes = &alert.body;
        match (alert.kind.as_str(), shape(&value)) {
            (_, Shape::Parts) => {
                Ok(Reading { parts: &value, bytes, notes }.draft(at(&value, "alert")))
            }
            (_, Shape::Event) => {
                Ok(Reading { parts: &NONE, bytes, notes }.draft(&translate::event(&value)))
            }
            (_, Shape::Webhook) => {
                Ok(Reading { parts: &NONE, bytes, notes }.draft(&translate::webhook(&value)))
            }
            (_, Shape::Alert) => Ok(Reading { parts: &NONE, bytes, notes }.draft(&value)),
            // What the API listed as an alert is one, however odd it looks.
            (ALERT, _) if at(&value, "alert").is_object() => {
                Ok(Reading { parts: &value, bytes, notes }.draft(at(&value, "alert")))
            }
            (ALERT, _) if value.is_object() => {
                Ok(Reading { parts: &NONE, bytes, notes }.draft(&value))
            }
            (_, Shape::Else(what)) => {
                Err(NotAnAlert(format!("This is no alert of Lacework; it looks like {what}.")))
            }
        }
    }

    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        split(bytes)
    }
}

/// An alert with the answers to further scopes beside it, each under the scope's name; null where
/// there are none.
struct Reading<'a> {
    parts: &'a Value,
    bytes: &'a [u8],
    notes: Notes,
}

impl Reading<'_> {
    fn draft(mut self, alert: &Value) -> FindingDraft {
        let events = at(self.parts, "Events");
        let map = at(alert, "entityMap");
        let resource = resource(alert, events, &mut self.notes);
        let (facts, mentions) = self.facts(alert, events);
        let notes = &mut self.notes;
        let vendor_id = id(at(alert, "alertId")).unwrap_or_else(|| {
            notes.add("id: not given; one was made from the alert's bytes");
            format!("sha256:{}", &hex::encode(Sha256::digest(self.bytes))[..32])
        });
        let (severity, severity_as_given) = severity(at(alert, "severity"), notes);
        let (status, status_as_given) = status(at(alert, "status"), notes);
        let created_at = moment(at(alert, "startTime"));
        if created_at.is_none() {
            notes.odd("created", at(alert, "startTime"));
        }
        let touched = touched_at(at(alert, "lastUserUpdatedTime"), notes);
        let updated_at = touched.or_else(|| moment(at(alert, "endTime")));
        if updated_at.is_none() {
            notes.odd("updated", at(alert, "endTime"));
        }
        if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
            notes.missing("tactic or technique");
        }
        let (rule_id, rule_name) = rule(alert, map);
        if rule_name.is_none() {
            notes.missing("rule");
        }
        let info = at(alert, "alertInfo");
        let name = [at(alert, "alertName"), at(info, "subject"), at(alert, "alertType")];
        let title = name.into_iter().find_map(title);
        let description = [at(info, "description"), at(info, "subject")];
        FindingDraft {
            kind: ALERT.to_owned(),
            title: title.unwrap_or_else(|| format!("Lacework alert {vendor_id}")),
            vendor_id,
            description: description.into_iter().find_map(body),
            severity,
            severity_as_given,
            status,
            status_as_given,
            created_at,
            updated_at,
            status_changed_at: touched,
            resource,
            actor: people::actor(alert, events),
            rule_id,
            rule_name,
            tactics: mentions.tactics,
            techniques: mentions.techniques,
            observations: facts.into_observations(),
            evidence_query: None,
            unknowns: self.notes.into_list(),
        }
    }

    fn facts(&self, alert: &Value, events: &Value) -> (Facts, Mentions) {
        let (mut facts, mut mentions) = (Facts::default(), Mentions::default());
        let info = at(alert, "alertInfo");
        facts.observations(at(self.parts, "ObservationTimeline"), &mut mentions);
        facts.supporting(info);
        facts.events(events);
        facts.entity_map(at(alert, "entityMap"));
        facts.investigation(at(self.parts, "Investigation"));
        facts.related(at(self.parts, "RelatedAlerts"));
        facts.timeline(at(self.parts, "Timeline"));
        facts.integrations(at(self.parts, "Integrations"));
        techniques(alert, &mut mentions);
        (facts, mentions)
    }
}

/// Labels of the alert, its policy and the rules that were triggered.
const LABELS: [&str; 7] = [
    "policyTags",
    "tags",
    "tagMetadata",
    "formalTags",
    "policy.tags",
    "alertInfo.tags",
    "alertInfo.formalTags",
];

/// What the alert itself says of ATT&CK: ids anywhere in its words, ids and whole names among labels.
/// A name within words is no mention: "discovery" is an everyday word.
fn techniques(alert: &Value, mentions: &mut Mentions) {
    let info = at(alert, "alertInfo");
    let words = [at(alert, "alertName"), at(info, "subject"), at(info, "description")];
    for text in words.into_iter().filter_map(text_of) {
        mentions.phrase(&text);
    }
    for fact in list(at(info, "supportingFacts")).iter().take(LABELS_CAP) {
        let under = list(at(fact, "subElements")).iter().take(LABELS_CAP);
        for part in std::iter::once(fact).chain(under) {
            text_of(at(part, "supportingFactText")).iter().for_each(|text| mentions.phrase(text));
        }
    }
    for place in LABELS {
        for label in list(at(alert, place)).iter().take(LABELS_CAP) {
            labelled(label, mentions);
        }
    }
    let rules = ["RulesTriggered", "RecId", "CustomRule", "NewViolation"];
    for rule in entity::entities(at(alert, "entityMap"), &rules) {
        for names in [["rule_title", "title"], ["rule_tags", "tags"]] {
            rule.field(&names).iter().for_each(|text| mentions.phrase(text));
        }
    }
}

/// `T1078`, `mitre:t1078`, `tactic:Credential Access`, or an object that holds such under id, name,
/// key or value.
fn labelled(label: &Value, mentions: &mut Mentions) {
    if label.is_object() {
        let part = |name: &str| text_of(at(label, name)).unwrap_or_default();
        mentions.phrase(&format!("{} {}", part("id"), part("name")));
        for name in ["name", "tag", "key", "value"] {
            labelled(at(label, name), mentions);
        }
        return;
    }
    let Some(text) = text_of(label) else { return };
    mentions.phrase(&text);
    for part in text.split([':', '=', '/', ',']).map(str::trim) {
        mentions.exact_name(part);
        // Ids as tags are often written small.
        if part.starts_with('t') && part.len() <= 9 {
            mentions.phrase(&part.to_ascii_uppercase());
        }
    }
}

/// When a person last changed the alert in Lacework; an empty text or `0` means nobody has.
fn touched_at(value: &Value, notes: &mut Notes) -> Option<firebreak_core::Timestamp> {
    let read = moment(value);
    let never = text_of(value).as_deref() == Some("0") || value.as_str().is_some_and(str::is_empty);
    if read.is_none() && !never {
        notes.odd("status changed", value);
    }
    read
}

fn body(value: &Value) -> Option<String> {
    text_of(value).map(|said| text::body(&said, text::BODY_CAP))
}

/// The policy that was violated, or the rule that was triggered; anomalies have only a type.
fn rule(alert: &Value, map: &Value) -> (Option<String>, Option<String>) {
    let line = |text: String| text::line(&text, text::TITLE_CAP);
    let rules = entity::entities(map, &["RulesTriggered", "RecId", "CustomRule"]);
    let named = rules.iter().find_map(|rule| rule.field(&["rule_title", "rules_title", "title"]));
    let by_map = rules.iter().find_map(|rule| rule.field(&["rule_id", "rec_id", "rule_guid"]));
    let rule_id = id(at(alert, "policyId")).or_else(|| by_map.map(|id| crate::fields::opaque(&id)));
    (rule_id, named.map(line).or_else(|| title(at(alert, "alertType"))))
}

/// Words of the API; numbers of the older events, 1 the worst.
fn severity(value: &Value, notes: &mut Notes) -> (Severity, Option<String>) {
    let word = text_of(value).map(|word| word.to_ascii_uppercase());
    let known = match word.as_deref() {
        Some("CRITICAL" | "1" | "1.0") => Severity::Critical,
        Some("HIGH" | "2" | "2.0") => Severity::High,
        Some("MEDIUM" | "3" | "3.0") => Severity::Medium,
        Some("LOW" | "4" | "4.0") => Severity::Low,
        Some("INFO" | "INFORMATIONAL" | "5" | "5.0") => Severity::Informational,
        _ => {
            notes.odd("severity", value);
            return (Severity::Unknown, title(value));
        }
    };
    (known, None)
}

/// The vendor's own Go client knows `Open` and `Closed`.
fn status(value: &Value, notes: &mut Notes) -> (FindingStatus, Option<String>) {
    let word = text_of(value).map(|word| word.to_ascii_uppercase().replace([' ', '_', '-'], ""));
    let known = match word.as_deref() {
        Some("OPEN" | "NEW") => FindingStatus::New,
        Some("INPROGRESS") => FindingStatus::InProgress,
        Some("CLOSED" | "RESOLVED") => FindingStatus::Resolved,
        Some("SUPPRESSED" | "IGNORED") => FindingStatus::Suppressed,
        _ => {
            notes.odd("status", value);
            return (FindingStatus::Unknown, title(value));
        }
    };
    (known, None)
}
