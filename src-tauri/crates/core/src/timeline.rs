//! The timeline of an incident.

use serde::{Deserialize, Serialize};

use crate::{EvidenceId, Timestamp};

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The attacker or the workload did something.
    Activity,
    /// A source told us.
    Finding,
    /// A person or Firebreak decided.
    Decision,
    /// A person wrote something down.
    Note,
    /// A person wrote down what is done and what is next, for the one they handed it to.
    Handover,
    /// A call changed the cloud.
    Containment,
    /// A proof was read.
    Proof,
}

impl EntryKind {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Finding => "finding",
            Self::Decision => "decision",
            Self::Note => "note",
            Self::Handover => "handover",
            Self::Containment => "containment",
            Self::Proof => "proof",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Activity,
            Self::Finding,
            Self::Decision,
            Self::Note,
            Self::Handover,
            Self::Containment,
            Self::Proof,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What sort.
    pub kind: EntryKind,
    /// Who: a source's name, a person, `firebreak`.
    pub actor: String,
    /// One line, but for notes and handovers. Untrusted where the kind is activity or finding.
    pub text: String,
    /// The fact behind it.
    pub evidence: Option<EvidenceId>,
}
