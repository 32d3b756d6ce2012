//! The CNAPPs that can be connected: what must be known for each, and how it is put to work.

mod lacework;
mod orca;
mod prisma;
mod sqs;
mod values;
mod wiz;

use std::collections::BTreeMap;
use std::sync::Arc;

use firebreak_core::ports::{AlertSource, Normaliser, Vault};
use firebreak_core::write_back::AlertWriter;
use firebreak_sources::lacework::LaceworkNormaliser;
use firebreak_sources::ocsf::OcsfNormaliser;
use firebreak_sources::orca::OrcaNormaliser;
use firebreak_sources::prisma::PrismaNormaliser;
use firebreak_sources::wiz::WizNormaliser;
use firebreak_store::SourceRow;
use firebreak_wire::{FieldChoice, FieldCondition, FieldKind, VendorField, VendorForm};

use crate::DeskError;

/// Fields that every vendor has; their values are columns of their own.
pub(crate) const API_URL: &str = "api_url";
pub(crate) const AUTH_URL: &str = "auth_url";
pub(crate) const CLIENT_ID: &str = "client_id";

pub(crate) use sqs::MAPPING;

/// The parts that a configured source is made of.
pub(crate) struct Connected {
    pub source: Arc<dyn AlertSource>,
    /// `None` where nothing can be written back.
    pub writer: Option<MakeWriter>,
}

/// Makes the part that writes.
pub(crate) type MakeWriter = Box<dyn FnOnce() -> Result<Arc<dyn AlertWriter>, DeskError> + Send>;

/// What must be known for each vendor, in the order they are offered.
pub(crate) fn forms() -> Vec<VendorForm> {
    vec![wiz::form(), prisma::form(), lacework::form(), orca::form(), sqs::form()]
}

/// One vendor's form.
pub(crate) fn form(vendor: &str) -> Result<VendorForm, DeskError> {
    forms().into_iter().find(|form| form.vendor == vendor).ok_or_else(|| {
        let known: Vec<String> = forms().into_iter().map(|form| form.vendor).collect();
        DeskError::Invalid(format!(
            "{:?} is not a vendor that can be polled; known: {}",
            firebreak_core::text::line(vendor, 40),
            known.join(", ")
        ))
    })
}

/// Readers of every format that is understood, polled or not.
pub(crate) fn normalisers() -> BTreeMap<String, Arc<dyn Normaliser>> {
    let all: [(&str, Arc<dyn Normaliser>); 5] = [
        ("wiz", Arc::new(WizNormaliser)),
        ("prisma", Arc::new(PrismaNormaliser)),
        ("lacework", Arc::new(LaceworkNormaliser)),
        ("orca", Arc::new(OrcaNormaliser)),
        ("ocsf", Arc::new(OcsfNormaliser)),
    ];
    all.into_iter().map(|(name, normaliser)| (name.to_owned(), normaliser)).collect()
}

/// Makes a source from its row. The writer is only made when it is asked for: in phase 1 nobody asks.
pub(crate) fn connect(row: &SourceRow, vault: &Arc<dyn Vault>) -> Result<Connected, DeskError> {
    match row.vendor.as_str() {
        "wiz" => wiz::connect(row, vault),
        "prisma" => prisma::connect(row, vault),
        "lacework" => lacework::connect(row, vault),
        "orca" => orca::connect(row, vault),
        "sqs" => sqs::connect(row, vault),
        other => form(other).and(Err(DeskError::Invalid(format!("{other} can't be connected")))),
    }
}

/// The values of a draft against the form: nothing missing, nothing unknown. A field that depends on
/// another stands after it.
pub(crate) fn checked(
    form: &VendorForm,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, DeskError> {
    if let Some(unknown) = given.keys().find(|name| form.fields.iter().all(|f| f.name != **name)) {
        let known: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
        return Err(DeskError::Invalid(format!(
            "{} has no field {:?}; it has {}",
            form.title,
            firebreak_core::text::line(unknown, 40),
            known.join(", ")
        )));
    }
    let mut values = BTreeMap::new();
    for field in &form.fields {
        let given = given.get(&field.name).map(|value| value.trim()).filter(|v| !v.is_empty());
        if let Some(FieldCondition { field: other, value }) =
            field.when.as_ref().filter(|when| values.get(&when.field) != Some(&when.value))
        {
            if given.is_some() {
                return Err(DeskError::Invalid(format!(
                    "{} ({}) is only taken where {other} is {value}",
                    field.label, field.name
                )));
            }
            continue;
        }
        match given.map(str::to_owned).or_else(|| field.fallback.clone()) {
            Some(value) => {
                values.insert(field.name.clone(), value);
            }
            None if field.required => {
                return Err(DeskError::Invalid(format!(
                    "{} is missing ({}). {}",
                    field.label, field.name, field.help
                )));
            }
            None => {}
        }
    }
    Ok(values)
}

/// A field that must be entered.
fn required(name: &str, label: &str, help: &str) -> VendorField {
    VendorField { required: true, ..optional(name, label, help) }
}

/// A field that may be left empty.
fn optional(name: &str, label: &str, help: &str) -> VendorField {
    VendorField {
        name: name.to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        required: false,
        fallback: None,
        choices: Vec::new(),
        advanced: false,
        when: None,
        kind: FieldKind::Line,
        starts: Vec::new(),
    }
}

/// A field that is rarely changed, with what is taken when it is not.
fn advanced(name: &str, label: &str, help: &str, fallback: &str) -> VendorField {
    let fallback = Some(fallback.to_owned()).filter(|text| !text.is_empty());
    VendorField { advanced: true, fallback, ..optional(name, label, help) }
}

/// Adds values to choose from; another one may be entered too.
fn choosing<'a>(
    field: VendorField,
    choices: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> VendorField {
    let choices = choices
        .into_iter()
        .map(|(value, label)| FieldChoice { value: value.to_owned(), label: label.to_owned() })
        .collect();
    VendorField { choices, ..field }
}

/// Fields that every vendor's client has.
fn shared(page_size: &str, per_second: &str) -> Vec<VendorField> {
    vec![
        advanced("lookback_days", "Look-back", "Days that the first poll reaches back.", "7"),
        advanced("page_size", "Page size", "Alerts asked for at once.", page_size),
        advanced(
            "requests_per_second",
            "Requests a second",
            "Kept to before the vendor has to say no.",
            per_second,
        ),
        advanced(
            "proxy",
            "Proxy",
            "http://proxy:3128. Without one, the environment's proxy is used.",
            "",
        ),
        advanced(
            "authority_file",
            "Authority file",
            "PEM file with certificates of your own authority, trusted beside the system's.",
            "",
        ),
    ]
}
