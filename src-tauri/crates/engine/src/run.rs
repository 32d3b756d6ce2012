//! Running an approved step: read again, mint the permit, write the intent, send, prove.

use std::sync::PoisonError;

use firebreak_core::Environment;
use firebreak_core::approval::{Permit, Refusal};
use firebreak_core::containment::timed;
use firebreak_core::incident::Incident;
use firebreak_core::lease::{EndKind, Lease, Turn};
use firebreak_core::plan::{ProofRecord, Step, Subject};
use firebreak_core::policy::Verdict;
use firebreak_core::ports::RunEnd;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{Direction, IncidentState, IntentId, ProofOutcome, StepId, StepState};
use firebreak_store::{CallRow, StoredStep, Write};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::approve::subject_of;
use crate::engine::fresh;
use crate::incident::refuse_if_over;
use crate::journal::RunJournal;
use crate::watch::turned;
use crate::{Engine, EngineError, EngineEvent, Identity};

impl Engine {
    /// Runs or undoes a step, waits for the proof, and answers the state it ended in.
    ///
    /// The order is fixed: read the target and compare with what was approved; mint the permit;
    /// write the intent to disk, if no freeze began and the caps leave room; only then send. An error
    /// before the intent means that nothing was sent.
    ///
    /// # Errors
    /// [`EngineError::Refused`] and [`EngineError::Drifted`] when nothing was sent; store errors.
    pub async fn run(
        &self,
        id: &StepId,
        direction: Direction,
        who: &Identity,
    ) -> Result<StepState, EngineError> {
        let cancel = self.claim(id)?;
        let result = self.run_claimed(id, direction, who, cancel).await;
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Err(EngineError::Store(error)) = &result {
            self.note_storage(error);
        }
        result
    }

    /// Asks a running step to stop before its next call.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when it is not running.
    pub fn cancel_run(&self, id: &StepId) -> Result<(), EngineError> {
        match self.running.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            Some(token) => {
                token.cancel();
                Ok(())
            }
            None => Err(EngineError::Refused("the step is not running".to_owned())),
        }
    }

    fn claim(&self, id: &StepId) -> Result<CancellationToken, EngineError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(id) {
            return Err(EngineError::Refused("the step is already running".to_owned()));
        }
        let token = CancellationToken::new();
        running.insert(id.clone(), token.clone());
        Ok(token)
    }

    async fn run_claimed(
        &self,
        id: &StepId,
        direction: Direction,
        who: &Identity,
        cancel: CancellationToken,
    ) -> Result<StepState, EngineError> {
        let stored = self.store.step(id).await?;
        let from = stored.step.state;
        let ready = match direction {
            Direction::Execute => matches!(from, StepState::Approved | StepState::Proposed),
            Direction::Undo => from.can_be_undone(),
        };
        if !ready {
            return Err(EngineError::Refused(format!(
                "a step that is {} can't be {}",
                from.name(),
                if direction == Direction::Undo { "undone" } else { "run" }
            )));
        }
        let incident = self.store.incident(&stored.step.incident).await?;
        if direction == Direction::Execute {
            refuse_if_over(&incident)?;
        }
        let (approved, _) = subject_of(&stored, direction)?;
        let executor = self.executor(&stored.step.account).ok_or_else(|| {
            EngineError::Refused(if self.phase() < 2 {
                "phase 1 is read-only; raise the phase under Settings to run steps".to_owned()
            } else {
                format!(
                    "account {} has no write credential here; add one under Settings",
                    stored.step.account
                )
            })
        })?;
        let (subject, verdict, environment) =
            self.fresh_subject(&stored, direction, &incident, &approved, who).await?;

        let intent = IntentId::new(fresh("int"));
        let now = self.now();
        let digest = approved.digest();
        let approvals = self.store.approvals_for(id, direction, &digest).await?;
        let enrolled = self.store.approver_keys().await?;
        let calls = subject.calls.clone();
        let conditions = subject.proof.clone();
        let permit =
            Permit::mint(subject, &digest, &verdict, &approvals, &enrolled, intent.clone(), now)
                .map_err(|refusal| match refusal {
                    Refusal::Drifted(text) => EngineError::Drifted(text),
                    other => EngineError::Refused(other.to_string()),
                })?;

        let mut step = stored.step;
        step.environment = environment;
        step.state =
            if direction == Direction::Undo { StepState::Undoing } else { StepState::Running };
        step.state_note = None;
        let mut write = self.store.write().await?;
        if direction == Direction::Execute
            && let Some(stop) = self.stopped(&mut write, &step, incident.severity).await?
        {
            return Err(self.record_stop(write, &step, &stop, who).await?);
        }
        write.put_intent(&intent, id, direction, &digest, &calls, now).await?;
        write.update_step(from, &step).await?;
        if direction == Direction::Execute {
            // Before the first call leaves: nothing that was changed is ever nobody's.
            let owner = incident.owner.as_ref().unwrap_or(&who.name);
            let lease = Lease::begin(id.clone(), step.incident.clone(), owner, now);
            write.begin_lease(&lease).await?;
        }
        if incident.state != IncidentState::Containing {
            self.move_incident(
                &mut write,
                &incident.id,
                incident.state,
                IncidentState::Containing,
                "",
                who,
            )
            .await?;
        }
        let text =
            format!("{} of {} begins: {} calls", direction.name(), step.title(), calls.len());
        write.put_timeline(&step.incident, &self.decision(who, text.clone())).await?;
        let detail =
            json!({ "intent": intent.as_str(), "digest": digest.as_str(), "calls": calls });
        write.audit(self.record(who, "intent_written", id.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: incident.id.clone() });
        self.emit(EngineEvent::IncidentChanged { incident: incident.id.clone(), is_new: false });

        let journal = RunJournal {
            engine: self,
            incident: incident.id.clone(),
            step: id.clone(),
            direction,
            intent: intent.clone(),
            cancel,
        };
        let end = executor.run(permit, &journal).await;
        let sent = self.finish_sending(&mut step, &intent, direction, end).await?;
        if sent {
            let proof = self.prove(&step, &conditions).await;
            self.finish_proof(&mut step, direction, proof).await?;
        }
        self.checkpoint_soon().await;
        Ok(step.state)
    }

    /// What would run now, from a fresh read under the policy in force.
    async fn fresh_subject(
        &self,
        stored: &StoredStep,
        direction: Direction,
        incident: &Incident,
        approved: &Subject,
        who: &Identity,
    ) -> Result<(Subject, Verdict, Environment), EngineError> {
        let step = &stored.step;
        let threat = self.threat_of(step).await?;
        let (subject, verdict, environment) = match direction {
            Direction::Execute => {
                if timed(step.action, &step.parameters, self.now()) != step.parameters {
                    let text = "the time that was signed has passed, so the approval is void; \
                                look at the new draft and approve again";
                    self.void(step, direction, text, who).await?;
                    return Err(EngineError::Drifted(text.to_owned()));
                }
                let drafted = self.draft_step(step, incident, &threat, who).await?;
                let mut now = step.clone();
                let verdict = drafted.verdict.clone();
                drafted.fill(&mut now);
                self.refuse_if_frozen(&now, incident.severity, who).await?;
                let subject = now
                    .subject()
                    .ok_or_else(|| EngineError::Refused("the step has no calls".to_owned()))?;
                (subject, verdict, now.environment)
            }
            Direction::Undo => {
                let undo = self.draft_undo(step, incident, &threat, who).await?;
                (step.undo_subject(&undo), undo.verdict, step.environment)
            }
        };
        if subject.pre_state != approved.pre_state {
            let text = "the target changed since the step was approved, so the approval is void; \
                        look at the new draft and approve again"
                .to_owned();
            self.void(step, direction, &text, who).await?;
            return Err(EngineError::Drifted(text));
        }
        Ok((subject, verdict, environment))
    }

    /// Takes a step back to where it must be approved anew.
    async fn void(
        &self,
        step: &Step,
        direction: Direction,
        text: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let mut write = self.store.write().await?;
        if direction == Direction::Execute && step.state == StepState::Approved {
            let mut back = step.clone();
            back.state = StepState::Proposed;
            back.state_note = Some(text.to_owned());
            write.update_step(StepState::Approved, &back).await?;
        }
        write.put_timeline(&step.incident, &self.decision(who, text.to_owned())).await?;
        write
            .audit(self.record(
                who,
                "approval_voided",
                step.id.to_string(),
                text,
                json!({ "direction": direction }),
            ))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    /// Writes down how the sending ended; answers whether everything was accepted.
    async fn finish_sending(
        &self,
        step: &mut Step,
        intent: &IntentId,
        direction: Direction,
        end: RunEnd,
    ) -> Result<bool, EngineError> {
        let from = step.state;
        let (state, note, all_sent) = match end {
            RunEnd::AllSent => (StepState::Dispatched, None, true),
            RunEnd::StoppedAt { index, error } => (
                StepState::Failed,
                Some(format!("call {} was refused: {error}; later calls were not sent", index + 1)),
                false,
            ),
            RunEnd::UnknownAt { index, error } => (
                StepState::Unknown,
                Some(format!(
                    "whether call {} happened is not known: {error}; it is not repeated: read the cloud to find out",
                    index + 1
                )),
                false,
            ),
            RunEnd::CancelledBefore(index) => {
                (StepState::Failed, Some(format!("cancelled before call {}", index + 1)), false)
            }
            RunEnd::JournalFailed { index, sent, error } => (
                if sent { StepState::Unknown } else { StepState::Failed },
                Some(format!("stopped at call {}: {error}", index + 1)),
                false,
            ),
            RunEnd::NeverStarted(error) => {
                (StepState::Failed, Some(format!("nothing was sent: {error}")), false)
            }
        };
        let sent = self.store.newest_intent(&step.id, direction).await?;
        let touched = sent.is_some_and(|sent| sent.calls.iter().any(CallRow::may_have_happened));
        // While an undo waits for its proof the step stays "undoing".
        step.state =
            if all_sent && direction == Direction::Undo { StepState::Undoing } else { state };
        step.state_note.clone_from(&note);
        let words =
            note.unwrap_or_else(|| "every call was accepted; reading to prove it".to_owned());
        let mut write = self.store.write().await?;
        write.end_intent(intent, &words, self.now()).await?;
        write.update_step(from, step).await?;
        if direction == Direction::Execute && !touched {
            self.end_for_nothing(&mut write, &step.id).await?;
        }
        let detail = json!({ "intent": intent.as_str(), "state": step.state });
        write
            .audit(self.record(
                &Identity::firebreak(),
                "intent_ended",
                step.id.to_string(),
                words,
                detail,
            ))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(all_sent)
    }

    /// Writes down what the proof showed.
    pub(crate) async fn finish_proof(
        &self,
        step: &mut Step,
        direction: Direction,
        proof: Result<ProofRecord, EngineError>,
    ) -> Result<(), EngineError> {
        let from = step.state;
        let (outcome, words) = match &proof {
            Ok(record) => (record.judgement.outcome, proof_words(record)),
            Err(error) => (ProofOutcome::Unknown, format!("it could not be read: {error}")),
        };
        let (state, note) = match (direction, outcome) {
            (Direction::Execute, ProofOutcome::Proven) => (StepState::Proven, None),
            (Direction::Execute, ProofOutcome::Refuted) => {
                (StepState::Refuted, Some(words.clone()))
            }
            (Direction::Execute, ProofOutcome::Unknown) => (
                StepState::Dispatched,
                Some(format!("accepted but not proven: {words}; read again later")),
            ),
            (Direction::Undo, ProofOutcome::Proven) => (StepState::Undone, None),
            (Direction::Undo, _) => (
                StepState::Failed,
                Some(format!("the undo was accepted but is not proven: {words}")),
            ),
        };
        step.state = state;
        step.state_note = note;
        step.proof = proof.ok();
        let incident = self.store.incident(&step.incident).await?;
        let mut write = self.store.write().await?;
        write.update_step(from, step).await?;
        let turn = self.prove_in(&mut write, step, direction, &words).await?;
        let said = turn.and_then(|turn| turned(turn, step, &words));
        let entry = Entry {
            at: self.now(),
            kind: EntryKind::Proof,
            actor: "firebreak".to_owned(),
            text: said.unwrap_or_else(|| {
                let (what, state) = (direction.name(), step.state.name());
                format!("{what} of {}: {state} ({words})", step.title())
            }),
            evidence: None,
        };
        write.put_timeline(&step.incident, &entry).await?;
        let detail = json!({ "state": step.state, "outcome": outcome, "proof": step.proof });
        write
            .audit(self.record(
                &Identity::firebreak(),
                "proof_read",
                step.id.to_string(),
                entry.text.clone(),
                detail,
            ))
            .await?;
        self.settle_incident(&mut write, &incident, step).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: incident.id.clone() });
        self.emit(EngineEvent::IncidentChanged { incident: incident.id, is_new: false });
        self.emit(EngineEvent::LeasesChanged);
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    /// What a proof means for the step's lease.
    async fn prove_in(
        &self,
        write: &mut Write,
        step: &Step,
        direction: Direction,
        words: &str,
    ) -> Result<Option<Turn>, EngineError> {
        let now = self.now();
        let is_final = step.draft.as_ref().is_some_and(|draft| !draft.reversible);
        let change = |lease: &mut Lease| match (direction, &step.proof) {
            (Direction::Undo, _) if step.state == StepState::Undone => {
                lease.finish(EndKind::Undone, now);
                None
            }
            (Direction::Undo, _) => None,
            (Direction::Execute, None) => {
                lease.could_not_read(words, now);
                None
            }
            (Direction::Execute, Some(proof)) => {
                let turn = lease.read(&proof.judgement, words, proof.read_at);
                if is_final && step.state == StepState::Proven {
                    lease.finish(EndKind::Final, now);
                }
                turn
            }
        };
        Ok(self.alter_lease(write, &step.id, change).await?.flatten())
    }

    /// Contained when every mandatory step (or, where none is, any step) that contains is proven.
    /// A step that only secures evidence counts for nothing here.
    async fn settle_incident(
        &self,
        write: &mut Write,
        incident: &Incident,
        step: &Step,
    ) -> Result<(), EngineError> {
        let Some((_, steps)) = self.store.plan(&incident.id).await? else { return Ok(()) };
        let steps: Vec<StoredStep> =
            steps.into_iter().filter(|other| other.step.action.contains()).collect();
        let state_of = |other: &StoredStep| {
            if other.step.id == step.id { step.state } else { other.step.state }
        };
        let mandatory: Vec<StepState> =
            steps.iter().filter(|other| other.step.mandatory).map(state_of).collect();
        let all: Vec<StepState> = steps.iter().map(state_of).collect();
        let proven = |states: &[StepState]| {
            !states.is_empty() && states.iter().all(|state| *state == StepState::Proven)
        };
        let contained = if mandatory.is_empty() {
            all.contains(&StepState::Proven)
        } else {
            proven(&mandatory)
        };
        let touched = all.iter().any(|state| !state.is_untouched() && *state != StepState::Undone);
        let to = match (contained, touched) {
            (true, _) => IncidentState::Contained,
            (false, true) => IncidentState::Containing,
            (false, false) => IncidentState::Triaged,
        };
        if !incident.state.takes_findings() {
            return Ok(());
        }
        self.move_incident(write, &incident.id, incident.state, to, "", &Identity::firebreak())
            .await
    }
}

pub(crate) fn proof_words(record: &ProofRecord) -> String {
    let failing: Vec<String> = record
        .judgement
        .checks
        .iter()
        .filter(|check| check.outcome != ProofOutcome::Proven)
        .map(|check| format!("{}: {}", check.expectation, check.observed))
        .collect();
    if failing.is_empty() {
        format!(
            "{} of {} checks hold",
            record.judgement.checks.len(),
            record.judgement.checks.len()
        )
    } else {
        failing.join("; ")
    }
}
