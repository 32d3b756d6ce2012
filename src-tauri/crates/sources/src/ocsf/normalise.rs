//! Turning one Detection Finding into a finding of ours.

use chrono::DateTime;
use firebreak_core::finding::{FindingDraft, FindingStatus, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_core::{Timestamp, text};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::evidence::{actor, observations};
use super::resource::resource;
use super::shape::{FINDING, shape, split};
use crate::attack::Mentions;
use crate::fields::{Notes, at, body, id, list, text_of, title};
use crate::instant::instant;
use crate::json;

/// Reads OCSF Detection Findings of any producer.
#[derive(Debug, Clone, Copy, Default)]
pub struct OcsfNormaliser;

impl Normaliser for OcsfNormaliser {
    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let (value, mended) = json::read(&alert.body)
            .map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))?;
        let mut notes = Notes::default();
        if mended {
            notes.add("text or numbers: some were not valid and were replaced; the alert itself is kept as it came");
        }
        shape(&value).map_err(|what| {
            NotAnAlert(format!("This is no OCSF Detection Finding; it looks like {what}."))
        })?;
        if at(&value, "class_uid").is_null() {
            notes.missing("class_uid");
        }
        Ok(draft(&value, &alert.body, notes))
    }

    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        split(bytes)
    }
}

fn draft(finding: &Value, bytes: &[u8], mut notes: Notes) -> FindingDraft {
    let info = at(finding, "finding_info");
    let vendor_id =
        id(at(info, "uid")).or_else(|| id(at(finding, "metadata.uid"))).unwrap_or_else(|| {
            notes.add("id: not given; one was made from the finding's bytes");
            format!("sha256:{}", &hex::encode(Sha256::digest(bytes))[..32])
        });
    let (severity, severity_as_given) = severity(finding, &mut notes);
    let (status, status_as_given) = status(finding, &mut notes);
    let own = (at(finding, "time_dt"), at(finding, "time"));
    let created = (at(info, "created_time_dt"), at(info, "created_time"));
    let updated = (at(info, "modified_time_dt"), at(info, "modified_time"));
    let created_at = time("created", [created, own], &mut notes);
    let updated_at = time("updated", [updated, own], &mut notes);
    let heading = [at(info, "title"), at(finding, "message"), at(info, "desc")];
    let rule = [at(info, "analytic.name"), at(info, "title")];
    let rule_name = rule.into_iter().find_map(title);
    if rule_name.is_none() {
        notes.missing("rule");
    }
    let resource = resource(finding, &mut notes);
    let mentions = mentions(finding, &mut notes);
    let told = [at(info, "desc"), at(finding, "message"), at(finding, "status_detail")];
    FindingDraft {
        kind: FINDING.to_owned(),
        title: heading
            .into_iter()
            .find_map(title)
            .unwrap_or_else(|| text::line(&format!("Finding {vendor_id}"), text::TITLE_CAP)),
        vendor_id,
        description: told.into_iter().find_map(body),
        severity,
        severity_as_given,
        status,
        status_as_given,
        created_at,
        updated_at,
        // OCSF has no time of its own for the status.
        status_changed_at: None,
        resource,
        actor: actor(finding),
        rule_id: id(at(info, "analytic.uid")).or_else(|| id(at(finding, "metadata.event_code"))),
        rule_name,
        tactics: mentions.tactics,
        techniques: mentions.techniques,
        observations: observations(finding, created_at),
        evidence_query: None,
        unknowns: notes.into_list(),
    }
}

/// The first that is given, each as text and as a number; noted when it is no time. Text without a
/// zone gives way to the number beside it: Prowler writes it in the local time of whoever scanned.
fn time(field: &str, given: [(&Value, &Value); 2], notes: &mut Notes) -> Option<Timestamp> {
    let read = given.into_iter().find_map(|(text, number)| {
        let zoned =
            text.as_str().is_some_and(|text| DateTime::parse_from_rfc3339(text.trim()).is_ok());
        let (first, second) = if zoned { (text, number) } else { (number, text) };
        instant(first).or_else(|| instant(second))
    });
    if read.is_none() {
        let mut given = given.into_iter().flat_map(|(text, number)| [text, number]);
        notes.odd(field, given.find(|value| !value.is_null()).unwrap_or(&Value::Null));
    }
    read
}

/// `severity_id` of the schema; where it is absent, unknown or "other", the word.
fn severity(finding: &Value, notes: &mut Notes) -> (Severity, Option<String>) {
    let (number, word) = (at(finding, "severity_id"), at(finding, "severity"));
    let by_number = match whole(number) {
        Some(1) => Some(Severity::Informational),
        Some(2) => Some(Severity::Low),
        Some(3) => Some(Severity::Medium),
        Some(4) => Some(Severity::High),
        Some(5 | 6) => Some(Severity::Critical),
        _ => None,
    };
    let by_word = || match text_of(word)?.to_ascii_lowercase().as_str() {
        "informational" | "info" => Some(Severity::Informational),
        "low" => Some(Severity::Low),
        "medium" => Some(Severity::Medium),
        "high" => Some(Severity::High),
        "critical" | "fatal" => Some(Severity::Critical),
        _ => None,
    };
    match by_number.or_else(by_word) {
        Some(known) => (known, None),
        None => {
            let given = if word.is_null() { number } else { word };
            notes.odd("severity", given);
            (Severity::Unknown, title(given))
        }
    }
}

/// `status_id` of the Findings category; where it is absent or "other", the word, then the activity.
/// A check that passed (Prowler: `status_code` PASS) is over, whatever else it says.
fn status(finding: &Value, notes: &mut Notes) -> (FindingStatus, Option<String>) {
    let (number, word) = (at(finding, "status_id"), at(finding, "status"));
    let code = text_of(at(finding, "status_code")).unwrap_or_default();
    if code.eq_ignore_ascii_case("pass") {
        notes.add("status: the check passed (status_code PASS)");
        return (FindingStatus::Resolved, Some(text::line(&code, text::TITLE_CAP)));
    }
    let by_number = match whole(number) {
        Some(1) => Some(FindingStatus::New),
        Some(2) => Some(FindingStatus::InProgress),
        Some(3 | 5) => Some(FindingStatus::Suppressed),
        Some(4) => Some(FindingStatus::Resolved),
        _ => None,
    };
    let by_word = || match text_of(word)?.to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
        "new" | "open" | "active" => Some(FindingStatus::New),
        "in_progress" | "inprogress" => Some(FindingStatus::InProgress),
        "suppressed" | "archived" => Some(FindingStatus::Suppressed),
        "resolved" | "closed" => Some(FindingStatus::Resolved),
        _ => None,
    };
    let by_activity = || match whole(at(finding, "activity_id")) {
        Some(1) if number.is_null() && word.is_null() => Some(FindingStatus::New),
        Some(3) if number.is_null() && word.is_null() => Some(FindingStatus::Resolved),
        _ => None,
    };
    match by_number.or_else(by_word).or_else(by_activity) {
        Some(known) => (known, None),
        None => {
            let given = if word.is_null() { number } else { word };
            notes.odd("status", given);
            (FindingStatus::Unknown, title(given))
        }
    }
}

/// A whole number, also when it is written as text.
fn whole(value: &Value) -> Option<i64> {
    text_of(value)?.parse().ok()
}

/// `attacks[]` of the finding and of its information: tactic, technique, sub-technique.
fn mentions(finding: &Value, notes: &mut Notes) -> Mentions {
    let mut mentions = Mentions::default();
    let places = [at(finding, "finding_info.attacks"), at(finding, "attacks")];
    for attack in places.iter().flat_map(|place| list(place)).take(50) {
        let several = list(at(attack, "tactics")).iter().take(20);
        let named = several.chain([
            at(attack, "tactic"),
            at(attack, "technique"),
            at(attack, "sub_technique"),
        ]);
        for entry in named {
            let (uid, name) = (text_of(at(entry, "uid")), text_of(at(entry, "name")));
            match (uid, name) {
                (Some(uid), name) => {
                    mentions.phrase(&format!("{uid} {}", name.unwrap_or_default()));
                }
                (None, Some(name)) => mentions.exact_name(&name),
                (None, None) => {}
            }
        }
    }
    if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
        notes.missing("tactic or technique");
    }
    mentions
}
