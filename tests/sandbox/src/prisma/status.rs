//! Refusals as Prisma words them: an empty body and the header `x-redlock-status`, or a body with
//! `error`; of Compute a body with `err`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::token::Allowance;

/// A refusal in the header.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// One of the vendor's, such as `invalid_parameter_value`.
    key: &'static str,
    subject: Option<String>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let said = json!([{ "i18nKey": self.key, "severity": "error", "subject": self.subject }]);
        let mut response = self.status.into_response();
        if let Ok(value) = HeaderValue::from_str(&said.to_string()) {
            response.headers_mut().insert("x-redlock-status", value);
        }
        response
    }
}

/// A refusal about nothing in particular.
pub(super) fn refusal(status: StatusCode, key: &'static str) -> Refusal {
    Refusal { status, key, subject: None }
}

/// A parameter that is wrong.
pub(super) fn invalid(subject: &str) -> Refusal {
    let key = "invalid_parameter_value";
    Refusal { status: StatusCode::BAD_REQUEST, key, subject: Some(subject.to_owned()) }
}

/// A parameter that is not there.
pub(super) fn missing(subject: &str) -> Refusal {
    let key = "missing_required_parameter";
    Refusal { status: StatusCode::BAD_REQUEST, key, subject: Some(subject.to_owned()) }
}

/// Nothing of that name.
pub(super) fn not_found() -> Refusal {
    refusal(StatusCode::NOT_FOUND, "not_found")
}

/// The session has ended, or never was.
pub(super) fn signed_out() -> Response {
    refusal(StatusCode::UNAUTHORIZED, "token_expired").into_response()
}

/// Asked too often. The vendor sends no `Retry-After` with it; it is absent unless ordered.
pub(super) fn too_many(retry_after: Option<u64>) -> Response {
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too_many_requests").into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A refusal in the body, as the vendor's page on errors shows it.
pub(super) fn trouble(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "code": code, "message": message, "target": null, "details": {} });
    (status, axum::Json(json!({ "error": error }))).into_response()
}

/// A refusal of Compute.
pub(super) fn compute(status: StatusCode, err: &str) -> Response {
    (status, axum::Json(json!({ "err": err }))).into_response()
}

/// What the load balancer answers with status 200 when it dislikes a request.
pub(super) fn html() -> Response {
    let page = "<html>\n<head><title>414 Request-URI Too Large</title></head>\n<body>\n<center><h1>Request refused</h1></center>\n</body>\n</html>\n";
    axum::response::Html(page).into_response()
}

/// Says it is JSON and is not even text.
pub(super) fn garbage() -> Response {
    let bytes = &b"{\"items\": \xff\xfe \x00 ][,"[..];
    ([(header::CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response()
}

/// JSON with the type that the vendor names for logins and resources.
pub(super) fn utf8(value: &serde_json::Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
    (kind, value.to_string()).into_response()
}

/// Adds the four headers of the limit.
pub(super) fn with_allowance(mut response: Response, allowance: Option<Allowance>) -> Response {
    let Some(allowance) = allowance else { return response };
    for (name, value) in [
        ("x-ratelimit-burst-capacity", allowance.capacity),
        ("x-ratelimit-remaining", allowance.remaining),
        ("x-ratelimit-replenish-rate", allowance.per_second),
        ("x-ratelimit-requested-tokens", 1),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), value.into());
    }
    response
}
