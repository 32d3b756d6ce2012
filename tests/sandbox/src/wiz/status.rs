//! Refusals with an HTTP status of their own.
//!
//! Public clients disagree about the body: some expect `detail`, others GraphQL `errors` whose extensions carry
//! `code` and `http.status` (as the vendor's error documentation is quoted by them). The stand-in sends both, so
//! that a client may rely on the status and either of them.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// A refusal with the code that belongs to its status.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    let code = match status {
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "UNAUTHORIZED",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMIT_EXCEEDED",
        StatusCode::INTERNAL_SERVER_ERROR => "INTERNAL",
        _ => "BAD_USER_INPUT",
    };
    let extensions = json!({ "code": code, "http": { "status": status.as_u16() } });
    let errors = json!([{ "message": text, "extensions": extensions }]);
    (status, axum::Json(json!({ "detail": text, "errors": errors }))).into_response()
}

/// The token is unknown, revoked or has expired.
pub(super) fn signed_out() -> Response {
    refusal(StatusCode::UNAUTHORIZED, "The access token is not valid.")
}

/// The caller asked too often. The vendor is not known to send Retry-After, so it is absent unless ordered.
pub(super) fn too_many(retry_after: Option<u64>) -> Response {
    let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "Too many requests.");
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// What a gateway in between may answer, with status 200.
pub(super) fn html() -> Response {
    let page = "<!DOCTYPE html><html><head><title>Gateway</title></head><body>The gateway answered.</body></html>";
    axum::response::Html(page).into_response()
}

/// Says it is JSON and is not even text.
pub(super) fn garbage() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from(&b"{\"data\": \xff\xfe \x00 ][,"[..]))
        .into_response()
}
