//! Everything a server can do wrong short of malice: statuses, silence, noise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use firebreak_core::ports::{AlertSource, KeychainState, OutsideError, Trouble, VaultError};
use firebreak_sources::wiz::WizSource;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stand::{HandClock, Keychain, SECRET, Tenant, config, data, page};

fn empty(_: &Request) -> ResponseTemplate {
    page("issues", vec![], None)
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
async fn an_expired_token_is_replaced_once() {
    let (tenant, asked) = after(1, ResponseTemplate::new(401)).await;
    let source = tenant.source();
    source.poll(None).await.unwrap();
    source.poll(None).await.unwrap();
    assert_eq!((tenant.tokens.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)), (2, 3));
    let requests = tenant.server.received_requests().await.unwrap();
    let bearer: Vec<_> = requests
        .iter()
        .filter_map(|r| r.headers.get("authorization"))
        .map(|v| v.to_str().unwrap())
        .collect();
    assert_eq!(bearer, ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);
}

#[tokio::test]
async fn a_token_that_is_never_taken_needs_a_person() {
    let (error, asked) = failing(ResponseTemplate::new(401)).await;
    assert_eq!((error.trouble, asked), (Trouble::NeedsPerson, 2));
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    for answer in [
        ResponseTemplate::new(403).set_body_json(json!({"message": "Access denied"})),
        data(
            json!({"data": {"issues": null}, "errors": [{"message": "nope", "extensions": {"code": "FORBIDDEN"}}]}),
        ),
    ] {
        let (error, _) = failing(answer).await;
        assert_eq!(error.trouble, Trouble::NeedsPerson);
        assert!(error.remedy.unwrap().contains("read:issues"));
    }
}

#[tokio::test]
async fn trouble_that_passes_is_sat_out_within_bounds() {
    for status in [429, 500, 502, 503, 504, 408] {
        let (tenant, asked) = after(3, ResponseTemplate::new(status)).await;
        tenant.source().poll(None).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 4, "{status}");
        let (error, asked) = failing(ResponseTemplate::new(status)).await;
        assert_eq!((error.trouble, asked), (Trouble::Passing, 4), "{status}");
    }
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for() {
    let (tenant, asked) =
        after(1, ResponseTemplate::new(429).insert_header("Retry-After", "1")).await;
    let began = Instant::now();
    tenant.source().poll(None).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_long_retry_after_is_handed_on_and_then_nothing_is_sent() {
    for (value, date) in
        [("120", None), ("Wed, 21 Oct 2026 07:30:00 GMT", Some("Wed, 21 Oct 2026 07:28:00 GMT"))]
    {
        let mut answer = ResponseTemplate::new(503).insert_header("Retry-After", value);
        if let Some(date) = date {
            answer = answer.insert_header("Date", date);
        }
        let (tenant, asked) = after(1, answer).await;
        let source = tenant.source();
        let error = source.poll(None).await.unwrap_err();
        assert_eq!(
            (error.trouble, error.retry_after),
            (Trouble::Passing, Some(Duration::from_secs(120)))
        );
        let again = source.poll(None).await.unwrap_err();
        let left = again.retry_after.unwrap();
        assert!(left > Duration::from_secs(100) && left <= Duration::from_secs(120), "{left:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "Wiz was asked again though it said not to");
    }
}

/// A tenant that lets 20 requests a second through and we that would ask 200.
#[tokio::test]
async fn a_storm_of_429_costs_few_requests_and_no_alert() {
    let bucket = std::sync::Mutex::new((Instant::now(), 0));
    let useful = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&useful);
    let tenant = Tenant::answering(move |request: &Request| {
        let mut bucket = bucket.lock().unwrap();
        if bucket.0.elapsed() >= Duration::from_secs(1) {
            *bucket = (Instant::now(), 0);
        }
        bucket.1 += 1;
        if bucket.1 > 20 {
            return ResponseTemplate::new(429).insert_header("Retry-After", "1");
        }
        count.fetch_add(1, Ordering::SeqCst);
        if crate::stand::wants_detections(request) {
            return page("detections", vec![], None);
        }
        let from: usize = crate::stand::variables(request)["after"]
            .as_str()
            .map_or(0, |after| after.parse().unwrap());
        let next = (from + 1 < 60).then(|| (from + 1).to_string());
        page("issues", vec![json!({"id": from.to_string()})], next.as_deref())
    })
    .await;
    let mut config = tenant.config();
    config.requests_per_second = std::num::NonZeroU32::new(200).unwrap();
    let (bodies, _) = crate::stand::sweep(&tenant.source_with(&config), None).await.unwrap();
    let ids: std::collections::BTreeSet<_> =
        bodies.iter().map(|body| body["id"].to_string()).collect();
    assert_eq!(ids.len(), 60);
    let (asked, useful) = (tenant.asked().await.len(), useful.load(Ordering::SeqCst));
    assert!(asked * 10 <= useful * 12, "{asked} requests for {useful} answers");
}

#[tokio::test]
async fn a_graphql_error_at_200_is_an_error_with_its_code() {
    let errors = json!({"data": {"issues": null}, "errors": [{"message": "m".repeat(5_000), "extensions": {"code": "BAD_USER_INPUT"}}]});
    let (error, asked) = failing(data(errors)).await;
    assert_eq!((error.trouble, asked), (Trouble::Garbage, 1));
    assert!(error.message.contains("BAD_USER_INPUT") && error.message.len() < 500);
}

#[tokio::test]
async fn a_web_page_at_200_is_no_answer() {
    let (error, _) = failing(
        ResponseTemplate::new(200).set_body_raw("<html>sign in</html>", "text/html; charset=utf-8"),
    )
    .await;
    assert_eq!(error.trouble, Trouble::Garbage);
    assert!(error.message.contains("a web page") && error.remedy.unwrap().contains("/graphql"));
}

#[tokio::test]
async fn deep_and_huge_and_swelling_bodies_are_refused() {
    let deep = format!("{{\"data\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let (error, _) =
        failing(ResponseTemplate::new(200).set_body_raw(deep, "application/json")).await;
    assert!(
        error.trouble == Trouble::Garbage && error.message.contains("nested deeper"),
        "{error}"
    );

    let huge = format!("{{\"data\":\"{}\"}}", "x".repeat(17 << 20));
    let (error, asked) =
        failing(ResponseTemplate::new(200).set_body_raw(huge, "application/json")).await;
    assert!(error.message.contains("more than 16777216 bytes"), "{error}");
    assert_eq!((error.trouble, asked), (Trouble::Garbage, 1));

    // 24 kB that inflate to 24 MB.
    let bomb = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_raw(include_bytes!("fixtures/spaces.json.gz").to_vec(), "application/json");
    let (error, _) = failing(bomb).await;
    assert!(error.message.contains("more than 16777216 bytes"), "{error}");
}

#[tokio::test]
async fn gzip_within_the_cap_is_read() {
    let (tenant, _) = after(0, ResponseTemplate::new(200)).await;
    let mut config = tenant.config();
    config.http.body_cap = 64 << 20;
    let tenant2 = Tenant::answering(|_: &Request| {
        ResponseTemplate::new(200)
            .insert_header("content-encoding", "gzip")
            .set_body_raw(include_bytes!("fixtures/spaces.json.gz").to_vec(), "application/json")
    })
    .await;
    config.api_url = format!("{}/graphql", tenant2.server.uri());
    let error = tenant.source_with(&config).poll(None).await.unwrap_err();
    assert!(error.message.contains("no data.issues"), "inflated and read: {error}");
}

/// A raw server: reads one request's head, writes what it is given, and closes or stays silent.
async fn raw_server(answer: &'static [u8], drip: Option<Duration>, close: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = socket.read(&mut buffer).await;
                match drip {
                    None => drop(socket.write_all(answer).await),
                    Some(pause) => {
                        for byte in answer {
                            let _ = socket.write_all(&[*byte]).await;
                            tokio::time::sleep(pause).await;
                        }
                    }
                }
                if !close {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    format!("http://{address}/graphql")
}

async fn against(api: &str, attempts: usize) -> (OutsideError, Duration) {
    let tenant = Tenant::answering(empty).await;
    let mut config = config(api, &tenant.config().auth_url);
    config.patience.attempts = attempts;
    config.http.total_timeout = Duration::from_millis(400);
    let began = Instant::now();
    let error = tenant.source_with(&config).poll(None).await.unwrap_err();
    (error, began.elapsed())
}

#[tokio::test]
async fn cut_silent_and_dripping_connections_end_in_time() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"data\":{\"issues\":{\"nodes\":[";
    for (answer, drip, close, words) in [
        (&head[..], None, true, "broke"),
        (&b""[..], None, true, "broke"),
        (&b"\x16\x03\x01 not http"[..], None, true, "broke"),
        (&b""[..], None, false, "did not answer in time"),
        (&head[..], None, false, "did not answer in time"),
        (&head[..], Some(Duration::from_millis(30)), false, "did not answer in time"),
    ] {
        let api = raw_server(answer, drip, close).await;
        let (error, took) = against(&api, 2).await;
        assert_eq!(error.trouble, Trouble::Passing, "{error}");
        assert!(error.message.contains(words), "{words}: {error}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_said_with_the_reason() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (error, _) = against(&format!("http://{free}/graphql"), 1).await;
    assert_eq!(error.trouble, Trouble::Passing);
    assert!(
        error.message.contains("127.0.0.1 can't be reached") && error.message.contains("refused"),
        "{error}"
    );
}

#[tokio::test]
async fn redirects_are_not_followed_and_carry_no_secret_away() {
    let canary = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&canary).await;
    for status in [301, 302, 303, 307, 308] {
        let astray = ResponseTemplate::new(status).insert_header("Location", canary.uri().as_str());
        let (error, asked) = failing(astray.clone()).await;
        assert_eq!((error.trouble, asked), (Trouble::NeedsPerson, 1));
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(astray).mount(&server).await;
        let source = WizSource::new(
            &config(&server.uri(), &server.uri()),
            Keychain::with_secret(),
            HandClock::new(),
        )
        .unwrap();
        assert_eq!(source.poll(None).await.unwrap_err().trouble, Trouble::NeedsPerson);
    }
    assert!(canary.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn refused_credentials_are_said_without_the_secret() {
    let server = MockServer::start().await;
    let echo = json!({"error": "access_denied", "error_description": format!("client secret {SECRET} is wrong")});
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401).set_body_json(echo))
        .mount(&server)
        .await;
    let source = WizSource::new(
        &config(&server.uri(), &server.uri()),
        Keychain::with_secret(),
        HandClock::new(),
    )
    .unwrap();
    let error = source.poll(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(
        error.message.contains("refused the client id or secret")
            && error.message.contains("is wrong")
    );
    assert!(!format!("{error:?}").contains(SECRET));
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.len(), 1, "wrong credentials are not tried again: accounts get locked");
    let form = String::from_utf8(sent[0].body.clone()).unwrap();
    assert_eq!(
        form,
        format!(
            "grant_type=client_credentials&audience=wiz-api&client_id=client-1&client_secret={SECRET}"
        )
    );
}

#[tokio::test]
async fn an_echoed_token_is_not_repeated() {
    let tenant = Tenant::answering(|_: &Request| {
        data(json!({"errors": [{"message": "token-1 is odd", "extensions": {"code": "X"}}]}))
    })
    .await;
    let error = tenant.source().poll(None).await.unwrap_err();
    assert!(
        error.message.contains("… is odd") && !format!("{error:?}").contains("token-1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_locked_keychain_is_said_and_recovery_needs_no_restart() {
    let tenant = Tenant::answering(empty).await;
    let source = tenant.source();
    *tenant.keychain.0.lock().unwrap() = Err(VaultError::NotUsable(KeychainState::Locked));
    let error = source.poll(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.message.contains("locked"));
    *tenant.keychain.0.lock().unwrap() = Ok(None);
    assert!(source.poll(None).await.unwrap_err().message.contains("source/wiz-test"));
    *tenant.keychain.0.lock().unwrap() = Ok(Some(SECRET.to_owned()));
    source.poll(None).await.unwrap();
}

#[tokio::test]
async fn settings_that_can_not_work_are_refused_at_once() {
    for (api, auth, proxy) in [
        ("http://api.wiz.io/graphql", "https://auth.app.wiz.io/oauth/token", None),
        ("https://api.us1.app.wiz.io/graphql", "ftp://auth.app.wiz.io/", None),
        ("https://api.us1.app.wiz.io/graphql", "https://auth.app.wiz.io/oauth/token", Some("::::")),
    ] {
        let mut config = config(api, auth);
        config.http.proxy = proxy.map(str::to_owned);
        let made = WizSource::new(&config, Keychain::with_secret(), HandClock::new());
        assert_eq!(made.err().unwrap().trouble, Trouble::NeedsPerson);
    }
    let mut config =
        config("https://api.us1.app.wiz.io/graphql", "https://auth.app.wiz.io/oauth/token");
    config.http.extra_authorities = Some(b"no certificate".to_vec());
    assert!(WizSource::new(&config, Keychain::with_secret(), HandClock::new()).is_err());
    config.http.extra_authorities = None;
    assert!(WizSource::new(&config, Keychain::with_secret(), HandClock::new()).is_ok());
}
