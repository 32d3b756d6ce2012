//! Watching over what was changed: leases are read again and again, a change back is raised, and a
//! person decides anew when their time comes.

use firebreak_core::lease::{EndKind, Lease, Turn};
use firebreak_core::observed::Observed;
use firebreak_core::plan::{ProofRecord, Step};
use firebreak_core::proof::judge;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{Direction, ProofOutcome, StepId, StepState, Timestamp, text};
use firebreak_store::{CallRow, StoreError, StoredStep, Write};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::draft::target_of;
use crate::run::proof_words;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Leases read in one round; the rest has its turn in the next.
const A_ROUND: u32 = 50;

impl Engine {
    /// Reads every lease whose time has come and says which reviews have. Answers how many were read.
    ///
    /// # Errors
    /// Store errors. What can't be read is kept with its lease, and is no error here.
    pub async fn watch_due(&self, stop: &CancellationToken) -> Result<usize, EngineError> {
        self.tell_reviews().await?;
        let due = self.store.leases_to_read(self.now(), A_ROUND).await?;
        let mut read = 0;
        for step in &due {
            if stop.is_cancelled() {
                break;
            }
            self.read_lease(step).await?;
            read += 1;
        }
        if read > 0 {
            self.emit(EngineEvent::LeasesChanged);
        }
        Ok(read)
    }

    /// Reads one lease now, whenever its turn would be, and answers it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where the step has none, [`EngineError::Refused`] where it is over;
    /// store errors.
    pub async fn prove_lease(&self, step: &StepId) -> Result<Lease, EngineError> {
        self.known_lease(step).await?.refuse_if_over().map_err(EngineError::Refused)?;
        self.read_lease(step).await?;
        self.emit(EngineEvent::LeasesChanged);
        self.known_lease(step).await
    }

    /// Holds it until another time.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a time that is too near or too far, or where it is over.
    pub async fn renew_lease(
        &self,
        step: &StepId,
        until: Timestamp,
        who: &Identity,
    ) -> Result<Lease, EngineError> {
        let now = self.now();
        let until_text = until.format("%Y-%m-%d %H:%M UTC");
        let text = format!("held until {until_text}");
        self.decide_lease(step, "lease_renewed", text, who, |lease| lease.renew(until, now)).await
    }

    /// Gives it to somebody.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for no name, or where it is over.
    pub async fn hand_lease(
        &self,
        step: &StepId,
        to: &str,
        who: &Identity,
    ) -> Result<Lease, EngineError> {
        let text = format!("is now {}'s to look after", text::line(to.trim(), 80));
        self.decide_lease(step, "lease_handed", text, who, |lease| lease.hand(to)).await
    }

    /// Gives it up: what was changed stays as it is, and nobody looks after it any more.
    ///
    /// # Errors
    /// [`EngineError::Refused`] while it is not known what the step did or it is running;
    /// [`EngineError::Invalid`] without a reason, or where it is over.
    pub async fn release_lease(
        &self,
        step: &StepId,
        reason: &str,
        who: &Identity,
    ) -> Result<Lease, EngineError> {
        let state = self.store.step(step).await?.step.state;
        if matches!(state, StepState::Unknown | StepState::Running | StepState::Undoing) {
            return Err(EngineError::Refused(format!(
                "a step that is {} can't be left to itself: find out what it did first",
                state.name()
            )));
        }
        let now = self.now();
        let text = format!("stays as it is, unwatched: {}", text::line(reason.trim(), 200));
        let release = |lease: &mut Lease| lease.release(&who.name, reason, now);
        self.decide_lease(step, "lease_released", text, who, release).await
    }

    /// What a person decides, with its record.
    async fn decide_lease(
        &self,
        step: &StepId,
        kind: &'static str,
        text: String,
        who: &Identity,
        change: impl FnOnce(&mut Lease) -> Result<(), String>,
    ) -> Result<Lease, EngineError> {
        let mut write = self.store.write().await?;
        let Some(mut lease) = write.lease(step).await? else { return Err(no_lease(step)) };
        let before = lease.clone();
        change(&mut lease).map_err(EngineError::Invalid)?;
        write.update_lease(&lease).await?;
        let step_row = write.step(step).await?.step;
        let text = format!("{}: {text}", step_row.title());
        write.put_timeline(&lease.incident, &self.decision(who, text.clone())).await?;
        let detail = json!({ "before": before, "after": lease });
        write.audit(self.record(who, kind, step.to_string(), text, detail)).await?;
        write.commit().await?;
        self.tell_of(&lease);
        Ok(lease)
    }

    /// Says once that a lease has come to its review.
    async fn tell_reviews(&self) -> Result<(), EngineError> {
        for step in self.store.leases_to_review(self.now()).await? {
            let mut write = self.store.write().await?;
            let Some(mut lease) = write.lease(&step).await? else { continue };
            // Looked at again: somebody may have been quicker.
            if lease.review_told || !lease.is_due(self.now()) {
                continue;
            }
            lease.review_told = true;
            write.update_lease(&lease).await?;
            let text = format!(
                "{}: its review has come; hold it longer, undo it or give it up",
                write.step(&step).await?.step.title()
            );
            let firebreak = Identity::firebreak();
            write.put_timeline(&lease.incident, &self.decision(&firebreak, text.clone())).await?;
            let detail = json!({ "review_at": lease.review_at, "owner": lease.owner });
            let record = self.record(&firebreak, "lease_due", step.to_string(), text, detail);
            write.audit(record).await?;
            write.commit().await?;
            self.tell_of(&lease);
        }
        Ok(())
    }

    /// Reads the target of a lease and keeps what that shows.
    async fn read_lease(&self, id: &StepId) -> Result<(), EngineError> {
        let stored = self.store.step(id).await?;
        let step = &stored.step;
        let begun = self.now();
        let seen = match is_watched(step.state) {
            false => None,
            true => Some(match self.reader_of(step) {
                Ok(reader) => {
                    reader.observe(&target_of(step)).await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            }),
        };
        let told = match seen {
            // It runs, or it is not known what it did: that is somebody's to find out, not a read's.
            None => self.keep(step, begun, |lease| lease.postpone(begun)).await,
            Some(Err(why)) => {
                self.keep(step, begun, |lease| lease.could_not_read(&why, begun)).await
            }
            Some(Ok(observed)) => self.keep_read(stored, &observed, begun).await,
        };
        match told {
            // Somebody ran or undid it meanwhile, and read it later than this.
            Err(EngineError::Store(StoreError::Conflict { .. })) => Ok(()),
            other => other,
        }
    }

    async fn keep_read(
        &self,
        stored: StoredStep,
        observed: &Observed,
        at: Timestamp,
    ) -> Result<(), EngineError> {
        let undone = self.undone_after_all(&stored, observed, at).await?;
        let mut step = stored.step;
        if let Some(record) = undone {
            return self.finish_proof(&mut step, Direction::Undo, Ok(record)).await;
        }
        let Some(known) = self.store.lease(&step.id).await? else { return Ok(()) };
        let conditions = step.draft.as_ref().map_or(&[][..], |draft| &draft.proof);
        let record = ProofRecord { read_at: at, judgement: judge(conditions, observed) };
        let words = proof_words(&record);
        match known.clone().read(&record.judgement, &words, at) {
            Some(_) if step.state != StepState::Failed => {
                self.finish_proof(&mut step, Direction::Execute, Ok(record)).await
            }
            turn => {
                let said = turn.and_then(|turn| turned(turn, &step, &words));
                let read = |lease: &mut Lease| {
                    lease.read(&record.judgement, &words, at);
                };
                self.keep(&step, at, read).await?;
                match said {
                    Some(text) => self.say_of_half(&step, text).await,
                    None => Ok(()),
                }
            }
        }
    }

    /// What shows that an undo which was sent and could not be proven is done: what was there before is
    /// there. It was us, so nobody hears of a change back.
    async fn undone_after_all(
        &self,
        stored: &StoredStep,
        observed: &Observed,
        at: Timestamp,
    ) -> Result<Option<ProofRecord>, EngineError> {
        let Some(undo) = stored.undo.as_ref().filter(|_| stored.step.state == StepState::Failed)
        else {
            return Ok(None);
        };
        let sent = self.store.newest_intent(&stored.step.id, Direction::Undo).await?;
        if !sent.is_some_and(|sent| sent.calls.iter().any(CallRow::may_have_happened)) {
            return Ok(None);
        }
        let record = ProofRecord { read_at: at, judgement: judge(&undo.proof, observed) };
        Ok((record.judgement.outcome == ProofOutcome::Proven).then_some(record))
    }

    /// A step that failed half way stays failed, whatever of it is read; people hear of it all the same.
    async fn say_of_half(&self, step: &Step, text: String) -> Result<(), EngineError> {
        let firebreak = Identity::firebreak();
        let entry = Entry { kind: EntryKind::Proof, ..self.decision(&firebreak, text.clone()) };
        let mut write = self.store.write().await?;
        write.put_timeline(&step.incident, &entry).await?;
        let detail = json!({ "state": step.state });
        let record = self.record(&firebreak, "lease_turned", step.id.to_string(), text, detail);
        write.audit(record).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    /// Keeps a change of a lease that needs nobody, unless the step moved on or was read meanwhile.
    async fn keep(
        &self,
        step: &Step,
        begun: Timestamp,
        change: impl FnOnce(&mut Lease),
    ) -> Result<(), EngineError> {
        let mut write = self.store.write().await?;
        let Some(mut lease) = write.lease(&step.id).await? else { return Ok(()) };
        let moved = write.step(&step.id).await?.step.state != step.state;
        if moved || lease.end.is_some() || lease.read_at.is_some_and(|at| at > begun) {
            return Ok(());
        }
        change(&mut lease);
        write.update_lease(&lease).await?;
        write.commit().await?;
        Ok(())
    }

    /// Ends the lease of a step of which no call changed anything.
    pub(crate) async fn end_for_nothing(
        &self,
        write: &mut Write,
        step: &StepId,
    ) -> Result<(), EngineError> {
        let now = self.now();
        self.alter_lease(write, step, |lease| lease.finish(EndKind::Nothing, now)).await?;
        Ok(())
    }

    /// Changes a lease inside a transaction, where the step has one.
    pub(crate) async fn alter_lease<T>(
        &self,
        write: &mut Write,
        step: &StepId,
        change: impl FnOnce(&mut Lease) -> T,
    ) -> Result<Option<T>, EngineError> {
        let Some(mut lease) = write.lease(step).await? else { return Ok(None) };
        let answer = change(&mut lease);
        write.update_lease(&lease).await?;
        Ok(Some(answer))
    }

    async fn known_lease(&self, step: &StepId) -> Result<Lease, EngineError> {
        self.store.lease(step).await?.ok_or_else(|| no_lease(step))
    }

    fn tell_of(&self, lease: &Lease) {
        self.emit(EngineEvent::LeasesChanged);
        self.emit(EngineEvent::IncidentDetailChanged { incident: lease.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
    }
}

/// What people hear of a turn, where it is one after the first proof.
pub(crate) fn turned(turn: Turn, step: &Step, words: &str) -> Option<String> {
    match turn {
        Turn::ChangedBack => Some(format!("{} was changed back: {words}", step.title())),
        Turn::Restored => Some(format!("{} holds again: {words}", step.title())),
        Turn::Proven | Turn::Refuted => None,
    }
}

/// Whether reads tell anything of a step in this state.
fn is_watched(state: StepState) -> bool {
    matches!(
        state,
        StepState::Dispatched | StepState::Proven | StepState::Refuted | StepState::Failed
    )
}

fn no_lease(step: &StepId) -> EngineError {
    EngineError::NotFound(format!("containment by step {}", text::line(step.as_str(), 60)))
}
