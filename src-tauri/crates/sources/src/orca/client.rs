//! One exchange with Orca: paced, signed with the API token, retried within bounds, judged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firebreak_core::ports::{Clock, SecretName, Vault};
use firebreak_core::write_back::Budget;
use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::answer::{self, Answer};
use super::config::OrcaConfig;
use super::fault::OrcaFault;
use super::ration::Ration;
use crate::http::{Address, Body, Http, HttpFault, Outgoing, Verb};
use crate::patience::{Patience, Retriable};

/// What is asked for, below `/api`.
pub(super) struct Ask<'a> {
    pub(super) verb: Verb,
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Load,
}

/// What goes with it.
#[derive(Clone)]
pub(super) enum Load {
    Nothing,
    Json(serde_json::Value),
    Form(Vec<(&'static str, String)>),
}

/// The client of one organisation. Source and writer have one each.
pub(super) struct Client {
    http: Http,
    api: Address,
    vault: Arc<dyn Vault>,
    secret: SecretName,
    // Never held across an exchange.
    token: Mutex<Option<Arc<SecretString>>>,
    ration: Ration,
    patience: Patience,
}

impl Client {
    pub(super) fn new(config: &OrcaConfig, vault: Arc<dyn Vault>) -> Result<Self, OrcaFault> {
        let base = Address::parse(&config.api_url)?;
        Ok(Self {
            http: Http::new(&config.http, base.is_loopback())?,
            api: if base.ends_with("api") { base } else { base.below(&["api"]) },
            vault,
            secret: config.secret.clone(),
            token: Mutex::new(None),
            ration: Ration::new(config.requests_per_second),
            patience: config.patience.clone(),
        })
    }

    /// Asks, and asks again where that may help. For requests that change nothing, or that change
    /// nothing the second time.
    pub(super) async fn ask(&self, ask: &Ask<'_>) -> Result<Answer, OrcaFault> {
        self.ration.respect_wish()?;
        let answer = self.patience.persist(|| self.attempt(ask)).await;
        self.remember_wish(answer)
    }

    /// Asks once: what comes of a second time is not known.
    pub(super) async fn ask_once(&self, ask: &Ask<'_>) -> Result<Answer, OrcaFault> {
        self.ration.respect_wish()?;
        let answer = self.attempt(ask).await;
        self.remember_wish(answer)
    }

    /// Whether the keychain has the token.
    pub(super) async fn has_token(&self) -> Result<(), OrcaFault> {
        self.token().await.map(|_| ())
    }

    pub(super) fn budget(&self, clock: &Arc<dyn Clock>) -> Budget {
        self.ration.budget(clock)
    }

    fn remember_wish(&self, answer: Result<Answer, OrcaFault>) -> Result<Answer, OrcaFault> {
        if let Err(fault) = &answer
            && let Some(wish) = fault.stay_away()
        {
            self.ration.stay_away(wish);
        }
        answer
    }

    async fn attempt(&self, ask: &Ask<'_>) -> Result<Answer, OrcaFault> {
        match self.exchange(ask).await {
            // Somebody may have entered a new token since this one was read: once more.
            Err(OrcaFault::TokenRefused { .. }) => self.exchange(ask).await,
            answer => answer,
        }
    }

    async fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, OrcaFault> {
        let token = self.token().await?;
        self.ration.turn().await;
        let outgoing = Outgoing {
            verb: ask.verb,
            address: &self.api.below(ask.path),
            query: ask.query.clone(),
            body: match ask.body.clone() {
                Load::Nothing => None,
                Load::Json(value) => Some(Body::Json(value.to_string().into_bytes())),
                Load::Form(fields) => Some(Body::Form(fields)),
            },
            credentials: vec![(
                AUTHORIZATION,
                SecretString::from(format!("Token {}", token.expose_secret())),
            )],
        };
        let reply = self.http.send(outgoing).await?;
        let status = reply.status;
        // Where Orca says that none are left, the next request waits without having been refused.
        if let Some(wish) = answer::until_reset(&reply.headers).filter(|_| status < 400) {
            self.ration.stay_away(wish);
        }
        answer::judged(reply).map_err(|fault| self.scrubbed(fault, &token))
    }

    /// Takes the token out of the fault's words, and a refused token out of memory.
    fn scrubbed(&self, fault: OrcaFault, token: &Arc<SecretString>) -> OrcaFault {
        let scrub = |text: String| text.replace(token.expose_secret(), "…");
        match fault {
            OrcaFault::TokenRefused { detail } => {
                let mut kept = self.kept();
                if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, token)) {
                    *kept = None;
                }
                OrcaFault::TokenRefused { detail: scrub(detail) }
            }
            OrcaFault::NotAllowed { detail } => OrcaFault::NotAllowed { detail: scrub(detail) },
            OrcaFault::NotThere { detail } => OrcaFault::NotThere { detail: scrub(detail) },
            OrcaFault::Refused { status, detail } => {
                OrcaFault::Refused { status, detail: scrub(detail) }
            }
            fault => fault,
        }
    }

    /// The token in hand, else the keychain's.
    async fn token(&self) -> Result<Arc<SecretString>, OrcaFault> {
        let kept = self.kept().clone();
        if let Some(token) = kept {
            return Ok(token);
        }
        let secret = self.vault.read(&self.secret).await?;
        let text = secret.as_ref().map(|secret| secret.expose().trim()).unwrap_or_default();
        if text.is_empty() {
            return Err(OrcaFault::NoSecret(self.secret.as_str().to_owned()));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(OrcaFault::Http(HttpFault::Setup(
                "the API token holds characters that no token has".to_owned(),
            )));
        }
        let token = Arc::new(SecretString::from(text.to_owned()));
        *self.kept() = Some(Arc::clone(&token));
        Ok(token)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<SecretString>>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
