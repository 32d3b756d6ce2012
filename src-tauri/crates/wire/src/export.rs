use serde::Serialize;
use ts_rs::TS;

/// A file that was written for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ExportedFile {
    pub path: String,
    pub bytes: u32,
    /// Of what is in it; the audit log has the same.
    pub sha256: String,
}
