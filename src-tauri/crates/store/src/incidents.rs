//! Incidents, their findings, evidence and timeline.

use firebreak_core::correlate::Candidate;
use firebreak_core::evidence::{Evidence, evidence_id};
use firebreak_core::finding::Finding;
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
    /// Incidents of an asset that a finding might join.
    pub async fn candidates(&mut self, asset: &AssetId) -> Result<Vec<Candidate>, StoreError> {
        let rows =
            sqlx::query("SELECT id, state, opened_at, last_at FROM incident WHERE asset = ?1")
                .bind(asset.as_str())
                .fetch_all(self.connection())
                .await
                .map_err(StoreError::of("looking for incidents of an asset"))?;
        rows.iter()
            .map(|row| {
                let id: String = row.get("id");
                let place = Place { table: "incident", id: &id };
                Ok(Candidate {
                    incident: IncidentId::new(&id),
                    state: place.word(&row.get::<String, _>("state"), IncidentState::from_name)?,
                    first_at: place.time(&row.get::<String, _>("opened_at"))?,
                    last_at: place.time(&row.get::<String, _>("last_at"))?,
                })
            })
            .collect()
    }

    /// The number of the next incident.
    pub async fn next_incident_number(&mut self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT coalesce(max(number), 0) + 1 AS next FROM incident")
            .fetch_one(self.connection())
            .await
            .map_err(StoreError::of("numbering an incident"))?;
        Ok(row.get("next"))
    }

    /// Stores an incident, or its newer version. `last_at` is when its last finding began.
    pub async fn put_incident(
        &mut self,
        incident: &Incident,
        summary: &IncidentSummary,
        last_at: Timestamp,
    ) -> Result<(), StoreError> {
        let search = search_text(incident, summary);
        sqlx::query(
            "INSERT INTO incident (id, number, title, severity, severity_rank, state, owner, asset, asset_name,
               account, account_name, region, techniques, sources, finding_count, joined_because, opened_at,
               last_at, updated_at, search)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
             ON CONFLICT (id) DO UPDATE SET
               title = excluded.title, severity = excluded.severity, severity_rank = excluded.severity_rank,
               state = excluded.state, owner = excluded.owner, asset = excluded.asset, asset_name = excluded.asset_name,
               account = excluded.account, account_name = excluded.account_name, region = excluded.region,
               techniques = excluded.techniques, sources = excluded.sources,
               finding_count = excluded.finding_count, opened_at = excluded.opened_at,
               last_at = excluded.last_at, updated_at = excluded.updated_at, search = excluded.search",
        )
        .bind(incident.id.as_str())
        .bind(incident.number)
        .bind(&incident.title)
        .bind(incident.severity.name())
        .bind(incident.severity.rank())
        .bind(incident.state.name())
        .bind(&incident.owner)
        .bind(incident.asset.as_ref().map(AssetId::as_str))
        .bind(&summary.asset_name)
        .bind(&summary.account)
        .bind(&summary.account_name)
        .bind(&summary.region)
        .bind(json_text(&summary.techniques))
        .bind(json_text(&summary.sources))
        .bind(i64::try_from(incident.findings.len()).unwrap_or(i64::MAX))
        .bind(&incident.joined_because)
        .bind(time_text(incident.opened_at))
        .bind(time_text(last_at))
        .bind(time_text(incident.updated_at))
        .bind(search)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing an incident"))?;
        Ok(())
    }

    /// Puts a finding into an incident.
    pub async fn link_finding(
        &mut self,
        incident: &IncidentId,
        finding: &FindingId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO incident_finding (finding, incident) VALUES (?1, ?2)
             ON CONFLICT (finding) DO UPDATE SET incident = excluded.incident",
        )
        .bind(finding.as_str())
        .bind(incident.as_str())
        .execute(self.connection())
        .await
        .map_err(StoreError::of("putting a finding into an incident"))?;
        Ok(())
    }

    /// An incident as this transaction sees it, with its summary and the time of its last finding.
    pub async fn incident(
        &mut self,
        id: &IncidentId,
    ) -> Result<(Incident, IncidentSummary, Timestamp), StoreError> {
        let row = sqlx::query("SELECT * FROM incident WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await
            .map_err(StoreError::of("reading an incident"))?
            .ok_or_else(|| Place { table: "incident", id: id.as_str() }.missing())?;
        let findings = sqlx::query(
            "SELECT i.finding FROM incident_finding i JOIN finding f ON f.id = i.finding
             WHERE i.incident = ?1 ORDER BY f.began_at, f.id",
        )
        .bind(id.as_str())
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("reading an incident's findings"))?;
        incident_of(&row, &findings)
    }

    /// Findings of an incident as this transaction sees them.
    pub async fn findings_of(&mut self, id: &IncidentId) -> Result<Vec<Finding>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc FROM incident_finding i JOIN finding f ON f.id = i.finding
             WHERE i.incident = ?1 ORDER BY f.began_at, f.id",
        )
        .bind(id.as_str())
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("reading findings"))?;
        rows.iter()
            .map(|row| Place { table: "finding", id: row.get("id") }.json(row.get("doc")))
            .collect()
    }

    /// Moves an incident to a state, unless somebody moved it first.
    pub async fn set_incident_state(
        &mut self,
        id: &IncidentId,
        from: IncidentState,
        to: IncidentState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE incident SET state = ?3, updated_at = ?4 WHERE id = ?1 AND state = ?2",
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

    /// Gives an incident an owner, or takes it away.
    pub async fn set_incident_owner(
        &mut self,
        id: &IncidentId,
        owner: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE incident SET owner = ?2, updated_at = ?3 WHERE id = ?1")
            .bind(id.as_str())
            .bind(owner)
            .bind(time_text(at))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("assigning an incident"))?;
        Ok(())
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
        sqlx::query(
            "INSERT INTO timeline (incident, at, kind, actor, text, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(incident.as_str())
        .bind(time_text(entry.at))
        .bind(entry.kind.name())
        .bind(&entry.actor)
        .bind(&entry.text)
        .bind(entry.evidence.as_ref().map(EvidenceId::as_str))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("writing the timeline"))?;
        Ok(())
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
        Ok(incident_of(&row, &findings)?.0)
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

    /// The facts of an incident, in the order of their ids.
    pub async fn evidence(&self, incident: &IncidentId) -> Result<Vec<Evidence>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, source, at, text, sha256 FROM evidence WHERE incident = ?1 ORDER BY number",
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

    /// The timeline of an incident, oldest first, at most the newest 500 lines.
    pub async fn timeline(&self, incident: &IncidentId) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, kind, actor, text, evidence FROM
               (SELECT * FROM timeline WHERE incident = ?1 ORDER BY at DESC, id DESC LIMIT 500)
             ORDER BY at, id",
        )
        .bind(incident.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading the timeline"))?;
        let place = Place { table: "timeline", id: incident.as_str() };
        rows.iter()
            .map(|row| {
                Ok(Entry {
                    at: place.time(row.get("at"))?,
                    kind: place.word(row.get("kind"), EntryKind::from_name)?,
                    actor: row.get("actor"),
                    text: row.get("text"),
                    evidence: row.get::<Option<String>, _>("evidence").map(EvidenceId::new),
                })
            })
            .collect()
    }
}

fn incident_of(
    row: &SqliteRow,
    findings: &[SqliteRow],
) -> Result<(Incident, IncidentSummary, Timestamp), StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "incident", id: &id };
    let incident = Incident {
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
    };
    let summary = IncidentSummary {
        asset_name: row.get("asset_name"),
        account: row.get("account"),
        account_name: row.get("account_name"),
        region: row.get("region"),
        techniques: place.json(row.get("techniques"))?,
        sources: place.json(row.get("sources"))?,
    };
    Ok((incident, summary, place.time(row.get("last_at"))?))
}

/// Lower-case text that the queue's search looks through.
fn search_text(incident: &Incident, summary: &IncidentSummary) -> String {
    let mut parts = vec![incident.label(), incident.title.clone()];
    parts.extend(incident.asset.as_ref().map(ToString::to_string));
    parts.extend(summary.asset_name.clone());
    parts.extend(summary.account.clone());
    parts.extend(summary.account_name.clone());
    parts.extend(summary.techniques.iter().cloned());
    parts.join(" ").to_lowercase()
}
