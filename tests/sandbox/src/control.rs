//! The control API: faults, the request log, and changes to the tenant while it runs.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::faults::{Fault, Faults};
use crate::lacework::Lacework;
use crate::ledger::Ledger;
use crate::options::RateLimit;
use crate::wiz::Wiz;

/// What the control API reaches.
pub(crate) struct Control {
    pub(crate) faults: Arc<Faults>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) wiz: Option<Arc<Wiz>>,
    pub(crate) lacework: Option<Arc<Lacework>>,
}

/// Routes under `/control`.
pub(crate) fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/control/fault", post(fault).get(faults))
        .route("/control/requests", get(requests).delete(forget))
        .route("/control/publish", post(publish))
        .route("/control/issues", get(issues))
        .route("/control/bulk", post(bulk))
        .route("/control/rate_limit", post(rate_limit))
        .route("/control/lacework/alerts", get(lacework_alerts).post(lacework_order))
        .with_state(control)
}

type Shared = State<Arc<Control>>;

async fn fault(State(control): Shared, Json(fault): Json<Fault>) -> Response {
    control.faults.order(fault);
    faults(State(control)).await
}

async fn faults(State(control): Shared) -> Response {
    Json(json!({ "faults": control.faults.all() })).into_response()
}

#[derive(Deserialize)]
struct Wanted {
    target: Option<String>,
    #[serde(default)]
    after: u64,
}

async fn requests(State(control): Shared, Query(wanted): Query<Wanted>) -> Response {
    let found = control.ledger.requests(wanted.target.as_deref(), wanted.after);
    Json(json!({ "requests": found })).into_response()
}

async fn forget(State(control): Shared) -> StatusCode {
    control.ledger.clear();
    StatusCode::NO_CONTENT
}

/// One of: a scenario by name (with the name of the copy), a scenario as text, or an issue to change.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Publish {
    Known {
        scenario: String,
        #[serde(default, rename = "copy")]
        label: Option<String>,
    },
    Text {
        toml: String,
        #[serde(default, rename = "copy")]
        label: Option<String>,
    },
    Change {
        issue: Change,
    },
}

#[derive(Deserialize)]
struct Change {
    id: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

async fn publish(State(control): Shared, Json(order): Json<Publish>) -> Response {
    let Some(wiz) = &control.wiz else { return absent() };
    let published = match order {
        Publish::Known { scenario, label } => {
            wiz.publish(&scenario, label.as_deref().unwrap_or_default())
        }
        Publish::Text { toml, label } => {
            wiz.publish_text(&toml, label.as_deref().unwrap_or_default())
        }
        Publish::Change { issue } => {
            return match wiz.overlay(&issue.id, &issue.fields) {
                Ok(()) => Json(json!({ "issues": [issue.id] })).into_response(),
                Err(problem) => refused(&problem),
            };
        }
    };
    match published {
        Ok(ids) => Json(json!({ "issues": ids })).into_response(),
        Err(wrong) => refused(&wrong.to_string()),
    }
}

async fn issues(State(control): Shared) -> Response {
    let Some(wiz) = &control.wiz else { return absent() };
    Json(json!({ "issues": wiz.issues() })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    count: u64,
    #[serde(default)]
    seed: u64,
}

/// Issues that one order may add; more would only fill memory.
const MOST_AT_ONCE: u64 = 500_000;

async fn bulk(State(control): Shared, Json(order): Json<Bulk>) -> Response {
    let Some(wiz) = control.wiz.clone() else { return absent() };
    if order.count > MOST_AT_ONCE {
        return refused(&format!("count must be at most {MOST_AT_ONCE}"));
    }
    let added = tokio::task::spawn_blocking(move || wiz.bulk(order.count, order.seed)).await;
    match added {
        Ok(assets) => Json(json!({ "added": order.count, "assets": assets })).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    per_second: Option<f64>,
    #[serde(default)]
    burst: Option<f64>,
}

async fn rate_limit(State(control): Shared, Json(order): Json<Limit>) -> Response {
    let Some(wiz) = &control.wiz else { return absent() };
    let usual = RateLimit::default();
    let limit = order
        .per_second
        .map(|per_second| RateLimit { per_second, burst: order.burst.unwrap_or(usual.burst) });
    wiz.set_rate_limit(limit);
    Json(json!({ "per_second": limit.map(|limit| limit.per_second) })).into_response()
}

fn refused(problem: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": problem }))).into_response()
}

fn absent() -> Response {
    (StatusCode::CONFLICT, Json(json!({ "error": "this sandbox runs without the Wiz tenant" })))
        .into_response()
}

/// One of: a scenario by name (with the name of the copy), an alert to change, or alerts in bulk.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum LaceworkOrder {
    Publish {
        scenario: String,
        #[serde(default, rename = "copy")]
        label: String,
    },
    Change {
        alert: u64,
        fields: Map<String, Value>,
    },
    Bulk {
        bulk: u64,
        #[serde(default)]
        seed: u64,
    },
}

async fn lacework_order(State(control): Shared, Json(order): Json<LaceworkOrder>) -> Response {
    let Some(lacework) = control.lacework.clone() else { return no_lacework() };
    let done = match order {
        LaceworkOrder::Publish { scenario, label } => lacework.publish(&scenario, &label),
        LaceworkOrder::Change { alert, fields } => {
            lacework.change(alert, &fields).map(|()| vec![alert])
        }
        LaceworkOrder::Bulk { bulk, .. } if bulk > MOST_AT_ONCE => {
            Err(format!("bulk must be at most {MOST_AT_ONCE}"))
        }
        LaceworkOrder::Bulk { bulk, seed } => {
            let added = tokio::task::spawn_blocking(move || lacework.bulk(bulk, seed)).await;
            added.map(|()| Vec::new()).map_err(|error| error.to_string())
        }
    };
    match done {
        Ok(ids) => Json(json!({ "alerts": ids })).into_response(),
        Err(problem) => refused(&problem),
    }
}

async fn lacework_alerts(State(control): Shared) -> Response {
    let Some(lacework) = &control.lacework else { return no_lacework() };
    Json(json!({ "alerts": lacework.alerts() })).into_response()
}

fn no_lacework() -> Response {
    let problem = "this sandbox runs without the Lacework account";
    (StatusCode::CONFLICT, Json(json!({ "error": problem }))).into_response()
}
