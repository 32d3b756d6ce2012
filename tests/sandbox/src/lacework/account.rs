//! What the stand-in account holds, and how scenarios become it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::describe;
use crate::scenario::{self, Scenario};
use crate::seeded;

/// An alert with everything its scopes show.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    /// As lists show it.
    pub(crate) listed: Value,
    pub(crate) entity_map: Value,
    pub(crate) events: Vec<Value>,
    pub(crate) investigation: Vec<Value>,
    pub(crate) observations: Vec<Value>,
    pub(crate) timeline: Vec<Value>,
    /// What it is about, for relating alerts to each other.
    pub(crate) about: String,
}

/// Everything in the account.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) seed: u64,
    pub(crate) alerts: BTreeMap<u64, Alert>,
    pub(crate) entities: HashMap<String, scenario::Entity>,
    pub(crate) rules: HashMap<String, scenario::Rule>,
    pub(crate) detections: HashMap<String, scenario::Detection>,
    pub(crate) subscriptions: HashMap<String, scenario::Subscription>,
    written: u64,
}

impl Account {
    /// An empty account.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Learns what scenarios talk about; they may refer to each other in any order.
    pub(crate) fn learn(&mut self, scenario: &Scenario) {
        let own = |key: &String| key.clone();
        self.subscriptions.extend(scenario.subscriptions.iter().map(|s| (own(&s.key), s.clone())));
        self.entities.extend(scenario.entities.iter().map(|e| (own(&e.key), e.clone())));
        self.rules.extend(scenario.rules.iter().map(|r| (own(&r.key), r.clone())));
        self.detections.extend(scenario.detections.iter().map(|d| (own(&d.key), d.clone())));
    }

    /// Adds the alerts of a scenario as of `now`. `copy` makes their ids differ from those of
    /// another copy; the first one is the empty string.
    pub(crate) fn publish(
        &mut self,
        scenario: &Scenario,
        copy: &str,
        now: DateTime<Utc>,
    ) -> Vec<u64> {
        let mut published = Vec::new();
        for item in &scenario.issues {
            let times = item.repeat.as_ref().map_or(1, |repeat| repeat.count);
            for turn in 0..times {
                let span = item.repeat.as_ref().map(|repeat| repeat.every.span());
                let then = now - span.unwrap_or_default() * turn as i32;
                let id = self.fresh_id(&format!("{} {turn} {copy}", item.key));
                let alert = describe::alert(self, item, id, then);
                self.alerts.insert(id, alert);
                published.push(id);
            }
        }
        published
    }

    /// A number that depends on seed and label, and is nobody else's.
    pub(crate) fn fresh_id(&self, label: &str) -> u64 {
        let bytes = seeded::bytes(self.seed, &format!("lacework alert {label}"));
        let number = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let mut id = 100_000 + u64::from(number) % 900_000_000;
        while self.alerts.contains_key(&id) {
            id += 1;
        }
        id
    }

    /// A number for something that a client wrote.
    pub(crate) fn written(&mut self) -> u64 {
        self.written += 1;
        38_000_000 + self.written
    }
}
