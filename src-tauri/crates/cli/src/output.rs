//! Printing. Alert text is a stranger's: nothing in it may steer a terminal.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Set once the one document of `--json` was printed.
static PRINTED: AtomicBool = AtomicBool::new(false);

/// A line on standard output. A reader that went away is no failure of ours.
pub fn out(text: &str) {
    let _gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line on standard error.
pub fn err(text: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints the one JSON document of a run. A second one, such as the error after a result that was
/// printed in full, is not: readers of standard output expect exactly one.
pub fn out_document<T: Serialize>(value: &T) {
    if !PRINTED.swap(true, Ordering::Relaxed) {
        out(&document(value));
    }
}

/// One JSON document that steers no terminal: what `clean` makes visible is escaped, which JSON
/// reads as the same text.
fn document<T: Serialize>(value: &T) -> String {
    let text = serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| format!("{{\"error\":{{\"message\":\"{error}\"}}}}"));
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        // Outside of strings JSON has line feeds and nothing else of this kind.
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A line whose bytes matter, such as a record that was hashed: exact for a program that reads it,
/// cleaned for a terminal.
pub fn out_exact(line: &str) {
    if std::io::stdout().is_terminal() { out(&clean(line)) } else { out(line) }
}

/// An instant for people, to the second.
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The text on one line with everything that could move a cursor, reorder or hide text made
/// visible: control characters, bidirectional marks, zero-width and tag characters.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            c if is_hidden(c) => out.push_str(&format!("<U+{:04X}>", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB
            | 0xE0000..=0xE0FFF)
}

/// At most `width` characters.
pub fn short(text: &str, width: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= width {
        return text;
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// The word serde writes for a unit variant.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, document};

    #[test]
    fn documents_steer_nothing_and_mean_the_same() {
        let text = "\u{1b}[2J \u{9b}31m \u{7f} \u{202e}x \u{e0041} \n ünïcode ✓";
        let document = document(&[text]);
        assert!(document.chars().all(|c| c == '\n' || !super::is_hidden(c)), "{document}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&document).unwrap(), [text]);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a<U+001B>[2Jb");
        assert_eq!(clean("pay\u{202e}gpj.exe"), "pay<U+202E>gpj.exe");
        assert_eq!(clean("two\nlines\r"), "two lines<U+000D>");
        assert_eq!(clean("tag\u{e0041}"), "tag<U+E0041>");
        assert_eq!(clean("plain ünïcode ✓"), "plain ünïcode ✓");
    }
}
