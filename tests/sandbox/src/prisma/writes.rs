//! Dismissing, snoozing and reopening.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::status::{Refusal, invalid, missing, refusal};
use super::tenant::Tenant;

/// `POST /alert/dismiss`: with a time range it is a snooze.
pub(super) fn dismiss(tenant: &mut Tenant, asked: &Value, now: DateTime<Utc>) -> Response {
    let chosen = match chosen(tenant, asked) {
        Ok(chosen) => chosen,
        Err(refused) => return refused.into_response(),
    };
    let until = match &asked["dismissalTimeRange"] {
        Value::Null => None,
        range => match snooze_end(range, now) {
            Some(until) => Some(until),
            None => return invalid("dismissalTimeRange").into_response(),
        },
    };
    let Some(note) = asked["dismissalNote"].as_str().filter(|note| !note.trim().is_empty()) else {
        return missing("dismissalNote").into_response();
    };
    let status = if until.is_some() { "snoozed" } else { "dismissed" };
    if chosen.iter().any(|at| matches!(tenant.alerts[*at].status, "resolved" | "dismissed")) {
        return refusal(StatusCode::NOT_FOUND, "alert_no_longer_in_expected_state").into_response();
    }
    for at in chosen {
        let alert = &mut tenant.alerts[at];
        let reason = if until.is_some() { "USER_SNOOZED" } else { "USER_DISMISSED" };
        alert.turn(status, reason, "sandbox", now);
        alert.note = Some(note.to_owned());
        alert.until = until;
        alert.updated = now;
    }
    StatusCode::OK.into_response()
}

/// `POST /alert/reopen`: of dismissed and snoozed alerts.
pub(super) fn reopen(tenant: &mut Tenant, asked: &Value, now: DateTime<Utc>) -> Response {
    let chosen = match chosen(tenant, asked) {
        Ok(chosen) => chosen,
        Err(refused) => return refused.into_response(),
    };
    if chosen.iter().any(|at| !matches!(tenant.alerts[*at].status, "dismissed" | "snoozed")) {
        return refusal(StatusCode::BAD_REQUEST, "alert_no_longer_in_expected_state")
            .into_response();
    }
    for at in chosen {
        let alert = &mut tenant.alerts[at];
        alert.turn("open", "USER_REOPENED", "sandbox", now);
        (alert.note, alert.until) = (None, None);
    }
    StatusCode::OK.into_response()
}

/// The alerts that a change names; `filter` is required beside them.
fn chosen(tenant: &Tenant, asked: &Value) -> Result<Vec<usize>, Refusal> {
    if !asked["filter"].is_object() {
        return Err(missing("filter"));
    }
    let ids = asked["alerts"].as_array().filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| missing("alerts"))?;
    ids.iter()
        .map(|id| id.as_str().and_then(|id| tenant.by_id.get(id)).copied())
        .collect::<Option<Vec<usize>>>()
        .ok_or_else(|| invalid("alerts"))
}

fn snooze_end(range: &Value, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = &range["value"];
    let end = match range["type"].as_str()? {
        "absolute" => DateTime::from_timestamp_millis(value["endTime"].as_i64()?)?,
        "relative" => {
            let amount = value["amount"].as_i64().filter(|amount| (1..10_000).contains(amount))?;
            let hours = match value["unit"].as_str()? {
                "hour" => 1,
                "day" => 24,
                "week" => 24 * 7,
                _ => return None,
            };
            now + TimeDelta::hours(hours * amount)
        }
        _ => return None,
    };
    (end > now).then_some(end)
}

/// Changes an alert from outside, as if Prisma itself had: status, severity and any field by name.
pub(super) fn overlay(
    tenant: &mut Tenant,
    id: &str,
    fields: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let at = *tenant.by_id.get(id).ok_or_else(|| format!("there is no alert {id}"))?;
    let alert = &mut tenant.alerts[at];
    for (name, value) in fields {
        match name.as_str() {
            "status" => {
                let status = match value.as_str() {
                    Some("open") => "open",
                    Some("resolved") => "resolved",
                    Some("dismissed") => "dismissed",
                    Some("snoozed") => "snoozed",
                    _ => return Err(format!("{value} is not a status")),
                };
                alert.turn(status, "RESOURCE_UPDATED", "Prisma Cloud", now);
            }
            "severity" => {
                let severity = value.as_str().ok_or("severity must be a string")?;
                severity.clone_into(&mut alert.severity);
                "POLICY_UPDATED".clone_into(&mut alert.reason);
            }
            other => {
                alert.overlay.insert(other.to_owned(), value.clone());
            }
        }
    }
    alert.updated = now;
    Ok(())
}
