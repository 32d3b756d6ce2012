use serde::Serialize;
use ts_rs::TS;

/// A shipped mapping to start from, with a message that it reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct MappingStart {
    /// `wiz`
    pub name: String,
    /// "Lacework webhook"
    pub title: String,
    pub mapping: String,
    pub sample: String,
}

/// What a mapping makes of a message, before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct MappingPreview {
    /// What is wrong with the mapping, by line. Where anything is, the message was not read.
    pub faults: Vec<MappingFault>,
    /// Why the message could not be read at all.
    pub problem: Option<String>,
    /// How many alerts the message carries.
    pub alerts: u32,
    /// The first of them.
    pub readings: Vec<MappedAlert>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct MappingFault {
    /// From 1.
    pub line: u32,
    /// `fields.severity`; empty for the document.
    pub key: String,
    /// Completes a sentence that begins with the key.
    pub problem: String,
    pub remedy: String,
}

/// One alert of a message, field by field. Its texts are untrusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct MappedAlert {
    /// Why it is no finding: it would be stored verbatim and counted.
    pub refused: Option<String>,
    pub fields: Vec<MappedField>,
    /// What was noted beside the fields.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct MappedField {
    /// As in the mapping: `vendor_id`.
    pub name: String,
    /// Without it a message is no finding.
    pub required: bool,
    /// Whether the mapping says anything of it.
    pub mapped: bool,
    /// Whether it is the same for every message.
    pub constant: bool,
    /// Where it was found; none for constants and for what was not found.
    pub pointer: Option<String>,
    /// What stands there.
    pub given: Option<String>,
    /// What the finding has.
    pub value: Option<String>,
    /// What was not understood.
    pub note: Option<String>,
}
