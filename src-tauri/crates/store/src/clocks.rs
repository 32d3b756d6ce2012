//! Targets, who kept them, and how far everything reached.

use firebreak_core::clock::Target;
use firebreak_core::{IncidentState, Severity, Timestamp};
use sqlx::Row;

use crate::row::{Place, time_text};
use crate::{Store, StoreError, Write};

/// Incidents looked at for a median: the newest.
const MEASURED: u32 = 10_000;
/// Past clocks counted.
const COUNTED: u32 = 10_000;

/// How far everything active reached at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReachSample {
    /// To the minute.
    pub at: Timestamp,
    /// Assets within reach.
    pub assets: u32,
    /// Crown jewels among them.
    pub jewels: u32,
    /// Assets that an attacker is on.
    pub compromised: u32,
    /// Assets that are proven contained.
    pub contained: u32,
}

/// How long people took, in seconds, by incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// From the beginning until somebody took it on.
    pub to_acknowledge: Vec<i64>,
    /// From the beginning until it was contained.
    pub to_contain: Vec<i64>,
}

impl Write {
    /// Puts targets in force and sets every running clock anew.
    pub async fn put_clock_targets(&mut self, targets: &[Target]) -> Result<(), StoreError> {
        for target in targets {
            sqlx::query(
                "INSERT INTO clock_target (severity, acknowledge, contain) VALUES (?1, ?2, ?3)
                 ON CONFLICT (severity) DO UPDATE SET
                   acknowledge = excluded.acknowledge, contain = excluded.contain",
            )
            .bind(target.severity.name())
            .bind(target.acknowledge)
            .bind(target.contain)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("storing a target"))?;
        }
        sqlx::query(
            "UPDATE incident SET due = unixepoch(opened_at) + 60 *
               (SELECT iif(incident.acknowledged_at IS NULL, acknowledge, contain)
                FROM clock_target WHERE severity = incident.severity)
             WHERE due IS NOT NULL",
        )
        .execute(self.connection())
        .await
        .map_err(StoreError::of("setting clocks"))?;
        Ok(())
    }

    /// Keeps how far everything reaches; a minute has one sample. Forgets what is from before `since`.
    pub async fn put_reach_sample(
        &mut self,
        sample: &ReachSample,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO reach_sample VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(minute(sample.at))
            .bind(sample.assets)
            .bind(sample.jewels)
            .bind(sample.compromised)
            .bind(sample.contained)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("storing a reach"))?;
        sqlx::query("DELETE FROM reach_sample WHERE minute < ?1")
            .bind(minute(since))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting old reaches"))?;
        Ok(())
    }
}

impl Store {
    /// The targets, gravest severity first.
    pub async fn clock_targets(&self) -> Result<Vec<Target>, StoreError> {
        let rows = sqlx::query("SELECT severity, acknowledge, contain FROM clock_target")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading targets"))?;
        let mut targets = Vec::new();
        for row in &rows {
            let name: String = row.get("severity");
            let place = Place { table: "clock_target", id: &name };
            targets.push(Target {
                severity: place.word(&name, Severity::from_name)?,
                acknowledge: row.get("acknowledge"),
                contain: row.get("contain"),
            });
        }
        targets.sort_by_key(|target| std::cmp::Reverse(target.severity));
        Ok(targets)
    }

    /// How many clocks ran out before `now`, at most ten thousand, and the incident whose is next.
    pub async fn past_due(&self, now: Timestamp) -> Result<(u32, Option<String>), StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM incident INDEXED BY incident_due
                     WHERE due < ?1 LIMIT ?2)) AS past,
               (SELECT id FROM incident INDEXED BY incident_due WHERE due >= ?1
                ORDER BY due LIMIT 1) AS next",
        )
        .bind(now.timestamp())
        .bind(COUNTED)
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("reading clocks"))?;
        Ok((row.get("past"), row.get("next")))
    }

    /// How long people took with what they took on, and with what was contained, since then. What was
    /// a false positive or merged into another tells nothing of that.
    pub async fn times(&self, since: Timestamp) -> Result<Times, StoreError> {
        let to_acknowledge = self.seconds(
            "SELECT max(0, unixepoch(acknowledged_at) - unixepoch(opened_at)) AS seconds
             FROM incident INDEXED BY incident_acknowledged
             WHERE acknowledged_at >= ?1 AND cause IS NULL AND merged_into IS NULL
             ORDER BY acknowledged_at DESC LIMIT ?2",
            since,
        );
        let to_contain = self.seconds(
            "SELECT max(0, unixepoch(stopped_at) - unixepoch(opened_at)) AS seconds
             FROM incident INDEXED BY incident_stopped
             WHERE stopped_at >= ?1 AND state = 'contained' AND merged_into IS NULL
             ORDER BY stopped_at DESC LIMIT ?2",
            since,
        );
        Ok(Times { to_acknowledge: to_acknowledge.await?, to_contain: to_contain.await? })
    }

    async fn seconds(&self, sql: &'static str, since: Timestamp) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query(sql)
            .bind(time_text(since))
            .bind(MEASURED)
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading clocks"))?;
        Ok(rows.iter().map(|row| row.get("seconds")).collect())
    }

    /// How many incidents were contained, and how many ended, since then.
    pub async fn ended_since(&self, since: Timestamp) -> Result<(u32, u32), StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(sum(state = ?2), 0) AS contained, count(*) AS stopped
             FROM (SELECT state FROM incident INDEXED BY incident_stopped
                   WHERE stopped_at >= ?1 AND merged_into IS NULL LIMIT ?3)",
        )
        .bind(time_text(since))
        .bind(IncidentState::Contained.name())
        .bind(COUNTED)
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("reading clocks"))?;
        let contained: u32 = row.get("contained");
        Ok((contained, row.get::<u32, _>("stopped") - contained))
    }

    /// How far everything reached since then, oldest first; the first says how far it was by then.
    pub async fn reach_samples(&self, since: Timestamp) -> Result<Vec<ReachSample>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM reach_sample WHERE minute >= coalesce(
               (SELECT max(minute) FROM reach_sample WHERE minute <= ?1), ?1) ORDER BY minute",
        )
        .bind(minute(since))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading reaches"))?;
        let sample = |row: &sqlx::sqlite::SqliteRow| {
            let at = Timestamp::from_timestamp(row.get::<i64, _>("minute") * 60, 0)?;
            Some(ReachSample {
                at,
                assets: row.get("assets"),
                jewels: row.get("jewels"),
                compromised: row.get("compromised"),
                contained: row.get("contained"),
            })
        };
        Ok(rows.iter().filter_map(sample).collect())
    }
}

fn minute(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(60)
}
