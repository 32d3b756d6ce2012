//! The access token: fetched with the secret key, kept until shortly before it ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firebreak_core::ports::{SecretName, Vault};
use reqwest::Method;
use reqwest::header::HeaderName;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::config::LaceworkConfig;
use super::fault::LaceworkFault;
use super::shape::words;
use super::wire::passing_status;
use crate::fields::at;
use crate::http::{Address, Ask, Body, Http, Reply};
use crate::instant::instant;
use crate::json;

/// Where tokens are made.
pub(super) const PATH: &str = "/api/v2/access/tokens";
/// Taken off a token's life, so that it does not end on the way.
const MARGIN: Duration = Duration::from_secs(60);
/// Longest life that Lacework grants.
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// A bearer token; shown by nothing.
pub(super) struct Token {
    pub(super) text: SecretString,
    good_until: Instant,
}

/// Fetches and keeps the token of one key.
pub(super) struct Tokens {
    vault: Arc<dyn Vault>,
    secret: SecretName,
    address: Address,
    key_id: String,
    life: Duration,
    // Never held across an exchange: two callers may fetch a token each, which harms nobody.
    kept: Mutex<Option<Arc<Token>>>,
}

impl Tokens {
    pub(super) fn new(
        config: &LaceworkConfig,
        host: &Address,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, LaceworkFault> {
        Ok(Self {
            vault,
            secret: config.secret.clone(),
            address: host.on_host(PATH)?,
            key_id: config.key_id.clone(),
            life: config.token_life.clamp(Duration::from_secs(60), LONGEST_LIFE),
            kept: Mutex::new(None),
        })
    }

    /// The token in hand while it is good, else a fresh one.
    pub(super) async fn token(&self, http: &Http) -> Result<Arc<Token>, LaceworkFault> {
        let kept = self.kept().clone().filter(|token| Instant::now() < token.good_until);
        match kept {
            Some(token) => Ok(token),
            None => {
                let fresh = Arc::new(self.fetch(http).await?);
                *self.kept() = Some(Arc::clone(&fresh));
                Ok(fresh)
            }
        }
    }

    /// Forgets a token that the API refused, unless another took its place meanwhile.
    pub(super) fn discard(&self, refused: &Arc<Token>) {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *kept = None;
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Arc<Token>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the secret, uses it once and lets go of it.
    async fn fetch(&self, http: &Http) -> Result<Token, LaceworkFault> {
        let secret = self.vault.read(&self.secret).await?;
        let secret =
            secret.ok_or_else(|| LaceworkFault::NoSecret(self.secret.as_str().to_owned()))?;
        let body = json!({"keyId": self.key_id, "expiryTime": self.life.as_secs()});
        let asked = Instant::now();
        let ask = Ask {
            method: Method::POST,
            address: &self.address,
            body: Some(Body::Json(body.to_string().into_bytes())),
            headers: vec![(
                HeaderName::from_static("x-lw-uaks"),
                SecretString::from(secret.expose().to_owned()),
            )],
            bearer: None,
        };
        let reply = http.ask(ask).await?;
        if let Some(fault) = passing_status(&reply) {
            return Err(fault);
        }
        if reply.is_web_page() {
            return Err(LaceworkFault::WebPage { status: reply.status });
        }
        let answer = json::raw(&reply.body).map(|raw| json::value(raw).0);
        match reply.status {
            200..=299 => {
                let answer =
                    answer.map_err(|fault| LaceworkFault::Unreadable(fault.to_string()))?;
                read_token(&answer, &reply, asked, self.life)
            }
            status @ (400 | 401 | 403 | 404) => {
                let said = words(&answer.unwrap_or_default());
                let said = said.unwrap_or_else(|| "no further words".to_owned());
                let detail = match secret.expose() {
                    "" => said,
                    secret => said.replace(secret, "…"),
                };
                Err(LaceworkFault::CredentialsRefused { status, detail })
            }
            status => Err(LaceworkFault::Refused { status, detail: "no token".to_owned() }),
        }
    }
}

/// `{"token", "expiresAt"}`; version 1 had the same in `data[0]`. Quotes nothing of the answer: it
/// may hold a token in a place we don't know.
fn read_token(
    answer: &Value,
    reply: &Reply,
    asked: Instant,
    granted: Duration,
) -> Result<Token, LaceworkFault> {
    let places = [answer, at(answer, "data"), &at(answer, "data")[0]];
    let place = places.into_iter().find(|place| at(place, "token").is_string());
    let text = place.and_then(|place| at(place, "token").as_str());
    let text = text.filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()));
    let text = text.ok_or_else(|| LaceworkFault::Senseless("it has no token".to_owned()))?;
    // Measured against the answer's own clock; at most what was asked for is believed.
    let ends = place.and_then(|place| instant(at(place, "expiresAt")));
    let life = ends.map_or(granted, |ends| reply.until(ends)).min(granted);
    let margin = MARGIN.min(life / 10);
    Ok(Token { text: SecretString::from(text.to_owned()), good_until: asked + (life - margin) })
}

impl Token {
    /// For taking it out of texts.
    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}
