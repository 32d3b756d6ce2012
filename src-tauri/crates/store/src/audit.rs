//! The audit log's table. Records are appended inside the transaction of what they record.

use firebreak_core::audit::{Checkpoint, Entry, Sealed, Tail};
use sqlx::{Row, SqliteConnection};

use crate::many::insert;
use crate::row::{Place, json_text};
use crate::{Store, StoreError, Write};

/// A record as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Position, from 0.
    pub position: u64,
    /// The hashed bytes.
    pub body: Vec<u8>,
    /// RFC 6962 leaf hash.
    pub leaf: Vec<u8>,
}

/// Reads where the log ends; the row is written by every transaction that appends.
pub(crate) async fn load_tail(connection: &mut SqliteConnection) -> Result<Tail, StoreError> {
    let row = sqlx::query("SELECT doc FROM audit_tail WHERE id = 1")
        .fetch_optional(connection)
        .await
        .map_err(StoreError::of("reading the audit log's end"))?;
    match row {
        Some(row) => Place { table: "audit_tail", id: "1" }.json(row.get("doc")),
        None => Ok(Tail::default()),
    }
}

pub(crate) async fn store_tail(
    connection: &mut SqliteConnection,
    tail: &Tail,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit_tail (id, doc) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc")
        .bind(json_text(tail))
        .execute(connection)
        .await
        .map_err(StoreError::of("writing the audit log's end"))?;
    Ok(())
}

impl Write {
    /// Appends a record; it commits with everything else in this transaction.
    pub async fn audit(&mut self, entry: Entry) -> Result<(), StoreError> {
        self.audit_all(vec![entry]).await
    }

    /// Appends records in order; they commit with everything else in this transaction.
    pub async fn audit_all(&mut self, entries: Vec<Entry>) -> Result<(), StoreError> {
        let tail = self.tail().await?;
        let sealed: Vec<Sealed> = entries.into_iter().map(|entry| tail.seal(entry)).collect();
        let into = "INSERT INTO audit_record (position, body, leaf) ";
        insert(
            self.connection(),
            "appending to the audit log",
            (into, ""),
            &sealed,
            |row, sealed| {
                row.push_bind(i64::try_from(sealed.record.index).unwrap_or(i64::MAX))
                    .push_bind(&sealed.body)
                    .push_bind(sealed.leaf_hash.as_bytes().as_slice());
            },
        )
        .await
    }

    /// What to sign for the log as this transaction sees it.
    pub async fn audit_checkpoint(&mut self, origin: &str) -> Result<Checkpoint, StoreError> {
        Ok(self.tail().await?.checkpoint(origin))
    }

    /// Stores a signed checkpoint.
    pub async fn put_checkpoint(&mut self, size: u64, note: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO audit_checkpoint (size, note) VALUES (?1, ?2) ON CONFLICT (size) DO NOTHING")
            .bind(i64::try_from(size).unwrap_or(i64::MAX))
            .bind(note)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("storing a checkpoint"))?;
        Ok(())
    }
}

impl Store {
    /// Records from `from` on, in order, at most `limit`.
    pub async fn audit_records(
        &self,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT position, body, leaf FROM audit_record WHERE position >= ?1 ORDER BY position LIMIT ?2",
        )
        .bind(i64::try_from(from).unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading the audit log"))?;
        Ok(rows.iter().map(stored_record).collect())
    }

    /// The `limit` records before position `before`, newest first; from the end when `None`.
    pub async fn audit_before(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT position, body, leaf FROM audit_record WHERE ?1 IS NULL OR position < ?1
             ORDER BY position DESC LIMIT ?2",
        )
        .bind(before.map(|before| i64::try_from(before).unwrap_or(i64::MAX)))
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading the audit log"))?;
        Ok(rows.iter().map(stored_record).collect())
    }

    /// How many records there are.
    pub async fn audit_size(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT count(*) AS size FROM audit_record")
            .fetch_one(self.read())
            .await
            .map_err(StoreError::of("counting the audit log"))?;
        Ok(u64::try_from(row.get::<i64, _>("size")).unwrap_or(0))
    }

    /// All signed checkpoints, smallest first.
    pub async fn checkpoints(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = sqlx::query("SELECT size, note FROM audit_checkpoint ORDER BY size")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading checkpoints"))?;
        Ok(rows
            .iter()
            .map(|row| (u64::try_from(row.get::<i64, _>("size")).unwrap_or(0), row.get("note")))
            .collect())
    }

    /// The newest signed checkpoint.
    pub async fn newest_checkpoint(&self) -> Result<Option<(u64, String)>, StoreError> {
        let row = sqlx::query("SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading checkpoints"))?;
        Ok(row.map(|row| (u64::try_from(row.get::<i64, _>("size")).unwrap_or(0), row.get("note"))))
    }

    /// Names of the triggers that should refuse changes and are not there.
    pub async fn missing_triggers(&self) -> Result<Vec<&'static str>, StoreError> {
        // A trigger of the same name that refuses nothing is as good as none.
        let rows = sqlx::query(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE 'CREATE TRIGGER % BEFORE %BEGIN SELECT RAISE (ABORT,%'
               AND sql NOT LIKE '% WHEN %'",
        )
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading the schema"))?;
        let present: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
        Ok(TRIGGERS
            .into_iter()
            .filter(|wanted| !present.iter().any(|name| name == wanted))
            .collect())
    }
}

const TRIGGERS: [&str; 6] = [
    "audit_record_no_update",
    "audit_record_no_delete",
    "audit_checkpoint_no_update",
    "audit_checkpoint_no_delete",
    "alert_no_update",
    "alert_no_delete",
];

fn stored_record(row: &sqlx::sqlite::SqliteRow) -> StoredRecord {
    StoredRecord {
        position: u64::try_from(row.get::<i64, _>("position")).unwrap_or(0),
        body: row.get("body"),
        leaf: row.get("leaf"),
    }
}
