//! Wiz: its form and its parts.

use std::sync::Arc;

use firebreak_core::ports::Vault;
use firebreak_core::write_back::AlertWriter;
use firebreak_sources::wiz::{WizConfig, WizSource, WizWriter};
use firebreak_store::SourceRow;
use firebreak_wire::VendorForm;

use super::values::Values;
use super::{API_URL, AUTH_URL, CLIENT_ID, Connected, advanced, choosing, required, shared};
use crate::DeskError;
use crate::adapters::{clock, source_secret};

const AUTH_URLS: [(&str, &str); 3] = [
    ("https://auth.app.wiz.io/oauth/token", "Commercial"),
    ("https://auth.app.wiz.us/oauth/token", "FedRAMP"),
    ("https://auth.gov.wiz.io/oauth/token", "AWS GovCloud"),
];

pub(super) fn form() -> VendorForm {
    let auth =
        advanced(AUTH_URL, "Authentication address", "Ends in /oauth/token.", AUTH_URLS[0].0);
    let mut fields = vec![
        required(
            API_URL,
            "API address",
            "https://api.<data center>.app.wiz.io/graphql; Wiz shows it under User Settings, Tenant.",
        ),
        required(CLIENT_ID, "Client id", "Of the service account."),
        choosing(auth, AUTH_URLS),
        advanced(
            "audience",
            "Audience",
            "Of the token; chosen by the authentication host when empty.",
            "",
        ),
    ];
    fields.extend(shared("100", "3"));
    VendorForm {
        vendor: "wiz".to_owned(),
        title: "Wiz".to_owned(),
        help: "Settings, Service Accounts: a custom integration (GraphQL API) with read:issues, read:detections, read:threat_issues and read:resources; update:issues only where statuses are to be written back.".to_owned(),
        fields,
        secret_label: "Client secret".to_owned(),
        can_backfill: true,
        can_reset: true,
        unconfirmed: vec![
            "Wiz does not publish its limit; public clients keep to 3 requests a second.".to_owned(),
        ],
    }
}

pub(super) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    let config = config(row)?;
    let invalid =
        |error: firebreak_core::ports::OutsideError| DeskError::Invalid(error.to_string());
    let source = WizSource::new(&config, Arc::clone(vault), clock()).map_err(invalid)?;
    let vault = Arc::clone(vault);
    Ok(Connected {
        source: Arc::new(source),
        writer: Some(Box::new(move || {
            let writer = WizWriter::new(&config, vault).map_err(invalid)?;
            Ok(Arc::new(writer) as Arc<dyn AlertWriter>)
        })),
    })
}

fn config(row: &SourceRow) -> Result<WizConfig, DeskError> {
    let values = Values(row);
    let mut config = WizConfig::new(
        &row.name,
        &row.api_url,
        &row.auth_url,
        &row.client_id,
        source_secret(&row.name),
    );
    config.audience = values.text("audience").map(str::to_owned);
    config.lookback = values.lookback()?;
    config.page_size = values.number("page_size", config.page_size, 500)?;
    config.requests_per_second = values.rate("requests_per_second", config.requests_per_second)?;
    config.http = values.http(config.http)?;
    Ok(config)
}
