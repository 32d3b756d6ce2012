//! Incidents: found by what people call them, and moved by what happens to their steps.

use firebreak_core::incident::{Incident, number_of};
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{IncidentId, IncidentState, text};
use firebreak_store::Write;
use serde_json::json;

use crate::regroup::one;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Characters of a note.
const NOTE_CAP: usize = 4_000;

impl Engine {
    /// The incident that a person means by `INC-12` or by its id.
    ///
    /// # Errors
    /// [`EngineError::NotFound`].
    pub async fn find_incident(&self, said: &str) -> Result<IncidentId, EngineError> {
        let not_found = || EngineError::NotFound(format!("incident {}", text::line(said, 60)));
        match number_of(said) {
            Some(number) => self.store.incident_by_number(number).await?.ok_or_else(not_found),
            None => {
                Ok(self.store.incident(&IncidentId::new(said)).await.map_err(|_| not_found())?.id)
            }
        }
    }

    /// Moves an incident inside a transaction; a move to where it is already does nothing.
    pub(crate) async fn move_incident(
        &self,
        write: &mut Write,
        id: &IncidentId,
        from: IncidentState,
        to: IncidentState,
        reason: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        if from == to {
            return Ok(());
        }
        let now = self.now();
        write.set_incident_state(id, from, to, now).await?;
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let text = format!("{} \u{2192} {}{because}", from.name(), to.name());
        write.put_timeline(id, &self.decision(who, text.clone())).await?;
        let detail = json!({ "from": from, "to": to, "reason": reason });
        write.audit(self.record(who, "incident_moved", id.to_string(), text, detail)).await?;
        Ok(())
    }

    /// Writes a person's note into the timeline and the audit log. It is for people: no model reads it.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for an empty one and for one longer than 4,000 characters.
    pub async fn add_note(
        &self,
        id: &IncidentId,
        note: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let text = checked_note(note)?;
        let entry = Entry { kind: EntryKind::Note, ..self.decision(who, text.clone()) };
        let mut write = self.store.write().await?;
        one(&mut write, id).await?;
        write.put_timeline(id, &entry).await?;
        write
            .audit(self.record(
                who,
                "note_added",
                id.to_string(),
                "wrote a note",
                json!({ "note": text }),
            ))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: id.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    pub(crate) fn decision(&self, who: &Identity, text: String) -> Entry {
        Entry {
            at: self.now(),
            kind: EntryKind::Decision,
            actor: who.name.clone(),
            text,
            evidence: None,
        }
    }
}

/// A note as it is kept.
pub(crate) fn checked_note(note: &str) -> Result<String, EngineError> {
    let note = note.trim();
    let length = note.chars().count();
    if length == 0 || length > NOTE_CAP {
        return Err(EngineError::Invalid(format!(
            "a note has 1 to {NOTE_CAP} characters; this one has {length}"
        )));
    }
    Ok(text::body(note, NOTE_CAP))
}

/// What is over, put off, or was merged into another, has no step that may change anything. Undoing stays.
pub(crate) fn refuse_if_over(incident: &Incident) -> Result<(), EngineError> {
    match incident.state.is_open() {
        true => Ok(()),
        false => Err(EngineError::Refused(format!(
            "{} is {}; {} it before a step of its plan is approved or run",
            incident.label(),
            incident.state.name(),
            if incident.state == IncidentState::Snoozed { "wake" } else { "reopen" }
        ))),
    }
}
