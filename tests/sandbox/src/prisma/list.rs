//! `POST /v2/alert`: filters, time ranges, order, pages.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::describe;
use super::status::{Refusal, invalid, missing};
use super::tenant::{Alert, Tenant};
use crate::seeded;

/// Most alerts a page; also what is given where no limit is asked for.
const MOST: u64 = 10_000;
/// Searches whose pages are remembered.
const RUNS: usize = 64;
/// What may be sorted by.
const COLUMNS: [&str; 6] =
    ["alertTime", "firstSeen", "lastSeen", "lastUpdated", "id", "policy.severity"];

/// A search under way: what it found when it began.
#[derive(Debug, Clone)]
pub(super) struct Run {
    found: Arc<Vec<usize>>,
    from: usize,
    limit: usize,
    detailed: bool,
}

/// Answers a search, or the next page of one.
pub(super) fn search(
    tenant: &mut Tenant,
    asked: &Value,
    detailed: bool,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    if let Some(token) = asked["pageToken"].as_str().filter(|token| !token.is_empty()) {
        let run = tenant.runs.get(token).cloned().ok_or_else(|| invalid("pageToken"))?;
        return Ok(page(tenant, run));
    }
    let limit = match &asked["limit"] {
        Value::Null => MOST,
        limit => limit
            .as_u64()
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| invalid("limit"))?,
    };
    let filters = filters(&asked["filters"])?;
    let clock =
        filters.iter().find(|(name, _)| name == "timeRange.type").map(|(_, clock)| clock.as_str());
    let time: fn(&Alert) -> DateTime<Utc> = match clock {
        None | Some("ALERT_OPENED") => |alert| alert.first_seen,
        Some("ALERT_UPDATED") => |alert| alert.updated,
        Some("ALERT_STATUS_UPDATED") => |alert| alert.status_changed,
        Some(_) => return Err(invalid("timeRange.type")),
    };
    let (start, end) = range(&asked["timeRange"], now)?;
    let within = |alert: &Alert| (start..=end).contains(&time(alert));
    let fits = |alert: &Alert| within(alert) && satisfies(alert, &filters);
    let mut found: Vec<usize> =
        (0..tenant.alerts.len()).filter(|at| fits(&tenant.alerts[*at])).collect();
    sort(tenant, &mut found, &asked["sortBy"])?;
    let detailed = detailed || asked["detailed"] == true;
    let run = Run { found: Arc::new(found), from: 0, limit: limit as usize, detailed };
    Ok(page(tenant, run))
}

fn page(tenant: &mut Tenant, run: Run) -> Value {
    let shown = run.found.iter().skip(run.from).take(run.limit);
    let items: Vec<Value> =
        shown.map(|at| describe::alert(&tenant.alerts[*at], run.detailed)).collect();
    let mut value = json!({
        "totalRows": run.found.len(),
        "items": items,
        "sortAllowedColumns": COLUMNS,
        "dynamicColumns": ["alert.id", "alert.status"],
    });
    // A full page is followed by another, which may be empty: Prisma does not look ahead.
    if items.len() == run.limit {
        let next = Run { from: run.from + run.limit, ..run };
        value["nextPageToken"] = json!(remember(tenant, next));
    }
    value
}

fn remember(tenant: &mut Tenant, run: Run) -> String {
    tenant.serial += 1;
    let token = seeded::hex(tenant.seed, &format!("prisma page {}", tenant.serial), 64);
    tenant.runs.insert(token.clone(), run);
    tenant.run_order.push_back(token.clone());
    if tenant.run_order.len() > RUNS * 8
        && let Some(old) = tenant.run_order.pop_front()
    {
        tenant.runs.remove(&old);
    }
    token
}

fn filters(asked: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let mut filters = Vec::new();
    for filter in asked.as_array().into_iter().flatten() {
        let (name, value) = (filter["name"].as_str(), filter["value"].as_str());
        if filter["operator"] != "=" {
            return Err(invalid("filters.operator"));
        }
        filters.push((
            name.ok_or_else(|| missing("filters.name"))?.to_owned(),
            value.ok_or_else(|| missing("filters.value"))?.to_owned(),
        ));
    }
    let known = [
        "timeRange.type",
        "alert.status",
        "alert.id",
        "policy.severity",
        "policy.name",
        "policy.type",
        "policy.id",
        "cloud.account",
        "cloud.accountId",
        "cloud.region",
        "cloud.type",
        "resource.id",
        "resource.name",
        "resource.type",
    ];
    match filters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(invalid(name)),
        None => Ok(filters),
    }
}

/// Values of one name are alternatives; different names must all fit.
fn satisfies(alert: &Alert, filters: &[(String, String)]) -> bool {
    let is = |name: &str, value: &str| {
        let asset = alert.asset.as_ref();
        let of =
            |read: fn(&super::tenant::Asset) -> &str| asset.map(|asset| read(asset)) == Some(value);
        match name {
            "alert.status" => alert.status == value,
            "alert.id" => alert.id == value,
            "policy.severity" => alert.severity == value,
            "policy.name" => alert.policy["name"] == value,
            "policy.type" => alert.policy["policyType"] == value,
            "policy.id" => alert.policy["policyId"] == value,
            "cloud.account" => of(|asset| &asset.account_name),
            "cloud.accountId" => of(|asset| &asset.account),
            "cloud.region" => of(|asset| &asset.entity.region),
            "cloud.type" => value == "aws",
            "resource.id" => of(|asset| &asset.entity.external_id),
            "resource.name" => of(|asset| &asset.entity.name),
            "resource.type" => asset.map(|asset| describe::kind(&asset.entity.kind)) == Some(value),
            _ => true,
        }
    };
    filters
        .iter()
        .all(|(name, _)| filters.iter().any(|(other, value)| other == name && is(name, value)))
}

fn range(asked: &Value, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let moment = |value: &Value| value.as_i64().and_then(DateTime::from_timestamp_millis);
    let back = |unit: &str, amount: i64| {
        let hours = match unit {
            "minute" => return Some(now - TimeDelta::try_minutes(amount)?),
            "hour" => 1,
            "day" => 24,
            "week" => 24 * 7,
            "month" => 24 * 30,
            "year" => 24 * 365,
            "epoch" | "login" => return Some(DateTime::UNIX_EPOCH),
            _ => return None,
        };
        now.checked_sub_signed(TimeDelta::try_hours(hours * amount.clamp(0, 1_000))?)
    };
    let value = &asked["value"];
    let found = match asked["type"].as_str() {
        // Without a range Prisma shows the last day.
        None if asked.is_null() => back("day", 1).map(|start| (start, now)),
        Some("absolute") => moment(&value["startTime"]).zip(moment(&value["endTime"])),
        Some("relative") => {
            let amount = value["amount"].as_i64();
            let start = amount.and_then(|amount| back(value["unit"].as_str()?, amount));
            start.map(|start| (start, now))
        }
        Some("to_now") => value.as_str().and_then(|unit| back(unit, 1)).map(|start| (start, now)),
        _ => None,
    };
    found.filter(|(start, end)| start <= end).ok_or_else(|| invalid("timeRange"))
}

fn sort(tenant: &Tenant, found: &mut [usize], asked: &Value) -> Result<(), Refusal> {
    for order in asked.as_array().into_iter().flatten().rev() {
        let order = order.as_str().ok_or_else(|| invalid("sortBy"))?;
        let (column, way) = order.split_once(':').unwrap_or((order, "asc"));
        if !COLUMNS.contains(&column) || !["asc", "desc"].contains(&way) {
            return Err(invalid("sortBy"));
        }
        found.sort_by(|one, other| {
            let (one, other) = (&tenant.alerts[*one], &tenant.alerts[*other]);
            let by = match column {
                "firstSeen" => one.first_seen.cmp(&other.first_seen),
                "lastSeen" => one.status_changed.cmp(&other.status_changed),
                "lastUpdated" => one.updated.cmp(&other.updated),
                "id" => one.id.cmp(&other.id),
                "policy.severity" => one.severity.cmp(&other.severity),
                _ => one.alert_time.cmp(&other.alert_time),
            };
            if way == "desc" { by.reverse() } else { by }
        });
    }
    Ok(())
}
