//! Bad JSON, hostile text, damaged alerts: never a panic, never more than the caps.

use firebreak_core::ports::{AlertSource, Normaliser, RawAlert};
use firebreak_sources::orca::OrcaNormaliser;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::{Value, json};
use wiremock::matchers::any as anything;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::reading::{LEGACY, RULES, SERVING};
use super::stand::{Organisation, data, sweep};
use crate::corpora::tame;
use crate::mutation::{any_json, leaves, places, set};
use crate::stand::folder;

const FIXTURES: [&str; 3] = [SERVING, RULES, LEGACY];

#[test]
fn json_test_suite() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let (mut accepted, mut refused, mut either) = (0, 0, 0);
    for file in std::fs::read_dir(folder.join("jsontestsuite/test_parsing")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = OrcaNormaliser.split(&std::fs::read(&path).unwrap());
        if let Ok(alerts) = &read {
            alerts.iter().for_each(|alert| drop(OrcaNormaliser.normalise(alert)));
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
            _ => either += 1,
        }
    }
    assert_eq!((accepted, refused, either), (95, 188, 35));
}

#[test]
fn hostile_text_in_every_field() {
    let texts = [
        "<script>alert(1)</script>",
        "\u{202e}gnp.exe",
        "' OR 1=1 --",
        "{{7*7}}",
        "a\u{0}b\nc",
        "%n%s",
        "\u{feff}",
    ];
    let long = "é".repeat(20_000);
    for fixture in FIXTURES {
        let value: Value = serde_json::from_str(fixture).unwrap();
        let mut found = Vec::new();
        leaves(&value, &mut Vec::new(), &mut found);
        for text in texts.iter().copied().chain([long.as_str()]) {
            for place in &found {
                let mut damaged = value.clone();
                set(&mut damaged, place, Value::from(text));
                let raw = RawAlert { kind: "alert".into(), body: damaged.to_string().into_bytes() };
                tame(&OrcaNormaliser.normalise(&raw).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn no_address_in_an_alert_is_visited() {
    let canary = MockServer::start().await;
    Mock::given(anything()).respond_with(ResponseTemplate::new(200)).mount(&canary).await;
    let mut alert: Value = serde_json::from_str(SERVING).unwrap();
    let mut found = Vec::new();
    leaves(&alert, &mut Vec::new(), &mut found);
    for place in found.iter().filter(|place| !place.iter().any(|key| key == "AlertId")) {
        set(&mut alert, place, json!(canary.uri()));
    }
    let row = alert.clone();
    let organisation = Organisation::answering(move |_: &Request| data(vec![row.clone()])).await;
    let source = organisation.source();
    assert_eq!(sweep(&source, None).await.unwrap().0, ["orca-40017"]);
    let raw = RawAlert { kind: "alert".into(), body: alert.to_string().into_bytes() };
    let finding = firebreak_core::finding::Finding {
        id: firebreak_core::FindingId::new("f"),
        source: "orca-test".into(),
        alert: firebreak_core::AlertId::new("a"),
        alert_sha256: String::new(),
        received_at: chrono::DateTime::UNIX_EPOCH,
        draft: OrcaNormaliser.normalise(&raw).unwrap(),
    };
    source.neighbours(&finding).await.unwrap();
    assert!(canary.received_requests().await.unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_alert_is_still_a_finding(
        which in 0_usize..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let mut value: Value = serde_json::from_str(FIXTURES[which]).unwrap();
        for (at, fresh) in damage {
            let mut all = Vec::new();
            places(&value, &mut Vec::new(), &mut all);
            let place = at.get(&all).clone();
            // Not the root: what is no object at all is no alert.
            if !place.is_empty() {
                set(&mut value, &place, fresh);
            }
        }
        let body = value.to_string().into_bytes();
        let raw = RawAlert { kind: "alert".into(), body: body.clone() };
        tame(&OrcaNormaliser.normalise(&raw).unwrap());
        for alert in OrcaNormaliser.split(&body).unwrap() {
            let _ = OrcaNormaliser.normalise(&alert);
        }
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        for alert in OrcaNormaliser.split(value.to_string().as_bytes()).unwrap() {
            let _ = OrcaNormaliser.normalise(&alert);
        }
    }
}
