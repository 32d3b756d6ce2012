use std::path::PathBuf;

use firebreak_core::ports::VaultError;
use firebreak_engine::EngineError;
use firebreak_store::StoreError;
use firebreak_wire::{ErrorCode, WireError};

/// Why the desk did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The workspace's folder can't be used.
    #[error("can't use the workspace {path}: {source}")]
    Home {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no workspace there.
    #[error("{0} is not a workspace yet; make one with `firebreakctl init`")]
    NoWorkspace(PathBuf),
    /// Another Firebreak works on it.
    #[error("another Firebreak is open on {0}; do this there, or close it first")]
    Busy(PathBuf),
    /// A file for people could not be written.
    #[error("can't write {path}: {source}; {remedy}")]
    Export {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// This desk was opened to read only.
    #[error("this workspace was opened to read only")]
    ReadOnly,
    /// The request is wrong.
    #[error("{0}")]
    Invalid(String),
    /// State says no.
    #[error("{0}")]
    Refused(String),
    /// A use case failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<VaultError> for DeskError {
    fn from(error: VaultError) -> Self {
        Self::Engine(error.into())
    }
}

impl DeskError {
    /// The error as it crosses to a person's screen.
    pub fn to_wire(&self) -> WireError {
        let (code, retryable) = match self {
            Self::Home { .. } | Self::Export { .. } => (ErrorCode::Storage, true),
            Self::NoWorkspace(_) | Self::Invalid(_) => (ErrorCode::Invalid, false),
            Self::Busy(_) | Self::ReadOnly | Self::Refused(_) => (ErrorCode::Refused, false),
            Self::Engine(error) => match error {
                EngineError::Invalid(_) => (ErrorCode::Invalid, false),
                EngineError::NotFound(_) => (ErrorCode::NotFound, false),
                EngineError::Refused(_) => (ErrorCode::Refused, false),
                EngineError::Drifted(_) => (ErrorCode::Drifted, false),
                EngineError::Store(error) if error.is_storage() => (ErrorCode::Storage, true),
                EngineError::Store(_) => (ErrorCode::Internal, false),
                EngineError::Vault(_) => (ErrorCode::Keychain, true),
                EngineError::Outside(_) => (ErrorCode::Upstream, true),
            },
        };
        WireError { code, message: self.to_string(), retryable }
    }
}
