//! What goes wrong between us and Lacework, and what a person is told.

use std::sync::atomic::Ordering;
use std::time::Duration;

use firebreak_core::ports::{AlertSource, KeychainState, OutsideError, Trouble, VaultError};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

use super::stand::{Account, alert, ids, sweep};
use crate::stand::SECRET;

async fn failing(answer: ResponseTemplate) -> OutsideError {
    let account = Account::with([]).await;
    account.instead(move |_| Some(answer.clone()));
    let error = account.source().poll(None).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(SECRET) && !text.contains("token-1"), "{text}");
    error
}

fn raw(status: u16, body: impl Into<Vec<u8>>, kind: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.into(), kind)
}

#[tokio::test]
async fn every_failure_has_its_words_and_a_remedy() {
    let json = "application/json";
    for (answer, trouble, words, remedy) in [
        (raw(200, "<html>sign in</html>", "text/html"), Trouble::Garbage, "web page", "address"),
        (raw(200, "{\"data\":[", json), Trouble::Garbage, "can't be read", ""),
        (raw(200, vec![0xff, 0xfe, 0x00], json), Trouble::Garbage, "can't be read", ""),
        (raw(200, "{\"data\":7}", json), Trouble::Garbage, "no list", ""),
        (raw(200, "{}", json), Trouble::Garbage, "no data", ""),
        (
            raw(200, format!("{{\"data\":{}", "[".repeat(99_999)), json),
            Trouble::Garbage,
            "nested",
            "",
        ),
        (
            raw(403, "{\"message\":\"token-1 may not\"}", json),
            Trouble::NeedsPerson,
            "… may not",
            "Alerts: read",
        ),
        (raw(401, "{}", json), Trouble::NeedsPerson, "fresh token", "belongs to this account"),
        (raw(400, "{\"message\":\"bad window\"}", json), Trouble::NeedsPerson, "bad window", ""),
        (raw(500, "{}", json), Trouble::Passing, "status 500", "by itself"),
        (raw(429, "{}", json), Trouble::Passing, "fewer requests", "by itself"),
        (
            raw(302, "", json).insert_header("location", "https://evil.example/"),
            Trouble::NeedsPerson,
            "redirect",
            "address",
        ),
    ] {
        let error = failing(answer).await;
        assert_eq!(error.trouble, trouble, "{error}");
        assert!(error.message.contains(words), "{words:?}: {error}");
        let said = error.remedy.clone().unwrap_or_default();
        assert!(said.contains(remedy), "{remedy:?}: {said}");
    }
}

#[tokio::test]
async fn a_next_page_elsewhere_gets_nothing() {
    let stranger = MockServer::start().await;
    Mock::given(matchers::any()).respond_with(ResponseTemplate::new(200)).mount(&stranger).await;
    let port = stranger.address().port();
    for next in [
        format!("{}/api/v2/Alerts/x", stranger.uri()),
        format!("http://localhost:{port}/api/v2/Alerts/x"),
        format!("http://127.1:{port}/api/v2/Alerts/x"),
        format!("http://[::ffff:127.0.0.1]:{port}/api/v2/Alerts/x"),
        "/api/v2/Alerts/x".to_owned(),
        "//evil.example/api/v2/Alerts/x".to_owned(),
        "{own}/api/v2/access/tokens".to_owned(),
        "{own}/api/v2/AlertsX".to_owned(),
    ] {
        let account = Account::with([]).await;
        let next = next.replace("{own}", &account.server.uri());
        let answer =
            json!({"data": [alert(1, 1, "Low", "Open")], "paging": {"urls": {"nextPage": next}}});
        account.instead(move |request| {
            let list = request.url.path().ends_with("/Alerts");
            list.then(|| ResponseTemplate::new(200).set_body_json(answer.clone()))
        });
        let error = account.source().poll(None).await.unwrap_err();
        assert!(error.message.contains("another host"), "{next}: {error}");
        assert_eq!(account.asked().await.len(), 1);
    }
    assert_eq!(stranger.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_token_that_ends_mid_page_is_renewed_once_and_polling_goes_on() {
    let account = Account::with((1..=6).map(|id| alert(id, id as i64, "Low", "Open"))).await;
    account.alerts.lock().unwrap().page = 2;
    let tokens = account.tokens.clone();
    account.instead(move |request| {
        let first = request.headers["authorization"] == "Bearer token-1";
        let ended = first && request.url.path().contains("page_");
        assert!(tokens.load(Ordering::SeqCst) <= 2);
        ended.then(|| ResponseTemplate::new(401).set_body_json(json!({"message": "expired"})))
    });
    let (seen, _) = sweep(&account.source(), None).await.unwrap();
    assert_eq!(ids(&seen), [1, 2, 3, 4, 5, 6]);
    assert_eq!(account.tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let account = Account::with([]).await;
    let mut config = account.config();
    config.token_life = Duration::from_secs(60);
    let source = account.source_with(&config);
    sweep(&source, None).await.unwrap();
    sweep(&source, None).await.unwrap();
    assert_eq!(account.tokens.load(Ordering::SeqCst), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(55)).await;
    tokio::time::resume();
    sweep(&source, None).await.unwrap();
    assert_eq!(account.tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn passing_trouble_is_tried_again_and_a_wish_to_stay_away_is_kept() {
    let account = Account::with([alert(1, 1, "Low", "Open")]).await;
    let mut left = 2;
    account.instead(move |_| {
        left -= 1;
        (left >= 0).then(|| ResponseTemplate::new(503))
    });
    let (seen, _) = sweep(&account.source(), None).await.unwrap();
    assert_eq!(ids(&seen), [1]);

    let account = Account::with([]).await;
    account.instead(|_| Some(ResponseTemplate::new(429).insert_header("ratelimit-reset", "900")));
    let source = account.source();
    let error = source.poll(None).await.unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(900)));
    let error = source.poll(None).await.unwrap_err();
    assert!(error.message.contains("used up"), "{error}");
    assert_eq!(account.asked().await.len(), 1, "the second was not even sent");
    assert!(source.budget().unwrap().blocked_until.is_some());
}

#[tokio::test]
async fn a_review_that_fails_holds_up_nothing_new() {
    let account = Account::with([alert(1, 100, "Low", "Open")]).await;
    let source = account.source();
    let (_, cursor) = sweep(&source, None).await.unwrap();
    account.clock.turn(901);
    let recent = source.poll(Some(&cursor)).await.unwrap();
    assert!(recent.more, "a review is due");
    account.add(alert(2, 0, "Low", "Open"));
    account.instead(|request| {
        let review =
            request.url.query().is_some_and(|query| query.contains("startTime=2026-09-14"));
        review.then(|| ResponseTemplate::new(500))
    });
    let error = source.poll(Some(&recent.cursor)).await.unwrap_err();
    assert_eq!(error.operation, "lacework review alerts");
    let page = source.poll(Some(&recent.cursor)).await.unwrap();
    assert_eq!(page.alerts.len(), 1);
}

#[tokio::test]
async fn credentials_and_keychain() {
    let account = Account::with([]).await;
    let server = MockServer::start().await;
    let said = json!({"message": format!("key with {SECRET} is disabled")});
    Mock::given(matchers::method("POST"))
        .respond_with(ResponseTemplate::new(401).set_body_json(said))
        .mount(&server)
        .await;
    let mut config = account.config();
    config.address = server.uri();
    let source = account.source_with(&config);
    let error = source.poll(None).await.unwrap_err();
    assert!(error.message.contains("key with … is disabled"), "{error}");
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    let lines = source.test().await;
    assert_eq!((lines.len(), lines[0].name.as_str(), lines[0].ok), (1, "Credentials", false));
    *account.keychain.0.lock().unwrap() = Ok(None);
    let error = account.source().poll(None).await.unwrap_err();
    assert!(error.message.contains("no secret key named source/lacework-test"));
    *account.keychain.0.lock().unwrap() = Err(VaultError::NotUsable(KeychainState::Locked));
    assert_eq!(account.source().poll(None).await.unwrap_err().trouble, Trouble::NeedsPerson);
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_refused_at_once() {
    let account = Account::with([]).await;
    account.instead(|_| Some(raw(200, vec![b' '; 200_000], "application/json")));
    let mut config = account.config();
    config.http.body_cap = 100_000;
    let error = account.source_with(&config).poll(None).await.unwrap_err();
    assert!(error.message.contains("more than 100000 bytes"), "{error}");
    assert!(error.remedy.unwrap().contains("window"));
}

#[tokio::test]
async fn the_test_names_what_is_missing() {
    let account = Account::with([alert(1, 1, "Low", "Open")]).await;
    let lines = account.source().test().await;
    assert!(lines.iter().all(|line| line.ok), "{lines:#?}");
    let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["Address", "Credentials", "Alerts", "Search (optional)", "Alert details"]);
    account.instead(|request| {
        request
            .url
            .query()
            .is_some_and(|query| query.contains("scope"))
            .then(|| ResponseTemplate::new(403))
    });
    let lines = account.source().test().await;
    let last = lines.last().unwrap();
    assert!(!last.ok && last.remedy.as_ref().unwrap().contains("Alerts: read"), "{last:?}");
    account.instead(|_| Some(raw(403, "{\"message\":\"no\"}", "application/json")));
    let lines = account.source().test().await;
    assert_eq!((lines.len(), lines[2].ok), (3, false));
}

#[tokio::test]
async fn settings_that_can_not_be_used_say_so() {
    let account = Account::with([]).await;
    for bad in ["http://acme.lacework.net", "acme", "https://user:pw@acme.lacework.net", ""] {
        let mut config = account.config();
        config.address = bad.to_owned();
        let made = firebreak_sources::lacework::LaceworkSource::new(
            &config,
            account.keychain.clone(),
            account.clock.clone(),
        );
        let error = made.err().unwrap();
        assert!(error.remedy.unwrap().contains("address") && !error.message.contains("pw"));
    }
}
