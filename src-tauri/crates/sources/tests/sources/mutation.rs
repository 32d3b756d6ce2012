//! Valid alerts, damaged at random.

use firebreak_core::ports::{Normaliser, RawAlert};
use firebreak_sources::wiz::WizNormaliser;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::corpora::tame;

/// The paths of all scalars. A list's index is written as a number.
pub fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect()
        }
        _ => return found.push(path.clone()),
    };
    for (key, child) in children {
        path.push(key);
        leaves(child, path, found);
        path.pop();
    }
}

pub fn places(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    found.push(path.clone());
    let keys: Vec<String> = match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|n| n.to_string()).collect(),
        _ => Vec::new(),
    };
    for key in keys {
        let child = step(value, &key).unwrap();
        path.push(key);
        places(child, path, found);
        path.pop();
    }
}

fn step<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).or_else(|| value.get(key.parse::<usize>().ok()?))
}

/// Puts `fresh` at a path that exists.
pub fn set(value: &mut Value, path: &[String], fresh: Value) {
    let Some((key, rest)) = path.split_first() else {
        *value = fresh;
        return;
    };
    let child = match value {
        Value::Object(map) => map.get_mut(key),
        Value::Array(items) => key.parse::<usize>().ok().and_then(|n| items.get_mut(n)),
        _ => None,
    };
    if let Some(child) = child {
        set(child, rest, fresh);
    }
}

pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|n| json!(n)),
        any::<String>().prop_map(Value::from),
        "[TA0-9. :/\\\\{}\\[\\]#-]{0,40}".prop_map(Value::from),
        (0_usize..4_000).prop_map(|n| Value::from("é\u{0}x".repeat(n))),
        Just(json!("arn:aws:ec2:eu-central-1:123456789012:instance/i-00000000")),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z]{0,12}", inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_alert_is_still_a_finding(
        which in 0_usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let fixtures = [
            include_str!("fixtures/issue_crypto_mining.json"), include_str!("fixtures/issue_other_cloud.json"),
            include_str!("fixtures/detection_stolen_key.json"), include_str!("fixtures/webhook_public_bucket.json"),
        ];
        let kind = if which == 2 { "detection" } else { "issue" };
        let mut value: Value = serde_json::from_str(fixtures[which]).unwrap();
        for (at, fresh) in damage {
            let mut all = Vec::new();
            places(&value, &mut Vec::new(), &mut all);
            // Not the root: what is no object at all is no alert.
            let place = at.get(&all).clone();
            if !place.is_empty() {
                set(&mut value, &place, fresh);
            }
        }
        let body = value.to_string().into_bytes();
        let finding = WizNormaliser.normalise(&RawAlert { kind: kind.to_owned(), body: body.clone() }).unwrap();
        tame(&finding);
        for alert in WizNormaliser.split(&body).unwrap() {
            let _ = WizNormaliser.normalise(&alert);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(alerts) = WizNormaliser.split(&bytes) {
            alerts.iter().for_each(|alert| drop(WizNormaliser.normalise(alert)));
        }
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        for alert in WizNormaliser.split(value.to_string().as_bytes()).unwrap() {
            let _ = WizNormaliser.normalise(&alert);
        }
    }

    #[test]
    fn a_cut_alert_is_refused_and_never_half_read(cut in any::<prop::sample::Index>()) {
        let whole = include_bytes!("fixtures/issue_crypto_mining.json").trim_ascii();
        let part = &whole[..cut.index(whole.len())];
        assert!(WizNormaliser.split(part).is_err());
    }
}
