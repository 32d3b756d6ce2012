//! Orders to tell a source something, until the source took them.

use firebreak_core::write_back::WriteBack;
use firebreak_core::{FindingId, IncidentId, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// Where an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteBackState {
    /// Not taken yet.
    Waiting,
    /// The vendor took it.
    Written,
    /// It was so before.
    AlreadySo,
    /// The vendor has no such thing.
    Impossible,
    /// A person must act; it is not tried again by itself.
    Failed,
    /// A person took it back.
    Withdrawn,
}

impl WriteBackState {
    const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Written,
        Self::AlreadySo,
        Self::Impossible,
        Self::Failed,
        Self::Withdrawn,
    ];

    /// As it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Written => "written",
            Self::AlreadySo => "already_so",
            Self::Impossible => "impossible",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteBackRow {
    /// Ours.
    pub id: String,
    /// The configured source's name.
    pub source: String,
    /// About which incident.
    pub incident: IncidentId,
    /// About which finding.
    pub finding: FindingId,
    /// What to tell.
    pub order: WriteBack,
    /// Where it is.
    pub state: WriteBackState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before this.
    pub not_before: Option<Timestamp>,
    /// What came of it, or of the last attempt.
    pub note: Option<String>,
    /// Who wanted it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// When it was settled.
    pub ended_at: Option<Timestamp>,
}

impl Write {
    /// Queues an order.
    pub async fn put_write_back(&mut self, row: &WriteBackRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO write_back (id, source, incident, finding, doc, state, attempts, not_before, note,
               asked_by, asked_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .bind(&row.id)
        .bind(&row.source)
        .bind(row.incident.as_str())
        .bind(row.finding.as_str())
        .bind(json_text(&row.order))
        .bind(row.state.name())
        .bind(row.attempts)
        .bind(row.not_before.map(time_text))
        .bind(&row.note)
        .bind(&row.asked_by)
        .bind(time_text(row.asked_at))
        .bind(row.ended_at.map(time_text))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("queueing a write back"))?;
        Ok(())
    }

    /// Notes what came of an attempt. Only an order that still waits is changed; `false` when it
    /// no longer does.
    pub async fn settle_write_back(
        &mut self,
        id: &str,
        state: WriteBackState,
        note: Option<&str>,
        not_before: Option<Timestamp>,
        ended_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE write_back SET state = ?2, note = ?3, not_before = ?4, ended_at = ?5, attempts = attempts + 1
             WHERE id = ?1 AND state = 'waiting'",
        )
        .bind(id)
        .bind(state.name())
        .bind(note)
        .bind(not_before.map(time_text))
        .bind(ended_at.map(time_text))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("settling a write back"))?;
        Ok(done.rows_affected() == 1)
    }
}

impl Store {
    /// The orders of an incident, newest first.
    pub async fn write_backs(
        &self,
        incident: &IncidentId,
    ) -> Result<Vec<WriteBackRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM write_back WHERE incident = ?1 ORDER BY asked_at DESC, id DESC LIMIT 200",
        )
        .bind(incident.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading write backs"))?;
        rows.iter().map(write_back_row).collect()
    }

    /// Orders that wait and may be tried now, oldest first.
    pub async fn write_backs_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WriteBackRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM write_back WHERE ended_at IS NULL AND (not_before IS NULL OR not_before <= ?1)
             ORDER BY asked_at, id LIMIT ?2",
        )
        .bind(time_text(now))
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading waiting write backs"))?;
        rows.iter().map(write_back_row).collect()
    }

    /// How many orders wait for a source.
    pub async fn write_backs_waiting(&self, source: &str) -> Result<u32, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) AS waiting FROM write_back WHERE ended_at IS NULL AND source = ?1",
        )
        .bind(source)
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("counting write backs"))?;
        Ok(u32::try_from(row.get::<i64, _>("waiting")).unwrap_or(u32::MAX))
    }
}

fn write_back_row(row: &SqliteRow) -> Result<WriteBackRow, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "write_back", id: &id };
    Ok(WriteBackRow {
        source: row.get("source"),
        incident: IncidentId::new(row.get::<String, _>("incident")),
        finding: FindingId::new(row.get::<String, _>("finding")),
        order: place.json(row.get("doc"))?,
        state: place.word(row.get("state"), WriteBackState::from_name)?,
        attempts: row.get("attempts"),
        not_before: place.maybe_time(row.get("not_before"))?,
        note: row.get("note"),
        asked_by: row.get("asked_by"),
        asked_at: place.time(row.get("asked_at"))?,
        ended_at: place.maybe_time(row.get("ended_at"))?,
        id,
    })
}
