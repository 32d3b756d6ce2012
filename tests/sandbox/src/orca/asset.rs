//! The inventory: what the scenarios' entities are in Orca's words.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::stamp;
use crate::scenario::{Entity, Scenario};
use crate::seeded;

/// Every entity that Orca would call an asset, by `asset_unique_id`.
pub(super) fn inventory(
    seed: u64,
    scenarios: &[Scenario],
    now: DateTime<Utc>,
) -> BTreeMap<String, Map<String, Value>> {
    let estate = Estate { seed, scenarios };
    let entities = scenarios.iter().flat_map(|scenario| &scenario.entities);
    entities
        .filter(|entity| !is_outside(entity))
        .map(|entity| (unique_id(seed, scenarios, entity), estate.asset(entity, now)))
        .collect()
}

/// The internet is no asset.
pub(super) fn is_outside(entity: &Entity) -> bool {
    entity.native_type == "internet"
}

/// `AwsEc2Instance_123456789012_<uuid>`.
pub(super) fn unique_id(seed: u64, scenarios: &[Scenario], entity: &Entity) -> String {
    let kind = kind(entity);
    let account = account(scenarios, entity).map_or("0", |account| account.0);
    format!("{kind}_{account}_{}", seeded::uuid(seed, &format!("orca asset {}", entity.key)))
}

/// Number and name of the account it lives in.
pub(super) fn account<'s>(
    scenarios: &'s [Scenario],
    entity: &Entity,
) -> Option<(&'s str, &'s str)> {
    let key = entity.subscription.as_ref()?;
    let all = scenarios.iter().flat_map(|scenario| &scenario.subscriptions);
    let mut found = all.filter(|account| account.key == *key);
    found.next().map(|account| (account.external_id.as_str(), account.name.as_str()))
}

/// Orca's type of an entity.
pub(super) fn kind(entity: &Entity) -> &'static str {
    match entity.native_type.as_str() {
        "virtualMachine" => "AwsEc2Instance",
        "iamRole" => "AwsIamRole",
        "iamUser" => "AwsUser",
        "accessKey" => "AwsIamAccessKey",
        "bucket" => "AwsS3Bucket",
        "securityGroup" => "AwsEc2SecurityGroup",
        "vpc" => "AwsEc2Vpc",
        _ => "AwsResource",
    }
}

/// Old and new category, and sub-category.
pub(super) fn categories(entity: &Entity) -> [&'static str; 3] {
    match kind(entity) {
        "AwsEc2Instance" => ["VM", "Compute Services", "Virtual Instances"],
        "AwsS3Bucket" => ["Storage", "Data Storage", "Object Storage"],
        "AwsIamRole" | "AwsUser" | "AwsIamAccessKey" => {
            ["Users and Access", "Identity and Access", "Users"]
        }
        _ => ["Network", "Network", "Network"],
    }
}

/// Marked as what an attacker is after.
fn is_crown_jewel(entity: &Entity) -> bool {
    entity.tags.get("classification").is_some_and(|class| class == "crown-jewel")
}

struct Estate<'s> {
    seed: u64,
    scenarios: &'s [Scenario],
}

impl Estate<'_> {
    fn asset(&self, entity: &Entity, now: DateTime<Utc>) -> Map<String, Value> {
        let [category, new_category, sub_category] = categories(entity);
        let exposures: Vec<Value> = self
            .scenarios
            .iter()
            .flat_map(|scenario| &scenario.exposures)
            .filter(|exposure| exposure.entity == entity.key)
            .map(|exposure| json!({"port": exposure.ports, "source": exposure.source}))
            .collect();
        let crown = is_crown_jewel(entity);
        let mut fields = json!({
            "AssetUniqueId": unique_id(self.seed, self.scenarios, entity),
            "Name": entity.name,
            "Type": kind(entity),
            "Category": category,
            "NewCategory": new_category,
            "NewSubCategory": sub_category,
            "SubCategory": sub_category,
            "Region": if entity.region.is_empty() { "global" } else { &entity.region },
            "State": entity.status.as_deref().map_or("enabled", |_| "running"),
            "Tags": entity.tags,
            "UiUniqueField": entity.external_id,
            "Exposure": if exposures.is_empty() { "None" } else { "Public facing" },
            "IsInternetFacing": !exposures.is_empty(),
            "AccessEndpoints": Value::from(exposures).to_string(),
            "BlastRadius": self.blast_radius(entity).to_string(),
            "DetectedCrownJewelScore": if crown { 95 } else { 0 },
            "FirstSeen": stamp(now - chrono::TimeDelta::days(90)),
            "LastSeen": stamp(now),
            "Observations": [],
            "RelatedCompliances": [],
            "RiskLevel": "medium",
            "OrcaScore": 5.0,
            "Score": 3,
        });
        if crown {
            fields["DetectedCrownJewelReason"] = json!("Data: Personal identifiable information");
        }
        if !entity.provider_id.is_empty() {
            fields["Arn"] = json!(entity.provider_id);
        }
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// What can be reached: along the lateral paths, and along each edge. The form is our own; no
    /// public payload shows more than `{}`.
    fn blast_radius(&self, entity: &Entity) -> Value {
        let paths = self.scenarios.iter().flat_map(|scenario| &scenario.lateral_paths);
        let mut assets: Vec<Value> = paths
            .filter(|path| path.from == entity.key)
            .filter_map(|path| self.chain(path.entities.get(1..)?))
            .collect();
        for edge in self.scenarios.iter().flat_map(|scenario| &scenario.edges) {
            if edge.from == entity.key {
                let words = edge.kind.to_lowercase().replace('_', " ");
                assets.extend(self.member(&edge.to, &words));
            }
        }
        if assets.is_empty() { json!({}) } else { json!({ "assets": assets }) }
    }

    fn chain(&self, keys: &[String]) -> Option<Value> {
        let (first, rest) = keys.split_first()?;
        let mut member = self.member(first, "lateral movement")?;
        if let Some(next) = self.chain(rest) {
            member["assets"] = json!([next]);
        }
        Some(member)
    }

    fn member(&self, key: &str, via: &str) -> Option<Value> {
        let mut entities = self.scenarios.iter().flat_map(|scenario| &scenario.entities);
        let entity = entities.find(|entity| entity.key == key)?;
        Some(json!({
            "asset_unique_id": unique_id(self.seed, self.scenarios, entity),
            "name": entity.name,
            "type": kind(entity),
            "UiUniqueField": entity.external_id,
            "Arn": Some(&entity.provider_id).filter(|arn| !arn.is_empty()),
            "DetectedCrownJewelScore": if is_crown_jewel(entity) { 95 } else { 0 },
            "via": via,
        }))
    }
}
