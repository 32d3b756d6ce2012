//! Prisma Cloud: its form and its parts.

use std::sync::Arc;
use std::time::Duration;

use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::write_back::AlertWriter;
use firebreak_sources::prisma::{PrismaConfig, PrismaSource, PrismaWriter, STACKS};
use firebreak_store::SourceRow;
use firebreak_wire::VendorForm;

use super::values::Values;
use super::{API_URL, CLIENT_ID, Connected, advanced, choosing, required, shared};
use crate::DeskError;
use crate::adapters::{clock, source_secret};

pub(super) fn form() -> VendorForm {
    let stack = required(
        API_URL,
        "Stack",
        "The console's address shows it; or the API address of your own.",
    );
    let mut fields = vec![
        choosing(stack, STACKS.iter().map(|stack| (stack.api_url, stack.name))),
        required(CLIENT_ID, "Access key id", "Of an access key of a service account."),
        advanced(
            "compute_url",
            "Compute address",
            "Where Prisma Compute answers (Compute, System, Utilities). Its incidents are not polled without.",
            "",
        ),
        advanced(
            "details_per_second",
            "Details a second",
            "Requests for single alerts and assets.",
            "5",
        ),
        advanced(
            "snooze_hours",
            "Snooze",
            "Hours that an alert is snoozed when somebody works on it; Prisma has no status for that. Empty leaves it open.",
            "",
        ),
    ];
    fields.extend(shared("200", "2"));
    VendorForm {
        vendor: "prisma".to_owned(),
        title: "Prisma Cloud".to_owned(),
        help: "Settings, Access Control: a service account with a role that may read alerts, policies and assets (and dismiss alerts, only where statuses are to be written back), and an access key of it.".to_owned(),
        fields,
        secret_label: "Secret key".to_owned(),
        can_backfill: true,
        can_reset: true,
        unconfirmed: vec![
            "The filter by time of change (timeRange.type) is not in the vendor's OpenAPI; it is used as public integrations use it.".to_owned(),
        ],
    }
}

pub(super) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    let config = config(row)?;
    let invalid = |error: OutsideError| DeskError::Invalid(error.to_string());
    let source = PrismaSource::new(&config, Arc::clone(vault), clock()).map_err(invalid)?;
    let vault = Arc::clone(vault);
    Ok(Connected {
        source: Arc::new(source),
        writer: Some(Box::new(move || {
            let writer = PrismaWriter::new(&config, vault).map_err(invalid)?;
            Ok(Arc::new(writer) as Arc<dyn AlertWriter>)
        })),
    })
}

fn config(row: &SourceRow) -> Result<PrismaConfig, DeskError> {
    let values = Values(row);
    let secret = source_secret(&row.name);
    let mut config = PrismaConfig::new(&row.name, &row.api_url, &row.client_id, secret);
    config.compute_url = values.text("compute_url").map(str::to_owned);
    config.lookback = values.lookback()?;
    config.page_size = values.number("page_size", config.page_size, 10_000)?;
    config.requests_per_second = values.rate("requests_per_second", config.requests_per_second)?;
    config.details_per_second = values.rate("details_per_second", config.details_per_second)?;
    if values.text("snooze_hours").is_some() {
        let hours = values.number("snooze_hours", 1, 720)?;
        config.snooze_in_progress = Some(Duration::from_secs(u64::from(hours) * 3_600));
    }
    config.http = values.http(config.http)?;
    Ok(config)
}
