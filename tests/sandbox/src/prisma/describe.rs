//! The JSON that Prisma shows for what a scenario says.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::tenant::{Alert, Asset, Tenant};
use crate::scenario::{Detection, Issue, Rule};
use crate::seeded;

/// Prisma's type for Wiz's.
pub(super) fn kind(wiz: &str) -> &'static str {
    match wiz {
        "VIRTUAL_MACHINE" => "INSTANCE",
        "USER_ACCOUNT" => "IAM_USER",
        "SERVICE_ACCOUNT" => "IAM_ROLE",
        "ACCESS_KEY" => "IAM_ACCESS_KEY",
        "BUCKET" => "STORAGE_BUCKET",
        "FIREWALL" => "SECURITY_GROUP",
        "VIRTUAL_NETWORK" => "VPC",
        _ => "OTHER",
    }
}

/// The API of the cloud that Prisma read it from, and its service.
fn origin(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "INSTANCE" => ("aws-ec2-describe-instances", "Amazon EC2"),
        "IAM_USER" => ("aws-iam-list-users", "AWS IAM"),
        "IAM_ROLE" => ("aws-iam-list-roles", "AWS IAM"),
        "IAM_ACCESS_KEY" => ("aws-iam-list-access-keys", "AWS IAM"),
        "STORAGE_BUCKET" => ("aws-s3api-get-bucket-acl", "Amazon S3"),
        "SECURITY_GROUP" => ("aws-ec2-describe-security-groups", "Amazon VPC"),
        "VPC" => ("aws-ec2-describe-vpcs", "Amazon VPC"),
        _ => ("aws-other", "AWS"),
    }
}

/// `STORAGE_BUCKET` to `storageBucket`, as an `rrn` writes types.
pub(super) fn camel(kind: &str) -> String {
    let mut out = String::new();
    for (index, word) in kind.split('_').enumerate() {
        let (head, tail) = word.split_at(word.len().min(1));
        let lower = tail.to_lowercase();
        out.push_str(&if index == 0 { head.to_lowercase() } else { head.to_uppercase() });
        out.push_str(&lower);
    }
    out
}

/// Which engine of Prisma would have raised it.
pub(super) fn policy_type(issue: &Issue, rule: &Rule, record: &Value) -> &'static str {
    match (issue.kind.as_str(), rule.kind.as_str()) {
        ("TOXIC_COMBINATION", _) => "attack_path",
        ("CLOUD_CONFIGURATION", _) => "config",
        _ if record.is_object() => "audit_event",
        ("THREAT_DETECTION", "CloudEventRule") => "workload_incident",
        _ => "anomaly",
    }
}

/// A policy, detailed.
pub(super) fn policy(seed: u64, rule: &Rule, kind: &str) -> Value {
    let id = seeded::uuid(seed, &format!("prisma policy {}", rule.key));
    let compliance: Vec<Value> = rule.categories.iter().map(|category| {
        let (section, about) = split(&category.title);
        let (requirement, name) = split(&category.category);
        json!({
            "standardId": seeded::uuid(seed, &format!("prisma standard {}", category.framework)),
            "standardName": category.framework.replace(" Matrix", " v14.0"),
            "standardDescription": category.framework,
            "requirementId": requirement, "requirementName": name, "requirementDescription": name,
            "sectionId": section, "sectionDescription": about, "sectionLabel": "Cloud",
            "complianceId": seeded::uuid(seed, &format!("prisma compliance {}", category.title)),
            "policyId": id, "customAssigned": false, "systemDefault": true,
        })
    }).collect();
    json!({
        "policyId": id,
        "name": rule.name,
        "policyType": kind,
        "policySubTypes": ["run"],
        "systemDefault": true,
        "description": rule.description,
        "recommendation": rule.advice,
        "labels": rule.risks,
        "complianceMetadata": compliance,
        "findingTypes": [],
        "deleted": false,
        "remediable": false,
        "rule": {"name": rule.name, "criteria": seeded::uuid(seed, &format!("prisma search {}", rule.key)),
                 "parameters": {"savedSearch": "true", "withIac": "false"}, "type": if kind == "config" { "Config" } else { "AuditEvent" }},
    })
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, text))
}

/// A resource as an alert shows it.
pub(super) fn resource(asset: &Asset, record: &Value, detailed: bool) -> Value {
    let entity = &asset.entity;
    let kind = kind(&entity.kind);
    let (api, service) = origin(kind);
    let region = if entity.region.is_empty() { "global" } else { &entity.region };
    let mut value = json!({
        "rrn": asset.rrn,
        "id": if entity.external_id.is_empty() { &entity.name } else { &entity.external_id },
        "name": entity.name,
        "account": asset.account_name,
        "accountId": asset.account,
        "cloudAccountGroups": ["Default Account Group"],
        "region": format!("AWS {region}"),
        "regionId": region,
        "resourceType": kind,
        "resourceApiName": api,
        "cloudServiceName": service,
        "cloudType": "aws",
        "resourceTags": entity.tags,
        "unifiedAssetId": asset.id,
        "additionalInfo": {},
        "resourceConfigJsonAvailable": true,
        "resourceDetailsAvailable": true,
    });
    if detailed {
        value["data"] = config(asset, record);
    }
    value
}

/// The raw configuration, and over it the cloud's record of an audit event.
fn config(asset: &Asset, record: &Value) -> Value {
    let entity = &asset.entity;
    let mut data = Map::new();
    if !entity.provider_id.is_empty() {
        data.insert("arn".into(), json!(entity.provider_id));
    }
    if let Ok(Value::Object(more)) = serde_json::to_value(&entity.properties) {
        data.extend(more);
    }
    if let Value::Object(record) = record {
        data.extend(record.clone());
    }
    data.into()
}

/// An alert. Without details Prisma leaves out what the policy says and the resource's data.
pub(super) fn alert(alert: &Alert, detailed: bool) -> Value {
    let policy_id = alert.policy["policyId"].clone();
    let policy = if detailed {
        let mut policy = (*alert.policy).clone();
        policy["severity"] = json!(alert.severity);
        policy
    } else {
        json!({"policyId": policy_id, "policyType": alert.policy["policyType"], "systemDefault": true, "remediable": false})
    };
    let history: Vec<Value> = alert.history.iter().map(|(at, status, reason, by)| {
        json!({"modifiedOn": at.timestamp_millis(), "modifiedBy": by, "status": status, "reason": reason})
    }).collect();
    let mut value = json!({
        "id": alert.id,
        "status": alert.status,
        "reason": alert.reason,
        "firstSeen": alert.first_seen.timestamp_millis(),
        "lastSeen": alert.status_changed.timestamp_millis(),
        "alertTime": alert.alert_time.timestamp_millis(),
        "lastUpdated": alert.updated.timestamp_millis(),
        "policyId": policy_id,
        "saveSearchId": alert.policy["rule"]["criteria"],
        "metadata": {"saveSearchId": alert.policy["rule"]["criteria"]},
        "policy": policy,
        "history": history,
        "investigateOptions": {"alertId": alert.id},
    });
    if let Some(asset) = &alert.asset {
        value["resource"] = resource(asset, &alert.record, detailed);
    }
    if let Some(name) = &alert.triggered_by {
        value["triggeredBy"] = json!(name);
        value["eventOccurred"] = value["firstSeen"].clone();
    }
    if let Some(note) = &alert.note {
        value["dismissalNote"] = json!(note);
        value["dismissedBy"] = json!("sandbox");
    }
    if let Some(until) = alert.until {
        value["dismissalUntilTs"] = json!(until.timestamp_millis());
    }
    for (name, field) in &alert.overlay {
        value[name.as_str()] = field.clone();
    }
    value
}

/// An incident of Compute from a detection of a runtime sensor.
pub(super) fn incident(tenant: &Tenant, item: &Detection, copy: &str, now: DateTime<Utc>) -> Value {
    let asset = tenant.keys.get(&item.resource).and_then(|id| tenant.assets.get(id));
    let label = format!("prisma incident {} {copy}", item.key);
    let words = format!("{} {}", item.rule, item.description).to_lowercase();
    let (category, attack, technique) = match words.as_str() {
        words if words.contains("miner") => {
            ("cryptoMiner", "cryptoMinerProcess", "resourceHijacking")
        }
        words if words.contains("shell") => {
            ("reverseShell", "reverseShell", "nativeBinaryExecution")
        }
        _ => ("suspiciousBinary", "unexpectedProcess", "nativeBinaryExecution"),
    };
    let severity =
        if matches!(item.severity.as_str(), "CRITICAL" | "HIGH") { "high" } else { "medium" };
    let (name, external) =
        asset.map_or(("", ""), |a| (a.entity.name.as_str(), a.entity.external_id.as_str()));
    let account = asset.map_or("", |asset| asset.account.as_str());
    let region = asset.map_or("", |asset| asset.entity.region.as_str());
    let audits: Vec<Value> = item.events.iter().enumerate().map(|(turn, event)| {
        json!({
            "_id": seeded::hex(tenant.seed, &format!("{label} {turn}"), 24),
            "time": event.at.before(now).to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "hostname": name, "type": "processes", "attackType": attack, "attackTechniques": [technique],
            "severity": severity, "effect": "alert", "msg": event.description,
            "command": event.command.clone().unwrap_or_default(), "ip": event.ip.clone().unwrap_or_default(),
            "accountID": account, "region": region, "resourceID": external, "provider": "aws",
        })
    }).collect();
    json!({
        "_id": seeded::hex(tenant.seed, &label, 24),
        "serialNum": tenant.incidents.len() + 1,
        "time": item.created.before(now).to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "type": "host",
        "category": category,
        "acknowledged": false,
        "hostname": name,
        "fqdn": name,
        "app": "", "appID": "", "containerID": "", "containerName": "", "imageID": "", "imageName": "", "namespace": "",
        "customRuleName": "", "cluster": "", "function": "", "functionID": "", "runtime": "", "vmID": "",
        "profileID": name,
        "provider": "aws",
        "accountID": account,
        "region": region,
        "resourceID": external,
        "collections": ["All"],
        "labels": asset.map(|asset| json!(asset.entity.tags)).unwrap_or_default(),
        "shouldCollect": false,
        "windows": false,
        "audits": audits,
    })
}
