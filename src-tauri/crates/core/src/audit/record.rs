//! Records, and the state that appending one needs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checkpoint::Checkpoint;
use super::merkle::{Frontier, Hash, leaf_hash};
use super::scan;
use crate::Timestamp;

/// What happened, before it has a place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who: a person's name, a source's, or `firebreak`.
    pub actor: String,
    /// What sort of thing: `step_approved`, `alerts_stored`, …
    pub kind: String,
    /// What it is about: `INC-12`, a step id, a source's name.
    pub subject: String,
    /// One sentence.
    pub text: String,
    /// Facts for machines. No secrets.
    pub detail: Value,
}

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Position, from 0.
    pub index: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What sort of thing.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// One sentence.
    pub text: String,
    /// Facts for machines.
    pub detail: Value,
    /// Leaf hash of the record before it; zeros in the first.
    pub previous: Hash,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// Not canonical JSON, or other fields than a record has.
    #[error("it is not the canonical JSON of a record: {0}")]
    NotCanonical(&'static str),
    /// Canonical JSON with values that a record can't have.
    #[error("it is not a record: {0}")]
    Shape(String),
}

impl Record {
    /// The leaf's data: canonical JSON (RFC 8785), nothing around it. Integers in `detail` beyond
    /// 2^53 become text, since RFC 8785 would round them.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut exact = self.clone();
        keep_exact(&mut exact.detail);
        exact.write()
    }

    fn write(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(self)
            .expect("records have string keys and finite numbers, so JCS can't fail")
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// [`RecordProblem`] for anything that [`Record::canonical_bytes`] would not have written.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, RecordProblem> {
        scan::record(bytes).map_err(RecordProblem::NotCanonical)?;
        let record: Self = serde_json::from_slice(bytes)
            .map_err(|error| RecordProblem::Shape(error.to_string()))?;
        // The scan knows JSON; only the types know how a time is written.
        if record.canonical_bytes() != bytes {
            return Err(RecordProblem::NotCanonical("a value is written in another way than ours"));
        }
        Ok(record)
    }
}

/// Turns numbers that would be written as an integer beyond 2^53 into text.
fn keep_exact(value: &mut Value) {
    match value {
        Value::Number(number) => {
            // A great float is written as an integer too, though it loses nothing.
            if number.as_f64().is_none_or(|near| near.abs() >= scan::EXACT as f64) {
                let written = serde_json_canonicalizer::to_string(number).unwrap_or_default();
                if number.is_f64() && !scan::is_exact(&written) {
                    *value = Value::String(written);
                } else if !number.is_f64() && !scan::is_exact(&number.to_string()) {
                    *value = Value::String(number.to_string());
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(keep_exact),
        Value::Object(fields) => fields.values_mut().for_each(keep_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The end of the log: all that the next record needs. Stored with the rows and changed only in
/// the transaction that appends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    frontier: Frontier,
    last: Hash,
}

impl Default for Tail {
    fn default() -> Self {
        Self { frontier: Frontier::default(), last: Hash::ZERO }
    }
}

/// A record with its place, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// The record.
    pub record: Record,
    /// Its canonical JSON: the leaf's data.
    pub body: Vec<u8>,
    /// Hash of the body as a leaf.
    pub leaf_hash: Hash,
}

impl Tail {
    /// Gives an entry its place and moves the end behind it.
    pub fn seal(&mut self, entry: Entry) -> Sealed {
        let Entry { at, actor, kind, subject, text, detail } = entry;
        let (index, previous) = (self.size(), self.last);
        let mut record = Record { index, at, actor, kind, subject, text, detail, previous };
        keep_exact(&mut record.detail);
        let body = record.write();
        let leaf_hash = leaf_hash(&body);
        self.frontier.append(leaf_hash);
        self.last = leaf_hash;
        Sealed { record, body, leaf_hash }
    }

    /// The end of a log by its leaf hashes, for when the stored one is lost or in doubt.
    pub fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        leaves.into_iter().fold(Self::default(), |mut tail, leaf| {
            tail.frontier.append(leaf);
            tail.last = leaf;
            tail
        })
    }

    /// How many records.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Leaf hash of the last record; zeros when there is none.
    pub fn last(&self) -> Hash {
        self.last
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// What to sign for this state.
    pub fn checkpoint(&self, origin: &str) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size: self.size(), root: self.root() }
    }
}
