//! What incidents' findings name, by which new findings find them.

use std::collections::{BTreeSet, HashMap};

use firebreak_core::correlate::{Stretch, window};
use firebreak_core::{FindingId, IncidentId, IncidentState, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::many::insert;
use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// Entities of one incident that others are looked for by.
const MOST_ENTITIES: u32 = 50;

/// What is known of some entities.
#[derive(Debug, Default)]
pub struct Named {
    /// By entity, in no order.
    pub stretches: HashMap<String, Vec<Stretch>>,
    /// The incident that has the findings of each home; homes that are their own are left out.
    pub roots: HashMap<IncidentId, IncidentId>,
}

/// An entity that two incidents name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedEntity {
    /// The other incident.
    pub incident: IncidentId,
    /// Its id. Untrusted.
    pub entity: String,
}

impl Write {
    /// When incidents that take findings in name these entities, as far as findings between the two
    /// times can be linked to that.
    pub async fn named(
        &mut self,
        entities: &BTreeSet<&str>,
        (first, last): (Timestamp, Timestamp),
    ) -> Result<Named, StoreError> {
        let rows = sqlx::query(
            "SELECT n.entity, n.incident, n.first_at, n.last_at, i.root FROM json_each(?1) asked
             CROSS JOIN incident_entity n ON n.entity = asked.value AND n.last_at >= ?2 AND n.first_at <= ?3
             CROSS JOIN incident i ON i.id = n.incident
             LEFT JOIN incident r ON r.id = i.root
             WHERE coalesce(r.state, i.state) IN (SELECT value FROM json_each(?4))",
        )
        .bind(json_text(entities))
        .bind(time_text(first - window()))
        .bind(time_text(last + window()))
        .bind(json_text(&open_states()))
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for what findings name"))?;
        let mut named = Named::default();
        for row in &rows {
            let entity: String = row.get("entity");
            let stretch = stretch(&entity, row)?;
            if let Some(root) = row.get::<Option<String>, _>("root") {
                named.roots.insert(stretch.home.clone(), IncidentId::new(root));
            }
            named.stretches.entry(entity).or_default().push(stretch);
        }
        Ok(named)
    }

    /// Replaces stretches of entities by others.
    pub async fn rename(
        &mut self,
        gone: &[(&str, Stretch)],
        come: &[(&str, Stretch)],
    ) -> Result<(), StoreError> {
        if !gone.is_empty() {
            let keys: Vec<[String; 3]> = gone
                .iter()
                .map(|(entity, old)| {
                    [(*entity).to_owned(), time_text(old.last_at), old.home.to_string()]
                })
                .collect();
            sqlx::query(
                "DELETE FROM incident_entity WHERE (entity, last_at, incident) IN
                   (SELECT value->>0, value->>1, value->>2 FROM json_each(?1))",
            )
            .bind(json_text(&keys))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("renewing what findings name"))?;
        }
        let statement = (
            "INSERT INTO incident_entity (entity, last_at, incident, first_at) ",
            " ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at)",
        );
        insert(
            self.connection(),
            "storing what findings name",
            statement,
            come,
            |row, (entity, stretch)| {
                row.push_bind(*entity)
                    .push_bind(time_text(stretch.last_at))
                    .push_bind(stretch.home.as_str())
                    .push_bind(time_text(stretch.first_at));
            },
        )
        .await
    }

    /// Forgets all that findings at home in an incident name.
    pub async fn forget_names(&mut self, home: &IncidentId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM incident_entity WHERE incident = ?1")
            .bind(home.as_str())
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting what findings name"))?;
        Ok(())
    }

    /// Of these incidents the ones that somebody but `machine` has done something with: taken on,
    /// changed, merged with others or parted from them, moved findings of, or approved a step of.
    pub async fn in_hand(
        &mut self,
        ids: &BTreeSet<IncidentId>,
        machine: &str,
    ) -> Result<BTreeSet<IncidentId>, StoreError> {
        let rows = sqlx::query(
            "SELECT i.id FROM json_each(?1) asked CROSS JOIN incident i ON i.id = asked.value
             WHERE i.owner IS NOT NULL
               OR EXISTS (SELECT 1 FROM triage_incident t JOIN triage_change c ON c.id = t.change
                          WHERE t.incident = i.id AND c.actor <> ?2)
               OR EXISTS (SELECT 1 FROM triage_incident t JOIN triage_change c ON c.id = t.change
                          WHERE t.before->>'$.merged_into' = i.id AND c.actor <> ?2)
               OR EXISTS (SELECT 1 FROM triage_incident t JOIN triage_change c ON c.id = t.change
                          WHERE t.after->>'$.merged_into' = i.id AND c.actor <> ?2)
               OR EXISTS (SELECT 1 FROM triage_finding t WHERE t.before = i.id OR t.after = i.id)
               OR EXISTS (SELECT 1 FROM plan p JOIN step s ON s.plan = p.id JOIN approval a ON a.step = s.id
                          WHERE p.incident = i.id)",
        )
        .bind(json_text(ids))
        .bind(machine)
        .fetch_all(self.connection())
        .await
        .map_err(StoreError::of("looking for incidents in somebody's hand"))?;
        Ok(rows.iter().map(|row| IncidentId::new(row.get::<String, _>("id"))).collect())
    }
}

impl Store {
    /// Why findings are in an incident, and how sure that is; those left out that opened one, or that
    /// a version before this knew.
    pub async fn joined(
        &self,
        id: &IncidentId,
    ) -> Result<HashMap<FindingId, (String, f64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT finding, because, score FROM incident_finding
             WHERE incident = ?1 AND because IS NOT NULL AND score IS NOT NULL",
        )
        .bind(id.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading why findings are where they are"))?;
        let finding = |row: &SqliteRow| FindingId::new(row.get::<String, _>("finding"));
        Ok(rows.iter().map(|row| (finding(row), (row.get("because"), row.get("score")))).collect())
    }

    /// Other incidents whose findings name what this one's do, at any time: for each entity the newest
    /// `limit` of them, those merged into this one left out.
    pub async fn naming_the_same(
        &self,
        id: &IncidentId,
        limit: u32,
    ) -> Result<Vec<SharedEntity>, StoreError> {
        let own = sqlx::query(
            "WITH RECURSIVE own (id) AS (
               VALUES (?1) UNION SELECT i.id FROM own JOIN incident i ON i.merged_into = own.id)
             SELECT DISTINCT n.entity FROM own CROSS JOIN incident_entity n ON n.incident = own.id
             LIMIT ?2",
        )
        .bind(id.as_str())
        .bind(MOST_ENTITIES)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading what an incident names"))?;
        let mut shared = Vec::new();
        for entity in own.iter().map(|row| row.get::<String, _>("entity")) {
            let others = sqlx::query(
                "SELECT DISTINCT coalesce(i.root, i.id) AS other
                 FROM (SELECT incident FROM incident_entity WHERE entity = ?1
                       ORDER BY last_at DESC LIMIT ?3) n
                 CROSS JOIN incident i ON i.id = n.incident
                 WHERE coalesce(i.root, i.id) <> ?2",
            )
            .bind(&entity)
            .bind(id.as_str())
            .bind(limit)
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("looking for incidents that name the same"))?;
            shared.extend(others.iter().map(|row| SharedEntity {
                incident: IncidentId::new(row.get::<String, _>("other")),
                entity: entity.clone(),
            }));
        }
        Ok(shared)
    }
}

/// The names of the states in which an incident takes findings in.
fn open_states() -> Vec<&'static str> {
    let takes = IncidentState::ALL.into_iter().filter(|state| state.takes_findings());
    takes.map(IncidentState::name).collect()
}

fn stretch(entity: &str, row: &SqliteRow) -> Result<Stretch, StoreError> {
    let place = Place { table: "incident_entity", id: entity };
    Ok(Stretch {
        home: IncidentId::new(row.get::<String, _>("incident")),
        first_at: place.time(row.get("first_at"))?,
        last_at: place.time(row.get("last_at"))?,
    })
}
