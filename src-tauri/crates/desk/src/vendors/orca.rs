//! Orca: its form and its parts.

use std::sync::Arc;

use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::write_back::AlertWriter;
use firebreak_sources::orca::{OrcaApi, OrcaConfig, OrcaSource, OrcaWriter, REGIONS};
use firebreak_store::SourceRow;
use firebreak_wire::VendorForm;

use super::values::Values;
use super::{API_URL, Connected, advanced, choosing, required, shared};
use crate::DeskError;
use crate::adapters::{clock, source_secret};

const GENERATIONS: [(&str, &str); 3] = [
    ("auto", "Serving layer, else rules API"),
    ("serving_layer", "Serving layer only"),
    ("rules", "Rules API only"),
];

pub(super) fn form() -> VendorForm {
    let region =
        required(API_URL, "Region", "Where the organisation lives; or the address of your own.");
    let generation =
        advanced("api", "API", "Which generation of the API is asked.", GENERATIONS[0].0);
    let mut fields = vec![
        choosing(region, REGIONS.iter().map(|region| (region.api_url, region.label))),
        choosing(generation, GENERATIONS),
    ];
    fields.extend(shared("100", "2"));
    VendorForm {
        vendor: "orca".to_owned(),
        title: "Orca".to_owned(),
        help: "Settings, Users & Permissions, API: a token of a role that may read alerts and assets (and update alerts, only where statuses are to be written back).".to_owned(),
        fields,
        secret_label: "API token".to_owned(),
        can_backfill: true,
        can_reset: true,
        unconfirmed: vec![
            "Orca publishes no limit; 2 requests a second is our own caution, and 429 is obeyed.".to_owned(),
            "The list of regions is that of public integrations.".to_owned(),
        ],
    }
}

pub(super) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    let config = config(row)?;
    let invalid = |error: OutsideError| DeskError::Invalid(error.to_string());
    let source = OrcaSource::new(&config, Arc::clone(vault), clock()).map_err(invalid)?;
    let vault = Arc::clone(vault);
    Ok(Connected {
        source: Arc::new(source),
        writer: Some(Box::new(move || {
            let writer = OrcaWriter::new(&config, vault).map_err(invalid)?;
            Ok(Arc::new(writer) as Arc<dyn AlertWriter>)
        })),
    })
}

fn config(row: &SourceRow) -> Result<OrcaConfig, DeskError> {
    let values = Values(row);
    let mut config = OrcaConfig::new(&row.name, &row.api_url, source_secret(&row.name));
    config.api = match values.text("api").unwrap_or(GENERATIONS[0].0) {
        "auto" => OrcaApi::Auto,
        "serving_layer" => OrcaApi::ServingLayer,
        "rules" => OrcaApi::Rules,
        other => {
            return Err(DeskError::Invalid(format!(
                "api is auto, serving_layer or rules, not {other:?}"
            )));
        }
    };
    config.lookback = values.lookback()?;
    config.page_size = values.number("page_size", config.page_size, 1_000)?;
    config.requests_per_second = values.rate("requests_per_second", config.requests_per_second)?;
    config.http = values.http(config.http)?;
    Ok(config)
}
