//! A plain client of the stand-in.

use chrono::{DateTime, TimeDelta, Utc};
use firebreak_sandbox::ready::LaceworkReady;
use firebreak_sandbox::{Options, Running, Sandbox, Scenarios};
use reqwest::Method;
use serde_json::{Value, json};

/// A sandbox and a token of its account.
pub struct Session {
    pub running: Running,
    pub http: reqwest::Client,
    pub token: String,
}

/// The account of the shipped scenarios, without a rate limit.
pub async fn shipped() -> Session {
    with(Options { rate_limit: None, ..Options::lacework_only() }).await
}

/// An account with nothing in it.
pub async fn empty() -> Session {
    let scenarios = Scenarios::Empty;
    with(Options { rate_limit: None, scenarios, ..Options::lacework_only() }).await
}

pub async fn with(options: Options) -> Session {
    let running = Sandbox::start(options).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut session = Session { running, http, token: String::new() };
    let (status, answer) = session.sign_in(json!({})).await;
    assert_eq!(status, 201, "{answer}");
    session.token = answer["token"].as_str().unwrap().to_owned();
    session
}

pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The query for the last so many hours.
pub fn last_hours(hours: i64) -> String {
    let now = Utc::now();
    format!("?startTime={}&endTime={}", stamp(now - TimeDelta::hours(hours)), stamp(now))
}

impl Session {
    pub fn ready(&self) -> &LaceworkReady {
        self.running.ready().lacework.as_ref().unwrap()
    }

    /// Asks for a token; the fields given replace the right ones.
    pub async fn sign_in(&self, changed: Value) -> (u16, Value) {
        let ready = self.ready();
        let mut body = json!({"keyId": ready.key_id, "expiryTime": 3600});
        for (name, value) in changed.as_object().unwrap() {
            body[name] = value.clone();
        }
        let secret = body["secret"].as_str().unwrap_or(&ready.secret).to_owned();
        let url = format!("{}/api/v2/access/tokens", ready.address);
        let request = self.http.post(url).header("X-LW-UAKS", secret).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// One request below `/api/v2/Alerts`.
    pub async fn send(&self, method: Method, rest: &str, body: Option<Value>) -> reqwest::Response {
        let url = format!("{}/api/v2/Alerts{rest}", self.ready().address);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, rest: &str) -> (u16, Value) {
        let answer = self.send(Method::GET, rest, None).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn post(&self, rest: &str, body: Value) -> (u16, Value) {
        let answer = self.send(Method::POST, rest, Some(body)).await;
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Orders something of the control API.
    pub async fn control(&self, body: Value) -> (u16, Value) {
        let url = format!("{}/lacework/alerts", self.running.ready().control_url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The id of the newest alert of that type.
    pub async fn of_type(&self, kind: &str) -> u64 {
        let (_, list) = self.get(&last_hours(160)).await;
        let found = list["data"].as_array().unwrap().iter().filter(|a| a["alertType"] == kind);
        let newest = found.max_by_key(|alert| alert["startTime"].to_string());
        newest.unwrap_or_else(|| panic!("no alert of type {kind}"))["alertId"].as_u64().unwrap()
    }
}
