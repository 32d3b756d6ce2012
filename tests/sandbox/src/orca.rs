//! The stand-in Orca organisation: the serving layer, the rules API, and what a client may write.
//!
//! Orca publishes no description of its API. Shapes follow payloads that public integrations ship
//! with; `tests/sandbox/tests/sandbox/orca_shapes.rs` compares every key. The contents are those of
//! the same scenarios as the Wiz tenant's, told in Orca's words.

mod asset;
mod bulk;
mod control;
mod describe;
mod filter;
mod http;
mod organisation;
mod query;
mod rules;
mod status;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::names::Names;
use crate::options::Options;
use crate::scenario::{self, ScenarioError};
use crate::seeded;

pub(crate) use control::router as control_router;
pub(crate) use http::router;

/// The organisation and everything that guards it.
pub(crate) struct Orca {
    pub(crate) api_token: String,
    organisation: Mutex<organisation::Organisation>,
    faults: Arc<Faults>,
    ledger: Arc<Ledger>,
}

impl Orca {
    /// Builds the organisation from scenarios.
    pub(crate) fn new(
        options: &Options,
        names: &Names,
        faults: Arc<Faults>,
        ledger: Arc<Ledger>,
    ) -> Result<Self, ScenarioError> {
        let scenarios = scenario::load(&options.scenarios, names)?;
        let mut organisation = organisation::Organisation::new(options.seed, scenarios);
        organisation.begin(now());
        bulk::add(&mut organisation, options.bulk, options.seed, now());
        Ok(Self {
            api_token: seeded::hex(options.seed, "orca api token", 40),
            organisation: Mutex::new(organisation),
            faults,
            ledger,
        })
    }

    fn organisation(&self) -> MutexGuard<'_, organisation::Organisation> {
        // A panic elsewhere must not take the stand-in down with it.
        self.organisation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The moment, in whole seconds: Orca shows and compares no finer ones.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// A time as Orca writes it.
fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}
