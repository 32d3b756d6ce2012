//! Answers with a status of their own. Version 2 of the API puts its words under `message`; the
//! vendor's own clients look for them in other places as well, so nothing else is promised.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::said;
use super::token::Left;

/// A refusal.
pub(super) fn refusal(status: u16, text: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::Json(said(text))).into_response()
}

/// The token is unknown, revoked or has expired.
pub(super) fn signed_out() -> Response {
    refusal(401, "Authorization token is invalid or has expired")
}

/// Too many requests in the hour. `Retry-After` is not known to be sent: only when ordered.
pub(super) fn too_many(left: Left, retry_after: Option<u64>) -> Response {
    let mut response = counted(refusal(429, "Rate limit exceeded"), left);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Says what is left of the hour, by the header names of the IETF draft.
pub(super) fn counted(mut response: Response, Left(limit, left, reset): Left) -> Response {
    let headers = response.headers_mut();
    headers.insert("ratelimit-limit", HeaderValue::from(limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(left));
    headers.insert("ratelimit-reset", HeaderValue::from(reset));
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
