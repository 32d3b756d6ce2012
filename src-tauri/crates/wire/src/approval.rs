use chrono::{DateTime, Utc};
use serde::Serialize;
use ts_rs::TS;

use crate::{ApprovalView, CallView, CapView, Direction, RuleView};

/// What the approval window shows: drawn by Rust from the exact calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum ApprovalDocument {
    /// Sign a step's digest.
    Step(Box<StepDocument>),
    /// Confirm a change of the workspace's phase.
    Phase(PhaseDocument),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct StepDocument {
    pub step: String,
    pub direction: Direction,
    /// "Isolate i-0c41f0b9 in acme-staging".
    pub title: String,
    pub incident_label: String,
    pub rank: u32,
    pub asked_by: String,
    /// "staging".
    pub environment: String,
    pub reversible: bool,
    pub calls: Vec<CallView>,
    pub breaks: Vec<String>,
    pub undo: String,
    pub proof: Vec<String>,
    pub warnings: Vec<String>,
    pub policy_version: String,
    pub rules: Vec<RuleView>,
    /// What the caps say of running it now; empty for an undo, which none holds up.
    pub caps: Vec<CapView>,
    pub approvals_needed: u32,
    pub preflight: PreflightView,
    pub signed: Vec<ApprovalView>,
    /// The name and key that will sign.
    pub signer: String,
    pub signer_key: String,
    /// Hex SHA-256 of the canonical bytes.
    pub digest: String,
    /// When a signature given now would stop being valid.
    pub expires_at: DateTime<Utc>,
    /// Why signing is impossible, with the remedy (locked keychain, drift…). The button is absent then.
    pub blocked_because: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct PhaseDocument {
    pub from: u32,
    pub to: u32,
    pub consequences: Vec<String>,
}

/// What the cloud says about permissions before anything is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct PreflightView {
    pub checked_at: DateTime<Utc>,
    pub permitted: u32,
    pub total: u32,
    /// One line a call: operation and what was learnt ("permitted", "not permitted: …", "has no dry run").
    pub lines: Vec<PreflightLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct PreflightLine {
    pub operation: String,
    pub outcome: PreflightOutcome,
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PreflightOutcome {
    Permitted,
    Refused,
    /// The API has no dry run, or the check itself failed.
    Unknown,
}
