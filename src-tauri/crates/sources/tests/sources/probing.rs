//! The connection test.

use firebreak_core::ports::{AlertSource, CheckLine};
use firebreak_sources::wiz::WizSource;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stand::{HandClock, Keychain, Tenant, config, data, gql_error, query};

fn all_well(request: &Request) -> ResponseTemplate {
    let root = ["issues", "detections", "graphSearch"]
        .into_iter()
        .find(|root| query(request).contains(root))
        .unwrap();
    data(json!({"data": {root: {"nodes": []}}}))
}

fn lines(checked: &[CheckLine]) -> Vec<(&str, bool)> {
    checked.iter().map(|line| (line.name.as_str(), line.ok)).collect()
}

#[tokio::test]
async fn all_is_well() {
    let tenant = Tenant::answering(all_well).await;
    let checked = tenant.source().test().await;
    let expected = [
        "Authentication address",
        "Credentials",
        "Issues",
        "Detections (optional)",
        "Security graph",
    ];
    assert_eq!(lines(&checked), expected.map(|name| (name, true)));
}

#[tokio::test]
async fn each_missing_scope_is_named() {
    let tenant = Tenant::answering(|request: &Request| {
        match query(request).contains("FirebreakProbeIssues") {
            true => all_well(request),
            false => gql_error("FORBIDDEN", "not for you"),
        }
    })
    .await;
    let checked = tenant.source().test().await;
    assert_eq!(
        lines(&checked)[2..],
        [("Issues", true), ("Detections (optional)", false), ("Security graph", false)]
    );
    assert!(checked[3].remedy.as_ref().unwrap().contains("read:detections"));
    assert!(checked[4].remedy.as_ref().unwrap().contains("read:resources"));
}

#[tokio::test]
async fn wrong_credentials_and_wrong_addresses_are_told_apart() {
    let check = |answer: ResponseTemplate, name: &'static str, words: &'static str| async move {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let source = WizSource::new(
            &config(&server.uri(), &server.uri()),
            Keychain::with_secret(),
            HandClock::new(),
        )
        .unwrap();
        let checked = source.test().await;
        assert_eq!(lines(&checked), [(name, false)]);
        assert!(checked[0].text.contains(words), "{}", checked[0].text);
        assert!(checked[0].remedy.is_some());
    };
    check(
        ResponseTemplate::new(401).set_body_json(json!({"error": "access_denied"})),
        "Credentials",
        "access_denied",
    )
    .await;
    check(
        ResponseTemplate::new(200).set_body_raw("<html/>", "text/html"),
        "Authentication address",
        "a web page",
    )
    .await;
    check(
        ResponseTemplate::new(302).insert_header("Location", "https://x.example"),
        "Authentication address",
        "redirect",
    )
    .await;
    let tenant = Tenant::answering(|_: &Request| {
        ResponseTemplate::new(200).set_body_raw("<html/>", "text/html")
    })
    .await;
    let checked = tenant.source().test().await;
    assert_eq!(lines(&checked)[2..], [("API address", false)]);
}
