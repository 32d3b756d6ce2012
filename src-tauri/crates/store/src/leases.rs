//! Leases: what steps changed, each somebody's until a time.

use firebreak_core::lease::{End, EndKind, Lease, Standing};
use firebreak_core::{IncidentId, StepId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use crate::row::{Place, time_text};
use crate::{Store, StoreError, Write};

/// Leases listed at most.
const LISTED: u32 = 1_000;

/// How many leases stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeaseCounts {
    /// That are not over.
    pub active: u32,
    /// Of them, those that a read showed to be otherwise.
    pub broken: u32,
    /// Of them, those whose review has come.
    pub due: u32,
}

impl Write {
    /// Begins a lease; a step has one.
    pub async fn begin_lease(&mut self, lease: &Lease) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO lease (step, incident, owner, begun_at, review_at, standing, since, next_read_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (step) DO NOTHING",
        )
        .bind(lease.step.as_str())
        .bind(lease.incident.as_str())
        .bind(lease.owner.as_deref())
        .bind(time_text(lease.begun_at))
        .bind(time_text(lease.review_at))
        .bind(lease.standing.name())
        .bind(time_text(lease.since))
        .bind(time_text(lease.next_read_at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("beginning a lease"))?;
        Ok(())
    }

    /// A step's lease as this transaction sees it.
    pub async fn lease(&mut self, step: &StepId) -> Result<Option<Lease>, StoreError> {
        lease_of(self.connection(), step).await
    }

    /// Stores a lease's newer version.
    pub async fn update_lease(&mut self, lease: &Lease) -> Result<(), StoreError> {
        let end = lease.end.as_ref();
        let done = sqlx::query(
            "UPDATE lease SET owner = ?2, review_at = ?3, review_told = ?4, standing = ?5, since = ?6,
               proved_at = ?7, read_at = ?8, note = ?9, unread = ?10, failures = ?11,
               next_read_at = ?12, ended_at = ?13, end_kind = ?14, end_reason = ?15
             WHERE step = ?1",
        )
        .bind(lease.step.as_str())
        .bind(lease.owner.as_deref())
        .bind(time_text(lease.review_at))
        .bind(lease.review_told)
        .bind(lease.standing.name())
        .bind(time_text(lease.since))
        .bind(lease.proved_at.map(time_text))
        .bind(lease.read_at.map(time_text))
        .bind(lease.note.as_deref())
        .bind(lease.unread.as_deref())
        .bind(lease.failures)
        .bind(time_text(lease.next_read_at))
        .bind(end.map(|end| time_text(end.at)))
        .bind(end.map(|end| end.kind.name()))
        .bind(end.and_then(|end| end.reason.as_deref()))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("updating a lease"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(Place { table: "lease", id: lease.step.as_str() }.missing()),
        }
    }
}

impl Store {
    /// A step's lease.
    pub async fn lease(&self, step: &StepId) -> Result<Option<Lease>, StoreError> {
        lease_of(self.read(), step).await
    }

    /// Leases that are not over, those that need somebody first: broken, unproven, then by review; with
    /// `all`, those that are over after them, the newest first. At most 1,000.
    pub async fn leases(&self, all: bool) -> Result<Vec<Lease>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM lease WHERE ended_at IS NULL OR ?1
             ORDER BY ended_at IS NOT NULL, ended_at DESC,
               CASE standing WHEN 'broken' THEN 0 WHEN 'unproven' THEN 1 ELSE 2 END, review_at, step
             LIMIT ?2",
        )
        .bind(all)
        .bind(LISTED)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading leases"))?;
        rows.iter().map(lease).collect()
    }

    /// Steps whose lease is to be read, the longest overdue first.
    pub async fn leases_to_read(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StepId>, StoreError> {
        let rows = sqlx::query(
            "SELECT step FROM lease WHERE ended_at IS NULL AND next_read_at <= ?1
             ORDER BY next_read_at LIMIT ?2",
        )
        .bind(time_text(now))
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading due leases"))?;
        Ok(rows.iter().map(|row| StepId::new(row.get::<String, _>("step"))).collect())
    }

    /// Steps whose lease has come to its review, and of which that was not said yet.
    pub async fn leases_to_review(&self, now: Timestamp) -> Result<Vec<StepId>, StoreError> {
        let rows = sqlx::query(
            "SELECT step FROM lease WHERE ended_at IS NULL AND review_at <= ?1 AND review_told = 0
             ORDER BY review_at",
        )
        .bind(time_text(now))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading leases to review"))?;
        Ok(rows.iter().map(|row| StepId::new(row.get::<String, _>("step"))).collect())
    }

    /// How many stand how.
    pub async fn lease_counts(&self, now: Timestamp) -> Result<LeaseCounts, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) AS active, coalesce(sum(standing = 'broken'), 0) AS broken,
               coalesce(sum(review_at <= ?1), 0) AS due
             FROM lease WHERE ended_at IS NULL",
        )
        .bind(time_text(now))
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("counting leases"))?;
        Ok(LeaseCounts {
            active: row.get("active"),
            broken: row.get("broken"),
            due: row.get("due"),
        })
    }
}

async fn lease_of<'e>(
    from: impl SqliteExecutor<'e>,
    step: &StepId,
) -> Result<Option<Lease>, StoreError> {
    let row = sqlx::query("SELECT * FROM lease WHERE step = ?1")
        .bind(step.as_str())
        .fetch_optional(from)
        .await
        .map_err(StoreError::of("reading a lease"))?;
    row.as_ref().map(lease).transpose()
}

fn lease(row: &SqliteRow) -> Result<Lease, StoreError> {
    let step: String = row.get("step");
    let place = Place { table: "lease", id: &step };
    let end = match row.get::<Option<&str>, _>("ended_at") {
        None => None,
        Some(at) => Some(End {
            at: place.time(at)?,
            kind: place.word(row.get("end_kind"), EndKind::from_name)?,
            reason: row.get("end_reason"),
        }),
    };
    Ok(Lease {
        step: StepId::new(&step),
        incident: IncidentId::new(row.get::<String, _>("incident")),
        owner: row.get("owner"),
        begun_at: place.time(row.get("begun_at"))?,
        review_at: place.time(row.get("review_at"))?,
        review_told: row.get("review_told"),
        standing: place.word(row.get("standing"), Standing::from_name)?,
        since: place.time(row.get("since"))?,
        proved_at: place.maybe_time(row.get("proved_at"))?,
        read_at: place.maybe_time(row.get("read_at"))?,
        note: row.get("note"),
        unread: row.get("unread"),
        failures: row.get("failures"),
        next_read_at: place.time(row.get("next_read_at"))?,
        end,
    })
}
