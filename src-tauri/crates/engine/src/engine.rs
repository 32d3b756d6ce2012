use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::SubsecRound;
use firebreak_core::audit::Entry;
use firebreak_core::policy::Policies;
use firebreak_core::ports::{
    AlertSource, Clock, CloudReader, Executor, Normaliser, Planner, Signer, Vault,
};
use firebreak_core::write_back::AlertWriter;
use firebreak_core::{StepId, Timestamp};
use firebreak_store::{Store, StoreError};
use serde_json::Value;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::entitlements::ReadAccounts;
use crate::map::AssetMap;
use crate::networks::ReadRegions;
use crate::{EngineError, EngineEvent};

/// Events that a slow listener may fall behind by before it must take a new snapshot.
const EVENT_BACKLOG: usize = 4096;
/// Incidents whose context is gathered at the same time.
const TRIAGE_AT_ONCE: usize = 2;

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person's name as the operating system knows them, or `firebreak`.
    pub name: String,
}

impl Identity {
    /// A person.
    pub fn person(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// Firebreak itself.
    pub fn firebreak() -> Self {
        Self { name: "firebreak".to_owned() }
    }
}

/// What a composition root hands over. Sources and clouds come later, as they are configured.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The OS keychain.
    pub vault: Arc<dyn Vault>,
    /// Signs with keys of the keychain.
    pub signer: Arc<dyn Signer>,
    /// Playbooks and model.
    pub planner: Arc<dyn Planner>,
    /// What may be done.
    pub policies: Policies,
    /// One a vendor.
    pub normalisers: BTreeMap<String, Arc<dyn Normaliser>>,
    /// Globally unique name of the workspace; part of the audit log's origin.
    pub workspace: String,
}

/// The use cases. Shared; every method takes `&self`.
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) workspace: String,
    pub(crate) normalisers: BTreeMap<String, Arc<dyn Normaliser>>,
    planner: RwLock<Arc<dyn Planner>>,
    policies: RwLock<Arc<Policies>>,
    sources: RwLock<BTreeMap<String, Arc<dyn AlertSource>>>,
    readers: RwLock<BTreeMap<String, Arc<dyn CloudReader>>>,
    executors: RwLock<BTreeMap<String, Arc<dyn Executor>>>,
    writers: RwLock<BTreeMap<String, Arc<dyn AlertWriter>>>,
    phase: RwLock<u32>,
    events: broadcast::Sender<EngineEvent>,
    pub(crate) running: Mutex<BTreeMap<StepId, CancellationToken>>,
    pub(crate) triage_slots: Semaphore,
    pub(crate) map: Arc<tokio::sync::Mutex<AssetMap>>,
    pub(crate) read_accounts: ReadAccounts,
    pub(crate) read_regions: ReadRegions,
    pub(crate) checkpointing: tokio::sync::Mutex<()>,
    pub(crate) continuity_checked: AtomicBool,
}

impl Engine {
    /// Puts the parts together. Nothing runs yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            store: parts.store,
            clock: parts.clock,
            vault: parts.vault,
            signer: parts.signer,
            workspace: parts.workspace,
            normalisers: parts.normalisers,
            planner: RwLock::new(parts.planner),
            policies: RwLock::new(Arc::new(parts.policies)),
            sources: RwLock::default(),
            readers: RwLock::default(),
            executors: RwLock::default(),
            writers: RwLock::default(),
            phase: RwLock::new(1),
            events: broadcast::channel(EVENT_BACKLOG).0,
            running: Mutex::default(),
            triage_slots: Semaphore::new(TRIAGE_AT_ONCE),
            map: Arc::default(),
            read_accounts: ReadAccounts::default(),
            read_regions: ReadRegions::default(),
            checkpointing: tokio::sync::Mutex::default(),
            continuity_checked: AtomicBool::new(false),
        }
    }

    /// The database, for reads.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The keychain.
    pub fn vault(&self) -> &Arc<dyn Vault> {
        &self.vault
    }

    /// Events from now on. A listener that falls behind gets told so and takes a new snapshot.
    pub fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.events.subscribe()
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        // As it is kept: what is compared with what was read back must be equal.
        self.clock.now().trunc_subsecs(6)
    }

    /// The phase in force.
    pub fn phase(&self) -> u32 {
        *read(&self.phase)
    }

    /// Sets the phase in force; below 2 every executor and every writer is dropped.
    pub fn set_phase(&self, phase: u32) {
        *write(&self.phase) = phase;
        if phase < 2 {
            write(&self.executors).clear();
            write(&self.writers).clear();
        }
    }

    /// Replaces the planner (a model was configured or removed).
    pub fn set_planner(&self, planner: Arc<dyn Planner>) {
        *write(&self.planner) = planner;
    }

    /// Adds or replaces a source.
    pub fn set_source(&self, source: Arc<dyn AlertSource>) {
        write(&self.sources).insert(source.name().to_owned(), source);
    }

    /// Adds or replaces what writes to a source. Refused below phase 2.
    ///
    /// # Errors
    /// [`EngineError::Refused`] in phase 1, where nothing that changes anything may exist.
    pub fn set_writer(&self, writer: Arc<dyn AlertWriter>) -> Result<(), EngineError> {
        if self.phase() < 2 {
            return Err(EngineError::Refused(
                "phase 1 is read-only: nothing that writes to a source is made".to_owned(),
            ));
        }
        write(&self.writers).insert(writer.name().to_owned(), writer);
        Ok(())
    }

    pub(crate) fn writer(&self, source: &str) -> Option<Arc<dyn AlertWriter>> {
        read(&self.writers).get(source).cloned()
    }

    /// Whether a source can be written to now.
    pub fn has_writer(&self, source: &str) -> bool {
        read(&self.writers).contains_key(source)
    }

    /// Forgets a source.
    pub fn drop_source(&self, name: &str) {
        write(&self.sources).remove(name);
        write(&self.writers).remove(name);
    }

    /// Adds or replaces the reader of a cloud account, by account id.
    pub fn set_reader(&self, account: &str, reader: Arc<dyn CloudReader>) {
        write(&self.readers).insert(account.to_owned(), reader);
        self.read_accounts.forget(account);
        self.read_regions.forget(account);
    }

    /// Adds or replaces the executor of a cloud account. Refused below phase 2.
    ///
    /// # Errors
    /// [`EngineError::Refused`] in phase 1, where no mutating client may exist.
    pub fn set_executor(
        &self,
        account: &str,
        executor: Arc<dyn Executor>,
    ) -> Result<(), EngineError> {
        if self.phase() < 2 {
            return Err(EngineError::Refused(
                "phase 1 is read-only: no mutating client is made".to_owned(),
            ));
        }
        write(&self.executors).insert(account.to_owned(), executor);
        Ok(())
    }

    /// Forgets a cloud account.
    pub fn drop_account(&self, account: &str) {
        write(&self.readers).remove(account);
        self.read_accounts.forget(account);
        self.read_regions.forget(account);
        write(&self.executors).remove(account);
    }

    /// A configured source.
    pub fn source(&self, name: &str) -> Option<Arc<dyn AlertSource>> {
        read(&self.sources).get(name).cloned()
    }

    /// The reader of an account.
    pub fn reader(&self, account: &str) -> Option<Arc<dyn CloudReader>> {
        read(&self.readers).get(account).cloned()
    }

    /// The accounts that can be read.
    pub(crate) fn accounts(&self) -> Vec<String> {
        read(&self.readers).keys().cloned().collect()
    }

    pub(crate) fn executor(&self, account: &str) -> Option<Arc<dyn Executor>> {
        read(&self.executors).get(account).cloned()
    }

    /// Whether a mutating client exists for an account.
    pub fn has_executor(&self, account: &str) -> bool {
        read(&self.executors).contains_key(account)
    }

    /// Whether this process is running a step now.
    pub fn is_running(&self, step: &StepId) -> bool {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).contains_key(step)
    }

    /// How many mutating clients exist now.
    pub fn executor_count(&self) -> usize {
        read(&self.executors).len()
    }

    pub(crate) fn planner(&self) -> Arc<dyn Planner> {
        Arc::clone(&read(&self.planner))
    }

    /// The policy in force.
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&read(&self.policies))
    }

    pub(crate) fn emit(&self, event: EngineEvent) {
        // Nobody listening is fine: the store has it.
        let _listeners = self.events.send(event);
    }

    /// Tells listeners that the disk can't be written, when that is what an error means.
    pub(crate) fn note_storage(&self, error: &StoreError) {
        if error.is_storage() {
            tracing::error!(%error, "the database can't be written");
            self.emit(EngineEvent::StorageChanged { problem: Some(error.to_string()) });
        }
    }

    pub(crate) fn record(
        &self,
        who: &Identity,
        kind: &'static str,
        subject: impl Into<String>,
        text: impl Into<String>,
        detail: Value,
    ) -> Entry {
        Entry {
            at: self.now(),
            actor: who.name.clone(),
            kind: kind.to_owned(),
            subject: subject.into(),
            text: text.into(),
            detail,
        }
    }
}

/// A globally unique id: the prefix and a UUIDv7, whose order is roughly that of time.
pub(crate) fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}

/// A panic while one of these is held can't leave half a change: each is replaced whole.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
