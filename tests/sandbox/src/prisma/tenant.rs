//! What the stand-in tenant holds, and how scenarios become it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::describe;
use super::list::Run;
use crate::scenario::{self, Scenario};
use crate::seeded;

/// A thing in the inventory.
#[derive(Debug)]
pub(super) struct Asset {
    /// `unifiedAssetId`.
    pub(super) id: String,
    pub(super) rrn: String,
    pub(super) entity: scenario::Entity,
    pub(super) account: String,
    pub(super) account_name: String,
    pub(super) exposures: Vec<scenario::Exposure>,
}

/// An alert, with the parts that change apart from those it shares.
#[derive(Debug, Clone)]
pub(super) struct Alert {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) reason: String,
    pub(super) severity: String,
    pub(super) first_seen: DateTime<Utc>,
    /// When it was last opened.
    pub(super) alert_time: DateTime<Utc>,
    /// When its status last changed: `lastSeen`.
    pub(super) status_changed: DateTime<Utc>,
    /// When anything last changed: `lastUpdated`.
    pub(super) updated: DateTime<Utc>,
    /// Time, status, reason, by whom.
    pub(super) history: Vec<(DateTime<Utc>, &'static str, String, String)>,
    pub(super) note: Option<String>,
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) policy: Arc<Value>,
    pub(super) asset: Option<Arc<Asset>>,
    /// The cloud's own record of the event, for audit events.
    pub(super) record: Value,
    /// Who did it, where the scenario says.
    pub(super) triggered_by: Option<String>,
    /// Fields that a publisher set to something of its own.
    pub(super) overlay: Map<String, Value>,
}

/// An incident of Compute.
#[derive(Debug, Clone)]
pub(super) struct Incident {
    pub(super) time: DateTime<Utc>,
    pub(super) value: Value,
}

/// Everything in the tenant.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    pub(super) seed: u64,
    pub(super) serial: u64,
    pub(super) assets: HashMap<String, Arc<Asset>>,
    /// Entity key to asset id.
    pub(super) keys: HashMap<String, String>,
    /// Source key, target key, Wiz's word for it.
    pub(super) edges: Vec<(String, String, String)>,
    pub(super) rules: HashMap<String, scenario::Rule>,
    pub(super) detections: HashMap<String, scenario::Detection>,
    /// By the order of their making.
    pub(super) alerts: Vec<Alert>,
    pub(super) by_id: HashMap<String, usize>,
    pub(super) incidents: Vec<Incident>,
    pub(super) runs: HashMap<String, Run>,
    pub(super) run_order: VecDeque<String>,
    subscriptions: BTreeMap<String, scenario::Subscription>,
}

impl Tenant {
    /// An empty tenant.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, serial: 90_000, ..Self::default() }
    }

    /// Adds rules, assets and edges of a scenario; nothing is published by that.
    pub(super) fn learn(&mut self, scenario: &Scenario) {
        for item in &scenario.subscriptions {
            self.subscriptions.insert(item.key.clone(), item.clone());
        }
        self.rules.extend(scenario.rules.iter().map(|rule| (rule.key.clone(), rule.clone())));
        self.detections
            .extend(scenario.detections.iter().map(|one| (one.key.clone(), one.clone())));
        for entity in &scenario.entities {
            let asset = self.asset(entity, scenario);
            self.keys.insert(entity.key.clone(), asset.id.clone());
            self.assets.insert(asset.id.clone(), Arc::new(asset));
        }
        let edge = |edge: &scenario::Edge| (edge.from.clone(), edge.to.clone(), edge.kind.clone());
        self.edges.extend(scenario.edges.iter().map(edge));
    }

    fn asset(&self, entity: &scenario::Entity, scenario: &Scenario) -> Asset {
        let account = entity.subscription.as_ref().and_then(|key| self.subscriptions.get(key));
        let account = account.or_else(|| self.subscriptions.values().next());
        let number =
            account.map_or_else(|| crate::names::ACCOUNT.to_owned(), |a| a.external_id.clone());
        let region = if entity.region.is_empty() { "global" } else { entity.region.as_str() };
        let kind = describe::kind(&entity.kind);
        let hash = seeded::hex(self.seed, &format!("prisma rrn {}", entity.key), 40);
        let tail = if entity.external_id.is_empty() { &entity.name } else { &entity.external_id };
        Asset {
            id: seeded::hex(self.seed, &format!("prisma asset {}", entity.key), 32),
            rrn: format!("rrn:aws:{}:{region}:{number}:{hash}:{tail}", describe::camel(kind)),
            entity: entity.clone(),
            account: number,
            account_name: account.map_or_else(String::new, |account| account.name.clone()),
            exposures: scenario
                .exposures
                .iter()
                .filter(|found| found.entity == entity.key)
                .cloned()
                .collect(),
        }
    }

    /// Adds the alerts and incidents of a scenario as of `now`; the ids of the alerts.
    pub(super) fn publish(
        &mut self,
        scenario: &Scenario,
        copy: &str,
        now: DateTime<Utc>,
    ) -> Vec<String> {
        for item in &scenario.detections {
            if item.origins.iter().any(|origin| origin == "WIZ_SENSOR") {
                let value = describe::incident(self, item, copy, now);
                self.incidents.push(Incident { time: item.created.before(now), value });
            }
        }
        let mut ids = Vec::new();
        for item in &scenario.issues {
            let times = item.repeat.as_ref().map_or(1, |repeat| repeat.count);
            for turn in 0..times {
                let span = item.repeat.as_ref().map(|repeat| repeat.every.span() * turn as i32);
                let alert = self.alert(item, now - span.unwrap_or_default());
                ids.push(alert.id.clone());
                self.add(alert);
            }
        }
        ids
    }

    /// Puts an alert in its place.
    pub(super) fn add(&mut self, alert: Alert) {
        self.by_id.insert(alert.id.clone(), self.alerts.len());
        self.alerts.push(alert);
    }

    /// A number that was not used before.
    pub(super) fn next_id(&mut self) -> String {
        self.serial += 1;
        format!("P-{}", self.serial)
    }

    fn alert(&mut self, item: &scenario::Issue, now: DateTime<Utc>) -> Alert {
        let first_seen = item.created.before(now);
        let changed = item.status_changed.map_or(first_seen, |changed| changed.before(now));
        let (status, reason) = match item.status.as_str() {
            "RESOLVED" => ("resolved", "RESOURCE_UPDATED"),
            "REJECTED" => ("dismissed", "USER_DISMISSED"),
            _ => ("open", "NEW_ALERT"),
        };
        let detections: Vec<&scenario::Detection> =
            item.detections.iter().filter_map(|key| self.detections.get(key)).collect();
        let record =
            detections.iter().flat_map(|one| &one.events).find_map(|event| event.record.as_ref());
        let record =
            record.and_then(|record| serde_json::to_value(record).ok()).unwrap_or_default();
        let actor = detections.iter().find_map(|one| one.actor.as_ref());
        let asset_of =
            |key: &String| self.keys.get(key).and_then(|id| self.assets.get(id)).cloned();
        let triggered_by =
            actor.and_then(|actor| asset_of(&actor.entity)).map(|asset| asset.entity.name.clone());
        let asset = item.entity.as_ref().and_then(asset_of);
        let rule = self.rules.get(&item.rule);
        let policy = rule.map_or_else(
            || json!({}),
            |rule| describe::policy(self.seed, rule, describe::policy_type(item, rule, &record)),
        );
        let mut history =
            vec![(first_seen, "OPEN", "NEW_ALERT".to_owned(), "Prisma Cloud".to_owned())];
        if status != "open" {
            history.push((changed, upper(status), reason.to_owned(), "Prisma Cloud".to_owned()));
        }
        Alert {
            id: self.next_id(),
            status,
            reason: reason.to_owned(),
            severity: item.severity.to_lowercase(),
            first_seen,
            alert_time: first_seen,
            status_changed: changed,
            updated: changed,
            history,
            note: None,
            until: None,
            policy: Arc::new(policy),
            asset,
            record,
            triggered_by,
            overlay: Map::new(),
        }
    }
}

impl Alert {
    /// Sets a status as of now; false when it has it already.
    pub(super) fn turn(
        &mut self,
        status: &'static str,
        reason: &str,
        by: &str,
        now: DateTime<Utc>,
    ) -> bool {
        if self.status == status {
            return false;
        }
        self.status = status;
        reason.clone_into(&mut self.reason);
        self.status_changed = now;
        self.updated = now;
        if status == "open" {
            self.alert_time = now;
        }
        self.history.push((now, upper(status), reason.to_owned(), by.to_owned()));
        true
    }
}

/// The history writes statuses in capitals.
pub(super) fn upper(status: &str) -> &'static str {
    match status {
        "open" => "OPEN",
        "dismissed" => "DISMISSED",
        "snoozed" => "SNOOZED",
        _ => "RESOLVED",
    }
}
