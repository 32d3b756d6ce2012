//! Amazon SQS: its form and its part. Nothing can be written back through a queue.

use std::sync::Arc;
use std::time::Duration;

use firebreak_actions::{KeySource, SqsConfig, SqsSource};
use firebreak_core::ports::{Normaliser, Vault};
use firebreak_sources::mapped::MappedNormaliser;
use firebreak_store::SourceRow;
use firebreak_wire::{FieldCondition, FieldKind, VendorField, VendorForm};

use super::values::Values;
use super::{API_URL, CLIENT_ID, Connected, advanced, choosing, normalisers, required};
use crate::DeskError;
use crate::adapters::{clock, source_secret};
use crate::mapping;

/// The setting that says how messages are read.
const FORMAT: &str = "format";
/// The setting that holds the mapping's text.
pub(crate) const MAPPING: &str = "mapping";
/// The format of messages that a mapping reads.
const MAPPED: &str = "mapped";

pub(super) fn form() -> VendorForm {
    let formats = [
        (MAPPED, "Custom mapping"),
        ("wiz", "Wiz"),
        ("prisma", "Prisma Cloud"),
        ("lacework", "Lacework FortiCNAPP"),
        ("orca", "Orca Security"),
        ("ocsf", "OCSF Detection Finding"),
    ];
    VendorForm {
        vendor: "sqs".to_owned(),
        title: "Amazon SQS queue".to_owned(),
        help: "A queue that a CNAPP's alerts are forwarded to, directly, through SNS or EventBridge. The access key needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes and sqs:GetQueueUrl.".to_owned(),
        fields: vec![
            required(API_URL, "Queue address", "https://sqs.<region>.amazonaws.com/<account>/<queue>"),
            required("region", "Region", "Such as eu-central-1."),
            required(CLIENT_ID, "Access key id", "Of an identity that may do nothing else."),
            choosing(required(FORMAT, "Format", "Whose alerts the messages carry."), formats),
            VendorField {
                when: Some(FieldCondition { field: FORMAT.to_owned(), value: MAPPED.to_owned() }),
                kind: FieldKind::Mapping,
                starts: mapping::starts(),
                ..required(MAPPING, "Mapping", "Where in a message each field of a finding stands.")
            },
            advanced("wait_seconds", "Listening", "Seconds that an empty queue is listened to, at most 20.", "10"),
            advanced("visibility_seconds", "Invisibility", "Seconds that a message we read stays hidden from others.", "120"),
            advanced("endpoint", "Endpoint", "Another address than Amazon's: a private endpoint, a sandbox.", ""),
        ],
        secret_label: "Secret access key".to_owned(),
        unconfirmed: Vec::new(),
        // What is in a queue comes, once; there is nothing before it and no place to forget.
        can_backfill: false,
        can_reset: false,
    }
}

pub(super) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    let values = Values(row);
    let key = KeySource { key_id: row.client_id.clone(), secret: source_secret(&row.name) };
    let region = values.text("region").unwrap_or_default();
    let mut config = SqsConfig::new(&row.name, &row.api_url, region, key);
    config.endpoint = values.text("endpoint").map(str::to_owned);
    config.wait = Duration::from_secs(u64::from(values.number("wait_seconds", 10, 20)?));
    let visibility = values.number("visibility_seconds", 120, 43_200)?;
    config.visibility = Duration::from_secs(u64::from(visibility));
    let source = SqsSource::new(config, reader(&values)?, Arc::clone(vault), clock());
    Ok(Connected { source: Arc::new(source), writer: None })
}

/// What reads the messages: a vendor's own reader, or the source's mapping.
fn reader(values: &Values<'_>) -> Result<Arc<dyn Normaliser>, DeskError> {
    let format = values.text(FORMAT).unwrap_or_default();
    if format == MAPPED {
        let mapping = mapping::read(values.text(MAPPING).unwrap_or_default())?;
        return Ok(Arc::new(MappedNormaliser::new(mapping)));
    }
    normalisers()
        .remove(format)
        .ok_or_else(|| DeskError::Invalid(format!("{format:?} is not a format that is understood")))
}
