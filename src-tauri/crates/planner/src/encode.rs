//! Making a stranger's text safe to put before a model: visible, marked and short.
//!
//! Three things are done. Characters that are not seen, or that turn the direction of reading, are
//! spelt out, so that nothing hides. White space becomes [`MARK`], so that every word of the
//! stranger is recognisable as such wherever it is quoted ("datamarking"). And it ends at a cap
//! that counts what is sent, so that no text can push the rest of the case out.

use std::fmt::Write as _;

/// What stands for white space between a stranger's words.
pub const MARK: char = '\u{2c6}';

/// At most `cap` bytes of JSON, quotes apart: invisible characters spelt out, white space marked.
pub fn marked(text: &str, cap: usize) -> String {
    let mut out = Cut::new(cap);
    for word in text.split_whitespace() {
        if !out.kept.is_empty() && !out.push(MARK) {
            return out.cut();
        }
        for character in word.chars() {
            if !out.push_visible(character) {
                return out.cut();
            }
        }
    }
    out.kept
}

/// One line of at most `cap` characters for people: invisible characters spelt out, runs of white
/// space made one space.
pub fn visible(text: &str, cap: usize) -> String {
    let mut out = String::new();
    for (index, word) in text.split_whitespace().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        for character in word.chars() {
            spell(character, &mut out);
        }
        if out.len() > cap * 4 {
            break;
        }
    }
    firebreak_core::text::line(&out, cap)
}

/// Takes the marks out of what a model wrote, should it have copied them.
pub fn unmarked(text: &str) -> String {
    text.replace(MARK, " ")
}

/// JSON in which no angle bracket or ampersand stands, so that nothing inside can look like a
/// delimiter or a tag. The value is the same.
pub fn json_without_brackets(value: &serde_json::Value) -> String {
    // These three occur in JSON only within strings, where an escape means the same.
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Bytes that `text` takes within a JSON string as [`json_without_brackets`] writes it.
pub fn json_length(text: &str) -> usize {
    text.chars().map(json_cost).sum()
}

fn json_cost(character: char) -> usize {
    match character {
        '"' | '\\' => 2,
        '<' | '>' | '&' => 6,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    }
}

struct Cut {
    kept: String,
    cost: usize,
    cap: usize,
}

impl Cut {
    fn new(cap: usize) -> Self {
        Self { kept: String::new(), cost: 0, cap }
    }

    fn push(&mut self, character: char) -> bool {
        let cost = json_cost(character);
        if self.cost + cost > self.cap {
            return false;
        }
        self.cost += cost;
        self.kept.push(character);
        true
    }

    fn push_visible(&mut self, character: char) -> bool {
        let mut spelt = String::new();
        spell(character, &mut spelt);
        let cost = json_length(&spelt);
        if self.cost + cost > self.cap {
            return false;
        }
        self.cost += cost;
        self.kept.push_str(&spelt);
        true
    }

    /// Ends in `…`, within the cap.
    fn cut(mut self) -> String {
        while self.cost + '…'.len_utf8() > self.cap {
            match self.kept.pop() {
                Some(last) => self.cost -= json_cost(last),
                None => return self.kept,
            }
        }
        self.kept.push('…');
        self.kept
    }
}

fn spell(character: char, out: &mut String) {
    if is_hidden(character) {
        // Writing to a String can't fail.
        let _ = write!(out, "[U+{:04X}]", u32::from(character));
    } else {
        out.push(character);
    }
}

/// Characters that are not seen, or that change how their neighbours are seen.
fn is_hidden(character: char) -> bool {
    let code = u32::from(character);
    character == MARK
        || character.is_control()
        || matches!(
            code,
            0xAD | 0x34F
                | 0x61C
                | 0x115F
                | 0x1160
                | 0x17B4
                | 0x17B5
                | 0x180B..=0x180F
                | 0x200B..=0x200F
                | 0x2028..=0x202E
                | 0x2060..=0x206F
                | 0x2800
                | 0x3164
                | 0xFE00..=0xFE0F
                | 0xFEFF
                | 0xFFA0
                | 0xFFF0..=0xFFFB
                | 0xE000..=0xF8FF
                | 0x1BCA0..=0x1BCA3
                | 0x1D173..=0x1D17A
                | 0xE0000..=0xE0FFF
                | 0xF0000..=0x10FFFF
        )
        || code & 0xFFFE == 0xFFFE
}
