//! Incidents handed from one person to another.

use firebreak_core::handover::Handover;
use firebreak_core::{HandoverId, IncidentId, Timestamp};
use sqlx::Row;

use crate::many::insert;
use crate::row::{Place, time_text};
use crate::{Store, StoreError, Write};

impl Write {
    /// Keeps handovers. That they are not read yet is in the standings of their incidents.
    pub async fn put_handovers(&mut self, handovers: &[Handover]) -> Result<(), StoreError> {
        let into = "INSERT INTO handover (id, incident, at, given_by, given_to, note) ";
        insert(self.connection(), "keeping handovers", (into, ""), handovers, |row, one| {
            row.push_bind(one.id.as_str())
                .push_bind(one.incident.as_str())
                .push_bind(time_text(one.at))
                .push_bind(&one.by)
                .push_bind(&one.to)
                .push_bind(&one.note);
        })
        .await
    }

    /// Marks a handover as read.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not the one that waits.
    pub async fn handover_read(
        &mut self,
        id: &HandoverId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let reading = "marking a handover as read";
        let done =
            sqlx::query("UPDATE incident SET handover = NULL, updated_at = ?2 WHERE handover = ?1")
                .bind(id.as_str())
                .bind(time_text(at))
                .execute(self.connection())
                .await
                .map_err(StoreError::of(reading))?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Conflict { table: "handover", id: id.to_string() });
        }
        sqlx::query("UPDATE handover SET read_at = ?2 WHERE id = ?1")
            .bind(id.as_str())
            .bind(time_text(at))
            .execute(self.connection())
            .await
            .map_err(StoreError::of(reading))?;
        Ok(())
    }
}

impl Store {
    /// A handover.
    pub async fn handover(&self, id: &HandoverId) -> Result<Handover, StoreError> {
        let place = Place { table: "handover", id: id.as_str() };
        let row = sqlx::query("SELECT * FROM handover WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a handover"))?
            .ok_or_else(|| place.missing())?;
        Ok(Handover {
            id: id.clone(),
            incident: IncidentId::new(row.get::<String, _>("incident")),
            at: place.time(row.get("at"))?,
            by: row.get("given_by"),
            to: row.get("given_to"),
            note: row.get("note"),
        })
    }
}
