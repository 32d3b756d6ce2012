//! A stand-in tenant on loopback, a keychain in memory and a clock that is turned by hand.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use firebreak_core::Timestamp;
use firebreak_core::ports::{
    AlertSource, Clock, Cursor, KeychainState, OutsideError, Secret, SecretName, Vault, VaultError,
};
use firebreak_sources::wiz::{WizConfig, WizSource};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub const SECRET: &str = "s3cr3t-of-the-service-account";

/// The folder that an environment variable names; says so aloud when it is not set.
pub fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: {variable} is not set, so this test checked nothing");
    }
    folder
}

/// Keeps one secret, or is locked.
pub struct Keychain(pub Mutex<Result<Option<String>, VaultError>>);

impl Keychain {
    pub fn with_secret() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Ok(Some(SECRET.to_owned())))))
    }
}

#[async_trait]
impl Vault for Keychain {
    async fn state(&self) -> KeychainState {
        KeychainState::Unlocked
    }
    async fn unlock(&self) -> KeychainState {
        KeychainState::Unlocked
    }
    async fn read(&self, _: &SecretName) -> Result<Option<Secret>, VaultError> {
        self.0.lock().unwrap().clone().map(|secret| secret.map(Secret::new))
    }
    async fn write(&self, _: &SecretName, _: Secret) -> Result<(), VaultError> {
        panic!("a source writes no secret")
    }
    async fn delete(&self, _: &SecretName) -> Result<(), VaultError> {
        panic!("a source deletes no secret")
    }
}

/// Stands still until it is turned.
pub struct HandClock(pub Mutex<Timestamp>);

impl HandClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(DateTime::from_timestamp(1_790_000_000, 0).unwrap())))
    }
    pub fn turn(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Gives tokens `token-1`, `token-2`, … and lets the test answer GraphQL.
pub struct Tenant {
    pub server: MockServer,
    pub tokens: Arc<AtomicUsize>,
    pub clock: Arc<HandClock>,
    pub keychain: Arc<Keychain>,
}

impl Tenant {
    pub async fn answering(
        graphql: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let tokens = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tokens);
        let token = move |_: &Request| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            data(
                json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 3600}),
            )
        };
        Mock::given(method("POST"))
            .and(path("/oauth/token"))
            .respond_with(token)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path("/graphql"))
            .respond_with(graphql)
            .mount(&server)
            .await;
        Self { server, tokens, clock: HandClock::new(), keychain: Keychain::with_secret() }
    }

    pub fn config(&self) -> WizConfig {
        config(
            &format!("{}/graphql", self.server.uri()),
            &format!("{}/oauth/token", self.server.uri()),
        )
    }

    pub fn source(&self) -> WizSource {
        self.source_with(&self.config())
    }

    pub fn source_with(&self, config: &WizConfig) -> WizSource {
        WizSource::new(config, self.keychain.clone(), self.clock.clone()).unwrap()
    }

    /// The variables of every GraphQL request so far.
    pub async fn asked(&self) -> Vec<Value> {
        let requests = self.server.received_requests().await.unwrap();
        let graphql = requests.iter().filter(|request| request.url.path() == "/graphql");
        graphql.map(|request| variables(request).clone()).collect()
    }
}

/// Impatient, so that tests don't wait.
pub fn config(api: &str, auth: &str) -> WizConfig {
    let mut config =
        WizConfig::new("wiz-test", api, auth, "client-1", SecretName::new("source/wiz-test"));
    config.requests_per_second = std::num::NonZeroU32::new(5_000).unwrap();
    config.patience.first_wait = Duration::from_millis(1);
    config.patience.longest_wait = Duration::from_millis(2);
    config.http.total_timeout = Duration::from_secs(20);
    config
}

pub fn data(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub fn gql_error(code: &str, message: &str) -> ResponseTemplate {
    data(json!({"data": null, "errors": [{"message": message, "extensions": {"code": code}}]}))
}

pub fn page(root: &str, nodes: Vec<Value>, next: Option<&str>) -> ResponseTemplate {
    data(
        json!({"data": {root: {"nodes": nodes, "pageInfo": {"hasNextPage": next.is_some(), "endCursor": next}}}}),
    )
}

pub fn variables(request: &Request) -> Value {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["variables"].clone()
}

pub fn query(request: &Request) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["query"].as_str().unwrap().to_owned()
}

pub fn wants_detections(request: &Request) -> bool {
    query(request).starts_with("query FirebreakDetections")
}

/// Polls until there is no more; the bodies and the last cursor.
pub async fn sweep(
    source: &WizSource,
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
