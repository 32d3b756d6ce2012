//! Reading JSON that strangers wrote: capped in depth, and never losing the whole for a part.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Deepest nesting accepted. Below serde_json's own limit of 128, so that what passes here parses.
pub(crate) const MAX_DEPTH: usize = 96;

/// Why bytes are not JSON that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonFault {
    #[error("it is empty")]
    Empty,
    #[error("it is UTF-16; JSON is exchanged as UTF-8 (RFC 8259)")]
    Utf16,
    #[error("it is not UTF-8 text (first bad byte at offset {0})")]
    NotText(usize),
    #[error("it is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("it is not valid JSON: {0}")]
    Malformed(String),
}

/// Checks encoding, depth and grammar; the answer is the one value, byte for byte.
///
/// Lone surrogates (`"\ud800"`) and numbers out of range pass: [`value`] reads around them.
pub(crate) fn raw(bytes: &[u8]) -> Result<&RawValue, JsonFault> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        return Err(JsonFault::Empty);
    }
    check_depth(text.as_bytes())?;
    serde_json::from_str(text).map_err(|error| JsonFault::Malformed(error.to_string()))
}

/// The bytes as text, a UTF-8 byte order mark taken off.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, JsonFault> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(JsonFault::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| JsonFault::NotText(error.valid_up_to()))
}

/// Refuses nesting beyond [`MAX_DEPTH`] in one pass without recursion.
pub(crate) fn check_depth(bytes: &[u8]) -> Result<(), JsonFault> {
    // What opens no more brackets than that, in strings or out of them, nests no deeper.
    if bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(JsonFault::TooDeep);
                }
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The one value, checked as [`raw`] does, and whether it was mended as [`value`] does. In one pass
/// where nothing is wrong with it.
pub(crate) fn read(bytes: &[u8]) -> Result<(Value, bool), JsonFault> {
    let text = text(bytes)?;
    check_depth(text.as_bytes())?;
    match serde_json::from_str(text) {
        Ok(value) => Ok((value, false)),
        Err(_) => raw(bytes).map(value),
    }
}

/// The value, and whether some part of it had to be mended: a lone surrogate becomes U+FFFD, a
/// number out of range becomes its text. `raw` must have passed [`raw`]'s checks.
pub(crate) fn value(raw: &RawValue) -> (Value, bool) {
    match serde_json::from_str(raw.get()) {
        Ok(value) => (value, false),
        Err(_) => (mended(raw, MAX_DEPTH), true),
    }
}

fn mended(raw: &RawValue, levels: usize) -> Value {
    let text = raw.get();
    let Some(levels) = levels.checked_sub(1) else { return Value::Null };
    match text.as_bytes().first() {
        Some(b'{') => {
            serde_json::from_str::<Members>(text).map_or(Value::Null, |Members(members)| {
                members.into_iter().map(|(key, raw)| (key, mended(raw, levels))).collect()
            })
        }
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text).map_or(Value::Null, |items| {
            items.into_iter().map(|raw| mended(raw, levels)).collect()
        }),
        Some(b'"') => {
            serde_json::from_str::<Lossy>(text).map_or(Value::Null, |Lossy(text)| text.into())
        }
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

/// Text in which lone surrogates were replaced.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lossy, E> {
                Ok(Lossy(text.to_owned()))
            }
            // serde_json hands out bytes where escapes make no valid text.
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The members of one object, in order, values unread.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Lossy(key), raw)) = map.next_entry::<Lossy, &'de RawValue>()? {
                    members.push((key, raw));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'a> Members<'a> {
    /// The members of `raw` when it is an object.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Self> {
        raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten()
    }

    /// The last member of that name, as every common parser reads duplicates.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, raw)| *raw)
    }
}

/// The elements of `raw` when it is an array.
pub(crate) fn items(raw: &RawValue) -> Option<Vec<&RawValue>> {
    raw.get().starts_with('[').then(|| serde_json::from_str(raw.get()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_loses_only_itself() {
        let raw = raw(br#"{"id":"a","name":"x\ud800y","n":1e999,"\udc00":[1,"\udfff"],"ok":true}"#)
            .unwrap();
        let (value, mended) = value(raw);
        assert!(mended);
        assert_eq!(value["id"], "a");
        assert_eq!(value["n"], "1e999");
        assert_eq!(value["ok"], true);
        assert!(value["name"].as_str().unwrap().starts_with('x'));
        assert!(value["name"].as_str().unwrap().contains('\u{fffd}'));
    }

    #[test]
    fn depth_is_counted_outside_strings_only() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(raw(deep(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(raw(deep(MAX_DEPTH + 1).as_bytes()).unwrap_err(), JsonFault::TooDeep);
        assert_eq!(raw("[".repeat(100_000).as_bytes()).unwrap_err(), JsonFault::TooDeep);
        let quoted = format!("[\"{}\\\"{}\"]", "[".repeat(500), "{".repeat(500));
        assert!(raw(quoted.as_bytes()).is_ok());
    }

    #[test]
    fn what_passes_the_depth_check_parses() {
        let text = format!("{}1{}", "{\"a\":".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
        assert!(!value(raw(text.as_bytes()).unwrap()).1);
    }

    #[test]
    fn one_pass_reads_what_two_read() {
        let brackets = format!("[\"{}\"]", "[".repeat(MAX_DEPTH + 1));
        let deep = "[".repeat(MAX_DEPTH + 1);
        let texts =
            ["{\"a\":[1,null]}", " 1 ", "", " ", "{", "1 2", "{\"a\":\"\\ud800\"}", "1e999"];
        for text in texts.into_iter().chain([brackets.as_str(), deep.as_str()]) {
            let (one, two) = (read(text.as_bytes()), raw(text.as_bytes()).map(value));
            assert_eq!(one, two, "{text}");
        }
        assert!(read(b"\xef\xbb\xbf{}").is_ok() && read(b"\xff\xfe{}").is_err());
    }

    #[test]
    fn duplicate_members_read_as_the_last() {
        let raw = raw(br#"{"id":1,"id":2}"#).unwrap();
        assert_eq!(Members::of(raw).unwrap().get("id").unwrap().get(), "2");
        assert_eq!(value(raw).0["id"], 2);
    }
}
