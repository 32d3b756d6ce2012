//! The decisions of Firebreak, without any of its effects.
//!
//! Findings, assets, incidents, correlation, plans, policy, approval, proof and the audit log's
//! arithmetic live here as plain data and pure functions. Time, ids and facts come in as
//! arguments; decisions go out. There is no I/O, no runtime, no clock and no randomness in this
//! crate: [`ports`] names what the outside must provide.

pub mod action;
pub mod approval;
pub mod assessment;
pub mod asset;
pub mod audit;
pub mod call;
pub mod canonical;
pub mod clock;
pub mod containment;
pub mod correlate;
pub mod evidence;
pub mod finding;
pub mod graph;
pub mod grounding;
pub mod handover;
pub mod iam;
pub mod id;
pub mod incident;
pub mod lease;
pub mod link;
pub mod network;
pub mod observed;
pub mod plan;
pub mod playbook;
pub mod policy;
pub mod ports;
pub mod proof;
pub mod queue;
pub mod suppression;
pub mod text;
pub mod timeline;
pub mod triage;
pub mod view;
pub mod write_back;

pub use action::ActionId;
pub use asset::Environment;
pub use finding::{FindingStatus, Severity};
pub use id::{
    AlertId, ApprovalId, AssetId, EvidenceId, FindingId, HandoverId, IncidentId, IntentId, PlanId,
    StepId, SuppressionId, ViewId,
};
pub use incident::IncidentState;
pub use plan::{Direction, StepState};
pub use proof::ProofOutcome;

/// An instant, always in UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
