//! The executor's journal, on disk before each call leaves and after each answer.

use async_trait::async_trait;
use firebreak_core::call::Call;
use firebreak_core::ports::{CallOutcome, Journal, JournalError};
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{Direction, IncidentId, IntentId, StepId};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Engine, EngineEvent, Identity};

pub(crate) struct RunJournal<'a> {
    pub engine: &'a Engine,
    pub incident: IncidentId,
    pub step: StepId,
    pub direction: Direction,
    pub intent: IntentId,
    pub cancel: CancellationToken,
}

#[async_trait]
impl Journal for RunJournal<'_> {
    async fn sending(&self, index: usize, call: &Call) -> Result<(), JournalError> {
        let engine = self.engine;
        let now = engine.now();
        let mut write = engine.store.write().await?;
        write.call_sending(&self.intent, index, now).await?;
        let text = format!("sending call {} of {}", index + 1, call.operation());
        let detail = json!({ "intent": self.intent.as_str(), "position": index, "call": call });
        write
            .audit(engine.record(
                &Identity::firebreak(),
                "call_sending",
                self.step.to_string(),
                text,
                detail,
            ))
            .await?;
        write.commit().await?;
        self.progressed(index);
        Ok(())
    }

    async fn answered(
        &self,
        index: usize,
        call: &Call,
        outcome: &CallOutcome,
    ) -> Result<(), JournalError> {
        let engine = self.engine;
        let now = engine.now();
        let (word, note) = outcome_words(outcome);
        let rendered = call.render();
        let mut write = engine.store.write().await?;
        write.call_answered(&self.intent, index, word, note.as_deref(), now).await?;
        let line = format!(
            "{} {}: {word}{}",
            rendered.operation,
            rendered.subject,
            note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default()
        );
        let entry = Entry {
            at: now,
            kind: EntryKind::Containment,
            actor: "firebreak".to_owned(),
            text: line.clone(),
            evidence: None,
        };
        write.put_timeline(&self.incident, &entry).await?;
        let detail = json!({ "intent": self.intent.as_str(), "position": index, "outcome": word, "note": note });
        write
            .audit(engine.record(
                &Identity::firebreak(),
                "call_answered",
                self.step.to_string(),
                line,
                detail,
            ))
            .await?;
        write.commit().await?;
        self.progressed(index);
        Ok(())
    }

    fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl RunJournal<'_> {
    fn progressed(&self, position: usize) {
        self.engine.emit(EngineEvent::RunProgressed {
            incident: self.incident.clone(),
            step: self.step.clone(),
            direction: self.direction,
            position,
        });
    }
}

fn outcome_words(outcome: &CallOutcome) -> (&'static str, Option<String>) {
    match outcome {
        CallOutcome::Accepted { note } => ("accepted", note.clone()),
        CallOutcome::AlreadySo { note } => ("already_so", Some(note.clone())),
        CallOutcome::Rejected { error } => ("rejected", Some(error.to_string())),
        CallOutcome::Unknown { error } => ("unknown", Some(error.to_string())),
    }
}
