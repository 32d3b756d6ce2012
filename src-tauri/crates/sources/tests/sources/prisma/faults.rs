//! Everything the vendor can do wrong: statuses, silence, noise; and its connection test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firebreak_core::ports::{AlertSource, CheckLine, OutsideError, Trouble};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::stand::{Tenant, alert, ok, page, search};
use crate::stand::SECRET;

fn empty(_: &Request) -> ResponseTemplate {
    page(vec![], None)
}

/// Answers `first` so often, then an empty page.
async fn after(times: usize, first: ResponseTemplate) -> (Tenant, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let tenant =
        Tenant::answering(move |request: &Request| match count.fetch_add(1, Ordering::SeqCst) {
            n if n < times => first.clone(),
            _ => empty(request),
        });
    (tenant.await, asked)
}

async fn failing(answer: ResponseTemplate) -> (OutsideError, usize) {
    let (tenant, asked) = after(usize::MAX, answer).await;
    let error = tenant.source().poll(None).await.unwrap_err();
    (error, asked.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_session_that_ends_between_pages_is_renewed_once_and_the_run_goes_on() {
    let tenant = Tenant::answering(|request: &Request| {
        let second = search(request)["pageToken"] == "2";
        if second && request.headers["x-redlock-auth"] == "jwt-1" {
            return ResponseTemplate::new(401)
                .insert_header("x-redlock-status", r#"[{"i18nKey":"token_expired"}]"#);
        }
        page(vec![alert("P-1", 0)], (!second).then_some("2"))
    })
    .await;
    let source = tenant.source();
    let first = source.poll(None).await.unwrap();
    let second = source.poll(Some(&first.cursor)).await.unwrap();
    assert_eq!(second.alerts.len(), 1);
    assert_eq!(tenant.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_session_that_is_never_taken_needs_a_person() {
    let (error, asked) = failing(ResponseTemplate::new(401)).await;
    assert_eq!((error.trouble, asked), (Trouble::NeedsPerson, 2));
}

/// Turns tokio's clock, which the session's age is measured by. It runs while there is traffic: a
/// clock that stands still jumps to the next time-out instead.
#[tokio::test]
async fn a_session_is_extended_while_it_lives_and_asked_for_anew_when_it_does_not() {
    let tenant = Tenant::answering(|request: &Request| match request.url.path() {
        "/auth_token/extend" => {
            let old = request.headers["x-redlock-auth"].to_str().unwrap().to_owned();
            ok(json!({"token": format!("{old}-extended")}))
        }
        _ => empty(request),
    })
    .await;
    let source = tenant.source();
    for (seconds, expected) in
        [(0, "jwt-1"), (470, "jwt-1"), (20, "jwt-1-extended"), (700, "jwt-2")]
    {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
        source.poll(None).await.unwrap();
        let requests = tenant.server.received_requests().await.unwrap();
        assert_eq!(requests.last().unwrap().headers["x-redlock-auth"], expected);
    }
    assert_eq!(tenant.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let status = r#"[{"i18nKey":"permission_error","severity":"error","subject":null}]"#;
    for answer in [
        ResponseTemplate::new(403).insert_header("x-redlock-status", status),
        ResponseTemplate::new(403)
            .set_body_json(json!({"error": {"code": "x", "message": "permission_error"}})),
    ] {
        let (error, asked) = failing(answer).await;
        assert_eq!((error.trouble, asked), (Trouble::NeedsPerson, 1));
        assert!(error.message.contains("permission_error"), "{error}");
        assert!(error.remedy.unwrap().contains("Alerts: Overview"));
    }
}

#[tokio::test]
async fn trouble_that_passes_is_sat_out_within_bounds() {
    for status in [429, 425, 500, 502, 503, 504] {
        let (tenant, asked) = after(3, ResponseTemplate::new(status)).await;
        tenant.source().poll(None).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 4, "{status}");
        let (error, asked) = failing(ResponseTemplate::new(status)).await;
        assert_eq!((error.trouble, asked), (Trouble::Passing, 4), "{status}");
    }
}

#[tokio::test]
async fn a_long_retry_after_is_handed_on_and_then_nothing_is_sent() {
    let answer = ResponseTemplate::new(503).insert_header("Retry-After", "120");
    let (tenant, asked) = after(1, answer).await;
    let source = tenant.source();
    let error = source.poll(None).await.unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(120)));
    assert!(source.poll(None).await.unwrap_err().retry_after.unwrap() > Duration::from_secs(100));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_vendors_own_numbers_become_the_budget_and_are_kept_to() {
    let tenant = Tenant::answering(|_: &Request| {
        empty_with(&[
            ("X-RateLimit-Burst-Capacity", "10"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Replenish-Rate", "4"),
            ("X-RateLimit-Requested-Tokens", "1"),
        ])
    })
    .await;
    let source = tenant.source();
    assert_eq!(source.budget(), None);
    let began = std::time::Instant::now();
    let first = source.poll(None).await.unwrap();
    let budget = source.budget().unwrap();
    assert_eq!((budget.limit, budget.left), (10, 0));
    assert_eq!(budget.period, Duration::from_millis(2_500));
    source.poll(Some(&first.cursor)).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(200), "the bucket was empty");
}

fn empty_with(headers: &[(&str, &str)]) -> ResponseTemplate {
    let answer = page(vec![], None);
    headers.iter().fold(answer, |answer, (name, value)| answer.insert_header(*name, *value))
}

#[tokio::test]
async fn pages_of_html_garbage_and_cut_bodies_are_told_apart() {
    let html = "<html><head><title>414 Request-URI Too Large</title></head></html>";
    let (error, _) = failing(ResponseTemplate::new(200).set_body_raw(html, "text/html")).await;
    assert!(error.message.contains("a web page came") && error.remedy.is_some(), "{error}");
    for body in ["{\"items\":[", "{\"items\":[]} x", "", "\u{0}\u{1}"] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let (error, _) = failing(answer).await;
        assert_eq!(error.trouble, Trouble::Garbage, "{body:?}: {error}");
    }
    let deep = "[".repeat(50_000);
    let (error, _) =
        failing(ResponseTemplate::new(200).set_body_raw(deep, "application/json")).await;
    assert!(error.message.contains("deeper"), "{error}");
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_refused() {
    let (tenant, _) = after(usize::MAX, ok(json!({"items": ["x".repeat(100_000)]}))).await;
    let mut config = tenant.config();
    config.http.body_cap = 50_000;
    let error = tenant.source_with(&config).poll(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Garbage);
    assert!(error.remedy.unwrap().contains("page size"));
}

#[tokio::test]
async fn a_refused_key_is_told_without_the_secret() {
    let server = MockServer::start().await;
    let echo = |request: &Request| {
        ResponseTemplate::new(401)
            .set_body_json(json!({"error": {"message": String::from_utf8_lossy(&request.body)}}))
    };
    Mock::given(any()).respond_with(echo).mount(&server).await;
    let tenant = Tenant::answering(empty).await;
    let mut config = tenant.config();
    config.api_url = server.uri();
    let error = tenant.source_with(&config).poll(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(!error.to_string().contains(SECRET), "{error}");
    assert!(error.remedy.unwrap().contains("access key"));
}

#[tokio::test]
async fn a_refusal_that_repeats_the_session_is_told_without_it() {
    for status in [401, 403, 400, 500] {
        let tenant = Tenant::answering(move |request: &Request| {
            let session = request.headers["x-redlock-auth"].to_str().unwrap();
            let error = json!({"error": {"message": format!("{session} is no good")}});
            ResponseTemplate::new(status).set_body_json(error)
        })
        .await;
        let error = tenant.source().poll(None).await.unwrap_err();
        assert!(
            error.message.contains("is no good") && !error.to_string().contains("jwt-"),
            "{error}"
        );
    }
}

fn lines(checked: &[CheckLine]) -> Vec<(&str, bool)> {
    checked.iter().map(|line| (line.name.as_str(), line.ok)).collect()
}

#[tokio::test]
async fn the_connection_test_names_what_is_missing() {
    let tenant = Tenant::answering(|request: &Request| match request.url.path() {
        "/v2/alert" => page(vec![json!({"id": "P-1", "resource": {"unifiedAssetId": "ua"}})], None),
        "/uai/v1/asset" => ok(json!({"data": {"asset": {}}})),
        "/api/v1/permission" => ResponseTemplate::new(403),
        _ => ok(Value::Null),
    })
    .await;
    let checked = tenant.source_with(&tenant.with_compute()).test().await;
    assert_eq!(
        lines(&checked),
        [
            ("API address", true),
            ("Credentials", true),
            ("Alerts", true),
            ("Asset graph", true),
            ("IAM query (optional)", false),
            ("Compute incidents", true),
        ]
    );
    assert!(checked[4].remedy.as_ref().unwrap().contains("IAM"));
}

#[tokio::test]
async fn the_connection_test_stops_where_nothing_more_can_be_known() {
    let tenant = Tenant::answering(|_: &Request| ResponseTemplate::new(503)).await;
    let checked = tenant.source().test().await;
    assert_eq!(lines(&checked), [("API address", true), ("Credentials", true), ("Alerts", false)]);
    let mut config = tenant.config();
    config.api_url = "http://127.0.0.1:9".into();
    assert_eq!(lines(&tenant.source_with(&config).test().await), [("API address", false)]);
}
