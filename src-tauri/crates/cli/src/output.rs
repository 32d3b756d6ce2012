//! Printing. Alert text is a stranger's: nothing in it may steer a terminal.

use std::io::Write;

use serde::Serialize;

/// A line on standard output. A reader that went away is no failure of ours.
pub fn out(text: &str) {
    let _gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line on standard error.
pub fn err(text: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{text}");
}

/// One JSON document.
pub fn document<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\":{{\"message\":\"{error}\"}}}}"))
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
    use super::clean;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a<U+001B>[2Jb");
        assert_eq!(clean("pay\u{202e}gpj.exe"), "pay<U+202E>gpj.exe");
        assert_eq!(clean("two\nlines\r"), "two lines<U+000D>");
        assert_eq!(clean("tag\u{e0041}"), "tag<U+E0041>");
        assert_eq!(clean("plain ünïcode ✓"), "plain ünïcode ✓");
    }
}
