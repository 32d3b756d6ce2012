//! What a scope would have covered lately.

use std::collections::BTreeSet;

use firebreak_core::finding::Finding;
use firebreak_core::suppression::Scope;
use firebreak_core::{AssetId, IncidentId, IncidentState, Severity, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use crate::row::{Place, json_text, time_text};
use crate::triage::finding;
use crate::{Store, StoreError};

/// Findings read for one look back.
const LOOKED_AT: u32 = 20_000;
/// Findings walked through where the scope names neither a rule nor an asset.
const WALKED: u32 = 50_000;

/// A finding that a scope covers, and the incident that it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// As it stands.
    pub finding: Finding,
    /// The greatest severity it ever had.
    pub worst: Severity,
    /// Which incident has it.
    pub incident: IncidentId,
    /// That incident's number.
    pub number: i64,
    /// Its title. Untrusted.
    pub title: String,
    /// Its severity.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// How many findings it has.
    pub findings: u32,
}

/// A finding of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// As it stands.
    pub finding: Finding,
    /// The greatest severity it ever had.
    pub worst: Severity,
    /// Which incident has it.
    pub incident: IncidentId,
}

/// The findings that a scope covers, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lookback {
    /// At most some thousand.
    pub witnesses: Vec<Witness>,
    /// Whether there may be older ones that were not looked at.
    pub more: bool,
}

impl Store {
    /// Findings in incidents that came since a time and that a scope covers.
    pub async fn look_back(&self, scope: &Scope, since: Timestamp) -> Result<Lookback, StoreError> {
        let since = time_text(since);
        let indexed = scope.rule.is_some() || scope.asset.is_some();
        let mut statement = QueryBuilder::<Sqlite>::new(
            "SELECT f.id, f.doc, f.worst, i.id AS incident, i.number, i.title, i.severity, i.state,
               i.finding_count FROM ",
        );
        if indexed {
            statement.push("finding f ");
        } else {
            // Ids rise with time, so this is the newest and needs no index of its own.
            statement.push("(SELECT * FROM finding ORDER BY id DESC LIMIT ").push_bind(WALKED);
            statement.push(") f ");
        }
        statement.push(
            "CROSS JOIN incident_finding l ON l.finding = f.id
             CROSS JOIN incident i ON i.id = l.incident WHERE f.received_at >= ",
        );
        statement.push_bind(&since);
        narrow(&mut statement, scope);
        let order =
            if indexed { " ORDER BY f.received_at DESC, f.id DESC" } else { " ORDER BY f.id DESC" };
        statement.push(order).push(" LIMIT ").push_bind(LOOKED_AT + 1);
        let rows = statement
            .build()
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("looking back"))?;
        let some = rows.iter().take(LOOKED_AT as usize).map(witness);
        let mut witnesses = some.collect::<Result<Vec<_>, _>>()?;
        witnesses.retain(|one| scope.covers(&one.finding));
        let more =
            rows.len() > LOOKED_AT as usize || (!indexed && self.goes_further_back(&since).await?);
        Ok(Lookback { witnesses, more })
    }

    /// All findings of these incidents.
    pub async fn members_of(
        &self,
        incidents: &BTreeSet<IncidentId>,
    ) -> Result<Vec<Held>, StoreError> {
        let rows = sqlx::query(
            "SELECT f.id, f.doc, f.worst, l.incident FROM json_each(?1) asked
             CROSS JOIN incident_finding l ON l.incident = asked.value
             CROSS JOIN finding f ON f.id = l.finding",
        )
        .bind(json_text(incidents))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading findings"))?;
        rows.iter()
            .map(|row| {
                let (finding, worst) = finding(row)?;
                let incident = IncidentId::new(row.get::<String, _>("incident"));
                Ok(Held { finding, worst, incident })
            })
            .collect()
    }

    async fn goes_further_back(&self, since: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT received_at FROM finding ORDER BY id DESC LIMIT 1 OFFSET ?1")
            .bind(WALKED)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("looking back"))?;
        Ok(row.is_some_and(|row| row.get::<String, _>("received_at").as_str() >= since))
    }
}

/// What an index or the document can say already; [`Scope::covers`] has the last word.
fn narrow(statement: &mut QueryBuilder<Sqlite>, scope: &Scope) {
    if let Some(rule) = &scope.rule {
        statement.push(" AND f.source = ").push_bind(rule.source.clone());
        statement.push(" AND f.rule = ").push_bind(rule.rule.clone());
    }
    if let Some(asset) = &scope.asset {
        statement.push(" AND f.asset = ").push_bind(AssetId::as_str(asset).to_owned());
    }
    if let Some(account) = &scope.account {
        statement.push(" AND f.doc->>'$.resource.account' = ").push_bind(account.clone());
    }
    if let Some(tag) = &scope.tag {
        statement
            .push(" AND EXISTS (SELECT 1 FROM json_each(f.doc, '$.resource.tags') WHERE key = ");
        statement.push_bind(tag.key.clone()).push(")");
    }
}

fn witness(row: &SqliteRow) -> Result<Witness, StoreError> {
    let (finding, worst) = finding(row)?;
    let incident: String = row.get("incident");
    let held = Place { table: "incident", id: &incident };
    Ok(Witness {
        worst,
        finding,
        number: row.get("number"),
        title: row.get("title"),
        severity: held.word(row.get("severity"), Severity::from_name)?,
        state: held.word(row.get("state"), IncidentState::from_name)?,
        findings: u32::try_from(row.get::<i64, _>("finding_count")).unwrap_or(u32::MAX),
        incident: IncidentId::new(&incident),
    })
}
