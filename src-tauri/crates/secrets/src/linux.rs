//! The Secret Service (gnome-keyring, KWallet, KeePassXC) over D-Bus.
//!
//! This speaks to the service through the `secret-service` crate rather than through the keyring
//! store built on it. That store unlocks whatever its search returns as locked, so each background
//! read of a locked keychain opens a prompt, and its blocking calls can't be abandoned when the
//! service hangs. Here a read never asks for an unlock, and every call is a future with a deadline.
//! Items carry the same `service` and `username` attributes, so other keyring tools find them.
//!
//! No key or secret is cached; what is kept between calls is the connection.

mod bus;

use std::collections::HashMap;
use std::time::Duration;

use firebreak_core::ports::KeychainState;
use secrecy::{ExposeSecret, SecretSlice};
use secret_service::{EncryptionType, Error as ServiceError, SecretService};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::fault::Fault;
use crate::item::Item;
use crate::patience::Patience;
use bus::Bus;

/// Says whose item this is, beside the attributes that other keyring tools use.
const APPLICATION: &str = "firebreak";
const CONTENT_TYPE: &str = "application/octet-stream";
const DEFAULT_ALIAS: &str = "default";

pub(crate) struct SecretServiceKeychain {
    bus: Bus,
    /// The queue of calls: whoever holds it talks to the service, alone. Waiting for it counts
    /// against the caller's deadline.
    session: Mutex<Option<SecretService<'static>>>,
    /// Held while a prompt is on the screen.
    prompt: Mutex<()>,
    patience: Patience,
}

enum Request<'a> {
    Read,
    Write(&'a SecretSlice<u8>),
    Delete,
}

impl SecretServiceKeychain {
    /// Opens nothing yet: the first call does, and each call after a failure tries again.
    pub(crate) fn new(patience: Patience) -> Self {
        Self { bus: Bus::default(), session: Mutex::new(None), prompt: Mutex::new(()), patience }
    }

    /// How the keychain is doing. Never prompts, and answers within [`Patience::state`].
    pub(crate) async fn state(&self) -> KeychainState {
        match timeout(self.patience.state, self.bus.state()).await {
            Ok(state) => state,
            Err(_) => {
                self.bus.forget().await;
                KeychainState::Unavailable(no_answer(self.patience.state))
            }
        }
    }

    /// The secret of an item. `None` only from an open keychain that has no such item.
    pub(crate) async fn read(&self, item: &Item) -> Result<Option<SecretSlice<u8>>, Fault> {
        self.call(item, Request::Read).await
    }

    /// Stores a secret, replacing what the item held.
    pub(crate) async fn write(&self, item: &Item, secret: &SecretSlice<u8>) -> Result<(), Fault> {
        self.call(item, Request::Write(secret)).await.map(drop)
    }

    /// Removes an item. Removing what is not there succeeds.
    pub(crate) async fn delete(&self, item: &Item) -> Result<(), Fault> {
        self.call(item, Request::Delete).await.map(drop)
    }

    /// Asks the person to unlock the default keyring, or to make one. The only call that prompts.
    ///
    /// Runs beside the queue on a connection of its own, so that background calls still get their
    /// answer (locked) while the prompt is open.
    pub(crate) async fn unlock(&self) -> Result<KeychainState, Fault> {
        let Ok(_one_prompt) = self.prompt.try_lock() else {
            return Err(Fault::Prompting);
        };
        match timeout(self.patience.prompt, self.prompt_if_needed()).await {
            Ok(result) => result?,
            Err(_) => return Err(Fault::Dismissed),
        }
        Ok(self.state().await)
    }

    async fn prompt_if_needed(&self) -> Result<(), Fault> {
        let state = self.state().await;
        if matches!(state, KeychainState::Unlocked | KeychainState::Unavailable(_)) {
            return Ok(());
        }
        let service =
            SecretService::connect(EncryptionType::Dh).await.map_err(|error| failed(&error))?;
        let asked = match service.get_default_collection().await {
            Ok(collection) => collection.unlock().await,
            Err(ServiceError::NoResult) => {
                service.create_collection("Default keyring", DEFAULT_ALIAS).await.map(drop)
            }
            Err(error) => Err(error),
        };
        asked.map_err(|error| match error {
            ServiceError::Prompt | ServiceError::PromptDisconnected => Fault::Dismissed,
            error => failed(&error),
        })
    }

    async fn call(
        &self,
        item: &Item,
        request: Request<'_>,
    ) -> Result<Option<SecretSlice<u8>>, Fault> {
        match timeout(self.patience.call, self.call_in_turn(item, &request)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimedOut(self.patience.call)),
        }
    }

    /// Every request gives the same result when made twice, so one that met a broken connection or
    /// a restarted service is made again on a new one.
    async fn call_in_turn(
        &self,
        item: &Item,
        request: &Request<'_>,
    ) -> Result<Option<SecretSlice<u8>>, Fault> {
        let mut session = self.session.lock().await;
        let mut last = None;
        for _attempt in 0..2 {
            let state = self.state().await;
            if state != KeychainState::Unlocked {
                return Err(Fault::Closed(state));
            }
            match attempt(&mut session, item, request).await {
                Ok(found) => return Ok(found),
                Err(error) if is_locked(&error) => {
                    return Err(Fault::Closed(KeychainState::Locked));
                }
                Err(error) => last = Some(failed(&error)),
            }
        }
        Err(last.unwrap_or_else(|| Fault::Failed("the keychain was not asked".to_owned())))
    }
}

/// Makes the request once. The session goes back only after a success: one that failed, or that
/// was abandoned at its deadline, is dropped and the next attempt opens its own.
async fn attempt(
    kept: &mut Option<SecretService<'static>>,
    item: &Item,
    request: &Request<'_>,
) -> Result<Option<SecretSlice<u8>>, ServiceError> {
    let service = match kept.take() {
        Some(service) => service,
        None => SecretService::connect(EncryptionType::Dh).await?,
    };
    let found = match request {
        Request::Read => read(&service, item).await?,
        Request::Write(secret) => write(&service, item, secret).await.map(|()| None)?,
        Request::Delete => delete(&service, item).await.map(|()| None)?,
    };
    *kept = Some(service);
    Ok(found)
}

async fn read(
    service: &SecretService<'_>,
    item: &Item,
) -> Result<Option<SecretSlice<u8>>, ServiceError> {
    let found = service.search_items(attributes(item)).await?;
    match found.unlocked.first() {
        Some(entry) => Ok(Some(crate::item::sealed(entry.get_secret().await?))),
        None if found.locked.is_empty() => Ok(None),
        None => Err(ServiceError::Locked),
    }
}

async fn write(
    service: &SecretService<'_>,
    item: &Item,
    secret: &SecretSlice<u8>,
) -> Result<(), ServiceError> {
    let found = service.search_items(attributes(item)).await?;
    if let Some(entry) = found.unlocked.first() {
        return entry.set_secret(secret.expose_secret(), CONTENT_TYPE).await;
    }
    if !found.locked.is_empty() {
        return Err(ServiceError::Locked);
    }
    let collection = service.get_default_collection().await?;
    collection
        .create_item(
            &item.label(),
            labelled_attributes(item),
            secret.expose_secret(),
            true,
            CONTENT_TYPE,
        )
        .await
        .map(drop)
}

async fn delete(service: &SecretService<'_>, item: &Item) -> Result<(), ServiceError> {
    let found = service.search_items(attributes(item)).await?;
    if !found.locked.is_empty() {
        return Err(ServiceError::Locked);
    }
    for entry in found.unlocked {
        entry.delete().await?;
    }
    Ok(())
}

fn attributes(item: &Item) -> HashMap<&str, &str> {
    HashMap::from([("service", item.service()), ("username", item.user())])
}

fn labelled_attributes(item: &Item) -> HashMap<&str, &str> {
    let mut attributes = attributes(item);
    attributes.insert("application", APPLICATION);
    attributes
}

fn is_locked(error: &ServiceError) -> bool {
    match error {
        ServiceError::Locked => true,
        ServiceError::Zbus(error) => {
            bus::error_name(error) == Some("org.freedesktop.Secret.Error.IsLocked")
        }
        _ => false,
    }
}

fn failed(error: &ServiceError) -> Fault {
    Fault::Failed(error.to_string())
}

fn no_answer(limit: Duration) -> String {
    format!("the Secret Service did not answer within {:.1} s", limit.as_secs_f32())
}
