//! Logins, extension, expiry, rate limits.

use std::time::Duration;

use firebreak_sandbox::{Options, PrismaOptions};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{everything, said, tenant, with};

#[tokio::test]
async fn a_wrong_secret_is_refused_in_the_header_and_says_nothing_else() {
    let session = tenant().await;
    let body = json!({"username": session.ready().access_key_id, "password": "wrong"});
    let response = session.post("/login", body).await;
    assert_eq!(response.status(), 401);
    assert_eq!(said(&response), "invalid_credentials");
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_session_is_extended_and_a_bearer_token_is_none() {
    let mut session = tenant().await;
    let answer = session.send(Method::GET, "/auth_token/extend", None).await.unwrap();
    let extended: Value = answer.json().await.unwrap();
    assert_ne!(extended["token"], session.token.as_str());
    extended["token"].as_str().unwrap().clone_into(&mut session.token);
    assert_eq!(session.post("/v2/alert", everything()).await.status(), 200);
    let url = format!("{}/v2/alert", session.ready().api_url);
    let bearer =
        session.http.post(url).bearer_auth(&session.token).json(&everything()).send().await;
    assert_eq!(bearer.unwrap().status(), 401);
}

#[tokio::test]
async fn a_session_ends() {
    let settings = PrismaOptions { session: Duration::ZERO, ..PrismaOptions::default() };
    let session = with(settings, Options::default()).await;
    let response = session.post("/v2/alert", everything()).await;
    assert_eq!((response.status().as_u16(), said(&response).as_str()), (401, "token_expired"));
}

#[tokio::test]
async fn ten_lists_pass_at_once_and_the_headers_say_what_is_left() {
    let session = with(PrismaOptions::default(), Options::default()).await;
    let mut left = Vec::new();
    for _ in 0..10 {
        let response = session.post("/v2/alert", everything()).await;
        assert_eq!(response.status(), 200);
        let header =
            |name: &str| response.headers()[name].to_str().unwrap().parse::<u32>().unwrap();
        assert_eq!(
            (header("x-ratelimit-burst-capacity"), header("x-ratelimit-replenish-rate")),
            (10, 2)
        );
        left.push(header("x-ratelimit-remaining"));
    }
    assert_eq!(left[0], 9);
    let mut refused = None;
    for _ in 0..20 {
        let response = session.post("/v2/alert", everything()).await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("twenty more within a second or two are too many");
    assert!(!refused.headers().contains_key("retry-after"), "the vendor names no time");
    assert_eq!(
        session.post("/resource", json!({"rrn": "none"})).await.status(),
        404,
        "others have their own limit"
    );
}

#[tokio::test]
async fn the_log_holds_neither_token_nor_secret() {
    let session = tenant().await;
    session.alerts().await;
    let log = serde_json::to_string(&session.running.ledger().requests(Some("prisma"), 0)).unwrap();
    assert!(log.contains("\"operation\":\"alerts\""));
    assert!(!log.contains(&session.token) && !log.contains(&session.ready().secret_key));
}
