//! The session: a JWT for ten minutes, extended while it lives, asked for anew when it does not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firebreak_core::ports::{Secret, SecretName, Vault};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::config::PrismaConfig;
use super::fault::PrismaFault;
use super::session::{passing_status, words};
use crate::fields::at;
use crate::http::{Address, Call, Http, HttpFault, Reply, Verb};
use crate::json;

/// The vendor's documentation: a JWT is valid for ten minutes. Less the time on the way.
const LIFE: Duration = Duration::from_secs(600 - 15);
/// From this age on it is extended, so that a long page run never meets its end.
const EXTEND_AFTER: Duration = Duration::from_secs(480);

/// Which of the two APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    /// `x-redlock-auth`, extended by `GET /auth_token/extend`.
    Cspm,
    /// A bearer token that nothing extends.
    Compute,
}

impl Api {
    fn login(self) -> &'static [&'static str] {
        match self {
            Self::Cspm => &["login"],
            Self::Compute => &["api", super::compute::VERSION, "authenticate"],
        }
    }

    /// The header that carries the token.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Cspm => "x-redlock-auth",
            Self::Compute => "authorization",
        }
    }
}

/// A token as its header carries it; shown by nothing.
pub(super) struct Token {
    pub(super) header: SecretString,
    text: SecretString,
    issued: Instant,
}

/// Asks for, extends and keeps the token of one access key at one API.
pub(super) struct Tokens {
    api: Api,
    address: Address,
    vault: Arc<dyn Vault>,
    secret: SecretName,
    access_key_id: String,
    // Never held across an exchange: two callers may sign in at once, which harms nobody.
    kept: Mutex<Option<Arc<Token>>>,
}

impl Tokens {
    pub(super) fn new(
        api: Api,
        config: &PrismaConfig,
        address: Address,
        vault: Arc<dyn Vault>,
    ) -> Self {
        Self {
            api,
            address,
            vault,
            secret: config.secret.clone(),
            access_key_id: config.access_key_id.clone(),
            kept: Mutex::new(None),
        }
    }

    /// The token in hand while it is young, its extension while it lives, else a fresh one.
    pub(super) async fn token(&self, http: &Http) -> Result<Arc<Token>, PrismaFault> {
        let kept = self.kept().clone();
        let fresh = match kept {
            Some(token) if token.issued.elapsed() < EXTEND_AFTER => return Ok(token),
            Some(token) if token.issued.elapsed() < LIFE => match self.api {
                Api::Cspm => match self.extend(http, &token).await {
                    Ok(extended) => extended,
                    // It is good for a while yet; the next request tries again.
                    Err(fault) if fault.trouble() == firebreak_core::ports::Trouble::Passing => {
                        return Ok(token);
                    }
                    Err(_) => self.login(http).await?,
                },
                Api::Compute => return Ok(token),
            },
            _ => self.login(http).await?,
        };
        let fresh = Arc::new(fresh);
        *self.kept() = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Forgets a token that the API refused, unless another took its place meanwhile.
    pub(super) fn discard(&self, refused: &Arc<Token>) {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *kept = None;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<Token>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the secret, uses it once and lets go of it.
    async fn login(&self, http: &Http) -> Result<Token, PrismaFault> {
        let secret = self.vault.read(&self.secret).await?;
        let secret =
            secret.ok_or_else(|| PrismaFault::NoSecret(self.secret.as_str().to_owned()))?;
        let body = json!({"username": self.access_key_id, "password": secret.expose()});
        let call = Call {
            verb: Verb::Post,
            path: self.api.login(),
            query: &[],
            body: Some(body.to_string().into_bytes()),
        };
        let asked = Instant::now();
        let answer = http.call(&self.address, &call, None).await?;
        match answer.status {
            status @ (400 | 401 | 403) if !answer.is_web_page() => {
                let detail = scrubbed(&words(&answer), &secret);
                Err(PrismaFault::CredentialsRefused { status, detail })
            }
            _ => self.read(&answer, asked),
        }
    }

    async fn extend(&self, http: &Http, token: &Token) -> Result<Token, PrismaFault> {
        let call =
            Call { verb: Verb::Get, path: &["auth_token", "extend"], query: &[], body: None };
        let asked = Instant::now();
        let credential = Some((self.api.header(), &token.header));
        let answer = http.call(&self.address, &call, credential).await?;
        self.read(&answer, asked)
    }

    /// Quotes nothing of a good answer: it may hold a token in a place we don't know.
    fn read(&self, reply: &Reply, asked: Instant) -> Result<Token, PrismaFault> {
        if let Some(fault) = passing_status(reply) {
            return Err(fault);
        }
        if reply.is_web_page() {
            return Err(PrismaFault::WebPage { status: reply.status });
        }
        if !(200..300).contains(&reply.status) {
            return Err(PrismaFault::Refused { status: reply.status, detail: words(reply) });
        }
        let value = json::raw(&reply.body).map(|raw| json::value(raw).0);
        let value = value.map_err(|fault| PrismaFault::Unreadable(fault.to_string()))?;
        self.token_in(&value, asked)
    }

    fn token_in(&self, answer: &Value, asked: Instant) -> Result<Token, PrismaFault> {
        let text = at(answer, "token").as_str().filter(|text| !text.is_empty() && text.is_ascii());
        let text =
            text.ok_or_else(|| PrismaFault::Senseless("the login gave no token".to_owned()))?;
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            let why = "the token holds control characters".to_owned();
            return Err(PrismaFault::Http(HttpFault::Setup(why)));
        }
        let header = match self.api {
            Api::Cspm => text.to_owned(),
            Api::Compute => format!("Bearer {text}"),
        };
        let text = SecretString::from(text.to_owned());
        Ok(Token { header: SecretString::from(header), text, issued: asked })
    }
}

impl Token {
    /// Takes the token out of a text.
    pub(super) fn scrub(&self, text: &str) -> String {
        text.replace(self.text.expose_secret(), "…")
    }
}

fn scrubbed(text: &str, secret: &Secret) -> String {
    match secret.expose() {
        "" => text.to_owned(),
        secret => text.replace(secret, "…"),
    }
}
