use serde::Serialize;
use ts_rs::TS;

/// Where an address that the system handed to the console leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum LinkTarget {
    /// To an incident that there is.
    Incident { id: String },
    /// Nowhere, and why.
    Nowhere { message: String },
}
