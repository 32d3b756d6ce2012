//! The JSON that Wiz shows for what a scenario says.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::tenant::{Detection, Entity, Issue, SEVERITIES, Tenant, stamp};
use crate::scenario;
use crate::seeded;

/// A rule as `sourceRule` of an issue, `__typename` included.
pub(crate) fn rule(seed: u64, rule: &scenario::Rule) -> Value {
    let prefix = match rule.kind.as_str() {
        "CloudEventRule" => "cer",
        "CloudConfigurationRule" => "ccr",
        _ => "wc-id",
    };
    let categories: Vec<Value> = rule
        .categories
        .iter()
        .map(|place| {
            let id = |what: &str, name: &str| format!("{what}-{}", seeded::hex(0, name, 6));
            json!({
                "id": id("wsct-id", &place.title),
                "title": place.title,
                "category": {
                    "id": id("wct-id", &place.category),
                    "name": place.category,
                    "framework": { "id": id("wf-id", &place.framework), "name": place.framework },
                },
            })
        })
        .collect();
    json!({
        "__typename": rule.kind,
        "id": format!("{prefix}-{}", seeded::uuid(seed, &format!("rule {}", rule.key))),
        "name": rule.name,
        "description": rule.description,
        "resolutionRecommendation": rule.advice,
        "remediationInstructions": rule.advice,
        "serviceType": "AWS",
        "sourceType": "WIZ_SENSOR",
        "type": "THREAT_DETECTION",
        "risks": rule.risks,
        "securitySubCategories": categories,
    })
}

/// An entity, without exposures and paths.
pub(crate) fn entity(tenant: &Tenant, item: &scenario::Entity, now: DateTime<Utc>) -> Entity {
    let id = tenant.entity_id(&item.key);
    let subscription = item.subscription.as_ref().and_then(|key| tenant.subscriptions.get(key));
    let projects: Vec<Value> = item
        .projects
        .iter()
        .filter_map(|key| tenant.projects.get(key))
        .map(|found| project(tenant, found))
        .collect();
    let snapshot = json!({
        "id": id,
        "type": item.kind,
        "nativeType": item.native_type,
        "name": item.name,
        "status": item.status,
        "cloudPlatform": subscription.map(|_| "AWS"),
        "cloudProviderURL": console(item),
        "providerId": item.provider_id,
        "region": item.region,
        "resourceGroupExternalId": "",
        "subscriptionExternalId": subscription.map_or("", |found| &found.external_id),
        "subscriptionName": subscription.map_or("", |found| &found.name),
        "subscriptionTags": subscription.map_or(json!({}), |found| json!(found.tags)),
        "tags": item.tags,
        "externalId": item.external_id,
    });
    let mut properties = json!({
        "_vertexID": id,
        "name": item.name,
        "nativeType": item.native_type,
        "providerUniqueId": item.provider_id,
        "externalId": item.external_id,
        "region": item.region,
        "status": item.status,
        "tags": item.tags,
        "cloudPlatform": subscription.map(|_| "AWS"),
        "subscriptionExternalId": subscription.map(|found| &found.external_id),
        "updatedAt": stamp(now),
    });
    for (name, value) in &item.properties {
        properties[name] = serde_json::to_value(value).unwrap_or_default();
    }
    Entity {
        kind: item.kind.clone(),
        name: item.name.clone(),
        external_id: item.external_id.clone(),
        provider_id: item.provider_id.clone(),
        snapshot,
        properties,
        projects: projects.into(),
        subscription: subscription.map(|found| {
            json!({
                "id": seeded::uuid(tenant.seed, &format!("subscription {}", found.key)),
                "name": found.name,
                "externalId": found.external_id,
                "cloudProvider": "AWS",
            })
        }),
        exposures: Vec::new(),
        paths: Vec::new(),
        id,
    }
}

fn project(tenant: &Tenant, project: &scenario::Project) -> Value {
    json!({
        "id": seeded::uuid(tenant.seed, &format!("project {}", project.key)),
        "name": project.name,
        "slug": project.key,
        "businessUnit": project.business_unit,
        "riskProfile": { "businessImpact": project.impact },
    })
}

fn console(item: &scenario::Entity) -> String {
    let region = &item.region;
    match item.native_type.as_str() {
        "virtualMachine" => format!(
            "https://{region}.console.aws.amazon.com/ec2/v2/home?region={region}#InstanceDetails:instanceId={}",
            item.external_id
        ),
        "bucket" => format!("https://s3.console.aws.amazon.com/s3/buckets/{}", item.external_id),
        _ => String::new(),
    }
}

/// A detection; its rule and entities must be known to the tenant.
pub(crate) fn detection(
    tenant: &Tenant,
    item: &scenario::Detection,
    id: &str,
    now: DateTime<Utc>,
) -> Detection {
    let created = item.created.before(now);
    let main = resource(tenant, &item.resource);
    let resources: Vec<Value> = std::iter::once(main.clone())
        .chain(item.other_resources.iter().map(|key| resource(tenant, key)))
        .collect();
    let actor = item.actor.as_ref().map(|found| actor(tenant, found));
    let rule = tenant.rules.get(&item.rule);
    let part = |name: &str| rule.map_or(Value::Null, |rule| rule[name].clone());
    let events: Vec<Value> = item
        .events
        .iter()
        .enumerate()
        .map(|(place, found)| event(tenant, id, place, found, now))
        .collect();
    let value = json!({
        "id": id,
        "type": item.kind,
        "origins": item.origins,
        "severity": item.severity,
        "createdAt": stamp(created),
        "updatedAt": stamp(created),
        "startedAt": stamp(item.started.map_or(created, |started| started.before(now))),
        "description": item.description,
        "actors": actor.as_ref().map(|actor| vec![actor.clone()]),
        "primaryActor": actor,
        "cloudAccounts": [main["cloudAccount"]],
        "cloudOrganizations": [],
        "primaryResource": main,
        "resources": resources,
        "ruleMatch": { "rule": {
            "id": part("id"),
            "name": part("name"),
            "builtin": true,
            "origins": item.origins,
            "securitySubCategories": part("securitySubCategories"),
        } },
        "triggeringEvents": events,
    });
    Detection { id: id.to_owned(), created, value }
}

fn resource(tenant: &Tenant, key: &str) -> Value {
    let Some(entity) = tenant.entities.get(&tenant.entity_id(key)) else { return Value::Null };
    json!({
        "id": entity.id,
        "name": entity.name,
        "type": entity.kind,
        "nativeType": entity.snapshot["nativeType"],
        "externalId": entity.external_id,
        "providerUniqueId": Some(&entity.provider_id).filter(|id| !id.is_empty()),
        "region": entity.snapshot["region"],
        "cloudAccount": entity.subscription,
    })
}

fn actor(tenant: &Tenant, item: &scenario::Actor) -> Value {
    let mut actor = resource(tenant, &item.entity);
    actor["userAgent"] = json!(item.user_agent);
    actor["accessKeyId"] = json!(item.access_key);
    actor["MFA"] = json!(item.mfa);
    actor["federated"] = json!(false);
    actor["friendlyName"] = actor["name"].clone();
    actor["hasHighPrivileges"] = json!(item.high_privileges);
    actor["hasAdminPrivileges"] = json!(false);
    actor["inactiveInLast90Days"] = json!(false);
    actor
}

fn event(
    tenant: &Tenant,
    detection: &str,
    place: usize,
    item: &scenario::Event,
    now: DateTime<Utc>,
) -> Value {
    json!({
        "id": seeded::uuid(tenant.seed, &format!("event {detection} {place}")),
        "description": item.description,
        "actorIP": item.ip,
        "timestamp": stamp(item.at.before(now)),
        "commandLine": item.command,
        "rawAuditLogRecord": item.record,
    })
}

/// An issue as the API shows it at this moment.
pub(crate) fn issue(tenant: &Tenant, issue: &Issue) -> Value {
    let entity = issue.entity.as_ref();
    let mut value = json!({
        "id": issue.id,
        "type": issue.kind,
        "status": issue.status,
        "severity": SEVERITIES[usize::from(issue.severity)],
        "description": issue.description,
        "createdAt": stamp(issue.created),
        "updatedAt": stamp(issue.updated),
        "dueAt": issue.due,
        "resolvedAt": issue.resolved.map(stamp),
        "statusChangedAt": stamp(issue.status_changed),
        "rejectionExpiredAt": null,
        "resolutionReason": issue.resolution_reason,
        "resolutionNote": issue.resolution_note,
        "note": issue.note,
        "evidenceQuery": issue.evidence,
        "sourceRule": *issue.rule,
        "sourceRules": [*issue.rule],
        "entitySnapshot": entity.map(|entity| &entity.snapshot),
        "projects": entity.map(|entity| &entity.projects),
        "notes": issue.notes,
        "serviceTickets": issue.tickets,
        "threatDetectionDetails": threat(tenant, issue),
    });
    for (name, replaced) in &issue.overlay {
        value[name] = replaced.clone();
    }
    value
}

fn threat(tenant: &Tenant, issue: &Issue) -> Value {
    if issue.kind != "THREAT_DETECTION" {
        return Value::Null;
    }
    let found: Vec<&Value> = issue
        .detections
        .iter()
        .filter_map(|id| tenant.detections.get(id))
        .map(|found| &found.value)
        .collect();
    let main = found.first();
    json!({
        "detections": found,
        "actors": main.map(|main| &main["actors"]),
        "resources": main.map(|main| &main["resources"]),
        "mainDetection": main,
    })
}
