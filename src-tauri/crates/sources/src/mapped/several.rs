//! Fields that hold several values: tags and techniques.

use std::collections::BTreeMap;

use firebreak_core::text;
use serde_json::Value;

use super::field::Field;
use crate::attack::Mentions;
use crate::fields::{Notes, at, list, text_of};
use crate::json;

/// Most tags kept; AWS allows 50.
const TAGS_CAP: usize = 100;
/// Most values of a list looked at for techniques.
const TECHNIQUES_CAP: usize = 50;

/// An object of key and value; a list of `{"key": …, "value": …}` or of `key:value`; or either of
/// these as JSON text, as templates write what they can't render otherwise.
pub(super) fn tags(given: &Value, notes: &mut Notes) -> BTreeMap<String, String> {
    let embedded = embedded(given);
    let given = embedded.as_ref().unwrap_or(given);
    let word = |text: &str| text::line(text.trim(), text::TITLE_CAP);
    let mut pairs: Vec<(String, String)> = Vec::new();
    match given {
        Value::Object(members) => {
            for (key, value) in members {
                pairs.push((word(key), word(&text_of(value).unwrap_or_default())));
            }
        }
        Value::Array(items) => {
            for item in items {
                let first =
                    |names: [&str; 3]| names.iter().find_map(|name| text_of(at(item, name)));
                let told = text_of(item);
                let pair = match told.as_deref().map(|text| text.split_once([':', '=', '|'])) {
                    Some(Some((key, value))) => Some((word(key), word(value))),
                    Some(None) => told.as_deref().map(|text| (word(text), String::new())),
                    None => first(["key", "Key", "name"]).map(|key| {
                        let value = first(["value", "Value", "values"]);
                        (word(&key), word(&value.unwrap_or_default()))
                    }),
                };
                pairs.extend(pair);
            }
        }
        Value::Null => {}
        other => notes.odd(Field::Tags.in_notes(), other),
    }
    if pairs.len() > TAGS_CAP {
        notes.add(format!("tags: {TAGS_CAP} of {} kept", pairs.len()));
    }
    pairs.into_iter().take(TAGS_CAP).collect()
}

/// Ids in any text; names where a text, or a part of it between commas, is one.
pub(super) fn techniques(given: &Value, notes: &mut Notes) -> Mentions {
    let mut mentions = Mentions::default();
    let embedded = embedded(given);
    let given = embedded.as_ref().unwrap_or(given);
    let one = std::slice::from_ref(given);
    let all = if given.is_array() { list(given) } else { one };
    for value in all.iter().take(TECHNIQUES_CAP) {
        let parts = [value, at(value, "id"), at(value, "name"), at(value, "title")];
        for text in parts.into_iter().filter_map(text_of) {
            mentions.phrase(&text);
            let text = text::line(&text, text::TITLE_CAP);
            text.split([',', ';']).for_each(|part| mentions.exact_name(part.trim()));
        }
    }
    if mentions.tactics.is_empty() && mentions.techniques.is_empty() {
        match given {
            Value::Null => notes.missing(Field::Techniques.in_notes()),
            Value::Array(_) => notes.add("tactic or technique: none in the list is known"),
            other => notes.odd(Field::Techniques.in_notes(), other),
        }
    }
    mentions
}

/// A list or object that is written as text.
fn embedded(given: &Value) -> Option<Value> {
    let text = given.as_str()?.trim();
    let raw = text.starts_with(['{', '[']).then(|| json::raw(text.as_bytes()).ok()).flatten()?;
    Some(json::value(raw).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_in_every_form() {
        for given in [
            json!({"env": "prod", "n": 7}),
            json!([{"key": "env", "value": "prod"}, {"Key": "n", "Value": 7}]),
            json!(["env:prod", "n=7"]),
            json!("{\"env\": \"prod\", \"n\": 7}"),
        ] {
            let mut notes = Notes::default();
            let read = tags(&given, &mut notes);
            let expected =
                [("env".to_owned(), "prod".to_owned()), ("n".to_owned(), "7".to_owned())];
            assert_eq!(read, BTreeMap::from(expected), "{given}");
            assert!(notes.into_list().is_empty());
        }
        let mut notes = Notes::default();
        assert!(tags(&json!("prod"), &mut notes).is_empty());
        assert_eq!(notes.into_list(), ["tags: \"prod\" is not known"]);
    }

    #[test]
    fn techniques_in_every_form() {
        for given in [
            json!("T1496"),
            json!("Resource Hijacking"),
            json!(["x", "T1496 - Resource Hijacking"]),
            json!([{"id": "T1496"}]),
            json!("[\"T1496\"]"),
            json!("Impact; Resource Hijacking"),
        ] {
            let mut notes = Notes::default();
            let read = techniques(&given, &mut notes);
            assert_eq!(read.techniques[0].id, "T1496", "{given}");
            assert!(notes.into_list().is_empty());
        }
        for (given, noted) in [
            (json!(null), "tactic or technique: not given"),
            (json!("mining"), "tactic or technique: \"mining\" is not known"),
            (json!(["mining"]), "tactic or technique: none in the list is known"),
        ] {
            let mut notes = Notes::default();
            assert!(techniques(&given, &mut notes).techniques.is_empty());
            assert_eq!(notes.into_list(), [noted]);
        }
    }
}
