//! The tenant over HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::resolve::{self, GraphQl};
use super::status;
use super::token::Denied;
use super::{Wiz, lock, now};
use crate::faults::{Fault, Mode, Target};
use crate::ledger::{Request, loggable};
use crate::listen;

/// Largest request body.
const MOST_BYTES: usize = 1024 * 1024;

/// Routes of the token and GraphQL endpoints.
pub(crate) fn router(wiz: Arc<Wiz>) -> Router {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/graphql", post(graphql))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(wiz)
}

/// A request on its way into the log.
struct Arrived {
    at: DateTime<Utc>,
    clock: Instant,
    path: &'static str,
    headers: HeaderMap,
}

impl Arrived {
    fn now(path: &'static str, headers: HeaderMap) -> Self {
        Self { at: Utc::now(), clock: Instant::now(), path, headers }
    }

    /// Logs the outcome; a response that is cut counts as status 0.
    fn log(
        self,
        wiz: &Wiz,
        operation: String,
        parameters: Value,
        fault: Option<&Fault>,
        response: &Response,
    ) {
        let status = if listen::is_cut(response) { 0 } else { response.status().as_u16() };
        wiz.ledger.record(Request {
            number: 0,
            target: "wiz".into(),
            method: Method::POST.to_string(),
            path: self.path.into(),
            operation,
            dry_run: false,
            status,
            fault: fault.map(Fault::name),
            at: self.at,
            elapsed_ms: self.clock.elapsed().as_millis() as u64,
            upstream_ms: None,
            headers: loggable(&self.headers),
            parameters,
        });
    }
}

type Fields = Result<Form<HashMap<String, String>>, FormRejection>;

async fn token(State(wiz): State<Arc<Wiz>>, headers: HeaderMap, fields: Fields) -> Response {
    let arrived = Arrived::now("/oauth/token", headers);
    let fault = wiz.faults.take(Target::Wiz, &["token"], false);
    let answer = || sign_in(&wiz, &fields);
    let response = with_fault(&wiz, fault.as_ref(), answer).await;
    arrived.log(&wiz, "token".into(), Value::Null, fault.as_ref(), &response);
    response
}

/// OAuth client credentials as form fields.
fn sign_in(wiz: &Wiz, fields: &Fields) -> Response {
    let Ok(Form(fields)) = fields else {
        return status::refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send application/x-www-form-urlencoded.",
        );
    };
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if field("grant_type") != "client_credentials" {
        return status::refusal(StatusCode::BAD_REQUEST, "grant_type must be client_credentials.");
    }
    if !["wiz-api", "beyond-api"].contains(&field("audience")) {
        return status::refusal(StatusCode::BAD_REQUEST, "audience must be wiz-api.");
    }
    if field("client_id") != wiz.client_id || field("client_secret") != wiz.client_secret {
        return status::refusal(StatusCode::UNAUTHORIZED, "The client credentials are not valid.");
    }
    let (token, lifetime) = lock(&wiz.tokens).issue(Instant::now());
    let body = json!({
        "access_token": token,
        "refresh_token": "not-for-use-in-the-sandbox",
        "expires_in": lifetime,
        "token_type": "Bearer",
    });
    axum::Json(body).into_response()
}

async fn graphql(State(wiz): State<Arc<Wiz>>, headers: HeaderMap, body: Bytes) -> Response {
    let arrived = Arrived::now("/graphql", headers);
    let request: Option<GraphQl> = serde_json::from_slice::<serde_json::Map<_, _>>(&body)
        .ok()
        .and_then(|fields| serde_json::from_value(fields.into()).ok());
    let document = request.as_ref().map(|request| resolve::validate(&request.query));
    let wanted = request.as_ref().and_then(|request| request.operation_name.as_deref());
    let (operation, fields) = match &document {
        Some(Ok(document)) => document.names(wanted),
        _ => (wanted.unwrap_or_default().to_owned(), Vec::new()),
    };
    let names: Vec<&str> =
        std::iter::once(operation.as_str()).chain(fields.iter().map(String::as_str)).collect();
    let fault = wiz.faults.take(Target::Wiz, &names, false);
    let answer = || {
        if let Some(denied) = denied(&wiz, &arrived.headers) {
            return denied;
        }
        let body = match (&request, document) {
            (None, _) | (_, None) => {
                return status::refusal(
                    StatusCode::BAD_REQUEST,
                    "The body must be a JSON object with a query.",
                );
            }
            (Some(_), Some(Err(refused))) => refused,
            (Some(request), Some(Ok(document))) => {
                document.execute(&mut lock(&wiz.tenant), request, now())
            }
        };
        axum::Json(body).into_response()
    };
    let response = with_fault(&wiz, fault.as_ref(), answer).await;
    let variables =
        request.as_ref().and_then(|request| serde_json::to_value(&request.variables).ok());
    arrived.log(&wiz, operation, variables.unwrap_or_default(), fault.as_ref(), &response);
    response
}

/// The refusal of a request without a token in force, or one too many.
fn denied(wiz: &Wiz, headers: &HeaderMap) -> Option<Response> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match lock(&wiz.tokens).admit(bearer.unwrap_or_default(), Instant::now()) {
        Ok(()) => None,
        Err(Denied::Invalid) => Some(status::signed_out()),
        Err(Denied::TooFast) => Some(status::too_many(None)),
    }
}

/// Plays a fault around the normal answer, which is only computed where the fault lets it take effect.
async fn with_fault(
    wiz: &Wiz,
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
            lock(&wiz.tokens).revoke_all();
            status::signed_out()
        }
        Mode::Forbidden => {
            status::refusal(StatusCode::FORBIDDEN, "The service account may not do this.")
        }
        Mode::Internal => {
            status::refusal(StatusCode::INTERNAL_SERVER_ERROR, "An internal error occurred.")
        }
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
