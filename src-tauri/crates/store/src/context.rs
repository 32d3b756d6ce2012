//! Assets, neighbourhoods and assessments.

use std::collections::BTreeSet;

use firebreak_core::assessment::Assessment;
use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_core::{AssetId, IncidentId, Timestamp};
use sqlx::Row;

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
