//! Assets, neighbourhoods and assessments.

use std::collections::BTreeSet;

use firebreak_core::assessment::Assessment;
use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_core::{AssetId, IncidentId, Timestamp};
use sqlx::{Row, SqliteExecutor};

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// What was gathered about an incident beyond its findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IncidentContext {
    /// What the source's graph gave, and when.
    pub neighbourhood: Option<(Neighbourhood, Timestamp)>,
    /// Why some of it is missing.
    pub problem: Option<String>,
    /// Summary and hypothesis.
    pub assessment: Option<Assessment>,
    /// Why no model's answer is shown.
    pub model_note: Option<String>,
}

impl Write {
    /// Merges what is newly known of an asset into what was known; answers the whole.
    pub async fn absorb_asset(&mut self, fresh: Asset) -> Result<Asset, StoreError> {
        let mut known = self.known_assets(&BTreeSet::from([fresh.id.clone()])).await?;
        let merged = match known.remove(&fresh.id) {
            Some(mut known) => {
                known.absorb(fresh);
                known
            }
            None => fresh,
        };
        self.put_assets(&[&merged]).await?;
        Ok(merged)
    }

    /// Stores what the source's graph gave, or why it gave nothing.
    pub async fn put_neighbourhood(
        &mut self,
        incident: &IncidentId,
        neighbourhood: Option<(&Neighbourhood, Timestamp)>,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO incident_context (incident, neighbourhood, neighbours_at, problem) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (incident) DO UPDATE SET
               neighbourhood = coalesce(excluded.neighbourhood, neighbourhood),
               neighbours_at = coalesce(excluded.neighbours_at, neighbours_at),
               problem = excluded.problem",
        )
        .bind(incident.as_str())
        .bind(neighbourhood.map(|(graph, _)| json_text(graph)))
        .bind(neighbourhood.map(|(_, at)| time_text(at)))
        .bind(problem)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing neighbours"))?;
        Ok(())
    }

    /// Stores an assessment and the note about the model.
    pub async fn put_assessment(
        &mut self,
        incident: &IncidentId,
        assessment: Option<&Assessment>,
        model_note: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO incident_context (incident, assessment, model_note) VALUES (?1, ?2, ?3)
             ON CONFLICT (incident) DO UPDATE SET
               assessment = coalesce(excluded.assessment, assessment), model_note = excluded.model_note",
        )
        .bind(incident.as_str())
        .bind(assessment.map(json_text))
        .bind(model_note)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing an assessment"))?;
        Ok(())
    }
}

impl Store {
    /// What is known of an asset.
    pub async fn asset(&self, id: &AssetId) -> Result<Option<Asset>, StoreError> {
        let row = sqlx::query("SELECT doc FROM asset WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading an asset"))?;
        row.map(|row| Place { table: "asset", id: id.as_str() }.json(row.get("doc"))).transpose()
    }

    /// What is known of these assets.
    pub async fn assets(&self, ids: &BTreeSet<AssetId>) -> Result<Vec<Asset>, StoreError> {
        assets(self.read(), ids).await
    }

    /// What sources said around incidents, with when: so many, in the order of the incidents' ids
    /// after this one.
    pub async fn neighbourhoods(
        &self,
        after: Option<&IncidentId>,
        limit: u32,
    ) -> Result<Vec<(IncidentId, Neighbourhood, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT incident, neighbourhood, neighbours_at FROM incident_context
             WHERE neighbourhood IS NOT NULL AND neighbours_at IS NOT NULL AND incident > ?1
             ORDER BY incident LIMIT ?2",
        )
        .bind(after.map_or("", IncidentId::as_str))
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading what sources said"))?;
        rows.iter()
            .map(|row| {
                let id: String = row.get("incident");
                let place = Place { table: "incident_context", id: &id };
                let said = place.json(row.get("neighbourhood"))?;
                Ok((IncidentId::new(&id), said, place.time(row.get("neighbours_at"))?))
            })
            .collect()
    }

    /// What was gathered about an incident; empty when nothing was yet.
    pub async fn context(&self, incident: &IncidentId) -> Result<IncidentContext, StoreError> {
        let row = sqlx::query(
            "SELECT neighbourhood, neighbours_at, problem, assessment, model_note
             FROM incident_context WHERE incident = ?1",
        )
        .bind(incident.as_str())
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("reading an incident's context"))?;
        let Some(row) = row else { return Ok(IncidentContext::default()) };
        let place = Place { table: "incident_context", id: incident.as_str() };
        let graph: Option<Neighbourhood> = place.maybe_json(row.get("neighbourhood"))?;
        let at = place.maybe_time(row.get("neighbours_at"))?;
        Ok(IncidentContext {
            neighbourhood: graph.zip(at),
            problem: row.get("problem"),
            assessment: place.maybe_json(row.get("assessment"))?,
            model_note: row.get("model_note"),
        })
    }
}

pub(crate) async fn assets(
    executor: impl SqliteExecutor<'_>,
    ids: &BTreeSet<AssetId>,
) -> Result<Vec<Asset>, StoreError> {
    let rows = sqlx::query(
        "SELECT a.id, a.doc FROM json_each(?1) asked CROSS JOIN asset a ON a.id = asked.value",
    )
    .bind(json_text(ids))
    .fetch_all(executor)
    .await
    .map_err(StoreError::of("looking for assets"))?;
    rows.iter()
        .map(|row| Place { table: "asset", id: row.get("id") }.json(row.get("doc")))
        .collect()
}
