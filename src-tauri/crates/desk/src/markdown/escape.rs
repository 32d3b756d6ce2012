//! Text of strangers within Markdown (CommonMark 0.31 with GitHub's extensions).

/// Characters of one piece of text.
const CAP: usize = 4_000;
/// What means something wherever it stands.
const MARKS: [char; 13] = ['\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '&', '#', '$'];

/// On one line, as nothing but text.
pub(super) fn text(said: &str) -> String {
    let words: Vec<String> = visible(said).split_whitespace().map(word).collect();
    match words.is_empty() {
        true => "unknown".to_owned(),
        false => begun(words.join(" ")),
    }
}

/// On one line, exactly, in a code span.
pub(super) fn code(said: &str) -> String {
    let said = visible(said).split_whitespace().collect::<Vec<_>>().join(" ");
    // A fence is longer than any run of backticks within; spaces keep them apart.
    let longest = said.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match () {
        () if said.is_empty() => "unknown".to_owned(),
        () if said.starts_with('`') || said.ends_with('`') => format!("{fence} {said} {fence}"),
        () => format!("{fence}{said}{fence}"),
    }
}

/// Lines of their own, as a quote.
pub(super) fn quote(said: &str) -> Vec<String> {
    let line = |line: &str| match line.trim().is_empty() {
        true => ">".to_owned(),
        false => format!("> {}", text(line)),
    };
    // Without the two spaces a reader would join the lines.
    let mut lines: Vec<String> = capped(said).lines().map(|said| line(said) + "  ").collect();
    if let Some(last) = lines.last_mut() {
        last.truncate(last.trim_end().len());
    }
    lines.into_iter().map(|line| if line.trim() == ">" { ">".to_owned() } else { line }).collect()
}

/// A word that could become a link or a mention is code; in any other, marks are escaped.
fn word(word: &str) -> String {
    let small = word.to_lowercase();
    // Chat programs make a link of `evil.example` alone.
    let chars: Vec<char> = small.chars().collect();
    let domain = chars.windows(4).any(|next| {
        next[0].is_alphanumeric() && next[1] == '.' && next[2..].iter().all(|c| c.is_alphabetic())
    });
    let leads = ["@", ":/", "www.", "mailto:", "xmpp:"].iter().any(|sign| small.contains(sign));
    // `#12` and `!12` name issues in trackers.
    let names =
        |sign| small.split(sign).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if leads || domain || names('#') || names('!') {
        return code(word);
    }
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if MARKS.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// What would begin a list, or underline a heading, at the beginning of a line doesn't.
fn begun(text: String) -> String {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        Some(b'-' | b'+' | b'=' | b':') if digits == 0 => format!("\\{text}"),
        _ => text,
    }
}

/// What can't be seen, or changes how the text around it reads, as its code point.
pub(crate) fn visible(said: &str) -> String {
    let mut out = String::new();
    for c in capped(said).chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if is_hidden(c) => out.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn capped(said: &str) -> String {
    let mut kept: String = said.chars().take(CAP).collect();
    if kept.len() < said.len() {
        kept.push('…');
    }
    kept
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202F | 0x205F..=0x206F | 0x2800 | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF
            | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0x10_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_as_they_are() {
        for said in
            ["Crypto-miner on a production web node", "CPU 97 % (was 11 %), since 13:54", "Größe ✓"]
        {
            assert_eq!(text(said), said);
        }
    }

    #[test]
    fn marks_are_escaped_and_lines_are_one() {
        assert_eq!(text("a *b* _c_ `d`"), "a \\*b\\* \\_c\\_ \\`d\\`");
        assert_eq!(text("a\n# b\r\n\n| c"), "a \\# b \\| c");
        assert_eq!(text("<img src=x> [y](z) &lt;"), "\\<img src=x\\> \\[y\\](z) \\&lt;");
        assert_eq!(text("pay\u{202e}gpj"), "pay⟨U+202E⟩gpj");
        assert_eq!(text(" \n "), "unknown");
    }

    #[test]
    fn nothing_begins_a_list_or_underlines_a_heading() {
        for (said, kept) in [
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("12) a", "12\\) a"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("+ a", "\\+ a"),
        ] {
            assert_eq!(text(said), kept);
        }
        assert_eq!(text("10.4.0.0/16"), "10\\.4.0.0/16");
    }

    #[test]
    fn what_could_become_a_link_or_a_mention_is_code() {
        assert_eq!(text("see http://evil.example/a_b now"), "see `http://evil.example/a_b` now");
        assert_eq!(text("ask @admin or a@b.example"), "ask `@admin` or `a@b.example`");
        assert_eq!(
            text("to evil.example:443, T1552.005, 1.2"),
            "to `evil.example:443,` T1552.005, 1.2"
        );
        assert_eq!(text("WWW.evil.example #12"), "`WWW.evil.example` `#12`");
        assert_eq!(text("(javascript:alert(1))"), "(javascript:alert(1))");
    }

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code("i-0c41f0b9"), "`i-0c41f0b9`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(text("@`x`"), "`` @`x` ``");
    }

    #[test]
    fn a_quote_keeps_its_lines_and_nothing_else() {
        let lines = quote("# Done\n\n- one\n```\n</div>");
        assert_eq!(lines, ["> \\# Done  ", ">", "> \\- one  ", "> \\`\\`\\`  ", "> \\</div\\>"]);
    }
}
