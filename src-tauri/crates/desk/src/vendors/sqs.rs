//! Amazon SQS: its form and its part. Nothing can be written back through a queue.

use std::sync::Arc;
use std::time::Duration;

use firebreak_actions::{KeySource, SqsConfig, SqsSource};
use firebreak_core::ports::Vault;
use firebreak_store::SourceRow;
use firebreak_wire::VendorForm;

use super::values::Values;
use super::{API_URL, CLIENT_ID, Connected, advanced, choosing, normalisers, required};
use crate::DeskError;
use crate::adapters::{clock, source_secret};

pub(super) fn form() -> VendorForm {
    let formats = normalisers();
    let formats = formats.keys().map(|name| (name.as_str(), name.as_str()));
    VendorForm {
        vendor: "sqs".to_owned(),
        title: "Amazon SQS queue".to_owned(),
        help: "A queue that a CNAPP's alerts are forwarded to, directly, through SNS or EventBridge. The access key needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes and sqs:GetQueueUrl.".to_owned(),
        fields: vec![
            required(API_URL, "Queue address", "https://sqs.<region>.amazonaws.com/<account>/<queue>"),
            required("region", "Region", "Such as eu-central-1."),
            required(CLIENT_ID, "Access key id", "Of an identity that may do nothing else."),
            choosing(required("format", "Format", "Whose alerts the messages carry."), formats),
            advanced("wait_seconds", "Listening", "Seconds that an empty queue is listened to, at most 20.", "10"),
            advanced("visibility_seconds", "Invisibility", "Seconds that a message we read stays hidden from others.", "120"),
            advanced("endpoint", "Endpoint", "Another address than Amazon's: a private endpoint, a sandbox.", ""),
        ],
        secret_label: "Secret access key".to_owned(),
        unconfirmed: Vec::new(),
    }
}

pub(super) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    let values = Values(row);
    let format = values.text("format").unwrap_or_default();
    let normaliser = normalisers().remove(format).ok_or_else(|| {
        DeskError::Invalid(format!("{format:?} is not a format that is understood"))
    })?;
    let key = KeySource { key_id: row.client_id.clone(), secret: source_secret(&row.name) };
    let region = values.text("region").unwrap_or_default();
    let mut config = SqsConfig::new(&row.name, &row.api_url, region, key, format);
    config.endpoint = values.text("endpoint").map(str::to_owned);
    config.wait = Duration::from_secs(u64::from(values.number("wait_seconds", 10, 20)?));
    let visibility = values.number("visibility_seconds", 120, 43_200)?;
    config.visibility = Duration::from_secs(u64::from(visibility));
    let source = SqsSource::new(config, normaliser, Arc::clone(vault), clock());
    Ok(Connected { source: Arc::new(source), writer: None })
}
