use std::process::ExitCode;
use std::sync::Arc;

use firebreak_desk::{Desk, DeskError};
use firebreak_wire::{ErrorCode, WireError};
use serde::Serialize;

use crate::output::{clean, err, out, out_document};

/// What every command needs.
pub struct Context {
    pub desk: Arc<Desk>,
    pub json: bool,
}

impl Context {
    /// Prints the value as JSON, or the text that people read.
    pub fn print<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            out_document(value);
        } else {
            out(text(value).trim_end());
        }
    }
}

/// How a command ends when it does not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// From the desk.
    #[error("{}", .0.message)]
    Wire(WireError),
    /// The command line was wrong in a way that the parser can't see.
    #[error("{0}")]
    Usage(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        Self::Wire(error.to_wire())
    }
}

impl Failure {
    /// Says what is wrong on standard error (and as JSON on standard output), and picks the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        err(&format!("firebreakctl: {}", clean(&self.to_string())));
        let (code, exit) = match self {
            Self::Wire(error) => (
                serde_json::to_value(error.code).unwrap_or_default(),
                match error.code {
                    ErrorCode::Refused | ErrorCode::Drifted => 3,
                    ErrorCode::Invalid
                    | ErrorCode::NotFound
                    | ErrorCode::Keychain
                    | ErrorCode::Upstream
                    | ErrorCode::Storage
                    | ErrorCode::Internal => 1,
                },
            ),
            Self::Usage(_) => ("usage".into(), 2),
            Self::Failed(_) => ("failed".into(), 1),
        };
        if json {
            out_document(
                &serde_json::json!({ "error": { "code": code, "message": self.to_string() } }),
            );
        }
        ExitCode::from(exit)
    }
}
