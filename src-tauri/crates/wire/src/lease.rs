use chrono::{DateTime, Utc};
use firebreak_core::lease::{EndKind, Standing};
use firebreak_core::{IncidentState, StepState};
use serde::Serialize;
use ts_rs::TS;

use crate::{IncidentLink, ProofView};

/// Everything that was changed and is not undone: the containment board.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct LeaseBoard {
    /// When it was put together.
    pub at: DateTime<Utc>,
    pub counts: LeaseCountsView,
    /// Those that need somebody first: broken, unproven, then by review. At most 1,000.
    pub leases: Vec<LeaseView>,
}

/// How many containments stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct LeaseCountsView {
    /// That are not over.
    pub active: u32,
    /// Of them, those that a read showed to be otherwise.
    pub broken: u32,
    /// Of them, those whose review has come.
    pub due: u32,
}

/// What one step changed, held for somebody until a time.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct LeaseView {
    /// The step's id.
    pub step: String,
    /// The incident that it is seen in.
    pub incident: IncidentLink,
    pub incident_title: String,
    pub incident_state: IncidentState,
    /// "Isolate i-0c41f0b9".
    pub title: String,
    pub target: String,
    pub target_name: Option<String>,
    pub account: String,
    pub region: String,
    /// Nobody's only where it is older than leases are.
    pub owner: Option<String>,
    pub begun_at: DateTime<Utc>,
    /// When somebody decides again.
    pub review_at: DateTime<Utc>,
    /// Whether that time has come.
    pub is_due: bool,
    pub standing: Standing,
    pub since: DateTime<Utc>,
    /// The newest read that showed all of it.
    pub proved_at: Option<DateTime<Utc>>,
    /// Whether that is longer ago than it should be.
    pub is_stale: bool,
    /// The newest read that answered.
    pub read_at: Option<DateTime<Utc>>,
    pub next_read_at: DateTime<Utc>,
    /// What the newest read showed otherwise than it must be.
    pub note: Option<String>,
    /// Why the last attempt to read failed.
    pub unread: Option<String>,
    pub step_state: StepState,
    pub step_note: Option<String>,
    /// What the last read that told something showed, condition by condition.
    pub proof: Option<ProofView>,
    /// What stops working while it holds.
    pub disruption: Vec<String>,
    pub undo_summary: Option<String>,
    pub end: Option<LeaseEnd>,
}

/// Why a containment is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct LeaseEnd {
    pub at: DateTime<Utc>,
    pub kind: EndKind,
    pub reason: Option<String>,
}
