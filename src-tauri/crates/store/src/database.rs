use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firebreak_core::audit::Tail;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Row, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::StoreError;
use crate::audit::{load_tail, store_tail};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Alerts and findings are some 2 kB each; in pages of 4 KiB each would have one of its own. A file
/// that exists keeps the size it has.
const PAGE_BYTES: u32 = 8_192;
/// The pages that a batch of alerts changes have to fit, or each is written several times.
const WRITER_CACHE_KIB: u32 = 32_768;
/// The write-ahead log is folded in when it has 32 MiB, not after every batch.
const CHECKPOINT_PAGES: u32 = 4_096;

/// The database: many readers, one writer.
#[derive(Clone, Debug)]
pub struct Store {
    readers: SqlitePool,
    writer: Arc<Mutex<Writer>>,
}

#[derive(Debug)]
pub(crate) struct Writer {
    connection: SqliteConnection,
}

/// Something that statements can be read from: the pool, or the writer's own transaction.
pub type Read<'a> = &'a SqlitePool;

impl Store {
    /// Opens or creates the file and brings its schema up to date. An existing file is copied to
    /// `….version-N` first when there is something to migrate.
    ///
    /// # Errors
    /// [`StoreError::Open`] and [`StoreError::Migrate`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .page_size(PAGE_BYTES);
        // On macOS fsync does not reach the platter without these two.
        let options = if cfg!(target_os = "macos") {
            options.pragma("fullfsync", "1").pragma("checkpoint_fullfsync", "1")
        } else {
            options
        };
        let open = StoreError::opening(&name);
        let writing = options
            .clone()
            .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string());
        let mut connection = SqliteConnection::connect_with(&writing).await.map_err(&open)?;
        back_up(&mut connection, &name).await?;
        MIGRATIONS.run(&mut connection).await.map_err(StoreError::migrating(&name))?;
        keep_undo_in_memory(&mut connection).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.create_if_missing(false))
            .await
            .map_err(open)?;
        Ok(Self { readers, writer: Arc::new(Mutex::new(Writer { connection })) })
    }

    /// For statements that only read.
    pub(crate) fn read(&self) -> Read<'_> {
        &self.readers
    }

    /// Begins the one write transaction; waits for the one before it.
    ///
    /// # Errors
    /// [`StoreError::Statement`] when the transaction can't begin.
    pub async fn write(&self) -> Result<Write, StoreError> {
        let guard = Arc::clone(&self.writer).lock_owned().await;
        // Before it has begun: dropped in the middle of beginning, it must be rolled back, too.
        let mut write = Write { guard: Some(guard), pending_tail: None };
        sqlx::query("BEGIN IMMEDIATE")
            .execute(write.connection())
            .await
            .map_err(StoreError::of("beginning a transaction"))?;
        Ok(write)
    }

    /// Closes all connections; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        let mut guard = self.writer.lock().await;
        if let Err(error) =
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut guard.connection).await
        {
            tracing::warn!(%error, "the write-ahead log could not be folded in at closing");
        }
    }
}

/// Copies the database aside when it is older than this program. A copy that is there already is
/// of the same state, or a person kept it: it is not overwritten.
async fn back_up(connection: &mut SqliteConnection, name: &str) -> Result<(), StoreError> {
    let made = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await
        .map_err(StoreError::of("reading the schema"))?;
    if made.is_none() {
        return Ok(());
    }
    let applied: i64 =
        sqlx::query("SELECT coalesce(max(version), 0) AS version FROM _sqlx_migrations")
            .fetch_one(&mut *connection)
            .await
            .map_err(StoreError::of("reading the schema's version"))?
            .get("version");
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    let copy = format!("{name}.version-{applied}");
    if applied >= newest || Path::new(&copy).exists() {
        return Ok(());
    }
    sqlx::query("VACUUM INTO ?1")
        .bind(&copy)
        .execute(connection)
        .await
        .map_err(StoreError::of("copying the database aside before it is migrated"))?;
    Ok(())
}

/// What undoes one statement that fails has every page that the statement changes. In a file it was a
/// third of all that was written while alerts were taken in, and no crash needs it. Not before the
/// schema is up to date, for a migration changes as much as there is.
async fn keep_undo_in_memory(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("PRAGMA temp_store = MEMORY")
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(StoreError::of("setting up the writer"))
}

/// One write transaction. Dropped without [`commit`](Write::commit), it leaves no trace.
#[derive(Debug)]
pub struct Write {
    guard: Option<OwnedMutexGuard<Writer>>,
    pending_tail: Option<Tail>,
}

impl Write {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.guard.as_mut().expect("held until commit or drop").connection
    }

    /// The audit log's end as this transaction sees it, with a connection to extend it.
    pub(crate) async fn tail(&mut self) -> Result<&mut Tail, StoreError> {
        if self.pending_tail.is_none() {
            // Read anew each time: another process may have written since.
            self.pending_tail = Some(load_tail(self.connection()).await?);
        }
        Ok(self.pending_tail.as_mut().expect("set above"))
    }

    /// Makes everything in this transaction durable.
    ///
    /// # Errors
    /// [`StoreError::Full`] when the disk can't take it; nothing of the transaction is kept then.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if let Some(tail) = self.pending_tail.clone() {
            store_tail(self.connection(), &tail).await?;
        }
        // The guard stays until SQLite has answered: dropped before, and after a COMMIT that failed,
        // SQLite may or may not be inside the transaction, and what follows is a ROLLBACK.
        sqlx::query("COMMIT")
            .execute(self.connection())
            .await
            .map_err(StoreError::of("committing"))?;
        self.guard = None;
        Ok(())
    }
}

impl Write {
    /// Ends the transaction without a trace, now rather than soon after a drop.
    pub async fn abandon(mut self) -> Result<(), StoreError> {
        let mut guard = self.guard.take().expect("taken only here");
        sqlx::query("ROLLBACK")
            .execute(&mut guard.connection)
            .await
            .map(|_| ())
            .map_err(StoreError::of("abandoning a transaction"))
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            // Rolling back needs the runtime; the guard moves into the task, so no one can write
            // before it is done.
            // Without a runtime the process is ending, and SQLite rolls back at the next opening.
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
            runtime.spawn(async move {
                // Only a transaction that never began, or was committed, can't be rolled back.
                if let Err(error) = sqlx::query("ROLLBACK").execute(&mut guard.connection).await {
                    tracing::debug!(%error, "nothing was left to roll back");
                }
            });
        }
    }
}
