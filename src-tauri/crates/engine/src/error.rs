use firebreak_core::ports::{OutsideError, VaultError};
use firebreak_store::StoreError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// Policy or state says no. Not a failure.
    #[error("{0}")]
    Refused(String),
    /// What is there now is not what was approved.
    #[error("{0}")]
    Drifted(String),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// The keychain failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A vendor or cloud failed.
    #[error("{}", with_remedy(.0))]
    Outside(#[from] OutsideError),
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing { table, id } => Self::NotFound(format!("{table} {id}")),
            StoreError::Conflict { .. } => Self::Refused(error.to_string()),
            other => Self::Store(other),
        }
    }
}

/// What went wrong as a sentence, then what to do about it.
fn with_remedy(error: &OutsideError) -> String {
    let said = error.to_string();
    match error.remedy.as_deref() {
        Some(remedy) => format!("{}. {remedy}", said.trim_end_matches('.')),
        None => said,
    }
}
