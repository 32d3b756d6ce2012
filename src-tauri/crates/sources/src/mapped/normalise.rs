//! Turning one message into a finding, as a mapping says.

use std::collections::BTreeMap;

use firebreak_core::finding::{FindingDraft, FindingStatus, Observation, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_core::{Timestamp, text};
use serde_json::Value;

use super::document::{Mapping, Origin};
use super::field::Field;
use super::resource::resource;
use super::{several, words};
use crate::documents::{documents, verbatim};
use crate::fields::{Notes, body, id, text_of, title};
use crate::instant::moment;
use crate::json;

/// `RawAlert::kind` of a message, and the kind of a finding whose mapping names none.
const ALERT: &str = "alert";
/// `RawAlert::kind` of what is no JSON, or holds no alert where the mapping says.
const OTHER: &str = "other";

/// Reads messages as one mapping says.
#[derive(Debug, Clone)]
pub struct MappedNormaliser(Mapping);

impl MappedNormaliser {
    /// A reader of messages of that shape.
    pub fn new(mapping: Mapping) -> Self {
        Self(mapping)
    }
}

impl Normaliser for MappedNormaliser {
    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let (message, notes) = read(&alert.body)?;
        draft(&self.0, &message, notes).map_err(|incomplete| incomplete.why)
    }

    /// One JSON value, an array, JSON lines, or what stands at `items`.
    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        documents(bytes, OTHER, |raw, alerts| match &self.0.items {
            None => match json::items(raw) {
                Some(items) => alerts.extend(items.into_iter().map(|item| verbatim(item, ALERT))),
                None => alerts.push(verbatim(raw, ALERT)),
            },
            Some(items) => {
                let listed = items.find_raw(raw).and_then(json::items).unwrap_or_default();
                if listed.is_empty() {
                    // Kept as it came: an alert may be in it where nobody looked.
                    alerts.push(verbatim(raw, OTHER));
                }
                alerts.extend(listed.into_iter().map(|item| verbatim(item, ALERT)));
            }
        })
    }
}

/// The message as a value, and what had to be mended in it.
pub(super) fn read(bytes: &[u8]) -> Result<(Value, Notes), NotAnAlert> {
    let (message, mended) =
        json::read(bytes).map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))?;
    let mut notes = Notes::default();
    if mended {
        notes.add("text or numbers: some were not valid and were replaced; the alert itself is kept as it came");
    }
    Ok((message, notes))
}

/// A message without what every finding must have, and what there is of it all the same.
pub(super) struct Incomplete {
    pub why: NotAnAlert,
    pub draft: Box<FindingDraft>,
}

/// The finding in a message.
pub(super) fn draft(
    mapping: &Mapping,
    message: &Value,
    mut notes: Notes,
) -> Result<FindingDraft, Incomplete> {
    let vendor_id = id(mapping.find(Field::VendorId, message).0);
    let heading = title(mapping.find(Field::Title, message).0);
    let missing: Vec<Field> =
        [(Field::VendorId, vendor_id.is_none()), (Field::Title, heading.is_none())]
            .into_iter()
            .filter_map(|(field, missing)| missing.then_some(field))
            .collect();
    let reading = Reading { mapping, message };
    let (severity, severity_as_given) = reading.severity(&mut notes);
    let (status, status_as_given) = reading.status(&mut notes);
    let created_at = reading.time(Field::CreatedAt, &mut notes);
    let updated_at = reading.time(Field::UpdatedAt, &mut notes);
    let status_changed_at = reading.time(Field::StatusChangedAt, &mut notes);
    let mentions = several::techniques(mapping.find(Field::Techniques, message).0, &mut notes);
    let rule_name = title(mapping.find(Field::RuleName, message).0);
    if rule_name.is_none() {
        notes.missing(Field::RuleName.in_notes());
    }
    let draft = FindingDraft {
        kind: id(mapping.find(Field::Kind, message).0)
            .map_or_else(|| ALERT.to_owned(), |kind| text::line(&kind, 60)),
        vendor_id: vendor_id.unwrap_or_default(),
        title: heading.unwrap_or_default(),
        description: body(mapping.find(Field::Description, message).0),
        severity,
        severity_as_given,
        status,
        status_as_given,
        created_at,
        updated_at,
        status_changed_at,
        resource: resource(mapping, message, &mut notes),
        // Templates tell what was found, not who did it.
        actor: None,
        rule_id: id(mapping.find(Field::RuleId, message).0),
        rule_name,
        tactics: mentions.tactics,
        techniques: mentions.techniques,
        observations: reading.sender().into_iter().collect(),
        evidence_query: None,
        unknowns: notes.into_list(),
    };
    if missing.is_empty() {
        return Ok(draft);
    }
    Err(Incomplete { why: reading.no_alert(&missing), draft: Box::new(draft) })
}

struct Reading<'a> {
    mapping: &'a Mapping,
    message: &'a Value,
}

impl Reading<'_> {
    fn severity(&self, notes: &mut Notes) -> (Severity, Option<String>) {
        let own = &self.mapping.severities;
        let (known, given) =
            self.word(Field::Severity, own, words::severity, Severity::from_name, notes);
        (known.unwrap_or(Severity::Unknown), given)
    }

    fn status(&self, notes: &mut Notes) -> (FindingStatus, Option<String>) {
        let own = &self.mapping.statuses;
        let (known, given) =
            self.word(Field::Status, own, words::status, FindingStatus::from_name, notes);
        (known.unwrap_or(FindingStatus::Unknown), given)
    }

    /// The mapping's own words first, then those that mean the same to everybody; the word as it was
    /// given where it is none of them.
    fn word<T: Copy>(
        &self,
        field: Field,
        own: &BTreeMap<String, T>,
        everybodys: fn(&str) -> Option<T>,
        ours: fn(&str) -> Option<T>,
        notes: &mut Notes,
    ) -> (Option<T>, Option<String>) {
        let (given, _) = self.mapping.find(field, self.message);
        let word = text_of(given).map(|word| words::folded(&word)).unwrap_or_default();
        // A constant may also be `unknown`, which no sender's word is.
        let constant = || ours(&word).filter(|_| self.is_constant(field));
        let known = own.get(&word).copied().or_else(|| everybodys(&word)).or_else(constant);
        if known.is_some() {
            return (known, None);
        }
        notes.odd(field.in_notes(), given);
        (None, title(given))
    }

    fn time(&self, field: Field, notes: &mut Notes) -> Option<Timestamp> {
        let (given, _) = self.mapping.find(field, self.message);
        let read = moment(given);
        if read.is_none() {
            notes.odd(field.in_notes(), given);
        }
        read
    }

    fn sender(&self) -> Option<Observation> {
        let word = title(self.mapping.find(Field::Vendor, self.message).0)?;
        Some(Observation { at: None, text: format!("Reported by {word}.") })
    }

    fn is_constant(&self, field: Field) -> bool {
        matches!(self.mapping.fields.get(&field), Some(Origin::Constant(_)))
    }

    /// Where what is missing was looked for, and what there is instead; values are never quoted.
    fn no_alert(&self, missing: &[Field]) -> NotAnAlert {
        let lacking: Vec<String> = missing
            .iter()
            .map(|field| match self.mapping.fields.get(field) {
                Some(Origin::Message(pointers)) => {
                    let places: Vec<String> = pointers.iter().map(ToString::to_string).collect();
                    format!("no {} at {}", field.name(), places.join(" or "))
                }
                _ => format!("no {}", field.name()),
            })
            .collect();
        let looks = match self.message {
            Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
            Value::Object(members) => {
                let keys: Vec<&str> = members.keys().map(String::as_str).take(8).collect();
                format!("an object with the keys {}", keys.join(", "))
            }
            Value::Array(_) => "a list".to_owned(),
            _ => "a single value".to_owned(),
        };
        let text = format!(
            "This is no alert by the mapping: it has {}. It looks like {looks}.",
            lacking.join(" and ")
        );
        NotAnAlert(text::line(&text, text::LINE_CAP))
    }
}
