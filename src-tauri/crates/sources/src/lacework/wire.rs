//! One exchange with Lacework: counted, signed in, judged. Knows nothing of what is asked.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use firebreak_core::ports::Vault;
use reqwest::Method;
use reqwest::header::HeaderName;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::value::RawValue;

use super::allowance::Allowance;
use super::config::LaceworkConfig;
use super::fault::LaceworkFault;
use super::shape::words;
use super::token::Tokens;
use crate::http::{Address, Ask, Body, Http, Reply};
use crate::json::{self, Members};

/// The connection to one account.
pub(super) struct Wire {
    http: Http,
    host: Address,
    tokens: Tokens,
    allowance: Allowance,
    longest_wait: Duration,
    sub_account: Option<String>,
    organisation: bool,
}

impl Wire {
    /// `requests_per_hour` is this connection's share of the account's limit.
    pub(super) fn new(
        config: &LaceworkConfig,
        requests_per_hour: NonZeroU32,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, LaceworkFault> {
        let host = config.host()?;
        Ok(Self {
            http: Http::new(&config.http, host.is_loopback())?,
            tokens: Tokens::new(config, &host, vault)?,
            host,
            allowance: Allowance::per_hour(requests_per_hour),
            longest_wait: config.patience.longest_obeyed,
            sub_account: config.sub_account.clone().filter(|name| !name.trim().is_empty()),
            organisation: config.organisation,
        })
    }

    /// The account's address: whatever the vendor answers, nothing goes elsewhere.
    pub(super) fn host(&self) -> &Address {
        &self.host
    }

    /// How much may still be asked.
    pub(super) fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Signs in and does nothing else.
    pub(super) async fn sign_in(&self) -> Result<(), LaceworkFault> {
        self.tokens.token(&self.http).await.map(|_| ())
    }

    /// Sends one request; a token that ended is renewed once. A refused request had no effect, so
    /// this holds for writes as well; nothing else is repeated here.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, LaceworkFault> {
        match self.exchange(method.clone(), path, body).await {
            Err(LaceworkFault::TokenRefused) => self.exchange(method, path, body).await,
            answer => answer,
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, LaceworkFault> {
        let address = self.host.on_host(path)?;
        let token = self.tokens.token(&self.http).await?;
        let spent = |wait| LaceworkFault::Spent { wait };
        self.allowance.turn(self.longest_wait).await.map_err(spent)?;
        let mut headers = Vec::new();
        if let Some(name) = &self.sub_account {
            headers
                .push((HeaderName::from_static("account-name"), SecretString::from(name.clone())));
        }
        if self.organisation {
            headers.push((
                HeaderName::from_static("org-access"),
                SecretString::from("true".to_owned()),
            ));
        }
        let body = body.map(|body| Body::Json(body.to_string().into_bytes()));
        let ask = Ask { method, address: &address, body, headers, bearer: Some(&token.text) };
        let reply = self.http.ask(ask).await?;
        self.allowance.told(&reply);
        let scrub = |detail: String| detail.replace(token.expose(), "…");
        match judged(reply) {
            Err(LaceworkFault::TokenRefused) => {
                self.tokens.discard(&token);
                Err(LaceworkFault::TokenRefused)
            }
            Err(LaceworkFault::NotAllowed { detail }) => {
                Err(LaceworkFault::NotAllowed { detail: scrub(detail) })
            }
            Err(LaceworkFault::Refused { status, detail }) => {
                Err(LaceworkFault::Refused { status, detail: scrub(detail) })
            }
            answer => answer,
        }
    }
}

/// An answer that is an object; empty for status 204, which searches without a result have.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    /// One member, byte for byte; `None` when it is absent or null.
    pub(super) fn member(&self, name: &str) -> Result<Option<&RawValue>, LaceworkFault> {
        if self.0.is_empty() {
            return Ok(None);
        }
        // Checked once already in `judged`.
        let raw = json::raw(&self.0).map_err(unreadable)?;
        let member = Members::of(raw).and_then(|members| members.get(name));
        Ok(member.filter(|member| member.get() != "null"))
    }

    /// Whether there was nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn unreadable(fault: json::JsonFault) -> LaceworkFault {
    LaceworkFault::Unreadable(fault.to_string())
}

/// 429 and the statuses that mean "later".
pub(super) fn passing_status(reply: &Reply) -> Option<LaceworkFault> {
    let reset = reply.header("ratelimit-reset").and_then(|text| text.trim().parse().ok());
    let reset = reset.filter(|seconds| *seconds <= 86_400).map(Duration::from_secs);
    match reply.status {
        429 => Some(LaceworkFault::TooMany { retry_after: reply.retry_after.or(reset) }),
        status @ (408 | 425 | 500 | 502 | 503 | 504) => Some(LaceworkFault::Unwell {
            detail: format!("status {status}"),
            retry_after: reply.retry_after,
        }),
        _ => None,
    }
}

fn judged(reply: Reply) -> Result<Answer, LaceworkFault> {
    if let Some(fault) = passing_status(&reply) {
        return Err(fault);
    }
    let status = reply.status;
    if status == 401 {
        return Err(LaceworkFault::TokenRefused);
    }
    if reply.is_web_page() {
        let detail = "status 403 and a web page; a proxy may be in between".to_owned();
        return Err(match status {
            403 => LaceworkFault::NotAllowed { detail },
            _ => LaceworkFault::WebPage { status },
        });
    }
    if status == 204 {
        return Ok(Answer(Vec::new()));
    }
    let raw = json::raw(&reply.body);
    if !(200..300).contains(&status) {
        let said = raw.ok().and_then(|raw| words(&json::value(raw).0));
        let detail = said.unwrap_or_else(|| format!("status {status}"));
        return Err(match status {
            403 => LaceworkFault::NotAllowed { detail },
            404 => LaceworkFault::Unknown { detail },
            status => LaceworkFault::Refused { status, detail },
        });
    }
    let members = Members::of(raw.map_err(unreadable)?);
    if members.is_none() {
        return Err(LaceworkFault::Senseless("it is no object".to_owned()));
    }
    Ok(Answer(reply.body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, kind: &str, body: &str) -> Result<Answer, LaceworkFault> {
        let content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
        let headers = Default::default();
        let body = body.as_bytes().to_vec();
        judged(Reply { status, retry_after: None, body, content_type, headers })
    }

    #[test]
    fn answers_are_judged() {
        use LaceworkFault as F;
        let json = "application/json";
        assert!(judge(200, json, r#"{"data":[]}"#).is_ok());
        assert!(judge(204, "", "").is_ok_and(|answer| answer.is_empty()));
        assert!(matches!(judge(401, json, "{}"), Err(F::TokenRefused)));
        assert!(
            matches!(judge(403, json, r#"{"message":"no"}"#), Err(F::NotAllowed { detail }) if detail == "no")
        );
        assert!(
            matches!(judge(404, json, r#"{"data":{"message":"gone"},"ok":false}"#), Err(F::Unknown { detail }) if detail == "gone")
        );
        assert!(
            matches!(judge(400, json, "nothing"), Err(F::Refused { status: 400, detail }) if detail == "status 400")
        );
        assert!(matches!(judge(200, "text/html", "{}"), Err(F::WebPage { status: 200 })));
        assert!(matches!(judge(200, "", " <!doctype html>"), Err(F::WebPage { .. })));
        assert!(matches!(judge(200, json, r#"{"data":{"#), Err(F::Unreadable(_))));
        assert!(matches!(judge(200, json, "[]"), Err(F::Senseless(_))));
        assert!(matches!(judge(429, json, "{}"), Err(F::TooMany { .. })));
        assert!(matches!(judge(503, "text/html", "<p>"), Err(F::Unwell { .. })));
        let deep = format!("{{\"data\":{}", "[".repeat(100_000));
        assert!(
            matches!(judge(200, json, &deep), Err(F::Unreadable(why)) if why.contains("deeper"))
        );
    }
}
