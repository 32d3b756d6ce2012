//! Bad JSON, hostile text, alerts damaged at random, and addresses that must not be visited.

use firebreak_core::ports::{AlertSource, Normaliser, RawAlert};
use firebreak_sources::prisma::PrismaNormaliser;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::{Value, json};
use wiremock::matchers::any as anything;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::stand::{Tenant, ok, page, sweep};
use crate::corpora::{hostile, tame};
use crate::mutation::{any_json, leaves, places, set};
use crate::stand::folder;

const FIXTURES: [(&str, &str); 4] = [
    ("alert", include_str!("../fixtures/prisma_stolen_key.json")),
    ("alert", include_str!("../fixtures/prisma_notification.json")),
    ("incident", include_str!("../fixtures/prisma_miner_incident.json")),
    (
        "audit",
        r#"{"_id":"1","kind":"audit","message":"m","host":"h","rule":"r","time":"2026-01-01T00:00:00Z","entities":[{"arn":"a","protected":false}],"compliance":[{"id":"1","description":"d"}]}"#,
    ),
];

#[test]
fn json_test_suite() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let (mut accepted, mut refused) = (0, 0);
    for file in std::fs::read_dir(folder.join("jsontestsuite/test_parsing")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = PrismaNormaliser.split(&std::fs::read(&path).unwrap());
        if let Ok(alerts) = &read {
            alerts.iter().for_each(|alert| drop(PrismaNormaliser.normalise(alert)));
        }
        match name.as_bytes()[0] {
            b'y' => {
                assert!(read.is_ok(), "{name} is valid: {read:?}");
                accepted += 1;
            }
            b'n' => {
                assert!(read.is_err(), "{name} is not JSON");
                refused += 1;
            }
            _ => {}
        }
    }
    assert_eq!((accepted, refused), (95, 188));
}

#[test]
fn hostile_text_in_every_field() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let fixtures = FIXTURES.map(|(kind, fixture)| {
        let value: Value = serde_json::from_str(fixture).unwrap();
        let mut places = Vec::new();
        leaves(&value, &mut Vec::new(), &mut places);
        (kind, value, places)
    });
    for (turn, text) in hostile(&folder).iter().enumerate() {
        let (kind, value, places) = &fixtures[turn % fixtures.len()];
        let mut value = value.clone();
        let place = &places[(turn / fixtures.len()) % places.len()];
        set(&mut value, place, Value::from(text.as_str()));
        let alert = RawAlert { kind: (*kind).to_owned(), body: value.to_string().into_bytes() };
        tame(&PrismaNormaliser.normalise(&alert).unwrap());
        assert_eq!(PrismaNormaliser.split(&alert.body).unwrap(), [alert]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_alert_is_still_a_finding(
        which in 0_usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let (kind, fixture) = FIXTURES[which];
        let mut value: Value = serde_json::from_str(fixture).unwrap();
        for (at, fresh) in damage {
            let mut all = Vec::new();
            places(&value, &mut Vec::new(), &mut all);
            let place = at.get(&all).clone();
            if !place.is_empty() {
                set(&mut value, &place, fresh);
            }
        }
        let body = value.to_string().into_bytes();
        let finding = PrismaNormaliser.normalise(&RawAlert { kind: kind.to_owned(), body: body.clone() });
        tame(&finding.unwrap());
        for alert in PrismaNormaliser.split(&body).unwrap() {
            let _ = PrismaNormaliser.normalise(&alert);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(alerts) = PrismaNormaliser.split(&bytes) {
            alerts.iter().for_each(|alert| drop(PrismaNormaliser.normalise(alert)));
        }
    }

    #[test]
    fn a_cut_alert_is_refused_and_never_half_read(cut in any::<prop::sample::Index>()) {
        let whole = FIXTURES[0].1.as_bytes().trim_ascii();
        assert!(PrismaNormaliser.split(&whole[..cut.index(whole.len())]).is_err());
    }
}

#[tokio::test]
async fn no_address_in_an_alert_is_visited() {
    let canary = MockServer::start().await;
    Mock::given(anything()).respond_with(ResponseTemplate::new(200)).mount(&canary).await;
    let mut alert: Value = serde_json::from_str(FIXTURES[0].1).unwrap();
    let mut all = Vec::new();
    leaves(&alert, &mut Vec::new(), &mut all);
    all.iter().for_each(|place| set(&mut alert, place, json!(canary.uri())));
    let item = alert.clone();
    let tenant = Tenant::answering(move |request: &Request| match request.url.path() {
        "/v2/alert" => page(vec![item.clone()], None),
        _ => ok(json!({"data": {"asset": {"url": "http://127.0.0.1:1/"}}})),
    })
    .await;
    let source = tenant.source();
    sweep(&source, None).await.unwrap();
    source.neighbours(&tenant.finding(&alert)).await.unwrap();
    assert!(canary.received_requests().await.unwrap().is_empty());
}
