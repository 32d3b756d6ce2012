//! What the stand-ins were asked: a bounded log for tests to look at.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many requests are kept; older ones are dropped.
const KEPT: usize = 20_000;

/// Headers that carry secrets and are never logged.
const SECRET_HEADERS: [&str; 6] = [
    "authorization",
    "cookie",
    "x-amz-security-token",
    "x-api-key",
    "proxy-authorization",
    "x-lw-uaks",
];

/// One request that a stand-in saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Position in the log, from 1, never reused.
    pub number: u64,
    /// `wiz`, `prisma`, `lacework`, `orca`, `model` or `aws`.
    pub target: String,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// GraphQL operation name, AWS action (`ec2:StopInstances`), `token`, or the model's name.
    pub operation: String,
    /// Whether the request asked AWS for a dry run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// HTTP status of the answer; 0 when the connection was cut instead.
    pub status: u16,
    /// Name of the fault that was played, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// Milliseconds until the answer was ready.
    pub elapsed_ms: u64,
    /// Milliseconds that the server behind the proxy took (AWS only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_ms: Option<u64>,
    /// Request headers without secrets.
    pub headers: BTreeMap<String, String>,
    /// GraphQL variables or AWS parameters, without secrets.
    pub parameters: serde_json::Value,
}

/// The log of requests, shared by the stand-ins.
#[derive(Debug, Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    requests: VecDeque<Request>,
}

impl Ledger {
    /// Appends a request and numbers it.
    pub fn record(&self, mut request: Request) {
        let mut inner = self.lock();
        inner.last += 1;
        request.number = inner.last;
        if inner.requests.len() == KEPT {
            inner.requests.pop_front();
        }
        inner.requests.push_back(request);
    }

    /// Requests of a target (all when `None`) after a number, oldest first.
    #[must_use]
    pub fn requests(&self, target: Option<&str>, after: u64) -> Vec<Request> {
        let chosen = |request: &&Request| {
            request.number > after && target.is_none_or(|target| request.target == target)
        };
        self.lock().requests.iter().filter(chosen).cloned().collect()
    }

    /// Forgets everything; numbers go on.
    pub fn clear(&self) {
        self.lock().requests.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // A panic while holding the lock cannot leave the queue half written.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Request headers as text, without the secret ones.
#[must_use]
pub fn loggable(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| !SECRET_HEADERS.contains(&name.as_str()))
        .map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}
