//! Signing in, expiry, rate.

use std::time::Duration;

use firebreak_sandbox::{Options, RateLimit};
use serde_json::{Value, json};

use crate::client::{sign_in, tenant, with};

async fn check(fields: &[(&str, &str)], status: u16) {
    let session = tenant().await;
    let wiz = session.running.ready().wiz.clone().unwrap();
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("audience", "wiz-api"),
        ("client_id", wiz.client_id.as_str()),
        ("client_secret", wiz.client_secret.as_str()),
    ];
    for (name, value) in fields {
        form.iter_mut().find(|(known, _)| known == name).unwrap().1 = value;
    }
    let response = session.http.post(&wiz.auth_url).form(&form).send().await.unwrap();
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.unwrap();
    if status == 200 {
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    } else {
        assert!(body["detail"].is_string());
        assert_eq!(body["errors"][0]["extensions"]["http"]["status"], status);
    }
}

#[tokio::test]
async fn right_credentials_give_a_token() {
    check(&[], 200).await;
}

#[tokio::test]
async fn the_older_audience_works_too() {
    check(&[("audience", "beyond-api")], 200).await;
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    check(&[("client_secret", "nearly")], 401).await;
}

#[tokio::test]
async fn a_wrong_audience_is_refused() {
    check(&[("audience", "another-api")], 400).await;
}

#[tokio::test]
async fn a_json_body_is_no_form() {
    let session = tenant().await;
    let wiz = session.running.ready().wiz.clone().unwrap();
    let response = session
        .http
        .post(&wiz.auth_url)
        .json(&json!({ "grant_type": "client_credentials" }))
        .send()
        .await;
    assert_eq!(response.unwrap().status(), 415);
}

#[tokio::test]
async fn a_token_really_expires() {
    let session =
        with(Options { token_lifetime: Duration::from_secs(1), ..Options::wiz_only() }).await;
    let query = json!({ "query": "{ issuesV2 { totalCount } }" });
    assert_eq!(session.post(query.clone()).await.unwrap().status(), 200);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let refused = loop {
        let response = session.post(query.clone()).await.unwrap();
        if response.status() == 401 {
            break response;
        }
        assert!(tokio::time::Instant::now() < deadline, "the token outlived its lifetime");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(refused.json::<Value>().await.unwrap()["detail"].is_string());
    let fresh = sign_in(&session.http, session.running.ready()).await;
    assert_ne!(fresh, session.token);
}

#[tokio::test]
async fn asking_too_fast_gives_429_until_the_rate_allows_it_again() {
    let limit = RateLimit { per_second: 20.0, burst: 3.0 };
    let session = with(Options { rate_limit: Some(limit), ..Options::wiz_only() }).await;
    let query = json!({ "query": "{ issuesV2(first: 1) { totalCount } }" });
    let mut statuses = Vec::new();
    // Eight at once: the bucket cannot refill in between.
    let several = (0..8).map(|_| session.post(query.clone()));
    for response in futures_util::future::join_all(several).await {
        statuses.push(response.unwrap().status().as_u16());
    }
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while session.post(query.clone()).await.unwrap().status() != 200 {
        assert!(tokio::time::Instant::now() < deadline, "the rate never recovered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn no_token_no_data() {
    let session = tenant().await;
    let wiz = session.running.ready().wiz.clone().unwrap();
    let response = session
        .http
        .post(&wiz.api_url)
        .json(&json!({ "query": "{ issuesV2 { totalCount } }" }))
        .send()
        .await;
    assert_eq!(response.unwrap().status(), 401);
}
