//! The stand-in Wiz tenant: OAuth client credentials and GraphQL.

mod bulk;
mod describe;
mod filter;
mod graph;
mod http;
mod paging;
mod query;
mod refuse;
mod resolve;
mod status;
mod tenant;
mod token;
mod writes;

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::{Map, Value};

use crate::faults::Faults;
use crate::ledger::Ledger;
use crate::names::Names;
use crate::options::{Options, RateLimit};
use crate::scenario::{self, Scenario, ScenarioError};
use crate::seeded;

pub(crate) use http::router;

/// The tenant and everything that guards it.
pub(crate) struct Wiz {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    tokens: Mutex<token::Tokens>,
    tenant: Mutex<tenant::Tenant>,
    scenarios: Mutex<Vec<Scenario>>,
    names: Names,
    faults: std::sync::Arc<Faults>,
    ledger: std::sync::Arc<Ledger>,
}

impl Wiz {
    /// Builds the tenant from scenarios.
    pub(crate) fn new(
        options: &Options,
        names: &Names,
        faults: std::sync::Arc<Faults>,
        ledger: std::sync::Arc<Ledger>,
    ) -> Result<Self, ScenarioError> {
        let seed = options.seed;
        let scenarios = scenario::load(&options.scenarios, names)?;
        let mut tenant = tenant::Tenant::new(seed);
        let now = now();
        // Files may refer to each other in any order, so everything is learnt before anything is published.
        scenarios.iter().for_each(|scenario| tenant.learn(scenario, now));
        for scenario in scenarios.iter().filter(|scenario| scenario.at_start) {
            tenant.publish(scenario, "", now);
        }
        if options.bulk > 0 {
            bulk::add(&mut tenant, options.bulk, seed, now);
        }
        Ok(Self {
            client_id: format!("sandbox-{}", seeded::hex(seed, "wiz client id", 20)),
            client_secret: seeded::hex(seed, "wiz client secret", 64),
            tokens: Mutex::new(token::Tokens::new(
                seed,
                options.token_lifetime,
                options.rate_limit,
            )),
            tenant: Mutex::new(tenant),
            scenarios: Mutex::new(scenarios),
            names: names.clone(),
            faults,
            ledger,
        })
    }

    /// Publishes another copy of a known scenario; the ids of its issues.
    pub(crate) fn publish(&self, name: &str, copy: &str) -> Result<Vec<String>, ScenarioError> {
        let scenarios = lock(&self.scenarios);
        let scenario =
            scenarios.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
                let known: Vec<&str> =
                    scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
                ScenarioError::Unknown { name: name.to_owned(), known: known.join(", ") }
            })?;
        Ok(publish(&mut lock(&self.tenant), scenario, copy))
    }

    /// Publishes a scenario given as text; it may refer to everything already known.
    pub(crate) fn publish_text(
        &self,
        text: &str,
        copy: &str,
    ) -> Result<Vec<String>, ScenarioError> {
        let parsed = scenario::parse("control/publish", text, &self.names)?;
        let mut scenarios = lock(&self.scenarios);
        scenarios.push(parsed);
        if let Err(wrong) = scenario::check(&scenarios) {
            scenarios.pop();
            return Err(wrong);
        }
        let mut tenant = lock(&self.tenant);
        let parsed = &scenarios[scenarios.len() - 1];
        tenant.learn(parsed, now());
        Ok(publish(&mut tenant, parsed, copy))
    }

    /// Changes fields of an issue.
    pub(crate) fn overlay(&self, id: &str, fields: &Map<String, Value>) -> Result<(), String> {
        writes::overlay(&mut lock(&self.tenant), id, fields, now())
    }

    /// Adds generated issues; number of assets they are spread over.
    pub(crate) fn bulk(&self, count: u64, seed: u64) -> u64 {
        bulk::add(&mut lock(&self.tenant), count, seed, now())
    }

    /// Ids, scenario-independent, of every issue with its rule, status and entity.
    pub(crate) fn issues(&self) -> Vec<Value> {
        let tenant = lock(&self.tenant);
        let mut found: Vec<Value> = tenant
            .issues
            .values()
            .map(|issue| {
                serde_json::json!({
                    "id": issue.id,
                    "type": issue.kind,
                    "status": issue.status,
                    "severity": tenant::SEVERITIES[usize::from(issue.severity)],
                    "rule": issue.rule["name"],
                    "entity": issue.entity.as_ref().map(|entity| &entity.name),
                })
            })
            .collect();
        found.sort_by_key(|issue| issue["id"].to_string());
        found
    }

    /// Changes the rate limit.
    pub(crate) fn set_rate_limit(&self, limit: Option<RateLimit>) {
        lock(&self.tokens).set_limit(limit);
    }
}

/// Publishes under a label; without one, a scenario that is already there becomes a copy of its own.
fn publish(tenant: &mut tenant::Tenant, scenario: &Scenario, label: &str) -> Vec<String> {
    let label = match label {
        "" if tenant.has(scenario) => tenant.fresh_id("copy"),
        given => given.to_owned(),
    };
    tenant.publish(scenario, &label, now())
}

/// The moment, no finer than the API shows it: otherwise an issue would change after the time it says it changed.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Locks; a panic elsewhere must not take the stand-in down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
