//! Handing incidents over: to whom they go, what that person must know, and that they read it.

use std::collections::BTreeSet;

use firebreak_core::handover::Handover;
use firebreak_core::incident::label;
use firebreak_core::timeline::{Entry, EntryKind};
use firebreak_core::{HandoverId, IncidentId, text};
use firebreak_store::Altered;
use serde_json::json;

use crate::change::{CHANGED_AT_ONCE, nothing_done, refused};
use crate::engine::fresh;
use crate::incident::checked_note;
use crate::regroup::one;
use crate::{ChangeReport, Engine, EngineError, EngineEvent, Identity};

impl Engine {
    /// Hands incidents to a person. Taken back they are whose they were; the note stays.
    pub(crate) async fn hand_over(
        &self,
        incidents: &BTreeSet<IncidentId>,
        to: &str,
        note: &str,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let to = text::line(to.trim(), 80);
        if to.is_empty() || to == who.name {
            return Err(EngineError::Invalid("a handover goes to another person".to_owned()));
        }
        if incidents.len() > CHANGED_AT_ONCE {
            return Err(EngineError::Invalid(format!(
                "at most {CHANGED_AT_ONCE} incidents are handed over at once"
            )));
        }
        let note = checked_note(note)?;
        let said = format!("handed over to {to}");
        let mut report = ChangeReport { text: said.clone(), ..ChangeReport::default() };
        let mut write = self.store.write().await?;
        let (mut altered, mut handovers): (Vec<Altered>, Vec<Handover>) = (Vec::new(), Vec::new());
        for stand in write.stands(incidents).await? {
            let id = HandoverId::new(fresh("hnd"));
            match stand.standing.handed_over(&to, id.clone()) {
                Err(why) => report.refused.push(refused(&stand, why)),
                Ok(after) => {
                    altered.push(stand.altered(after));
                    handovers.push(Handover {
                        id,
                        incident: stand.incident,
                        at: self.now(),
                        by: who.name.clone(),
                        to: to.clone(),
                        note: note.clone(),
                    });
                }
            }
        }
        if altered.is_empty() {
            return Err(nothing_done(&report.refused));
        }
        write.put_handovers(&handovers).await?;
        self.apply(&mut write, &altered, |_| said.clone(), who).await?;
        let told = Entry { kind: EntryKind::Handover, ..self.decision(who, note.clone()) };
        let lines: Vec<(IncidentId, Entry)> =
            altered.iter().map(|one| (one.incident.clone(), told.clone())).collect();
        write.put_timelines(&lines).await?;
        let id = fresh("chg");
        let row = self.change_row(&id, &said, altered.len(), who);
        write.put_change(&row, &altered, &[]).await?;
        let mut records = self.told(&row, &altered, incidents.len() == 1, who);
        let detail = json!({ "change": id, "to": to, "note": note });
        records.push(self.record(who, "handover_written", id.clone(), said, detail));
        write.audit_all(records).await?;
        write.commit().await?;
        report.change = Some(id);
        report.changed = altered.into_iter().map(|one| one.incident).collect();
        self.tell(&report);
        for incident in report.changed.iter().cloned() {
            self.emit(EngineEvent::IncidentDetailChanged { incident });
        }
        Ok(report)
    }

    /// Notes that the person an incident was handed to read what they must know.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when nothing waits to be read, or it waits for somebody else.
    pub async fn read_handover(
        &self,
        incident: &IncidentId,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let mut write = self.store.write().await?;
        let stand = one(&mut write, incident).await?;
        let label = label(stand.number);
        let Some(id) = &stand.standing.handover else {
            return Err(EngineError::Refused(format!("{label} has no handover that waits")));
        };
        let owner = stand.standing.owner.as_deref().unwrap_or("nobody");
        if owner != who.name {
            return Err(EngineError::Refused(format!(
                "{label} was handed to {owner}, who alone can say that they read it"
            )));
        }
        write.handover_read(id, self.now()).await?;
        let said = "read the handover and took it on";
        write.put_timeline(incident, &self.decision(who, said.to_owned())).await?;
        let detail = json!({ "handover": id });
        write.audit(self.record(who, "handover_read", incident.to_string(), said, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentChanged { incident: incident.clone(), is_new: false });
        self.emit(EngineEvent::IncidentDetailChanged { incident: incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }
}
