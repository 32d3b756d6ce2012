use std::collections::HashMap;

use firebreak_core::assessment::{Assessment, Author, Sentence};
use firebreak_core::asset::{Asset, asset_id};
use firebreak_core::correlate::Fact;
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::{Attack, Finding, ResourceKind};
use firebreak_core::grounding::{Flag, Ground, Grounding, Place};
use firebreak_core::handover::Handover;
use firebreak_core::suppression::rule_of;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{EvidenceId, FindingId};
use firebreak_sources::mapped::Mapping;
use firebreak_store::{IncidentContext, StoredAlert};
use firebreak_wire as wire;

use super::{count, provenance};

/// Most of an alert shown; the whole is in the store and in exports.
const RAW_CAP: usize = 256 * 1024;

/// What was said, held against the evidence as it is now.
pub(crate) fn assessment(context: &IncidentContext, ground: &Ground<'_>) -> wire::AssessmentView {
    let empty =
        Assessment { author: Author::Playbook, summary: Vec::new(), hypothesis: Vec::new() };
    let assessment = context.assessment.as_ref().unwrap_or(&empty);
    let (author, model, took_seconds) = match &assessment.author {
        Author::Playbook => (wire::AssessmentAuthor::Playbook, None, None),
        Author::Model { name, milliseconds } => {
            (wire::AssessmentAuthor::Model, Some(name.clone()), Some(*milliseconds as f64 / 1000.0))
        }
    };
    let by_model = author == wire::AssessmentAuthor::Model;
    let sentence = |it: &Sentence| sentence(it, &ground.check(it), by_model);
    wire::AssessmentView {
        author,
        model,
        took_seconds,
        summary: assessment.summary.iter().map(sentence).collect(),
        hypothesis: assessment.hypothesis.iter().map(sentence).collect(),
        model_note: context.model_note.clone(),
    }
}

/// A playbook's words are ours and the alert's own, so only a model's are flagged.
fn sentence(sentence: &Sentence, found: &Grounding, by_model: bool) -> wire::SentenceView {
    let (unknown, known): (Vec<_>, Vec<_>) =
        sentence.cites.iter().partition(|id| found.unknown_cites.contains(id));
    let flags = found.flags.iter().filter(|_| by_model);
    wire::SentenceView {
        text: sentence.text.clone(),
        cites: known.into_iter().map(EvidenceId::to_string).collect(),
        unknown_cites: unknown.into_iter().map(EvidenceId::to_string).collect(),
        flags: flags.map(|flag| flagged(&sentence.text, flag)).collect(),
    }
}

fn flagged(text: &str, flag: &Flag) -> wire::FlagView {
    let units = |bytes: usize| count(text[..bytes].encode_utf16().count());
    wire::FlagView {
        start: units(flag.bytes.start),
        end: units(flag.bytes.end),
        text: text[flag.bytes.clone()].to_owned(),
        elsewhere: match &flag.place {
            Place::Elsewhere(ids) => ids.iter().map(EvidenceId::to_string).collect(),
            Place::Nowhere => Vec::new(),
        },
    }
}

pub(crate) fn asset(asset: &Asset) -> wire::AssetView {
    wire::AssetView {
        id: asset.id.to_string(),
        name: asset.name.clone(),
        kind: asset.native_type.clone().unwrap_or_else(|| kind(asset.kind).to_owned()),
        account: asset.account.clone(),
        account_name: asset.account_name.clone(),
        region: asset.region.clone(),
        environment: asset.environment,
        owner: asset.owner.clone(),
        tags: asset.tags.clone(),
        cloud_state: asset.cloud_state.clone(),
        read_at: asset.read_at,
        provenance: asset.provenance.clone(),
    }
}

pub(super) fn kind(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Instance => "instance",
        ResourceKind::User => "user",
        ResourceKind::AccessKey => "access key",
        ResourceKind::Role => "role",
        ResourceKind::Bucket => "bucket",
        ResourceKind::Container => "container",
        ResourceKind::Function => "function",
        ResourceKind::Database => "database",
        ResourceKind::Network => "network",
        ResourceKind::Account => "account",
        ResourceKind::Other => "resource",
    }
}

/// Findings as the facts that they tell of: each that leads, and its witnesses after it.
pub(crate) fn findings(
    findings: &[Finding],
    facts: &[Fact],
    joined: &HashMap<FindingId, (String, f64)>,
) -> Vec<wire::FindingView> {
    let mut views = Vec::with_capacity(findings.len());
    for fact in facts {
        let lead = finding(&findings[fact.lead], joined, None);
        let of = lead.id.clone();
        views.push(lead);
        for (at, because) in &fact.witnesses {
            let witness = wire::WitnessView { of: of.clone(), because: because.clone() };
            views.push(finding(&findings[*at], joined, Some(witness)));
        }
    }
    views
}

fn finding(
    finding: &Finding,
    joined: &HashMap<FindingId, (String, f64)>,
    witness: Option<wire::WitnessView>,
) -> wire::FindingView {
    let joined = joined.get(&finding.id);
    let draft = &finding.draft;
    let ids = |attacks: &[Attack]| attacks.iter().map(|attack| attack.id.clone()).collect();
    wire::FindingView {
        id: finding.id.to_string(),
        source: finding.source.clone(),
        vendor_id: draft.vendor_id.clone(),
        title: draft.title.clone(),
        description: draft.description.clone(),
        severity: draft.severity,
        severity_as_given: draft.severity_as_given.clone(),
        status: draft.status,
        created_at: draft.created_at,
        updated_at: draft.updated_at,
        resource: draft.resource.native_id.clone().or_else(|| draft.resource.vendor_id.clone()),
        resource_name: draft.resource.name.clone(),
        resource_type: draft.resource.native_type.clone(),
        account: draft.resource.account.clone(),
        region: draft.resource.region.clone(),
        rule: rule_of(draft).map(ToOwned::to_owned),
        rule_name: draft.rule_name.clone(),
        asset: asset_id(&finding.source, &draft.resource).map(|id| id.to_string()),
        tags: draft.resource.tags.clone(),
        tactics: ids(&draft.tactics),
        techniques: ids(&draft.techniques),
        unknowns: draft.unknowns.clone(),
        joined: joined
            .map(|(because, score)| wire::JoinedView { because: because.clone(), score: *score }),
        witness,
    }
}

/// An alert beside its finding. `mapping` is what made the finding, where one did.
pub(crate) fn raw_alert(
    finding: &Finding,
    alert: &StoredAlert,
    mapping: Option<&Mapping>,
) -> wire::RawAlertView {
    let parsed = serde_json::from_slice::<serde_json::Value>(&alert.body).ok();
    let text = match &parsed {
        Some(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
        None => String::from_utf8_lossy(&alert.body).into_owned(),
    };
    let mut body: String = text.chars().take(RAW_CAP).collect();
    if body.len() < text.len() {
        body.push_str("\n… cut here; `firebreakctl incidents raw` prints the whole");
    }
    let fields = |value: serde_json::Value| match mapping {
        Some(mapping) => provenance::mapped_fields(finding, &value, mapping),
        None => provenance::fields(finding, &value),
    };
    wire::RawAlertView {
        finding: finding.id.to_string(),
        source: alert.source.clone(),
        received_at: alert.received_at,
        sha256: alert.sha256.clone(),
        body,
        fields: parsed.map(fields).unwrap_or_default(),
        unknowns: finding.draft.unknowns.clone(),
    }
}

pub(crate) fn timeline(entry: &Entry) -> wire::TimelineEntry {
    wire::TimelineEntry {
        at: entry.at,
        kind: match entry.kind {
            EntryKind::Activity => wire::TimelineKind::Activity,
            EntryKind::Finding => wire::TimelineKind::Finding,
            EntryKind::Decision => wire::TimelineKind::Decision,
            EntryKind::Note => wire::TimelineKind::Note,
            EntryKind::Handover => wire::TimelineKind::Handover,
            EntryKind::Containment => wire::TimelineKind::Containment,
            EntryKind::Proof => wire::TimelineKind::Proof,
        },
        actor: entry.actor.clone(),
        text: entry.text.clone(),
        evidence: entry.evidence.as_ref().map(EvidenceId::to_string),
    }
}

pub(crate) fn handover(handover: Handover) -> wire::HandoverView {
    let Handover { at, by, to, note, .. } = handover;
    wire::HandoverView { at, by, to, note }
}

pub(crate) fn evidence(fact: &Evidence) -> wire::EvidenceView {
    wire::EvidenceView {
        id: fact.id.to_string(),
        source: fact.source.clone(),
        at: fact.at,
        text: fact.text.clone(),
        sha256: fact.sha256.clone(),
    }
}
