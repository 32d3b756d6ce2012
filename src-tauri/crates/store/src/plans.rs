//! Plans, steps, approvals.

use firebreak_core::approval::{Approval, ApproverKey};
use firebreak_core::plan::{Digest, Plan, Step, UndoDraft};
use firebreak_core::{Direction, IncidentId, PlanId, StepId, StepState, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// A step with its undo, when one was drafted.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredStep {
    /// The step.
    pub step: Step,
    /// The undo that is waiting for signatures or was run.
    pub undo: Option<UndoDraft>,
}

impl Write {
    /// Makes a plan the current one of its incident, with its steps.
    pub async fn put_plan(&mut self, plan: &Plan, steps: &[Step]) -> Result<(), StoreError> {
        sqlx::query("UPDATE plan SET current = 0 WHERE incident = ?1 AND current = 1")
            .bind(plan.incident.as_str())
            .execute(self.connection())
            .await
            .map_err(StoreError::of("retiring a plan"))?;
        sqlx::query("INSERT INTO plan (id, incident, current, doc) VALUES (?1, ?2, 1, ?3)")
            .bind(plan.id.as_str())
            .bind(plan.incident.as_str())
            .bind(json_text(plan))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("storing a plan"))?;
        for step in steps {
            sqlx::query("INSERT INTO step (id, plan, incident, rank, state, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
                .bind(step.id.as_str())
                .bind(step.plan.as_str())
                .bind(step.incident.as_str())
                .bind(step.rank)
                .bind(step.state.name())
                .bind(json_text(step))
                .execute(self.connection())
                .await
                .map_err(StoreError::of("storing a step"))?;
        }
        self.recount_steps(&plan.incident).await
    }

    /// Stores a plan's newer description (the model that ordered it).
    pub async fn update_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        sqlx::query("UPDATE plan SET doc = ?2 WHERE id = ?1")
            .bind(plan.id.as_str())
            .bind(json_text(plan))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("updating a plan"))?;
        Ok(())
    }

    /// A step as this transaction sees it.
    pub async fn step(&mut self, id: &StepId) -> Result<StoredStep, StoreError> {
        let row = sqlx::query("SELECT id, state, rank, doc, undo FROM step WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await
            .map_err(StoreError::of("reading a step"))?
            .ok_or_else(|| Place { table: "step", id: id.as_str() }.missing())?;
        stored_step(&row)
    }

    /// Stores a step's newer version, unless it left state `from` meanwhile.
    pub async fn update_step(&mut self, from: StepState, step: &Step) -> Result<(), StoreError> {
        let done = sqlx::query(
            "UPDATE step SET state = ?3, rank = ?4, doc = ?5 WHERE id = ?1 AND state = ?2",
        )
        .bind(step.id.as_str())
        .bind(from.name())
        .bind(step.state.name())
        .bind(step.rank)
        .bind(json_text(step))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("updating a step"))?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Conflict { table: "step", id: step.id.to_string() });
        }
        self.recount_steps(&step.incident).await
    }

    /// Gives the steps of a plan the ranks of this order. Nothing else of a step changes.
    ///
    /// # Errors
    /// A conflict as soon as somebody has signed or touched one of them, or one is not the plan's;
    /// the transaction is then not to be committed.
    pub async fn rank_steps(&mut self, plan: &PlanId, order: &[StepId]) -> Result<(), StoreError> {
        for (rank, step) in (1_u32..).zip(order) {
            let done = sqlx::query(
                "UPDATE step SET rank = ?3 WHERE id = ?1 AND plan = ?2
                   AND state IN ('proposed', 'refused')
                   AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.step = step.id)",
            )
            .bind(step.as_str())
            .bind(plan.as_str())
            .bind(rank)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("ranking steps"))?;
            if done.rows_affected() != 1 {
                return Err(StoreError::Conflict { table: "step", id: step.to_string() });
            }
        }
        Ok(())
    }

    /// Stores the undo of a step.
    pub async fn put_undo(&mut self, step: &StepId, undo: &UndoDraft) -> Result<(), StoreError> {
        sqlx::query("UPDATE step SET undo = ?2 WHERE id = ?1")
            .bind(step.as_str())
            .bind(json_text(undo))
            .execute(self.connection())
            .await
            .map_err(StoreError::of("storing an undo"))?;
        Ok(())
    }

    /// Stores a signature.
    pub async fn put_approval(&mut self, approval: &Approval) -> Result<(), StoreError> {
        let statement = &approval.statement;
        sqlx::query(
            "INSERT INTO approval (id, step, direction, digest, doc) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(approval.id.as_str())
        .bind(statement.step.as_str())
        .bind(statement.direction.name())
        .bind(statement.digest.as_str())
        .bind(json_text(approval))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("storing an approval"))?;
        Ok(())
    }

    /// Records a key that may approve; the same key again is fine.
    pub async fn enrol(&mut self, key: &ApproverKey, at: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO approver_key (key, approver, enrolled_at) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING",
        )
        .bind(&key.key)
        .bind(&key.approver)
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("enrolling a key"))?;
        Ok(done.rows_affected() == 1)
    }

    async fn recount_steps(&mut self, incident: &IncidentId) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE incident SET
               steps_total = (SELECT count(*) FROM step s JOIN plan p ON p.id = s.plan
                 WHERE p.incident = ?1 AND p.current = 1 AND s.state NOT IN ('rejected', 'refused')),
               steps_proven = (SELECT count(*) FROM step s JOIN plan p ON p.id = s.plan
                 WHERE p.incident = ?1 AND p.current = 1 AND s.state = 'proven')
             WHERE id = ?1",
        )
        .bind(incident.as_str())
        .execute(self.connection())
        .await
        .map_err(StoreError::of("counting steps"))?;
        Ok(())
    }
}

impl Store {
    /// The current plan of an incident with its steps, first to do first.
    pub async fn plan(
        &self,
        incident: &IncidentId,
    ) -> Result<Option<(Plan, Vec<StoredStep>)>, StoreError> {
        let row = sqlx::query("SELECT id, doc FROM plan WHERE incident = ?1 AND current = 1")
            .bind(incident.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a plan"))?;
        let Some(row) = row else { return Ok(None) };
        let id: String = row.get("id");
        let plan = Place { table: "plan", id: &id }.json(row.get("doc"))?;
        let rows = sqlx::query(
            "SELECT id, state, rank, doc, undo FROM step WHERE plan = ?1 ORDER BY rank, id",
        )
        .bind(&id)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading steps"))?;
        Ok(Some((plan, rows.iter().map(stored_step).collect::<Result<_, _>>()?)))
    }

    /// One step.
    pub async fn step(&self, id: &StepId) -> Result<StoredStep, StoreError> {
        let row = sqlx::query("SELECT id, state, rank, doc, undo FROM step WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a step"))?
            .ok_or_else(|| Place { table: "step", id: id.as_str() }.missing())?;
        stored_step(&row)
    }

    /// A step with the plan it belongs to, also where that was replaced.
    pub async fn recorded_step(&self, id: &StepId) -> Result<(Plan, Step), StoreError> {
        let row = sqlx::query(
            "SELECT s.rowid AS number, s.id, s.state, s.rank, s.doc, s.undo, p.id AS plan,
               p.doc AS plan_doc FROM step s JOIN plan p ON p.id = s.plan WHERE s.id = ?1",
        )
        .bind(id.as_str())
        .fetch_optional(self.read())
        .await
        .map_err(StoreError::of("reading a recorded step"))?
        .ok_or_else(|| Place { table: "step", id: id.as_str() }.missing())?;
        recorded_step(&row).map(|(_, plan, step)| (plan, step))
    }

    /// Recorded steps of all plans, oldest first: each with its number, by which to go on.
    pub async fn recorded_steps(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Plan, Step)>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.rowid AS number, s.id, s.state, s.rank, s.doc, s.undo, p.id AS plan,
               p.doc AS plan_doc FROM step s JOIN plan p ON p.id = s.plan
             WHERE s.rowid > ?1 ORDER BY s.rowid LIMIT ?2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading recorded steps"))?;
        rows.iter().map(recorded_step).collect()
    }

    /// Signatures given for a step in a direction, whatever their digest, oldest first.
    pub async fn approvals(
        &self,
        step: &StepId,
        direction: Direction,
    ) -> Result<Vec<Approval>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, doc FROM approval WHERE step = ?1 AND direction = ?2 ORDER BY rowid",
        )
        .bind(step.as_str())
        .bind(direction.name())
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("reading approvals"))?;
        rows.iter()
            .map(|row| Place { table: "approval", id: row.get("id") }.json(row.get("doc")))
            .collect()
    }

    /// Keys that may approve.
    pub async fn approver_keys(&self) -> Result<Vec<ApproverKey>, StoreError> {
        let rows = sqlx::query("SELECT key, approver FROM approver_key ORDER BY enrolled_at, key")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading keys"))?;
        Ok(rows
            .iter()
            .map(|row| ApproverKey { approver: row.get("approver"), key: row.get("key") })
            .collect())
    }

    /// Signatures for one digest.
    pub async fn approvals_for(
        &self,
        step: &StepId,
        direction: Direction,
        digest: &Digest,
    ) -> Result<Vec<Approval>, StoreError> {
        let all = self.approvals(step, direction).await?;
        Ok(all.into_iter().filter(|approval| approval.statement.digest == *digest).collect())
    }
}

fn recorded_step(row: &SqliteRow) -> Result<(i64, Plan, Step), StoreError> {
    let plan: String = row.get("plan");
    let plan = Place { table: "plan", id: &plan }.json(row.get("plan_doc"))?;
    Ok((row.get("number"), plan, stored_step(row)?.step))
}

fn stored_step(row: &SqliteRow) -> Result<StoredStep, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "step", id: &id };
    let mut step: Step = place.json(row.get("doc"))?;
    // The columns are what transactions compare, so they are the truth.
    step.state = place.word(row.get("state"), StepState::from_name)?;
    step.rank = u32::try_from(row.get::<i64, _>("rank"))
        .map_err(|_| place.corrupt("its rank is negative"))?;
    Ok(StoredStep { step, undo: place.maybe_json(row.get("undo"))? })
}
