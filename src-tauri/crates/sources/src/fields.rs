//! Reading single fields of untrusted JSON: any type at any place, nothing lost silently.

use firebreak_core::text;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longest id kept as it is, in characters. An ARN has at most 2,048 bytes by IAM's reference, but
/// none of those we act on passes 700.
const ID_CAP: usize = 700;
/// Most entries kept in a list of things not understood.
const NOTES_CAP: usize = 40;

static NULL: Value = Value::Null;

/// The value at a dotted path; null when any part of the path is absent.
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| value.get(key).unwrap_or(&NULL))
}

/// A list, or the `nodes` of a GraphQL connection; empty for anything else.
pub(crate) fn list(value: &Value) -> &[Value] {
    let items = value.as_array().or_else(|| value.get("nodes").and_then(Value::as_array));
    items.map_or(&[], Vec::as_slice)
}

/// Text, or a number or truth value as text. Blank is `None`: Wiz writes `""` for null.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// One line of text for people, capped as a title.
pub(crate) fn title(value: &Value) -> Option<String> {
    text_of(value).map(|text| text::line(&text, text::TITLE_CAP))
}

/// Text of several lines for people, capped.
pub(crate) fn body(value: &Value) -> Option<String> {
    text_of(value).map(|text| text::body(&plain(&text), text::BODY_CAP))
}

/// An id: opaque text, see [`opaque`].
pub(crate) fn id(value: &Value) -> Option<String> {
    text_of(value).map(|text| opaque(&text))
}

/// Makes text safe to carry as an id. Two different texts stay different: whatever had to be
/// changed (control and invisible characters, excessive length) gets a hash of the original.
pub(crate) fn opaque(original: &str) -> String {
    let kept = |c: char| c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && c.is_alphanumeric());
    let cleaned: String =
        original.chars().take(ID_CAP).map(|c| if kept(c) { c } else { '_' }).collect();
    if cleaned == original {
        return cleaned;
    }
    let hash = hex::encode(Sha256::digest(original.as_bytes()));
    format!("{cleaned}~{}", &hash[..16])
}

/// Takes Wiz's own markup out of text: `:cloud-resource[name]{resourceId="…"}` becomes `name`, and
/// a backslash before punctuation goes.
pub(crate) fn plain(markup: &str) -> String {
    if !markup.contains([':', '\\']) {
        return markup.to_owned();
    }
    let mut out = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(c) = rest.chars().next() {
        if let Some((label, after)) = directive(rest) {
            out.push_str(&unescaped(label));
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match rest.chars().next().filter(|next| c == '\\' && next.is_ascii_punctuation()) {
            Some(next) => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
            None => out.push(c),
        }
    }
    out
}

/// `:word[label]{…}` at the start of `text`: the label and what follows. Short reaches only, so
/// that hostile text costs no more than its length.
fn directive(text: &str) -> Option<(&str, &str)> {
    const REACH: usize = 2_000;
    let inner = text.strip_prefix(':')?;
    let word = inner.bytes().take(40).take_while(|b| b.is_ascii_lowercase() || *b == b'-').count();
    let inner = inner.get(word..).filter(|_| word > 0)?.strip_prefix('[')?;
    let close = closing(inner, b']', REACH)?;
    let (label, after) = (inner.get(..close)?, inner.get(close + 1..)?);
    let Some(attributes) = after.strip_prefix('{') else { return Some((label, after)) };
    let close = closing(attributes, b'}', REACH)?;
    Some((label, attributes.get(close + 1..)?))
}

fn closing(text: &str, end: u8, reach: usize) -> Option<usize> {
    let mut escaped = false;
    text.bytes().take(reach).position(|byte| {
        let found = byte == end && !escaped;
        escaped = byte == b'\\' && !escaped;
        found
    })
}

fn unescaped(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    let mut chars = label.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.next_if(|next| c == '\\' && next.is_ascii_punctuation()) {
            Some(next) => out.push(next),
            None => out.push(c),
        }
    }
    out
}

/// What an alert did not say or said in words we don't know.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<String>);

impl Notes {
    /// Notes that a field was absent.
    pub(crate) fn missing(&mut self, field: &str) {
        self.add(format!("{field}: not given"));
    }

    /// Notes a field whose value says nothing to us; absent counts as missing.
    pub(crate) fn odd(&mut self, field: &str, value: &Value) {
        match value {
            Value::Null => self.missing(field),
            Value::String(text) if text.trim().is_empty() => self.missing(field),
            Value::String(text) => {
                self.add(format!("{field}: {:?} is not known", text::line(text, 80)))
            }
            Value::Array(_) => self.add(format!("{field}: a list where a single value belongs")),
            Value::Object(_) => {
                self.add(format!("{field}: an object where a single value belongs"))
            }
            other => self.add(format!("{field}: {other} is not known")),
        }
    }

    /// Notes anything else.
    pub(crate) fn add(&mut self, note: impl AsRef<str>) {
        let note = text::line(note.as_ref(), text::LINE_CAP);
        if self.0.len() < NOTES_CAP && !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    /// All notes, in the order of reading.
    pub(crate) fn into_list(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_stay_apart_and_harmless() {
        assert_eq!(opaque("arn:aws:s3:::b_1"), "arn:aws:s3:::b_1");
        let (a, b) = (opaque("a\u{202e}b"), opaque("a\u{200b}b"));
        assert_ne!(a, b);
        assert!(a.starts_with("a_b~") && a.is_ascii());
        let (long, longer) = ("x".repeat(5_000), "x".repeat(5_001));
        assert_ne!(opaque(&long), opaque(&longer));
        assert!(opaque(&long).len() < 800);
    }

    #[test]
    fn markup_becomes_its_label() {
        assert_eq!(plain(r#"a :cloud-resource[web\-1]{id="x}"} b\-c"#), r#"a web-1"} b-c"#);
        assert_eq!(plain(":actor[]{} did :it"), " did :it");
        assert_eq!(plain("https://x:8080/[a]"), "https://x:8080/[a]");
        assert_eq!(plain(&":a[".repeat(50_000)).len(), 150_000);
    }

    #[test]
    fn any_type_reads_as_text_or_nothing() {
        assert_eq!(text_of(&json!(12)), Some("12".into()));
        assert_eq!(text_of(&json!("  ")), None);
        assert_eq!(text_of(&json!([1])), None);
        assert_eq!(at(&json!({"a": {"b": 1}}), "a.b"), &json!(1));
        assert_eq!(at(&json!({"a": 1}), "a.b.c"), &Value::Null);
    }
}
