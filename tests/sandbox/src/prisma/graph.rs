//! The inventory: assets, their relationships and exposure, and who may do what.

use serde_json::{Value, json};

use super::describe;
use super::status::{Refusal, invalid, missing, not_found};
use super::tenant::{Asset, Tenant};

/// `POST /uai/v1/asset`.
pub(super) fn asset(tenant: &Tenant, asked: &Value) -> Result<Value, Refusal> {
    let id = asked["assetId"].as_str().ok_or_else(|| missing("assetId"))?;
    let aspect = asked["type"].as_str().ok_or_else(|| missing("type"))?;
    let asset = tenant.assets.get(id).ok_or_else(not_found)?;
    let mut value = json!({"id": asset.id, "name": asset.entity.name, "deleted": false});
    match aspect {
        "ASSET" | "RAW_CONFIG" => {
            let shown = describe::resource(asset, &Value::Null, true);
            for (from, to) in [
                ("regionId", "regionId"),
                ("resourceType", "assetType"),
                ("data", "data"),
                ("cloudType", "cloudType"),
                ("cloudServiceName", "serviceName"),
            ] {
                value[to] = shown[from].clone();
            }
            value["externalAssetId"] = json!(external(asset));
            value["tags"] = json!(asset.entity.tags);
        }
        "RELATIONSHIPS" => value["relationships"] = json!(relationships(tenant, asset)),
        "NETWORK" => value["network"] = json!(network(asset)),
        "ALERTS" => value["alerts"] = json!(alerts(tenant, asset)),
        "EXTERNAL_FINDING" => value["finding"] = json!([]),
        "TIMELINE" => value["timeline"] = json!([]),
        "EXTERNAL_INTEGRATION" => value["externalIntegration"] = json!([]),
        "ASSET_DATA_INDICATORS" => {}
        _ => return Err(invalid("type")),
    }
    Ok(json!({"data": {"asset": value}}))
}

fn external(asset: &Asset) -> &str {
    let entity = &asset.entity;
    [&entity.external_id, &entity.provider_id, &entity.name]
        .into_iter()
        .find(|id| !id.is_empty())
        .map_or("", String::as_str)
}

fn relationships(tenant: &Tenant, asset: &Asset) -> Vec<Value> {
    let here = asset.entity.key.as_str();
    let related =
        tenant.edges.iter().filter_map(|(from, to, kind)| match (from == here, to == here) {
            (true, _) => Some((to, kind.clone())),
            (_, true) => Some((from, turned(kind).to_owned())),
            _ => None,
        });
    related
        .filter_map(|(key, kind)| Some((tenant.assets.get(tenant.keys.get(key)?)?, kind)))
        .map(|(other, kind)| {
            // Identities and buckets go by their ARN here, as in the raw configuration.
            let native = if other.entity.provider_id.is_empty() { external(other) } else { &other.entity.provider_id };
            json!({
                "assetId": other.id, "relationshipType": kind, "assetTypeId": 5,
                "assetType": describe::kind(&other.entity.kind), "assetName": other.entity.name,
                "externalAssetId": native, "cloudId": "aws", "cloudName": "AWS", "pseudoAsset": false,
                "region": other.entity.region, "cloudAccountId": other.account, "problem": [],
            })
        })
        .collect()
}

/// The same relationship seen from its other end.
fn turned(kind: &str) -> &'static str {
    match kind {
        "PROTECTED_BY" => "PROTECTS",
        "CONTAINED_IN" => "CONTAINS",
        "ACTING_AS" => "USED_BY",
        "CAN_READ" => "READ_BY",
        "CAN_WRITE" => "WRITTEN_BY",
        "OWNS" => "OWNED_BY",
        _ => "REACHED_BY",
    }
}

fn network(asset: &Asset) -> Vec<Value> {
    let rule = |(at, exposure): (usize, &crate::scenario::Exposure)| json!({"id": at, "access": "ALLOW", "direction": "INBOUND", "ips": exposure.source, "ports": exposure.ports, "protocol": "TCP", "priority": at});
    asset.exposures.iter().enumerate().map(rule).collect()
}

fn alerts(tenant: &Tenant, asset: &Asset) -> Vec<Value> {
    let mine = |alert: &&super::tenant::Alert| {
        alert.status == "open" && alert.asset.as_ref().is_some_and(|other| other.id == asset.id)
    };
    let found = tenant.alerts.iter().filter(mine).take(100);
    found.map(|alert| json!({"id": alert.id, "severity": alert.severity})).collect()
}

/// `POST /resource`.
pub(super) fn resource(tenant: &Tenant, asked: &Value) -> Result<Value, Refusal> {
    let rrn = asked["rrn"].as_str().ok_or_else(|| missing("rrn"))?;
    let asset = tenant.assets.values().find(|asset| asset.rrn == rrn);
    let asset = asset.ok_or_else(not_found)?;
    let shown = describe::resource(asset, &Value::Null, true);
    Ok(json!({
        "rrn": {"accountId": asset.account, "cloudType": "AWS", "regionId": shown["regionId"], "resourceId": external(asset), "resourceType": shown["resourceType"]},
        "id": external(asset), "name": asset.entity.name, "assetId": asset.id, "accountId": asset.account,
        "accountName": asset.account_name, "cloudType": "AWS", "regionId": shown["regionId"], "resourceType": shown["resourceType"],
        "tags": asset.entity.tags, "data": shown["data"], "deleted": false, "hasNetwork": !asset.exposures.is_empty(),
    }))
}

/// `POST /api/v1/permission`: understands the one condition that names a source.
pub(super) fn permission(tenant: &Tenant, asked: &Value) -> Result<Value, Refusal> {
    let query = asked["query"].as_str().ok_or_else(|| missing("query"))?;
    let limit = asked["limit"].as_u64().ok_or_else(|| missing("limit"))?;
    let rest = query.strip_prefix("config from iam where ").ok_or_else(|| invalid("query"))?;
    let source =
        rest.strip_prefix("source.cloud.resource.id = '").and_then(|rest| rest.strip_suffix('\''));
    let source = source.filter(|source| !source.contains('\'')).ok_or_else(|| invalid("query"))?;
    let named = |asset: &&std::sync::Arc<Asset>| {
        [asset.entity.external_id.as_str(), &asset.entity.provider_id, &asset.entity.name]
            .contains(&source)
    };
    let mut items = Vec::new();
    if let Some(asset) = tenant.assets.values().find(named) {
        let own = asset.entity.key.as_str();
        // An instance may do what the role it acts as may do.
        let acts = |(from, _, kind): &&(String, String, String)| from == own && kind == "ACTING_AS";
        let roles = tenant.edges.iter().filter(acts).map(|(_, to, _)| to.as_str());
        for by in std::iter::once(own).chain(roles) {
            items.extend(granted(tenant, asset, by));
        }
    }
    let total = items.len();
    items.truncate(limit as usize);
    Ok(json!({
        "id": asked["id"].as_str().unwrap_or("sandbox"), "name": "", "description": "", "query": query, "saved": false,
        "searchType": "iam", "data": {"items": items, "totalRows": total, "searchedDestCloudResourceNames": []},
    }))
}

fn granted(tenant: &Tenant, source: &Asset, by: &str) -> Vec<Value> {
    let mut items = Vec::new();
    for (from, to, kind) in tenant.edges.iter().filter(|(from, _, _)| from == by) {
        let actions: &[&str] = match kind.as_str() {
            "CAN_READ" => &["s3:GetObject", "s3:ListBucket"],
            "CAN_WRITE" => &["s3:PutObject", "s3:DeleteObject"],
            _ => continue,
        };
        let asset = |key: &String| tenant.keys.get(key).and_then(|id| tenant.assets.get(id));
        let (Some(to), Some(through)) = (asset(to), asset(from)) else { continue };
        items.extend(actions.iter().map(|action| json!({
            "id": format!("{}-{}-{action}", source.id, to.id),
            "sourceCloudType": "AWS", "sourceCloudAccount": source.account_name, "sourceCloudRegion": source.entity.region,
            "sourceCloudResourceRrn": source.rrn, "sourceResourceId": external(source), "sourceResourceName": source.entity.name,
            "sourceResourceType": describe::kind(&source.entity.kind).to_lowercase(), "sourcePublic": false,
            "grantedByCloudType": "AWS", "grantedByCloudEntityId": external(through), "grantedByCloudEntityName": through.entity.name,
            "grantedByCloudEntityRrn": through.rrn, "grantedByCloudEntityType": "role",
            "grantedByCloudPolicyName": format!("{}-access", through.entity.name), "grantedByCloudPolicyType": "Inline Policy",
            "destCloudType": "AWS", "destCloudAccount": to.account_name, "destCloudRegion": to.entity.region,
            "destCloudServiceName": "s3", "destResourceType": "bucket", "destResourceName": to.entity.name,
            "destResourceId": to.entity.provider_id, "destCloudResourceRrn": to.rrn,
            "effectiveActionName": action, "isWildCardDestCloudResourceName": false, "exceptions": [],
        })));
    }
    items
}
