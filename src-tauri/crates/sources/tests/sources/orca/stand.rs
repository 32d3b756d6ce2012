//! A small organisation on loopback whose answers the test gives.

use std::sync::Arc;
use std::time::Duration;

use firebreak_core::ports::{AlertSource, Cursor, OutsideError, SecretName};
use firebreak_sources::orca::{OrcaConfig, OrcaSource, OrcaWriter};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stand::{HandClock, Keychain, SECRET};

pub const SERVING: &str = "/api/serving-layer/query";
pub const RULES: &str = "/api/rules/query/alerts";

pub struct Organisation {
    pub server: MockServer,
    pub clock: Arc<HandClock>,
    pub keychain: Arc<Keychain>,
}

impl Organisation {
    pub async fn answering(
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let signed = move |request: &Request| {
            let token = request.headers.get("authorization").map(|value| value.to_str().unwrap());
            match token == Some(&format!("Token {SECRET}")) {
                true => answer(request),
                false => {
                    ResponseTemplate::new(401).set_body_json(json!({"detail": "Invalid token."}))
                }
            }
        };
        Mock::given(any()).respond_with(signed).mount(&server).await;
        Self { server, clock: HandClock::new(), keychain: Keychain::with_secret() }
    }

    /// Impatient, so that tests don't wait.
    pub fn config(&self) -> OrcaConfig {
        let mut config =
            OrcaConfig::new("orca-test", self.server.uri(), SecretName::new("source/orca-test"));
        config.requests_per_second = std::num::NonZeroU32::new(5_000).unwrap();
        config.patience.first_wait = Duration::from_millis(1);
        config.patience.longest_wait = Duration::from_millis(2);
        config.http.total_timeout = Duration::from_secs(20);
        config
    }

    pub fn source(&self) -> OrcaSource {
        self.source_with(&self.config())
    }

    pub fn source_with(&self, config: &OrcaConfig) -> OrcaSource {
        OrcaSource::new(config, self.keychain.clone(), self.clock.clone()).unwrap()
    }

    pub fn writer(&self) -> OrcaWriter {
        OrcaWriter::new(&self.config(), self.keychain.clone()).unwrap()
    }

    /// Method and path of every request so far.
    pub async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method, request.url.path()))
            .collect()
    }

    /// The bodies of every request so far, as JSON.
    pub async fn bodies(&self) -> Vec<Value> {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().map(body).collect()
    }
}

pub fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

pub fn form(request: &Request, name: &str) -> Option<String> {
    let query = format!("?{}", String::from_utf8_lossy(&request.body));
    let url = request.url.join(&query).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub fn data(rows: Vec<Value>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"status": "success", "data": rows}))
}

/// An alert as the serving layer writes it.
pub fn alert(number: usize, updated: &str) -> Value {
    json!({"id": format!("0000-{number}"), "type": "Alert", "name": format!("orca-{number}"), "data": {
        "AlertId": {"value": format!("orca-{number}")}, "Title": {"value": "T"}, "Status": {"value": "open"},
        "RiskLevel": {"value": "high"}, "CreatedAt": {"value": "2026-01-01T00:00:00+00:00"},
        "LastUpdated": {"value": updated}}})
}

/// Polls until there is no more; the alert ids and the last cursor.
pub async fn sweep(
    source: &OrcaSource,
    mut cursor: Option<Cursor>,
) -> Result<(Vec<String>, Cursor), OutsideError> {
    let mut ids = Vec::new();
    loop {
        let page = source.poll(cursor.as_ref()).await?;
        for alert in &page.alerts {
            let value: Value = serde_json::from_slice(&alert.body).unwrap();
            let id = value["data"]["AlertId"]["value"].as_str();
            ids.push(id.or(value["state"]["alert_id"].as_str()).unwrap().to_owned());
        }
        if !page.more {
            return Ok((ids, page.cursor));
        }
        cursor = Some(page.cursor);
    }
}
