//! The OAuth token: fetched with the client secret, kept until shortly before it ends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use firebreak_core::ports::{SecretName, Vault};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;

use super::client::passing_status;
use super::config::WizConfig;
use super::fault::WizFault;
use crate::fields::{at, text_of};
use crate::http::{Address, Body, Http, HttpFault};
use crate::json;

/// Taken off a token's life, so that it does not end on the way.
const MARGIN: Duration = Duration::from_secs(60);
/// Assumed when the answer names no life. Wiz names 3,600 or 86,400 s.
const SILENT_LIFE: Duration = Duration::from_secs(300);
/// Longest life believed.
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// A bearer token; shown by nothing.
pub(super) struct Token {
    pub(super) text: SecretString,
    good_until: Instant,
}

/// Fetches and keeps the token of one tenant.
pub(super) struct Tokens {
    vault: Arc<dyn Vault>,
    secret: SecretName,
    auth: Address,
    client_id: String,
    audience: String,
    // Never held across an exchange: two callers may fetch a token each, which harms nobody.
    kept: Mutex<Option<Arc<Token>>>,
}

impl Tokens {
    pub(super) fn new(config: &WizConfig, auth: Address, vault: Arc<dyn Vault>) -> Self {
        Self {
            vault,
            secret: config.secret.clone(),
            client_id: config.client_id.clone(),
            audience: config.audience_at(&auth),
            auth,
            kept: Mutex::new(None),
        }
    }

    /// The token in hand while it is good, else a fresh one.
    pub(super) async fn token(&self, http: &Http) -> Result<Arc<Token>, WizFault> {
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
    async fn fetch(&self, http: &Http) -> Result<Token, WizFault> {
        let secret = self.vault.read(&self.secret).await?;
        let secret = secret.ok_or_else(|| WizFault::NoSecret(self.secret.as_str().to_owned()))?;
        let form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("audience", self.audience.clone()),
            ("client_id", self.client_id.clone()),
            ("client_secret", secret.expose().to_owned()),
        ];
        let asked = Instant::now();
        let reply = http.post(&self.auth, Body::Form(form), None).await?;
        let scrub = |text: String| match secret.expose() {
            "" => text,
            secret => text.replace(secret, "…"),
        };
        if let Some(fault) = passing_status(&reply) {
            return Err(fault);
        }
        if reply.is_web_page() {
            return Err(WizFault::WebPage { status: reply.status });
        }
        let answer = json::raw(&reply.body).map(|raw| json::value(raw).0);
        match reply.status {
            200..=299 => {
                read_token(&answer.map_err(|fault| WizFault::Unreadable(fault.to_string()))?, asked)
            }
            status @ (400 | 401 | 403) => Err(WizFault::CredentialsRefused {
                status,
                detail: scrub(words(&answer.unwrap_or_default())),
            }),
            status => Err(WizFault::Status { status }),
        }
    }
}

/// Quotes nothing of the answer: it may hold a token in a place we don't know.
fn read_token(answer: &Value, asked: Instant) -> Result<Token, WizFault> {
    let text =
        at(answer, "access_token").as_str().filter(|text| !text.is_empty() && text.is_ascii());
    let text =
        text.ok_or_else(|| WizFault::Senseless("the token endpoint gave no token".to_owned()))?;
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(WizFault::Http(HttpFault::Setup(
            "the token holds control characters".to_owned(),
        )));
    }
    let life = text_of(at(answer, "expires_in")).and_then(|seconds| seconds.parse::<f64>().ok());
    let life = life.map_or(SILENT_LIFE, |seconds| {
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST_LIFE).min(LONGEST_LIFE)
    });
    let margin = MARGIN.min(life / 10);
    Ok(Token { text: SecretString::from(text.to_owned()), good_until: asked + (life - margin) })
}

fn words(answer: &Value) -> String {
    let said = ["error_description", "message", "detail", "error"]
        .iter()
        .find_map(|key| text_of(at(answer, key)));
    firebreak_core::text::line(&said.unwrap_or_else(|| "no further words".to_owned()), 200)
}

impl Token {
    /// For the one header that carries it, and for taking it out of texts.
    pub(super) fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test(start_paused = true)]
    async fn the_life_of_a_token_is_the_one_it_names() {
        let life = |answer: Value| {
            read_token(&answer, Instant::now()).map(|t| t.good_until - Instant::now()).ok()
        };
        assert_eq!(
            life(json!({"access_token": "t", "expires_in": 3600})),
            Some(Duration::from_secs(3540))
        );
        assert_eq!(
            life(json!({"access_token": "t", "expires_in": "3600"})),
            Some(Duration::from_secs(3540))
        );
        assert_eq!(
            life(json!({"access_token": "t", "expires_in": 10})),
            Some(Duration::from_secs(9))
        );
        assert_eq!(life(json!({"access_token": "t"})), Some(Duration::from_secs(270)));
        assert_eq!(life(json!({"access_token": "t", "expires_in": -5})), Some(Duration::ZERO));
        assert_eq!(
            life(json!({"access_token": "t", "expires_in": 1e300})),
            Some(Duration::from_secs(86_340))
        );
        assert_eq!(life(json!({"access_token": 7})), None);
        assert_eq!(life(json!({"access_token": "a\nb"})), None);
    }
}
