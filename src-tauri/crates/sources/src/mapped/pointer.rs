//! JSON Pointers, RFC 6901.

use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::{self, MAX_DEPTH, Members};

/// Longest pointer, in bytes.
const POINTER_CAP: usize = 500;

/// A place in a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    text: String,
    tokens: Vec<String>,
}

impl Pointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub(super) fn read(text: &str) -> Result<Self, (String, String)> {
        if text.len() > POINTER_CAP {
            return Err((
                format!("is a pointer of {} bytes", text.len()),
                format!("Use at most {POINTER_CAP}."),
            ));
        }
        if text.is_empty() {
            return Ok(Self { text: String::new(), tokens: Vec::new() });
        }
        let Some(path) = text.strip_prefix('/') else {
            return Err((
                format!("{text:?} is no JSON Pointer: it does not begin with /"),
                format!("Write {:?}.", slashed(text)),
            ));
        };
        let tokens: Result<Vec<String>, _> = path.split('/').map(unescaped).collect();
        let tokens = tokens.map_err(|()| {
            (
                format!("{text:?} is no JSON Pointer: ~ must be followed by 0 or 1"),
                "Write ~0 for a ~ and ~1 for a / in a name.".to_owned(),
            )
        })?;
        if tokens.len() > MAX_DEPTH {
            return Err((
                format!("{text:?} reaches {} levels deep", tokens.len()),
                format!("Messages are read {MAX_DEPTH} levels deep."),
            ));
        }
        Ok(Self { text: text.to_owned(), tokens })
    }

    /// As it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands there, if anything does.
    pub(super) fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.tokens.iter().try_fold(value, |value, token| match value {
            Value::Object(members) => members.get(token),
            Value::Array(items) => items.get(index(token)?),
            _ => None,
        })
    }

    /// The same in a value that was not read yet, byte for byte.
    pub(super) fn find_raw<'a>(&self, raw: &'a RawValue) -> Option<&'a RawValue> {
        self.tokens.iter().try_fold(raw, |raw, token| match Members::of(raw) {
            Some(members) => members.get(token),
            None => json::items(raw)?.get(index(token)?).copied(),
        })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The whole message has the empty pointer, which nobody would see.
        f.write_str(if self.text.is_empty() { "\"\"" } else { &self.text })
    }
}

/// An index as RFC 6901 writes it: no sign, no leading zero. `-` is the place after the last, where
/// nothing ever stands.
fn index(token: &str) -> Option<usize> {
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (token == "0" || !token.starts_with('0'))).then(|| token.parse().ok()).flatten()
}

fn unescaped(token: &str) -> Result<String, ()> {
    let mut out = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(()),
            },
            c => c,
        });
    }
    Ok(out)
}

/// What somebody meant who wrote `$.issue.id`, `issue.id`, `rules[0].id` or `#/issue/id`.
fn slashed(text: &str) -> String {
    let path = text.trim_start_matches(['$', '#', '.', '/']);
    if text.starts_with("#/") {
        return format!("/{path}");
    }
    let path = path.replace(']', "").replace(['.', '['], "/");
    format!("/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_examples_of_the_rfc() {
        let text = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let raw: &RawValue = serde_json::from_str(text).unwrap();
        for (pointer, expected) in [
            ("/foo", json!(["bar", "baz"])),
            ("/foo/0", json!("bar")),
            ("/", json!(0)),
            ("/a~1b", json!(1)),
            ("/c%d", json!(2)),
            ("/e^f", json!(3)),
            ("/g|h", json!(4)),
            ("/i\\j", json!(5)),
            ("/k\"l", json!(6)),
            ("/ ", json!(7)),
            ("/m~0n", json!(8)),
            ("", value.clone()),
        ] {
            let read = Pointer::read(pointer).unwrap();
            assert_eq!(read.find(&value), Some(&expected), "{pointer}");
            let found = read.find_raw(raw).unwrap().get();
            assert_eq!(serde_json::from_str::<Value>(found).unwrap(), expected, "{pointer}");
        }
        for nowhere in ["/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/bar", "/x", "/foo/0/x"] {
            assert_eq!(Pointer::read(nowhere).unwrap().find(&value), None, "{nowhere}");
            assert!(Pointer::read(nowhere).unwrap().find_raw(raw).is_none(), "{nowhere}");
        }
    }

    #[test]
    fn what_people_write_instead_is_answered_with_the_pointer() {
        for (wrong, right) in [
            ("issue.id", "/issue/id"),
            ("$.issue.id", "/issue/id"),
            ("rules[0].id", "/rules/0/id"),
            ("#/issue/id", "/issue/id"),
            ("id", "/id"),
        ] {
            let (_, remedy) = Pointer::read(wrong).unwrap_err();
            assert!(remedy.contains(right), "{wrong}: {remedy}");
            assert!(Pointer::read(right).is_ok());
        }
        assert!(Pointer::read("/a~2").is_err() && Pointer::read("/a~").is_err());
        assert!(Pointer::read(&"/a".repeat(POINTER_CAP)).is_err());
        assert!(Pointer::read(&"/a".repeat(MAX_DEPTH + 1)).is_err());
    }
}
