//! From what went wrong on the wire to words and a way on.

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, Utc};
use firebreak_core::ports::{OutsideError, Secret, Trouble};
use firebreak_core::text;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

use crate::assess::DEADLINE;
use crate::redact::without_secrets;

/// What asking a model is called in errors.
pub(super) const ASK: &str = "model request";
/// Longest stretch of a provider's own words that is shown.
const WORDS_CAP: usize = 240;
/// Longest time that a provider may have us wait; more is a provider's mistake or malice.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A provider's error, as OpenAI documents it. Others leave parts out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Complaint {
    pub message: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub param: Option<String>,
    pub code: Option<serde_json::Value>,
}

impl Complaint {
    /// Reads `{"error": {…}}` or `{"error": "…"}`; empty when the body is something else.
    pub(super) fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Envelope {
            error: serde_json::Value,
        }
        let Ok(Envelope { error }) = serde_json::from_slice(body) else { return Self::default() };
        match error {
            serde_json::Value::String(message) => {
                Self { message: Some(message), ..Self::default() }
            }
            other => serde_json::from_value(other).unwrap_or_default(),
        }
    }

    /// Whether its code or type is this word.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind.as_deref() == Some(word)
            || self.code.as_ref().and_then(serde_json::Value::as_str) == Some(word)
    }

    /// Its words, short and without secrets; a hostile server may quote the key back.
    fn words(&self, key: Option<&Secret>) -> String {
        self.message
            .as_deref()
            .map(|message| format!(": {}", harmless(message, key)))
            .unwrap_or_default()
    }
}

/// A stranger's words for an error: no secret, one line, short.
pub(super) fn harmless(words: &str, key: Option<&Secret>) -> String {
    let key = key.map(|key| key.expose().trim()).filter(|key| !key.is_empty());
    let words = key.map_or_else(|| words.to_owned(), |key| words.replace(key, "[key removed]"));
    crate::encode::visible(&without_secrets(&words), WORDS_CAP)
}

/// A failure that only a person can end.
pub(super) fn needs_person(
    operation: &str,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> OutsideError {
    OutsideError::new(operation, Trouble::NeedsPerson, message).with_remedy(remedy)
}

/// No answer in time.
pub(super) fn too_slow(operation: &str) -> OutsideError {
    OutsideError::new(
        operation,
        Trouble::Passing,
        format!("no answer within {} seconds", DEADLINE.as_secs()),
    )
}

/// The request did not get an answer at all.
pub(super) fn unsent(operation: &str, error: &reqwest::Error) -> OutsideError {
    if error.is_timeout() {
        return too_slow(operation);
    }
    let what = if error.is_connect() {
        "the model's address can't be reached"
    } else {
        "the connection broke off"
    };
    OutsideError::new(operation, Trouble::Passing, format!("{what}: {}", causes(error)))
        .with_remedy("Check the model's address in the settings, and that its server runs.")
}

/// An answer with a status other than 200.
pub(super) fn refused(
    operation: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    key: Option<&Secret>,
) -> OutsideError {
    let complaint = Complaint::read(body);
    let words = complaint.words(key);
    let code = status.as_u16();
    let person = |what: &str, remedy: &str| {
        needs_person(operation, format!("{what} ({code}){words}"), remedy)
    };
    match code {
        300..=399 => person(
            "the address redirects, and redirects are not followed",
            "Enter the address that it leads to.",
        ),
        401 => person("the provider does not accept the key", "Enter a valid key in the settings."),
        403 => person(
            "the provider does not permit this key to use this model",
            "Give the key access to the model, or choose another.",
        ),
        404 => person(
            "the provider knows no such address or model",
            "Check the base address (it usually ends in /v1) and the model's name.",
        ),
        429 if complaint.is("insufficient_quota") => person(
            "the provider's quota is used up",
            "Add credit or raise the limit at the provider. Trying again does not help.",
        ),
        429 => {
            let mut error = OutsideError::new(
                operation,
                Trouble::Passing,
                format!("the provider asks to slow down ({code}){words}"),
            );
            error.retry_after = retry_after(headers, Utc::now());
            error
        }
        408 | 500..=599 => {
            let mut error = OutsideError::new(
                operation,
                Trouble::Passing,
                format!("the provider has a fault ({code}){words}"),
            );
            error.retry_after = retry_after(headers, Utc::now());
            error
        }
        400 | 422 => person(
            "the provider refuses the request",
            "Use a model and server that support strict JSON schemas.",
        ),
        _ => OutsideError::new(
            operation,
            Trouble::Garbage,
            format!("the provider answered with an unexpected status ({code}){words}"),
        ),
    }
}

/// An answer that makes no sense.
pub(super) fn garbage(operation: &str, message: impl Into<String>) -> OutsideError {
    OutsideError::new(operation, Trouble::Garbage, message)
}

/// An error and its causes in one line. Addresses are left out by the caller's choice of reqwest's
/// `without_url`; none of these holds a header.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    text::line(&words, text::LINE_CAP)
}

/// `retry-after-ms` (OpenAI, Azure), or `Retry-After` in seconds or as a date (RFC 9110).
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str, unit: f64| {
        text.parse::<f64>().ok().and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
    };
    let date = |text: &str| {
        let at = DateTime::parse_from_rfc2822(text).ok()?;
        Some((at.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
    };
    text("retry-after-ms")
        .and_then(|text| number(text, 0.001))
        .or_else(|| {
            text(RETRY_AFTER.as_str()).and_then(|text| number(text, 1.0).or_else(|| date(text)))
        })
        .map(|wait| wait.min(LONGEST_WAIT))
}
