//! Faults of the tenant, the log, and the control API.

use std::time::{Duration, Instant};

use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::{Value, json};

use crate::client::{Session, sign_in, tenant};

const QUERY: &str = "query Poll { issuesV2(first: 1) { nodes { id } } }";

fn poll() -> Value {
    json!({ "query": QUERY, "operationName": "Poll" })
}

async fn order(session: &Session, mode: &str) {
    let fault = json!({ "target": "wiz", "mode": mode, "count": 1, "match": "Poll" });
    let (status, body) = session.control("fault", fault).await;
    assert_eq!(status, 200, "{body}");
}

async fn check(mode: &str, status: u16) -> reqwest::Response {
    let session = tenant().await;
    order(&session, mode).await;
    let response = session.post(poll()).await.unwrap();
    assert_eq!(response.status(), status);
    assert_eq!(session.post(poll()).await.unwrap().status(), 200, "the fault hits once");
    response
}

#[tokio::test]
async fn statuses() {
    let codes = [
        (429, "RATE_LIMIT_EXCEEDED"),
        (401, "UNAUTHENTICATED"),
        (403, "UNAUTHORIZED"),
        (500, "INTERNAL"),
    ];
    for (status, code) in codes {
        let body: Value = check(&status.to_string(), status).await.json().await.unwrap();
        assert!(body["detail"].is_string());
        assert_eq!(
            body["errors"][0]["extensions"],
            json!({ "code": code, "http": { "status": status } })
        );
    }
}

#[tokio::test]
async fn a_page_of_html_with_status_200() {
    let response = check("html200", 200).await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(response.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn garbage_is_no_json() {
    let bytes = check("garbage", 200).await.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&bytes).is_err());
}

#[tokio::test]
async fn a_huge_answer_is_as_large_as_ordered() {
    let session = tenant().await;
    session.running.fault(Fault { bytes: Some(3_000_000), ..Fault::new(Target::Wiz, Mode::Huge) });
    let body = session.post(poll()).await.unwrap().bytes().await.unwrap();
    assert!((3_000_000..3_200_000).contains(&body.len()), "{}", body.len());
    assert!(serde_json::from_slice::<Value>(&body).is_ok());
}

#[tokio::test]
async fn a_cut_connection_gives_no_answer() {
    let session = tenant().await;
    order(&session, "cut").await;
    assert!(session.post(poll()).await.is_err());
}

#[tokio::test]
async fn a_half_answer_breaks_off() {
    let session = tenant().await;
    order(&session, "cut_half").await;
    let response = session.post(poll()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let session = tenant().await;
    let id = session.issue("web-7", "miner").await;
    session.running.fault(Fault {
        count: 1,
        matches: Some("updateIssue".into()),
        ..Fault::new(Target::Wiz, Mode::Lost)
    });
    let update = "mutation U($id: ID!) { updateIssue(input: { id: $id, patch: { status: IN_PROGRESS } }) { issue { id } } }";
    assert!(session.post(json!({ "query": update, "variables": { "id": id } })).await.is_err());
    let data =
        session.data("query I($id: ID!) { issue(id: $id) { status } }", json!({ "id": id })).await;
    assert_eq!(data["issue"]["status"], "IN_PROGRESS");
}

#[tokio::test]
async fn slow_is_late_and_right() {
    let session = tenant().await;
    session.running.fault(Fault { delay_ms: 300, count: 1, ..Fault::new(Target::Wiz, Mode::Slow) });
    let start = Instant::now();
    assert_eq!(
        session.data(QUERY, json!({})).await["issuesV2"]["nodes"].as_array().unwrap().len(),
        1
    );
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn revoked_tokens_stay_revoked() {
    let mut session = tenant().await;
    order(&session, "expired_token").await;
    assert_eq!(session.post(poll()).await.unwrap().status(), 401);
    assert_eq!(session.post(poll()).await.unwrap().status(), 401);
    session.token = sign_in(&session.http, session.running.ready()).await;
    assert_eq!(session.post(poll()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_fault_can_wait_for_the_nth_call_of_one_operation() {
    let session = tenant().await;
    session.running.fault(Fault {
        skip: 2,
        count: 2,
        matches: Some("issuesV2".into()),
        ..Fault::new(Target::Wiz, Mode::Internal)
    });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(session.post(poll()).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 500, 500, 200]);
    let other = session.post(json!({ "query": "{ detections { totalCount } }" })).await.unwrap();
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn none_takes_faults_away() {
    let session = tenant().await;
    session.control("fault", json!({ "target": "wiz", "mode": "500" })).await;
    assert_eq!(session.post(poll()).await.unwrap().status(), 500);
    let (_, left) = session.control("fault", json!({ "target": "wiz", "mode": "none" })).await;
    assert_eq!(left["faults"], json!([]));
    assert_eq!(session.post(poll()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_log_shows_what_was_asked_and_hides_secrets() {
    let session = tenant().await;
    order(&session, "cut").await;
    let _ = session
        .post(json!({ "query": QUERY, "operationName": "Poll", "variables": { "first": 3 } }))
        .await;
    session.post(poll()).await.unwrap();
    let url = format!("{}/requests?target=wiz", session.running.ready().control_url);
    let log: Value = session.http.get(url).send().await.unwrap().json().await.unwrap();
    let requests = log["requests"].as_array().unwrap();
    // A client may open the cut connection a second time on its own, so the ends are what counts.
    assert_eq!((&requests[0]["operation"], &requests[0]["status"]), (&json!("token"), &json!(200)));
    let cut = &requests[1];
    assert_eq!(
        (&cut["operation"], &cut["status"], &cut["fault"]),
        (&json!("Poll"), &json!(0), &json!("cut"))
    );
    assert_eq!(cut["parameters"], json!({ "first": 3 }));
    let last = requests.last().unwrap();
    assert_eq!((&last["status"], last.get("fault")), (&json!(200), None));
    let text = log.to_string();
    assert!(!text.contains(&session.token));
    assert!(!text.contains(&session.running.ready().wiz.as_ref().unwrap().client_secret));
}

#[tokio::test]
async fn a_fault_that_is_misspelt_is_refused() {
    let session = tenant().await;
    let url = format!("{}/fault", session.running.ready().control_url);
    let response = session
        .http
        .post(url)
        .json(&json!({ "target": "wiz", "mode": "418" }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 422);
}

#[tokio::test]
async fn nothing_answers_after_stop() {
    let session = tenant().await;
    let url = session.running.ready().wiz.as_ref().unwrap().api_url.clone();
    session.running.stop().await;
    let fresh = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(fresh.post(url).send().await.unwrap_err().is_connect());
}
