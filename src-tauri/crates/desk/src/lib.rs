//! The console without a window: opens a workspace, wires the adapters into the engine, keeps the
//! background work going and shows everything as the types of `wire`.
//!
//! Both composition roots, the desktop shell and `firebreakctl`, stand on this crate, so that the
//! window and the terminal do the same thing. It is the only crate that knows the engine and the
//! adapters at once. What it deliberately does not do: decide. Decisions are the core's, use cases
//! the engine's.

mod adapters;
mod background;
mod clock;
mod commander;
mod commands;
mod confirm;
mod desk;
mod error;
mod events;
mod home;
mod leases;
mod link;
mod mapping;
mod markdown;
mod planner;
mod policies;
mod sandbox;
mod settings;
mod sheet;
mod sources;
mod suppress;
mod triage;
mod vendors;
mod view;
mod views;
mod write_back;

pub use confirm::Pending;
pub use desk::{Access, Desk};
pub use error::DeskError;
pub use home::Home;
pub use mapping::{preview_mapping, starts as mapping_starts};
pub use policies::{TriedPolicies, TriedStep, TryAs};
pub use sandbox::SandboxReady;
pub use settings::PolicyCheck;

pub use firebreak_core::clock::{Goal, Target};
pub use firebreak_core::link::incident_link;
pub use firebreak_core::triage::Cause;
pub use firebreak_core::{IncidentId, IncidentState, Severity, Timestamp};
pub use firebreak_engine::{FileReport, IngestReport, PollReport};
