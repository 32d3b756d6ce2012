//! The Credential Manager of Windows. It is open whenever the person is signed in.

use std::any::Any;
use std::sync::Arc;

use firebreak_core::ports::KeychainState;
use keyring_core::{CredentialStore, Error as StoreError};
use windows_native_keyring_store::Store;

use crate::entries::Platform;
use crate::fault::Fault;

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE` (wincred.h): 5 x 512 bytes.
const LIMIT: usize = 2_560;

pub(crate) const PLATFORM: Platform = Platform { open, hush, judge, unlock, limit: Some(LIMIT) };

fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    Store::new().map(|store| store as Arc<CredentialStore>)
}

/// The Credential Manager never prompts for generic credentials.
fn hush() -> Box<dyn Any> {
    Box::new(())
}

fn unlock() -> Result<(), Fault> {
    Ok(())
}

fn judge(error: StoreError) -> Fault {
    match error {
        StoreError::NoStorageAccess(source) => {
            unavailable(format!("the Credential Manager refused: {source}"))
        }
        StoreError::PlatformFailure(source) => Fault::Failed(source.to_string()),
        StoreError::TooLong(_, _) => Fault::TooLong { limit: LIMIT },
        StoreError::NoEntry => Fault::Failed("no such item".to_owned()),
        // The rest may carry the bytes that were read, so only its kind is told.
        _ => Fault::Failed("the item has an unexpected form".to_owned()),
    }
}

fn unavailable(detail: impl Into<String>) -> Fault {
    Fault::Closed(KeychainState::Unavailable(detail.into()))
}
