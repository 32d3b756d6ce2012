//! The use cases of Firebreak: ingest, triage, plan, approve, run, prove, undo, verify.
//!
//! The engine knows the core's decisions, the store and the ports; it never names an adapter. It
//! decides nothing that `core` can decide and writes nothing that `store` does not write together
//! with its audit record.
//!
//! What is absent: a way to run a step without a permit, a way to make a permit without the
//! approvals that policy wants, and an executor before phase 2.

mod advise;
mod approve;
mod audit;
mod backfill;
mod backtest;
mod bridge;
mod caps;
mod change;
mod clocks;
mod draft;
mod engine;
mod entitlements;
mod error;
mod event;
mod export;
mod handover;
mod head;
mod incident;
mod ingest;
mod intake;
mod journal;
mod layers;
mod map;
mod networks;
mod notes;
mod pages;
mod poll;
mod propose;
mod prove;
mod reconcile;
mod regroup;
mod run;
mod stops;
mod suppress;
mod triage;
mod undo;
mod wake;
mod watch;
mod weigh;
mod write_back;

pub use approve::{ApprovalSheet, PreflightLine};
pub use audit::AuditReport;
pub use backfill::MOST_DAYS;
pub use backtest::{AskedAs, Backtest, Trial};
pub use caps::in_the_way;
pub use change::{ChangeReport, MOST_CHANGED, RefusedChange};
pub use engine::{Engine, Identity, Parts};
pub use error::EngineError;
pub use event::EngineEvent;
pub use ingest::{FileReport, IngestReport};
pub use map::{Named, Reach};
pub use poll::PollReport;
pub use reconcile::Recovered;
pub use stops::hold;
pub use suppress::{Covered, LOOKED_BACK_DAYS, Preview, SuppressOrder};
pub use weigh::{Cut, Outcome, Standing, WeighedStep, Weighing, ordered};
pub use write_back::COMMENT_CAP;
