//! An incident that one person hands to another.

use crate::{HandoverId, IncidentId, Timestamp};

/// One handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Which.
    pub id: HandoverId,
    /// Of which incident.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
    /// Who gave it away.
    pub by: String,
    /// To whom.
    pub to: String,
    /// What is done and what is next, in Markdown.
    pub note: String,
}
