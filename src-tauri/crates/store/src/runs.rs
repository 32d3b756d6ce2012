//! Intents and the calls sent under them.

use firebreak_core::call::Call;
use firebreak_core::plan::Digest;
use firebreak_core::{Direction, IntentId, StepId, Timestamp};
use sqlx::Row;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// One approved run of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRow {
    /// Ours.
    pub id: IntentId,
    /// Of which step.
    pub step: StepId,
    /// Run or undo.
    pub direction: Direction,
    /// What was approved.
    pub digest: String,
    /// When it was written down, before the first call.
    pub started_at: Timestamp,
    /// When it ended; `None` when that is not known.
    pub ended_at: Option<Timestamp>,
    /// How, in words.
    pub end_note: Option<String>,
    /// Its calls in order.
    pub calls: Vec<CallRow>,
}

/// One call of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// Position, from 0.
    pub position: usize,
    /// Exactly what was to be sent.
    pub call: Call,
    /// When it was about to leave; `None` when it never was.
    pub sending_at: Option<Timestamp>,
    /// When the answer came; `None` when none did.
    pub answered_at: Option<Timestamp>,
    /// `accepted`, `already_so`, `rejected`, `unknown`.
    pub outcome: Option<String>,
    /// In words.
    pub note: Option<String>,
}

impl CallRow {
    /// Whether it may have changed something.
    pub fn may_have_happened(&self) -> bool {
        self.sending_at.is_some()
            && !matches!(self.outcome.as_deref(), Some("rejected" | "already_so"))
    }
}

impl Write {
    /// Writes an intent down. One digest runs once: a second intent for it is refused.
    pub async fn put_intent(
        &mut self,
        id: &IntentId,
        step: &StepId,
        direction: Direction,
        digest: &Digest,
        calls: &[Call],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO intent (id, step, direction, digest, started_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (step, direction, digest) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(step.as_str())
        .bind(direction.name())
        .bind(digest.as_str())
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("writing an intent"))?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Conflict { table: "step", id: step.to_string() });
        }
        for (position, call) in calls.iter().enumerate() {
            sqlx::query("INSERT INTO intent_call (intent, position, call) VALUES (?1, ?2, ?3)")
                .bind(id.as_str())
                .bind(i64::try_from(position).unwrap_or(i64::MAX))
                .bind(json_text(call))
                .execute(self.connection())
                .await
                .map_err(StoreError::of("writing an intent's calls"))?;
        }
        Ok(())
    }

    /// Notes that a call is about to leave.
    pub async fn call_sending(
        &mut self,
        intent: &IntentId,
        position: usize,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE intent_call SET sending_at = ?3 WHERE intent = ?1 AND position = ?2 AND sending_at IS NULL",
        )
        .bind(intent.as_str())
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("noting a call"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict {
                table: "intent_call",
                id: format!("{intent}/{position}"),
            }),
        }
    }

    /// Notes what came of a call.
    pub async fn call_answered(
        &mut self,
        intent: &IntentId,
        position: usize,
        outcome: &str,
        note: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE intent_call SET answered_at = ?3, outcome = ?4, note = ?5 WHERE intent = ?1 AND position = ?2",
        )
        .bind(intent.as_str())
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(time_text(at))
        .bind(outcome)
        .bind(note)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("noting an answer"))?;
        Ok(())
    }

    /// Notes how an intent ended.
    pub async fn end_intent(
        &mut self,
        intent: &IntentId,
        note: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE intent SET ended_at = ?2, end_note = ?3 WHERE id = ?1 AND ended_at IS NULL",
        )
        .bind(intent.as_str())
        .bind(time_text(at))
        .bind(note)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("ending an intent"))?;
        Ok(())
    }
}

impl Store {
    /// The newest intent of a step in a direction.
    pub async fn newest_intent(
        &self,
        step: &StepId,
        direction: Direction,
    ) -> Result<Option<IntentRow>, StoreError> {
        let row = sqlx::query(
            "SELECT id FROM intent WHERE step = ?1 AND direction = ?2 ORDER BY rowid DESC LIMIT 1",
        )
        .bind(step.as_str())
        .bind(direction.name())
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("reading an intent"))?;
        match row {
            Some(row) => self.intent(&IntentId::new(row.get::<String, _>("id"))).await.map(Some),
            None => Ok(None),
        }
    }

    /// All intents of a step in a direction, oldest first.
    pub async fn intents(
        &self,
        step: &StepId,
        direction: Direction,
    ) -> Result<Vec<IntentRow>, StoreError> {
        let rows =
            sqlx::query("SELECT id FROM intent WHERE step = ?1 AND direction = ?2 ORDER BY rowid")
                .bind(step.as_str())
                .bind(direction.name())
                .fetch_all(self.read())
                .await
                .map_err(StoreError::of("reading intents"))?;
        let mut intents = Vec::with_capacity(rows.len());
        for row in rows {
            intents.push(self.intent(&IntentId::new(row.get::<String, _>("id"))).await?);
        }
        Ok(intents)
    }

    /// Intents that did not end: the process died, or is still at it.
    pub async fn open_intents(&self) -> Result<Vec<IntentRow>, StoreError> {
        let rows = sqlx::query("SELECT id FROM intent WHERE ended_at IS NULL ORDER BY rowid")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading open intents"))?;
        let mut intents = Vec::with_capacity(rows.len());
        for row in rows {
            intents.push(self.intent(&IntentId::new(row.get::<String, _>("id"))).await?);
        }
        Ok(intents)
    }

    async fn intent(&self, id: &IntentId) -> Result<IntentRow, StoreError> {
        let place = Place { table: "intent", id: id.as_str() };
        let row = sqlx::query(
            "SELECT step, direction, digest, started_at, ended_at, end_note FROM intent WHERE id = ?1",
        )
        .bind(id.as_str())
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("reading an intent"))?
        .ok_or_else(|| place.missing())?;
        let calls = sqlx::query(
            "SELECT position, call, sending_at, answered_at, outcome, note FROM intent_call
             WHERE intent = ?1 ORDER BY position",
        )
        .bind(id.as_str())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading an intent's calls"))?;
        let calls = calls
            .iter()
            .map(|row| {
                Ok(CallRow {
                    position: usize::try_from(row.get::<i64, _>("position"))
                        .map_err(|_| place.corrupt("a call's position is negative"))?,
                    call: place.json(row.get("call"))?,
                    sending_at: place.maybe_time(row.get("sending_at"))?,
                    answered_at: place.maybe_time(row.get("answered_at"))?,
                    outcome: row.get("outcome"),
                    note: row.get("note"),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(IntentRow {
            id: id.clone(),
            step: StepId::new(row.get::<String, _>("step")),
            direction: place.word(row.get("direction"), Direction::from_name)?,
            digest: row.get("digest"),
            started_at: place.time(row.get("started_at"))?,
            ended_at: place.maybe_time(row.get("ended_at"))?,
            end_note: row.get("end_note"),
            calls,
        })
    }
}
