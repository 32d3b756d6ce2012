//! Messages after they were read: their handles, deleting, keeping them invisible, the dead ones.

use std::collections::HashMap;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    QueueAttributeName,
};
use firebreak_core::ports::{Cursor, OutsideError, Trouble};
use serde::{Deserialize, Serialize};

use super::{SqsConfig, outside};

/// Entries of one batch request (SQS API reference).
const BATCH: usize = 10;

/// What the engine hands back once a page is on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Handles {
    v: u8,
    handles: Vec<String>,
}

pub(super) fn handles(messages: &[Message]) -> Cursor {
    let handles = messages.iter().filter_map(|message| message.receipt_handle.clone()).collect();
    let text = serde_json::to_string(&Handles { v: 1, handles });
    Cursor(text.expect("a number and a list of texts"))
}

fn read(cursor: &Cursor) -> Result<Vec<String>, OutsideError> {
    match serde_json::from_str(&cursor.0) {
        Ok(Handles { v: 1, handles }) => Ok(handles),
        _ => Err(OutsideError::new(
            "sqs:DeleteMessage",
            Trouble::Garbage,
            "the page's place is not one of a queue",
        )),
    }
}

/// Deletes what is on disk. One that is not deleted comes again and is recognised.
pub(super) async fn delete(
    sqs: &aws_sdk_sqs::Client,
    config: &SqsConfig,
    cursor: &Cursor,
) -> Result<(), OutsideError> {
    const OPERATION: &str = "sqs:DeleteMessage";
    let unfit =
        |error| OutsideError::new(OPERATION, Trouble::Garbage, format!("an entry: {error}"));
    let mut left = 0_usize;
    for batch in read(cursor)?.chunks(BATCH) {
        let mut request = sqs.delete_message_batch().queue_url(&config.queue_url);
        for (index, handle) in batch.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(handle)
                .build()
                .map_err(unfit)?;
            request = request.entries(entry);
        }
        let answer = request.send().await.map_err(|error| outside(OPERATION, error))?;
        left += answer.failed().len();
    }
    if left > 0 {
        tracing::warn!(
            source = config.name,
            left,
            "messages were not deleted; they come again and are recognised"
        );
    }
    Ok(())
}

/// Keeps messages invisible to others for another while.
pub(super) async fn extend(
    sqs: &aws_sdk_sqs::Client,
    config: &SqsConfig,
    messages: &[Message],
) -> Result<(), OutsideError> {
    const OPERATION: &str = "sqs:ChangeMessageVisibility";
    let unfit =
        |error| OutsideError::new(OPERATION, Trouble::Garbage, format!("an entry: {error}"));
    let seconds = i32::try_from(config.visibility.as_secs()).unwrap_or(i32::MAX);
    let handles: Vec<&str> =
        messages.iter().filter_map(|message| message.receipt_handle()).collect();
    for batch in handles.chunks(BATCH) {
        let mut request = sqs.change_message_visibility_batch().queue_url(&config.queue_url);
        for (index, handle) in batch.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(*handle)
                .visibility_timeout(seconds)
                .build()
                .map_err(unfit)?;
            request = request.entries(entry);
        }
        request.send().await.map_err(|error| outside(OPERATION, error))?;
    }
    Ok(())
}

/// Name and size of the dead-letter queue; `None` where the queue has none.
pub(super) async fn dead_letters(
    sqs: &aws_sdk_sqs::Client,
    config: &SqsConfig,
) -> Result<Option<(String, u32)>, OutsideError> {
    let attributes = attributes(sqs, &config.queue_url, QueueAttributeName::RedrivePolicy).await?;
    let Some(name) = attributes
        .get(&QueueAttributeName::RedrivePolicy)
        .and_then(|policy| serde_json::from_str::<serde_json::Value>(policy).ok())
        .and_then(|policy| {
            let arn = policy["deadLetterTargetArn"].as_str()?;
            arn.rsplit(':').next().map(str::to_owned)
        })
    else {
        return Ok(None);
    };
    let url = sqs.get_queue_url().queue_name(&name).send().await;
    let url = url.map_err(|error| outside("sqs:GetQueueUrl", error))?;
    let wanted = QueueAttributeName::ApproximateNumberOfMessages;
    let dead = self::attributes(sqs, url.queue_url().unwrap_or_default(), wanted.clone()).await?;
    let count = dead.get(&wanted).and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(Some((name, count)))
}

async fn attributes(
    sqs: &aws_sdk_sqs::Client,
    url: &str,
    wanted: QueueAttributeName,
) -> Result<HashMap<QueueAttributeName, String>, OutsideError> {
    let answer = sqs.get_queue_attributes().queue_url(url).attribute_names(wanted).send().await;
    let answer = answer.map_err(|error| outside("sqs:GetQueueAttributes", error))?;
    Ok(answer.attributes.unwrap_or_default())
}
