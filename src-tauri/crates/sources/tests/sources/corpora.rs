//! Public corpora of bad JSON and hostile text, read where they lie.

use std::collections::BTreeSet;
use std::path::Path;

use firebreak_core::finding::FindingDraft;
use firebreak_core::ports::{Normaliser, RawAlert};
use firebreak_core::text::{BODY_CAP, LINE_CAP, TITLE_CAP};
use firebreak_sources::wiz::WizNormaliser;
use serde_json::Value;

use crate::mutation::{leaves, set};
use crate::stand::folder;

#[test]
fn json_test_suite() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let (mut accepted, mut refused, mut either) = (0, 0, 0);
    for file in std::fs::read_dir(folder.join("jsontestsuite/test_parsing")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = WizNormaliser.split(&std::fs::read(&path).unwrap());
        if let Ok(alerts) = &read {
            alerts.iter().for_each(|alert| drop(WizNormaliser.normalise(alert)));
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

pub fn hostile(folder: &Path) -> BTreeSet<String> {
    let blns: Vec<String> =
        serde_json::from_slice(&std::fs::read(folder.join("blns/blns.json")).unwrap()).unwrap();
    let mut all = BTreeSet::from_iter(blns);
    for file in ["ui_strings.jsonl", "injections.jsonl"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let mut texts = Vec::new();
            leaves(&value, &mut Vec::new(), &mut texts);
            let strings = texts
                .iter()
                .filter_map(|path| path.iter().try_fold(&value, |v, key| v.get(key.as_str())));
            all.extend(strings.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    all
}

/// Nothing of a finding is longer than its cap or holds what could break out of a line.
pub fn tame(finding: &FindingDraft) {
    let line = |text: &str, cap: usize| {
        assert!(text.chars().count() <= cap && !text.chars().any(char::is_control), "{text:?}");
    };
    let id = |text: &str| {
        assert!(
            text.chars().count() <= 800
                && text.chars().all(|c| c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric()),
            "{text:?}"
        );
    };
    let resource = &finding.resource;
    line(&finding.title, TITLE_CAP);
    finding.description.iter().for_each(|text| assert!(text.chars().count() <= BODY_CAP));
    finding.unknowns.iter().for_each(|note| line(note, LINE_CAP));
    finding.observations.iter().for_each(|seen| line(&seen.text, LINE_CAP));
    id(&finding.vendor_id);
    [&finding.rule_id, &resource.native_id, &resource.vendor_id, &resource.account]
        .into_iter()
        .flatten()
        .for_each(|text| id(text));
    let lines = [
        &finding.rule_name,
        &finding.severity_as_given,
        &finding.status_as_given,
        &resource.name,
        &resource.native_type,
        &resource.platform,
        &resource.account_name,
        &resource.region,
    ];
    lines.into_iter().flatten().for_each(|text| line(text, TITLE_CAP));
    resource
        .tags
        .iter()
        .for_each(|(key, value)| [key, value].into_iter().for_each(|text| line(text, TITLE_CAP)));
    if let Some(actor) = &finding.actor {
        [&actor.native_id, &actor.access_key_id, &actor.address]
            .into_iter()
            .flatten()
            .for_each(|text| id(text));
        actor.name.iter().for_each(|text| line(text, TITLE_CAP * 3));
    }
    for attack in finding.tactics.iter().chain(&finding.techniques) {
        assert!(attack.id.starts_with('T') && attack.id.len() <= 9 && attack.id.is_ascii());
    }
}

/// Each hostile text in one place of a fixture, and each fourth in all places at once. Fixtures and
/// places take turns: there are ten thousand texts.
#[test]
fn hostile_text_in_every_field() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let texts = hostile(&folder);
    assert!(texts.len() > 5_000);
    let fixtures = [
        ("issue", include_str!("fixtures/issue_crypto_mining.json")),
        ("detection", include_str!("fixtures/detection_stolen_key.json")),
        ("issue", include_str!("fixtures/webhook_public_bucket.json")),
    ]
    .map(|(kind, fixture)| {
        let value: Value = serde_json::from_str(fixture).unwrap();
        let mut places = Vec::new();
        leaves(&value, &mut Vec::new(), &mut places);
        (kind, value, places)
    });
    for (turn, text) in texts.iter().enumerate() {
        let (kind, value, places) = &fixtures[turn % fixtures.len()];
        let mut damaged = vec![value.clone()];
        let place = &places[(turn / fixtures.len()) % places.len()];
        set(&mut damaged[0], place, Value::from(text.as_str()));
        if turn % 4 == 0 {
            let mut flooded = value.clone();
            let short: String = text.chars().take(300).collect();
            places.iter().for_each(|place| set(&mut flooded, place, Value::from(short.as_str())));
            damaged.push(flooded);
        }
        for value in damaged {
            let alert = RawAlert { kind: (*kind).to_owned(), body: value.to_string().into_bytes() };
            tame(&WizNormaliser.normalise(&alert).unwrap());
            assert_eq!(WizNormaliser.split(&alert.body).unwrap(), [alert]);
        }
    }
}
