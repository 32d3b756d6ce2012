//! What is put to a model: our own fixed words, and the case as data that can't speak for itself.
//!
//! The case is one JSON object between two boundary lines. The boundary holds a hash of that very
//! object, so whoever writes an alert can't write a line that closes it, and no angle bracket stands
//! within. Every stranger's text is freed of secrets, marked, made visible and capped by
//! [`crate::encode`]. The menu's ids and the evidence's ids are the only ones that the schema
//! admits.

use chrono::SecondsFormat;
use firebreak_core::assessment::{MenuItem, Prompt};
use firebreak_core::asset::Asset;
use firebreak_core::canonical;
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::{Finding, ResourceKind};
use firebreak_core::incident::Incident;
use firebreak_core::playbook::Playbook;
use serde_json::{Value, json};

mod schema;

use crate::encode::{json_length, json_without_brackets, marked};
use crate::redact::without_secrets;
pub(crate) use schema::answer_schema;

/// Largest user message, in bytes.
pub const USER_CAP: usize = 48 * 1024;
/// Most facts put to a model.
pub const EVIDENCE_CAP: usize = 60;
/// Most findings put to a model; their facts are evidence anyway.
const FINDING_CAP: usize = 6;
/// Most tags of the asset put to a model.
const TAG_CAP: usize = 20;
/// Caps of texts, in bytes of JSON.
const NAME_CAP: usize = 160;
const TITLE_CAP: usize = 320;
const FACT_CAP: usize = 600;
const DESCRIPTION_CAP: usize = 900;
/// Room for the boundary lines and for numbers that are only known at the end.
const FRAME: usize = 512;

const SYSTEM: &str = include_str!("../../../../assets/prompts/assess.md");

/// What is known of an incident.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// What it is about, when that is known.
    pub asset: Option<&'a Asset>,
    /// Its findings.
    pub findings: &'a [Finding],
    /// The playbook whose steps the menu holds.
    pub playbook: &'a Playbook,
}

/// A prompt and what of the evidence is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct CasePrompt {
    /// To be sent.
    pub prompt: Prompt,
    /// The facts in it. An answer is checked against these: a model can't cite what it was not shown.
    pub evidence: Vec<Evidence>,
    /// How many facts did not fit. The newest are left out first: a flood of alerts can't push out
    /// how it began.
    pub left_out: usize,
}

/// Builds the prompt. The same case gives the same bytes.
pub fn build_prompt(case: Case<'_>, evidence: &[Evidence], menu: &[MenuItem]) -> CasePrompt {
    let base = json!({
        "incident": incident(case.incident),
        "asset": case.asset.map(asset),
        "findings": findings(case.findings),
        "findings_not_shown": case.findings.len().saturating_sub(FINDING_CAP),
        "playbook": { "title": case.playbook.title, "threat": case.playbook.threat },
        "menu": menu.iter().map(menu_entry).collect::<Vec<_>>(),
    });
    let room = USER_CAP.saturating_sub(FRAME + json_without_brackets(&base).len());
    let (shown, entries) = fitting(evidence, room);
    let left_out = evidence.len() - shown.len();
    let mut object = base;
    object["evidence"] = Value::Array(entries);
    object["evidence_not_shown"] = json!(left_out);
    let prompt = Prompt {
        system: SYSTEM.to_owned(),
        user: enclosed(&json_without_brackets(&object)),
        schema: answer_schema(menu, &shown),
    };
    CasePrompt { prompt, evidence: shown, left_out }
}

/// The case between its boundary lines.
fn enclosed(json: &str) -> String {
    let hash = canonical::sha256_hex(format!("firebreak-case\n{json}").as_bytes());
    let boundary = &hash[..32];
    format!("<<<CASE {boundary}\n{json}\nCASE {boundary}>>>")
}

/// The facts that fit, oldest first.
fn fitting(evidence: &[Evidence], room: usize) -> (Vec<Evidence>, Vec<Value>) {
    let mut oldest_first: Vec<&Evidence> = evidence.iter().collect();
    oldest_first.sort_by_key(|fact| fact.at);
    let (mut shown, mut entries, mut used) = (Vec::new(), Vec::new(), 0);
    for fact in oldest_first.into_iter().take(EVIDENCE_CAP) {
        let entry = json!({
            "id": fact.id,
            "source": untrusted(&fact.source, NAME_CAP),
            "at": fact.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "text": untrusted(&fact.text, FACT_CAP),
        });
        used += json_without_brackets(&entry).len() + 1;
        if used > room {
            break;
        }
        shown.push(fact.clone());
        entries.push(entry);
    }
    (shown, entries)
}

fn incident(incident: &Incident) -> Value {
    json!({
        "label": incident.label(),
        "title": untrusted(&incident.title, TITLE_CAP),
        "severity": incident.severity.name(),
        "began_at": incident.opened_at.to_rfc3339_opts(SecondsFormat::Secs, true),
    })
}

fn asset(asset: &Asset) -> Value {
    let tags: Vec<Value> = asset
        .tags
        .iter()
        .take(TAG_CAP)
        .map(|(key, value)| json!({ "key": untrusted(key, NAME_CAP), "value": tag_value(key, value) }))
        .collect();
    json!({
        "id": untrusted(asset.id.as_str(), NAME_CAP),
        "kind": asset.kind,
        "name": optional(asset.name.as_deref()),
        "account": optional(asset.account.as_deref()),
        "account_name": optional(asset.account_name.as_deref()),
        "region": optional(asset.region.as_deref()),
        "environment": asset.environment.name(),
        "owner": optional(asset.owner.as_deref()),
        "state": optional(asset.cloud_state.as_deref()),
        "tags": tags,
    })
}

/// A tag `password` with a value would get past a look at the value alone.
fn tag_value(key: &str, value: &str) -> String {
    let together = format!("{key}={value}");
    let clean = without_secrets(&together);
    if clean == together { untrusted(value, NAME_CAP) } else { "[removed]".to_owned() }
}

/// The worst findings first.
fn findings(findings: &[Finding]) -> Vec<Value> {
    let mut worst_first: Vec<&Finding> = findings.iter().collect();
    worst_first.sort_by(|a, b| {
        (b.draft.severity, a.began_at(), &a.id).cmp(&(a.draft.severity, b.began_at(), &b.id))
    });
    worst_first.into_iter().take(FINDING_CAP).map(finding).collect()
}

fn finding(finding: &Finding) -> Value {
    let draft = &finding.draft;
    let actor = draft.actor.as_ref().map(|actor| {
        json!({
            "id": optional(actor.native_id.as_deref()),
            "name": optional(actor.name.as_deref()),
            "access_key": optional(actor.access_key_id.as_deref()),
            "address": optional(actor.address.as_deref()),
        })
    });
    let techniques: Vec<String> =
        draft.techniques.iter().take(8).map(|attack| untrusted(&attack.id, 24)).collect();
    json!({
        "title": untrusted(&draft.title, TITLE_CAP),
        "rule": draft.rule_name.as_deref().map(|rule| untrusted(rule, TITLE_CAP)),
        "severity": draft.severity.name(),
        "status": draft.status.name(),
        "techniques": techniques,
        "resource": optional(draft.resource.native_id.as_deref().or(draft.resource.name.as_deref())),
        "resource_kind": draft.resource.kind.unwrap_or(ResourceKind::Other),
        "actor": actor,
        "description": draft.description.as_deref().map(|text| untrusted(text, DESCRIPTION_CAP)),
    })
}

fn menu_entry(item: &MenuItem) -> Value {
    json!({
        "id": item.id,
        "action": item.action.name(),
        "target": untrusted(item.target.as_str(), NAME_CAP),
        "why": capped(&item.why),
        "mandatory": item.mandatory,
    })
}

/// A playbook's words: not marked, for they are not a stranger's.
fn capped(why: &str) -> String {
    let mut kept = crate::encode::visible(why, FACT_CAP / 2);
    while json_length(&kept) > FACT_CAP {
        kept.pop();
    }
    kept
}

fn optional(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| untrusted(text, NAME_CAP))
}

/// The one way of a stranger's text into the case.
fn untrusted(text: &str, cap: usize) -> String {
    marked(&without_secrets(text), cap)
}
