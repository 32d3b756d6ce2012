//! One message, field by field, so that people see what a mapping makes of it before they use it.

use firebreak_core::Timestamp;
use firebreak_core::finding::FindingDraft;
use firebreak_core::ports::{NotAnAlert, RawAlert};
use firebreak_core::text;
use serde_json::Value;

use super::document::{Mapping, Origin};
use super::field::Field;
use super::normalise::{draft, read};
use crate::fields::text_of;

/// What a mapping makes of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Why it is no finding; it is then stored verbatim and counted.
    pub refused: Option<String>,
    /// Every field, in the order of [`Field::ALL`].
    pub fields: Vec<FieldReading>,
    /// What was noted and belongs to no single field.
    pub notes: Vec<String>,
}

/// What became of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldReading {
    /// Which.
    pub field: Field,
    /// Whether the mapping says anything of it.
    pub mapped: bool,
    /// Whether it is the same for every message.
    pub constant: bool,
    /// The pointer at which its value was found; `None` for constants and for what was not found.
    pub pointer: Option<String>,
    /// What stands there, one line.
    pub given: Option<String>,
    /// What the finding has.
    pub value: Option<String>,
    /// What was not understood.
    pub note: Option<String>,
}

impl Mapping {
    /// Reads one message and tells of each field.
    ///
    /// # Errors
    /// [`NotAnAlert`] when it is no JSON.
    pub fn explain(&self, alert: &RawAlert) -> Result<Reading, NotAnAlert> {
        let (message, notes) = read(&alert.body)?;
        let (draft, refused) = match draft(self, &message, notes) {
            Ok(draft) => (draft, None),
            Err(incomplete) => (*incomplete.draft, Some(incomplete.why.0)),
        };
        let mut notes = draft.unknowns.clone();
        let fields = Field::ALL
            .into_iter()
            .map(|field| {
                let own = format!("{}: ", field.in_notes());
                let note = notes.iter().position(|note| note.starts_with(&own));
                let note = note.map(|at| notes.remove(at)[own.len()..].to_owned());
                self.told(field, &message, &draft, note)
            })
            .collect();
        Ok(Reading { refused, fields, notes })
    }

    fn told(
        &self,
        field: Field,
        message: &Value,
        draft: &FindingDraft,
        note: Option<String>,
    ) -> FieldReading {
        let (given, pointer) = self.find(field, message);
        let lost = field.is_required() && value(field, draft).is_none();
        let constant = matches!(self.fields.get(&field), Some(Origin::Constant(_)));
        FieldReading {
            field,
            mapped: self.maps(field),
            constant,
            pointer: pointer.map(ToString::to_string),
            given: shown(given).filter(|_| !constant),
            value: value(field, draft),
            note: note
                .or_else(|| lost.then(|| "not found; without it this is no finding".to_owned())),
        }
    }
}

/// What stands at a pointer, in one line.
fn shown(given: &Value) -> Option<String> {
    match given {
        Value::Null => None,
        Value::Array(items) => Some(format!("a list of {}", items.len())),
        Value::Object(members) => Some(format!("an object with {} members", members.len())),
        scalar => text_of(scalar).map(|text| text::line(&text, text::TITLE_CAP)),
    }
}

/// What the finding has in a field, in one line.
fn value(field: Field, draft: &FindingDraft) -> Option<String> {
    let resource = &draft.resource;
    let time = |at: Option<Timestamp>| {
        at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    };
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let list = |parts: Vec<String>| some(&parts.join(", "));
    let read = match field {
        Field::VendorId => some(&draft.vendor_id),
        Field::Kind => some(&draft.kind),
        Field::Title => some(&draft.title),
        Field::Description => draft.description.clone(),
        Field::Severity => some(draft.severity.name()),
        Field::Status => some(draft.status.name()),
        Field::CreatedAt => time(draft.created_at),
        Field::UpdatedAt => time(draft.updated_at),
        Field::StatusChangedAt => time(draft.status_changed_at),
        Field::RuleId => draft.rule_id.clone(),
        Field::RuleName => draft.rule_name.clone(),
        Field::Techniques => {
            let both = draft.tactics.iter().chain(&draft.techniques);
            list(both.map(|attack| attack.id.clone()).collect())
        }
        Field::ResourceId => resource.native_id.clone().or_else(|| resource.vendor_id.clone()),
        Field::ResourceName => resource.name.clone(),
        Field::ResourceType => resource.native_type.clone(),
        Field::Cloud => resource.platform.clone(),
        Field::Account => resource.account.clone(),
        Field::AccountName => resource.account_name.clone(),
        Field::Region => resource.region.clone(),
        Field::Tags => {
            list(resource.tags.iter().map(|(key, value)| format!("{key}={value}")).collect())
        }
        Field::Vendor => draft.observations.first().map(|seen| seen.text.clone()),
    };
    read.map(|text| text::line(&text, text::LINE_CAP))
}
