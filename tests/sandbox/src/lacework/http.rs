//! The account over HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, Request as Incoming, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::token::Left;
use super::{Lacework, NAME, detail, list, lock, now, search, stamp, status, writes};
use crate::faults::{Fault, Mode, Target};
use crate::ledger::{Request, loggable};
use crate::listen;

/// Largest request body.
const MOST_BYTES: usize = 1024 * 1024;
/// Longest life of a token, in seconds.
const LONGEST_LIFE: u64 = 86_400;

/// Everything below `/api/v2`.
pub(crate) fn router(lacework: Arc<Lacework>) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(MOST_BYTES)).with_state(lacework)
}

/// One request, taken apart.
struct Asked {
    method: Method,
    path: String,
    query: HashMap<String, String>,
    headers: HeaderMap,
    body: Value,
}

/// What a request wants.
#[derive(Debug, PartialEq)]
enum Wanted {
    Token,
    List,
    Page(String),
    Search,
    Scope(u64, String),
    Write(u64, &'static str),
    Nothing,
}

impl Asked {
    fn wanted(&self) -> Wanted {
        let parts: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let number = |text: &str| text.parse::<u64>().ok();
        match (self.method.as_str(), parts.as_slice()) {
            ("POST", ["api", "v2", "access", "tokens"]) => Wanted::Token,
            ("GET", ["api", "v2", "Alerts"]) => Wanted::List,
            ("POST", ["api", "v2", "Alerts", "search"]) => Wanted::Search,
            ("GET", ["api", "v2", "Alerts", id]) => match number(id) {
                Some(id) => {
                    let scope = self.query.get("scope").map_or("Details", String::as_str);
                    Wanted::Scope(id, scope.to_owned())
                }
                None => Wanted::Page((*id).to_owned()),
            },
            ("POST", ["api", "v2", "Alerts", id, verb]) => match (number(id), *verb) {
                (Some(id), "comment") => Wanted::Write(id, "comment"),
                (Some(id), "close") => Wanted::Write(id, "close"),
                _ => Wanted::Nothing,
            },
            _ => Wanted::Nothing,
        }
    }

    /// Where this account was reached, for addresses of next pages.
    fn base(&self) -> String {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let scheme =
            text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
        format!("{scheme}://{}", text(header::HOST.as_str()).unwrap_or("127.0.0.1"))
    }
}

impl Wanted {
    /// The name that faults and the log know it by.
    fn operation(&self) -> String {
        match self {
            Self::Token => "token".to_owned(),
            Self::List => "list".to_owned(),
            Self::Page(_) => "page".to_owned(),
            Self::Search => "search".to_owned(),
            Self::Scope(_, scope) => scope.clone(),
            Self::Write(_, verb) => (*verb).to_owned(),
            Self::Nothing => "unknown".to_owned(),
        }
    }
}

async fn answer(
    State(lacework): State<Arc<Lacework>>,
    Query(query): Query<HashMap<String, String>>,
    incoming: Incoming,
) -> Response {
    let (at, clock) = (Utc::now(), Instant::now());
    let (parts, body) = incoming.into_parts();
    let bytes = axum::body::to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query,
        headers: parts.headers,
        body: read(&bytes),
    };
    let wanted = asked.wanted();
    let operation = wanted.operation();
    let fault = lacework.faults.take(Target::Lacework, &[&operation], false);
    let play = || normal(&lacework, &asked, &wanted);
    let response = with_fault(&lacework, fault.as_ref(), play).await;
    let status = if listen::is_cut(&response) { 0 } else { response.status().as_u16() };
    let body = if wanted == Wanted::Token { Value::Null } else { asked.body };
    lacework.ledger.record(Request {
        number: 0,
        target: "lacework".into(),
        method: asked.method.to_string(),
        path: asked.path,
        operation,
        dry_run: false,
        status,
        fault: fault.as_ref().map(Fault::name),
        at,
        elapsed_ms: clock.elapsed().as_millis() as u64,
        upstream_ms: None,
        headers: loggable(&asked.headers),
        parameters: json!({ "query": asked.query, "body": body }),
    });
    response
}

fn read(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

fn normal(lacework: &Lacework, asked: &Asked, wanted: &Wanted) -> Response {
    if *wanted == Wanted::Token {
        return sign_in(lacework, asked);
    }
    let bearer = asked.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let moment = Instant::now();
    let mut tokens = lock(&lacework.tokens);
    if !tokens.good(bearer, moment) {
        return status::signed_out();
    }
    let left = match tokens.count(moment) {
        Ok(left) => left,
        Err(left) => return status::too_many(left, None),
    };
    drop(tokens);
    let account = asked.headers.get("account-name").and_then(|value| value.to_str().ok());
    let other = account.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(NAME));
    let response = match other {
        Some(name) => status::refusal(403, &format!("no access to the account {name}")),
        None => serve(lacework, asked, wanted),
    };
    status::counted(response, left)
}

/// `{"keyId", "expiryTime"}` with the secret in a header of its own.
fn sign_in(lacework: &Lacework, asked: &Asked) -> Response {
    let secret = asked.headers.get("x-lw-uaks").and_then(|value| value.to_str().ok());
    let life = match &asked.body["expiryTime"] {
        Value::Null => Some(3_600),
        life => life.as_u64().filter(|life| (1..=LONGEST_LIFE).contains(life)),
    };
    let Some(life) = life else {
        return status::refusal(400, "expiryTime must be between 1 and 86400 seconds");
    };
    if asked.body["keyId"] != lacework.key_id.as_str() || secret != Some(&lacework.secret) {
        return status::refusal(401, "the key id or the secret key is not valid");
    }
    let (token, life) = lock(&lacework.tokens).issue(Duration::from_secs(life), Instant::now());
    let ends = now() + TimeDelta::from_std(life).unwrap_or_default();
    let body = json!({ "token": token, "expiresAt": stamp(ends) });
    (StatusCode::CREATED, axum::Json(body)).into_response()
}

fn serve(lacework: &Lacework, asked: &Asked, wanted: &Wanted) -> Response {
    let found = |body: Value| axum::Json(body).into_response();
    match wanted {
        Wanted::List => {
            let time = |name: &str| asked.query.get(name).map(String::as_str);
            match list::window(time("startTime"), time("endTime"), now()) {
                Err(problem) => status::refusal(400, &problem),
                Ok((from, until)) => {
                    let rows = list::within(&lock(&lacework.account), from, until);
                    found(lock(&lacework.pages).begin(rows, &asked.base()))
                }
            }
        }
        Wanted::Page(name) => match lock(&lacework.pages).next(name, &asked.base()) {
            Some(page) => found(page),
            None => status::refusal(404, "no such page"),
        },
        Wanted::Search => searched(lacework, asked),
        Wanted::Scope(id, scope) if detail::SCOPES.contains(&scope.as_str()) => {
            match detail::scope(&lock(&lacework.account), *id, scope) {
                Some(data) => found(json!({ "data": data })),
                None => status::refusal(404, &format!("no alert has the id {id}")),
            }
        }
        Wanted::Scope(_, scope) => status::refusal(400, &format!("{scope} is no scope")),
        Wanted::Write(id, verb) => {
            let mut account = lock(&lacework.account);
            let written = match *verb {
                "comment" => writes::comment(&mut account, *id, &asked.body),
                _ => writes::close(&mut account, *id, &asked.body),
            };
            match written {
                Ok(body) if *verb == "comment" => {
                    (StatusCode::CREATED, axum::Json(body)).into_response()
                }
                Ok(body) => found(body),
                Err((code, problem)) => status::refusal(code, &problem),
            }
        }
        Wanted::Token | Wanted::Nothing => status::refusal(404, "no such resource"),
    }
}

fn searched(lacework: &Lacework, asked: &Asked) -> Response {
    let filter = &asked.body["timeFilter"];
    let window = list::window(filter["startTime"].as_str(), filter["endTime"].as_str(), now());
    let rows = window.and_then(|(from, until)| {
        let rows = list::within(&lock(&lacework.account), from, until);
        search::search(rows, &asked.body)
    });
    match rows {
        Err(problem) => status::refusal(400, &problem),
        Ok(rows) if rows.is_empty() => StatusCode::NO_CONTENT.into_response(),
        Ok(rows) => axum::Json(lock(&lacework.pages).begin(rows, &asked.base())).into_response(),
    }
}

/// Plays a fault around the normal answer, which is only computed where the fault lets it take effect.
async fn with_fault(
    lacework: &Lacework,
    fault: Option<&Fault>,
    answer: impl FnOnce() -> Response,
) -> Response {
    let Some(fault) = fault else { return answer() };
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    match fault.mode {
        Mode::None | Mode::Slow => answer(),
        Mode::TooMany | Mode::Quota => {
            let reset = fault.retry_after.unwrap_or(1);
            status::too_many(Left(super::token::PER_HOUR, 0, reset), fault.retry_after)
        }
        Mode::Unauthorized => status::signed_out(),
        Mode::ExpiredToken => {
            lock(&lacework.tokens).revoke_all();
            status::signed_out()
        }
        Mode::Forbidden => status::refusal(403, "the key's role does not permit this"),
        Mode::Internal => status::refusal(500, "an internal error occurred"),
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
