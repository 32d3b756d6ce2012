//! Alerts verbatim, and the findings made of them.

use firebreak_core::finding::Finding;
use firebreak_core::{AlertId, FindingId, IncidentId, Timestamp};
use sqlx::Row;

use crate::row::Place;
use crate::{Store, StoreError};

/// An alert as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAlert {
    /// Ours.
    pub id: AlertId,
    /// The configured source's name.
    pub source: String,
    /// Hash of the bytes, hex.
    pub sha256: String,
    /// When.
    pub received_at: Timestamp,
    /// Verbatim.
    pub body: Vec<u8>,
}

impl Store {
    /// The findings of an incident, oldest first.
    pub async fn findings(&self, incident: &IncidentId) -> Result<Vec<Finding>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc FROM incident_finding i JOIN finding f ON f.id = i.finding
             WHERE i.incident = ?1 ORDER BY f.began_at, f.id",
        )
        .bind(incident.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading findings"))?;
        rows.iter()
            .map(|row| {
                let id: String = row.get("id");
                let doc: String = row.get("doc");
                Place { table: "finding", id: &id }.json(&doc)
            })
            .collect()
    }

    /// One finding.
    pub async fn finding(&self, id: &FindingId) -> Result<Finding, StoreError> {
        let place = Place { table: "finding", id: id.as_str() };
        let row = sqlx::query("SELECT doc FROM finding WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a finding"))?
            .ok_or_else(|| place.missing())?;
        place.json(row.get("doc"))
    }

    /// The newest alert behind a finding.
    pub async fn alert_of(&self, finding: &FindingId) -> Result<StoredAlert, StoreError> {
        let place = Place { table: "finding", id: finding.as_str() };
        let row = sqlx::query(
            "SELECT a.id, a.source, a.sha256, a.received_at, a.body FROM finding f
             JOIN alert a ON a.id = f.alert WHERE f.id = ?1",
        )
        .bind(finding.as_str())
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("reading an alert"))?
        .ok_or_else(|| place.missing())?;
        Ok(StoredAlert {
            id: AlertId::new(row.get::<String, _>("id")),
            source: row.get("source"),
            sha256: row.get("sha256"),
            received_at: place.time(&row.get::<String, _>("received_at"))?,
            body: row.get("body"),
        })
    }

    /// Alerts that a source delivered in each hour of the last `hours`, oldest first; the last
    /// number is of the hour that `now` is in.
    pub async fn alerts_per_hour(
        &self,
        source: &str,
        now: Timestamp,
        hours: u32,
    ) -> Result<Vec<u32>, StoreError> {
        let oldest = now.timestamp().div_euclid(3600) - i64::from(hours) + 1;
        let rows =
            sqlx::query("SELECT hour, alerts FROM alert_tally WHERE source = ?1 AND hour >= ?2")
                .bind(source)
                .bind(oldest)
                .fetch_all(self.read())
                .await
                .map_err(StoreError::of("counting alerts by hour"))?;
        let mut counts = vec![0; hours as usize];
        for row in rows {
            let place = usize::try_from(row.get::<i64, _>("hour") - oldest);
            if let Some(slot) = place.ok().and_then(|place| counts.get_mut(place)) {
                *slot = u32::try_from(row.get::<i64, _>("alerts")).unwrap_or(u32::MAX);
            }
        }
        Ok(counts)
    }

    /// How many alerts a source has delivered, and how many of them were not understood.
    pub async fn alert_counts(&self, source: &str) -> Result<(u32, u32), StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(sum(alerts), 0) AS total, coalesce(sum(unread), 0) AS unread
             FROM alert_tally WHERE source = ?1",
        )
        .bind(source)
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("counting alerts"))?;
        let count = |name: &str| u32::try_from(row.get::<i64, _>(name)).unwrap_or(u32::MAX);
        Ok((count("total"), count("unread")))
    }
}
