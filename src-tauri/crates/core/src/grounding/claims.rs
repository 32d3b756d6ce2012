//! What in a sentence can be compared with evidence.

use std::ops::Range;

use super::corpus::{Corpus, folded};

/// Most claims read in one sentence; what is written is capped before.
const CLAIM_CAP: usize = 64;

/// Names that everybody uses and no evidence needs to say, in small letters.
const COMMON: &[&str] = &[
    "ai",
    "api",
    "apis",
    "aws",
    "azure",
    "cloudtrail",
    "cpu",
    "cve",
    "dns",
    "ec2",
    "gcp",
    "gpu",
    "guardduty",
    "http",
    "https",
    "iam",
    "id",
    "imds",
    "imdsv1",
    "imdsv2",
    "internet",
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "kubernetes",
    "linux",
    "mfa",
    "mitre",
    "no",
    "not",
    "ok",
    "s3",
    "sns",
    "sqs",
    "ssh",
    "ssm",
    "sts",
    "tcp",
    "tls",
    "udp",
    "unix",
    "url",
    "utc",
    "vm",
    "vpc",
    "windows",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// What may follow a number in one word with it.
const UNITS: &[&str] = &[
    "s", "ms", "sec", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h", "hr",
    "hrs", "hour", "hours", "d", "day", "days", "week", "weeks", "x", "k", "kb", "mb", "gb", "tb",
    "kib", "mib", "gib", "st", "nd", "rd", "th",
];

/// Something that evidence says or does not say.
#[derive(Debug)]
pub(super) struct Claim {
    /// Of the sentence.
    pub(super) bytes: Range<usize>,
    /// What to look for, folded.
    wanted: String,
    is_number: bool,
}

impl Claim {
    fn new(text: &str, bytes: Range<usize>) -> Self {
        let wanted = folded(&text[bytes.clone()]);
        let number = as_number(&wanted);
        let is_number = number.is_some();
        Self { bytes, wanted: number.unwrap_or(wanted), is_number }
    }

    /// Whether it is this id, as in "see E3".
    pub(super) fn names(&self, id: &str) -> bool {
        self.wanted.eq_ignore_ascii_case(id)
    }

    pub(super) fn stands_in(&self, corpus: &Corpus) -> bool {
        if !self.is_number {
            return corpus.holds(&self.wanted, is_whole_word);
        }
        corpus.holds(&self.wanted, is_whole_number)
            || grouped(&self.wanted).is_some_and(|it| corpus.holds(&it, is_whole_number))
    }
}

/// The claims of a sentence from left to right, without overlap.
pub(super) fn claims(text: &str) -> Vec<Claim> {
    let mut found = Vec::new();
    let (mut from, mut opens) = (0, true);
    for quoted in quotations(text) {
        words(text, from..quoted.start, &mut opens, &mut found);
        from = quoted.end;
        if text[quoted.clone()].chars().any(char::is_alphanumeric) {
            found.push(Claim::new(text, quoted));
        }
        opens = false;
    }
    words(text, from..text.len(), &mut opens, &mut found);
    found.truncate(CLAIM_CAP);
    found
}

/// What stands between quotation marks, without them.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((at, mark)) =
        text[from..].char_indices().find(|(_, mark)| closing(*mark).is_some())
    {
        let start = from + at + mark.len_utf8();
        let end = closing(mark).and_then(|close| text[start..].find(close));
        match end {
            Some(length) => {
                found.push(start..start + length);
                from = start + length;
                from += text[from..].chars().next().map_or(0, char::len_utf8);
            }
            None => from = start,
        }
    }
    found
}

fn closing(mark: char) -> Option<char> {
    match mark {
        '"' | '`' => Some(mark),
        '\u{201c}' | '\u{201e}' => Some('\u{201d}'),
        '\u{ab}' => Some('\u{bb}'),
        _ => None,
    }
}

/// Words outside quotations. `opens` says whether the next one begins a sentence.
fn words(text: &str, within: Range<usize>, opens: &mut bool, found: &mut Vec<Claim>) {
    let part = &text[within.clone()];
    for word in part.split_whitespace() {
        let start = within.start + (word.as_ptr() as usize - part.as_ptr() as usize);
        let bare = trimmed(word);
        let at = start + word.find(bare).unwrap_or(0);
        if is_claim(bare, *opens) {
            found.push(Claim::new(text, at..at + bare.len()));
        }
        *opens = word.ends_with(['.', '!', '?']) || (bare.is_empty() && *opens);
    }
}

/// Without punctuation around it and the `'s` of a possessive.
fn trimmed(word: &str) -> &str {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let owner = bare.strip_suffix("'s").or_else(|| bare.strip_suffix("\u{2019}s"));
    owner.unwrap_or(bare)
}

fn is_claim(word: &str, opens: bool) -> bool {
    let small = word.to_lowercase();
    !word.is_empty()
        && !COMMON.contains(&small.as_str())
        && (word.chars().any(char::is_numeric) || is_identifier(word) || is_name(word, opens))
}

/// An ARN, an action, an address, a path, a host: what has signs within that prose does not.
fn is_identifier(word: &str) -> bool {
    let segments: Vec<&str> = word.split('.').collect();
    let host = segments.len() > 1
        && segments.iter().all(|segment| segment.chars().count() > 1)
        && segments.last().is_some_and(|end| end.starts_with(char::is_lowercase));
    host || word.contains(['_', '@', ':', '\\']) || word.matches('/').count() > 1
}

/// A word with a capital where plain English has none.
fn is_name(word: &str, opens: bool) -> bool {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    let within = letters.any(char::is_uppercase);
    within || (first && !opens && word.chars().count() > 1)
}

/// The digits of a number without the commas of thousands and without a unit.
fn as_number(word: &str) -> Option<String> {
    let end =
        word.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.')).unwrap_or(word.len());
    let (digits, rest) = word.split_at(end);
    let unit = rest.trim_start_matches(['-', '%', ' ']);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.matches('.').count() < 2
        && (unit.is_empty() || UNITS.contains(&unit));
    is_number.then(|| digits.replace(',', ""))
}

/// A whole number as people write it with commas, when it has thousands.
fn grouped(number: &str) -> Option<String> {
    if number.len() < 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut out = String::new();
    for (index, digit) in number.chars().enumerate() {
        if index > 0 && (number.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    Some(out)
}

/// `10.0.0.1` is no part of `10.0.0.15`, nor `i-0c41` of `i-0c41f0b9`.
fn is_whole_word(before: &str, after: &str) -> bool {
    let mut ahead = after.chars();
    let next = ahead.next();
    let goes_on = next == Some('.') && ahead.next().is_some_and(char::is_numeric);
    let mut behind = before.chars().rev();
    let last = behind.next();
    let came_from = last == Some('.') && behind.next().is_some_and(char::is_numeric);
    !goes_on
        && !came_from
        && !last.is_some_and(char::is_alphanumeric)
        && !next.is_some_and(char::is_alphanumeric)
}

/// `14` is no part of `2026-11-14`, `i-14`, `09:14` or `1.14`, but of `10.0.0.1:14`, `14%` and `14s`.
fn is_whole_number(before: &str, after: &str) -> bool {
    let unit_end = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
    let (unit, rest) = after.split_at(unit_end);
    let mut ahead = rest.chars();
    let next = ahead.next();
    let goes_on = matches!(next, Some('.' | ',' | ':' | '-' | '_'))
        && ahead.next().is_some_and(char::is_numeric);
    let mut behind = before.chars().rev();
    let came_from = match behind.next() {
        Some('.' | ',') => behind.next().is_some_and(char::is_numeric),
        Some(':') => ends_with_an_hour(&before[..before.len() - 1]),
        Some(c) => c.is_alphanumeric() || matches!(c, '-' | '_'),
        None => false,
    };
    (unit.is_empty() || UNITS.contains(&unit)) && !goes_on && !came_from
}

/// One or two digits that are not the end of an address.
fn ends_with_an_hour(before: &str) -> bool {
    let rest = before.trim_end_matches(|c: char| c.is_ascii_digit());
    (1..=2).contains(&(before.len() - rest.len())) && !rest.ends_with('.')
}
