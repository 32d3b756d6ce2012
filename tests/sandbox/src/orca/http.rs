//! The organisation over HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use chrono::Utc;
use serde_json::{Value, json};

use super::writes::{self, Refusal};
use super::{Orca, now, query, rules, status};
use crate::faults::{Fault, Mode, Target};
use crate::ledger::{Request, loggable};
use crate::listen;

/// Largest request body.
const MOST_BYTES: usize = 1024 * 1024;

/// One route: what is asked is told by method and path together.
pub(crate) fn router(orca: Arc<Orca>) -> Router {
    Router::new().fallback(any(serve)).layer(DefaultBodyLimit::max(MOST_BYTES)).with_state(orca)
}

/// A request, taken apart.
struct Asked {
    method: Method,
    path: Vec<String>,
    query: HashMap<String, String>,
    form: HashMap<String, String>,
    body: Value,
}

impl Asked {
    fn of(method: Method, uri: &Uri, body: &Bytes) -> Self {
        let pairs = |text: &str| {
            let url = format!("http://x/?{text}");
            let url = reqwest::Url::parse(&url).ok();
            let pairs = |url: &reqwest::Url| url.query_pairs().into_owned().collect();
            url.as_ref().map(pairs).unwrap_or_default()
        };
        let path = reqwest::Url::parse(&format!("http://x{}", uri.path())).ok();
        let segments = path.as_ref().and_then(reqwest::Url::path_segments);
        Self {
            method,
            path: segments
                .into_iter()
                .flatten()
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect(),
            query: pairs(uri.query().unwrap_or_default()),
            form: pairs(&String::from_utf8_lossy(body)),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }

    /// Names by which faults and the log know it.
    fn names(&self) -> Vec<String> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["api", "serving-layer", "query"] => {
                vec!["query".into(), format!("query:{}", query::model(&self.body))]
            }
            ["api", "rules", ..] => vec!["rules".into()],
            ["api", "alerts", _, what, ..] => vec![(*what).to_owned()],
            ["api", "assets", ..] => vec!["asset".into()],
            other => vec![other.join("/")],
        }
    }
}

async fn serve(
    State(orca): State<Arc<Orca>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (at, clock) = (Utc::now(), Instant::now());
    let asked = Asked::of(method, &uri, &body);
    let names = asked.names();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let fault = orca.faults.take(Target::Orca, &known, false);
    let answer = || match signed_in(&orca, &headers) {
        true => route(&orca, &asked),
        false => status::signed_out(),
    };
    let response = with_fault(fault.as_ref(), answer).await;
    let cut = listen::is_cut(&response);
    orca.ledger.record(Request {
        number: 0,
        target: "orca".into(),
        method: asked.method.to_string(),
        path: uri.path().to_owned(),
        operation: names.last().cloned().unwrap_or_default(),
        dry_run: false,
        status: if cut { 0 } else { response.status().as_u16() },
        fault: fault.as_ref().map(Fault::name),
        at,
        elapsed_ms: clock.elapsed().as_millis() as u64,
        upstream_ms: None,
        headers: loggable(&headers),
        parameters: if asked.body.is_null() { json!(asked.form) } else { asked.body.clone() },
    });
    response
}

/// `Authorization: Token …`; some clients write `TOKEN`.
fn signed_in(orca: &Orca, headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split_once(' ')).is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("token") && token == orca.api_token
    })
}

fn route(orca: &Orca, asked: &Asked) -> Response {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("POST", ["api", "serving-layer", "query"]) => {
            worded(query::answer(&orca.organisation(), &asked.body))
        }
        ("POST", ["api", "serving-layer", "query_fields"]) => {
            axum::Json(query::fields()).into_response()
        }
        ("POST", ["api", "ai_sonar", "sonar_schema", "query"]) => {
            let query = json!({ "models": ["Alert"], "type": "object_set" });
            axum::Json(json!({ "sonar_optimized_payload": { "query": query } })).into_response()
        }
        ("POST", ["api", "rules", "query", "alerts"]) => {
            worded(rules::answer(&orca.organisation(), &asked.form))
        }
        ("GET", ["api", "assets", id]) => match orca.organisation().assets.get(*id) {
            Some(asset) => {
                let mut asset = Value::Object(asset.clone());
                asset["asset_unique_id"] = json!(id);
                axum::Json(asset).into_response()
            }
            None => status::failure(StatusCode::NOT_FOUND, "Asset Not Found"),
        },
        ("GET", ["api", "alerts", id, "event_log"]) => {
            let number = |key: &str, usual: usize| {
                asked.query.get(key).and_then(|text| text.parse().ok()).unwrap_or(usual)
            };
            let (from, limit) = (number("start_at_index", 0), number("limit", 20));
            written(writes::event_log(&orca.organisation(), id, from, limit))
        }
        ("PUT", ["api", "alerts", id, "status", word]) => {
            written(writes::status(&mut orca.organisation(), id, word, now()))
        }
        ("PUT", ["api", "alerts", id, "comment"]) => {
            written(writes::comment(&mut orca.organisation(), id, &asked.body, now()))
        }
        ("PUT", ["api", "alerts", id, "snooze"]) => {
            written(writes::snooze(&mut orca.organisation(), id, &asked.body, now()))
        }
        _ => status::detail(StatusCode::NOT_FOUND, "Not found."),
    }
}

fn worded(answer: Result<Value, String>) -> Response {
    match answer {
        Ok(value) => axum::Json(value).into_response(),
        Err(problem) => status::failure(StatusCode::BAD_REQUEST, &problem),
    }
}

fn written(answer: Result<Value, Refusal>) -> Response {
    match answer {
        Ok(value) => axum::Json(value).into_response(),
        Err(Refusal::Unknown) => status::failure(StatusCode::NOT_FOUND, "Alert not found"),
        Err(Refusal::Words(words)) => status::failure(StatusCode::BAD_REQUEST, words),
    }
}

/// Plays a fault around the normal answer, which is only computed where the fault lets it take effect.
async fn with_fault(fault: Option<&Fault>, answer: impl FnOnce() -> Response) -> Response {
    let Some(fault) = fault else { return answer() };
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    match fault.mode {
        Mode::None | Mode::Slow => answer(),
        Mode::TooMany | Mode::Quota => status::too_many(fault.retry_after),
        // An API token does not expire by itself: this is one that is refused for as long as ordered.
        Mode::Unauthorized | Mode::ExpiredToken => status::signed_out(),
        Mode::Forbidden => status::detail(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action.",
        ),
        Mode::Internal => status::failure(StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
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
