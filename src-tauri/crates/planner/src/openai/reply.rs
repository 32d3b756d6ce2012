//! Reading what the provider sent back.

use firebreak_core::ports::{OutsideError, Secret};
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;

use super::BODY_CAP;
use super::failure::{self, ASK, Complaint, garbage, harmless};

/// An answer, read whole and within the cap.
pub(super) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    /// Sends a request and reads the answer up to [`BODY_CAP`].
    pub(super) async fn of(
        operation: &str,
        request: RequestBuilder,
        key: Option<&Secret>,
    ) -> Result<Self, OutsideError> {
        let clean = |error: reqwest::Error| {
            let mut outside = failure::unsent(operation, &error.without_url());
            outside.message = harmless(&outside.message, key);
            outside
        };
        let mut response = request.send().await.map_err(clean)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(clean)? {
            if body.len() + chunk.len() > BODY_CAP {
                return Err(garbage(
                    operation,
                    format!("the provider answered with more than {} KB", BODY_CAP / 1024),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, headers, body })
    }

    /// Whether there is nothing at this address.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(
            self.status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
        )
    }

    /// The body of a 200.
    pub(super) fn into_body(
        self,
        operation: &str,
        key: Option<&Secret>,
    ) -> Result<Vec<u8>, OutsideError> {
        if self.status == StatusCode::OK {
            Ok(self.body)
        } else {
            Err(failure::refused(operation, self.status, &self.headers, &self.body, key))
        }
    }

    /// The model's text.
    pub(super) fn into_content(self, key: Option<&Secret>) -> Result<String, OutsideError> {
        content(&self.into_body(ASK, key)?, key)
    }

    /// Whether the server refuses `max_tokens` or `temperature` by name.
    pub(super) fn refuses_parameters(&self) -> bool {
        if self.status != StatusCode::BAD_REQUEST {
            return false;
        }
        let complaint = Complaint::read(&self.body);
        let unsupported =
            complaint.is("unsupported_parameter") || complaint.is("unsupported_value");
        unsupported && matches!(complaint.param.as_deref(), Some("max_tokens" | "temperature"))
    }
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

fn content(body: &[u8], key: Option<&Secret>) -> Result<String, OutsideError> {
    let completion: Completion = serde_json::from_slice(body).map_err(|error| {
        garbage(
            ASK,
            format!(
                "the provider's answer is not a chat completion: {}",
                harmless(&error.to_string(), key)
            ),
        )
    })?;
    let choice = completion
        .choices
        .into_iter()
        .next()
        .ok_or_else(|| garbage(ASK, "the provider's answer has no choices"))?;
    if let Some(refusal) = choice.message.refusal.filter(|refusal| !refusal.trim().is_empty()) {
        return Err(garbage(
            ASK,
            format!("the model refused to answer: {}", harmless(&refusal, key)),
        ));
    }
    match choice.finish_reason.as_deref() {
        None | Some("stop" | "") => {}
        Some("length") => {
            return Err(garbage(ASK, "the model's answer was cut off at its length limit"));
        }
        Some("content_filter") => {
            return Err(garbage(ASK, "the provider's content filter stopped the answer"));
        }
        Some(other) => {
            return Err(garbage(ASK, format!("the model stopped for {:?}", harmless(other, key))));
        }
    }
    choice
        .message
        .content
        .filter(|content| !content.trim().is_empty())
        .ok_or_else(|| garbage(ASK, "the model's answer is empty"))
}
