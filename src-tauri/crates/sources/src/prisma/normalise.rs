//! Turning one object of Prisma Cloud's into a finding.

use firebreak_core::finding::FindingDraft;
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::shape::{ALERT, AUDIT, INCIDENT, Shape, shape};
use super::split::split;
use super::{alert, incident};
use crate::fields::{Notes, id};
use crate::json;

/// Reads alerts and notifications of CSPM, and incidents and audits of Compute.
#[derive(Debug, Clone, Copy, Default)]
pub struct PrismaNormaliser;

impl Normaliser for PrismaNormaliser {
    fn normalise(&self, raw: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let (value, mended) = json::read(&raw.body)
            .map_err(|fault| NotAnAlert(format!("This can't be read: {fault}.")))?;
        let mut reading = Reading { value: &value, bytes: &raw.body, notes: Notes::default() };
        if mended {
            reading.notes.add("text or numbers: some were not valid and were replaced; the alert itself is kept as it came");
        }
        match (raw.kind.as_str(), shape(&value)) {
            (_, Shape::Notification) => Ok(alert::notification(reading)),
            // What the API listed as an alert is one, however odd it looks.
            (ALERT, _) if value.is_object() => Ok(alert::alert(reading)),
            (INCIDENT, _) if value.is_object() => Ok(incident::incident(reading)),
            (AUDIT, _) if value.is_object() => Ok(incident::audit(reading)),
            (_, Shape::Alert) => Ok(alert::alert(reading)),
            (_, Shape::Incident) => Ok(incident::incident(reading)),
            (_, Shape::Audit) => Ok(incident::audit(reading)),
            (_, Shape::Else(what)) => {
                Err(NotAnAlert(format!("This is no alert of Prisma Cloud; it looks like {what}.")))
            }
        }
    }

    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        split(bytes)
    }
}

/// An object on its way to being a finding.
pub(super) struct Reading<'a> {
    pub(super) value: &'a Value,
    pub(super) bytes: &'a [u8],
    pub(super) notes: Notes,
}

impl Reading<'_> {
    /// The vendor's id, or one made from the bytes.
    pub(super) fn vendor_id(&mut self, given: &Value) -> String {
        id(given).unwrap_or_else(|| {
            self.notes.add("id: not given; one was made from the alert's bytes");
            format!("sha256:{}", &hex::encode(Sha256::digest(self.bytes))[..32])
        })
    }

    /// A time, noted when it is none.
    pub(super) fn time(&mut self, field: &str, given: &Value) -> Option<firebreak_core::Timestamp> {
        let read = crate::instant::instant(given);
        if read.is_none() {
            self.notes.odd(field, given);
        }
        read
    }
}
