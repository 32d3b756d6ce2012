//! Lacework (FortiCNAPP): its form and its parts.

use std::sync::Arc;
use std::time::Duration;

use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::write_back::AlertWriter;
use firebreak_sources::lacework::{LaceworkConfig, LaceworkRegion, LaceworkSource, LaceworkWriter};
use firebreak_store::SourceRow;
use firebreak_wire::{VendorField, VendorForm};

use super::values::Values;
use super::{API_URL, CLIENT_ID, Connected, advanced, choosing, required, shared};
use crate::DeskError;
use crate::adapters::{clock, source_secret};

/// Fields of other vendors that have no meaning here.
const WITHOUT: [&str; 2] = ["page_size", "requests_per_second"];

pub(super) fn form() -> VendorForm {
    let region = advanced(
        "region",
        "Region",
        "Where the account lives, when the account is given by its name alone.",
        LaceworkRegion::UnitedStates.domain(),
    );
    let regions = LaceworkRegion::ALL.iter().map(|region| (region.domain(), region.words()));
    let mut fields = vec![
        required(API_URL, "Account", "Its name, or its address: https://ACCOUNT.lacework.net."),
        required(CLIENT_ID, "Key id", "Of an API key (Settings, API keys)."),
        choosing(region, regions),
        advanced(
            "sub_account",
            "Sub-account",
            "To speak of another account than the key's own.",
            "",
        ),
        advanced("organisation", "Organisation", "yes to ask for the whole organisation.", "no"),
        advanced(
            "review_minutes",
            "Review",
            "Minutes between two readings of all alerts of the look-back: Lacework has no feed of changes, so this is how closed ones are seen.",
            "15",
        ),
        advanced(
            "requests_per_hour",
            "Requests an hour",
            "Kept to before the vendor has to say no.",
            "480",
        ),
    ];
    let usual = |field: &VendorField| !WITHOUT.contains(&field.name.as_str());
    fields.extend(shared("", "").into_iter().filter(usual));
    VendorForm {
        vendor: "lacework".to_owned(),
        title: "Lacework (FortiCNAPP)".to_owned(),
        help: "Settings, Configuration, API keys: a key of a service user that may read alerts (and write them, only where comments and closing are to be written back).".to_owned(),
        fields,
        secret_label: "Secret".to_owned(),
        can_backfill: true,
        can_reset: true,
        unconfirmed: vec![
            "480 requests an hour and at most 7 days in one question are what public clients keep to; the vendor's documentation was not seen.".to_owned(),
        ],
    }
}

pub(super) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    let config = config(row)?;
    let invalid = |error: OutsideError| DeskError::Invalid(error.to_string());
    let source = LaceworkSource::new(&config, Arc::clone(vault), clock()).map_err(invalid)?;
    let vault = Arc::clone(vault);
    Ok(Connected {
        source: Arc::new(source),
        writer: Some(Box::new(move || {
            let writer = LaceworkWriter::new(&config, vault).map_err(invalid)?;
            Ok(Arc::new(writer) as Arc<dyn AlertWriter>)
        })),
    })
}

fn config(row: &SourceRow) -> Result<LaceworkConfig, DeskError> {
    let values = Values(row);
    let secret = source_secret(&row.name);
    let mut config = LaceworkConfig::new(&row.name, address(row, &values)?, &row.client_id, secret);
    config.sub_account = values.text("sub_account").map(str::to_owned);
    config.organisation = values.yes("organisation")?;
    config.lookback = values.lookback()?;
    let minutes = values.number("review_minutes", 15, 1_440)?;
    config.review_every = Duration::from_secs(u64::from(minutes) * 60);
    config.requests_per_hour = values.rate("requests_per_hour", config.requests_per_hour)?;
    config.http = values.http(config.http)?;
    Ok(config)
}

/// A whole address is taken as it is; a name gets the region's domain.
fn address(row: &SourceRow, values: &Values<'_>) -> Result<String, DeskError> {
    if row.api_url.contains("://") {
        return Ok(row.api_url.clone());
    }
    let wanted = values.text("region").unwrap_or_else(|| LaceworkRegion::UnitedStates.domain());
    let region = LaceworkRegion::ALL.into_iter().find(|region| region.domain() == wanted);
    let region = region.ok_or_else(|| {
        DeskError::Invalid(format!(
            "{wanted:?} is not a region of Lacework; give the whole address"
        ))
    })?;
    region.address(&row.api_url).map_err(|fault| DeskError::Invalid(fault.to_string()))
}
