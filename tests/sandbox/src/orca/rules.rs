//! `POST /api/rules/query/alerts`, the older API: a form in, flat snake_case out, pages by token.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::organisation::{Alert, Organisation};
use super::stamp;
use crate::seeded;

/// Alerts in a page when the client names no limit.
const USUAL_LIMIT: usize = 100;

/// A page, or what the form does wrong.
pub(super) fn answer(
    organisation: &Organisation,
    form: &HashMap<String, String>,
) -> Result<Value, String> {
    let filters: Value = match form.get("dsl_filter").map(String::as_str) {
        None | Some("") => json!([]),
        Some(text) => serde_json::from_str(text).map_err(|_| "dsl_filter is not JSON")?,
    };
    let number = |text: &String| text.parse::<usize>().map_err(|_| "limit is not a number");
    let limit = form.get("limit").map(number).transpose()?.unwrap_or(USUAL_LIMIT).clamp(1, 1_000);
    let from = match form.get("next_page_token") {
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|rest| rest.parse().ok())
            .ok_or("invalid next_page_token")?,
        None => 0,
    };
    let mut found = Vec::new();
    for alert in organisation.alerts.values() {
        if wanted(alert, &filters)? {
            found.push(alert);
        }
    }
    let next = (from + limit < found.len()).then(|| format!("page-{}", from + limit));
    let page = found.iter().skip(from).take(limit);
    Ok(json!({
        "version": "0.1.0",
        "status": "success",
        "data_grouped": true,
        "total_supported_items": 10_000,
        "total_ungrouped_items": found.len(),
        "total_items": found.len(),
        "has_next_page_token": next.is_some(),
        "next_page_token": next,
        "data": page.map(|alert| shown(organisation, alert)).collect::<Vec<_>>(),
    }))
}

/// Without a filter of scores, informational alerts are left out.
fn wanted(alert: &Alert, filters: &Value) -> Result<bool, String> {
    let score = alert.fields["Score"].as_u64().unwrap_or_default();
    let mut informational = false;
    for filter in filters.as_array().ok_or("dsl_filter is no list")? {
        match filter["field"].as_str() {
            Some("state.last_updated") => {
                let from = filter["range"]["gte"].as_str().unwrap_or_default();
                let from: DateTime<Utc> =
                    from.parse().map_err(|_| "range.gte is not a valid datetime")?;
                if alert.updated < from {
                    return Ok(false);
                }
            }
            Some("state.score") => {
                informational = true;
                let includes = filter["includes"].as_array().ok_or("includes is no list")?;
                if !includes.iter().any(|wanted| wanted.as_u64() == Some(score)) {
                    return Ok(false);
                }
            }
            other => return Err(format!("{other:?} is not a field to filter by")),
        }
    }
    Ok(informational || score < 4)
}

/// One alert in the older form, which is that of webhooks too.
pub(super) fn shown(organisation: &Organisation, alert: &Alert) -> Value {
    let fields = &alert.fields;
    let field = |key: &str| fields.get(key).cloned().unwrap_or_default();
    let data = field("AssetData");
    let asset = alert.asset.as_ref().and_then(|asset| organisation.assets.get(asset));
    let of_asset = |key: &str| asset.and_then(|asset| asset.get(key)).cloned().unwrap_or_default();
    let kind = of_asset("Type");
    let mut whole = json!({
        "type": field("RuleType"),
        "type_string": field("AlertType"),
        "type_key": seeded::hex(0, &alert.name(), 32),
        "category": field("Category"),
        "description": field("Title"),
        "details": field("Details"),
        "recommendation": field("Recommendation"),
        "source": field("Source"),
        "rule_id": field("RuleId"),
        "is_rule": true,
        "is_compliance": false,
        "level": 0,
        "context": "control",
        "alert_labels": field("Labels"),
        "asset_unique_id": alert.asset,
        "asset_name": of_asset("Name"),
        "asset_type": kind,
        "asset_type_string": kind,
        "asset_category": of_asset("Category"),
        "asset_state": "enabled",
        "asset_vendor_id": asset.and_then(|asset| asset.get("Arn").or_else(|| asset.get("UiUniqueField"))),
        "account_name": data["account_name"],
        "cloud_account_id": seeded::uuid(0, &format!("orca account {}", data["account_name"])),
        "cloud_account_type": "Regular",
        "cloud_provider": "aws",
        "cloud_provider_id": data["cloud_vendor_id"],
        "cloud_vendor_id": data["cloud_vendor_id"],
        "organization_id": "sandbox",
        "organization_name": "Sandbox",
    });
    whole["data"] = json!({
        "title": field("Title"),
        "details": field("Details"),
        "recommendation": field("Recommendation"),
        "mitre_category": alert.tactic,
        "mitre_technique": alert.techniques,
    });
    whole["state"] = json!({
        "alert_id": alert.name(),
        "status": field("Status"),
        "status_time": field("StatusTime"),
        "risk_level": field("RiskLevel"),
        "orca_score": field("OrcaScore"),
        "score": field("Score"),
        "severity": field("Severity"),
        "created_at": field("CreatedAt"),
        "last_updated": stamp(alert.updated),
        "last_seen": field("LastSeen"),
        "in_verification": false,
        "verification_status": null,
    });
    if let Some(findings) = fields.get("RiskFindings").filter(|found| found.get("events").is_some())
    {
        whole["findings"] = findings.clone();
    }
    whole["model"] = json!(asset.map(|asset| json!({
        "id": alert.asset.as_deref().and_then(|id| id.rsplit('_').next()),
        "type": kind,
        "name": of_asset("Name"),
        "asset_unique_id": alert.asset,
        "data": { "Inventory": texts(asset) },
    })));
    whole
}

/// Objects and lists of the inventory are JSON written as text here.
fn texts(asset: &serde_json::Map<String, Value>) -> Value {
    let text = |key: &String, value: &Value| match (key.as_str(), value) {
        ("Tags", Value::Object(_)) => Value::from(value.to_string()),
        _ => value.clone(),
    };
    asset.iter().map(|(key, value)| (key.clone(), text(key, value))).collect()
}
