//! A model behind an OpenAI-compatible address: `POST {base}/chat/completions` with a strict
//! `json_schema` (vendor reference: OpenAI API 2.3.0).
//!
//! The key is read from the keychain for each call and kept nowhere. Nothing of the case and
//! nothing of the answer is logged. Redirects are not followed, answers are cut off at a cap, and
//! the whole call has ten seconds.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use firebreak_core::assessment::Prompt;
use firebreak_core::ports::{
    Assessor, CheckLine, OutsideError, Secret, SecretName, Trouble, Vault,
};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Client, RequestBuilder, Url, redirect};
use serde_json::json;
use tokio::time::{Instant, timeout};

mod address;
mod checks;
mod failure;
mod reply;

use crate::assess::DEADLINE;
use failure::{ASK, needs_person};

/// Longest answer read, in bytes, after decompression.
pub const BODY_CAP: usize = 256 * 1024;
/// Longest answer asked for: three plus four sentences and a reason a step fit many times over.
const ANSWER_TOKENS: u32 = 2_000;

/// A configured model.
pub struct OpenAiAssessor {
    client: Client,
    base: Url,
    model: String,
    key: Option<SecretName>,
    vault: Arc<dyn Vault>,
    /// Whether the server turned out to refuse `max_tokens` and `temperature`, as models that
    /// reason do.
    newer: AtomicBool,
}

impl OpenAiAssessor {
    /// Takes an address such as `https://api.openai.com/v1`, a model's name, and what the key is
    /// called in the keychain; `None` for a server that wants no key. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not an HTTPS one (HTTP is taken on loopback only), or the model has no name.
    pub fn new(
        base_url: &str,
        model: &str,
        key: Option<SecretName>,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, OutsideError> {
        let (base, loopback) = address::read(base_url)?;
        if model.trim().is_empty() || model.len() > 200 || model.chars().any(char::is_control) {
            return Err(needs_person(
                "model settings",
                "the model has no usable name",
                "Enter the model's name as its provider writes it.",
            ));
        }
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(DEADLINE)
            .user_agent(concat!("firebreak/", env!("CARGO_PKG_VERSION")));
        // A proxy from the environment can't know this machine's loopback.
        let builder = if loopback { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| {
            OutsideError::new("model settings", Trouble::NeedsPerson, failure::causes(&error))
        })?;
        Ok(Self {
            client,
            base,
            model: model.trim().to_owned(),
            key,
            vault,
            newer: AtomicBool::new(false),
        })
    }

    /// One call, and at most one more when the server refuses a parameter by name: a refused
    /// request was not answered by any model.
    async fn complete(&self, prompt: &Prompt) -> Result<String, OutsideError> {
        let key = self.read_key().await?;
        let newer = self.newer.load(Ordering::Relaxed);
        let answered = self.post(prompt, newer, key.as_ref()).await?;
        let answered = if !newer && answered.refuses_parameters() {
            self.newer.store(true, Ordering::Relaxed);
            self.post(prompt, true, key.as_ref()).await?
        } else {
            answered
        };
        answered.into_content(key.as_ref())
    }

    async fn post(
        &self,
        prompt: &Prompt,
        newer: bool,
        key: Option<&Secret>,
    ) -> Result<reply::Reply, OutsideError> {
        let mut body = json!({
            "model": self.model,
            "messages": [
                { "role": "system", "content": prompt.system },
                { "role": "user", "content": prompt.user },
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": { "name": "assessment", "strict": true, "schema": prompt.schema },
            },
        });
        if newer {
            body["max_completion_tokens"] = json!(ANSWER_TOKENS * 4);
        } else {
            body["temperature"] = json!(0);
            body["max_tokens"] = json!(ANSWER_TOKENS);
        }
        let request = self.client.post(address::join(&self.base, "chat/completions")).json(&body);
        reply::Reply::of(ASK, self.with_key(ASK, request, key)?, key).await
    }

    fn with_key(
        &self,
        operation: &str,
        request: RequestBuilder,
        key: Option<&Secret>,
    ) -> Result<RequestBuilder, OutsideError> {
        let request = request.header(ACCEPT, "application/json");
        let Some(key) = key else { return Ok(request) };
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", key.expose().trim())).map_err(|_| {
                needs_person(
                    operation,
                    "the stored key holds characters that no key has",
                    "Enter the key again.",
                )
            })?;
        value.set_sensitive(true);
        Ok(request.header(AUTHORIZATION, value))
    }

    async fn read_key(&self) -> Result<Option<Secret>, OutsideError> {
        let Some(name) = &self.key else { return Ok(None) };
        match self.vault.read(name).await {
            Ok(Some(key)) if !key.expose().trim().is_empty() => Ok(Some(key)),
            Ok(_) => Err(needs_person(
                ASK,
                "the keychain has no key for the model",
                "Enter the model's key in the settings.",
            )),
            Err(error) => Err(OutsideError::new(ASK, Trouble::NeedsPerson, error.to_string())),
        }
    }
}

/// Bounds one operation as a whole, the keychain included.
async fn within_deadline<T>(
    operation: &str,
    work: impl Future<Output = Result<T, OutsideError>>,
) -> Result<T, OutsideError> {
    timeout(DEADLINE, work).await.unwrap_or_else(|_| Err(failure::too_slow(operation)))
}

#[async_trait]
impl Assessor for OpenAiAssessor {
    fn model(&self) -> &str {
        &self.model
    }

    #[tracing::instrument(level = "info", skip_all, fields(model = %self.model))]
    async fn ask(&self, prompt: &Prompt) -> Result<String, OutsideError> {
        let began = Instant::now();
        let answer = within_deadline(ASK, self.complete(prompt)).await;
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &answer {
            Ok(text) => tracing::info!(milliseconds, bytes = text.len(), "the model answered"),
            Err(error) => {
                tracing::warn!(milliseconds, trouble = ?error.trouble, "the model did not answer")
            }
        }
        answer
    }

    async fn test(&self) -> Vec<CheckLine> {
        checks::run(self).await
    }
}

impl fmt::Debug for OpenAiAssessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiAssessor")
            .field("base", &self.base.as_str())
            .field("model", &self.model)
            .field("key", &self.key.as_ref().map(SecretName::as_str))
            .finish_non_exhaustive()
    }
}
