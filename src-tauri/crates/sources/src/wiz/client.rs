//! One GraphQL exchange with Wiz: paced, signed in, retried within bounds, judged.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::ports::Vault;
use firebreak_core::text;
use firebreak_core::write_back::Budget;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::config::WizConfig;
use super::fault::WizFault;
use super::token::Tokens;
use crate::fields::{at, text_of};
use crate::http::{Address, Body, Http, Reply};
use crate::json::{self, Members};
use crate::pace::{MINUTE, Pace};
use crate::patience::{Patience, Retriable};

/// The client of one tenant. It names no operation; mutations are the writer's alone.
pub(super) struct Client {
    http: Http,
    api: Address,
    tokens: Tokens,
    pace: Pace,
    per_second: NonZeroU32,
    patience: Patience,
    away_until: Mutex<Option<Instant>>,
}

impl Client {
    pub(super) fn new(config: &WizConfig, vault: Arc<dyn Vault>) -> Result<Self, WizFault> {
        let api = Address::parse(&config.api_url)?;
        let auth = Address::parse(&config.auth_url)?;
        let http = Http::new(&config.http, api.is_loopback() && auth.is_loopback())?;
        Ok(Self {
            http,
            tokens: Tokens::new(config, auth, vault),
            api,
            pace: Pace::per_second(config.requests_per_second),
            per_second: config.requests_per_second,
            patience: config.patience.clone(),
            away_until: Mutex::new(None),
        })
    }

    /// Signs in and does nothing else.
    pub(super) async fn sign_in(&self) -> Result<(), WizFault> {
        self.tokens.token(&self.http).await.map(|_| ())
    }

    /// Runs a query; the answer has `data` and no `errors`.
    pub(super) async fn ask(&self, query: &str, variables: &Value) -> Result<Answer, WizFault> {
        self.respect_wish()?;
        let request = json!({"query": query, "variables": variables}).to_string().into_bytes();
        let answer = self.patience.persist(|| self.attempt(&request)).await;
        if let Err(fault) = &answer
            && let Some(wish) = fault.stay_away()
        {
            *self.away() = Some(Instant::now() + wish);
        }
        answer
    }

    /// Runs a mutation once: an answer that was lost is not asked for again here. Whoever repeats it
    /// looks first what is there.
    pub(super) async fn tell(&self, mutation: &str, input: &Value) -> Result<Answer, WizFault> {
        self.respect_wish()?;
        let request = json!({"query": mutation, "variables": input}).to_string().into_bytes();
        self.attempt(&request).await
    }

    /// What is left of the requests that the pace allows in a minute.
    pub(super) fn budget(&self, now: Timestamp) -> Budget {
        let limit = self.per_second.get().saturating_mul(60);
        let away = self.away().map(|until| until.saturating_duration_since(Instant::now()));
        let away = away.filter(|left| !left.is_zero());
        Budget {
            limit,
            period: MINUTE,
            left: limit.saturating_sub(self.pace.last_minute()),
            blocked_until: away
                .and_then(|left| TimeDelta::from_std(left).ok())
                .map(|left| now + left),
        }
    }

    /// Refuses at once while a `Retry-After` of an earlier request still runs.
    fn respect_wish(&self) -> Result<(), WizFault> {
        let mut away = self.away();
        let left = away.map(|until| until.saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            Some(left) => Err(WizFault::TooMany { retry_after: Some(left) }),
            None => {
                *away = None;
                Ok(())
            }
        }
    }

    fn away(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.away_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attempt(&self, request: &[u8]) -> Result<Answer, WizFault> {
        match self.exchange(request).await {
            // The token may have been revoked, or this machine slept past its end: once more.
            Err(WizFault::TokenRefused) => self.exchange(request).await,
            answer => answer,
        }
    }

    async fn exchange(&self, request: &[u8]) -> Result<Answer, WizFault> {
        let token = self.tokens.token(&self.http).await?;
        self.pace.turn().await;
        let reply =
            self.http.post(&self.api, Body::Json(request.to_vec()), Some(&token.text)).await?;
        let answer = judged(reply);
        match answer {
            Err(WizFault::TokenRefused) => {
                self.tokens.discard(&token);
                Err(WizFault::TokenRefused)
            }
            Err(WizFault::GraphQl { code, message }) => {
                Err(WizFault::GraphQl { code, message: message.replace(token.expose(), "…") })
            }
            answer => answer,
        }
    }
}

/// A GraphQL answer that holds data.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    /// One member of `data`, byte for byte.
    pub(super) fn member(&self, name: &str) -> Result<&RawValue, WizFault> {
        // Checked once already in `judged`.
        let raw = json::raw(&self.0).map_err(|fault| WizFault::Unreadable(fault.to_string()))?;
        let data = Members::of(raw).and_then(|members| members.get("data")).and_then(Members::of);
        data.and_then(|data| data.get(name))
            .ok_or_else(|| WizFault::Senseless(format!("it has no data.{name}")))
    }
}

/// 429 and the statuses that mean "later".
pub(super) fn passing_status(reply: &Reply) -> Option<WizFault> {
    let retry_after = reply.retry_after;
    match reply.status {
        429 => Some(WizFault::TooMany { retry_after }),
        status @ (408 | 425 | 500 | 502 | 503 | 504) => {
            Some(WizFault::Unwell { detail: format!("status {status}"), retry_after })
        }
        _ => None,
    }
}

fn judged(reply: Reply) -> Result<Answer, WizFault> {
    if let Some(fault) = passing_status(&reply) {
        return Err(fault);
    }
    let status = reply.status;
    if status == 401 {
        return Err(WizFault::TokenRefused);
    }
    if reply.is_web_page() {
        return Err(if status == 403 {
            WizFault::NotAllowed {
                detail: "status 403 and a web page; a proxy may be in between".to_owned(),
            }
        } else {
            WizFault::WebPage { status }
        });
    }
    let raw = match json::raw(&reply.body) {
        Ok(raw) => raw,
        Err(_) if !(200..300).contains(&status) => return Err(refused(status, &Value::Null)),
        Err(fault) => return Err(WizFault::Unreadable(fault.to_string())),
    };
    let members = Members::of(raw);
    let errors = members
        .as_ref()
        .and_then(|members| members.get("errors"))
        .map(|errors| json::value(errors).0);
    if let Some(first) = errors.as_ref().and_then(|errors| errors.get(0)) {
        return Err(graphql_fault(first));
    }
    if !(200..300).contains(&status) {
        return Err(refused(status, &json::value(raw).0));
    }
    if members.and_then(|members| members.get("data").and_then(Members::of)).is_none() {
        return Err(WizFault::Senseless("it has no data".to_owned()));
    }
    Ok(Answer(reply.body))
}

fn refused(status: u16, answer: &Value) -> WizFault {
    if status != 403 {
        return WizFault::Status { status };
    }
    let said = ["message", "detail", "error"].iter().find_map(|key| text_of(at(answer, key)));
    WizFault::NotAllowed {
        detail: text::line(&said.unwrap_or_else(|| "status 403".to_owned()), 200),
    }
}

/// Wiz reports refusals as HTTP 200 with `errors[]`. Its codes are not documented publicly, so the
/// usual GraphQL ones and the words are looked at.
fn graphql_fault(error: &Value) -> WizFault {
    let said = text_of(at(error, "message"))
        .or_else(|| text_of(at(error, "extensions.exception.message")));
    let message = text::line(&said.unwrap_or_else(|| "no message".to_owned()), 300);
    let code = text_of(at(error, "extensions.code")).unwrap_or_else(|| "no code".to_owned());
    let code = text::line(&code, 60).to_ascii_uppercase();
    let words = message.to_ascii_lowercase();
    match code.as_str() {
        "UNAUTHENTICATED" => WizFault::TokenRefused,
        "FORBIDDEN" | "UNAUTHORIZED" | "ACCESS_DENIED" | "PERMISSION_DENIED" => {
            WizFault::NotAllowed { detail: message }
        }
        "RATE_LIMIT_EXCEEDED" | "TOO_MANY_REQUESTS" | "THROTTLED" => {
            WizFault::TooMany { retry_after: None }
        }
        "INTERNAL_SERVER_ERROR" | "INTERNAL" | "SERVICE_UNAVAILABLE" | "TIMEOUT" => {
            WizFault::Unwell { detail: format!("{code}: {message}"), retry_after: None }
        }
        _ if [
            "access denied",
            "not authorized",
            "unauthorized",
            "missing permission",
            "missing scope",
        ]
        .iter()
        .any(|phrase| words.contains(phrase)) =>
        {
            WizFault::NotAllowed { detail: message }
        }
        _ => WizFault::GraphQl { code, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, kind: &str, body: &str) -> Result<Answer, WizFault> {
        let content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
        let headers = Default::default();
        let body = body.as_bytes().to_vec();
        judged(Reply { status, retry_after: None, body, content_type, headers })
    }

    #[test]
    fn answers_are_judged() {
        let json = "application/json";
        assert!(judge(200, json, r#"{"data":{"issues":{}}}"#).is_ok());
        assert!(judge(200, "", r#"{"data":{"issues":{}},"errors":[]}"#).is_ok());
        assert!(matches!(judge(401, json, "{}"), Err(WizFault::TokenRefused)));
        assert!(
            matches!(judge(403, json, r#"{"message":"no"}"#), Err(WizFault::NotAllowed { detail }) if detail == "no")
        );
        assert!(matches!(judge(404, json, "nothing"), Err(WizFault::Status { status: 404 })));
        assert!(matches!(judge(200, "text/html", "{}"), Err(WizFault::WebPage { status: 200 })));
        assert!(matches!(judge(200, "", " <!doctype html>"), Err(WizFault::WebPage { .. })));
        assert!(matches!(judge(200, json, r#"{"data":{"#), Err(WizFault::Unreadable(_))));
        assert!(matches!(judge(200, json, r#"{"data":null}"#), Err(WizFault::Senseless(_))));
        let deep = format!("{{\"data\":{}", "[".repeat(100_000));
        assert!(
            matches!(judge(200, json, &deep), Err(WizFault::Unreadable(why)) if why.contains("deeper"))
        );
    }

    #[test]
    fn errors_at_200_are_errors_by_code_or_word() {
        let of = |code: &str, message: &str| {
            let body = json!({"data": {"issues": null}, "errors": [{"message": message, "extensions": {"code": code}}]});
            judge(200, "application/json", &body.to_string()).unwrap_err()
        };
        assert!(matches!(of("BAD_USER_INPUT", "bad id"), WizFault::GraphQl { code, message }
            if code == "BAD_USER_INPUT" && message == "bad id"));
        assert!(matches!(of("FORBIDDEN", "x"), WizFault::NotAllowed { .. }));
        assert!(matches!(of("X", "Access denied, missing scope"), WizFault::NotAllowed { .. }));
        assert!(matches!(of("UNAUTHENTICATED", "x"), WizFault::TokenRefused));
        assert!(of("INTERNAL_SERVER_ERROR", "x").passes());
        assert!(
            matches!(of("X", &"m".repeat(9_000)), WizFault::GraphQl { message, .. } if message.len() < 400)
        );
    }
}
