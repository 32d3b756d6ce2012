//! What people do to incidents: move, assign, find.

use firebreak_core::incident::number_of;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{IncidentId, IncidentState, text};
use firebreak_store::Write;
use serde_json::json;

use crate::{Engine, EngineError, EngineEvent, Identity};

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

    /// Moves an incident to a state that a person may choose, with a reason for the record.
    ///
    /// # Errors
    /// [`EngineError::Refused`] for states that follow from steps and proofs.
    pub async fn set_state(
        &self,
        id: &IncidentId,
        to: IncidentState,
        reason: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let incident = self.store.incident(id).await?;
        if !incident.state.choices().contains(&to) {
            return Err(EngineError::Refused(format!(
                "{} is {}; a person can't make it {}",
                incident.label(),
                incident.state.name(),
                to.name()
            )));
        }
        let reason = text::line(reason.trim(), text::LINE_CAP);
        if !to.is_open() && reason.is_empty() {
            return Err(EngineError::Invalid("closing needs a reason".to_owned()));
        }
        let mut write = self.store.write().await?;
        self.move_incident(&mut write, id, incident.state, to, &reason, who).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentChanged { incident: id.clone(), is_new: false });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
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

    /// Gives an incident to a person, or to nobody.
    pub async fn assign(
        &self,
        id: &IncidentId,
        owner: Option<&str>,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let owner = owner.map(|name| text::line(name.trim(), 80)).filter(|name| !name.is_empty());
        let text = match &owner {
            Some(name) => format!("assigned to {name}"),
            None => "assigned to nobody".to_owned(),
        };
        let mut write = self.store.write().await?;
        write.set_incident_owner(id, owner.as_deref(), self.now()).await?;
        write.put_timeline(id, &self.decision(who, text.clone())).await?;
        write
            .audit(self.record(
                who,
                "incident_assigned",
                id.to_string(),
                text,
                json!({ "owner": owner }),
            ))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentChanged { incident: id.clone(), is_new: false });
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
