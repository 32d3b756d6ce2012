//! Compute: incidents by time and offset, and their acknowledgement.

use std::collections::HashMap;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::status::compute as refusal;
use super::tenant::Tenant;

/// Most incidents a page.
const MOST: usize = 50;

/// `GET /audits/incidents`: `null` when there is none, as programs in Go write an empty list.
pub(super) fn incidents(tenant: &Tenant, query: &HashMap<String, String>) -> Response {
    let given = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let mut bounds = Vec::new();
    for name in ["from", "to"] {
        match given(name).map(DateTime::parse_from_rfc3339) {
            Some(Err(_)) => return refusal(StatusCode::BAD_REQUEST, &format!("invalid {name}")),
            bound => bounds.push(bound.and_then(Result::ok).map(|at| at.with_timezone(&Utc))),
        }
    }
    let number = |name: &str, usual: usize| given(name).map_or(Ok(usual), str::parse::<usize>);
    let (Ok(offset), Ok(limit)) = (number("offset", 0), number("limit", MOST)) else {
        return refusal(StatusCode::BAD_REQUEST, "invalid offset or limit");
    };
    let wanted = |incident: &&super::tenant::Incident| {
        let value = &incident.value;
        bounds[0].is_none_or(|from| incident.time >= from)
            && bounds[1].is_none_or(|to| incident.time <= to)
            && given("id").is_none_or(|id| value["_id"] == id)
            && given("acknowledged").is_none_or(|flag| value["acknowledged"] == (flag == "true"))
    };
    let mut found: Vec<&super::tenant::Incident> = tenant.incidents.iter().filter(wanted).collect();
    found.sort_by_key(|incident| incident.time);
    if given("reverse") == Some("true") {
        found.reverse();
    }
    let total = found.len();
    let page: Vec<&Value> = found
        .into_iter()
        .skip(offset)
        .take(limit.min(MOST))
        .map(|incident| &incident.value)
        .collect();
    let body = if page.is_empty() { Value::Null } else { json!(page) };
    let mut response = axum::Json(body).into_response();
    response.headers_mut().insert("total-count", HeaderValue::from(total));
    response
}

/// `PATCH /audits/incidents/acknowledge/{id}`.
pub(super) fn acknowledge(tenant: &mut Tenant, id: &str, asked: &Value) -> Response {
    let Some(wanted) = asked["acknowledged"].as_bool() else {
        return refusal(StatusCode::BAD_REQUEST, "acknowledged is missing");
    };
    match tenant.incidents.iter_mut().find(|incident| incident.value["_id"] == id) {
        Some(incident) => {
            incident.value["acknowledged"] = json!(wanted);
            StatusCode::OK.into_response()
        }
        None => refusal(StatusCode::NOT_FOUND, "not found"),
    }
}
