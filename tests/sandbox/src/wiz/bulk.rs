//! Issues in bulk, for measuring: repeatable, spread over assets, rules, severities and a month.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::tenant::{Entity, Issue, Tenant};
use crate::names::{ACCOUNT, REGION};
use crate::seeded::{self, Numbers};

/// Issues that share an asset, on average.
const PER_ASSET: u64 = 8;

const RULES: [(&str, &str, &str); 8] = [
    ("Control", "TOXIC_COMBINATION", "Exposed workload with a critical vulnerability"),
    ("Control", "TOXIC_COMBINATION", "Workload with lateral movement to an admin role"),
    ("CloudConfigurationRule", "CLOUD_CONFIGURATION", "Volume is not encrypted"),
    (
        "CloudConfigurationRule",
        "CLOUD_CONFIGURATION",
        "Instance allows version 1 of the metadata service",
    ),
    ("CloudConfigurationRule", "CLOUD_CONFIGURATION", "Security group open to the world"),
    ("CloudEventRule", "THREAT_DETECTION", "Reverse shell on a workload"),
    ("CloudEventRule", "THREAT_DETECTION", "Cryptocurrency miner executed on a workload"),
    ("CloudEventRule", "THREAT_DETECTION", "Credential file read by an unusual process"),
];

/// Adds `count` issues and returns how many assets they are spread over.
pub(crate) fn add(tenant: &mut Tenant, count: u64, seed: u64, now: DateTime<Utc>) -> u64 {
    let mut numbers = Numbers::new(seed);
    let rules: Vec<(Arc<Value>, &str)> = RULES
        .iter()
        .map(|(kind, issue, name)| {
            let value = json!({
                "__typename": kind,
                "id": format!("bulk-{}", seeded::hex(0, name, 12)),
                "name": name,
                "description": format!("{name}. Generated for measuring."),
                "risks": [],
                "securitySubCategories": [],
            });
            (Arc::new(value), *issue)
        })
        .collect();
    let assets: Vec<Arc<Entity>> =
        (0..count.div_ceil(PER_ASSET)).map(|place| Arc::new(asset(seed, place))).collect();
    for asset in &assets {
        tenant.entities.insert(asset.id.clone(), Arc::clone(asset));
    }
    for place in 0..count {
        let (rule, kind) = numbers.choose(&rules).clone();
        let created = now - TimeDelta::seconds(numbers.below(30 * 24 * 3600) as i64);
        let since = (now - created).num_seconds().max(1) as u64;
        let status_changed = created + TimeDelta::seconds(numbers.below(since) as i64);
        let status = if numbers.below(8) == 0 { "IN_PROGRESS" } else { "OPEN" };
        let id = seeded::uuid(seed, &format!("bulk issue {place}"));
        let issue = Issue {
            id: id.clone(),
            kind: kind.to_owned(),
            severity: [1, 1, 2, 2, 2, 3, 3, 4][numbers.below(8) as usize],
            status: status.to_owned(),
            description: rule["description"].as_str().unwrap_or_default().to_owned(),
            created,
            updated: status_changed,
            status_changed,
            resolved: None,
            due: None,
            resolution_reason: None,
            resolution_note: None,
            note: String::new(),
            rule,
            entity: Some(Arc::clone(numbers.choose(&assets))),
            evidence: Value::Null,
            notes: Vec::new(),
            tickets: Vec::new(),
            detections: Vec::new(),
            overlay: Map::new(),
        };
        tenant.issues.insert(id, issue);
    }
    assets.len() as u64
}

fn asset(seed: u64, place: u64) -> Entity {
    let id = seeded::uuid(seed, &format!("bulk asset {place}"));
    let instance = format!("i-{}", seeded::hex(seed, &format!("bulk instance {place}"), 17));
    let arn = format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}");
    let name = format!("bulk-{place}");
    let environment = ["production", "staging", "development"][(place % 3) as usize];
    let tags = json!({ "Name": name, "environment": environment, "owner": "bulk" });
    Entity {
        snapshot: json!({
            "id": id, "type": "VIRTUAL_MACHINE", "nativeType": "virtualMachine", "name": name, "status": "Active",
            "cloudPlatform": "AWS", "cloudProviderURL": "", "providerId": arn, "region": REGION,
            "resourceGroupExternalId": "", "subscriptionExternalId": ACCOUNT, "subscriptionName": "storefront",
            "subscriptionTags": {}, "tags": tags, "externalId": instance,
        }),
        properties: json!({ "_vertexID": id, "name": name, "providerUniqueId": arn, "externalId": instance, "tags": tags }),
        kind: "VIRTUAL_MACHINE".into(),
        external_id: instance,
        provider_id: arn,
        projects: json!([]),
        subscription: None,
        exposures: Vec::new(),
        paths: Vec::new(),
        name,
        id,
    }
}
