//! Faults that are switched on from outside.

use std::time::{Duration, Instant};

use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::{Value, json};

use super::client::{everything, said, tenant};

fn once(mode: Mode) -> Fault {
    Fault { count: 1, matches: Some("alerts".into()), ..Fault::new(Target::Prisma, mode) }
}

async fn check(mode: Mode, status: u16) -> reqwest::Response {
    let session = tenant().await;
    session.running.fault(once(mode));
    let response = session.post("/v2/alert", everything()).await;
    assert_eq!(response.status(), status, "{mode:?}");
    assert_eq!(session.post("/v2/alert", everything()).await.status(), 200, "the fault hits once");
    response
}

#[tokio::test]
async fn statuses_with_their_words() {
    for (mode, status, key) in [
        (Mode::TooMany, 429, "too_many_requests"),
        (Mode::Unauthorized, 401, "token_expired"),
        (Mode::Forbidden, 403, "permission_error"),
    ] {
        assert_eq!(said(&check(mode, status).await), key);
    }
    let body: Value = check(Mode::Internal, 500).await.json().await.unwrap();
    assert_eq!(body["error"]["code"], "internal_error");
}

#[tokio::test]
async fn noise_with_status_200() {
    let html = check(Mode::Html200, 200).await;
    assert!(html.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(html.text().await.unwrap().contains("414 Request-URI Too Large"));
    let garbage = check(Mode::Garbage, 200).await.bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&garbage).is_err());
    assert!(check(Mode::CutHalf, 200).await.bytes().await.is_err());
}

#[tokio::test]
async fn a_session_that_ends_between_pages_leaves_the_page_token_good() {
    let mut session = tenant().await;
    let mut search = everything();
    search["limit"] = json!(2);
    let first = session.ask("/v2/alert", search).await;
    let next = json!({"pageToken": first["nextPageToken"]});
    session.running.fault(once(Mode::ExpiredToken));
    assert_eq!(session.post("/v2/alert", next.clone()).await.status(), 401);
    assert_eq!(session.post("/v2/alert", next.clone()).await.status(), 401);
    session.sign_in().await;
    let second = session.ask("/v2/alert", next).await;
    assert_ne!(second["items"][0]["id"], first["items"][0]["id"]);
}

#[tokio::test]
async fn slow_cut_huge_and_lost() {
    let session = tenant().await;
    session.running.fault(Fault { delay_ms: 200, ..once(Mode::Slow) });
    let began = Instant::now();
    session.alerts().await;
    assert!(began.elapsed() >= Duration::from_millis(200));
    session.running.fault(Fault { bytes: Some(1_000_000), ..once(Mode::Huge) });
    assert!(
        session.post("/v2/alert", everything()).await.bytes().await.unwrap().len() >= 1_000_000
    );
    let id = session.id_of("web-7", "miner").await;
    session.running.fault(Fault { matches: Some("dismiss".into()), ..once(Mode::Lost) });
    let change = json!({"alerts": [id], "policies": [], "dismissalNote": "n", "filter": {}});
    assert!(session.send(reqwest::Method::POST, "/alert/dismiss", Some(change)).await.is_err());
    assert_eq!(session.alert(&id).await["status"], "dismissed");
    let (code, _) = session.control("fault", json!({"target": "prisma", "mode": "cut"})).await;
    assert_eq!(code, 200);
    assert!(session.send(reqwest::Method::GET, "/user/me", None).await.is_err());
}
