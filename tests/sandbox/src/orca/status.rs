//! Refusals, in the two forms that Orca's clients read: `detail` from the framework in front,
//! `status` and `error` from Orca's own code.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// The framework refuses.
pub(super) fn detail(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "detail": text }))).into_response()
}

/// Orca refuses.
pub(super) fn failure(status: StatusCode, error: &str) -> Response {
    (status, axum::Json(json!({ "status": "failure", "error": error }))).into_response()
}

/// The token is missing or unknown.
pub(super) fn signed_out() -> Response {
    detail(StatusCode::UNAUTHORIZED, "Invalid token.")
}

/// Too often. Orca publishes no limit and no header; `Retry-After` only when ordered.
pub(super) fn too_many(retry_after: Option<u64>) -> Response {
    let mut response = detail(StatusCode::TOO_MANY_REQUESTS, "Request was throttled.");
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
    let bytes = Body::from(&b"{\"status\": \xff\xfe \x00 ][,"[..]);
    ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}
