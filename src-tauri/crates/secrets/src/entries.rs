//! The keychains of macOS and Windows, through `keyring-core` and the system's own store.
//!
//! Their calls block and can't be abandoned, so each runs on a thread kept for blocking work and
//! keeps its turn until it is really over: a call that outlives its caller's deadline makes the
//! next one wait, and never piles up threads.

use std::any::Any;
use std::sync::Arc;

use firebreak_core::ports::KeychainState;
use keyring_core::{CredentialStore, Entry, Error as StoreError};
use secrecy::{ExposeSecret, SecretSlice};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::time::timeout;

use crate::fault::Fault;
use crate::item::{Item, sealed};
use crate::patience::Patience;

/// What differs from system to system.
#[derive(Clone, Copy)]
pub(crate) struct Platform {
    /// Opens the system's store.
    pub(crate) open: fn() -> keyring_core::Result<Arc<CredentialStore>>,
    /// Forbids prompts in this process for as long as the returned guard lives.
    pub(crate) hush: fn() -> Box<dyn Any>,
    /// Reads the system's error.
    pub(crate) judge: fn(StoreError) -> Fault,
    /// Asks the person to unlock.
    pub(crate) unlock: fn() -> Result<(), Fault>,
    /// The most bytes one credential can hold.
    pub(crate) limit: Option<usize>,
}

pub(crate) struct EntryKeychain {
    platform: Platform,
    /// The queue of calls, with the store once it is open.
    turn: Arc<Mutex<Option<Arc<CredentialStore>>>>,
    /// One permit, taken while a prompt is on the screen.
    prompt: Semaphore,
    patience: Patience,
}

impl EntryKeychain {
    /// Opens nothing yet: the first call does, and each call after a failure tries again.
    pub(crate) fn new(platform: Platform, patience: Patience) -> Self {
        Self { platform, turn: Arc::default(), prompt: Semaphore::new(1), patience }
    }

    /// How the keychain is doing, without prompting.
    ///
    /// These systems don't say it in so many words, so a canary is read, and written when it is
    /// not there: a locked keychain refuses both while prompts are forbidden.
    pub(crate) async fn state(&self) -> KeychainState {
        if self.prompt.available_permits() == 0 {
            return KeychainState::Locked;
        }
        let asked = timeout(self.patience.state, self.in_turn(canary(), touch)).await;
        match asked {
            Ok(Ok(())) => KeychainState::Unlocked,
            Ok(Err(Fault::Closed(state))) => state,
            Ok(Err(Fault::Failed(detail))) => KeychainState::Unavailable(detail),
            Ok(Err(other)) => KeychainState::Unavailable(format!("{other:?}")),
            Err(_) => KeychainState::Unavailable("it did not answer in time".to_owned()),
        }
    }

    /// The secret of an item. `None` only from an open keychain that has no such item.
    pub(crate) async fn read(&self, item: &Item) -> Result<Option<SecretSlice<u8>>, Fault> {
        let read = self
            .call(item, |entry| match entry.get_secret() {
                Ok(bytes) => Ok(Some(sealed(bytes))),
                Err(StoreError::NoEntry) => Ok(None),
                Err(error) => Err(error),
            })
            .await?;
        if read.is_none() {
            // A system that answers "no entry" for a locked keychain must not look empty.
            match self.state().await {
                KeychainState::Unlocked => {}
                closed => return Err(Fault::Closed(closed)),
            }
        }
        Ok(read)
    }

    /// Stores a secret, replacing what the item held.
    pub(crate) async fn write(&self, item: &Item, secret: &SecretSlice<u8>) -> Result<(), Fault> {
        if let Some(limit) =
            self.platform.limit.filter(|limit| secret.expose_secret().len() > *limit)
        {
            return Err(Fault::TooLong { limit });
        }
        let secret = secret.clone();
        self.call(item, move |entry| entry.set_secret(secret.expose_secret())).await
    }

    /// Removes an item. Removing what is not there succeeds.
    pub(crate) async fn delete(&self, item: &Item) -> Result<(), Fault> {
        self.call(item, |entry| match entry.delete_credential() {
            Err(StoreError::NoEntry) => Ok(()),
            other => other,
        })
        .await
    }

    /// Asks the person to unlock. The only call that prompts.
    ///
    /// It takes its turn, because forbidding prompts holds for the whole process; meanwhile the
    /// other calls answer that the keychain is locked.
    pub(crate) async fn unlock(&self) -> Result<KeychainState, Fault> {
        let Ok(one_prompt) = self.prompt.try_acquire() else {
            return Err(Fault::Prompting);
        };
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let unlock = self.platform.unlock;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            unlock()
        });
        match timeout(self.patience.prompt, work).await {
            Ok(Ok(result)) => result?,
            Ok(Err(stopped)) => return Err(Fault::Failed(stopped.to_string())),
            Err(_) => return Err(Fault::Dismissed),
        }
        drop(one_prompt);
        Ok(self.state().await)
    }

    async fn call<T: Send + 'static>(
        &self,
        item: &Item,
        act: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        if self.prompt.available_permits() == 0 {
            return Err(Fault::Closed(KeychainState::Locked));
        }
        match timeout(self.patience.call, self.in_turn(item.clone(), act)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimedOut(self.patience.call)),
        }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        item: Item,
        act: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let platform = self.platform;
        let work = move || blocking_call(platform, turn, &item, act);
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(stopped) => Err(Fault::Failed(stopped.to_string())),
        }
    }
}

fn blocking_call<T>(
    platform: Platform,
    mut turn: OwnedMutexGuard<Option<Arc<CredentialStore>>>,
    item: &Item,
    act: impl FnOnce(&Entry) -> keyring_core::Result<T>,
) -> Result<T, Fault> {
    let _quiet = (platform.hush)();
    let store = match turn.take() {
        Some(store) => store,
        None => (platform.open)().map_err(platform.judge)?,
    };
    let done = store
        .build(item.service(), item.user(), None)
        .and_then(|entry| act(&entry))
        .map_err(platform.judge);
    // A store that failed is opened anew by the next call.
    if done.is_ok() {
        *turn = Some(store);
    }
    done
}

/// Reads the canary, and writes it if there is none.
fn touch(entry: &Entry) -> keyring_core::Result<()> {
    match entry.get_secret() {
        Ok(_) => Ok(()),
        Err(StoreError::NoEntry) => entry.set_secret(b"canary"),
        Err(error) => Err(error),
    }
}

/// An item without a secret, shared by all workspaces.
fn canary() -> Item {
    Item::new("state", "canary")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use keyring_core::mock;

    use super::*;

    fn locked_error() -> StoreError {
        StoreError::NoStorageAccess(Box::new(io::Error::other("locked")))
    }

    fn judge(error: StoreError) -> Fault {
        match error {
            StoreError::NoStorageAccess(_) => Fault::Closed(KeychainState::Locked),
            StoreError::TooLong(_, limit) => Fault::TooLong { limit: limit as usize },
            other => Fault::Failed(other.to_string()),
        }
    }

    fn platform() -> Platform {
        Platform {
            open: || mock::Store::new().map(|store| store as Arc<CredentialStore>),
            hush: || Box::new(()),
            judge,
            unlock: || Ok(()),
            limit: Some(2_560),
        }
    }

    fn patience() -> Patience {
        let short = Duration::from_millis(200);
        Patience { state: short, call: short, prompt: short }
    }

    fn item() -> Item {
        Item::new("w", "source/wiz")
    }

    #[tokio::test]
    async fn a_secret_comes_back_and_goes() {
        let keychain = EntryKeychain::new(platform(), patience());
        assert!(keychain.read(&item()).await.unwrap().is_none());
        keychain.write(&item(), &SecretSlice::from(vec![1, 2, 3])).await.unwrap();
        let read = keychain.read(&item()).await.unwrap().unwrap();
        assert_eq!(read.expose_secret(), [1, 2, 3]);
        keychain.delete(&item()).await.unwrap();
        keychain.delete(&item()).await.unwrap();
        assert!(keychain.read(&item()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_credential_over_the_limit_is_refused_before_the_call() {
        let keychain = EntryKeychain::new(platform(), patience());
        let most = SecretSlice::from(vec![7; 2_560]);
        keychain.write(&item(), &most).await.unwrap();
        let over = SecretSlice::from(vec![7; 2_561]);
        assert_eq!(keychain.write(&item(), &over).await, Err(Fault::TooLong { limit: 2_560 }));
    }

    #[tokio::test]
    async fn no_store_is_a_state_and_is_tried_again() {
        use std::sync::atomic::{AtomicBool, Ordering};
        static BROKEN: AtomicBool = AtomicBool::new(true);
        let mut platform = platform();
        platform.open = || {
            if BROKEN.load(Ordering::SeqCst) {
                return Err(locked_error());
            }
            mock::Store::new().map(|store| store as Arc<CredentialStore>)
        };
        let keychain = EntryKeychain::new(platform, patience());
        assert_eq!(keychain.state().await, KeychainState::Locked);
        assert!(keychain.read(&item()).await.is_err());
        BROKEN.store(false, Ordering::SeqCst);
        assert_eq!(keychain.state().await, KeychainState::Unlocked);
    }

    #[tokio::test]
    async fn while_a_prompt_is_open_the_rest_sees_a_locked_keychain() {
        use std::sync::mpsc;
        static ANSWER: std::sync::Mutex<Option<mpsc::Receiver<()>>> = std::sync::Mutex::new(None);
        let (answer, asked) = mpsc::channel();
        *ANSWER.lock().unwrap() = Some(asked);
        let mut platform = platform();
        platform.unlock = || {
            let asked = ANSWER.lock().unwrap().take().unwrap();
            asked.recv().map_err(|_| Fault::Dismissed)
        };
        let keychain = EntryKeychain::new(
            platform,
            Patience { prompt: Duration::from_secs(20), ..patience() },
        );
        let others = async {
            tokio::task::yield_now().await;
            assert_eq!(keychain.state().await, KeychainState::Locked);
            let read = keychain.read(&item()).await.map(|_| ());
            assert_eq!(read, Err(Fault::Closed(KeychainState::Locked)));
            assert_eq!(keychain.unlock().await, Err(Fault::Prompting));
            answer.send(()).unwrap();
        };
        let (unlocked, ()) = tokio::join!(keychain.unlock(), others);
        assert_eq!(unlocked, Ok(KeychainState::Unlocked));
    }

    #[tokio::test]
    async fn a_call_that_hangs_ends_at_its_deadline_and_the_next_waits_for_it() {
        let mut platform = platform();
        platform.open = || {
            std::thread::sleep(Duration::from_millis(500));
            mock::Store::new().map(|store| store as Arc<CredentialStore>)
        };
        let keychain = EntryKeychain::new(platform, patience());
        let hung = keychain.read(&item()).await.unwrap_err();
        assert_eq!(hung, Fault::TimedOut(patience().call));
        let busy = keychain.state().await;
        assert!(matches!(busy, KeychainState::Unavailable(_)), "{busy:?}");
        let mut state = busy;
        while state != KeychainState::Unlocked {
            state = keychain.state().await;
        }
    }
}
