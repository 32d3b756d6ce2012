//! The stand-in Lacework account: access tokens and version 2 of the alerts API.

mod account;
mod bulk;
mod describe;
mod detail;
mod http;
mod list;
mod search;
mod status;
mod token;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::{Map, Value, json};

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::names::Names;
use crate::options::Options;
use crate::scenario::{self, Scenario, ScenarioError};
use crate::seeded;

pub(crate) use http::router;

/// The account's name, also its only sub-account.
pub(crate) const NAME: &str = "sandbox";

/// The account and everything that guards it.
pub(crate) struct Lacework {
    pub(crate) key_id: String,
    pub(crate) secret: String,
    tokens: Mutex<token::Tokens>,
    account: Mutex<account::Account>,
    pages: Mutex<list::Pages>,
    scenarios: Vec<Scenario>,
    faults: Arc<Faults>,
    ledger: Arc<Ledger>,
}

impl Lacework {
    /// Builds the account from scenarios.
    pub(crate) fn new(
        options: &Options,
        names: &Names,
        faults: Arc<Faults>,
        ledger: Arc<Ledger>,
    ) -> Result<Self, ScenarioError> {
        let seed = options.seed;
        let scenarios = scenario::load(&options.scenarios, names)?;
        let mut account = account::Account::new(seed);
        let now = now();
        scenarios.iter().for_each(|scenario| account.learn(scenario));
        for scenario in scenarios.iter().filter(|scenario| scenario.at_start) {
            account.publish(scenario, "", now);
        }
        if options.bulk > 0 {
            bulk::add(&mut account, options.bulk, seed, now);
        }
        let limit = options.rate_limit.is_some();
        Ok(Self {
            key_id: format!("SANDBOX_{}", seeded::hex(seed, "lacework key", 40).to_uppercase()),
            secret: format!("_{}", seeded::hex(seed, "lacework secret", 32)),
            tokens: Mutex::new(token::Tokens::new(seed, options.token_lifetime, limit)),
            account: Mutex::new(account),
            pages: Mutex::new(list::Pages::new(seed)),
            scenarios,
            faults,
            ledger,
        })
    }

    /// Publishes another copy of a known scenario; the ids of its alerts.
    pub(crate) fn publish(&self, name: &str, copy: &str) -> Result<Vec<u64>, String> {
        let found = self.scenarios.iter().find(|scenario| scenario.name == name);
        let scenario = found.ok_or_else(|| format!("no scenario is called {name:?}"))?;
        Ok(lock(&self.account).publish(scenario, copy, now()))
    }

    /// Changes fields of an alert, as its console or its own reckoning might.
    pub(crate) fn change(&self, id: u64, fields: &Map<String, Value>) -> Result<(), String> {
        let mut account = lock(&self.account);
        let alert = account.alerts.get_mut(&id).ok_or_else(|| format!("no alert has id {id}"))?;
        for (name, value) in fields {
            alert.listed[name] = value.clone();
        }
        Ok(())
    }

    /// Adds generated alerts.
    pub(crate) fn bulk(&self, count: u64, seed: u64) {
        bulk::add(&mut lock(&self.account), count, seed, now());
    }

    /// Every alert as a list shows it.
    pub(crate) fn alerts(&self) -> Vec<Value> {
        lock(&self.account).alerts.values().map(|alert| alert.listed.clone()).collect()
    }
}

/// The error body of version 2 of the API.
fn said(message: &str) -> Value {
    json!({ "message": message })
}

/// The moment, no finer than the API shows it.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// A time as the API writes it: UTC with milliseconds.
fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Locks; a panic elsewhere must not take the stand-in down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
