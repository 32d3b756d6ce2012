//! Caps on text that strangers wrote.

/// Longest title kept, in characters.
pub const TITLE_CAP: usize = 300;
/// Longest line of evidence or reason kept, in characters.
pub const LINE_CAP: usize = 500;
/// Longest description kept, in characters. The alert itself is stored verbatim.
pub const BODY_CAP: usize = 8_000;

/// At most `cap` characters, the last of which is `…` when something was cut; line breaks and
/// other control characters become spaces so that one line stays one line.
pub fn line(text: &str, cap: usize) -> String {
    capped(text, cap, |c| !c.is_control())
}

/// At most `cap` characters, line breaks and tabs kept, other control characters replaced.
pub fn body(text: &str, cap: usize) -> String {
    capped(text, cap, |c| !c.is_control() || c == '\n' || c == '\t')
}

fn capped(text: &str, cap: usize, is_kept: impl Fn(char) -> bool) -> String {
    // A text has no more characters than bytes. Most are short and have nothing to replace.
    if text.len() <= cap && text.chars().all(&is_kept) {
        return text.to_owned();
    }
    let (kept, cut) = match text.char_indices().nth(cap) {
        Some(_) => (cap.saturating_sub(1), "…"),
        None => (cap, ""),
    };
    let chars = text.chars().take(kept).map(|c| if is_kept(c) { c } else { ' ' });
    chars.chain(cut.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_characters_and_keeps_to_its_lines() {
        assert_eq!(line("as it is", 8), "as it is");
        assert_eq!(line("ééé", 3), "ééé", "more bytes than characters");
        assert_eq!(line("abcd", 3), "ab…");
        assert_eq!(line("éééé", 3), "éé…");
        assert_eq!(line("a\nb\u{7}c", 10), "a b c");
        assert_eq!(body("a\n\tb\u{1b}\u{85}", 10), "a\n\tb  ");
        assert_eq!(body("a\u{0}bc", 3), "a …");
        assert_eq!(line("", 0), "");
        assert_eq!(line("a", 0), "…");
    }
}
