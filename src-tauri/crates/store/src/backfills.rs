//! Back-fills: an older stretch of a source, read beside the poll.

use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, time_text};
use crate::{Store, StoreError, Write};

/// A back-fill with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// Of which source.
    pub source: String,
    /// From when on changes are read.
    pub since: Timestamp,
    /// Where to go on.
    pub cursor: Cursor,
    /// Changes up to here are stored, as far as the source says.
    pub seen_until: Option<Timestamp>,
    /// Pages stored.
    pub pages: u32,
    /// Alerts in them, known ones included.
    pub alerts: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs or waits to be taken up again.
    pub ended_at: Option<Timestamp>,
    /// How it ended, in words.
    pub outcome: Option<String>,
}

impl Write {
    /// Begins a back-fill in the place of the source's last one.
    pub async fn put_backfill(&mut self, backfill: &Backfill) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO backfill (source, since, cursor, seen_until, pages, alerts, started_at, ended_at, outcome)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (source) DO UPDATE SET since = excluded.since, cursor = excluded.cursor,
               seen_until = excluded.seen_until, pages = excluded.pages, alerts = excluded.alerts,
               started_at = excluded.started_at, ended_at = excluded.ended_at, outcome = excluded.outcome",
        )
        .bind(&backfill.source)
        .bind(time_text(backfill.since))
        .bind(&backfill.cursor.0)
        .bind(backfill.seen_until.map(time_text))
        .bind(backfill.pages)
        .bind(backfill.alerts)
        .bind(time_text(backfill.started_at))
        .bind(backfill.ended_at.map(time_text))
        .bind(&backfill.outcome)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing a back-fill"))?;
        Ok(())
    }

    /// Moves a back-fill on. Call in the transaction that stores what it passed.
    pub async fn move_backfill(
        &mut self,
        source: &str,
        cursor: &Cursor,
        seen_until: Option<Timestamp>,
        alerts: u32,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE backfill SET cursor = ?2, seen_until = coalesce(?3, seen_until), pages = pages + 1,
               alerts = alerts + ?4 WHERE source = ?1",
        )
        .bind(source)
        .bind(&cursor.0)
        .bind(seen_until.map(time_text))
        .bind(alerts)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("moving a back-fill"))?;
        Ok(())
    }

    /// Ends a back-fill.
    pub async fn end_backfill(
        &mut self,
        source: &str,
        at: Timestamp,
        outcome: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE backfill SET ended_at = ?2, outcome = ?3 WHERE source = ?1")
            .bind(source)
            .bind(time_text(at))
            .bind(outcome)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("ending a back-fill"))?;
        Ok(())
    }

    /// Forgets a source's back-fill.
    pub async fn delete_backfill(&mut self, source: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM backfill WHERE source = ?1")
            .bind(source)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting a back-fill"))?;
        Ok(())
    }
}

impl Store {
    /// The newest back-fill of a source.
    pub async fn backfill(&self, source: &str) -> Result<Option<Backfill>, StoreError> {
        let row = sqlx::query("SELECT * FROM backfill WHERE source = ?1")
            .bind(source)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a back-fill"))?;
        row.as_ref().map(backfill_row).transpose()
    }
}

fn backfill_row(row: &SqliteRow) -> Result<Backfill, StoreError> {
    let source: String = row.get("source");
    let place = Place { table: "backfill", id: &source };
    Ok(Backfill {
        since: place.time(row.get("since"))?,
        cursor: Cursor(row.get("cursor")),
        seen_until: place.maybe_time(row.get("seen_until"))?,
        pages: row.get("pages"),
        alerts: row.get("alerts"),
        started_at: place.time(row.get("started_at"))?,
        ended_at: place.maybe_time(row.get("ended_at"))?,
        outcome: row.get("outcome"),
        source,
    })
}
