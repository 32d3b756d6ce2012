//! What a scenario says, in Lacework's words.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::account::{Account, Alert};
use super::stamp;
use crate::names::{ACCOUNT, REGION};
use crate::scenario::{Detection, Entity, Issue, Rule};
use crate::seeded;

/// What an alert is made of.
struct Parts<'a> {
    account: &'a Account,
    issue: &'a Issue,
    rule: Option<&'a Rule>,
    entity: Option<&'a Entity>,
    detections: Vec<&'a Detection>,
    now: DateTime<Utc>,
}

/// An alert for an issue of a scenario.
pub(super) fn alert(account: &Account, issue: &Issue, id: u64, now: DateTime<Utc>) -> Alert {
    let parts = Parts {
        account,
        issue,
        rule: account.rules.get(&issue.rule),
        entity: issue.entity.as_ref().and_then(|key| account.entities.get(key)),
        detections: issue.detections.iter().filter_map(|key| account.detections.get(key)).collect(),
        now,
    };
    let created = issue.created.before(now);
    let listed = listed(&parts, id, created);
    Alert {
        entity_map: entity_map(&parts),
        events: parts.detections.iter().flat_map(|found| events(found, now)).collect(),
        investigation: investigation(&parts),
        observations: observations(&parts, created),
        timeline: vec![json!({
            "id": id * 10, "alertId": id, "entryType": "AlertCreated", "entryAuthorType": "System",
            "message": {}, "externalTime": stamp(created), "user": {}, "updateContext": {},
        })],
        about: issue.entity.clone().unwrap_or_default(),
        listed,
    }
}

fn listed(parts: &Parts<'_>, id: u64, created: DateTime<Utc>) -> Value {
    let (issue, name) = (parts.issue, parts.rule.map_or("Alert", |rule| rule.name.as_str()));
    let (category, sub_category, source) = filed_under(parts);
    // Alerts are reckoned hour by hour.
    let start = created.duration_trunc(TimeDelta::hours(1)).unwrap_or(created);
    let description = match source {
        "Agent" => issue.description.clone(),
        _ => format!(" For account: {ACCOUNT}  : {}    ", issue.description),
    };
    let closed = matches!(issue.status.as_str(), "REJECTED" | "RESOLVED");
    let changed = issue.status_changed.filter(|_| closed).map(|changed| changed.before(parts.now));
    let mut alert = json!({
        "alertId": id,
        "startTime": stamp(start),
        "endTime": stamp(start + TimeDelta::hours(1)),
        "alertType": alert_type(parts),
        "severity": severity(&issue.severity),
        "internetExposure": "UnknownInternetExposure",
        "reachability": "UnknownReachability",
        "derivedFields": { "category": category, "sub_category": sub_category, "source": source },
        "lastUserUpdatedTime": changed.map(stamp).unwrap_or_default(),
        "status": if closed { "Closed" } else { "Open" },
        "alertName": name,
        "alertInfo": {
            "subject": format!("{name}: {description}"),
            "description": description,
            "customerCount": 0,
            "isExpectedLWBehavior": false,
        },
        "evolvingAlert": false,
        "tagMetadata": [],
    });
    if category == "Policy" {
        alert["policyId"] = json!(policy_id(&issue.rule));
    }
    alert
}

fn policy_id(rule: &str) -> String {
    format!("lacework-global-{}", 1 + seeded::bytes(0, rule)[0])
}

/// Lacework's word for a severity.
pub(super) fn severity(word: &str) -> &'static str {
    match word {
        "CRITICAL" => "Critical",
        "HIGH" => "High",
        "MEDIUM" => "Medium",
        "LOW" => "Low",
        _ => "Info",
    }
}

fn is_posture(parts: &Parts<'_>) -> bool {
    parts.issue.kind != "THREAT_DETECTION"
}

fn on_host(parts: &Parts<'_>) -> bool {
    parts.entity.is_some_and(|entity| entity.kind == "VIRTUAL_MACHINE") && !is_posture(parts)
}

fn filed_under(parts: &Parts<'_>) -> (&'static str, &'static str, &'static str) {
    match () {
        () if is_posture(parts) => ("Policy", "Compliance", "AWS"),
        () if on_host(parts) => ("Anomaly", "File", "Agent"),
        () => ("Anomaly", "Cloud Activity", "AWS"),
    }
}

fn alert_type(parts: &Parts<'_>) -> &'static str {
    match parts.issue.rule.as_str() {
        "miner-process" => "MaliciousFile",
        "pool-traffic" => "NewExternalServerDns",
        "key-new-country" => "LoginFromSourceUsingCalltype",
        "bucket-enumeration" => "ServiceCalledApi",
        _ if is_posture(parts) => "NewViolations",
        _ if on_host(parts) => "NewBinaryType",
        _ => "SuspiciousActivity",
    }
}

fn entity_map(parts: &Parts<'_>) -> Value {
    let mut map = Map::new();
    let Some(entity) = parts.entity else { return json!({}) };
    if is_posture(parts) {
        let id = Some(&entity.provider_id).filter(|id| !id.is_empty());
        let name = parts.rule.map_or("", |rule| rule.name.as_str());
        let rule = policy_id(&parts.issue.rule);
        let subscription = entity.subscription.as_ref();
        let alias = subscription.and_then(|key| parts.account.subscriptions.get(key));
        map.insert("RecId".into(), json!([{
            "KEY": { "rec_id": rule, "eval_type": "LW_AWS_SEC" },
            "PROPS": { "account_id": ACCOUNT, "account_alias": alias.map(|a| &a.name), "title": name },
        }]));
        map.insert(
            "NewViolation".into(),
            json!([{ "KEY": {
            "rec_id": rule, "reason": parts.issue.description,
            "resource": id.unwrap_or(&entity.external_id),
        } }]),
        );
        map.insert("Region".into(), regions(&entity.region));
        return Value::Object(map);
    }
    match entity.kind.as_str() {
        "VIRTUAL_MACHINE" => host(parts, entity, &mut map),
        _ => cloud(parts, entity, &mut map),
    }
    Value::Object(map)
}

fn host(parts: &Parts<'_>, entity: &Entity, map: &mut Map<String, Value>) {
    let mid =
        u16::from_be_bytes([seeded::bytes(0, &entity.key)[0], seeded::bytes(0, &entity.key)[1]]);
    let address = entity.properties.get("privateIpAddress").and_then(|value| value.as_str());
    let mut tags = json!({
        "Account": ACCOUNT, "InstanceId": entity.external_id, "Zone": format!("{REGION}a"),
        "VmProvider": "AWS", "Hostname": entity.name, "InternalIp": address, "arch": "amd64", "os": "linux",
    });
    for (key, value) in &entity.tags {
        tags[key] = json!(value);
    }
    map.insert("Machine".into(), json!([{
        "KEY": { "mid": mid },
        "PROPS": { "hostname": entity.name, "internal_ip_addr": address, "is_external": 0, "tags": tags },
    }]));
    let commands = parts.detections.iter().flat_map(|found| &found.events);
    let processes: Vec<Value> = commands
        .filter_map(|event| {
            let command = event.command.as_ref()?;
            Some(json!({
                "KEY": { "mid": mid, "pid_hash": seeded::hex(0, command, 12) },
                "PROPS": { "hostname": format!("'{}'", entity.name), "cmdline": format!("'{command}'"),
                    "process_start_time": stamp(event.at.before(parts.now)) },
            }))
        })
        .collect();
    if !processes.is_empty() {
        map.insert("Process".into(), json!(processes));
    }
}

fn cloud(parts: &Parts<'_>, entity: &Entity, map: &mut Map<String, Value>) {
    let (prefix, username) = match entity.kind.as_str() {
        "SERVICE_ACCOUNT" => ("AROA", format!("AssumedRole/{ACCOUNT}:{}", entity.name)),
        _ => ("AIDA", entity.name.clone()),
    };
    let principal = format!("{prefix}{}", seeded::hex(0, &entity.key, 17).to_uppercase());
    map.insert(
        "CT_User".into(),
        json!([{
            "KEY": { "account": ACCOUNT, "principalId": principal, "username": username },
            "PROPS": { "mfa": 0 },
        }]),
    );
    map.insert("Region".into(), regions(REGION));
    let events: Vec<Value> =
        parts.detections.iter().flat_map(|found| events(found, parts.now)).collect();
    let called = |event: &Value| json!({ "KEY": { "service": event["eventSource"], "api": event["eventName"] } });
    map.insert("API".into(), events.iter().map(called).collect());
    let mut addresses: Vec<&Value> = events.iter().map(|event| &event["sourceIpAddress"]).collect();
    addresses.dedup();
    let from = |address: &&Value| json!({ "KEY": { "ip_addr": address }, "PROPS": { "country": "Nowhere" } });
    map.insert("SourceIpAddress".into(), addresses.iter().map(from).collect());
    let others = parts.detections.iter().flat_map(|found| &found.other_resources);
    let others = others.filter_map(|key| parts.account.entities.get(key));
    let touched = others.filter(|other| other.kind == "BUCKET");
    let touched: Vec<Value> = touched
        .map(|other| json!({ "KEY": { "name": "bucketName", "value": other.external_id } }))
        .collect();
    if !touched.is_empty() {
        map.insert("Resource".into(), json!(touched));
    }
}

fn regions(region: &str) -> Value {
    let region = if region.is_empty() { REGION } else { region };
    json!([{ "KEY": { "region": region }, "PROPS": { "account_list": [ACCOUNT] } }])
}

/// CloudTrail events; those of a runtime sensor are processes instead.
fn events(detection: &Detection, now: DateTime<Utc>) -> Vec<Value> {
    let cloud =
        detection.events.iter().filter(|event| event.ip.is_some() || event.record.is_some());
    cloud
        .map(|event| {
            let record = event.record.as_ref().and_then(|record| serde_json::to_value(record).ok());
            let record = record.unwrap_or_default();
            let first = event.description.split(' ').next().unwrap_or_default();
            let or = |name: &str, other: &str| record[name].as_str().unwrap_or(other).to_owned();
            json!({
                "awsRegion": or("awsRegion", REGION),
                "eventName": or("eventName", first),
                "eventSource": or("eventSource", "s3.amazonaws.com"),
                "sourceIpAddress": event.ip,
                "recipientAccountId": ACCOUNT,
                "mfa": "false",
                "eventTime": event.at.before(now).to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
                "userIdentity": record["userIdentity"].to_string(),
                "additionalEventInfo": "{}",
            })
        })
        .collect()
}

fn investigation(parts: &Parts<'_>) -> Vec<Value> {
    let line = |question: &str, answer: &str| json!({ "question": question, "answer": answer });
    match () {
        () if is_posture(parts) => Vec::new(),
        () if on_host(parts) => {
            vec![line("Has this file been seen on this machine in the last 60 days?", "No")]
        }
        () => vec![
            line("Has a new user been involved in the event in the last 60 days?", "No"),
            line(
                "Have the users involved in the event authenticated without MFA in the last 60 days?",
                "Yes",
            ),
        ],
    }
}

fn observations(parts: &Parts<'_>, created: DateTime<Utc>) -> Vec<Value> {
    let Some(rule) = parts.rule.filter(|_| !is_posture(parts)) else { return Vec::new() };
    let mitre = rule.categories.iter().filter(|place| place.framework.contains("MITRE"));
    let tags: Vec<Value> = mitre
        .flat_map(|place| [&place.title, &place.category])
        .filter_map(|text| text.split_once(' '))
        .map(|(id, name)| json!({ "customer_facing_id": id, "id": id, "name": name }))
        .collect();
    let entity = parts.entity.map(|entity| {
        json!({ "entity_text": entity.name, "entity_type": "machine", "is_subject": true,
            "entity_key": { "hostname": entity.name }, "entity_uuid": seeded::hex(0, &entity.key, 22) })
    });
    vec![json!({
        "description": rule.description,
        "startEpoch": created.timestamp(),
        "endEpoch": created.timestamp() + 60,
        "entities": entity.into_iter().collect::<Vec<_>>(),
        "formalTags": tags,
        "observationType": parts.issue.rule.replace('-', "_"),
        "recordUuid": seeded::uuid(parts.account.seed, &parts.issue.key),
        "relationships": [],
    })]
}
