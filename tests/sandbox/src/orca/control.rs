//! What the control API can do to the organisation, under `/control/orca`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Orca, bulk, now, rules, writes};

/// Alerts that one order may add; more would only fill memory.
const MOST_AT_ONCE: u64 = 500_000;

/// Routes beside those of the other stand-ins.
pub(crate) fn router(orca: Arc<Orca>) -> Router {
    Router::new()
        .route("/control/orca/alerts", get(alerts).post(change))
        .route("/control/orca/webhooks", get(webhooks))
        .route("/control/orca/publish", post(publish))
        .route("/control/orca/bulk", post(add))
        .with_state(orca)
}

type Shared = State<Arc<Orca>>;

/// Name, type, status, risk level and asset of every alert.
async fn alerts(State(orca): Shared) -> Response {
    let organisation = orca.organisation();
    let alerts: Vec<Value> = organisation
        .alerts
        .values()
        .map(|alert| {
            json!({
                "id": alert.name(),
                "type": alert.fields["AlertType"],
                "status": alert.fields["Status"],
                "risk_level": alert.fields["RiskLevel"],
                "asset": alert.fields.get("Source"),
                "comments": alert.events.iter().filter(|event| event["type"] == "comment").count(),
            })
        })
        .collect();
    Json(json!({ "alerts": alerts })).into_response()
}

/// Every alert as a webhook would carry it.
async fn webhooks(State(orca): Shared) -> Response {
    let organisation = orca.organisation();
    let all: Vec<Value> =
        organisation.alerts.values().map(|alert| rules::shown(&organisation, alert)).collect();
    Json(all).into_response()
}

#[derive(Deserialize)]
struct Change {
    id: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

async fn change(State(orca): Shared, Json(order): Json<Change>) -> Response {
    match writes::overlay(&mut orca.organisation(), &order.id, &order.fields, now()) {
        Ok(()) => Json(json!({ "alerts": [order.id] })).into_response(),
        Err(problem) => refused(&problem),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    scenario: String,
}

async fn publish(State(orca): Shared, Json(order): Json<Publish>) -> Response {
    match orca.organisation().publish(&order.scenario, now()) {
        Some(names) => Json(json!({ "alerts": names })).into_response(),
        None => refused(&format!("there is no scenario {}", order.scenario)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    count: u64,
    #[serde(default)]
    seed: u64,
}

async fn add(State(orca): Shared, Json(order): Json<Bulk>) -> Response {
    if order.count > MOST_AT_ONCE {
        return refused(&format!("count must be at most {MOST_AT_ONCE}"));
    }
    bulk::add(&mut orca.organisation(), order.count, order.seed, now());
    Json(json!({ "added": order.count })).into_response()
}

fn refused(problem: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": problem }))).into_response()
}
