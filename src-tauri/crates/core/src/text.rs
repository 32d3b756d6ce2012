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
