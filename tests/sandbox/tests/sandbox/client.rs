//! A plain client of the stand-ins.

use firebreak_sandbox::{Options, Ready, Running, Sandbox, Scenarios};
use serde_json::{Value, json};

/// A sandbox and a session with its tenant.
pub struct Session {
    pub running: Running,
    pub http: reqwest::Client,
    pub token: String,
}

/// The tenant of the shipped scenarios, without a rate limit.
pub async fn tenant() -> Session {
    with(Options { rate_limit: None, ..Options::wiz_only() }).await
}

/// A tenant with nothing in it.
pub async fn empty() -> Session {
    with(Options { rate_limit: None, scenarios: Scenarios::Empty, ..Options::wiz_only() }).await
}

/// A tenant as the options say, signed in.
pub async fn with(options: Options) -> Session {
    let running = Sandbox::start(options).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = sign_in(&http, running.ready()).await;
    Session { running, http, token }
}

/// Asks for a token with the right credentials.
pub async fn sign_in(http: &reqwest::Client, ready: &Ready) -> String {
    let wiz = ready.wiz.as_ref().unwrap();
    let fields = [
        ("grant_type", "client_credentials"),
        ("audience", "wiz-api"),
        ("client_id", &wiz.client_id),
        ("client_secret", &wiz.client_secret),
    ];
    let answer: Value =
        http.post(&wiz.auth_url).form(&fields).send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

impl Session {
    /// Posts a GraphQL request as it is.
    pub async fn post(&self, body: Value) -> reqwest::Result<reqwest::Response> {
        let wiz = self.running.ready().wiz.as_ref().unwrap();
        self.http.post(&wiz.api_url).bearer_auth(&self.token).json(&body).send().await
    }

    /// Asks, expects status 200, and gives the whole answer.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let response = self.post(json!({ "query": query, "variables": variables })).await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Asks and expects data without errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].take()
    }

    /// Orders something of the control API.
    pub async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/{path}", self.running.ready().control_url);
        let response = self.http.post(url).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Id of the one issue of an entity under a rule.
    pub async fn issue(&self, entity: &str, rule: &str) -> String {
        let url = format!("{}/issues", self.running.ready().control_url);
        let all: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let found = |issue: &&Value| {
            issue["entity"] == entity && issue["rule"].as_str().unwrap().contains(rule)
        };
        all["issues"].as_array().unwrap().iter().find(found).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}
