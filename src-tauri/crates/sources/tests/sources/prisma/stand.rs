//! A stand-in tenant that gives tokens and lets the test answer the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firebreak_core::finding::Finding;
use firebreak_core::ports::{
    AlertSource, Clock, Cursor, Normaliser, OutsideError, RawAlert, SecretName,
};
use firebreak_core::{AlertId, FindingId};
use firebreak_sources::prisma::{PrismaConfig, PrismaNormaliser, PrismaSource, PrismaWriter};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stand::{HandClock, Keychain};

/// Answers `/login` and `/auth_token/extend` itself: tokens `jwt-1`, `jwt-2`, …
pub struct Tenant {
    pub server: MockServer,
    pub logins: Arc<AtomicUsize>,
    pub clock: Arc<HandClock>,
    pub keychain: Arc<Keychain>,
}

impl Tenant {
    pub async fn answering(
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let logins = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&logins);
        let respond = move |request: &Request| match request.url.path() {
            "/login" | "/compute/api/v34.04/authenticate" => {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                ok(json!({"token": format!("jwt-{number}"), "message": "login_successful"}))
            }
            _ => answer(request),
        };
        Mock::given(any()).respond_with(respond).mount(&server).await;
        Self { server, logins, clock: HandClock::new(), keychain: Keychain::with_secret() }
    }

    /// Impatient, so that tests don't wait; without Compute.
    pub fn config(&self) -> PrismaConfig {
        let secret = SecretName::new("source/prisma-test");
        let mut config = PrismaConfig::new("prisma-test", self.server.uri(), "key-1", secret);
        config.requests_per_second = std::num::NonZeroU32::new(5_000).unwrap();
        config.details_per_second = std::num::NonZeroU32::new(5_000).unwrap();
        config.patience.first_wait = Duration::from_millis(1);
        config.patience.longest_wait = Duration::from_millis(2);
        config.http.total_timeout = Duration::from_secs(20);
        config
    }

    pub fn with_compute(&self) -> PrismaConfig {
        let compute_url = Some(format!("{}/compute", self.server.uri()));
        PrismaConfig { compute_url, ..self.config() }
    }

    pub fn source(&self) -> PrismaSource {
        self.source_with(&self.config())
    }

    pub fn source_with(&self, config: &PrismaConfig) -> PrismaSource {
        PrismaSource::new(config, self.keychain.clone(), self.clock.clone()).unwrap()
    }

    pub fn writer(&self, config: &PrismaConfig) -> PrismaWriter {
        PrismaWriter::new(config, self.keychain.clone()).unwrap()
    }

    /// Method and path of every request so far, logins left out.
    pub async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let line = |request: &Request| format!("{} {}", request.method, request.url.path());
        requests.iter().map(line).filter(|line| line != "POST /login").collect()
    }

    /// Bodies of the requests of a path.
    pub async fn bodies(&self, path: &str) -> Vec<Value> {
        let requests = self.server.received_requests().await.unwrap();
        let of = requests.iter().filter(|request| request.url.path() == path);
        of.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }

    pub fn finding(&self, alert: &Value) -> Finding {
        let raw = RawAlert { kind: "alert".into(), body: alert.to_string().into_bytes() };
        Finding {
            id: FindingId::new("fnd"),
            source: "prisma-test".to_owned(),
            alert: AlertId::new("alr"),
            alert_sha256: String::new(),
            received_at: self.clock.now(),
            draft: PrismaNormaliser.normalise(&raw).unwrap(),
        }
    }
}

pub fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub fn page(items: Vec<Value>, next: Option<&str>) -> ResponseTemplate {
    ok(json!({"totalRows": items.len(), "items": items, "nextPageToken": next}))
}

/// The search of a request for alerts.
pub fn search(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Milliseconds of a moment near the clock of the tests, in minutes from it.
pub fn minute(minutes: i64) -> i64 {
    (1_790_000_000 + minutes * 60) * 1_000
}

pub fn alert(id: &str, minutes: i64) -> Value {
    json!({"id": id, "status": "open", "policyId": "p", "firstSeen": minute(minutes - 60),
           "lastSeen": minute(minutes), "lastUpdated": minute(minutes), "policy": {"name": "R", "severity": "high"}})
}

pub fn ids(bodies: &[Value]) -> Vec<&str> {
    let id = |body: &'_ Value| ["id", "_id"].iter().any(|key| body[*key].is_string());
    assert!(bodies.iter().all(id));
    bodies.iter().map(|body| body["id"].as_str().or(body["_id"].as_str()).unwrap()).collect()
}

/// Polls until there is no more; the bodies and the last cursor.
pub async fn sweep(
    source: &PrismaSource,
    mut cursor: Option<Cursor>,
) -> Result<(Vec<Value>, Cursor), OutsideError> {
    let mut bodies = Vec::new();
    loop {
        let page = source.poll(cursor.as_ref()).await?;
        bodies.extend(
            page.alerts.iter().map(|alert| serde_json::from_slice::<Value>(&alert.body).unwrap()),
        );
        if !page.more {
            return Ok((bodies, page.cursor));
        }
        cursor = Some(page.cursor);
    }
}
