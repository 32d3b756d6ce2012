//! One entity of an alert's entity map, whichever way it is written.
//!
//! The API writes `{"KEY": {…}, "PROPS": {…}}` with keys in several styles, and tags of a machine
//! under `PROPS.tags`; older events write `{"HOSTNAME": …}`. Names are compared without case and
//! punctuation, so that `INSTANCE_ID`, `instanceId` and `InstanceId` are one.

use std::collections::BTreeMap;

use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, text_of};

/// Most entities looked at of each type.
const ENTITIES_CAP: usize = 50;
/// Most tags kept; AWS allows 50, and Lacework adds its own.
const TAGS_CAP: usize = 100;

/// An entity with the type it stands under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity<'a> {
    pub(super) kind: &'a str,
    value: &'a Value,
}

/// All entities of these types, in the map's order; all of the map when no type is named.
pub(super) fn entities<'a>(map: &'a Value, kinds: &[&str]) -> Vec<Entity<'a>> {
    let wanted = |kind: &str| kinds.is_empty() || kinds.iter().any(|k| plain(k) == plain(kind));
    let types = map.as_object().into_iter().flatten().filter(|(kind, _)| wanted(kind)).take(100);
    let mut found = Vec::new();
    for (kind, list) in types {
        let all = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
        let objects = all.iter().filter(|value| value.is_object()).take(ENTITIES_CAP);
        found.extend(objects.map(|value| Entity { kind, value }));
    }
    found
}

impl Entity<'_> {
    /// The first of these names that holds text or a number, looked for in key, properties, tags
    /// and the entity itself.
    pub(super) fn field(&self, names: &[&str]) -> Option<String> {
        let places = [
            at(self.value, "KEY"),
            at(self.value, "PROPS"),
            at(self.value, "PROPS.tags"),
            self.value,
        ];
        names.iter().find_map(|name| places.iter().find_map(|place| member(place, name)))
    }

    /// The tags of a machine as sent, capped.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        let line = |text: &str| text::line(text, text::TITLE_CAP);
        let tags = at(self.value, "PROPS.tags").as_object();
        let pairs = tags.into_iter().flatten().take(TAGS_CAP);
        pairs.filter_map(|(key, value)| Some((line(key), line(&text_of(value)?)))).collect()
    }
}

fn member(place: &Value, name: &str) -> Option<String> {
    let wanted = plain(name);
    let object = place.as_object()?;
    let found = object.iter().filter(|(key, _)| plain(key) == wanted);
    found.into_iter().find_map(|(_, value)| unquoted(text_of(value)?))
}

/// Properties often come as `'text'`, quotes included.
fn unquoted(text: String) -> Option<String> {
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let text = inner.map(|inner| inner.trim().to_owned()).unwrap_or(text);
    (!text.is_empty()).then_some(text)
}

fn plain(name: &str) -> String {
    let letters = name.chars().take(80).filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_reading_for_every_style() {
        for value in [
            json!({"KEY": {"mid": 7}, "PROPS": {"tags": {"InstanceId": "i-1", "Owner": "web"}}}),
            json!({"PROPS": {"instance_id": "'i-1'"}}),
            json!({"INSTANCE_ID": "i-1", "HOSTNAME": ""}),
        ] {
            let map = json!({"Machine": [value, 3, null], "Region": "{object}"});
            let found = entities(&map, &["machine"]);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].field(&["hostname", "instanceId"]).as_deref(), Some("i-1"));
        }
        assert!(entities(&json!({"Region": "{object}"}), &["Region"]).is_empty());
        assert!(entities(&json!(["x"]), &[]).is_empty());
    }
}
