//! The fields of an alert that a scenario's issue becomes.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::organisation::{Alert, Organisation};
use super::{asset, stamp};
use crate::scenario::{Entity, Issue, Rule, Scenario};
use crate::seeded;

/// An issue as Orca would tell it.
pub(super) fn alert(
    organisation: &Organisation,
    scenario: &Scenario,
    issue: &Issue,
    number: u64,
    now: DateTime<Utc>,
) -> Alert {
    let created = issue.created.before(now);
    let changed = issue.status_changed.map_or(created, |changed| changed.before(now));
    let all = &organisation.scenarios;
    let rule = all.iter().flat_map(|s| &s.rules).find(|rule| rule.key == issue.rule);
    let entity = issue
        .entity
        .as_ref()
        .and_then(|key| all.iter().flat_map(|s| &s.entities).find(|entity| entity.key == *key));
    let risk = risk(&issue.severity);
    let (tactic, techniques) = attack(rule);
    let mut labels: Vec<String> = tactic.iter().map(|tactic| format!("mitre: {tactic}")).collect();
    labels.push("source: Orca Scan".to_owned());
    let rule_name = rule.map_or("", |rule| rule.name.as_str());
    let status = status(&issue.status);
    let fields = json!({
        "AlertId": format!("orca-{number}"),
        "Name": format!("orca-{number}"),
        "AlertSource": "Orca Scan",
        "AlertType": rule_name,
        "AssetData": entity.map(|entity| asset_data(organisation, entity)),
        "Category": category(rule),
        "ClosedReason": null,
        "ClosedTime": null,
        "CommentsCount": 0,
        "CreatedAt": stamp(created),
        "Description": rule.map_or("", |rule| rule.description.as_str()),
        "Details": issue.description,
        "IsLive": true,
        "Labels": labels,
        "LastSeen": stamp(now),
        "LastUpdated": stamp(changed),
        "OrcaScore": risk.orca_score,
        "Recommendation": rule.map_or("", |rule| rule.advice.as_str()),
        "RelatedCompliances": [],
        "RiskFindings": findings(scenario, issue, now),
        "RiskLevel": risk.level,
        "RiskLevelTime": stamp(created),
        "RuleId": format!("r{}", seeded::hex(0, &issue.rule, 10)),
        "RuleSource": "Orca",
        "RuleType": rule.map_or("", |rule| rule.key.as_str()),
        "Score": risk.score,
        "Severity": risk.severity,
        "Source": entity.map_or("", |entity| entity.name.as_str()),
        "Status": status,
        "StatusTime": stamp(changed),
        "Title": if issue.description.is_empty() { rule_name } else { &issue.description },
        "UserDefinedStatus": status,
        "VerificationStatus": null,
    });
    Alert {
        number,
        fields: object(fields),
        asset: entity
            .filter(|entity| !asset::is_outside(entity))
            .map(|entity| asset::unique_id(organisation.seed, all, entity)),
        techniques,
        tactic,
        updated: changed,
        events: Vec::new(),
    }
}

/// A risk level with the numbers and the older word that go with it.
pub(super) struct Risk {
    pub(super) level: &'static str,
    pub(super) orca_score: f64,
    pub(super) score: u8,
    pub(super) severity: &'static str,
}

/// Of a severity in the scenarios' words.
pub(super) fn risk(severity: &str) -> Risk {
    let (level, orca_score, score, severity) = match severity.to_ascii_uppercase().as_str() {
        "CRITICAL" => ("critical", 9.4, 1, "compromised"),
        "HIGH" => ("high", 7.8, 2, "imminent compromise"),
        "MEDIUM" => ("medium", 5.5, 3, "hazardous"),
        "LOW" => ("low", 2.6, 3, "hazardous"),
        _ => ("informational", 0.0, 4, "informational"),
    };
    Risk { level, orca_score, score, severity }
}

fn status(word: &str) -> &'static str {
    match word {
        "IN_PROGRESS" => "in_progress",
        "REJECTED" => "dismissed",
        "RESOLVED" => "closed",
        _ => "open",
    }
}

fn category(rule: Option<&Rule>) -> &'static str {
    let risky = |word: &str| rule.is_some_and(|rule| rule.risks.iter().any(|risk| risk == word));
    if risky("MALICIOUS_ACTIVITY") {
        "Malicious activity"
    } else if risky("UNUSUAL_ACTIVITY") || risky("IDENTITY") {
        "Suspicious activity"
    } else if risky("SENSITIVE_DATA") {
        "Data at risk"
    } else {
        "Workload misconfigurations"
    }
}

/// `TA0040 Impact` as `impact`, `T1496 Resource Hijacking` as `Resource Hijacking (T1496)`.
fn attack(rule: Option<&Rule>) -> (Option<String>, Vec<String>) {
    let mitre = |framework: &str| framework.to_ascii_uppercase().contains("MITRE");
    let places: Vec<_> = rule
        .iter()
        .flat_map(|rule| &rule.categories)
        .filter(|place| mitre(&place.framework))
        .collect();
    let tactic = places.first().and_then(|place| place.category.split_once(' '));
    let techniques = places.iter().filter_map(|place| {
        let (id, name) = place.title.split_once(' ')?;
        Some(format!("{name} ({id})"))
    });
    (tactic.map(|(_, name)| name.to_lowercase()), techniques.collect())
}

fn asset_data(organisation: &Organisation, entity: &Entity) -> Value {
    let account = asset::account(&organisation.scenarios, entity).unwrap_or_default();
    let tags: Vec<String> =
        entity.tags.iter().map(|(key, value)| format!("{key}|{value}")).collect();
    json!({
        "asset_name": entity.name,
        "asset_type": asset::kind(entity),
        "asset_category": asset::categories(entity)[0],
        "asset_state": "enabled",
        "asset_vpcs": [],
        "account_name": account.1,
        "cloud_provider": "aws",
        "cloud_vendor_id": account.0,
        "asset_tags_info_list": tags,
        "custom_tags_info_list": [],
        "cluster_name": entity.name,
        "cluster_type": null,
        "vm_id": Some(&entity.external_id).filter(|_| entity.native_type == "virtualMachine"),
        "asset_labels": null,
        "resource_group_name": null,
    })
}

/// What was seen, from the detections behind the issue.
fn findings(scenario: &Scenario, issue: &Issue, now: DateTime<Utc>) -> Value {
    let behind = scenario.detections.iter().filter(|found| issue.detections.contains(&found.key));
    let events: Vec<Value> = behind
        .flat_map(|found| &found.events)
        .map(|event| {
            json!({
                "time": stamp(event.at.before(now)),
                "description": event.description,
                "command_line": event.command,
                "source_ip": event.ip,
            })
        })
        .collect();
    if events.is_empty() { json!({}) } else { json!({ "events": events }) }
}

/// The fields of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
