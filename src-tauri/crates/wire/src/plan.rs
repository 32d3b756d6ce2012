use chrono::{DateTime, Utc};
use firebreak_core::{ActionId, ProofOutcome, StepState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::CutView;

/// A ranked containment checklist.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct PlanView {
    pub id: String,
    pub proposed_at: DateTime<Utc>,
    /// "playbook crypto-mining-ec2 v1", with " + model llama-…" when a model ordered it.
    pub written_by: String,
    /// What the playbook matched on, in words.
    pub matched_because: String,
    pub threat: String,
    pub steps: Vec<StepView>,
    /// What the steps take from an attacker, and how they may be chosen.
    pub cut: CutView,
}

/// One action on one asset, with everything needed to decide about it.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct StepView {
    pub id: String,
    pub rank: u32,
    pub action: ActionId,
    /// "Isolate i-0c41f0b9".
    pub title: String,
    pub target: String,
    pub target_name: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    /// Parameters as name and value.
    pub parameters: Vec<Parameter>,
    /// Why the playbook proposes it.
    pub why: String,
    /// Why the model ranks it here (untrusted text).
    pub model_why: Option<String>,
    /// Its place in the model's order, from 1; absent when no model gave one.
    pub model_rank: Option<u32>,
    pub cites: Vec<String>,
    /// What stops working.
    pub disruption: Vec<String>,
    pub reversible: bool,
    /// How it is undone, in words.
    pub undo_summary: String,
    pub warnings: Vec<String>,
    pub calls: Vec<CallView>,
    pub undo_calls: Vec<CallView>,
    /// What must be read afterwards for the step to count as proven.
    pub proof_predicate: Vec<String>,
    pub proof: Option<ProofView>,
    pub verdict: VerdictView,
    /// What the caps say of running it now; empty where there is nothing to run.
    pub caps: Vec<CapView>,
    pub state: StepState,
    /// Why the step is in this state, when that needs words (a refusal, an error, "outcome unknown").
    pub state_note: Option<String>,
    /// A playbook step that no model can drop.
    pub mandatory: bool,
    /// Lower-case hex SHA-256 of the canonical bytes that an approver signs. `None` while the step can't be drafted.
    pub digest: Option<String>,
    pub approvals: Vec<ApprovalView>,
    /// Signatures over the undo that was shown last.
    pub undo_approvals: Vec<ApprovalView>,
    /// When the cloud was read to build the calls.
    pub read_at: Option<DateTime<Utc>>,
    /// What can be done with the step now.
    pub can: StepOptions,
    /// Progress of the run, one entry a call; empty before the first run.
    pub run: Vec<CallProgress>,
    /// Progress of the undo.
    pub undo_run: Vec<CallProgress>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Parameter {
    pub name: String,
    pub value: String,
}

/// Which buttons work, decided by the engine; a button that can't work is absent, with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct StepOptions {
    pub approve: bool,
    pub run: bool,
    pub reject: bool,
    /// Ask for the undo to be signed.
    pub undo: bool,
    /// The undo has its signatures and can be run.
    pub run_undo: bool,
    pub cancel: bool,
    /// Read the cloud to learn what an interrupted run really did.
    pub reconcile: bool,
    /// Why approving or running is not possible now.
    pub blocked_because: Option<String>,
}

/// One exact API call, rendered by Rust from the typed call that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CallView {
    /// `ec2:ModifyNetworkInterfaceAttribute`.
    pub operation: String,
    /// What it acts on: `eni-01…`.
    pub subject: String,
    /// The remaining inputs, as `name=value`.
    pub details: Vec<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// True when it changes what the workload can do; false for snapshots and tags.
    pub disruptive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CallProgress {
    pub index: u32,
    pub operation: String,
    pub subject: String,
    pub status: CallStatus,
    pub note: Option<String>,
    pub at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CallStatus {
    Waiting,
    /// The intent is on disk; the answer is not.
    InFlight,
    /// The cloud accepted it. Not a proof.
    Dispatched,
    Failed,
    /// It may or may not have happened: read, don't repeat.
    Unknown,
    /// Not sent because an earlier call failed or the run was cancelled.
    NotSent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ProofView {
    pub outcome: ProofOutcome,
    pub read_at: DateTime<Utc>,
    pub checks: Vec<ProofCheck>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ProofCheck {
    pub expectation: String,
    /// What was read.
    pub observed: String,
    pub outcome: ProofOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct VerdictView {
    pub kind: VerdictKind,
    /// Approvals needed; 0 for `auto` and `denied`.
    pub approvals_needed: u32,
    pub rules: Vec<RuleView>,
    /// SHA-256 of the policy set, hex.
    pub policy_version: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum VerdictKind {
    Auto,
    NeedsApproval,
    Denied,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct RuleView {
    pub id: String,
    pub reason: String,
}

/// What one cap says of running a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CapView {
    /// "3 of 5 resources this hour in 123456789012".
    pub text: String,
    /// What counts already: resources, runs, or minutes since the last run.
    pub used: u32,
    pub limit: u32,
    /// The run may not begin.
    pub full: bool,
    /// When there is room again if nothing else runs; null where that is not known or never.
    pub frees_at: Option<DateTime<Utc>>,
    /// What would change it.
    pub remedy: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ApprovalView {
    pub approver: String,
    /// First 16 hex digits of the SHA-256 of the public key.
    pub key: String,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Which half of a step a document or a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Direction {
    Execute,
    Undo,
}
