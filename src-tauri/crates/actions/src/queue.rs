//! Amazon SQS as a source: messages that carry alerts of a CNAPP, by webhook forwarding, SNS or
//! EventBridge.
//!
//! A message is deleted only after what it carried is on disk; until then it is invisible to
//! others, and comes again when we die. Consuming a queue changes no cloud resource: it is part of
//! taking alerts in and works in every phase.

mod envelope;
mod message;

pub use envelope::alerts as alerts_in_message;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{
    AlertSource, CheckLine, Clock, Cursor, Normaliser, OutsideError, Page, Vault,
};
use tokio::time::Instant;

use crate::account::KeySource;
use crate::connection::{Attempts, KeychainCredentials, configuration, http_client};
use crate::connection_test::{failed, passed};
use crate::failure::Failure;

/// Most messages of one `ReceiveMessage` (SQS API reference).
const AT_ONCE: i32 = 10;
/// `ReceiveMessage`s gathered into one page, so that a full queue is not read ten by ten.
const ROUNDS: usize = 20;
/// Bytes gathered into one page.
const PAGE_CAP: usize = 4 << 20;
/// Between two looks at the dead-letter queue.
const DEAD_EVERY: Duration = Duration::from_secs(300);

/// One queue and how to read it. Holds no secret: `key` only names it.
#[derive(Debug, Clone)]
pub struct SqsConfig {
    /// The configured source's name.
    pub name: String,
    /// `https://sqs.eu-central-1.amazonaws.com/123456789012/alerts`
    pub queue_url: String,
    /// `eu-central-1`
    pub region: String,
    /// Another endpoint than the vendor's: sandboxes and private endpoints.
    pub endpoint: Option<String>,
    /// Needs `sqs:ReceiveMessage`, `DeleteMessage`, `ChangeMessageVisibility`, `GetQueueAttributes`.
    pub key: KeySource,
    /// How long an empty queue is listened to; SQS takes at most 20 s.
    pub wait: Duration,
    /// How long a message that we read stays invisible to others.
    pub visibility: Duration,
}

impl SqsConfig {
    /// A queue with the defaults: 10 s of listening, 2 minutes of invisibility.
    pub fn new(
        name: impl Into<String>,
        queue_url: impl Into<String>,
        region: impl Into<String>,
        key: KeySource,
    ) -> Self {
        Self {
            name: name.into(),
            queue_url: queue_url.into(),
            region: region.into(),
            endpoint: None,
            key,
            wait: Duration::from_secs(10),
            visibility: Duration::from_secs(120),
        }
    }
}

/// Reads one queue.
pub struct SqsSource {
    config: SqsConfig,
    sqs: aws_sdk_sqs::Client,
    normaliser: Arc<dyn Normaliser>,
    clock: Arc<dyn Clock>,
    dead: Mutex<Dead>,
}

/// What is known of the dead-letter queue.
#[derive(Default)]
struct Dead {
    looked: Option<Instant>,
    messages: u32,
}

impl SqsSource {
    /// Opens nothing: the secret is read and the network used when something is asked.
    pub fn new(
        config: SqsConfig,
        normaliser: Arc<dyn Normaliser>,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let credentials = KeychainCredentials::shared(vault, config.key.clone());
        let sdk = configuration(
            &config.region,
            config.endpoint.as_deref(),
            credentials,
            Attempts::Repeated,
            http_client(),
        );
        // Listening takes as long as it was told to, on top of what an answer takes.
        let listening = sdk
            .timeout_config()
            .cloned()
            .unwrap_or_else(|| aws_config::timeout::TimeoutConfig::builder().build())
            .to_builder()
            .operation_attempt_timeout(config.wait + Duration::from_secs(10))
            .operation_timeout(config.wait * 2 + Duration::from_secs(25))
            .build();
        let sqs = aws_sdk_sqs::Client::from_conf(
            aws_sdk_sqs::config::Builder::from(&sdk).timeout_config(listening).build(),
        );
        Self { config, sqs, normaliser, clock, dead: Mutex::default() }
    }

    async fn receive(&self, wait: Duration) -> Result<Vec<Message>, OutsideError> {
        let seconds = |time: Duration| i32::try_from(time.as_secs()).unwrap_or(i32::MAX);
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.config.queue_url)
            .max_number_of_messages(AT_ONCE)
            .wait_time_seconds(seconds(wait).min(20))
            .visibility_timeout(seconds(self.config.visibility))
            .send()
            .await;
        let answer = answer.map_err(|error| outside("sqs:ReceiveMessage", error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Listens once, then takes what is there until the queue or the page is full.
    async fn gather(&self) -> Result<Vec<Message>, OutsideError> {
        let began = Instant::now();
        let mut messages = self.receive(self.config.wait).await?;
        let size = |messages: &[Message]| {
            messages.iter().map(|message| message.body().map_or(0, str::len)).sum::<usize>()
        };
        for _ in 1..ROUNDS {
            if messages.is_empty() || size(&messages) > PAGE_CAP {
                break;
            }
            let more = self.receive(Duration::ZERO).await?;
            if more.is_empty() {
                break;
            }
            messages.extend(more);
        }
        if began.elapsed() > self.config.visibility / 2 {
            message::extend(&self.sqs, &self.config, &messages).await?;
        }
        Ok(messages)
    }

    /// Looks now and again how many messages nobody could read ended in the dead-letter queue.
    async fn look_for_dead(&self) {
        let due = {
            let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
            let due = dead.looked.is_none_or(|at| at.elapsed() > DEAD_EVERY);
            if due {
                dead.looked = Some(Instant::now());
            }
            due
        };
        if !due {
            return;
        }
        match message::dead_letters(&self.sqs, &self.config).await {
            Ok(found) => {
                let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
                dead.messages = found.map_or(0, |(_, messages)| messages);
            }
            Err(error) => {
                tracing::debug!(source = self.config.name, %error, "the dead-letter queue was not read");
            }
        }
    }
}

#[async_trait]
impl AlertSource for SqsSource {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn normaliser(&self) -> Option<Arc<dyn Normaliser>> {
        Some(Arc::clone(&self.normaliser))
    }

    async fn poll(&self, _: Option<&Cursor>) -> Result<Page, OutsideError> {
        self.look_for_dead().await;
        let messages = self.gather().await?;
        let alerts = messages
            .iter()
            .flat_map(|message| {
                envelope::alerts(message.body().unwrap_or_default(), self.normaliser.as_ref())
            })
            .collect();
        let more = !messages.is_empty();
        let seen_until = (!more).then(|| self.clock.now());
        Ok(Page { alerts, cursor: message::handles(&messages), more, seen_until })
    }

    async fn stored(&self, cursor: &Cursor) -> Result<(), OutsideError> {
        message::delete(&self.sqs, &self.config, cursor).await
    }

    fn start_at(&self, _: Timestamp) -> Cursor {
        // A queue has no past: what is in it comes.
        message::handles(&[])
    }

    fn listens(&self) -> bool {
        true
    }

    fn note(&self) -> Option<String> {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner).messages;
        (dead > 0).then(|| {
            format!("{dead} messages are in its dead-letter queue: look at them there, then move them back")
        })
    }

    async fn test(&self) -> Vec<CheckLine> {
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.config.queue_url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .send()
            .await;
        let mut lines = match answer {
            Ok(answer) => {
                let waiting = answer
                    .attributes()
                    .and_then(|all| all.get(&QueueAttributeName::ApproximateNumberOfMessages))
                    .map_or("some number of", String::as_str);
                vec![passed("Queue", format!("{waiting} messages wait"))]
            }
            Err(error) => return vec![failed("Queue", outside("sqs:GetQueueAttributes", error))],
        };
        lines.push(match message::dead_letters(&self.sqs, &self.config).await {
            Ok(Some((name, messages))) => {
                passed("Dead-letter queue", format!("{messages} messages are in {name}"))
            }
            Ok(None) => passed(
                "Dead-letter queue",
                "there is none: a message that can't be taken comes again for ever",
            ),
            Err(error) => failed("Dead-letter queue", error),
        });
        lines
    }

    async fn neighbours(&self, _: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(Neighbourhood::default())
    }
}

fn outside<E>(
    operation: &'static str,
    error: aws_smithy_runtime_api::client::result::SdkError<
        E,
        aws_smithy_runtime_api::client::orchestrator::HttpResponse,
    >,
) -> OutsideError
where
    E: std::error::Error
        + aws_smithy_types::error::metadata::ProvideErrorMetadata
        + Send
        + Sync
        + 'static,
{
    Failure::read(operation, error).into_outside()
}
