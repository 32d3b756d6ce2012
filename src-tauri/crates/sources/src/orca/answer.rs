//! Judging what Orca answered, whatever the HTTP status says.

use std::time::Duration;

use firebreak_core::text;
use reqwest::header::HeaderMap;
use serde_json::Value;
use serde_json::value::RawValue;

use super::fault::OrcaFault;
use crate::fields::{at, text_of};
use crate::http::Reply;
use crate::json::{self, Members};

/// An answer that is no refusal.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    /// The whole.
    pub(super) fn value(&self) -> Result<Value, OrcaFault> {
        Ok(json::value(self.raw()?).0)
    }

    /// The elements of `data`, byte for byte.
    pub(super) fn rows(&self) -> Result<Vec<&RawValue>, OrcaFault> {
        let rows = Members::of(self.raw()?).and_then(|members| members.get("data"));
        rows.and_then(json::items)
            .map(|rows| rows.into_iter().filter(|row| row.get() != "null").collect())
            .ok_or_else(|| OrcaFault::Senseless("it has no list of data".to_owned()))
    }

    /// One member beside `data`; null when absent.
    pub(super) fn beside(&self, name: &str) -> Result<Value, OrcaFault> {
        let member = Members::of(self.raw()?).and_then(|members| members.get(name));
        Ok(member.map(|raw| json::value(raw).0).unwrap_or_default())
    }

    fn raw(&self) -> Result<&RawValue, OrcaFault> {
        // Checked once already in `judged`.
        json::raw(&self.0).map_err(|fault| OrcaFault::Unreadable(fault.to_string()))
    }
}

/// The answer, or why it is none. Its headers may say how long to stay away.
pub(super) fn judged(reply: Reply) -> Result<Answer, OrcaFault> {
    let retry_after = reply.retry_after.or_else(|| until_reset(&reply.headers));
    let status = reply.status;
    if status == 429 {
        return Err(OrcaFault::TooMany { retry_after });
    }
    if matches!(status, 408 | 425 | 500 | 502 | 503 | 504) {
        return Err(OrcaFault::Unwell { detail: format!("status {status}"), retry_after });
    }
    if reply.is_web_page() && status != 401 {
        return Err(match status {
            403 => OrcaFault::NotAllowed {
                detail: "status 403 and a web page; a proxy may be in between".to_owned(),
            },
            404 => OrcaFault::NotThere { detail: "a web page".to_owned() },
            status => OrcaFault::WebPage { status },
        });
    }
    let said = json::raw(&reply.body).map(|raw| json::value(raw).0);
    if (200..300).contains(&status) {
        // Writes may be answered with nothing at all.
        if reply.body.trim_ascii().is_empty() {
            return Ok(Answer(b"null".to_vec()));
        }
        let said = said.map_err(|fault| OrcaFault::Unreadable(fault.to_string()))?;
        return match refusal(&said) {
            Some(detail) => Err(refused(status, detail)),
            None => Ok(Answer(reply.body)),
        };
    }
    let said = said.unwrap_or_default();
    let detail = refusal(&said).unwrap_or_else(|| words(&said));
    Err(match status {
        401 => OrcaFault::TokenRefused { detail },
        403 => OrcaFault::NotAllowed { detail },
        404 => OrcaFault::NotThere { detail },
        status => refused(status, detail),
    })
}

/// The words of an answer that says it failed: `"status": "failure"` (or `error`, `failed`), or
/// `error`/`errors` without data. Seen with HTTP 200 as well.
fn refusal(said: &Value) -> Option<String> {
    let object = said.as_object()?;
    let status = text_of(at(said, "status")).unwrap_or_default().to_ascii_lowercase();
    let failed = matches!(status.as_str(), "failure" | "failed" | "error");
    let filled = |key: &str| match object.get(key) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(_) => true,
    };
    let complains = (filled("error") || filled("errors")) && !at(said, "data").is_array();
    (failed || complains).then(|| words(said))
}

fn refused(status: u16, detail: String) -> OrcaFault {
    let lower = detail.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    if says(&["same configuration"]) {
        OrcaFault::SameAlready { detail }
    } else if says(&["invalid token", "authentication credentials"]) {
        OrcaFault::TokenRefused { detail }
    } else if says(&["permission", "not allowed", "forbidden", "unauthorized", "not authorized"]) {
        OrcaFault::NotAllowed { detail }
    } else if says(&["too many requests", "throttled", "rate limit"]) {
        OrcaFault::TooMany { retry_after: None }
    } else {
        OrcaFault::Refused { status, detail }
    }
}

fn words(said: &Value) -> String {
    let first = ["error", "errors", "detail", "message", "error_code"].iter().find_map(|key| {
        let value = at(said, key);
        text_of(value).or_else(|| match value {
            Value::Array(items) => items
                .first()
                .and_then(|item| text_of(item).or_else(|| text_of(at(item, "message")))),
            Value::Object(_) => text_of(at(value, "message")),
            _ => None,
        })
    });
    text::line(&first.unwrap_or_else(|| "no further words".to_owned()), 200)
}

/// `X-RateLimit-Reset` or `RateLimit-Reset` when none are left: seconds to wait, or an epoch second.
/// Unconfirmed for Orca; obeyed where it is there.
pub(super) fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let number = |names: [&str; 2]| {
        let value = names.iter().find_map(|name| headers.get(*name))?;
        value.to_str().ok()?.trim().parse::<u64>().ok()
    };
    let left = number(["x-ratelimit-remaining", "ratelimit-remaining"])?;
    let reset = number(["x-ratelimit-reset", "ratelimit-reset"])?;
    // Larger numbers are moments rather than spans; without the server's clock they say nothing sure.
    (left == 0 && reset <= 86_400).then(|| Duration::from_secs(reset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patience::Retriable;

    fn judge(status: u16, kind: &str, body: &str) -> Result<Answer, OrcaFault> {
        let content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
        let body = body.as_bytes().to_vec();
        let headers = HeaderMap::new();
        judged(Reply { status, retry_after: None, body, content_type, headers })
    }

    fn fault(status: u16, body: &str) -> OrcaFault {
        judge(status, "application/json", body).unwrap_err()
    }

    #[test]
    fn success_and_failure_are_told_by_the_body_too() {
        let good = judge(200, "application/json", r#"{"status":"success","data":[{"id":1},null]}"#);
        assert_eq!(good.unwrap().rows().unwrap().len(), 1);
        assert!(judge(200, "", "").unwrap().value().unwrap().is_null());
        let odd = judge(200, "application/json", r#"{"status":"success"}"#).unwrap();
        assert!(matches!(odd.rows(), Err(OrcaFault::Senseless(_))));
        let failure = |body| fault(200, body);
        assert!(matches!(failure(r#"{"status":"failure","error":"bad dsl"}"#),
            OrcaFault::Refused { status: 200, detail } if detail == "bad dsl"));
        assert!(matches!(failure(r#"{"status":"error","data":[]}"#), OrcaFault::Refused { .. }));
        assert!(matches!(failure(r#"{"errors":["no such key"]}"#),
            OrcaFault::Refused { detail, .. } if detail == "no such key"));
        assert!(matches!(
            failure(r#"{"status":"failure","error":"You do not have permission"}"#),
            OrcaFault::NotAllowed { .. }
        ));
        assert!(judge(200, "", r#"{"status":"success","errors":[],"data":[]}"#).is_ok());
    }

    #[test]
    fn statuses_have_their_meaning() {
        assert!(matches!(fault(401, r#"{"detail":"Invalid token."}"#),
            OrcaFault::TokenRefused { detail } if detail == "Invalid token."));
        assert!(matches!(fault(403, r#"{"error_code":"permission_denied"}"#),
            OrcaFault::NotAllowed { detail } if detail == "permission_denied"));
        assert!(matches!(fault(404, "{}"), OrcaFault::NotThere { .. }));
        assert!(matches!(
            fault(400, r#"{"status":"failure","error":"requested to set same configuration"}"#),
            OrcaFault::SameAlready { .. }
        ));
        assert!(fault(503, "busy").passes() && fault(429, "{}").passes());
        assert!(matches!(fault(418, "tea"), OrcaFault::Refused { status: 418, .. }));
        assert!(matches!(judge(200, "text/html", "{}"), Err(OrcaFault::WebPage { status: 200 })));
        assert!(matches!(
            judge(200, "application/json", r#"{"data":["#),
            Err(OrcaFault::Unreadable(_))
        ));
        let deep = format!("{{\"data\":{}", "[".repeat(100_000));
        assert!(
            matches!(judge(200, "", &deep), Err(OrcaFault::Unreadable(why)) if why.contains("deeper"))
        );
        let long = format!(r#"{{"error":"{}"}}"#, "m".repeat(9_000));
        assert!(
            matches!(fault(400, &long), OrcaFault::Refused { detail, .. } if detail.len() < 300)
        );
    }

    #[test]
    fn reset_headers_are_obeyed_when_nothing_is_left() {
        let headers = |left: &str, reset: &str| {
            let pairs = [("x-ratelimit-remaining", left), ("x-ratelimit-reset", reset)];
            let pairs = pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            HeaderMap::from_iter(pairs)
        };
        assert_eq!(until_reset(&headers("0", "30")), Some(Duration::from_secs(30)));
        assert_eq!(until_reset(&headers("3", "30")), None);
        assert_eq!(until_reset(&headers("0", "1790000000")), None);
        assert_eq!(until_reset(&headers("x", "30")), None);
    }
}
