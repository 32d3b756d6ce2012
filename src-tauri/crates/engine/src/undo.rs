//! Working out an undo: from the calls that were really accepted and from what is there now.

use firebreak_core::call::Call;
use firebreak_core::containment::{undo_calls, undo_check, undo_proof};
use firebreak_core::incident::Incident;
use firebreak_core::plan::{Step, UndoDraft};
use firebreak_core::{Direction, StepId, StepState};

use crate::draft::target_of;
use crate::{Engine, EngineError, Identity};

impl Engine {
    /// Reads the target and drafts the undo of a step. Compare-and-swap: what we wrote must still
    /// be there, or the undo is refused with the differences.
    pub(crate) async fn draft_undo(
        &self,
        step: &Step,
        incident: &Incident,
        threat: &str,
        who: &Identity,
    ) -> Result<UndoDraft, EngineError> {
        if step.state == StepState::Unknown {
            return Err(EngineError::Refused(
                "what the interrupted run did is not known; read the cloud first (reconcile), then undo".to_owned(),
            ));
        }
        if !step.state.can_be_undone() {
            return Err(EngineError::Refused(format!(
                "a step that is {} can't be undone",
                step.state.name()
            )));
        }
        let sent = self.accepted_calls(&step.id).await?;
        let calls = undo_calls(&sent);
        if calls.is_empty() {
            return Err(EngineError::Refused(
                "nothing was changed that could be put back, so there is nothing to undo"
                    .to_owned(),
            ));
        }
        let reader = self.reader_of(step)?;
        let pre_state = reader.observe(&target_of(step)).await?;
        let read_at = self.now();
        if let Err(differences) = undo_check(&sent, &pre_state) {
            let words: Vec<String> = differences
                .iter()
                .map(|check| format!("{} was expected, but {}", check.expectation, check.observed))
                .collect();
            return Err(EngineError::Drifted(format!(
                "it was changed since Firebreak wrote it, so it is not undone: {}",
                words.join("; ")
            )));
        }
        let facts = self.facts(step, &pre_state, reader.as_ref()).await;
        let question =
            self.question(step, incident, threat, who, Direction::Undo, facts, &calls, true);
        let verdict = self.policies().decide(&question);
        Ok(UndoDraft { proof: undo_proof(&calls), calls, pre_state, read_at, verdict })
    }

    /// The calls of a step that the cloud accepted and that no undo has put back yet. An undo may
    /// have taken several attempts; what any of them put back is back.
    pub(crate) async fn accepted_calls(&self, step: &StepId) -> Result<Vec<Call>, EngineError> {
        let sent = self.accepted_in(step, Direction::Execute).await?;
        let undone = self.accepted_in(step, Direction::Undo).await?;
        Ok(sent
            .into_iter()
            .filter(|call| !call.inverse().is_some_and(|inverse| undone.contains(&inverse)))
            .collect())
    }

    async fn accepted_in(
        &self,
        step: &StepId,
        direction: Direction,
    ) -> Result<Vec<Call>, EngineError> {
        let intents = self.store.intents(step, direction).await?;
        let calls = intents.into_iter().flat_map(|intent| intent.calls);
        Ok(calls
            .filter(|call| call.outcome.as_deref() == Some("accepted"))
            .map(|call| call.call)
            .collect())
    }
}
