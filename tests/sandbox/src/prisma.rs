//! The stand-in Prisma Cloud: CSPM and Compute over REST, filled from the same scenarios as the others.
//!
//! Paths, bodies and limits are those of the vendor's OpenAPI and of its pages on rate limits and
//! errors (pan.dev); what those leave open follows the public clients of Prisma Cloud.

mod bulk;
mod compute;
mod describe;
mod graph;
mod http;
mod list;
mod status;
mod steer;
mod tenant;
mod token;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::names::Names;
use crate::options::Options;
use crate::scenario::{self, Scenario, ScenarioError};
use crate::seeded;

pub(crate) use http::router;
pub(crate) use steer::router as control;

/// Settings of the stand-in Prisma Cloud.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrismaOptions {
    /// Its port; 0 takes a free one.
    pub port: u16,
    /// Life of a session; ten minutes by the vendor's documentation.
    pub session: Duration,
    /// Whether the documented rate limits hold: 2 lists and 5 single alerts a second, 10 at once.
    pub rate_limits: bool,
}

impl Default for PrismaOptions {
    fn default() -> Self {
        Self { port: 0, session: Duration::from_secs(600), rate_limits: true }
    }
}

/// The tenant and everything that guards it.
pub(crate) struct Prisma {
    pub(crate) access_key_id: String,
    pub(crate) secret_key: String,
    sessions: Mutex<token::Sessions>,
    tenant: Mutex<tenant::Tenant>,
    scenarios: Vec<Scenario>,
    faults: Arc<Faults>,
    ledger: Arc<Ledger>,
}

impl Prisma {
    /// Builds the tenant from scenarios.
    pub(crate) fn new(
        options: &Options,
        settings: PrismaOptions,
        names: &Names,
        faults: Arc<Faults>,
        ledger: Arc<Ledger>,
    ) -> Result<Self, ScenarioError> {
        let seed = options.seed;
        let scenarios = scenario::load(&options.scenarios, names)?;
        let mut tenant = tenant::Tenant::new(seed);
        scenarios.iter().for_each(|scenario| tenant.learn(scenario));
        for scenario in scenarios.iter().filter(|scenario| scenario.at_start) {
            tenant.publish(scenario, "", now());
        }
        if options.bulk > 0 {
            bulk::add(&mut tenant, options.bulk, seed, now());
        }
        Ok(Self {
            access_key_id: seeded::uuid(seed, "prisma access key"),
            secret_key: seeded::hex(seed, "prisma secret key", 40),
            sessions: Mutex::new(token::Sessions::new(seed, settings)),
            tenant: Mutex::new(tenant),
            scenarios,
            faults,
            ledger,
        })
    }
}

/// The moment in milliseconds, no finer than the API shows it: otherwise an alert would change
/// after the time it says it changed.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// Locks; a panic elsewhere must not take the stand-in down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
