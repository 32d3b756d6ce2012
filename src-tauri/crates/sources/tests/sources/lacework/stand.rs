//! A small account on loopback, which a test changes while it is polled.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebreak_core::Timestamp;
use firebreak_core::ports::{AlertSource, Clock, Cursor, OutsideError, SecretName};
use firebreak_sources::lacework::{LaceworkConfig, LaceworkSource, LaceworkWriter};
use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stand::{HandClock, Keychain, SECRET};

/// Answers a request before anything else does.
type Instead = Box<dyn FnMut(&Request) -> Option<ResponseTemplate> + Send>;

/// Alerts by id, and how many of a list go on a page.
#[derive(Default)]
pub struct Alerts {
    pub all: BTreeMap<u64, Value>,
    pub page: usize,
    pub comments: Vec<(u64, String)>,
    pub closings: Vec<(u64, Value)>,
    /// Answers before anything else, until it says `None`.
    pub instead: Option<Instead>,
}

pub struct Account {
    pub server: MockServer,
    pub alerts: Arc<Mutex<Alerts>>,
    pub tokens: Arc<AtomicUsize>,
    pub clock: Arc<HandClock>,
    pub keychain: Arc<Keychain>,
}

/// An alert as a list shows it, `hours` before the clock's start.
pub fn alert(id: u64, hours: i64, severity: &str, status: &str) -> Value {
    let start = HandClock::new().now() - chrono::TimeDelta::hours(hours);
    let stamp = |at: Timestamp| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    json!({"alertId": id, "alertName": format!("Alert {id}"), "alertType": "MaliciousFile",
        "severity": severity, "status": status, "startTime": stamp(start),
        "endTime": stamp(start + chrono::TimeDelta::hours(1)), "lastUserUpdatedTime": "0"})
}

fn data(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

impl Account {
    pub async fn with(alerts: impl IntoIterator<Item = Value>) -> Self {
        let server = MockServer::start().await;
        let all = alerts.into_iter().map(|alert| (alert["alertId"].as_u64().unwrap(), alert));
        let state = Alerts { all: all.collect(), page: 100, ..Alerts::default() };
        let account = Self {
            alerts: Arc::new(Mutex::new(state)),
            tokens: Arc::new(AtomicUsize::new(0)),
            clock: HandClock::new(),
            keychain: Keychain::with_secret(),
            server,
        };
        account.mount().await;
        account
    }

    async fn mount(&self) {
        let (count, clock) = (Arc::clone(&self.tokens), Arc::clone(&self.clock));
        let token = move |request: &Request| {
            assert_eq!(request.headers["x-lw-uaks"], SECRET);
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let ends = (clock.now() + chrono::TimeDelta::hours(1)).to_rfc3339();
            ResponseTemplate::new(201)
                .set_body_json(json!({"token": format!("token-{number}"), "expiresAt": ends}))
                .insert_header("date", clock.now().to_rfc2822().replace("+0000", "GMT"))
        };
        let tokens = Mock::given(method("POST")).and(path("/api/v2/access/tokens"));
        tokens.respond_with(token).mount(&self.server).await;
        let (state, host) = (Arc::clone(&self.alerts), self.server.uri());
        let answer = move |request: &Request| answer(&mut state.lock().unwrap(), request, &host);
        let alerts = Mock::given(path_regex("^/api/v2/Alerts"));
        alerts.respond_with(answer).mount(&self.server).await;
    }

    /// Impatient, so that tests don't wait.
    pub fn config(&self) -> LaceworkConfig {
        let mut config = LaceworkConfig::new(
            "lacework-test",
            self.server.uri(),
            "KEY_1",
            SecretName::new("source/lacework-test"),
        );
        config.patience.first_wait = Duration::from_millis(1);
        config.patience.longest_wait = Duration::from_millis(2);
        config.requests_per_hour = std::num::NonZeroU32::new(100_000).unwrap();
        config
    }

    pub fn source(&self) -> LaceworkSource {
        self.source_with(&self.config())
    }

    pub fn source_with(&self, config: &LaceworkConfig) -> LaceworkSource {
        LaceworkSource::new(config, self.keychain.clone(), self.clock.clone()).unwrap()
    }

    pub fn writer(&self) -> LaceworkWriter {
        LaceworkWriter::new(&self.config(), self.keychain.clone()).unwrap()
    }

    pub fn change(&self, id: u64, fields: Value) {
        let mut alerts = self.alerts.lock().unwrap();
        let alert = alerts.all.get_mut(&id).unwrap();
        for (name, value) in fields.as_object().unwrap() {
            alert[name] = value.clone();
        }
    }

    pub fn add(&self, alert: Value) {
        self.alerts.lock().unwrap().all.insert(alert["alertId"].as_u64().unwrap(), alert);
    }

    pub fn instead(
        &self,
        answer: impl FnMut(&Request) -> Option<ResponseTemplate> + Send + 'static,
    ) {
        self.alerts.lock().unwrap().instead = Some(Box::new(answer));
    }

    /// Path and query of every request for alerts so far.
    pub async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let alerts = requests.iter().filter(|request| request.url.path().contains("/Alerts"));
        alerts
            .map(|request| {
                let query = request.url.query().map(|query| format!("?{query}"));
                format!("{} {}{}", request.method, request.url.path(), query.unwrap_or_default())
            })
            .collect()
    }
}

fn answer(alerts: &mut Alerts, request: &Request, host: &str) -> ResponseTemplate {
    if let Some(instead) = &mut alerts.instead
        && let Some(answer) = instead(request)
    {
        return answer;
    }
    let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
    let rest: Vec<&str> = request.url.path().split('/').skip(4).collect();
    let unknown = || ResponseTemplate::new(404).set_body_json(json!({"message": "no such alert"}));
    match (request.method.as_str(), rest.as_slice()) {
        ("GET", []) => {
            let (from, until) = (query["startTime"].as_str(), query["endTime"].as_str());
            list(alerts, from, until, 0, host)
        }
        ("GET", [page]) if page.starts_with("page") => {
            let parts: Vec<&str> = page.split('_').collect();
            list(alerts, parts[1], parts[2], parts[3].parse().unwrap(), host)
        }
        ("POST", ["search"]) => list(alerts, "", "z", 0, host),
        ("GET", [id]) => {
            let id: u64 = id.parse().unwrap();
            let Some(alert) = alerts.all.get(&id) else { return unknown() };
            let timeline = alerts.comments.iter().filter(|(of, _)| *of == id);
            let timeline = timeline
                .map(|(_, said)| json!({"entryType": "Comment", "message": {"value": said}}));
            match query["scope"].as_str() {
                "Details" => {
                    let mut whole = alert.clone();
                    whole["entityMap"] = json!({"Machine": [{"KEY": {"mid": id}, "PROPS": {"hostname": "web-7",
                        "tags": {"InstanceId": "i-0aa11bb22cc33dd44", "Account": "123456789012", "Zone": "eu-central-1a"}}}]});
                    data(json!({"data": whole}))
                }
                "Timeline" => data(json!({"data": timeline.collect::<Vec<_>>()})),
                "Investigation" => data(json!({"data": [{"question": "New?", "answer": "Yes"}]})),
                _ => data(json!({"data": []})),
            }
        }
        ("POST", [id, verb]) => {
            let id: u64 = id.parse().unwrap();
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            if !alerts.all.contains_key(&id) {
                return unknown();
            }
            if *verb == "comment" {
                alerts.comments.push((id, body["comment"].as_str().unwrap().to_owned()));
                return ResponseTemplate::new(201).set_body_json(json!({"data": {"alertId": id}}));
            }
            alerts.all.get_mut(&id).unwrap()["status"] = json!("Closed");
            alerts.closings.push((id, body));
            data(json!({"message": "SUCCESS"}))
        }
        _ => unknown(),
    }
}

fn list(alerts: &Alerts, from: &str, until: &str, skip: usize, host: &str) -> ResponseTemplate {
    let within = |alert: &&Value| {
        let start = alert["startTime"].as_str().unwrap();
        start >= from && start <= until
    };
    let found: Vec<&Value> = alerts.all.values().filter(within).collect();
    let rows: Vec<&&Value> = found.iter().skip(skip).take(alerts.page).collect();
    let after = skip + rows.len();
    let next =
        (after < found.len()).then(|| format!("{host}/api/v2/Alerts/page_{from}_{until}_{after}"));
    data(json!({"data": rows, "paging": {"rows": rows.len(), "totalRows": found.len(),
        "urls": {"nextPage": next}}}))
}

/// Polls until there is no more; the ids with status, and the last cursor.
pub async fn sweep(
    source: &LaceworkSource,
    mut cursor: Option<Cursor>,
) -> Result<(Vec<(u64, String)>, Cursor), OutsideError> {
    let mut seen = Vec::new();
    for _ in 0..1_000 {
        let page = source.poll(cursor.as_ref()).await?;
        for alert in &page.alerts {
            let body: Value = serde_json::from_slice(&alert.body).unwrap();
            let alert = if body["alert"].is_object() { &body["alert"] } else { &body };
            let status = alert["status"].as_str().unwrap_or_default().to_owned();
            seen.push((alert["alertId"].as_u64().unwrap_or_default(), status));
        }
        if !page.more {
            return Ok((seen, page.cursor));
        }
        cursor = Some(page.cursor);
    }
    panic!("polling does not end")
}

/// Only the ids, in order.
pub fn ids(seen: &[(u64, String)]) -> Vec<u64> {
    let mut ids: Vec<u64> = seen.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    ids
}
