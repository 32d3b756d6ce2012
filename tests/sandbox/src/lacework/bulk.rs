//! Alerts in bulk, for measuring: repeatable, spread over types, severities and a week.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::account::{Account, Alert};
use super::stamp;
use crate::names::{ACCOUNT, REGION};
use crate::seeded::{self, Numbers};

/// Alerts that share a machine, on average.
const PER_MACHINE: u64 = 8;
const TYPES: [(&str, &str); 4] = [
    ("MaliciousFile", "Known bad file on a machine"),
    ("NewExternalServerDns", "New external server contacted"),
    ("SuspiciousLogin", "Unusual login on a machine"),
    ("NewBinaryType", "New program on a machine"),
];

/// Adds `count` alerts.
pub(super) fn add(account: &mut Account, count: u64, seed: u64, now: DateTime<Utc>) {
    let mut numbers = Numbers::new(seed);
    for place in 0..count {
        let machine = numbers.below(count.div_ceil(PER_MACHINE));
        let (kind, name) = *numbers.choose(&TYPES);
        let severity =
            ["Low", "Low", "Medium", "Medium", "High", "Critical"][numbers.below(6) as usize];
        let start = now - TimeDelta::seconds(numbers.below(7 * 24 * 3600 - 60) as i64);
        let id = account.fresh_id(&format!("bulk {seed} {place}"));
        let host = format!("bulk-{machine}");
        let instance = format!("i-{}", seeded::hex(seed, &format!("bulk instance {machine}"), 17));
        let listed = json!({
            "alertId": id, "startTime": stamp(start), "endTime": stamp(start + TimeDelta::hours(1)),
            "alertType": kind, "severity": severity, "status": "Open", "alertName": name,
            "alertInfo": { "subject": format!("{name}: {host}"), "description": "Generated for measuring." },
            "derivedFields": { "category": "Anomaly", "sub_category": "File", "source": "Agent" },
            "lastUserUpdatedTime": "", "reachability": "UnknownReachability",
        });
        let tags = json!({ "Account": ACCOUNT, "InstanceId": instance, "Zone": format!("{REGION}a"),
            "VmProvider": "AWS", "Name": host, "environment": "development" });
        let entity_map = json!({ "Machine": [{ "KEY": { "mid": machine },
            "PROPS": { "hostname": host, "tags": tags } }] });
        let alert = Alert {
            listed,
            entity_map,
            events: Vec::new(),
            investigation: Vec::new(),
            observations: Vec::new(),
            timeline: Vec::new(),
            about: host,
        };
        account.alerts.insert(id, alert);
    }
}
