//! How long the keychain may take.

use std::time::Duration;

/// Deadlines for calls to the keychain. Waiting for another call to end counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Asking how the keychain is doing.
    pub(crate) state: Duration,
    /// One read, write or delete.
    pub(crate) call: Duration,
    /// A prompt that the person asked for.
    pub(crate) prompt: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // The state is promised within a second.
            state: Duration::from_millis(800),
            call: Duration::from_secs(5),
            // Long enough to find a password, short enough that a prompt which never came up
            // (no display) does not block the next attempt for long.
            prompt: Duration::from_secs(120),
        }
    }
}
