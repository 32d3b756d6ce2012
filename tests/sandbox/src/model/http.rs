//! The model server over HTTP, in OpenAI's shapes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::honest;
use super::hostile::{WAYS, hostile};
use super::prompt::Prompt;
use super::strict;
use crate::faults::{Fault, Faults, Mode, Target};
use crate::ledger::{Ledger, Request, loggable};
use crate::listen;

const MODELS: [&str; 6] = [
    "sandbox-honest",
    "sandbox-hostile",
    "sandbox-slow",
    "sandbox-garbage",
    "sandbox-refusal",
    "sandbox-truncated",
];

/// The model server's state.
pub(crate) struct Model {
    /// Bearer key that clients must send.
    pub(crate) api_key: String,
    /// How long `sandbox-slow` waits.
    pub(crate) slow: Duration,
    /// Requests answered by `sandbox-hostile`, which picks the way to be hostile.
    pub(crate) turns: AtomicU64,
    pub(crate) faults: Arc<Faults>,
    pub(crate) ledger: Arc<Ledger>,
}

/// Routes of the model server.
pub(crate) fn router(model: Arc<Model>) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(completions))
        .layer(DefaultBodyLimit::max(4 * 1024 * 1024))
        .with_state(model)
}

#[derive(Deserialize)]
struct Completion {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    response_format: Option<Value>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Value,
}

impl Message {
    /// Text of the message, whether given as a string or in parts.
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }
}

async fn models(State(model): State<Arc<Model>>, headers: HeaderMap) -> Response {
    let (at, clock) = (Utc::now(), Instant::now());
    let fault = model.faults.take(Target::Model, &["models"], false);
    let answer = || match unsigned(&model, &headers) {
        Some(refused) => refused,
        None => {
            let one = |id: &str| json!({ "id": id, "object": "model", "created": 1_735_689_600, "owned_by": "sandbox" });
            let list: Vec<Value> = MODELS.iter().map(|id| one(id)).collect();
            Json(json!({ "object": "list", "data": list })).into_response()
        }
    };
    let response = with_fault(fault.as_ref(), answer).await;
    log(&model, ("GET", "/v1/models"), "models", (at, clock), &headers, fault.as_ref(), &response);
    response
}

async fn completions(State(model): State<Arc<Model>>, headers: HeaderMap, body: Bytes) -> Response {
    let (at, clock) = (Utc::now(), Instant::now());
    let request: Result<Completion, String> =
        serde_json::from_slice(&body).map_err(|error| error.to_string());
    let name = request.as_ref().map_or("", |request| request.model.as_str()).to_owned();
    let fault = model.faults.take(Target::Model, &[&name, "completions"], false);
    if fault.is_none() && name == "sandbox-slow" {
        tokio::time::sleep(model.slow).await;
    }
    let answer = || match unsigned(&model, &headers) {
        Some(refused) => refused,
        None => match &request {
            Err(problem) => {
                refuse(StatusCode::BAD_REQUEST, "invalid_request_error", problem, None, None)
            }
            Ok(request) => complete(&model, request),
        },
    };
    let response = with_fault(fault.as_ref(), answer).await;
    log(
        &model,
        ("POST", "/v1/chat/completions"),
        &name,
        (at, clock),
        &headers,
        fault.as_ref(),
        &response,
    );
    response
}

/// The refusal of a request without the right key.
fn unsigned(model: &Model, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")) == Some(model.api_key.as_str()) {
        return None;
    }
    let message = "Incorrect API key provided.";
    Some(refuse(
        StatusCode::UNAUTHORIZED,
        "invalid_request_error",
        message,
        None,
        Some("invalid_api_key"),
    ))
}

fn complete(model: &Model, request: &Completion) -> Response {
    let bad = |message: &str, param: &str| {
        refuse(StatusCode::BAD_REQUEST, "invalid_request_error", message, Some(param), None)
    };
    let known = MODELS.contains(&request.model.as_str())
        || request.model.strip_prefix("sandbox-hostile-").is_some_and(|way| WAYS.contains(&way));
    if !known {
        let message = format!("The model `{}` does not exist.", request.model);
        return refuse(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            &message,
            None,
            Some("model_not_found"),
        );
    }
    let Some(message) =
        request.messages.iter().rev().find(|message| message.role == "user").map(Message::text)
    else {
        return bad("messages must contain one of role user", "messages");
    };
    let schema = match request.response_format.as_ref().map(strict::check).transpose() {
        Err(problem) => return bad(&problem, "response_format"),
        Ok(schema) => schema,
    };
    let prompt = Prompt::read(&message);
    let (content, refusal, finish) = speak(model, &request.model, &prompt, schema);
    let used = (message.len() / 4, content.as_ref().map_or(0, |text| text.len() / 4));
    Json(json!({
        "id": format!("chatcmpl-sandbox-{}", model.turns.load(Ordering::Relaxed)),
        "object": "chat.completion",
        "created": Utc::now().timestamp(),
        "model": request.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content, "refusal": refusal },
            "logprobs": null,
            "finish_reason": finish,
        }],
        "usage": { "prompt_tokens": used.0, "completion_tokens": used.1, "total_tokens": used.0 + used.1 },
    }))
    .into_response()
}

/// Content, refusal and finish reason of one model.
fn speak(
    model: &Model,
    name: &str,
    prompt: &Prompt,
    schema: Option<&Value>,
) -> (Option<String>, Option<&'static str>, &'static str) {
    let Some(schema) = schema else { return (Some("ok".into()), None, "stop") };
    let text = |value: Value| Some(value.to_string());
    match name {
        "sandbox-garbage" => {
            (Some("Of course! Here is the JSON: {\"summary\": [oops".into()), None, "stop")
        }
        "sandbox-refusal" => (None, Some("I cannot help with this request."), "stop"),
        "sandbox-truncated" => {
            let whole = honest(prompt, schema).to_string();
            let half: String = whole.chars().take(whole.chars().count() / 2).collect();
            (Some(half), None, "length")
        }
        "sandbox-hostile" => {
            let turn = model.turns.fetch_add(1, Ordering::Relaxed) as usize;
            (text(hostile(prompt, schema, WAYS[turn % WAYS.len()])), None, "stop")
        }
        name => match name.strip_prefix("sandbox-hostile-") {
            Some(way) => (text(hostile(prompt, schema, way)), None, "stop"),
            None => (text(honest(prompt, schema)), None, "stop"),
        },
    }
}

async fn with_fault(fault: Option<&Fault>, answer: impl FnOnce() -> Response) -> Response {
    let Some(fault) = fault else { return answer() };
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    let limited = |kind: &str, code: &str| {
        let mut response = refuse(
            StatusCode::TOO_MANY_REQUESTS,
            kind,
            "You are over your limit.",
            None,
            Some(code),
        );
        if let Some(seconds) = fault.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    };
    match fault.mode {
        Mode::None | Mode::Slow => answer(),
        Mode::TooMany => limited("requests", "rate_limit_exceeded"),
        Mode::Quota => limited("insufficient_quota", "insufficient_quota"),
        Mode::Unauthorized | Mode::ExpiredToken => {
            let code = Some("invalid_api_key");
            refuse(
                StatusCode::UNAUTHORIZED,
                "invalid_request_error",
                "Incorrect API key provided.",
                None,
                code,
            )
        }
        Mode::Forbidden => {
            refuse(StatusCode::FORBIDDEN, "invalid_request_error", "Not allowed here.", None, None)
        }
        Mode::Internal => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "The server had an error.",
            None,
            None,
        ),
        Mode::Cut => listen::cut(),
        Mode::CutHalf => listen::cut_half(answer()).await,
        Mode::Lost => {
            answer();
            listen::cut()
        }
        Mode::Html200 => {
            axum::response::Html("<!DOCTYPE html><title>Proxy</title><p>Sign in.").into_response()
        }
        Mode::Garbage => {
            ([(header::CONTENT_TYPE, "application/json")], Body::from(&b"\xff{]\x00"[..]))
                .into_response()
        }
        Mode::Huge => listen::huge(fault),
    }
}

fn refuse(
    status: StatusCode,
    kind: &str,
    message: &str,
    param: Option<&str>,
    code: Option<&str>,
) -> Response {
    let error = json!({ "message": message, "type": kind, "param": param, "code": code });
    (status, Json(json!({ "error": error }))).into_response()
}

fn log(
    model: &Model,
    (method, path): (&str, &str),
    operation: &str,
    (at, clock): (chrono::DateTime<Utc>, Instant),
    headers: &HeaderMap,
    fault: Option<&Fault>,
    response: &Response,
) {
    model.ledger.record(Request {
        number: 0,
        target: "model".into(),
        method: method.into(),
        path: path.into(),
        operation: operation.into(),
        dry_run: false,
        status: if listen::is_cut(response) { 0 } else { response.status().as_u16() },
        fault: fault.map(Fault::name),
        at,
        elapsed_ms: clock.elapsed().as_millis() as u64,
        upstream_ms: None,
        headers: loggable(headers),
        parameters: Value::Null,
    });
}
