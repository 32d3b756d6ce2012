use firebreak_core::ports::JournalError;
use sqlx::migrate::MigrateError;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file can't be opened.
    #[error("can't open the database {path}: {source}")]
    Open {
        /// Which file.
        path: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The schema can't be brought up to date, or is newer than this version.
    #[error(
        "can't bring the database {path} up to date: {source}; a newer Firebreak may have made it"
    )]
    Migrate {
        /// Which file.
        path: String,
        /// Why.
        source: MigrateError,
    },
    /// The disk is full or the file can't be written.
    #[error("the database can't be written ({0}); free some disk space, then try again")]
    Full(String),
    /// A statement failed.
    #[error("{operation} failed: {source}")]
    Statement {
        /// What was being done.
        operation: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// Something stored makes no sense to this version.
    #[error("the stored {table} {id} can't be read: {problem}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no such row.
    #[error("there is no {table} {id}")]
    Missing {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
    },
    /// The row was changed by somebody else in the meantime.
    #[error("{table} {id} was changed meanwhile; look again")]
    Conflict {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
    },
}

impl StoreError {
    /// Wraps a driver error; a full disk and I/O errors get a kind of their own.
    pub(crate) fn of(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| match disk_is_at_fault(&source) {
            true => Self::Full(source.to_string()),
            false => Self::Statement { operation, source },
        }
    }

    /// Wraps an error of opening the file. A full disk shows here first: the write-ahead log's index
    /// has to be made before anything is read.
    pub(crate) fn opening(path: &str) -> impl Fn(sqlx::Error) -> Self {
        move |source| match disk_is_at_fault(&source) {
            true => Self::Full(source.to_string()),
            false => Self::Open { path: path.to_owned(), source },
        }
    }

    /// Wraps an error of bringing the schema up to date.
    pub(crate) fn migrating(path: &str) -> impl Fn(MigrateError) -> Self {
        move |source| match &source {
            MigrateError::Execute(inner) | MigrateError::ExecuteMigration(inner, _)
                if disk_is_at_fault(inner) =>
            {
                Self::Full(inner.to_string())
            }
            _ => Self::Migrate { path: path.to_owned(), source },
        }
    }

    /// Whether the disk is at fault.
    pub fn is_storage(&self) -> bool {
        matches!(self, Self::Full(_))
    }
}

/// SQLITE_FULL is 13, SQLITE_IOERR 10 with extended codes above it, SQLITE_READONLY 8.
fn disk_is_at_fault(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let primary = code.as_deref().and_then(|code| code.parse::<i64>().ok()).map(|code| code & 0xff);
    matches!(primary, Some(8 | 10 | 13))
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}
