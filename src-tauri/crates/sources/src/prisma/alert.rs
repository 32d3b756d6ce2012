//! Reading alerts of CSPM, as the API and as notifications send them.

use firebreak_core::finding::FindingDraft;
use firebreak_core::{Timestamp, text};
use serde_json::{Value, json};

use super::actor::{self, Lines};
use super::kinds;
use super::normalise::Reading;
use super::resource;
use super::shape::ALERT;
use crate::attack::Mentions;
use crate::fields::{at, body, id, list, text_of, title};
use crate::instant::instant;

/// Longest id that is asked for again.
const LOOKUP_CAP: usize = 1_000;

/// An alert of `/v2/alert` or `/alert/{id}` (vendor's OpenAPI, `AlertModel`).
pub(super) fn alert(mut reading: Reading<'_>) -> FindingDraft {
    let value = reading.value;
    let policy = at(value, "policy");
    let vendor_id = reading.vendor_id(at(value, "id"));
    let (severity, severity_as_given) =
        kinds::severity(either(at(policy, "severity"), at(value, "severity")), &mut reading.notes);
    let (status, status_as_given) = kinds::status(at(value, "status"), &mut reading.notes);
    let created_at =
        reading.time("created", either(at(value, "firstSeen"), at(value, "alertTime")));
    let updated_at =
        reading.time("updated", either(at(value, "lastUpdated"), at(value, "lastSeen")));
    let status_changed_at = status_changed(value);
    if status_changed_at.is_none() {
        reading.notes.odd("status changed", at(value, "lastSeen"));
    }
    let read = resource::of_alert(at(value, "resource"), &mut reading.notes);
    let mut lines = Lines::default();
    actor::events(value, &mut lines);
    let rule_name = title(at(policy, "name"));
    let mentions = mentions(policy, rule_name.as_deref());
    if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
        reading.notes.missing("tactic or technique");
    }
    if rule_name.is_none() {
        reading.notes.missing("rule");
    }
    let rule_id = id(at(policy, "policyId")).or_else(|| id(at(value, "policyId")));
    FindingDraft {
        kind: ALERT.to_owned(),
        title: rule_name.clone().unwrap_or_else(|| format!("Prisma Cloud alert {vendor_id}")),
        vendor_id,
        description: description(policy, at(policy, "description"), at(policy, "recommendation")),
        severity,
        severity_as_given,
        status,
        status_as_given,
        created_at,
        updated_at,
        status_changed_at,
        evidence_query: lookup(at(value, "resource")),
        resource: read,
        actor: actor::of_alert(value),
        rule_id,
        rule_name,
        tactics: mentions.tactics,
        techniques: mentions.techniques,
        observations: lines.sorted(),
        unknowns: reading.notes.into_list(),
    }
}

/// A notification, whose template customers edit: any part may be missing. The vendor publishes no
/// body; the names are those that public parsers of it read.
pub(super) fn notification(mut reading: Reading<'_>) -> FindingDraft {
    let value = reading.value;
    let vendor_id = reading.vendor_id(at(value, "alertId"));
    let (severity, severity_as_given) = kinds::severity(
        either(at(value, "severity"), at(value, "policy.severity")),
        &mut reading.notes,
    );
    let (status, status_as_given) =
        kinds::status(either(at(value, "alertStatus"), at(value, "status")), &mut reading.notes);
    let created_at = reading.time("created", either(at(value, "firstSeen"), at(value, "alertTs")));
    let updated_at = reading.time("updated", either(at(value, "lastSeen"), at(value, "alertTs")));
    let read = resource::of_notification(value, &mut reading.notes);
    let rule_name = either(at(value, "policyName"), at(value, "policy.name"));
    let rule_name = title(rule_name);
    let mentions = mentions(value, rule_name.as_deref());
    if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
        reading.notes.missing("tactic or technique");
    }
    if rule_name.is_none() {
        reading.notes.missing("rule");
    }
    let mut lines = Lines::default();
    for (label, path) in [("Alert rule", "alertRuleName"), ("Reason", "reason")] {
        if let Some(said) = text_of(at(value, path)) {
            lines.add(None, &format!("{label}: {said}"));
        }
    }
    FindingDraft {
        kind: ALERT.to_owned(),
        title: rule_name.clone().unwrap_or_else(|| format!("Prisma Cloud alert {vendor_id}")),
        vendor_id,
        description: description(
            value,
            at(value, "policyDescription"),
            at(value, "policyRecommendation"),
        ),
        severity,
        severity_as_given,
        status,
        status_as_given,
        created_at,
        updated_at,
        status_changed_at: None,
        evidence_query: lookup(value),
        resource: read,
        actor: None,
        rule_id: id(at(value, "policyId")),
        rule_name,
        tactics: mentions.tactics,
        techniques: mentions.techniques,
        observations: lines.sorted(),
        unknowns: reading.notes.into_list(),
    }
}

fn either<'v>(first: &'v Value, second: &'v Value) -> &'v Value {
    if text_of(first).is_some() { first } else { second }
}

/// `lastSeen` is when the status was last updated (vendor's OpenAPI); the newest entry of the
/// history stands in for it.
fn status_changed(alert: &Value) -> Option<Timestamp> {
    let history = list(at(alert, "history")).iter().take(200);
    let newest = history.filter_map(|entry| instant(at(entry, "modifiedOn"))).max();
    instant(at(alert, "lastSeen")).or(newest)
}

fn description(policy: &Value, text: &Value, advice: &Value) -> Option<String> {
    let kind = text_of(at(policy, "policyType")).map(|kind| format!("Policy type: {kind}"));
    let advice = text_of(advice).map(|advice| format!("Recommendation: {advice}"));
    let parts: Vec<String> = text_of(text).into_iter().chain(kind).chain(advice).collect();
    body(&Value::String(parts.join("\n\n"))).map(|all| text::body(&all, text::BODY_CAP))
}

/// ATT&CK as Prisma maps policies to it: a compliance standard whose requirements are tactics and
/// whose sections are techniques; labels may name them too.
fn mentions(policy: &Value, rule_name: Option<&str>) -> Mentions {
    let mut mentions = Mentions::default();
    for entry in list(at(policy, "complianceMetadata")).iter().take(300) {
        let standard = text_of(at(entry, "standardName")).unwrap_or_default().to_ascii_uppercase();
        if !standard.contains("MITRE") && !standard.contains("ATT&CK") {
            continue;
        }
        for (number, name) in
            [("requirementId", "requirementName"), ("sectionId", "sectionDescription")]
        {
            let number = text_of(at(entry, number)).unwrap_or_default();
            let name = text_of(at(entry, name)).unwrap_or_default();
            let short = text::line(&name, 100);
            mentions.phrase(&if number.is_empty() {
                short.clone()
            } else {
                format!("{number} {short}")
            });
            mentions.exact_name(&short);
        }
    }
    for label in list(at(policy, "labels")).iter().take(50) {
        if let Some(label) = text_of(label) {
            mentions.phrase(&label);
            mentions.exact_name(&label);
        }
    }
    mentions.phrase(rule_name.unwrap_or_default());
    mentions
}

/// What asks Prisma about the resource again.
fn lookup(resource: &Value) -> Option<Value> {
    let short = |path: &str| text_of(at(resource, path)).filter(|id| id.len() <= LOOKUP_CAP);
    let (asset, rrn) = (short("unifiedAssetId"), short("rrn"));
    (asset.is_some() || rrn.is_some())
        .then(|| json!({"prisma": {"unifiedAssetId": asset, "rrn": rrn}}))
}
