//! A keychain in memory whose state tests can switch.
//!
//! Only the tests of other crates turn the feature `memory` on; no program does.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use firebreak_core::ports::{
    KeyName, KeychainState, Secret, SecretName, Signer, Vault, VaultError,
};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::key;

/// Keeps what it is given until it is dropped.
pub struct MemoryVault {
    held: Mutex<Held>,
}

struct Held {
    state: KeychainState,
    unlocks_asked: usize,
    credentials: HashMap<String, SecretString>,
    keys: HashMap<KeyName, SecretSlice<u8>>,
}

impl Held {
    fn key(&self, key: KeyName) -> Result<&SecretSlice<u8>, VaultError> {
        self.keys.get(&key).ok_or_else(|| VaultError::Missing(key::name(key).to_owned()))
    }
}

impl MemoryVault {
    /// An unlocked, empty keychain.
    pub fn new() -> Self {
        let held = Held {
            state: KeychainState::Unlocked,
            unlocks_asked: 0,
            credentials: HashMap::new(),
            keys: HashMap::new(),
        };
        Self { held: Mutex::new(held) }
    }

    /// Switches the state. What is stored stays.
    pub fn set_state(&self, state: KeychainState) {
        self.held().state = state;
    }

    /// How often the person would have been asked to unlock.
    pub fn unlocks_asked(&self) -> usize {
        self.held().unlocks_asked
    }

    /// Loses a key, as a reset keychain does.
    pub fn lose_key(&self, key: KeyName) {
        self.held().keys.remove(&key);
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn open(&self) -> Result<std::sync::MutexGuard<'_, Held>, VaultError> {
        let held = self.held();
        match held.state {
            KeychainState::Unlocked => Ok(held),
            ref closed => Err(VaultError::NotUsable(closed.clone())),
        }
    }
}

impl Default for MemoryVault {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn state(&self) -> KeychainState {
        self.held().state.clone()
    }

    /// The person types the right password, where there is a keychain to unlock.
    async fn unlock(&self) -> KeychainState {
        let mut held = self.held();
        held.unlocks_asked += 1;
        if matches!(held.state, KeychainState::Locked | KeychainState::NoCollection) {
            held.state = KeychainState::Unlocked;
        }
        held.state.clone()
    }

    async fn read(&self, name: &SecretName) -> Result<Option<Secret>, VaultError> {
        let held = self.open()?;
        let found = held.credentials.get(name.as_str());
        Ok(found.map(|secret| Secret::new(secret.expose_secret())))
    }

    async fn write(&self, name: &SecretName, secret: Secret) -> Result<(), VaultError> {
        let kept = SecretString::from(secret.expose());
        self.open()?.credentials.insert(name.as_str().to_owned(), kept);
        Ok(())
    }

    async fn delete(&self, name: &SecretName) -> Result<(), VaultError> {
        self.open()?.credentials.remove(name.as_str());
        Ok(())
    }
}

#[async_trait]
impl Signer for MemoryVault {
    async fn create_if_absent(&self, key: KeyName) -> Result<[u8; 32], VaultError> {
        let mut held = self.open()?;
        if let Some(stored) = held.keys.get(&key) {
            return key::public(key, stored);
        }
        let made = key::make()?;
        let public = key::public(key, &made)?;
        held.keys.insert(key, made);
        Ok(public)
    }

    async fn public_key(&self, key: KeyName) -> Result<[u8; 32], VaultError> {
        key::public(key, self.open()?.key(key)?)
    }

    async fn sign(&self, key: KeyName, message: &[u8]) -> Result<[u8; 64], VaultError> {
        key::sign(key, self.open()?.key(key)?, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_behaves_like_a_keychain() {
        let vault = MemoryVault::new();
        let name = SecretName::new("source/wiz");
        assert!(vault.read(&name).await.unwrap().is_none());
        vault.write(&name, Secret::new("value")).await.unwrap();
        let public = vault.create_if_absent(KeyName::Approver).await.unwrap();

        vault.set_state(KeychainState::Locked);
        let locked = VaultError::NotUsable(KeychainState::Locked);
        assert_eq!(vault.read(&name).await.map(|_| ()), Err(locked.clone()));
        assert_eq!(vault.sign(KeyName::Approver, b"digest").await, Err(locked));
        assert_eq!(vault.unlocks_asked(), 0);
        assert_eq!(vault.unlock().await, KeychainState::Unlocked);
        assert_eq!(vault.unlocks_asked(), 1);

        assert_eq!(vault.read(&name).await.unwrap().unwrap().expose(), "value");
        assert_eq!(vault.create_if_absent(KeyName::Approver).await, Ok(public));
        vault.lose_key(KeyName::Approver);
        let missing = VaultError::Missing("key/approver".to_owned());
        assert_eq!(vault.public_key(KeyName::Approver).await, Err(missing));
        vault.delete(&name).await.unwrap();
        assert!(vault.read(&name).await.unwrap().is_none());
    }
}
