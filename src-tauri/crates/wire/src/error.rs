use serde::Serialize;
use ts_rs::TS;

/// What a command answers when it can't do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct WireError {
    pub code: ErrorCode,
    /// One or two sentences for a person: what failed and what to do. Never a secret.
    pub message: String,
    pub retryable: bool,
}

/// A code exists only where the interface branches on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// The request itself was wrong.
    Invalid,
    NotFound,
    /// Policy or state says no. Not a failure.
    Refused,
    /// What was read no longer matches what was approved.
    Drifted,
    /// The keychain is missing or locked.
    Keychain,
    /// A vendor, cloud or model could not be reached or answered with an error.
    Upstream,
    /// The disk or database can't be written.
    Storage,
    Internal,
}
