//! The Orca organisation, asked over HTTP, and by Orca's own published client.

use std::time::Duration;

use firebreak_sandbox::faults::{Fault, Mode, Target};
use firebreak_sandbox::ready::OrcaReady;
use firebreak_sandbox::{Options, Running, Sandbox, Scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use crate::python;

pub struct Session {
    running: Running,
    http: reqwest::Client,
}

pub async fn organisation() -> Session {
    with(Options { wiz: false, model: false, orca: true, ..Options::default() }).await
}

async fn with(options: Options) -> Session {
    let running = Sandbox::start(options).await.unwrap();
    Session { running, http: reqwest::Client::builder().no_proxy().build().unwrap() }
}

impl Session {
    fn ready(&self) -> &OrcaReady {
        self.running.ready().orca.as_ref().unwrap()
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<(u16, Value)> {
        let url = format!("{}/api/{path}", self.ready().api_url);
        let token = format!("Token {}", self.ready().api_token);
        let mut request = self.http.request(method, url).header("Authorization", token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    pub async fn query(&self, body: Value) -> Value {
        let (status, answer) =
            self.send(Method::POST, "serving-layer/query", Some(body)).await.unwrap();
        assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
        answer
    }

    pub async fn put(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        self.send(Method::PUT, path, body).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await.unwrap()
    }

    pub async fn rules(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/api/rules/query/alerts", self.ready().api_url);
        let token = format!("Token {}", self.ready().api_token);
        let request = self.http.post(url).header("Authorization", token).form(form);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/orca/{path}", self.running.ready().control_url);
        let response = self.http.post(url).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Name of the first alert on an asset.
    pub async fn alert_on(&self, asset: &str) -> String {
        let filter = json!({"key": "Source", "values": [asset], "type": "str", "operator": "in"});
        let found = self.query(alerts(filter)).await;
        found["data"][0]["name"].as_str().unwrap().to_owned()
    }
}

pub fn alerts(with: Value) -> Value {
    json!({"query": {"models": ["Alert"], "type": "object_set", "with": with}, "limit": 1000,
           "start_at_index": 0, "order_by[]": ["LastUpdated"]})
}

fn since(moment: &str) -> Value {
    let filter =
        json!({"key": "LastUpdated", "values": [moment], "type": "datetime", "operator": "gte"});
    json!({"type": "operation", "operator": "and", "values": [filter]})
}

#[tokio::test]
async fn the_same_incident_as_the_other_stand_ins_tell() {
    let session = organisation().await;
    let name = session.alert_on("web-7").await;
    let filter = json!({"key": "AlertId", "values": [name], "type": "str", "operator": "in"});
    let mut body = alerts(filter);
    body["additional_models[]"] = json!(["Inventory", "CloudAccount"]);
    let alert = session.query(body).await["data"][0].take();
    assert_eq!(alert["type"], "Alert");
    let inventory = &alert["data"]["Inventory"];
    let arn = inventory["data"]["Arn"]["value"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:ec2:eu-central-1:123456789012:instance/i-"), "{arn}");
    let radius = inventory["data"]["BlastRadius"]["value"].as_str().unwrap();
    let radius: Value = serde_json::from_str(radius).unwrap();
    assert!(radius.to_string().contains("arn:aws:iam::123456789012:role/web-node"));
    let (status, asset) =
        session.get(&format!("assets/{}", inventory["asset_unique_id"].as_str().unwrap())).await;
    assert_eq!((status, &asset["Name"]), (200, &json!("web-7")));
}

#[tokio::test]
async fn changes_page_by_offset_in_their_order() {
    let session = with(Options {
        wiz: false,
        model: false,
        orca: true,
        bulk: 230,
        scenarios: Scenarios::Empty,
        ..Options::default()
    })
    .await;
    let mut seen = Vec::new();
    for page in 0..3 {
        let mut body = alerts(since("2000-01-01T00:00:00Z"));
        body["limit"] = json!(100);
        body["start_at_index"] = json!(page * 100);
        let answer = session.query(body).await;
        let rows = answer["data"].as_array().unwrap();
        assert_eq!(rows.len(), [100, 100, 30][page]);
        seen.extend(
            rows.iter().map(|row| row["data"]["LastUpdated"]["value"].as_str().unwrap().to_owned()),
        );
    }
    assert!(seen.is_sorted());
    let mut count = alerts(Value::Null);
    count["limit"] = json!(1);
    count["get_results_and_count"] = json!(true);
    assert_eq!(session.query(count).await["total_items"], 230);
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused_in_orcas_words() {
    let session = organisation().await;
    for (with, words) in [
        (since("yesterday"), "is not a valid datetime"),
        (
            json!({"key": "Score", "values": [1], "type": "int", "operator": "near"}),
            "not an operator",
        ),
        (
            json!({"keys": ["Planets"], "models": ["x"], "type": "object_set", "operator": "has"}),
            "not a relation",
        ),
    ] {
        let (status, answer) =
            session.send(Method::POST, "serving-layer/query", Some(alerts(with))).await.unwrap();
        assert_eq!((status, &answer["status"]), (400, &json!("failure")));
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
    }
    assert_eq!(session.get("nothing/here").await.0, 404);
    let url = format!("{}/api/serving-layer/query", session.ready().api_url);
    let response =
        session.http.post(url).header("Authorization", "Token wrong").send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"detail": "Invalid token."}));
}

#[tokio::test]
async fn the_older_api_pages_by_token_and_leaves_informational_out_unless_asked() {
    let session = organisation().await;
    let scores = r#"[{"field":"state.score","includes":[1,2,3,4]}]"#;
    let (mut names, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut form = vec![("limit", "20"), ("dsl_filter", scores)];
        form.extend(token.as_deref().map(|token| ("next_page_token", token)));
        let (status, page) = session.rules(&form).await;
        assert_eq!((status, &page["status"]), (200, &json!("success")));
        names.extend(
            page["data"].as_array().unwrap().iter().map(|a| a["state"]["alert_id"].to_string()),
        );
        assert_eq!(page["has_next_page_token"] == true, page["next_page_token"].is_string());
        token = page["next_page_token"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all > 40);
    let (status, answer) = session.rules(&[("next_page_token", "gone")]).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid next_page_token")));
}

#[tokio::test]
async fn writes_stay_and_the_same_again_is_refused() {
    let session = organisation().await;
    let name = session.alert_on("web-7").await;
    let path = |what: &str| format!("alerts/{name}/{what}");
    let (status, comment) = session.put(&path("comment"), Some(json!({"comment": "on it"}))).await;
    assert_eq!((status, &comment["details"]["comment"]), (200, &json!("on it")));
    assert_eq!(session.put(&path("status/in_progress"), None).await.0, 200);
    let (status, again) = session.put(&path("status/in_progress"), None).await;
    assert_eq!((status, &again["error"]), (400, &json!("requested to set same configuration")));
    assert_eq!(session.put(&path("status/solved"), None).await.0, 400);
    assert_eq!(session.put("alerts/orca-1/status/open", None).await.0, 404);
    assert_eq!(session.put(&path("snooze"), Some(json!({"days": 3}))).await.0, 200);
    let (_, log) = session.get(&path("event_log?limit=10&start_at_index=0")).await;
    let kinds: Vec<&Value> =
        log["event_log"].as_array().unwrap().iter().map(|e| &e["type"]).collect();
    assert_eq!(kinds, ["snooze", "status", "comment"]);
    let filter = json!({"key": "AlertId", "values": [name], "type": "str", "operator": "eq"});
    let alert = session.query(alerts(filter)).await["data"][0]["data"].take();
    assert_eq!(alert["Status"]["value"], "snoozed");
    assert_eq!(alert["CommentsCount"]["value"], 1);
    assert!(alert["LastUpdated"]["value"].as_str() >= alert["CreatedAt"]["value"].as_str());
}

#[tokio::test]
async fn the_control_api_publishes_changes_and_lists() {
    let session = organisation().await;
    let (status, fresh) =
        session.control("publish", json!({"scenario": "crypto-mining-ec2"})).await;
    assert_eq!(status, 200, "{fresh}");
    let name = fresh["alerts"][0].as_str().unwrap().to_owned();
    let change = json!({"id": name, "Status": "closed", "RiskLevel": "low"});
    assert_eq!(session.control("alerts", change).await.0, 200);
    let filter = json!({"key": "AlertId", "values": [name], "type": "str", "operator": "eq"});
    let alert = session.query(alerts(filter)).await["data"][0]["data"].take();
    assert_eq!(
        (&alert["Status"]["value"], &alert["RiskLevel"]["value"]),
        (&json!("closed"), &json!("low"))
    );
    assert_eq!(session.control("publish", json!({"scenario": "nothing"})).await.0, 422);
    assert_eq!(session.control("bulk", json!({"count": 10})).await.1["added"], 10);
}

#[tokio::test]
async fn faults_of_every_kind() {
    let session = organisation().await;
    let ask = || session.send(Method::POST, "serving-layer/query", Some(alerts(Value::Null)));
    let order = |mode: Mode| {
        let fault = Fault::new(Target::Orca, mode);
        session.running.fault(Fault { count: 1, matches: Some("query:Alert".into()), ..fault });
    };
    for (mode, status) in [
        (Mode::TooMany, 429),
        (Mode::Unauthorized, 401),
        (Mode::ExpiredToken, 401),
        (Mode::Forbidden, 403),
        (Mode::Internal, 500),
    ] {
        order(mode);
        assert_eq!(ask().await.unwrap().0, status);
        assert_eq!(ask().await.unwrap().0, 200, "the fault hits once");
    }
    for mode in [Mode::Html200, Mode::Garbage, Mode::CutHalf] {
        order(mode);
        assert!(ask().await.is_err(), "{mode:?}");
    }
    session.running.fault(Fault {
        delay_ms: 200,
        count: 1,
        ..Fault::new(Target::Orca, Mode::Slow)
    });
    let began = std::time::Instant::now();
    assert_eq!(ask().await.unwrap().0, 200);
    assert!(began.elapsed() >= Duration::from_millis(200));
    let log = session.running.ledger().requests(Some("orca"), 0);
    assert!(log.iter().all(|request| !request.headers.contains_key("authorization")));
    assert_eq!(log[0].operation, "query:Alert");
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let session = organisation().await;
    let name = session.alert_on("web-7").await;
    let fault = Fault::new(Target::Orca, Mode::Lost);
    session.running.fault(Fault { count: 1, matches: Some("status".into()), ..fault });
    let path = format!("alerts/{name}/status/close");
    assert!(session.send(Method::PUT, &path, None).await.is_err());
    let (status, again) = session.put(&path, None).await;
    assert_eq!((status, &again["error"]), (400, &json!("requested to set same configuration")));
}

/// Orca's own client (PyPI `orca-mcp-server`): its one tool, called as its server would. What it
/// takes from `fastmcp` is a decorator and a type; both are stubbed, so that the package need not
/// bring a whole server along.
const ORCA_MCP: &str = r#"
import asyncio, json, os, sys, types
given = json.load(sys.stdin)
os.environ["ORCA_API_HOST"], os.environ["ORCA_AUTH_TOKEN"] = given["api_url"], given["token"]
stub = types.ModuleType("fastmcp")
class FastMCP:
    def __init__(self, *a, **k): pass
    def tool(self): return lambda f: f
stub.FastMCP, stub.Context = FastMCP, object
sys.modules["fastmcp"] = stub
import orca_mcp_server as orca
async def main():
    async with orca.app_lifespan(orca.mcp) as app:
        request = types.SimpleNamespace(lifespan_context=app)
        return await orca.ask_orca(types.SimpleNamespace(request_context=request), "What is on fire?")
print(json.dumps(asyncio.run(main())))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn orcas_own_client_reads_alerts_and_meets_a_refusal() {
    // Importing the client itself would ask for all of fastmcp.
    let look = "import httpx, importlib.util as u; u.find_spec('orca_mcp_server').origin";
    let Some(interpreter) = python::that_runs(look, "httpx and orca-mcp-server") else { return };
    let session = organisation().await;
    let given = json!({"api_url": session.ready().api_url, "token": session.ready().api_token});
    let (passed, said) = python::run(&interpreter, ORCA_MCP, &given);
    assert!(passed, "{said}");
    let outcome: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(outcome["status"], "success", "{said}");
    assert_eq!(outcome["raw_results"]["data"].as_array().unwrap().len(), 10);
    assert!(outcome["raw_results"]["total_items"].as_u64().unwrap() > 40);
    let groups = outcome["aggregated_results"]["data"].as_array().unwrap();
    assert!(groups.iter().any(|group| group["RiskLevel"]["value"] == "critical"));
    let given = json!({"api_url": session.ready().api_url, "token": "wrong"});
    let (_, said) = python::run(&interpreter, ORCA_MCP, &given);
    let outcome: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(outcome["status"], "error");
    assert!(outcome["error"].as_str().unwrap().contains("401"), "{said}");
}
