//! The tenant over HTTP: which operation a request is, its session, its limit, its faults, its log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use serde_json::{Value, json};

use super::token::Limited;
use super::{Prisma, compute, describe, graph, list, lock, now, status, writes};
use crate::faults::{Fault, Mode, Target};
use crate::ledger::{Request, loggable};
use crate::listen;

/// Largest request body.
const MOST_BYTES: usize = 1024 * 1024;

/// Every path is answered by one handler, so that a wrong one is refused as the vendor does.
pub(crate) fn router(prisma: Arc<Prisma>) -> Router {
    Router::new().fallback(handle).layer(DefaultBodyLimit::max(MOST_BYTES)).with_state(prisma)
}

/// What a request asks for. The names are what a fault's `match` goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Operation {
    Login,
    Extend,
    Me,
    Suggest,
    Alerts,
    Alert(String),
    Dismiss,
    Reopen,
    Asset,
    Resource,
    Permission,
    ComputeLogin,
    Incidents,
    Acknowledge(String),
}

impl Operation {
    fn of(method: &Method, path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        Some(match (method.as_str(), parts.as_slice()) {
            ("POST", ["login"]) => Self::Login,
            ("GET", ["auth_token", "extend"]) => Self::Extend,
            ("GET", ["user", "me"]) => Self::Me,
            ("GET", ["filter", "alert", "suggest"]) => Self::Suggest,
            ("POST", ["v2", "alert"]) => Self::Alerts,
            ("POST", ["alert", "dismiss"]) => Self::Dismiss,
            ("POST", ["alert", "reopen"]) => Self::Reopen,
            ("GET", ["alert", id]) => Self::Alert((*id).to_owned()),
            ("POST", ["uai", "v1", "asset"]) => Self::Asset,
            ("POST", ["resource"]) => Self::Resource,
            ("POST", ["api", "v1", "permission"]) => Self::Permission,
            ("POST", ["compute", "api", "v1" | "v34.04", "authenticate"]) => Self::ComputeLogin,
            ("GET", ["compute", "api", "v1" | "v34.04", "audits", "incidents"]) => Self::Incidents,
            (
                "PATCH",
                ["compute", "api", "v1" | "v34.04", "audits", "incidents", "acknowledge", id],
            ) => Self::Acknowledge((*id).to_owned()),
            _ => return None,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Extend => "extend",
            Self::Me => "me",
            Self::Suggest => "suggest",
            Self::Alerts => "alerts",
            Self::Alert(_) => "alert",
            Self::Dismiss => "dismiss",
            Self::Reopen => "reopen",
            Self::Asset => "asset",
            Self::Resource => "resource",
            Self::Permission => "permission",
            Self::ComputeLogin => "compute_login",
            Self::Incidents => "incidents",
            Self::Acknowledge(_) => "acknowledge",
        }
    }

    fn is_login(&self) -> bool {
        matches!(self, Self::Login | Self::ComputeLogin)
    }

    fn is_compute(&self) -> bool {
        matches!(self, Self::ComputeLogin | Self::Incidents | Self::Acknowledge(_))
    }

    fn limit(&self) -> Option<Limited> {
        match self {
            Self::Alerts => Some(Limited::Lists),
            Self::Alert(_) => Some(Limited::Single),
            _ => None,
        }
    }
}

type Parameters = Query<HashMap<String, String>>;

async fn handle(
    State(prisma): State<Arc<Prisma>>,
    method: Method,
    uri: Uri,
    Query(query): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (at, clock) = (Utc::now(), Instant::now());
    let operation = Operation::of(&method, uri.path());
    let name = operation.as_ref().map_or("unknown", Operation::name);
    let asked: Option<Value> =
        if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(&body).ok() };
    let fault = prisma.faults.take(Target::Prisma, &[name], false);
    let answer = || respond(&prisma, operation.as_ref(), &headers, &query, asked.as_ref());
    let response = with_fault(&prisma, fault.as_ref(), answer).await;
    let mut shown = headers.clone();
    shown.remove("x-redlock-auth");
    let secret = operation.as_ref().is_some_and(Operation::is_login);
    prisma.ledger.record(Request {
        number: 0,
        target: "prisma".into(),
        method: method.to_string(),
        path: uri.path().to_owned(),
        operation: name.to_owned(),
        dry_run: false,
        status: if listen::is_cut(&response) { 0 } else { response.status().as_u16() },
        fault: fault.as_ref().map(Fault::name),
        at,
        elapsed_ms: clock.elapsed().as_millis() as u64,
        upstream_ms: None,
        headers: loggable(&shown),
        parameters: if secret { Value::Null } else { json!({"query": query, "body": asked}) },
    });
    response
}

/// The answer without any fault.
fn respond(
    prisma: &Prisma,
    operation: Option<&Operation>,
    headers: &HeaderMap,
    query: &HashMap<String, String>,
    asked: Option<&Value>,
) -> Response {
    let Some(operation) = operation else { return status::not_found().into_response() };
    let Some(asked) = asked else {
        return status::trouble(StatusCode::BAD_REQUEST, "bad_request", "The body is not JSON.");
    };
    if operation.is_login() {
        return login(prisma, operation, asked);
    }
    if !signed_in(prisma, operation, headers) {
        return if operation.is_compute() {
            status::compute(StatusCode::UNAUTHORIZED, "invalid credentials")
        } else {
            status::signed_out()
        };
    }
    let allowance =
        operation.limit().and_then(|of| lock(&prisma.sessions).spend(of, Instant::now()));
    let response = match allowance {
        Some(allowance) if !allowance.admitted => status::too_many(None),
        _ => perform(prisma, operation, query, asked),
    };
    status::with_allowance(response, allowance)
}

fn login(prisma: &Prisma, operation: &Operation, asked: &Value) -> Response {
    let right = asked["username"] == prisma.access_key_id.as_str()
        && asked["password"] == prisma.secret_key.as_str();
    match (right, operation) {
        (true, Operation::ComputeLogin) => {
            axum::Json(json!({"token": lock(&prisma.sessions).issue(Instant::now())}))
                .into_response()
        }
        (true, _) => status::utf8(&session(prisma, "login_successful")),
        (false, Operation::ComputeLogin) => {
            status::compute(StatusCode::UNAUTHORIZED, "invalid credentials")
        }
        (false, _) => {
            status::refusal(StatusCode::UNAUTHORIZED, "invalid_credentials").into_response()
        }
    }
}

/// The answer to a login, as the vendor's OpenAPI describes it.
fn session(prisma: &Prisma, message: &str) -> Value {
    let token = lock(&prisma.sessions).issue(Instant::now());
    let name =
        json!({"customerName": "Sandbox", "prismaId": "1000000000000000001", "tosAccepted": true});
    json!({"token": token, "message": message, "customerNames": [name], "roles": ["System Admin"]})
}

/// CSPM takes the token in its own header only; Compute takes it there or as a bearer token.
fn signed_in(prisma: &Prisma, operation: &Operation, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token = text("x-redlock-auth").or(bearer.filter(|_| operation.is_compute()));
    token.is_some_and(|token| lock(&prisma.sessions).valid(token, Instant::now()))
}

fn perform(
    prisma: &Prisma,
    operation: &Operation,
    query: &HashMap<String, String>,
    asked: &Value,
) -> Response {
    if *operation == Operation::Extend {
        return axum::Json(session(prisma, "login_successful")).into_response();
    }
    let mut tenant = lock(&prisma.tenant);
    let detailed = query.get("detailed").is_some_and(|flag| flag == "true");
    let shown = |found: Result<Value, status::Refusal>| match found {
        Ok(value) => axum::Json(value).into_response(),
        Err(refused) => refused.into_response(),
    };
    match operation {
        Operation::Alerts => shown(list::search(&mut tenant, asked, detailed, now())),
        Operation::Alert(id) => match tenant.by_id.get(id) {
            Some(at) => shown(Ok(describe::alert(&tenant.alerts[*at], detailed))),
            None => status::not_found().into_response(),
        },
        Operation::Dismiss => writes::dismiss(&mut tenant, asked, now()),
        Operation::Reopen => writes::reopen(&mut tenant, asked, now()),
        Operation::Asset => shown(graph::asset(&tenant, asked)),
        Operation::Resource => match graph::resource(&tenant, asked) {
            Ok(value) => status::utf8(&value),
            Err(refused) => refused.into_response(),
        },
        Operation::Permission => shown(graph::permission(&tenant, asked)),
        Operation::Incidents => compute::incidents(&tenant, query),
        Operation::Acknowledge(id) => compute::acknowledge(&mut tenant, id, asked),
        Operation::Suggest => shown(Ok(suggestions())),
        Operation::Me => shown(Ok(json!({
            "email": "sandbox@example.invalid", "firstName": "Sandbox", "lastName": "Reader", "timeZone": "Etc/UTC",
            "enabled": true, "defaultRoleId": "1", "roleIds": ["1"],
        }))),
        Operation::Login | Operation::ComputeLogin | Operation::Extend => {
            status::not_found().into_response()
        }
    }
}

fn suggestions() -> Value {
    let options = |options: &[&str]| json!({"options": options, "staticFilter": true});
    json!({
        "timeRange.type": options(&["ALERT_OPENED", "ALERT_STATUS_UPDATED", "ALERT_UPDATED"]),
        "alert.status": options(&["dismissed", "snoozed", "open", "resolved"]),
        "policy.severity": options(&["critical", "high", "medium", "low", "informational"]),
    })
}

/// Plays a fault around the normal answer, which is only computed where the fault lets it take effect.
async fn with_fault(
    prisma: &Prisma,
    fault: Option<&Fault>,
    answer: impl FnOnce() -> Response,
) -> Response {
    let Some(fault) = fault else { return answer() };
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    match fault.mode {
        Mode::None | Mode::Slow => answer(),
        Mode::TooMany | Mode::Quota => status::too_many(fault.retry_after),
        Mode::Unauthorized => status::signed_out(),
        Mode::ExpiredToken => {
            lock(&prisma.sessions).revoke_all();
            status::signed_out()
        }
        Mode::Forbidden => {
            status::refusal(StatusCode::FORBIDDEN, "permission_error").into_response()
        }
        Mode::Internal => status::trouble(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "An internal error occurred.",
        ),
        Mode::Cut => listen::cut(),
        Mode::CutHalf => listen::cut_half(answer()).await,
        Mode::Lost => {
            answer();
            listen::cut()
        }
        Mode::Html200 => status::html(),
        Mode::Garbage => status::garbage(),
        Mode::Huge => listen::huge(fault),
    }
}
