//! What can go wrong: one clear error for each, retried where that helps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use firebreak_core::ports::{AlertSource, CheckLine, KeychainState, Trouble, VaultError};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::stand::{Organisation, RULES, alert, data};
use crate::stand::SECRET;

fn json_answer(status: u16, body: serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// Fails once with `first`, then answers well.
async fn once(first: fn() -> ResponseTemplate) -> Organisation {
    let asked = AtomicUsize::new(0);
    Organisation::answering(move |_: &Request| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => first(),
        _ => data(vec![alert(1, "2026-09-20T00:00:00Z")]),
    })
    .await
}

#[tokio::test]
async fn passing_trouble_is_ridden_out() {
    let passing: [fn() -> ResponseTemplate; 5] = [
        || json_answer(500, json!({})),
        || json_answer(503, json!({})),
        || json_answer(429, json!({"detail": "slow down"})).insert_header("Retry-After", "0"),
        || json_answer(200, json!({"status": "failure", "error": "Request was throttled"})),
        // A token that the keychain has replaced meanwhile is read once more.
        || json_answer(401, json!({"detail": "Invalid token."})),
    ];
    for first in passing {
        let organisation = once(first).await;
        assert_eq!(organisation.source().poll(None).await.unwrap().alerts.len(), 1);
        assert_eq!(organisation.asked().await.len(), 2);
    }
}

#[tokio::test]
async fn lasting_trouble_is_told_once_with_a_remedy() {
    let check = |answer: ResponseTemplate,
                 trouble: Trouble,
                 words: &'static str,
                 remedy: &'static str| async move {
        let organisation = Organisation::answering(move |_: &Request| answer.clone()).await;
        let error = organisation.source().poll(None).await.unwrap_err();
        assert_eq!(error.trouble, trouble, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(error.remedy.unwrap_or_default().contains(remedy), "{words}");
        assert!(!error.message.contains(SECRET));
    };
    let refused = |status, body| json_answer(status, body);
    check(
        refused(401, json!({"detail": "Invalid token."})),
        Trouble::NeedsPerson,
        "refused the API token",
        "region",
    )
    .await;
    check(
        refused(403, json!({"detail": format!("no, {SECRET}")})),
        Trouble::NeedsPerson,
        "does not allow",
        "to view alerts",
    )
    .await;
    check(
        refused(404, json!({"detail": "Not found."})),
        Trouble::NeedsPerson,
        "no such thing",
        "address",
    )
    .await;
    check(
        refused(200, json!({"status": "failure", "error": "bad filter"})),
        Trouble::NeedsPerson,
        "bad filter",
        "",
    )
    .await;
    check(
        refused(400, json!({"errors": [{"message": "no such key"}]})),
        Trouble::NeedsPerson,
        "no such key",
        "",
    )
    .await;
    check(
        ResponseTemplate::new(200).set_body_raw("<html>sign in</html>", "text/html"),
        Trouble::Garbage,
        "a web page",
        "region",
    )
    .await;
    check(
        ResponseTemplate::new(200)
            .set_body_raw(r#"{"status":"success","data":[{"#, "application/json"),
        Trouble::Garbage,
        "can't be read",
        "",
    )
    .await;
    check(
        ResponseTemplate::new(302).insert_header("Location", "https://x.example"),
        Trouble::NeedsPerson,
        "redirect",
        "region",
    )
    .await;
}

#[tokio::test]
async fn a_long_retry_after_is_handed_on_and_then_kept_to() {
    let organisation = Organisation::answering(|_: &Request| {
        json_answer(429, json!({})).insert_header("Retry-After", "600")
    })
    .await;
    let source = organisation.source();
    let error = source.poll(None).await.unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(600)));
    let budget = source.budget().unwrap();
    assert!(budget.blocked_until.is_some() && budget.left < budget.limit);
    let error = source.poll(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Passing);
    assert_eq!(organisation.asked().await.len(), 1, "not asked again while the wish runs");
}

#[tokio::test]
async fn reset_headers_are_obeyed_before_a_refusal() {
    let organisation = Organisation::answering(|_: &Request| {
        data(vec![])
            .insert_header("X-RateLimit-Remaining", "0")
            .insert_header("X-RateLimit-Reset", "30")
    })
    .await;
    let source = organisation.source();
    source.poll(None).await.unwrap();
    assert!(source.poll(None).await.unwrap_err().retry_after.unwrap() > Duration::from_secs(25));
    assert_eq!(organisation.asked().await.len(), 1);
}

#[tokio::test]
async fn the_pace_is_kept() {
    let organisation = Organisation::answering(|_: &Request| data(vec![])).await;
    let mut config = organisation.config();
    config.requests_per_second = std::num::NonZeroU32::new(10).unwrap();
    let source = organisation.source_with(&config);
    let began = Instant::now();
    for _ in 0..4 {
        source.poll(None).await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(290), "{:?}", began.elapsed());
    assert_eq!(source.budget().unwrap().left, 600 - 4);
}

#[tokio::test]
async fn a_huge_body_is_refused_early() {
    let organisation = Organisation::answering(|_: &Request| {
        ResponseTemplate::new(200).set_body_raw(vec![b' '; 3 << 20], "application/json")
    })
    .await;
    let mut config = organisation.config();
    config.http.body_cap = 1 << 20;
    let error = organisation.source_with(&config).poll(None).await.unwrap_err();
    assert!(error.message.contains("more than 1048576 bytes"), "{error}");
    assert!(error.remedy.unwrap().contains("page size"));
}

#[tokio::test]
async fn the_keychains_troubles_are_named() {
    let organisation = Organisation::answering(|_: &Request| data(vec![])).await;
    *organisation.keychain.0.lock().unwrap() = Ok(None);
    let error = organisation.source().poll(None).await.unwrap_err();
    assert!(error.message.contains("source/orca-test"), "{error}");
    *organisation.keychain.0.lock().unwrap() = Err(VaultError::NotUsable(KeychainState::Locked));
    let error = organisation.source().poll(None).await.unwrap_err();
    assert!(error.message.contains("locked"), "{error}");
    *organisation.keychain.0.lock().unwrap() = Ok(Some("tok\nen".to_owned()));
    let error = organisation.source().poll(None).await.unwrap_err();
    assert!(error.message.contains("no token has") && !error.message.contains("tok\n"), "{error}");
    assert!(organisation.asked().await.is_empty());
}

fn lines(checked: &[CheckLine]) -> Vec<(&str, bool)> {
    checked.iter().map(|line| (line.name.as_str(), line.ok)).collect()
}

#[tokio::test]
async fn the_connection_test_names_what_is_missing() {
    let check = |answer: fn(&Request) -> ResponseTemplate| async move {
        let organisation = Organisation::answering(answer).await;
        organisation.source().test().await
    };
    let well = check(|_| data(vec![])).await;
    assert_eq!(lines(&well), [("API token", true), ("Alerts", true), ("Inventory", true)]);
    let half =
        check(|request| match String::from_utf8_lossy(&request.body).contains("Inventory") {
            true => json_answer(403, json!({"error_code": "permission_denied"})),
            false => data(vec![]),
        })
        .await;
    assert_eq!(lines(&half), [("API token", true), ("Alerts", true), ("Inventory", false)]);
    assert!(half[2].remedy.as_ref().unwrap().contains("to view assets"));
    let old = check(|request| match request.url.path() {
        RULES => data(vec![]),
        _ => json_answer(404, json!({})),
    })
    .await;
    assert!(old.iter().all(|line| line.ok) && old[1].text.contains("rules API"));
    let wrong = check(|_| json_answer(401, json!({"detail": "Invalid token."}))).await;
    assert_eq!(lines(&wrong), [("API token", false)]);
    let page = check(|_| ResponseTemplate::new(200).set_body_raw("<html/>", "text/html")).await;
    assert_eq!(lines(&page), [("API address", false)]);
}
