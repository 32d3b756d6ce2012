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
    capped(text.chars().map(|c| if c.is_control() { ' ' } else { c }), cap)
}

/// At most `cap` characters, line breaks and tabs kept, other control characters replaced.
pub fn body(text: &str, cap: usize) -> String {
    capped(
        text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }),
        cap,
    )
}

fn capped(chars: impl Iterator<Item = char>, cap: usize) -> String {
    let mut kept: Vec<char> = chars.take(cap + 1).collect();
    if kept.len() > cap {
        kept.truncate(cap.saturating_sub(1));
        kept.push('…');
    }
    kept.into_iter().collect()
}
