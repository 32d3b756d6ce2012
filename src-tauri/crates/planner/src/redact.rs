//! Taking secrets out of text before it leaves for a model.
//!
//! Alerts quote command lines and environments, and those hold passwords. What looks like a secret
//! is replaced by what kind of secret it was. Access key ids stay: they name a target and open
//! nothing. This is a net, not a proof: a secret that looks like a plain word gets through.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Longest text looked at, in bytes; callers keep far less than this afterwards.
const LOOKED_AT: usize = 16 * 1024;

/// The text without what looks like a secret.
pub fn without_secrets(text: &str) -> String {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut text = Cow::Borrowed(&text[..end]);
    for pattern in PATTERNS.iter() {
        if let Cow::Owned(changed) =
            pattern.find.replace_all(&text, |found: &Captures<'_>| (pattern.put)(found))
        {
            text = Cow::Owned(changed);
        }
    }
    text.into_owned()
}

struct Pattern {
    find: Regex,
    put: fn(&Captures<'_>) -> String,
}

impl Pattern {
    fn new(find: &str, put: fn(&Captures<'_>) -> String) -> Self {
        Self {
            find: Regex::new(find).expect("the patterns are constants, and a test uses each"),
            put,
        }
    }
}

/// In this order: a private key holds what looks like other secrets.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    vec![
        Pattern::new(
            r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)",
            |_| "[private key removed]".to_owned(),
        ),
        Pattern::new(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*", |_| {
            "[token removed]".to_owned()
        }),
        Pattern::new(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{16,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}|hv[sb]\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})",
            |_| "[token removed]".to_owned(),
        ),
        Pattern::new(r"(?i)\b(bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=-]{8,}", |found| {
            format!("{} [token removed]", &found[1])
        }),
        // https://user:password@host
        Pattern::new(r"(://[^\s/:@]{1,200}):[^\s/@]{1,500}@", |found| {
            format!("{}:[password removed]@", &found[1])
        }),
        // password=…, "client_secret": "…", --token …, AWS_SECRET_ACCESS_KEY=…
        Pattern::new(
            r#"(?i)([a-z0-9_.-]*(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|credential|api[_-]?key|apikey|access[_-]?key(?:[_-]?secret)|private[_-]?key|account[_-]?key|shared[_-]?key|authorization|sig(?:nature)?)[a-z0-9_-]*)(\\?["']?\s*(?:=>|[:=])\s*|\\?["']?\s+\\?["'])((?:\\?"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s"',;&]+)+)"#,
            |found| format!("{}{}[removed]", &found[1], &found[2]),
        ),
        Pattern::new(
            r#"(?i)(--?[a-z-]*(?:password|passwd|secret|token|api-?key|passphrase)\s+)((?:"[^"]*"?|'[^']*'?|[^\s"'-][^\s"']*)+)"#,
            |found| format!("{}[removed]", &found[1]),
        ),
        // An AWS secret access key is 40 characters of base64; a SHA-1 is 40 of hex and may stay.
        Pattern::new(r"[A-Za-z0-9/+=_-]{40,}", |found| {
            let run = &found[0];
            if is_secret_run(run) { "[secret removed]".to_owned() } else { run.to_owned() }
        }),
    ]
});

/// Whether a long run of letters looks like key material and not like a digest, path, ARN or name.
fn is_secret_run(run: &str) -> bool {
    let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let has = |test: fn(u8) -> bool| run.bytes().any(test);
    let mixed = has(|b| b.is_ascii_lowercase())
        && has(|b| b.is_ascii_uppercase())
        && has(|b| b.is_ascii_digit());
    // Paths and slugs are words between separators; key material has long unbroken stretches.
    let longest = run.split(['/', '-', '_', '=', '+']).map(str::len).max().unwrap_or(0);
    !hex && mixed && (run.len() == 40 || longest >= 16)
}
