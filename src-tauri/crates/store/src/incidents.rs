//! Incidents, their findings, evidence and timeline.

use firebreak_core::evidence::{Evidence, evidence_id};
use firebreak_core::incident::Incident;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{
    AssetId, EvidenceId, FindingId, IncidentId, IncidentState, Severity, Timestamp,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// What the queue shows of an incident beyond the incident itself, kept beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentSummary {
    /// Untrusted.
    pub asset_name: Option<String>,
    /// Account id.
    pub account: Option<String>,
    /// Untrusted.
    pub account_name: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// ATT&CK technique ids.
    pub techniques: Vec<String>,
    /// Names of the sources.
    pub sources: Vec<String>,
}

impl Write {
    /// Moves an incident to a state, unless somebody moved it first. It is put off no more.
    pub async fn set_incident_state(
        &mut self,
        id: &IncidentId,
        from: IncidentState,
        to: IncidentState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE incident SET state = ?3, updated_at = ?4, snoozed_until = NULL, snoozed_from = NULL
             WHERE id = ?1 AND state = ?2",
        )
        .bind(id.as_str())
        .bind(from.name())
        .bind(to.name())
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("moving an incident"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "incident", id: id.to_string() }),
        }
    }

    /// Adds a fact; answers its id and whether it is new. The same fact again keeps the id it has.
    pub async fn put_evidence(
        &mut self,
        incident: &IncidentId,
        source: &str,
        at: Timestamp,
        text: &str,
        sha256: &str,
    ) -> Result<(EvidenceId, bool), StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO evidence (incident, number, source, at, text, sha256)
             VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM evidence WHERE incident = ?1), ?2, ?3, ?4, ?5)
             ON CONFLICT (incident, source, at, text) DO NOTHING
             RETURNING number",
        )
        .bind(incident.as_str())
        .bind(source)
        .bind(time_text(at))
        .bind(text)
        .bind(sha256)
        .fetch_optional(self.connection())
        .await
        .map_err(StoreError::of("storing evidence"))?;
        let is_new = inserted.is_some();
        let row = match inserted {
            Some(row) => row,
            None => sqlx::query(
                "SELECT number FROM evidence WHERE incident = ?1 AND source = ?2 AND at = ?3 AND text = ?4",
            )
            .bind(incident.as_str())
            .bind(source)
            .bind(time_text(at))
            .bind(text)
            .fetch_one(self.connection())
            .await
            .map_err(StoreError::of("finding evidence"))?,
        };
        Ok((evidence_id(usize::try_from(row.get::<i64, _>("number")).unwrap_or(0)), is_new))
    }

    /// Adds a line to the timeline.
    pub async fn put_timeline(
        &mut self,
        incident: &IncidentId,
        entry: &Entry,
    ) -> Result<(), StoreError> {
        self.put_timelines(&[(incident.clone(), entry.clone())]).await
    }
}

impl Store {
    /// One incident.
    pub async fn incident(&self, id: &IncidentId) -> Result<Incident, StoreError> {
        let row = sqlx::query("SELECT * FROM incident WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading an incident"))?
            .ok_or_else(|| Place { table: "incident", id: id.as_str() }.missing())?;
        let findings = sqlx::query(
            "SELECT i.finding FROM incident_finding i JOIN finding f ON f.id = i.finding
             WHERE i.incident = ?1 ORDER BY f.began_at, f.id",
        )
        .bind(id.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading an incident's findings"))?;
        incident_of(&row, &findings)
    }

    /// The id behind a number.
    pub async fn incident_by_number(&self, number: i64) -> Result<Option<IncidentId>, StoreError> {
        let row = sqlx::query("SELECT id FROM incident WHERE number = ?1")
            .bind(number)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("looking for an incident"))?;
        Ok(row.map(|row| IncidentId::new(row.get::<String, _>("id"))))
    }

    /// The facts of an incident that count, in the order of their ids.
    pub async fn evidence(&self, incident: &IncidentId) -> Result<Vec<Evidence>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, source, at, text, sha256 FROM evidence
             WHERE incident = ?1 AND NOT withdrawn ORDER BY number",
        )
        .bind(incident.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading evidence"))?;
        let place = Place { table: "evidence", id: incident.as_str() };
        rows.iter()
            .map(|row| {
                Ok(Evidence {
                    id: evidence_id(usize::try_from(row.get::<i64, _>("number")).unwrap_or(0)),
                    source: row.get("source"),
                    at: place.time(row.get("at"))?,
                    text: row.get("text"),
                    sha256: row.get("sha256"),
                })
            })
            .collect()
    }

    /// The timeline of an incident, oldest first, at most the newest 500 lines; without those of facts
    /// that count no more.
    pub async fn timeline(&self, incident: &IncidentId) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, kind, actor, text, evidence FROM
               (SELECT * FROM timeline t WHERE incident = ?1 AND NOT EXISTS (
                  SELECT 1 FROM evidence e WHERE e.incident = t.incident AND e.withdrawn
                    AND e.number = CAST(substr(t.evidence, 2) AS INTEGER))
                ORDER BY at DESC, id DESC LIMIT 500)
             ORDER BY at, id",
        )
        .bind(incident.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading the timeline"))?;
        let place = Place { table: "timeline", id: incident.as_str() };
        rows.iter().map(|row| entry(row, place)).collect()
    }
}

impl Store {
    /// What people and steps did to these incidents since then, newest first, each with its incident.
    pub async fn deeds_since(
        &self,
        incidents: &[IncidentId],
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<(IncidentId, Entry)>, StoreError> {
        let kinds = [EntryKind::Decision, EntryKind::Containment, EntryKind::Proof];
        let rows = sqlx::query(
            "SELECT t.incident, t.at, t.kind, t.actor, t.text, t.evidence
             FROM json_each(?1) asked CROSS JOIN timeline t ON t.incident = asked.value
             WHERE t.at >= ?2 AND t.kind IN (SELECT value FROM json_each(?3))
             ORDER BY t.at DESC, t.id DESC LIMIT ?4",
        )
        .bind(json_text(&incidents))
        .bind(time_text(since))
        .bind(json_text(&kinds.map(EntryKind::name)))
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading timelines"))?;
        rows.iter()
            .map(|row| {
                let incident = IncidentId::new(row.get::<String, _>("incident"));
                let entry = entry(row, Place { table: "timeline", id: incident.as_str() })?;
                Ok((incident, entry))
            })
            .collect()
    }
}

fn entry(row: &SqliteRow, place: Place<'_>) -> Result<Entry, StoreError> {
    Ok(Entry {
        at: place.time(row.get("at"))?,
        kind: place.word(row.get("kind"), EntryKind::from_name)?,
        actor: row.get("actor"),
        text: row.get("text"),
        evidence: row.get::<Option<String>, _>("evidence").map(EvidenceId::new),
    })
}

fn incident_of(row: &SqliteRow, findings: &[SqliteRow]) -> Result<Incident, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "incident", id: &id };
    Ok(Incident {
        id: IncidentId::new(&id),
        number: row.get("number"),
        title: row.get("title"),
        severity: place.word(row.get("severity"), Severity::from_name)?,
        state: place.word(row.get("state"), IncidentState::from_name)?,
        owner: row.get("owner"),
        asset: row.get::<Option<String>, _>("asset").map(AssetId::new),
        findings: findings
            .iter()
            .map(|row| FindingId::new(row.get::<String, _>("finding")))
            .collect(),
        joined_because: row.get("joined_because"),
        opened_at: place.time(row.get("opened_at"))?,
        updated_at: place.time(row.get("updated_at"))?,
    })
}
