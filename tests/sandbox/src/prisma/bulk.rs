//! Alerts in bulk, for measuring: repeatable, spread over assets, policies, severities and a month.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::describe::camel;
use super::tenant::{Alert, Asset, Tenant};
use crate::names::{ACCOUNT, REGION};
use crate::scenario::Entity;
use crate::seeded::{self, Numbers};

/// Alerts that share an asset, on average.
const PER_ASSET: u64 = 8;
const SEVERITIES: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
const POLICIES: [(&str, &str); 6] = [
    ("attack_path", "Exposed instance with a critical vulnerability"),
    ("attack_path", "Instance with a way to an administrator's role"),
    ("config", "Volume is not encrypted"),
    ("config", "Instance allows version 1 of the metadata service"),
    ("network", "Instance answers to the whole internet"),
    ("workload_incident", "Miner on a workload"),
];

/// Adds `count` alerts and returns how many assets they are spread over.
pub(super) fn add(tenant: &mut Tenant, count: u64, seed: u64, now: DateTime<Utc>) -> u64 {
    let mut numbers = Numbers::new(seed);
    let policies: Vec<Arc<Value>> =
        POLICIES.iter().map(|(kind, name)| Arc::new(policy(kind, name))).collect();
    let assets: Vec<Arc<Asset>> =
        (0..count.div_ceil(PER_ASSET)).map(|place| Arc::new(asset(seed, place))).collect();
    for asset in &assets {
        tenant.assets.insert(asset.id.clone(), Arc::clone(asset));
    }
    for _ in 0..count {
        let first_seen = now - TimeDelta::seconds(numbers.below(30 * 24 * 3600) as i64);
        let alert = Alert {
            id: tenant.next_id(),
            status: "open",
            reason: "NEW_ALERT".to_owned(),
            severity: (*numbers.choose(&SEVERITIES)).to_owned(),
            first_seen,
            alert_time: first_seen,
            status_changed: first_seen,
            updated: first_seen,
            history: vec![(first_seen, "OPEN", "NEW_ALERT".to_owned(), "Prisma Cloud".to_owned())],
            note: None,
            until: None,
            policy: Arc::clone(numbers.choose(&policies)),
            asset: Some(Arc::clone(numbers.choose(&assets))),
            record: Value::Null,
            triggered_by: None,
            overlay: Map::new(),
        };
        tenant.add(alert);
    }
    assets.len() as u64
}

fn policy(kind: &str, name: &str) -> Value {
    let id = seeded::uuid(0, name);
    json!({
        "policyId": id, "name": name, "policyType": kind, "systemDefault": true, "remediable": false, "deleted": false,
        "description": format!("{name}. Generated for measuring."), "recommendation": "", "labels": [], "complianceMetadata": [],
        "rule": {"name": name, "criteria": id, "parameters": {"savedSearch": "true"}, "type": "Config"},
    })
}

fn asset(seed: u64, place: u64) -> Asset {
    let hash = seeded::hex(seed, &format!("prisma bulk asset {place}"), 32);
    let instance = format!("i-{}", &hash[..17]);
    let entity = Entity {
        key: format!("bulk-{place}"),
        kind: "VIRTUAL_MACHINE".into(),
        name: format!("bulk-{place}"),
        native_type: "virtualMachine".into(),
        provider_id: format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"),
        external_id: instance.clone(),
        region: REGION.into(),
        status: None,
        subscription: None,
        tags: Default::default(),
        properties: Default::default(),
        projects: Vec::new(),
    };
    Asset {
        rrn: format!("rrn:aws:{}:{REGION}:{ACCOUNT}:{hash}:{instance}", camel("INSTANCE")),
        id: hash,
        entity,
        account: ACCOUNT.into(),
        account_name: "storefront".into(),
        exposures: Vec::new(),
    }
}
