//! What the stand-in tenant holds, and how scenarios become it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::scenario::{self, Scenario};
use crate::seeded;
use crate::wiz::describe;

/// Severities from the least to the worst; an issue keeps its place in this list.
pub(crate) const SEVERITIES: [&str; 5] = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// An entity of the security graph.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) external_id: String,
    pub(crate) provider_id: String,
    /// As an issue shows it.
    pub(crate) snapshot: Value,
    /// As the graph shows it.
    pub(crate) properties: Value,
    pub(crate) projects: Value,
    pub(crate) subscription: Option<Value>,
    pub(crate) exposures: Vec<scenario::Exposure>,
    /// Each a list of entity keys.
    pub(crate) paths: Vec<Vec<String>>,
}

/// A detection, rendered once: nothing about it changes.
#[derive(Debug)]
pub(crate) struct Detection {
    pub(crate) id: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) value: Value,
}

/// An issue with the parts that change apart from those it shares.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) severity: u8,
    pub(crate) status: String,
    pub(crate) description: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) status_changed: DateTime<Utc>,
    pub(crate) resolved: Option<DateTime<Utc>>,
    pub(crate) due: Option<String>,
    pub(crate) resolution_reason: Option<String>,
    pub(crate) resolution_note: Option<String>,
    pub(crate) note: String,
    pub(crate) rule: Arc<Value>,
    pub(crate) entity: Option<Arc<Entity>>,
    pub(crate) evidence: Value,
    pub(crate) notes: Vec<Value>,
    pub(crate) tickets: Vec<Value>,
    pub(crate) detections: Vec<String>,
    /// Fields that a publisher set to something of its own, whatever the rest says.
    pub(crate) overlay: Map<String, Value>,
}

/// Everything in the tenant.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) seed: u64,
    pub(crate) entities: HashMap<String, Arc<Entity>>,
    pub(crate) entity_ids: HashMap<String, String>,
    /// Source id, target id, type.
    pub(crate) edges: Vec<(String, String, String)>,
    pub(crate) rules: HashMap<String, Arc<Value>>,
    pub(crate) detections: HashMap<String, Arc<Detection>>,
    pub(crate) issues: HashMap<String, Issue>,
    pub(crate) subscriptions: BTreeMap<String, scenario::Subscription>,
    pub(crate) projects: BTreeMap<String, scenario::Project>,
    pub(crate) written: u64,
}

impl Tenant {
    /// An empty tenant.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Adds rules and graph of a scenario; what is already there stays as it is.
    pub(crate) fn learn(&mut self, scenario: &Scenario, now: DateTime<Utc>) {
        for item in &scenario.subscriptions {
            self.subscriptions.insert(item.key.clone(), item.clone());
        }
        for item in &scenario.projects {
            self.projects.insert(item.key.clone(), item.clone());
        }
        for rule in &scenario.rules {
            self.rules.insert(rule.key.clone(), Arc::new(describe::rule(self.seed, rule)));
        }
        for item in &scenario.entities {
            let mut entity = describe::entity(self, item, now);
            let mine = |owner: &String| *owner == item.key;
            entity.exposures =
                scenario.exposures.iter().filter(|found| mine(&found.entity)).cloned().collect();
            entity.paths = scenario
                .lateral_paths
                .iter()
                .filter(|found| mine(&found.from))
                .map(|path| path.entities.clone())
                .collect();
            self.entity_ids.insert(item.key.clone(), entity.id.clone());
            self.entities.insert(entity.id.clone(), Arc::new(entity));
        }
        for edge in &scenario.edges {
            let (from, to) = (self.entity_id(&edge.from), self.entity_id(&edge.to));
            self.edges.push((from, to, edge.kind.clone()));
        }
    }

    /// Adds the detections and issues of a scenario as of `now`. `copy` makes their ids differ from
    /// those of another copy; the first one is the empty string. Returns the ids of the issues.
    pub(crate) fn publish(
        &mut self,
        scenario: &Scenario,
        copy: &str,
        now: DateTime<Utc>,
    ) -> Vec<String> {
        let mut ids = HashMap::new();
        for item in &scenario.detections {
            let id = seeded::uuid(self.seed, &format!("detection {} {copy}", item.key));
            let detection = describe::detection(self, item, &id, now);
            ids.insert(item.key.as_str(), id.clone());
            self.detections.insert(id, Arc::new(detection));
        }
        let mut published = Vec::new();
        for item in &scenario.issues {
            let times = item.repeat.as_ref().map_or(1, |repeat| repeat.count);
            for turn in 0..times {
                let older = item
                    .repeat
                    .as_ref()
                    .map_or(chrono::TimeDelta::zero(), |repeat| repeat.every.span());
                let issue = self.issue_of(item, &ids, copy, turn, now - older * turn as i32);
                published.push(issue.id.clone());
                self.issues.insert(issue.id.clone(), issue);
            }
        }
        published
    }

    fn issue_of(
        &self,
        item: &scenario::Issue,
        detections: &HashMap<&str, String>,
        copy: &str,
        turn: u32,
        now: DateTime<Utc>,
    ) -> Issue {
        let created = item.created.before(now);
        let status_changed = item.status_changed.map_or(created, |changed| changed.before(now));
        let entity =
            item.entity.as_ref().and_then(|key| self.entities.get(&self.entity_id(key))).cloned();
        let evidence =
            entity.as_ref().map_or(Value::Null, |entity| evidence(entity, &item.evidence));
        let known = |key: &String| {
            let stored = || seeded::uuid(self.seed, &format!("detection {key} "));
            detections.get(key.as_str()).cloned().unwrap_or_else(stored)
        };
        Issue {
            id: seeded::uuid(self.seed, &format!("issue {} {turn} {copy}", item.key)),
            kind: item.kind.clone(),
            severity: severity_rank(&item.severity).unwrap_or_default(),
            status: item.status.clone(),
            description: item.description.clone(),
            created,
            updated: status_changed,
            status_changed,
            resolved: (item.status == "RESOLVED").then_some(status_changed),
            due: None,
            resolution_reason: None,
            resolution_note: None,
            note: String::new(),
            rule: self.rules.get(&item.rule).cloned().unwrap_or_default(),
            entity,
            evidence,
            notes: Vec::new(),
            tickets: Vec::new(),
            detections: item.detections.iter().map(known).collect(),
            overlay: Map::new(),
        }
    }

    /// Whether the first copy of a scenario's issues has been published.
    pub(crate) fn has(&self, scenario: &Scenario) -> bool {
        let first =
            |item: &scenario::Issue| seeded::uuid(self.seed, &format!("issue {} 0 ", item.key));
        scenario.issues.iter().any(|item| self.issues.contains_key(&first(item)))
    }

    /// Graph id of an entity key.
    pub(crate) fn entity_id(&self, key: &str) -> String {
        self.entity_ids
            .get(key)
            .cloned()
            .unwrap_or_else(|| seeded::uuid(self.seed, &format!("entity {key}")))
    }

    /// A fresh id for something a client wrote.
    pub(crate) fn fresh_id(&mut self, what: &str) -> String {
        self.written += 1;
        seeded::uuid(self.seed, &format!("{what} {}", self.written))
    }
}

/// Wiz's evidence query of an issue: the entity, and what the relationships lead to.
fn evidence(entity: &Entity, relationships: &[String]) -> Value {
    let mut query = Value::Null;
    for kind in relationships.iter().rev() {
        let mut with = json!({ "type": ["ANY"], "select": true });
        if !query.is_null() {
            with["relationships"] = json!([query]);
        }
        query = json!({ "type": [{ "type": kind }], "with": with });
    }
    let mut whole = json!({
        "type": [entity.kind],
        "select": true,
        "where": { "_vertexID": { "EQUALS": [entity.id] } },
    });
    if !query.is_null() {
        whole["relationships"] = json!([query]);
    }
    whole
}

/// Place of a severity in [`SEVERITIES`].
pub(crate) fn severity_rank(name: &str) -> Option<u8> {
    SEVERITIES.iter().position(|known| *known == name).map(|rank| rank as u8)
}

/// A time as Wiz writes it: UTC with microseconds.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
