//! The only crate that knows SQL: one SQLite file, read and written through [`Store`].
//!
//! There is one writer. A [`Write`] is one immediate transaction that carries state changes and
//! their audit records together; nothing is visible until [`Write::commit`], which returns when
//! the bytes are on disk (WAL with `synchronous=FULL`). Readers never wait for the writer.
//!
//! Deliberately absent: an ORM, SQL with values in its text, defaults for unknown stored values. A word in the
//! database that this version does not know is [`StoreError::Corrupt`], never a guess.

mod alerts;
mod audit;
mod backfills;
mod clocks;
mod context;
mod database;
mod entities;
mod error;
mod handovers;
mod incidents;
mod intake;
mod leases;
mod many;
mod plans;
mod queue;
mod row;
mod runs;
mod settings;
mod sources;
mod suppressions;
mod touches;
mod triage;
mod views;
mod write_backs;

pub use alerts::StoredAlert;
pub use audit::StoredRecord;
pub use backfills::Backfill;
pub use clocks::{ReachSample, Times};
pub use context::IncidentContext;
pub use database::{Read, Store, Write};
pub use entities::{Named, SharedEntity};
pub use error::StoreError;
pub use incidents::IncidentSummary;
pub use intake::{Fact, IncidentHead, KnownFacts, KnownFinding, Link, NewAlert, NumberedFact};
pub use leases::LeaseCounts;
pub use plans::StoredStep;
pub use runs::{CallRow, IntentRow};
pub use settings::CloudAccount;
pub use sources::SourceRow;
pub use suppressions::{Held, Lookback, SuppressionRow, TermChange, Witness};
pub use triage::{Altered, ChangeRow, Member, Relocated, Stand};
pub use write_backs::{WriteBackRow, WriteBackState};
