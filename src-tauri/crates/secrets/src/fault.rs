//! What an OS keychain can answer instead of a secret.

use std::time::Duration;

use firebreak_core::ports::{KeychainState, VaultError};

/// Why the OS keychain did not do what was asked. Never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The keychain is not open; the state says in which way.
    Closed(KeychainState),
    /// The person closed the prompt, or it closed itself.
    Dismissed,
    /// A prompt of ours is on the screen already.
    Prompting,
    /// The call did not end in time. A write may have happened.
    TimedOut(Duration),
    /// The keychain takes no more than this many bytes for one credential.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "the Secret Service has no limit"))]
    TooLong { limit: usize },
    /// The keychain is open but the call failed.
    Failed(String),
}

impl Fault {
    /// The fault in the words of the port, about this secret.
    pub(crate) fn about(self, name: &str, length: usize) -> VaultError {
        match self {
            Self::Closed(state) => VaultError::NotUsable(state),
            Self::Dismissed | Self::Prompting => VaultError::NotUsable(KeychainState::Locked),
            Self::TimedOut(limit) => VaultError::TimedOut(limit.as_secs()),
            Self::TooLong { limit } => VaultError::TooLong { name: name.to_owned(), length, limit },
            Self::Failed(detail) => VaultError::Failed(format!("{name}: {detail}")),
        }
    }
}
