//! Bad JSON, hostile text and damaged alerts.

use firebreak_core::ports::{Normaliser, RawAlert};
use firebreak_sources::lacework::LaceworkNormaliser;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::Value;

use super::reading::{ENVELOPE, LISTED, PARTS, WEBHOOK};
use crate::corpora::{hostile, tame};
use crate::mutation::{any_json, leaves, places, set};
use crate::stand::folder;

const FIXTURES: [&str; 4] = [PARTS, LISTED, ENVELOPE, WEBHOOK];

fn read_and_drop(bytes: &[u8]) -> bool {
    let split = LaceworkNormaliser.split(bytes);
    for alert in split.iter().flatten() {
        if let Ok(finding) = LaceworkNormaliser.normalise(alert) {
            tame(&finding);
        }
    }
    split.is_ok()
}

#[test]
fn json_test_suite() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let (mut accepted, mut refused) = (0, 0);
    for file in std::fs::read_dir(folder.join("jsontestsuite/test_parsing")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = read_and_drop(&std::fs::read(&path).unwrap());
        match name.as_bytes()[0] {
            b'y' => {
                assert!(read, "{name} is valid");
                accepted += 1;
            }
            b'n' => {
                assert!(!read, "{name} is not JSON");
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
    let fixtures = FIXTURES.map(|fixture| {
        let value: Value = serde_json::from_str(fixture).unwrap();
        let mut places = Vec::new();
        leaves(&value, &mut Vec::new(), &mut places);
        (value, places)
    });
    for (turn, text) in hostile(&folder).iter().enumerate() {
        let (value, places) = &fixtures[turn % fixtures.len()];
        let mut damaged = value.clone();
        let place = &places[(turn / fixtures.len()) % places.len()];
        set(&mut damaged, place, Value::from(text.as_str()));
        let body = damaged.to_string().into_bytes();
        let alert = RawAlert { kind: "alert".to_owned(), body };
        tame(&LaceworkNormaliser.normalise(&alert).unwrap());
        assert_eq!(LaceworkNormaliser.split(&alert.body).unwrap(), [alert]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_alert_is_still_a_finding(
        which in 0_usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let mut value: Value = serde_json::from_str(FIXTURES[which]).unwrap();
        for (at, fresh) in damage {
            let mut all = Vec::new();
            places(&value, &mut Vec::new(), &mut all);
            let place = at.get(&all).clone();
            if !place.is_empty() {
                set(&mut value, &place, fresh);
            }
        }
        let body = value.to_string().into_bytes();
        let alert = RawAlert { kind: "alert".to_owned(), body: body.clone() };
        tame(&LaceworkNormaliser.normalise(&alert).unwrap());
        read_and_drop(&body);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_and_drop(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        assert!(read_and_drop(value.to_string().as_bytes()));
    }

    #[test]
    fn a_cut_alert_is_refused_and_never_half_read(cut in any::<prop::sample::Index>()) {
        let whole = PARTS.trim().as_bytes();
        assert!(LaceworkNormaliser.split(&whole[..cut.index(whole.len())]).is_err());
    }
}
