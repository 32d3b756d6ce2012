//! Alerts in bulk, for measuring: repeatable, spread over assets, levels and a month.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::describe::{object, risk};
use super::organisation::{Alert, Organisation};
use super::stamp;
use crate::names::{ACCOUNT, REGION};
use crate::seeded::{self, Numbers};

/// Alerts that share an asset, on average.
const PER_ASSET: u64 = 8;

const TYPES: [&str; 4] = [
    "Security group open to the world",
    "Volume is not encrypted",
    "Vulnerable package on an exposed workload",
    "Reverse shell on a workload",
];

/// Adds `count` alerts.
pub(super) fn add(organisation: &mut Organisation, count: u64, seed: u64, now: DateTime<Utc>) {
    let mut numbers = Numbers::new(seed);
    let assets: Vec<String> =
        (0..count.div_ceil(PER_ASSET)).map(|place| asset(organisation, seed, place)).collect();
    for _ in 0..count {
        let asset = numbers.choose(&assets).clone();
        let kind = *numbers.choose(&TYPES);
        let created = now - TimeDelta::seconds(numbers.below(30 * 24 * 3600) as i64);
        let since = (now - created).num_seconds().max(1) as u64;
        let updated = created + TimeDelta::seconds(numbers.below(since) as i64);
        let severity = ["LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "CRITICAL"];
        let risk = risk(severity[numbers.below(6) as usize]);
        let status = if numbers.below(8) == 0 { "in_progress" } else { "open" };
        let number = organisation.next_number();
        let fields = json!({
            "AlertId": format!("orca-{number}"), "Name": format!("orca-{number}"), "AlertType": kind,
            "Title": kind, "Details": format!("{kind}. Generated for measuring."), "Category": "Best practices",
            "RiskLevel": risk.level, "OrcaScore": risk.orca_score, "Score": risk.score, "Severity": risk.severity,
            "Status": status, "CreatedAt": stamp(created), "LastUpdated": stamp(updated), "StatusTime": stamp(updated),
            "LastSeen": stamp(now), "Labels": [], "RuleId": format!("r{}", seeded::hex(0, kind, 10)),
        });
        let alert = Alert {
            number,
            fields: object(fields),
            asset: Some(asset),
            techniques: Vec::new(),
            tactic: None,
            updated,
            events: Vec::new(),
        };
        organisation.alerts.insert(number, alert);
    }
}

fn asset(organisation: &mut Organisation, seed: u64, place: u64) -> String {
    let instance = format!("i-{}", seeded::hex(seed, &format!("bulk instance {place}"), 17));
    let uuid = seeded::uuid(seed, &format!("orca bulk asset {place}"));
    let id = format!("AwsEc2Instance_{ACCOUNT}_{uuid}");
    let environment = ["production", "staging", "development"][(place % 3) as usize];
    let fields = json!({
        "AssetUniqueId": id, "Name": format!("bulk-{place}"), "Type": "AwsEc2Instance", "Category": "VM",
        "Region": REGION, "Arn": format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}"),
        "UiUniqueField": instance, "BlastRadius": "{}", "Tags": {"environment": environment},
    });
    organisation.assets.insert(id.clone(), object(fields));
    id
}
