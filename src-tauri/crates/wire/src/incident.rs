use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use firebreak_core::triage::Cause;
use firebreak_core::{Environment, FindingStatus, IncidentState, Severity};
use serde::Serialize;
use ts_rs::TS;

use crate::{IncidentLink, PlanView, QueueRow, WriteBackView};

/// Everything the incident page shows.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct IncidentView {
    pub row: QueueRow,
    /// States this incident may be moved to by a person now.
    pub next_states: Vec<IncidentState>,
    /// Why its findings are one incident.
    pub joined_because: String,
    /// Which kind of false positive it is.
    pub cause: Option<Cause>,
    /// The incident that has its findings, since they were merged.
    pub merged_into: Option<IncidentLink>,
    /// The incidents that were merged into it.
    pub merged: Vec<IncidentLink>,
    /// What its owner was told when it was handed to them, until they say that they read it.
    pub handover: Option<HandoverView>,
    pub assessment: AssessmentView,
    pub asset: Option<AssetView>,
    /// Those that tell of the same fact together, the one that leads first.
    pub findings: Vec<FindingView>,
    /// How many different facts the findings tell of.
    pub facts: u32,
    pub timeline: Vec<TimelineEntry>,
    pub evidence: Vec<EvidenceView>,
    pub reach: ReachView,
    /// Other incidents that may belong to it, most severe first.
    pub related: Vec<RelatedIncident>,
    pub plan: Option<PlanView>,
    /// What its sources were told, or are to be, newest first.
    pub write_backs: Vec<WriteBackView>,
    /// Why nothing can be written to its sources now; absent when something can.
    pub write_back_blocked: Option<String>,
    /// What is still missing from the context, in words ("AWS reads failed: …").
    pub notices: Vec<Notice>,
}

/// An incident handed from one person to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct HandoverView {
    pub at: DateTime<Utc>,
    pub by: String,
    pub to: String,
    /// Markdown, of which no HTML is made.
    pub note: String,
}

/// Something the reader must know about how complete this page is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Notice {
    pub level: NoticeLevel,
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NoticeLevel {
    Info,
    Warning,
    Error,
}

/// The summary and hypothesis, with who wrote them.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct AssessmentView {
    pub author: AssessmentAuthor,
    /// Model name when a model wrote it (untrusted text).
    pub model: Option<String>,
    /// Seconds the model took.
    pub took_seconds: Option<f64>,
    pub summary: Vec<SentenceView>,
    pub hypothesis: Vec<SentenceView>,
    /// Set when no model answer is shown, or one is on its way: says why.
    pub model_note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AssessmentAuthor {
    /// Deterministic text from the playbook and the findings.
    Playbook,
    Model,
}

/// One sentence and the evidence it cites. A sentence without citations is drawn as uncited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct SentenceView {
    /// Untrusted text.
    pub text: String,
    /// Evidence ids (`E3`), each of which exists on this incident.
    pub cites: Vec<String>,
    /// Ids that it cites and this incident does not have, or has no more.
    pub unknown_cites: Vec<String>,
    /// What of a model's sentence its citations do not carry, from left to right, without overlap.
    pub flags: Vec<FlagView>,
}

/// A part of a sentence that is not in the evidence cited for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FlagView {
    /// Where it begins in the sentence, in UTF-16 code units, as JavaScript counts.
    pub start: u32,
    /// Where it ends, likewise; that unit is not in it.
    pub end: u32,
    /// The part itself (untrusted text).
    pub text: String,
    /// Evidence ids, at most three, that hold it and were not cited; none when nothing does.
    pub elsewhere: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct AssetView {
    pub id: String,
    pub name: Option<String>,
    pub kind: String,
    pub account: Option<String>,
    pub account_name: Option<String>,
    pub region: Option<String>,
    pub environment: Environment,
    pub owner: Option<String>,
    /// Untrusted keys and values.
    pub tags: BTreeMap<String, String>,
    /// State as the cloud last said ("running"), with when.
    pub cloud_state: Option<String>,
    pub read_at: Option<DateTime<Utc>>,
    /// Which source each fact came from: field name to source name.
    pub provenance: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct FindingView {
    pub id: String,
    pub source: String,
    pub vendor_id: String,
    pub title: String,
    pub description: Option<String>,
    pub severity: Severity,
    /// The vendor's own word for the severity, when it is not one we know.
    pub severity_as_given: Option<String>,
    pub status: FindingStatus,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub resource: Option<String>,
    pub resource_name: Option<String>,
    pub resource_type: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    /// What its source calls the rule behind it: an id, else a name. Untrusted text.
    pub rule: Option<String>,
    /// The rule's name. Untrusted text.
    pub rule_name: Option<String>,
    /// The asset as incidents are correlated by it.
    pub asset: Option<String>,
    /// Untrusted keys and values.
    pub tags: BTreeMap<String, String>,
    pub tactics: Vec<String>,
    pub techniques: Vec<String>,
    /// Fields the vendor sent that were not understood, or did not send.
    pub unknowns: Vec<String>,
    /// Why it is in this incident; `null` for one that opened it, or that a person put there.
    pub joined: Option<JoinedView>,
    /// Set where another source's finding, earlier in the list, tells of the same fact.
    pub witness: Option<WitnessView>,
}

/// What a finding says that another source's finding says too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct WitnessView {
    /// The finding that leads.
    pub of: String,
    /// `technique T1496 of i-0aa…, 3 min apart`. Untrusted text.
    pub because: String,
}

/// What a finding shares with others of its incident.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct JoinedView {
    /// `shares access key AKIA…, 12 min apart`. Untrusted text.
    pub because: String,
    /// How sure that is, from 0 to 1.
    pub score: f64,
}

/// The verbatim alert behind a finding, pretty-printed when it is JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct RawAlertView {
    pub finding: String,
    pub source: String,
    pub received_at: DateTime<Utc>,
    pub sha256: String,
    pub body: String,
    /// What was read out of it, and where in it each value is found.
    pub fields: Vec<FieldView>,
    /// Fields that the vendor sent and that were not understood, or did not send.
    pub unknowns: Vec<String>,
}

/// One field of a finding beside the alert it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FieldView {
    /// The OCSF attribute (Detection Finding, class 2004).
    pub name: String,
    /// Untrusted text; absent when the alert says nothing of it.
    pub value: Option<String>,
    /// Paths in the alert whose value this is; empty when it was derived.
    pub found_at: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct TimelineEntry {
    pub at: DateTime<Utc>,
    pub kind: TimelineKind,
    /// Who: a source's name, a person, `firebreak`.
    pub actor: String,
    pub text: String,
    /// Evidence id when it has one.
    pub evidence: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TimelineKind {
    /// Something the attacker or the workload did.
    Activity,
    /// A source told us.
    Finding,
    /// A person or Firebreak decided.
    Decision,
    /// A person wrote something down.
    Note,
    /// A person wrote down what is done and what is next, for the one they handed it to.
    Handover,
    /// A call changed the cloud.
    Containment,
    /// A proof was read.
    Proof,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct EvidenceView {
    /// `E1`, `E2`, … within the incident.
    pub id: String,
    pub source: String,
    pub at: DateTime<Utc>,
    /// Untrusted text.
    pub text: String,
    /// SHA-256 of the bytes it came from, hex.
    pub sha256: String,
}

/// Another incident, and what the two have in common.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct RelatedIncident {
    pub row: QueueRow,
    /// "same asset", "its asset is 2 hops away".
    pub why: String,
}

/// The assets around the incident and why each is connected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct ReachView {
    pub nodes: Vec<ReachNode>,
    pub edges: Vec<ReachEdge>,
    /// Assets that an attacker on the incident's assets can get at, as far as any source ever said.
    pub assets: u32,
    /// Crown jewels among them.
    pub crown_jewels: u32,
    /// How many of them are not among the nodes.
    pub unlisted: u32,
    /// How far was looked.
    pub hops: u32,
    /// Whether more lies beyond that.
    pub goes_on: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct ReachNode {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub role: ReachRole,
    /// Hops from the incident's asset.
    pub hops: u32,
    /// Account id, where it is known.
    pub account: Option<String>,
    /// What the account is called. Untrusted text.
    pub account_name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ReachRole {
    /// Outside our clouds: an address, the internet.
    External,
    /// The asset the incident is about.
    Compromised,
    /// Tagged or classified as what the attacker is after.
    CrownJewel,
    Neighbour,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, TS)]
#[ts(export)]
pub struct ReachEdge {
    pub from: String,
    pub to: String,
    pub kind: String,
    /// "role web-node can read it", "port 443 open to 0.0.0.0/0".
    pub reason: String,
    pub source: String,
}
