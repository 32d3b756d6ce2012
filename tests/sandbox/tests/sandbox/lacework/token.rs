//! Signing in, expiry, sub-accounts, the hour's requests.

use std::time::Duration;

use firebreak_sandbox::{Options, RateLimit};
use reqwest::Method;
use serde_json::json;

use super::client::{empty, with};

#[tokio::test]
async fn a_key_gives_a_token_for_as_long_as_was_asked() {
    let session = empty().await;
    let (status, answer) = session.sign_in(json!({"expiryTime": 120})).await;
    let ends: chrono::DateTime<chrono::Utc> =
        answer["expiresAt"].as_str().unwrap().parse().unwrap();
    let left = (ends - chrono::Utc::now()).num_seconds();
    assert_eq!((status, (115..=120).contains(&left)), (201, true), "{left}");
    for (changed, status) in [
        (json!({"keyId": "another"}), 401),
        (json!({"secret": "nearly"}), 401),
        (json!({"expiryTime": 86_401}), 400),
        (json!({"expiryTime": "soon"}), 400),
    ] {
        let (given, body) = session.sign_in(changed.clone()).await;
        assert_eq!((given, body["message"].is_string()), (status, true), "{changed}");
    }
}

#[tokio::test]
async fn a_token_ends() {
    let session = empty().await;
    let (_, answer) = session.sign_in(json!({"expiryTime": 1})).await;
    let short = answer["token"].as_str().unwrap();
    let url = format!("{}/api/v2/Alerts", session.ready().address);
    let ask = || session.http.get(&url).bearer_auth(short).send();
    assert_eq!(ask().await.unwrap().status(), 200);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while ask().await.unwrap().status() != 401 {
        assert!(tokio::time::Instant::now() < deadline, "the token outlived its lifetime");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(session.http.get(&url).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn only_the_own_account_answers() {
    let session = empty().await;
    let url = format!("{}/api/v2/Alerts", session.ready().address);
    for (name, status) in [("sandbox", 200), ("SANDBOX", 200), ("retail", 403)] {
        let request = session.http.get(&url).bearer_auth(&session.token);
        let answer = request.header("Account-Name", name).send().await.unwrap();
        assert_eq!(answer.status(), status, "{name}");
    }
}

#[tokio::test]
async fn the_hours_requests_are_counted_and_end() {
    let limit = Some(RateLimit::default());
    let session = with(Options { rate_limit: limit, ..Options::lacework_only() }).await;
    for left in (0..480).rev() {
        let answer = session.send(Method::GET, "/5?scope=Details", None).await;
        assert_eq!(answer.headers()["ratelimit-remaining"], left.to_string().as_str());
        assert_eq!(answer.status(), 404);
    }
    let answer = session.send(Method::GET, "", None).await;
    assert_eq!(answer.status(), 429);
    let reset: u64 = answer.headers()["ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!((3_000..=3_600).contains(&reset), "{reset}");
    assert_eq!(session.sign_in(json!({})).await.0, 201, "signing in is not counted");
}
