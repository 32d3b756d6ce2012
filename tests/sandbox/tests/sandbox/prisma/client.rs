//! A plain client of the stand-in.

use firebreak_sandbox::ready::PrismaReady;
use firebreak_sandbox::{Options, PrismaOptions, Running, Sandbox, Scenarios};
use reqwest::Method;
use serde_json::{Value, json};

/// A sandbox with a Prisma tenant, and a session with it.
pub struct Session {
    pub running: Running,
    pub http: reqwest::Client,
    pub token: String,
}

/// The shipped scenarios, without rate limits.
pub async fn tenant() -> Session {
    with(PrismaOptions { rate_limits: false, ..PrismaOptions::default() }, Options::default()).await
}

/// Nothing in it.
pub async fn empty() -> Session {
    let options = Options { scenarios: Scenarios::Empty, ..Options::default() };
    with(PrismaOptions { rate_limits: false, ..PrismaOptions::default() }, options).await
}

/// As the options say, signed in; Prisma only.
pub async fn with(prisma: PrismaOptions, options: Options) -> Session {
    let options = Options { wiz: false, model: false, prisma: Some(prisma), ..options };
    let running = Sandbox::start(options).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut session = Session { running, http, token: String::new() };
    session.sign_in().await;
    session
}

impl Session {
    pub fn ready(&self) -> &PrismaReady {
        self.running.ready().prisma.as_ref().unwrap()
    }

    pub async fn sign_in(&mut self) {
        let ready = self.ready();
        let body = json!({"username": ready.access_key_id, "password": ready.secret_key});
        let url = format!("{}/login", ready.api_url);
        let answer: Value =
            self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        self.token = answer["token"].as_str().unwrap().to_owned();
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}{path}", self.ready().api_url);
        let mut request = self.http.request(method, url).header("x-redlock-auth", &self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        self.send(Method::POST, path, Some(body)).await.unwrap()
    }

    /// Posts, expects status 200, and gives the answer.
    pub async fn ask(&self, path: &str, body: Value) -> Value {
        let response = self.post(path, body).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// One alert as `/alert/{id}` shows it.
    pub async fn alert(&self, id: &str) -> Value {
        let path = format!("/alert/{id}?detailed=true");
        self.send(Method::GET, &path, None).await.unwrap().json().await.unwrap()
    }

    /// The first page of everything, detailed.
    pub async fn alerts(&self) -> Vec<Value> {
        let found = self.ask("/v2/alert?detailed=true", everything()).await;
        found["items"].as_array().unwrap().clone()
    }

    /// Id of the first alert of a resource whose policy's name holds a word.
    pub async fn id_of(&self, resource: &str, word: &str) -> String {
        let found = self.alerts().await;
        let is = |alert: &&Value| {
            alert["resource"]["name"] == resource
                && alert["policy"]["name"].as_str().unwrap().contains(word)
        };
        found.iter().find(is).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Orders something of the control API.
    pub async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/{path}", self.running.ready().control_url);
        let response = self.http.post(url).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

pub fn everything() -> Value {
    json!({"timeRange": {"type": "to_now", "value": "epoch"}, "filters": [], "sortBy": ["alertTime:asc"]})
}

/// What the header of a refusal says.
pub fn said(response: &reqwest::Response) -> String {
    let header = response.headers()["x-redlock-status"].to_str().unwrap();
    let list: Value = serde_json::from_str(header).unwrap();
    list[0]["i18nKey"].as_str().unwrap().to_owned()
}
