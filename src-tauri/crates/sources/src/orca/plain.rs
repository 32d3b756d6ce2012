//! Taking Orca's wrappings off, so that one reader serves all forms.
//!
//! The serving layer writes `{"id", "type", "data": {"Status": {"value": "open"}}}`, also for the
//! objects within; with `flat_json` or `select` the wrappings are partly gone; the rules API puts
//! some fields under `data`; Log Analytics adds type suffixes (`score_d`). What comes out has plain
//! values at `Status`, `Inventory.Name`, `state.status`, `score`.

use serde_json::{Map, Value};

use crate::json;

/// Longest text read as JSON, in bytes.
pub(super) const EMBEDDED_CAP: usize = 256 << 10;
/// Most times that JSON is found written as text within JSON.
const TEXTS_CAP: usize = 2;

/// The value without wrappings. Depth was capped when it was parsed.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut map) => {
            if map.len() == 1
                && let Some(inner) = map.remove("value")
            {
                return plain(inner);
            }
            object(map)
        }
        Value::Array(items) => items.into_iter().map(plain).collect(),
        value => value,
    }
}

/// Fields of `data` move up, where they do not hide what is there.
fn object(mut map: Map<String, Value>) -> Value {
    let named =
        ["id", "type", "name", "asset_unique_id", "state"].iter().any(|k| map.contains_key(*k));
    let inner = match map.get_mut("data") {
        Some(Value::Object(inner)) if named => Some(std::mem::take(inner)),
        _ => None,
    };
    if let Some(inner) = inner {
        map.remove("data");
        for (key, value) in inner {
            map.entry(key).or_insert(value);
        }
    }
    let suffixed = map.contains_key("alert_id_s") || map.contains_key("asset_unique_id_s");
    let mut out = Map::new();
    for (key, value) in map {
        let value = plain(value);
        match key.split_once('.') {
            Some((outer, inner)) if !outer.is_empty() && !inner.is_empty() => {
                dotted(&mut out, outer, inner, value);
            }
            _ if suffixed => _ = out.insert(unsuffixed(&key).to_owned(), value),
            _ => merge(&mut out, key, value),
        }
    }
    Value::Object(out)
}

/// `"Inventory.Name"`, as `select` answers, becomes `Name` of `Inventory`.
fn dotted(out: &mut Map<String, Value>, outer: &str, inner: &str, value: Value) {
    let slot = out.entry(outer).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(fields) = slot {
        fields.entry(inner).or_insert(value);
    }
}

fn merge(out: &mut Map<String, Value>, key: String, value: Value) {
    match (out.get_mut(&key), value) {
        (Some(Value::Object(there)), Value::Object(fresh)) => there.extend(fresh),
        (_, value) => _ = out.insert(key, value),
    }
}

fn unsuffixed(key: &str) -> &str {
    ["_s", "_d", "_t", "_b", "_g"]
        .iter()
        .find_map(|suffix| key.strip_suffix(suffix))
        .filter(|bare| !bare.is_empty())
        .unwrap_or(key)
}

/// A value that may be JSON written as text (`"{}"`), read within caps; itself when it is not.
pub(super) fn embedded(value: &Value) -> Value {
    understood(value).unwrap_or_else(|_| value.clone())
}

/// The same, where it must be an object or a list: null when there is nothing (absent, empty, the
/// text `null`), or why it is not understood. Text within text, as a second serialiser leaves it, is
/// read too.
pub(super) fn understood(value: &Value) -> Result<Value, &'static str> {
    let mut value = plain(value.clone());
    for _ in 0..TEXTS_CAP {
        let Value::String(text) = &value else { break };
        if matches!(text.trim(), "" | "null" | "None") {
            return Ok(Value::Null);
        }
        if text.len() > EMBEDDED_CAP {
            return Err("a longer text than is read");
        }
        let raw = json::raw(text.as_bytes()).map_err(|_| "text that is no JSON")?;
        value = plain(json::value(raw).0);
    }
    match value {
        Value::Object(_) | Value::Array(_) | Value::Null => Ok(value),
        Value::String(_) => Err("text within text within text"),
        _ => Err("a single value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_wrapping_comes_off() {
        let serving = json!({"id": "u", "type": "Alert", "data": {
            "Status": {"value": "open"}, "Tags": {"value": [{"key": "a", "value": "b"}]},
            "Inventory": {"id": "i", "type": "Vm", "data": {"Name": {"value": "web"}}},
            "CloudAccount.Name": {"value": "prod"}}});
        assert_eq!(
            plain(serving),
            json!({"id": "u", "type": "Alert", "Status": "open", "Tags": [{"key": "a", "value": "b"}],
                   "Inventory": {"id": "i", "type": "Vm", "Name": "web"}, "CloudAccount": {"Name": "prod"}})
        );
        let rules =
            json!({"type": "x", "details": "outer", "data": {"title": "T", "details": "inner"}});
        assert_eq!(plain(rules), json!({"type": "x", "details": "outer", "title": "T"}));
        assert_eq!(
            plain(json!({"alert_id_s": "orca-1", "score_d": 2, "TimeGenerated": "t", "_s": 1})),
            json!({"alert_id": "orca-1", "score": 2, "TimeGenerated": "t", "_s": 1})
        );
        assert_eq!(plain(json!({"data": {"a": 1}})), json!({"data": {"a": 1}}));
    }

    #[test]
    fn json_in_text_is_read_within_caps() {
        assert_eq!(embedded(&json!("{\"a\":[1]}")), json!({"a": [1]}));
        assert_eq!(embedded(&json!("not json")), json!("not json"));
        let deep = json!("[".repeat(200) + &"]".repeat(200));
        assert_eq!(embedded(&deep), deep);
        let long = json!(format!("[{}1]", "1,".repeat(EMBEDDED_CAP)));
        assert_eq!(embedded(&long), long);
    }
}
