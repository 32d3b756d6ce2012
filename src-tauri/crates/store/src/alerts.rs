//! Alerts verbatim, and the findings made of them.

use chrono::DateTime;
use firebreak_core::finding::{Finding, FindingKey};
use firebreak_core::ports::RawAlert;
use firebreak_core::{AlertId, AssetId, FindingId, IncidentId, Timestamp, asset};
use sqlx::Row;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

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

impl Write {
    /// Stores an alert; `false` when these very bytes came from this source before.
    pub async fn put_alert(
        &mut self,
        id: &AlertId,
        source: &str,
        raw: &RawAlert,
        sha256: &str,
        received_at: Timestamp,
        problem: Option<&str>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO alert (id, source, kind, sha256, received_at, problem, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (source, sha256) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(source)
        .bind(&raw.kind)
        .bind(sha256)
        .bind(time_text(received_at))
        .bind(problem)
        .bind(&raw.body)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing an alert"))?;
        Ok(done.rows_affected() == 1)
    }

    /// The finding known under a key, with the incident it is in.
    pub async fn finding_by_key(
        &mut self,
        key: &FindingKey,
    ) -> Result<Option<(Finding, Option<IncidentId>)>, StoreError> {
        let row = sqlx::query(
            "SELECT f.id, f.doc, i.incident FROM finding f
             LEFT JOIN incident_finding i ON i.finding = f.id
             WHERE f.source = ?1 AND f.kind = ?2 AND f.vendor_id = ?3",
        )
        .bind(&key.source)
        .bind(&key.kind)
        .bind(&key.vendor_id)
        .fetch_optional(self.connection())
        .await
        .map_err(StoreError::of("looking for a finding"))?;
        row.map(|row| {
            let id: String = row.get("id");
            let doc: String = row.get("doc");
            let incident: Option<String> = row.get("incident");
            Ok((Place { table: "finding", id: &id }.json(&doc)?, incident.map(IncidentId::new)))
        })
        .transpose()
    }

    /// Stores a finding, or its newer version.
    pub async fn put_finding(&mut self, finding: &Finding) -> Result<(), StoreError> {
        let asset = asset::asset_id(&finding.source, &finding.draft.resource);
        sqlx::query(
            "INSERT INTO finding (id, source, kind, vendor_id, alert, began_at, received_at, asset, doc)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (source, kind, vendor_id) DO UPDATE SET
               alert = excluded.alert, began_at = excluded.began_at, asset = excluded.asset, doc = excluded.doc",
        )
        .bind(finding.id.as_str())
        .bind(&finding.source)
        .bind(&finding.draft.kind)
        .bind(&finding.draft.vendor_id)
        .bind(finding.alert.as_str())
        .bind(time_text(finding.began_at()))
        .bind(time_text(finding.received_at))
        .bind(asset.as_ref().map(AssetId::as_str))
        .bind(json_text(finding))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing a finding"))?;
        Ok(())
    }
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
        let newest = now.timestamp().div_euclid(3600);
        let oldest = newest - i64::from(hours) + 1;
        let since = DateTime::from_timestamp(oldest * 3600, 0).unwrap_or(now);
        let rows = sqlx::query(
            "SELECT CAST(strftime('%s', received_at) AS INTEGER) / 3600 AS hour, count(*) AS alerts
             FROM alert WHERE source = ?1 AND received_at >= ?2 GROUP BY 1",
        )
        .bind(source)
        .bind(time_text(since))
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
            "SELECT count(*) AS total, count(problem) AS unread FROM alert WHERE source = ?1",
        )
        .bind(source)
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("counting alerts"))?;
        let count = |name: &str| u32::try_from(row.get::<i64, _>(name)).unwrap_or(u32::MAX);
        Ok((count("total"), count("unread")))
    }
}
