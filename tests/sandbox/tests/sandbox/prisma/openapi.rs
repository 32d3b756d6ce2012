//! The vendor's OpenAPI of CSPM as a judge: `prism proxy` stands between a client and the stand-in
//! and checks every request and every answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::client::{everything, tenant};

/// Where the stand-in differs from the description on purpose, because real answers do: part of the
/// violation's place, and why. Everything else fails the test.
const EXPECTED: [(&str, &str); 2] = [
    (
        "policy.severity: ",
        "real alerts are critical and informational too; the description lists high, medium and low",
    ),
    ("resource.cloudType: ", "real alerts write aws and gcp; the description lists AWS and GCP"),
];

/// A program that ends with the test.
struct Judge(Child);

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The tools, or a word about what is missing.
fn tools() -> Option<(PathBuf, PathBuf)> {
    let path = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let (prism, specs) = (path("FIREBREAK_PRISM"), path("FIREBREAK_SPECS"));
    let spec = specs
        .map(|folder| folder.join("prisma-cloud-cspm.openapi.json"))
        .filter(|spec| spec.is_file());
    if prism.is_none() || spec.is_none() {
        eprintln!(
            "SKIPPED: FIREBREAK_PRISM (an installed prism 5.14) or FIREBREAK_SPECS is not set, so this test checked nothing"
        );
    }
    Some((prism?, spec?))
}

/// The description with what prism can't read changed: the response type `*/*`, and everything that
/// is not asked for here left out, which makes it start in a second rather than a minute.
fn prepared(spec: &Path, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(spec).unwrap().replace("\"*/*\"", "\"application/json\"");
    let mut description: Value = serde_json::from_str(&text).unwrap();
    let wanted = [
        "/login",
        "/auth_token/extend",
        "/v2/alert",
        "/alert/{id}",
        "/alert/dismiss",
        "/alert/reopen",
        "/resource",
        "/uai/v1/asset",
        "/api/v1/permission",
        "/user/me",
    ];
    description["paths"].as_object_mut().unwrap().retain(|path, _| wanted.contains(&path.as_str()));
    let path = folder.join("cspm.json");
    std::fs::write(&path, description.to_string()).unwrap();
    path
}

async fn start(prism: &Path, spec: &Path, upstream: &str, port: u16) -> Judge {
    let child = Command::new(prism)
        .args([
            "proxy",
            spec.to_str().unwrap(),
            upstream,
            "-p",
            &port.to_string(),
            "-h",
            "127.0.0.1",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let judge = Judge(child);
    let began = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "prism does not come up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    judge
}

struct Trial {
    http: Client,
    base: String,
    token: String,
    violations: BTreeSet<String>,
}

impl Trial {
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
        expected: u16,
    ) -> Value {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        request = request.header("x-redlock-auth", &self.token);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let header = response.headers().get("sl-violations").and_then(|value| value.to_str().ok());
        let found: Value =
            header.map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
        for violation in found.as_array().into_iter().flatten() {
            let place: Vec<&str> = violation["location"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let place: Vec<&str> =
                place.into_iter().filter(|part| part.parse::<usize>().is_err()).collect();
            let said = violation["message"].as_str().unwrap_or_default();
            self.violations.insert(format!("{method} {path} {}: {said}", place.join(".")));
        }
        assert_eq!(status, expected, "{method} {path}: {:?}", self.violations);
        response.json().await.unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_description_finds_nothing_but_what_is_listed() {
    let Some((prism, spec)) = tools() else { return };
    let session = tenant().await;
    let folder = std::env::temp_dir().join(format!("firebreak-prism-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let spec = prepared(&spec, &folder);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ready = session.ready().clone();
    let _judge = start(&prism, &spec, &ready.api_url, port).await;
    let mut trial = Trial {
        http: session.http.clone(),
        base: format!("http://127.0.0.1:{port}"),
        token: String::new(),
        violations: BTreeSet::new(),
    };
    converse(&mut trial, &ready.access_key_id, &ready.secret_key).await;
    judge_is_awake(&mut trial).await;
    let _ = std::fs::remove_dir_all(&folder);
    let listed = |violation: &&String| EXPECTED.iter().any(|(place, _)| violation.contains(place));
    let (known, fresh): (Vec<&String>, Vec<&String>) = trial.violations.iter().partition(listed);
    for (place, why) in EXPECTED {
        let times = known.iter().filter(|violation| violation.contains(place)).count();
        assert!(times > 0, "{place} is no longer a violation: take it off the list");
        eprintln!("expected {times} times: {place}{why}");
    }
    assert!(fresh.is_empty(), "{fresh:#?}");
}

/// A judge that finds nothing wrong with this would find nothing wrong with anything.
async fn judge_is_awake(trial: &mut Trial) {
    let known = std::mem::take(&mut trial.violations);
    trial.ask(Method::POST, "/v2/alert", Some(json!({"limit": "ten"})), 400).await;
    trial.ask(Method::POST, "/alert/dismiss", Some(json!({"alerts": ["P-1"]})), 400).await;
    let found = std::mem::replace(&mut trial.violations, known);
    assert!(found.iter().any(|said| said.contains("limit")), "{found:?}");
    assert!(found.iter().any(|said| said.contains("filter")), "{found:?}");
}

/// Everything that a client of ours asks.
async fn converse(trial: &mut Trial, key: &str, secret: &str) {
    let login = json!({"username": key, "password": secret});
    trial
        .ask(Method::POST, "/login", Some(json!({"username": key, "password": "wrong"})), 401)
        .await;
    let session = trial.ask(Method::POST, "/login", Some(login), 200).await;
    session["token"].as_str().unwrap().clone_into(&mut trial.token);
    let session = trial.ask(Method::GET, "/auth_token/extend", None, 200).await;
    session["token"].as_str().unwrap().clone_into(&mut trial.token);
    trial.ask(Method::GET, "/user/me", None, 200).await;
    let mut search = everything();
    search["limit"] = json!(5);
    search["filters"] =
        json!([{"name": "timeRange.type", "operator": "=", "value": "ALERT_STATUS_UPDATED"}]);
    let absolute = json!({"startTime": 1_600_000_000_000_i64, "endTime": chrono::Utc::now().timestamp_millis()});
    search["timeRange"] = json!({"type": "absolute", "value": absolute});
    let mut found = trial.ask(Method::POST, "/v2/alert?detailed=true", Some(search), 200).await;
    let mut alerts = Vec::new();
    loop {
        alerts.extend(found["items"].as_array().unwrap().clone());
        let Some(token) = found["nextPageToken"].as_str().map(str::to_owned) else { break };
        found = trial
            .ask(Method::POST, "/v2/alert?detailed=true", Some(json!({"pageToken": token})), 200)
            .await;
    }
    assert!(alerts.len() > 5);
    let alert = alerts.iter().find(|alert| alert["resource"]["name"] == "web-7").unwrap();
    let id = alert["id"].as_str().unwrap();
    trial.ask(Method::GET, &format!("/alert/{id}?detailed=true"), None, 200).await;
    trial.ask(Method::GET, "/alert/P-0", None, 404).await;
    for aspect in ["ASSET", "RELATIONSHIPS", "NETWORK", "ALERTS"] {
        let asked = json!({"assetId": alert["resource"]["unifiedAssetId"], "type": aspect});
        trial.ask(Method::POST, "/uai/v1/asset", Some(asked), 200).await;
    }
    trial.ask(Method::POST, "/resource", Some(json!({"rrn": alert["resource"]["rrn"]})), 200).await;
    let query = format!(
        "config from iam where source.cloud.resource.id = '{}'",
        alert["resource"]["id"].as_str().unwrap()
    );
    trial
        .ask(Method::POST, "/api/v1/permission", Some(json!({"query": query, "limit": 200})), 200)
        .await;
    let change = json!({"alerts": [id], "policies": [], "dismissalNote": "looked at", "filter": {"timeRange": {"type": "to_now", "value": "epoch"}}});
    trial.ask(Method::POST, "/alert/dismiss", Some(change.clone()), 200).await;
    trial.ask(Method::POST, "/alert/reopen", Some(change.clone()), 200).await;
    let mut snooze = change;
    snooze["dismissalTimeRange"] = json!({"type": "relative", "relativeTimeType": "FORWARD", "value": {"amount": 8, "unit": "hour"}});
    trial.ask(Method::POST, "/alert/dismiss", Some(snooze), 200).await;
}
