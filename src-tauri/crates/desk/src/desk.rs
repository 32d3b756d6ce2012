use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use firebreak_core::ports::{Signer, Vault};
use firebreak_engine::{Engine, Identity, Parts};
use firebreak_secrets::Keychain;
use firebreak_store::Store;
use firebreak_wire::{AuditVerdict, Envelope, LinkTarget, ModelView};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::background::Schedule;
use crate::confirm::Pending;
use crate::events::Hub;
use crate::{DeskError, Home, adapters, policies, vendors, view};

/// What a desk may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything; holds the workspace's lock.
    Owner,
    /// Look, and nothing else; works beside an open console.
    Reader,
}

/// An open workspace.
pub struct Desk {
    pub(crate) engine: Engine,
    pub(crate) home: Home,
    pub(crate) me: Identity,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) access: Access,
    pub(crate) hub: Hub,
    pub(crate) audit: RwLock<AuditVerdict>,
    pub(crate) model_status: RwLock<ModelView>,
    pub(crate) storage_problem: RwLock<Option<String>>,
    pub(crate) pending: Mutex<Option<Pending>>,
    /// Where the address leads that was opened last.
    pub(crate) link: Mutex<Option<LinkTarget>>,
    pub(crate) schedule: Schedule,
    pub(crate) backfilling: Mutex<BTreeMap<String, CancellationToken>>,
    /// Cancels the change of many incidents that is under way.
    pub(crate) changing: Mutex<CancellationToken>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    _lock: Option<File>,
}

impl Desk {
    /// Makes a workspace where there is none. Safe to repeat.
    ///
    /// # Errors
    /// When the folder or the database can't be made.
    pub async fn init(home: &Home) -> Result<(), DeskError> {
        home.create()?;
        let _lock = home.lock()?;
        let store = Store::open(&home.database()).await?;
        if store.setting("workspace.id").await?.is_none() {
            let mut write = store.write().await?;
            write.put_setting("workspace.id", &Uuid::now_v7().to_string()).await?;
            write.put_setting("phase", "1").await?;
            write.commit().await?;
        }
        store.close().await;
        Ok(())
    }

    /// Opens a workspace: marks interrupted runs as unknown, wires what is configured, enrols the
    /// person where the keychain lets it. Nothing is polled until [`Desk::start`].
    ///
    /// # Errors
    /// [`DeskError::NoWorkspace`], [`DeskError::Busy`], store errors. A keychain that is closed is
    /// no error: the desk opens and says so.
    pub async fn open(home: Home, access: Access) -> Result<Arc<Self>, DeskError> {
        if !home.exists() {
            return Err(DeskError::NoWorkspace(home.path().to_path_buf()));
        }
        let lock = match access {
            Access::Owner => Some(home.lock()?),
            Access::Reader => None,
        };
        let store = Store::open(&home.database()).await?;
        let workspace = store
            .setting("workspace.id")
            .await?
            .ok_or_else(|| DeskError::NoWorkspace(home.path().to_path_buf()))?;
        let phase = read_phase(store.setting("phase").await?.as_deref())?;
        let keychain = Arc::new(Keychain::new(workspace.clone(), home.keychain_lock()));
        let vault: Arc<dyn Vault> = keychain.clone();
        let signer: Arc<dyn Signer> = keychain;
        let planner = adapters::planner(&home, &store, &vault).await?;
        let (policies, problems) = policies::load(&home)?;
        if let Some(problems) = problems {
            tracing::error!(%problems, "not every policy or freeze file loads: until they are mended, no step is run");
        }
        let engine = Engine::new(Parts {
            store,
            clock: adapters::clock(),
            vault,
            signer: Arc::clone(&signer),
            planner: Arc::new(planner),
            policies,
            normalisers: vendors::normalisers(),
            workspace,
        });
        engine.set_phase(phase);
        let model_status =
            crate::settings::model_view(engine.store(), "not asked yet", true).await?;
        let desk = Arc::new(Self {
            engine,
            home,
            me: Identity::person(whoami()),
            signer,
            access,
            hub: Hub::new(),
            audit: RwLock::new(view::audit::not_checked()),
            model_status: RwLock::new(model_status),
            storage_problem: RwLock::default(),
            pending: Mutex::default(),
            link: Mutex::default(),
            schedule: Schedule::default(),
            backfilling: Mutex::default(),
            changing: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            _lock: lock,
        });
        desk.connect().await?;
        if access == Access::Owner {
            desk.note_policies().await?;
            for interrupted in desk.engine.recover().await? {
                tracing::warn!(step = %interrupted.step, note = interrupted.note, "a run was interrupted");
            }
            if let Err(error) = desk.engine.enrol(&desk.me).await {
                tracing::warn!(%error, "nothing can be signed until the keychain opens");
            }
        }
        Ok(desk)
    }

    /// Wires every configured source and account. One that is configured wrongly does not keep the
    /// others from working.
    pub(crate) async fn connect(&self) -> Result<(), DeskError> {
        for row in self.engine.store().sources().await? {
            if let Err(error) = adapters::connect_source(&self.engine, &row) {
                tracing::error!(source = row.name, %error, "a source can't be used");
            }
        }
        for account in self.engine.store().cloud_accounts().await? {
            if let Err(error) = adapters::connect_account(&self.engine, &account) {
                tracing::error!(account = account.account_id, %error, "a cloud account can't be used");
            }
        }
        Ok(())
    }

    /// The use cases.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where the workspace lives.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Who is at the desk.
    pub fn me(&self) -> &Identity {
        &self.me
    }

    /// Events from now on, in order.
    pub fn events(&self) -> broadcast::Receiver<Envelope> {
        self.hub.subscribe()
    }

    /// Refuses when this desk may only read.
    pub(crate) fn owner(&self) -> Result<&Engine, DeskError> {
        match self.access {
            Access::Owner => Ok(&self.engine),
            Access::Reader => Err(DeskError::ReadOnly),
        }
    }

    /// Stops taking in, lets what runs finish or be recorded, closes the store.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.engine.store().close().await;
    }
}

/// A stored phase that is not 1, 2 or 3 is an error, never a default.
pub(crate) fn read_phase(stored: Option<&str>) -> Result<u32, DeskError> {
    match stored {
        None => Ok(1),
        Some("1") => Ok(1),
        Some("2") => Ok(2),
        Some("3") => Ok(3),
        Some(other) => {
            Err(DeskError::Invalid(format!("the stored phase {other:?} is not 1, 2 or 3")))
        }
    }
}

/// The person's name as the system knows them.
fn whoami() -> String {
    whoami::username().ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "somebody".to_owned())
}

pub(crate) fn locked<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn get<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(crate) fn set<T>(lock: &RwLock<T>, value: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = value;
}
