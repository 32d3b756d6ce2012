//! One exchange with Prisma Cloud: paced, signed in, judged.

use std::sync::Arc;

use firebreak_core::ports::Vault;
use firebreak_core::text;
use serde_json::Value;

use super::budget::Gauge;
use super::config::PrismaConfig;
use super::fault::PrismaFault;
use super::token::{Api, Tokens};
use crate::fields::{at, text_of};
use crate::http::{Address, Call, Http, Reply};
use crate::json;
use crate::pace::Pace;
use crate::patience::{Patience, Retriable};

/// Endpoints that share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// `/v2/alert`.
    Lists,
    /// Everything else.
    Details,
}

/// One access key at one API.
pub(super) struct Session {
    http: Http,
    address: Address,
    api: Api,
    tokens: Tokens,
    lists: (Pace, Gauge),
    details: (Pace, Gauge),
    patience: Patience,
}

impl Session {
    /// Opens nothing yet.
    pub(super) fn new(
        api: Api,
        config: &PrismaConfig,
        url: &str,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, PrismaFault> {
        let address = Address::parse(url)?;
        Ok(Self {
            http: Http::new(&config.http, address.is_loopback())?,
            tokens: Tokens::new(api, config, address.clone(), vault),
            address,
            api,
            lists: (Pace::per_second(config.requests_per_second), Gauge::default()),
            details: (Pace::per_second(config.details_per_second), Gauge::default()),
            patience: config.patience.clone(),
        })
    }

    /// Signs in and does nothing else.
    pub(super) async fn sign_in(&self) -> Result<(), PrismaFault> {
        self.tokens.token(&self.http).await.map(|_| ())
    }

    /// What lists of alerts were told about their limit.
    pub(super) fn gauge(&self) -> &Gauge {
        &self.lists.1
    }

    /// A request that changes nothing: tried again while trouble passes.
    pub(super) async fn read(&self, lane: Lane, call: &Call<'_>) -> Result<Reply, PrismaFault> {
        self.patience.persist(|| self.once(lane, call)).await
    }

    /// One attempt; a second one only where a session had ended, and then the first did nothing.
    pub(super) async fn once(&self, lane: Lane, call: &Call<'_>) -> Result<Reply, PrismaFault> {
        let (_, gauge) = self.lane(lane);
        if let Some(left) = gauge.away() {
            return Err(PrismaFault::TooMany { retry_after: Some(left) });
        }
        let answer = match self.exchange(lane, call).await {
            Err(PrismaFault::TokenRefused { .. }) => self.exchange(lane, call).await,
            answer => answer,
        };
        if let Err(fault) = &answer
            && let Some(wish) = fault.stay_away()
        {
            gauge.stay_away(wish);
        }
        answer
    }

    async fn exchange(&self, lane: Lane, call: &Call<'_>) -> Result<Reply, PrismaFault> {
        let (pace, gauge) = self.lane(lane);
        pace.turn().await;
        gauge.refill().await;
        let token = self.tokens.token(&self.http).await?;
        let credential = Some((self.api.header(), &token.header));
        let answer = self.http.call(&self.address, call, credential).await?;
        gauge.note(&answer);
        let judged = judged(answer).map_err(|fault| fault.with_words(|words| token.scrub(words)));
        if matches!(judged, Err(PrismaFault::TokenRefused { .. })) {
            self.tokens.discard(&token);
        }
        judged
    }

    fn lane(&self, lane: Lane) -> (&Pace, &Gauge) {
        let (pace, gauge) = match lane {
            Lane::Lists => &self.lists,
            Lane::Details => &self.details,
        };
        (pace, gauge)
    }
}

/// The answer's body as one value.
pub(super) fn value(answer: &Reply) -> Result<Value, PrismaFault> {
    let raw = json::raw(&answer.body);
    raw.map(|raw| json::value(raw).0).map_err(|fault| PrismaFault::Unreadable(fault.to_string()))
}

/// 429 and the statuses that mean "later"; the vendor's own client tries 425, 429, 500, 502, 503
/// and 504 again.
pub(super) fn passing_status(answer: &Reply) -> Option<PrismaFault> {
    let retry_after = answer.retry_after;
    match answer.status {
        429 => Some(PrismaFault::TooMany { retry_after }),
        status @ (408 | 425 | 500 | 502 | 503 | 504) => Some(PrismaFault::Unwell {
            detail: format!("status {status}, {}", words(answer)),
            retry_after,
        }),
        _ => None,
    }
}

fn judged(answer: Reply) -> Result<Reply, PrismaFault> {
    if let Some(fault) = passing_status(&answer) {
        return Err(fault);
    }
    let status = answer.status;
    match status {
        401 => Err(PrismaFault::TokenRefused { detail: words(&answer) }),
        403 if answer.is_web_page() => Err(PrismaFault::NotAllowed {
            detail: "status 403 and a web page; a proxy may be in between".to_owned(),
        }),
        403 => Err(PrismaFault::NotAllowed { detail: words(&answer) }),
        _ if answer.is_web_page() => Err(PrismaFault::WebPage { status }),
        200..=299 => Ok(answer),
        _ => Err(PrismaFault::Refused { status, detail: words(&answer) }),
    }
}

/// What a refusal says: `{"error": {"code", "message"}}`, or an empty body and the header
/// `x-redlock-status`, whose usual form `[{"i18nKey": …}]` is not documented. Compute says `{"err"}`.
pub(super) fn words(answer: &Reply) -> String {
    let body = json::raw(&answer.body).map(|raw| json::value(raw).0).unwrap_or_default();
    let in_body = ["error.message", "error.code", "err", "message", "error"]
        .iter()
        .find_map(|path| text_of(at(&body, path)));
    let header = answer.header("x-redlock-status").map(redlock);
    let said = in_body.or(header).filter(|said| !said.is_empty());
    text::line(&said.unwrap_or_else(|| format!("status {}", answer.status)), 200)
}

fn redlock(header: &str) -> String {
    let list = json::raw(header.as_bytes()).map(|raw| json::value(raw).0).unwrap_or_default();
    let keys: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .take(5)
        .filter_map(|entry| {
            let key = text_of(at(entry, "i18nKey"))?;
            Some(text_of(at(entry, "subject")).map_or(key.clone(), |on| format!("{key} ({on})")))
        })
        .collect();
    if keys.is_empty() { header.to_owned() } else { keys.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_header_is_read_in_its_usual_form_and_kept_in_any_other() {
        let usual = r#"[{"i18nKey":"invalid_credentials","severity":"error","subject":null}]"#;
        assert_eq!(redlock(usual), "invalid_credentials");
        let on = r#"[{"i18nKey":"missing_required_parameter","subject":"filter"}]"#;
        assert_eq!(redlock(on), "missing_required_parameter (filter)");
        assert_eq!(redlock("plain words"), "plain words");
        assert_eq!(redlock("[]"), "[]");
    }
}
