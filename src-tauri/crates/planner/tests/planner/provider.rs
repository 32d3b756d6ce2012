//! A stand-in provider on loopback, and a keychain in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use firebreak_core::ports::{KeychainState, Secret, SecretName, Vault, VaultError};
use firebreak_planner::OpenAiAssessor;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub const KEY: &str = "test-key-5f1e0c9b";
pub const MODEL: &str = "sandbox-honest";

/// A keychain that holds one key, or none, or is locked.
#[derive(Default)]
pub struct Drawer {
    pub key: Option<String>,
    pub locked: bool,
    pub reads: AtomicUsize,
}

impl Drawer {
    pub fn with(key: &str) -> Arc<Self> {
        Arc::new(Self { key: Some(key.to_owned()), ..Self::default() })
    }
}

#[async_trait]
impl Vault for Drawer {
    async fn state(&self) -> KeychainState {
        if self.locked { KeychainState::Locked } else { KeychainState::Unlocked }
    }

    async fn unlock(&self) -> KeychainState {
        self.state().await
    }

    async fn read(&self, name: &SecretName) -> Result<Option<Secret>, VaultError> {
        assert_eq!(name.as_str(), "model/key");
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.locked {
            return Err(VaultError::NotUsable(KeychainState::Locked));
        }
        Ok(self.key.clone().map(Secret::new))
    }

    async fn write(&self, _: &SecretName, _: Secret) -> Result<(), VaultError> {
        unreachable!("the assessor only reads")
    }

    async fn delete(&self, _: &SecretName) -> Result<(), VaultError> {
        unreachable!("the assessor only reads")
    }
}

/// An assessor for a base address.
pub fn assessor(base: &str, vault: Arc<dyn Vault>) -> OpenAiAssessor {
    OpenAiAssessor::new(base, MODEL, Some(SecretName::new("model/key")), vault)
        .expect("the settings are good")
}

/// A server whose chat completions answer this.
pub async fn serving(response: ResponseTemplate) -> (MockServer, OpenAiAssessor) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .respond_with(response)
        .mount(&server)
        .await;
    let assessor = assessor(&format!("{}/v1", server.uri()), Drawer::with(KEY));
    (server, assessor)
}

/// A completion with this content, as OpenAI writes it.
pub fn completion(content: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL,
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": "stop",
            "message": { "role": "assistant", "content": content, "refusal": null, "annotations": [] },
        }],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })
}

/// An error, as OpenAI writes it.
pub fn complaint(message: &str, kind: &str, code: Value) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}
