//! Part of the control API: what the Prisma tenant holds, while it runs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Prisma, bulk, lock, now, writes};

/// Alerts that one order may add; more would only fill memory.
const MOST_AT_ONCE: u64 = 1_000_000;

/// Routes under `/control/prisma`.
pub(crate) fn router(prisma: Arc<Prisma>) -> Router {
    Router::new()
        .route("/control/prisma/publish", post(publish))
        .route("/control/prisma/alert", post(change))
        .route("/control/prisma/alerts", get(alerts))
        .route("/control/prisma/bulk", post(add))
        .route("/control/prisma/rate_limit", post(rate_limit))
        .with_state(prisma)
}

type Shared = State<Arc<Prisma>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    scenario: String,
    #[serde(default)]
    copy: String,
}

async fn publish(State(prisma): Shared, Json(order): Json<Publish>) -> Response {
    let Some(scenario) = prisma.scenarios.iter().find(|one| one.name == order.scenario) else {
        return refused(&format!("there is no scenario {}", order.scenario));
    };
    let ids = lock(&prisma.tenant).publish(scenario, &order.copy, now());
    Json(json!({ "alerts": ids })).into_response()
}

#[derive(Deserialize)]
struct Change {
    id: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

async fn change(State(prisma): Shared, Json(order): Json<Change>) -> Response {
    match writes::overlay(&mut lock(&prisma.tenant), &order.id, &order.fields, now()) {
        Ok(()) => Json(json!({ "alerts": [order.id] })).into_response(),
        Err(problem) => refused(&problem),
    }
}

async fn alerts(State(prisma): Shared) -> Response {
    let tenant = lock(&prisma.tenant);
    let found: Vec<Value> = tenant
        .alerts
        .iter()
        .map(|alert| {
            json!({
                "id": alert.id, "status": alert.status, "severity": alert.severity, "policy": alert.policy["name"],
                "resource": alert.asset.as_ref().map(|asset| &asset.entity.name), "note": alert.note,
            })
        })
        .collect();
    Json(json!({ "alerts": found })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    count: u64,
    #[serde(default)]
    seed: u64,
}

async fn add(State(prisma): Shared, Json(order): Json<Bulk>) -> Response {
    if order.count > MOST_AT_ONCE {
        return refused(&format!("count must be at most {MOST_AT_ONCE}"));
    }
    let work = move || bulk::add(&mut lock(&prisma.tenant), order.count, order.seed, now());
    match tokio::task::spawn_blocking(work).await {
        Ok(assets) => Json(json!({ "added": order.count, "assets": assets })).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    on: bool,
}

async fn rate_limit(State(prisma): Shared, Json(order): Json<Limits>) -> Response {
    lock(&prisma.sessions).limit(order.on);
    Json(json!({ "on": order.on })).into_response()
}

fn refused(problem: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": problem }))).into_response()
}
