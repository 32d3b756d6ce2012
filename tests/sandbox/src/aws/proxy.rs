//! The endpoint that clients see: logs every call, plays faults, hands the rest to moto unchanged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Response;
use bytes::Bytes;
use chrono::Utc;

use super::fault;
use super::operation::Operation;
use crate::error::Error;
use crate::faults::{Faults, Mode, Target};
use crate::ledger::{Ledger, Request, loggable};
use crate::listen;

/// Largest request or response body that passes.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Headers that belong to one connection only (RFC 9110, 7.6.1) or are set anew.
const HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::UPGRADE,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
];

/// The proxy in front of moto.
pub(crate) struct Proxy {
    upstream: String,
    client: reqwest::Client,
    faults: Arc<Faults>,
    ledger: Arc<Ledger>,
}

impl Proxy {
    /// A proxy to moto on a loopback port.
    pub(crate) fn new(port: u16, faults: Arc<Faults>, ledger: Arc<Ledger>) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(Error::Client)?;
        Ok(Self { upstream: format!("http://127.0.0.1:{port}"), client, faults, ledger })
    }

    async fn forward(
        &self,
        head: &axum::http::request::Parts,
        body: Bytes,
    ) -> Result<Response, String> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        // The client signed the Host header that it sent, so moto must see exactly that one.
        let answer = self
            .client
            .request(head.method.clone(), format!("{}{path}", self.upstream))
            .headers(passed(&head.headers))
            .body(body)
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let (status, headers) = (answer.status(), passed(answer.headers()));
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn passed(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| !HOP.contains(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Every path and method goes to the proxy.
pub(crate) fn router(proxy: Arc<Proxy>) -> Router {
    Router::new().fallback(call).with_state(proxy)
}

async fn call(State(proxy): State<Arc<Proxy>>, request: HttpRequest) -> Response {
    let (at, clock) = (Utc::now(), Instant::now());
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        return fault::error(
            "ec2",
            413,
            "RequestEntityTooLarge",
            "the request is larger than the sandbox takes",
        );
    };
    let operation = Operation::read(&head.method, &head.uri, &head.headers, &body);
    let full = operation.full_name();
    let fault = proxy.faults.take(
        Target::Aws,
        &[&operation.action, &full, &operation.service],
        operation.dry_run,
    );
    if let Some(delay) = fault.as_ref().map(|fault| fault.delay_ms).filter(|delay| *delay > 0) {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let injected = fault
        .as_ref()
        .and_then(|fault| fault::answer(fault, &operation.service, &operation.action));
    let mut upstream_ms = None;
    let response = match injected {
        Some(response) => response,
        None => {
            let started = Instant::now();
            let answer = proxy.forward(&head, body).await.unwrap_or_else(|problem| {
                fault::error(
                    &operation.service,
                    502,
                    "SandboxUpstream",
                    &format!("moto did not answer: {problem}"),
                )
            });
            upstream_ms = Some(started.elapsed().as_millis() as u64);
            match fault.as_ref().map(|fault| fault.mode) {
                Some(Mode::Lost) => listen::cut(),
                Some(Mode::CutHalf) => listen::cut_half(answer).await,
                _ => answer,
            }
        }
    };
    proxy.ledger.record(Request {
        number: 0,
        target: "aws".into(),
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        operation: full,
        dry_run: operation.dry_run,
        status: if listen::is_cut(&response) { 0 } else { response.status().as_u16() },
        fault: fault.as_ref().map(crate::faults::Fault::name),
        at,
        elapsed_ms: clock.elapsed().as_millis() as u64,
        upstream_ms,
        headers: loggable(&head.headers),
        parameters: operation.parameters(),
    });
    response
}
