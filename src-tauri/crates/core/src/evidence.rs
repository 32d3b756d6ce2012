//! Evidence: facts with an id, a source, a time and the hash of the bytes they came from.

use serde::{Deserialize, Serialize};

use crate::{EvidenceId, Timestamp};

/// One fact of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `E1`, `E2`, … within the incident; never reused.
    pub id: EvidenceId,
    /// Source's name, or `aws`.
    pub source: String,
    /// When it was so.
    pub at: Timestamp,
    /// One line. Untrusted.
    pub text: String,
    /// SHA-256, hex, of the alert or answer it was read from.
    pub sha256: String,
}

/// The id of the `number`-th fact, counting from one.
pub fn evidence_id(number: usize) -> EvidenceId {
    EvidenceId::new(format!("E{number}"))
}
