//! What the organisation holds, and how scenarios become it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::{asset, describe};
use crate::scenario::Scenario;
use crate::seeded;

/// Risk levels from the least to the worst.
pub(super) const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

/// An alert with the parts that change apart from those that don't.
#[derive(Debug, Clone)]
pub(super) struct Alert {
    pub(super) number: u64,
    /// Fields as the serving layer names them, unwrapped.
    pub(super) fields: Map<String, Value>,
    /// Orca's id of the asset it is about.
    pub(super) asset: Option<String>,
    /// ATT&CK technique in Orca's words, `Valid Accounts (T1078)`.
    pub(super) techniques: Vec<String>,
    /// Tactic in Orca's words, `initial access`.
    pub(super) tactic: Option<String>,
    pub(super) updated: DateTime<Utc>,
    pub(super) events: Vec<Value>,
}

impl Alert {
    /// `orca-123`.
    pub(super) fn name(&self) -> String {
        format!("orca-{}", self.number)
    }
}

/// Everything in it.
#[derive(Debug, Default)]
pub(super) struct Organisation {
    pub(super) seed: u64,
    pub(super) alerts: BTreeMap<u64, Alert>,
    /// Fields of the inventory by `asset_unique_id`, unwrapped.
    pub(super) assets: BTreeMap<String, Map<String, Value>>,
    pub(super) scenarios: Vec<Scenario>,
    written: u64,
}

impl Organisation {
    pub(super) fn new(seed: u64, scenarios: Vec<Scenario>) -> Self {
        Self { seed, scenarios, ..Self::default() }
    }

    /// The inventory, and the alerts of every scenario that is there at the start.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        self.assets = asset::inventory(self.seed, &self.scenarios, now);
        let names: Vec<String> = self
            .scenarios
            .iter()
            .filter(|scenario| scenario.at_start)
            .map(|scenario| scenario.name.clone())
            .collect();
        for name in names {
            self.publish(&name, now);
        }
    }

    /// Adds the alerts of a scenario as of `now`, another copy each time; their names. `None` when
    /// there is no such scenario.
    pub(super) fn publish(&mut self, name: &str, now: DateTime<Utc>) -> Option<Vec<String>> {
        let scenario = self.scenarios.iter().find(|scenario| scenario.name == name)?.clone();
        let mut names = Vec::new();
        for issue in &scenario.issues {
            let turns = issue.repeat.as_ref().map_or(1, |repeat| repeat.count);
            for turn in 0..turns {
                let older =
                    issue.repeat.as_ref().map_or(TimeDelta::zero(), |repeat| repeat.every.span());
                let number = self.next_number();
                let now = now - older * turn as i32;
                let alert = describe::alert(self, &scenario, issue, number, now);
                names.push(alert.name());
                self.alerts.insert(number, alert);
            }
        }
        Some(names)
    }

    /// The number after the last.
    pub(super) fn next_number(&self) -> u64 {
        self.alerts.keys().next_back().map_or(1_001, |last| last + 1)
    }

    /// The alert of that name.
    pub(super) fn alert(&self, name: &str) -> Option<&Alert> {
        self.alerts.get(&name.strip_prefix("orca-")?.parse().ok()?)
    }

    /// The same, to change it.
    pub(super) fn alert_mut(&mut self, name: &str) -> Option<&mut Alert> {
        self.alerts.get_mut(&name.strip_prefix("orca-")?.parse().ok()?)
    }

    /// A fresh id for something a client wrote.
    pub(super) fn fresh_id(&mut self, what: &str) -> String {
        self.written += 1;
        seeded::uuid(self.seed, &format!("orca {what} {}", self.written))
    }
}
