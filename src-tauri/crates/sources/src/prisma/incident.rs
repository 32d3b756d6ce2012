//! Reading runtime incidents and audits of Prisma Compute.

use firebreak_core::finding::{FindingDraft, FindingStatus, Resource, ResourceKind, Severity};
use firebreak_core::text;
use serde_json::Value;

use super::actor::Lines;
use super::kinds::{kind_of, platform, severity_of};
use super::normalise::Reading;
use super::resource::native_id;
use super::shape::{AUDIT, INCIDENT};
use super::tags::tags;
use crate::attack::Mentions;
use crate::fields::{Notes, at, body, id, list, opaque, text_of, title};
use crate::instant::instant;
use crate::resource::{adopt, note_gaps};

/// An incident of `/audits/incidents` (vendor's OpenAPI of 34.04, `shared.Incident`).
pub(super) fn incident(mut reading: Reading<'_>) -> FindingDraft {
    let value = reading.value;
    let (mut mentions, mut lines) = (Mentions::default(), Lines::default());
    let mut worst: Option<Severity> = None;
    for audit in list(at(value, "audits")).iter().take(50) {
        observe(audit, &mut lines);
        techniques(audit, &mut mentions, &mut reading.notes);
        worst = worst.max(severity_of(at(audit, "severity")));
    }
    let (status, status_as_given) = match at(value, "acknowledged") {
        Value::Bool(false) => (FindingStatus::New, None),
        Value::Bool(true) => (FindingStatus::Suppressed, None),
        other => {
            reading.notes.odd("status", other);
            (FindingStatus::Unknown, title(other))
        }
    };
    let what = text_of(at(value, "category"));
    let name = what.as_deref().map(spelled);
    let where_ = title(at(value, "hostname")).or_else(|| title(at(value, "containerName")));
    let title = match (&name, where_) {
        (Some(name), Some(place)) => text::line(&format!("{name} on {place}"), text::TITLE_CAP),
        (Some(name), None) => name.clone(),
        (None, _) => "Incident of Prisma Compute".to_owned(),
    };
    let rule = text_of(at(value, "customRuleName")).map(|rule| text::line(&rule, text::TITLE_CAP));
    let root = Root {
        kind: INCIDENT,
        title,
        rule: rule.or(name),
        rule_id: None,
        worst,
        status,
        status_as_given,
    };
    draft(reading, root, mentions, lines, None)
}

/// A record of the alert feed: `kind` is audit, cloudDiscovery, compliance or vulnerability.
pub(super) fn audit(mut reading: Reading<'_>) -> FindingDraft {
    let value = reading.value;
    let (mut mentions, mut lines) = (Mentions::default(), Lines::default());
    observe(value, &mut lines);
    techniques(value, &mut mentions, &mut reading.notes);
    let word = |path: &str| text_of(at(value, path));
    for rule in list(at(value, "compliance")).iter().take(30) {
        let said = text_of(at(rule, "description")).or_else(|| text_of(at(rule, "id")));
        lines.add(None, &format!("Not met: {}", said.unwrap_or_default()));
    }
    for entity in list(at(value, "entities")).iter().take(30) {
        if let (Some(arn), Value::Bool(false)) =
            (text_of(at(entity, "arn")), at(entity, "protected"))
        {
            lines.add(None, &format!("Not protected: {arn}"));
        }
    }
    let rule = title(at(value, "rule"));
    let said = title(at(value, "message"));
    let title = said.clone().or_else(|| match word("kind").as_deref() {
        Some("cloudDiscovery") => Some(discovered(value)),
        Some("compliance") => Some(format!(
            "Compliance: {} rules not met by a {}",
            list(at(value, "compliance")).len(),
            word("type").map_or("resource".to_owned(), |kind| text::line(&kind, 40)),
        )),
        _ => None,
    });
    let title = title
        .or_else(|| word("category").map(|category| spelled(&category)))
        .unwrap_or_else(|| "Record of Prisma Compute".to_owned());
    reading.notes.add("status: Prisma Compute gives audits none");
    let root = Root {
        kind: AUDIT,
        title: text::line(&title, text::TITLE_CAP),
        rule: rule.or_else(|| word("category").map(|category| spelled(&category))),
        rule_id: None,
        worst: severity_of(at(value, "severity")),
        status: FindingStatus::Unknown,
        status_as_given: None,
    };
    draft(reading, root, mentions, lines, said)
}

/// What the two kinds have in common, found at their own places.
struct Root {
    kind: &'static str,
    title: String,
    rule: Option<String>,
    rule_id: Option<String>,
    worst: Option<Severity>,
    status: FindingStatus,
    status_as_given: Option<String>,
}

fn draft(
    mut reading: Reading<'_>,
    root: Root,
    mentions: Mentions,
    lines: Lines,
    said: Option<String>,
) -> FindingDraft {
    let value = reading.value;
    let vendor_id = reading.vendor_id(at(value, "_id"));
    if root.worst.is_none() {
        reading.notes.odd("severity", at(value, "severity"));
    }
    let created_at = reading.time("created", at(value, "time"));
    reading.notes.missing("updated");
    reading.notes.missing("status changed");
    let resource = resource(value, &mut reading.notes);
    if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
        reading.notes.missing("tactic or technique");
    }
    if root.rule.is_none() {
        reading.notes.missing("rule");
    }
    let observations = lines.sorted();
    let told = said.or_else(|| observations.first().map(|line| line.text.clone()));
    FindingDraft {
        kind: root.kind.to_owned(),
        vendor_id,
        title: root.title,
        description: body(&Value::from(told)),
        severity: root.worst.unwrap_or(Severity::Unknown),
        severity_as_given: if root.worst.is_none() { title(at(value, "severity")) } else { None },
        status: root.status,
        status_as_given: root.status_as_given,
        created_at,
        updated_at: None,
        status_changed_at: None,
        resource,
        actor: None,
        rule_id: root.rule_id,
        rule_name: root.rule,
        tactics: mentions.tactics,
        techniques: mentions.techniques,
        observations,
        evidence_query: None,
        unknowns: reading.notes.into_list(),
    }
}

/// The workload: by the cloud's id where there is one, else by Compute's own name for it.
fn resource(value: &Value, notes: &mut Notes) -> Resource {
    let first = |paths: &[&str]| paths.iter().find_map(|path| text_of(at(value, path)));
    let line = |text: String| text::line(&text, text::TITLE_CAP);
    let kind = first(&["serviceType", "type"]);
    let mut resource = Resource {
        vendor_id: first(&[
            "containerID",
            "containerId",
            "container",
            "functionID",
            "hostname",
            "host",
            "registry",
        ])
        .map(|text| opaque(&text)),
        name: first(&[
            "containerName",
            "function",
            "hostname",
            "fqdn",
            "host",
            "registry",
            "imageName",
            "image",
        ])
        .map(line),
        kind: kind.as_deref().and_then(workload),
        native_type: kind.map(line),
        platform: first(&["provider"]).map(|word| platform(&word)),
        account: first(&["accountID", "accountId"]).map(|text| opaque(&text)),
        region: first(&["region"]).map(line),
        tags: tags(&[at(value, "labels")], notes),
        ..Resource::default()
    };
    let given: Vec<String> =
        ["resourceID", "vmID"].iter().filter_map(|path| id(at(value, path))).collect();
    if let Some(native) = native_id(&given, &resource) {
        adopt(native, &mut resource, notes);
    }
    note_gaps(&resource, notes);
    resource
}

/// `host`, `hostRuntime`, `container`, `appEmbedded`, `fargate`, `function`, `aws-ecr`.
fn workload(word: &str) -> Option<ResourceKind> {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "appembedded" | "fargate" | "image" | "aws-ecr" => Some(ResourceKind::Container),
        "incident" => None,
        _ => kind_of(&lower),
    }
}

/// One line about what a runtime audit saw.
fn observe(audit: &Value, lines: &mut Lines) {
    let word = |paths: &[&str]| paths.iter().find_map(|path| text_of(at(audit, path)));
    let mut parts = Vec::new();
    parts.extend(
        word(&["msg", "message"]).or_else(|| word(&["attackType"]).map(|kind| spelled(&kind))),
    );
    parts.extend(word(&["processPath"]).map(|path| format!("process: {path}")));
    parts.extend(word(&["command"]).map(|command| format!("command line: {command}")));
    parts.extend(word(&["user"]).map(|user| format!("user: {user}")));
    parts.extend(word(&["domain"]).map(|domain| format!("domain: {domain}")));
    parts.extend(word(&["ip"]).map(|ip| format!("to {ip}")));
    lines.add(instant(at(audit, "time")), &parts.join("; "));
}

/// `resourceHijacking` is T1496: Compute names techniques in words of its own casing.
fn techniques(audit: &Value, mentions: &mut Mentions, notes: &mut Notes) {
    for word in list(at(audit, "attackTechniques")).iter().take(30) {
        let Some(word) = text_of(word) else { continue };
        let name = match word.as_str() {
            "exploitPublicFacingApplication" => "Exploit Public-Facing Application".to_owned(),
            "impairDefences" => "Impair Defenses".to_owned(),
            "commandAndControlGeneral" => "Command and Control".to_owned(),
            "exfiltrationGeneral" => "Exfiltration".to_owned(),
            other => spelled(other),
        };
        let mut alone = Mentions::default();
        alone.exact_name(&name);
        mentions.exact_name(&name);
        if alone.techniques.is_empty() && alone.tactics.is_empty() {
            notes.add(format!("technique: {:?} was not recognised", text::line(&word, 80)));
        }
    }
}

fn discovered(value: &Value) -> String {
    let number = |path: &str| text_of(at(value, path)).unwrap_or_else(|| "?".to_owned());
    let service = text_of(at(value, "serviceType")).unwrap_or_else(|| "resources".to_owned());
    let total = list(at(value, "entities")).len();
    let total = if total == 0 { number("total") } else { total.to_string() };
    text::line(&format!("{service}: {} of {total} protected", number("protected")), text::TITLE_CAP)
}

/// `cryptoMiner` to `Crypto Miner`, `cloudInstanceMetadataAPI` to `Cloud Instance Metadata API`.
fn spelled(word: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in word.chars().take(100) {
        if c.is_uppercase() && lower {
            out.push(' ');
        }
        lower = c.is_lowercase();
        out.extend(if out.is_empty() { c.to_uppercase().collect::<Vec<_>>() } else { vec![c] });
    }
    text::line(&out, text::TITLE_CAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_run_together_are_spelled() {
        for (word, expected) in [
            ("cryptoMiner", "Crypto Miner"),
            ("cloudInstanceMetadataAPI", "Cloud Instance Metadata API"),
            ("customRule", "Custom Rule"),
            ("", ""),
        ] {
            assert_eq!(spelled(word), expected);
        }
    }
}
