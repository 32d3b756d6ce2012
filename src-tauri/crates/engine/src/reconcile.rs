//! After an interruption: what is unknown is shown as unknown, and found out by reading.

use firebreak_core::plan::ProofRecord;
use firebreak_core::proof::judge;
use firebreak_core::{Direction, IntentId, ProofOutcome, StepId, StepState};
use firebreak_store::{CallRow, IntentRow, StoredStep};
use serde_json::json;

use crate::draft::target_of;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// An intent that was found without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Whose step.
    pub step: StepId,
    /// Which intent.
    pub intent: IntentId,
    /// What is known of it, in words.
    pub note: String,
}

impl Engine {
    /// Marks every intent that did not end as unknown. Call once at start, before anything runs;
    /// nothing is sent.
    pub async fn recover(&self) -> Result<Vec<Recovered>, EngineError> {
        let mut recovered = Vec::new();
        for intent in self.store.open_intents().await? {
            let StoredStep { mut step, .. } = self.store.step(&intent.step).await?;
            let note = interruption(&intent);
            let from = step.state;
            let sent_any = intent.calls.iter().any(firebreak_store::CallRow::may_have_happened);
            step.state = if sent_any { StepState::Unknown } else { StepState::Failed };
            step.state_note = Some(note.clone());
            let mut write = self.store.write().await?;
            write.end_intent(&intent.id, &format!("interrupted: {note}"), self.now()).await?;
            write.update_step(from, &step).await?;
            if !sent_any && intent.direction == Direction::Execute {
                self.end_for_nothing(&mut write, &step.id).await?;
            }
            let detail = json!({ "intent": intent.id.as_str(), "direction": intent.direction });
            write
                .audit(self.record(
                    &Identity::firebreak(),
                    "run_interrupted",
                    step.id.to_string(),
                    note.clone(),
                    detail,
                ))
                .await?;
            let entry = self.decision(&Identity::firebreak(), format!("{}: {note}", step.title()));
            write.put_timeline(&step.incident, &entry).await?;
            write.commit().await?;
            self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
            recovered.push(Recovered { step: step.id, intent: intent.id, note });
        }
        Ok(recovered)
    }

    /// Reads the cloud to find out what an interrupted run did, or whether a step that was
    /// dispatched is proven by now. Sends nothing.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when there is nothing to find out; cloud errors.
    pub async fn reconcile(&self, id: &StepId, who: &Identity) -> Result<StepState, EngineError> {
        let StoredStep { mut step, undo } = self.store.step(id).await?;
        if !matches!(
            step.state,
            StepState::Unknown | StepState::Dispatched | StepState::Refuted | StepState::Proven
        ) {
            return Err(EngineError::Refused(format!(
                "nothing is unknown about a step that is {}",
                step.state.name()
            )));
        }
        let execute = self.store.newest_intent(id, Direction::Execute).await?;
        let undone = self.store.newest_intent(id, Direction::Undo).await?;
        let newest = match (&execute, &undone) {
            (Some(execute), Some(undone)) if undone.started_at > execute.started_at => undone,
            (Some(execute), _) => execute,
            (None, _) => return Err(EngineError::Refused("the step never ran".to_owned())),
        };
        let observed = self.reader_of(&step)?.observe(&target_of(&step)).await?;
        let now = self.now();
        let still_moving = newest.calls.iter().filter(|call| is_open(call)).find_map(|call| {
            let check = call.call.effect().check(&observed);
            (check.outcome == ProofOutcome::Unknown).then_some(check.observed)
        });
        if let Some(seen) = still_moving {
            return self.remain_unknown(&step, &newest.id, &seen, who).await;
        }
        let mut all_happened = true;
        let mut any_happened = false;
        let mut write = self.store.write().await?;
        for call in &newest.calls {
            let happened = if is_open(call) {
                let seen = call.call.effect().check(&observed).outcome == ProofOutcome::Proven;
                let (outcome, note) = if seen {
                    ("accepted", "found out by reading: its effect is there")
                } else {
                    ("rejected", "found out by reading: its effect is not there")
                };
                write.call_answered(&newest.id, call.position, outcome, Some(note), now).await?;
                seen
            } else {
                matches!(call.outcome.as_deref(), Some("accepted" | "already_so"))
            };
            all_happened &= happened;
            any_happened |= happened;
        }
        let conditions = match newest.direction {
            Direction::Execute => {
                step.draft.as_ref().map(|draft| draft.proof.clone()).unwrap_or_default()
            }
            Direction::Undo => undo.map(|undo| undo.proof).unwrap_or_default(),
        };
        let record = ProofRecord { read_at: now, judgement: judge(&conditions, &observed) };
        let text = format!(
            "read the cloud: {} of the calls happened",
            if all_happened {
                "all"
            } else if any_happened {
                "some"
            } else {
                "none"
            }
        );
        let detail = json!({ "intent": newest.id.as_str(), "outcome": record.judgement.outcome });
        write
            .audit(self.record(who, "step_reconciled", id.to_string(), text.clone(), detail))
            .await?;
        write.commit().await?;

        let direction = newest.direction;
        if all_happened {
            self.finish_proof(&mut step, direction, Ok(record)).await?;
        } else {
            self.finish_partial(&mut step, direction, any_happened, text, who).await?;
        }
        self.checkpoint_soon().await;
        Ok(step.state)
    }

    /// What was read is on its way from one state to another: it can't be told yet whether we sent
    /// it there.
    async fn remain_unknown(
        &self,
        step: &firebreak_core::plan::Step,
        intent: &IntentId,
        seen: &str,
        who: &Identity,
    ) -> Result<StepState, EngineError> {
        let text = format!("read the cloud: it can't be told yet, {seen}");
        let detail = json!({ "intent": intent.as_str(), "outcome": ProofOutcome::Unknown });
        let mut write = self.store.write().await?;
        write
            .put_timeline(&step.incident, &self.decision(who, format!("{}: {text}", step.title())))
            .await?;
        write.audit(self.record(who, "step_reconciled", step.id.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(step.state)
    }

    async fn finish_partial(
        &self,
        step: &mut firebreak_core::plan::Step,
        direction: Direction,
        any: bool,
        text: String,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let from = step.state;
        step.state = StepState::Failed;
        step.state_note = Some(if any {
            format!("{text}; undo what happened, then propose a new plan")
        } else {
            format!("{text}; nothing was changed: propose a new plan to try again")
        });
        let mut write = self.store.write().await?;
        write.update_step(from, step).await?;
        if !any && direction == Direction::Execute {
            self.end_for_nothing(&mut write, &step.id).await?;
        }
        write
            .put_timeline(&step.incident, &self.decision(who, format!("{}: {text}", step.title())))
            .await?;
        write
            .audit(self.record(
                who,
                "step_settled",
                step.id.to_string(),
                text,
                json!({ "state": step.state }),
            ))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }
}

/// Sent, or about to be, without a certain answer.
fn is_open(call: &CallRow) -> bool {
    let certain = matches!(call.outcome.as_deref(), Some("accepted" | "already_so" | "rejected"));
    call.sending_at.is_some() && !certain
}

fn interruption(intent: &IntentRow) -> String {
    let all = intent.calls.len();
    let answered = intent.calls.iter().filter(|call| call.answered_at.is_some()).count();
    match intent.calls.iter().find(|call| call.sending_at.is_some() && call.answered_at.is_none()) {
        Some(call) => format!(
            "Firebreak stopped while call {} of {all} ({}) was under way: whether it happened is not known. \
             It is not repeated. Read the cloud to find out",
            call.position + 1,
            call.call.operation()
        ),
        None => format!(
            "Firebreak stopped after {answered} of {all} calls were answered; the rest was not sent"
        ),
    }
}
