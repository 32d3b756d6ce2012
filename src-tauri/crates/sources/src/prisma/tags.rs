//! Tags, in the several forms in which clouds and Prisma write them.

use std::collections::BTreeMap;

use firebreak_core::text;
use serde_json::Value;

use crate::fields::{Notes, at, text_of};

/// Most tags kept; AWS allows 50.
const CAP: usize = 100;
/// Classifications, hyphens and blanks taken out, of what an attacker is after.
const GRAVE: [&str; 9] = [
    "crownjewel",
    "restricted",
    "confidential",
    "secret",
    "pii",
    "pci",
    "phi",
    "sensitive",
    "critical",
];

/// The first of `places` that holds tags: an object, or a list of `{key, value}`.
pub(super) fn tags(places: &[&Value], notes: &mut Notes) -> BTreeMap<String, String> {
    let found = places.iter().map(|place| pairs(place)).find(|pairs| !pairs.is_empty());
    let found = found.unwrap_or_default();
    if found.len() > CAP {
        notes.add(format!("tags: {CAP} of {} kept", found.len()));
    }
    let word = |text: &str| text::line(text, text::TITLE_CAP);
    let kept = found.into_iter().take(CAP);
    kept.map(|(key, value)| (word(&key), word(&text_of(value).unwrap_or_default()))).collect()
}

fn pairs(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .filter_map(|item| {
                let key = ["key", "Key", "name"].iter().find_map(|key| text_of(at(item, key)))?;
                let values = [at(item, "value"), at(item, "Value")];
                Some((
                    key,
                    values.into_iter().find(|value| !value.is_null()).unwrap_or(&Value::Null),
                ))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether the owner's tags mark it as worth an attacker's while.
pub(super) fn crown_jewel(tags: &BTreeMap<String, String>) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    tags.iter().any(|(key, value)| match plain(key).as_str() {
        "crownjewel" => matches!(plain(value).as_str(), "true" | "yes"),
        "dataclassification" | "classification" | "criticality" => {
            GRAVE.contains(&plain(value).as_str())
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_tags_is_read() {
        let mut notes = Notes::default();
        let list =
            json!([{"key": "a", "value": 1}, {"Key": "b", "Value": "x"}, "odd", {"value": 3}]);
        let read = tags(&[&json!(null), &json!({}), &list], &mut notes);
        assert_eq!(read, BTreeMap::from([("a".into(), "1".into()), ("b".into(), "x".into())]));
        assert!(crown_jewel(&tags(&[&json!({"Data-Classification": "crown jewel"})], &mut notes)));
        assert!(!crown_jewel(&read));
        let many: serde_json::Map<String, Value> =
            (0..300).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(tags(&[&many.into()], &mut notes).len(), CAP);
        assert_eq!(notes.into_list().len(), 1);
    }
}
