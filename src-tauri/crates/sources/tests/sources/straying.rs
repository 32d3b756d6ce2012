//! Addresses inside alerts are text: nothing is ever fetched from one.

use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, Clock, Normaliser, RawAlert};
use firebreak_core::{AlertId, FindingId};
use firebreak_sources::wiz::WizNormaliser;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::mutation::{leaves, set};
use crate::stand::{Tenant, data, page, query, sweep, wants_detections};

#[tokio::test]
async fn no_address_in_an_alert_is_visited() {
    let canary = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&canary).await;
    let mut alert: Value =
        serde_json::from_str(include_str!("fixtures/issue_crypto_mining.json")).unwrap();
    let mut places = Vec::new();
    leaves(&alert, &mut Vec::new(), &mut places);
    places.iter().for_each(|place| set(&mut alert, place, json!(canary.uri())));
    let node = alert.clone();
    let tenant = Tenant::answering(move |request: &Request| {
        if wants_detections(request) {
            page("detections", vec![], None)
        } else if query(request).contains("graphSearch") {
            data(json!({"data": {"graphSearch": {"nodes": []}}}))
        } else {
            page("issues", vec![node.clone()], None)
        }
    })
    .await;
    let source = tenant.source();
    assert_eq!(sweep(&source, None).await.unwrap().0.len(), 1);
    let raw = RawAlert { kind: "issue".into(), body: alert.to_string().into_bytes() };
    let finding = Finding {
        id: FindingId::new("f"),
        source: "wiz-test".into(),
        alert: AlertId::new("a"),
        alert_sha256: String::new(),
        received_at: tenant.clock.now(),
        draft: WizNormaliser.normalise(&raw).unwrap(),
    };
    source.neighbours(&finding).await.unwrap();
    assert!(canary.received_requests().await.unwrap().is_empty());
}
