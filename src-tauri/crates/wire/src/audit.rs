use chrono::{DateTime, Utc};
use serde::Serialize;
use ts_rs::TS;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct AuditRow {
    /// Position in the log, from 0.
    #[ts(type = "number")]
    pub index: u64,
    pub at: DateTime<Utc>,
    pub actor: String,
    /// `step_approved`, `alerts_stored`, …
    pub kind: String,
    /// What it is about (`INC-12`, a step id, a source's name).
    pub subject: String,
    /// One sentence.
    pub text: String,
    /// The record's canonical JSON, exactly the bytes that were hashed.
    pub body: String,
    pub leaf_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct AuditPage {
    /// Newest first.
    pub rows: Vec<AuditRow>,
    #[ts(type = "number")]
    pub size: u64,
    /// Give this as `before` to get the next, older page.
    #[ts(type = "number | null")]
    pub next: Option<u64>,
}

/// What a verification of the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct AuditVerdict {
    pub ok: bool,
    #[ts(type = "number")]
    pub size: u64,
    /// Records covered by the newest signed checkpoint.
    #[ts(type = "number | null")]
    pub signed_size: Option<u64>,
    pub root: String,
    pub checked_at: DateTime<Utc>,
    /// Name of the key that signs the checkpoints, C2SP signed-note form.
    pub key: Option<String>,
    /// Whether the copy of the newest checkpoint kept outside the database could be read and agrees.
    pub anchor: AnchorState,
    /// Index of the first bad record, where one is known.
    #[ts(type = "number | null")]
    pub first_bad: Option<u64>,
    /// In words: what is wrong, or that all is well.
    pub text: String,
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AnchorState {
    Agrees,
    /// The anchor knows a longer log than the database holds, or another one.
    Disagrees,
    /// The keychain can't be read now, so truncation can't be ruled out.
    Unreadable,
    /// Nothing was signed yet.
    Absent,
}
