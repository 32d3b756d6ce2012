use std::collections::{BTreeMap, HashMap};

use firebreak_core::assessment::{Assessment, Author, Sentence};
use firebreak_core::asset::{Asset, Neighbourhood, asset_id};
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::{Attack, Finding, ResourceKind};
use firebreak_core::handover::Handover;
use firebreak_core::suppression::rule_of;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{AssetId, EvidenceId, FindingId};
use firebreak_engine::Reach;
use firebreak_sources::mapped::Mapping;
use firebreak_store::{IncidentContext, StoredAlert};
use firebreak_wire as wire;

use super::plan::asset_text;
use super::provenance;

/// Most of an alert shown; the whole is in the store and in exports.
const RAW_CAP: usize = 256 * 1024;

pub(crate) fn assessment(context: &IncidentContext) -> wire::AssessmentView {
    let empty =
        Assessment { author: Author::Playbook, summary: Vec::new(), hypothesis: Vec::new() };
    let assessment = context.assessment.as_ref().unwrap_or(&empty);
    let (author, model, took_seconds) = match &assessment.author {
        Author::Playbook => (wire::AssessmentAuthor::Playbook, None, None),
        Author::Model { name, milliseconds } => {
            (wire::AssessmentAuthor::Model, Some(name.clone()), Some(*milliseconds as f64 / 1000.0))
        }
    };
    wire::AssessmentView {
        author,
        model,
        took_seconds,
        summary: assessment.summary.iter().map(sentence).collect(),
        hypothesis: assessment.hypothesis.iter().map(sentence).collect(),
        model_note: context.model_note.clone(),
    }
}

fn sentence(sentence: &Sentence) -> wire::SentenceView {
    wire::SentenceView {
        text: sentence.text.clone(),
        cites: sentence.cites.iter().map(EvidenceId::to_string).collect(),
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

fn kind(kind: ResourceKind) -> &'static str {
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

pub(crate) fn finding(
    finding: &Finding,
    joined: &HashMap<FindingId, (String, f64)>,
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

/// The neighbourhood with each node's distance from the incident's asset, either way along edges.
/// What the sources say around the incident, and what lies within reach by everything that was ever
/// said.
pub(crate) fn reach(
    graph: Option<&Neighbourhood>,
    asset: Option<&Asset>,
    far: &Reach,
) -> wire::ReachView {
    let near = around(graph, asset);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut view = wire::ReachView {
        assets: count(far.radius.assets()),
        crown_jewels: count(far.radius.crown_jewels),
        unlisted: count(far.radius.unlisted()),
        hops: far.hops,
        goes_on: far.radius.goes_on,
        ..near
    };
    // The graph knows what is outside by its name; around the incident it has the source's id.
    let outside: BTreeMap<String, String> = view
        .nodes
        .iter()
        .filter(|node| node.role == wire::ReachRole::External)
        .map(|node| (node.name.to_lowercase(), node.id.clone()))
        .collect();
    let named = |id: &AssetId| {
        outside.get(&id.as_str().to_lowercase()).cloned().unwrap_or_else(|| asset_text(id))
    };
    for reached in &far.radius.listed {
        let id = named(&reached.asset);
        if let Some(known) = view.nodes.iter_mut().find(|node| node.id == id) {
            if known.role == wire::ReachRole::Neighbour {
                known.hops = reached.hops;
                if reached.worth.crown_jewel {
                    known.role = wire::ReachRole::CrownJewel;
                }
            }
            continue;
        }
        let called = far.named.get(&reached.asset).cloned().unwrap_or_default();
        view.nodes.push(wire::ReachNode {
            name: if called.name.is_empty() { id.clone() } else { called.name },
            id,
            kind: called.kind,
            role: match (reached.outside, reached.worth.crown_jewel) {
                (true, _) => wire::ReachRole::External,
                (false, true) => wire::ReachRole::CrownJewel,
                (false, false) => wire::ReachRole::Neighbour,
            },
            hops: reached.hops,
        });
    }
    for edge in &far.radius.edges {
        for witness in &edge.witnesses {
            let said = wire::ReachEdge {
                from: named(&edge.from),
                to: named(&edge.to),
                kind: witness.relation.clone(),
                reason: witness.reason.clone(),
                source: witness.source.clone(),
            };
            if !view.edges.contains(&said) {
                view.edges.push(said);
            }
        }
    }
    view
}

/// What the sources say around the incident's asset.
fn around(graph: Option<&Neighbourhood>, asset: Option<&Asset>) -> wire::ReachView {
    let nothing = wire::ReachView::default();
    let mut nodes: Vec<wire::ReachNode> = Vec::new();
    let centre = asset.map(|asset| asset.id.clone());
    if let Some(asset) = asset {
        nodes.push(wire::ReachNode {
            id: asset.id.to_string(),
            name: asset.name.clone().unwrap_or_else(|| asset.id.to_string()),
            kind: kind(asset.kind).to_owned(),
            role: wire::ReachRole::Compromised,
            hops: 0,
        });
    }
    let Some(graph) = graph else { return wire::ReachView { nodes, ..nothing } };
    let hops = distances(graph, centre.as_ref());
    for node in &graph.nodes {
        if Some(&node.id) == centre.as_ref() {
            continue;
        }
        nodes.push(wire::ReachNode {
            id: node.id.to_string(),
            name: node.name.clone(),
            kind: node.kind.clone(),
            role: match (node.external, node.crown_jewel) {
                (true, _) => wire::ReachRole::External,
                (false, true) => wire::ReachRole::CrownJewel,
                (false, false) => wire::ReachRole::Neighbour,
            },
            hops: hops.get(&node.id).copied().unwrap_or(u32::MAX),
        });
    }
    let edges = graph
        .edges
        .iter()
        .map(|edge| wire::ReachEdge {
            from: asset_text(&edge.from),
            to: asset_text(&edge.to),
            kind: edge.kind.clone(),
            reason: edge.reason.clone(),
            source: edge.source.clone(),
        })
        .collect();
    wire::ReachView { nodes, edges, ..nothing }
}

fn distances<'a>(
    graph: &'a Neighbourhood,
    centre: Option<&'a AssetId>,
) -> BTreeMap<&'a AssetId, u32> {
    let mut hops = BTreeMap::new();
    let Some(centre) = centre else { return hops };
    hops.insert(centre, 0);
    let mut frontier = vec![centre];
    let mut distance = 0;
    while !frontier.is_empty() {
        distance += 1;
        let mut next = Vec::new();
        for edge in &graph.edges {
            for (from, to) in [(&edge.from, &edge.to), (&edge.to, &edge.from)] {
                if frontier.contains(&from) && !hops.contains_key(to) {
                    hops.insert(to, distance);
                    next.push(to);
                }
            }
        }
        frontier = next;
    }
    hops
}
