//! The login keychain of macOS.

use std::any::Any;
use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use firebreak_core::ports::KeychainState;
use keyring_core::{CredentialStore, Error as StoreError};
use security_framework::base::Error as AppleError;
use security_framework::os::macos::keychain::SecKeychain;

use crate::entries::Platform;
use crate::fault::Fault;

pub(crate) const PLATFORM: Platform = Platform { open, hush, judge, unlock, limit: None };

fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    Store::new().map(|store| store as Arc<CredentialStore>)
}

/// Without this, reading from a locked keychain asks for its password.
fn hush() -> Box<dyn Any> {
    Box::new(SecKeychain::disable_user_interaction().ok())
}

fn unlock() -> Result<(), Fault> {
    let unlocked = SecKeychain::default().and_then(|mut keychain| keychain.unlock(None));
    unlocked.map_err(|error| fault(error.code(), &error.to_string()))
}

fn judge(error: StoreError) -> Fault {
    match error {
        StoreError::NoStorageAccess(ref source) | StoreError::PlatformFailure(ref source) => {
            match source.downcast_ref::<AppleError>() {
                Some(apple) => fault(apple.code(), &apple.to_string()),
                None => unavailable("the login keychain can't be opened"),
            }
        }
        StoreError::TooLong(_, limit) => {
            Fault::TooLong { limit: usize::try_from(limit).unwrap_or(usize::MAX) }
        }
        StoreError::NoEntry => Fault::Failed("no such item".to_owned()),
        // The rest may carry the bytes that were read, so only its kind is told.
        _ => Fault::Failed("the item has an unexpected form".to_owned()),
    }
}

/// Codes: Apple, Security framework result codes (SecBase.h).
fn fault(code: i32, text: &str) -> Fault {
    match code {
        // errSecInteractionNotAllowed, errSecInteractionRequired, errSecAuthFailed
        -25308 | -25315 | -25293 => Fault::Closed(KeychainState::Locked),
        // errSecNoSuchKeychain, errSecNoDefaultKeychain
        -25294 | -25307 => Fault::Closed(KeychainState::NoCollection),
        // errSecUserCanceled
        -128 => Fault::Dismissed,
        // errSecNotAvailable
        -25291 => unavailable("no keychain is available"),
        _ => Fault::Failed(format!("{text} ({code})")),
    }
}

fn unavailable(detail: impl Into<String>) -> Fault {
    Fault::Closed(KeychainState::Unavailable(detail.into()))
}
