//! The OS keychain as the engine's vault and signer.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use firebreak_core::ports::{
    KeyName, KeychainState, Secret, SecretName, Signer, Vault, VaultError,
};
use secrecy::{ExposeSecret, SecretSlice};
use tokio::time::{Instant, sleep};
use zeroize::Zeroize;

use crate::item::Item;
use crate::key;
use crate::patience::Patience;
use crate::system;

/// Longer than another program needs to make a key.
const LOCK_PATIENCE: Duration = Duration::from_secs(15);
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// The keychain of this system, seen through one workspace.
///
/// It never falls back to a file, never caches a secret and never prompts except in
/// [`Vault::unlock`]. Calls take turns and have deadlines. A keychain that is closed, or that was
/// not there at the start, is asked again by each call, so it needs no restart once it opens.
pub struct Keychain {
    native: system::Native,
    workspace: String,
    lock_file: PathBuf,
}

impl Keychain {
    /// The part of the keychain that belongs to a workspace. Touches nothing yet.
    ///
    /// `lock_file` is a path inside the workspace's folder. It is created when a key is made and
    /// stays empty: it keeps two programs from making the same key at once.
    pub fn new(workspace: impl Into<String>, lock_file: impl Into<PathBuf>) -> Self {
        Self {
            native: system::open(Patience::default()),
            workspace: workspace.into(),
            lock_file: lock_file.into(),
        }
    }

    fn item(&self, name: &str) -> Item {
        Item::new(&self.workspace, name)
    }

    /// A name that the vault may touch. Keys are the signer's alone.
    fn credential(&self, name: &SecretName) -> Result<Item, VaultError> {
        let name = name.as_str();
        if name.is_empty() || name.starts_with(key::PREFIX) {
            return Err(VaultError::Failed(format!("{name:?} is not the name of a credential")));
        }
        Ok(self.item(name))
    }

    async fn load(&self, key: KeyName) -> Result<Option<SecretSlice<u8>>, VaultError> {
        let name = key::name(key);
        let stored = self.native.read(&self.item(name)).await;
        stored.map_err(|fault| fault.about(name, 0))
    }

    async fn load_existing(&self, key: KeyName) -> Result<SecretSlice<u8>, VaultError> {
        self.load(key).await?.ok_or_else(|| VaultError::Missing(key::name(key).to_owned()))
    }

    /// Holds off every other program that makes keys for this workspace, for as long as the
    /// returned file is open.
    async fn making_keys(&self) -> Result<File, VaultError> {
        let unusable = |error: std::io::Error| {
            VaultError::Failed(format!("{} can't be locked: {error}", self.lock_file.display()))
        };
        let file = File::options().create(true).truncate(false).write(true).open(&self.lock_file);
        let file = file.map_err(unusable)?;
        let give_up = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= give_up => {
                    return Err(VaultError::TimedOut(LOCK_PATIENCE.as_secs()));
                }
                Err(TryLockError::WouldBlock) => sleep(LOCK_INTERVAL).await,
            }
        }
    }
}

#[async_trait]
impl Vault for Keychain {
    async fn state(&self) -> KeychainState {
        self.native.state().await
    }

    async fn unlock(&self) -> KeychainState {
        match self.native.unlock().await {
            Ok(state) => state,
            Err(fault) => {
                tracing::info!(?fault, "the keychain was not unlocked");
                self.native.state().await
            }
        }
    }

    async fn read(&self, name: &SecretName) -> Result<Option<Secret>, VaultError> {
        let item = self.credential(name)?;
        let read = self.native.read(&item).await;
        match read.map_err(|fault| fault.about(name.as_str(), 0))? {
            Some(bytes) => text(name, &bytes).map(Some),
            None => Ok(None),
        }
    }

    async fn write(&self, name: &SecretName, secret: Secret) -> Result<(), VaultError> {
        let item = self.credential(name)?;
        let length = secret.expose().len();
        let bytes = SecretSlice::from(Box::<[u8]>::from(secret.expose().as_bytes()));
        let written = self.native.write(&item, &bytes).await;
        written.map_err(|fault| fault.about(name.as_str(), length))
    }

    async fn delete(&self, name: &SecretName) -> Result<(), VaultError> {
        let item = self.credential(name)?;
        let deleted = self.native.delete(&item).await;
        deleted.map_err(|fault| fault.about(name.as_str(), 0))
    }
}

#[async_trait]
impl Signer for Keychain {
    async fn create_if_absent(&self, key: KeyName) -> Result<[u8; 32], VaultError> {
        if let Some(existing) = self.load(key).await? {
            return key::public(key, &existing);
        }
        let _only_maker = self.making_keys().await?;
        if let Some(existing) = self.load(key).await? {
            return key::public(key, &existing);
        }
        let name = key::name(key);
        let encoded = key::make()?;
        let length = encoded.expose_secret().len();
        let written = self.native.write(&self.item(name), &encoded).await;
        written.map_err(|fault| fault.about(name, length))?;
        // What counts is what the keychain now holds, so that is what is answered.
        key::public(key, &self.load_existing(key).await?)
    }

    async fn public_key(&self, key: KeyName) -> Result<[u8; 32], VaultError> {
        key::public(key, &self.load_existing(key).await?)
    }

    async fn sign(&self, key: KeyName, message: &[u8]) -> Result<[u8; 64], VaultError> {
        key::sign(key, &self.load_existing(key).await?, message)
    }
}

fn text(name: &SecretName, bytes: &SecretSlice<u8>) -> Result<Secret, VaultError> {
    let mut copy = bytes.expose_secret().to_vec();
    match String::from_utf8(copy) {
        Ok(text) => Ok(Secret::new(text)),
        Err(not_text) => {
            copy = not_text.into_bytes();
            copy.zeroize();
            Err(VaultError::Failed(format!("{} is not text", name.as_str())))
        }
    }
}
