//! Text in which claims are looked for: in small letters, one space between words.

use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::Value;

use crate::Timestamp;

/// What separates two texts. It is no part of a word, so nothing is found across it.
const BETWEEN: char = '\n';

/// Texts of one origin.
#[derive(Debug, Default)]
pub(super) struct Corpus {
    text: String,
}

impl Corpus {
    pub(super) fn add(&mut self, text: &str) {
        self.text.push(BETWEEN);
        self.text.push_str(&folded(text));
    }

    /// The ways in which people write an instant.
    pub(super) fn add_time(&mut self, at: Timestamp) {
        self.add(&at.to_rfc3339_opts(SecondsFormat::Secs, true));
        self.add(&at.format("%Y %H:%M:%S %H:%M %Y-%m-%d %-d %B").to_string());
    }

    /// Every text, number and key within a value; not the names of its fields' types.
    pub(super) fn add_leaves(&mut self, value: &impl Serialize) {
        // What can't be written as JSON has nothing that a sentence could quote.
        if let Ok(value) = serde_json::to_value(value) {
            self.add_value(&value);
        }
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.add(&number.to_string()),
            Value::String(text) => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    self.add(key);
                    self.add_value(field);
                }
            }
        }
    }

    /// Whether it holds `folded` text somewhere where `stands_alone` says that it is not the part
    /// of something longer, from what is before and after it.
    pub(super) fn holds(&self, folded: &str, stands_alone: impl Fn(&str, &str) -> bool) -> bool {
        !folded.is_empty()
            && self
                .text
                .match_indices(folded)
                .any(|(at, found)| stands_alone(&self.text[..at], &self.text[at + found.len()..]))
    }
}

/// Small letters, white space as one space.
pub(super) fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
