//! A mapping, read strictly: what is not understood is an error that names the line and the remedy.

use std::collections::BTreeMap;
use std::fmt;

use firebreak_core::finding::{FindingStatus, Severity};
use serde_json::Value;

use super::field::Field;
use super::pointer::Pointer;

/// Longest mapping, in bytes.
pub const MAPPING_CAP: usize = 32 << 10;

static NULL: Value = Value::Null;

/// Where the fields of a finding stand in a message, and what the sender's words mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The list within a message that carries several alerts.
    pub(super) items: Option<Pointer>,
    pub(super) fields: BTreeMap<Field, Origin>,
    /// By folded word.
    pub(super) severities: BTreeMap<String, Severity>,
    /// By folded word.
    pub(super) statuses: BTreeMap<String, FindingStatus>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// The first that is there.
    Message(Vec<Pointer>),
    /// The same for every message.
    Constant(Value),
}

/// One thing that is wrong with a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// The key it stands at: `fields.severity`. Empty for the document.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// Everything that is wrong with a mapping, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, key, problem, remedy } = self;
        let key = if key.is_empty() { "the mapping" } else { key };
        write!(f, "line {line}: {key} {problem}. {remedy}")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the mapping can't be used: ")?;
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// [`Faults`], all of them at once.
    pub fn read(text: &str) -> Result<Self, Faults> {
        super::parse::mapping(text)
    }

    /// Whether the mapping says anything of this field.
    pub fn maps(&self, field: Field) -> bool {
        self.fields.contains_key(&field)
    }

    /// The value of a field and the pointer it was found at; null, and none, where there is none.
    pub(super) fn find<'a>(
        &'a self,
        field: Field,
        message: &'a Value,
    ) -> (&'a Value, Option<&'a Pointer>) {
        match self.fields.get(&field) {
            None => (&NULL, None),
            Some(Origin::Constant(value)) => (value, None),
            Some(Origin::Message(pointers)) => pointers
                .iter()
                .find_map(|pointer| Some((pointer.find(message).filter(given)?, Some(pointer))))
                .unwrap_or((&NULL, None)),
        }
    }

    /// Where in a message a field's value stands, as a pointer.
    pub fn place(&self, field: Field, message: &Value) -> Option<&str> {
        match self.fields.get(&field)? {
            Origin::Constant(_) => None,
            Origin::Message(pointers) => pointers
                .iter()
                .find(|pointer| pointer.find(message).as_ref().is_some_and(given))
                .map(Pointer::as_str),
        }
    }
}

/// Templates write `""` or `[]` where they have no value, so what is empty is no value.
fn given(value: &&Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}
