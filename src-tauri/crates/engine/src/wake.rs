//! Incidents that were put off, awake again: when their time comes, or when they change.

use std::collections::BTreeMap;

use firebreak_core::IncidentId;
use firebreak_core::audit::Entry;
use firebreak_core::incident::label;
use firebreak_store::{Altered, Write};
use serde_json::json;

use crate::change::ChangeReport;
use crate::{Engine, EngineError, Identity};

impl Engine {
    /// Wakes incidents whose time came. What is asked is the clock as it is now, so neither a restart
    /// nor a clock that jumped loses one. Answers how many.
    ///
    /// # Errors
    /// Store errors.
    pub async fn wake_due(&self) -> Result<usize, EngineError> {
        let mut woken = 0;
        loop {
            let now = self.now();
            if self.store.due_snoozes(now).await?.is_empty() {
                return Ok(woken);
            }
            let mut write = self.store.write().await?;
            // Looked at again: somebody may have been quicker.
            let due = self.store.due_snoozes(now).await?;
            let why = due.iter().map(|id| (id.clone(), "its time came".to_owned())).collect();
            let records = self.wake_all(&mut write, &why).await?;
            let some = records.len();
            write.audit_all(records).await?;
            write.commit().await?;
            woken += some;
            if some == 0 {
                return Ok(woken);
            }
            self.tell(&ChangeReport { changed: due.into_iter().collect(), ..Default::default() });
        }
    }

    /// Lets incidents stand as before they were put off; answers what the audit log is to have.
    pub(crate) async fn wake_all(
        &self,
        write: &mut Write,
        why: &BTreeMap<IncidentId, String>,
    ) -> Result<Vec<Entry>, EngineError> {
        if why.is_empty() {
            return Ok(Vec::new());
        }
        let (mut altered, mut records) = (Vec::new(), Vec::new());
        for stand in write.stands(&why.keys().cloned().collect()).await? {
            let Ok(after) = stand.standing.woken() else { continue };
            let one = stand.altered(after);
            let text = format!("{} is awake: {}", label(stand.number), why[&one.incident]);
            let detail = json!({ "before": one.before, "after": one.after });
            let subject = one.incident.to_string();
            let firebreak = Identity::firebreak();
            records.push(self.record(&firebreak, "incident_woken", subject, text, detail));
            altered.push(one);
        }
        let words = |one: &Altered| {
            format!("snoozed \u{2192} {}: {}", one.after.state.name(), why[&one.incident])
        };
        self.apply(write, &altered, words, &Identity::firebreak()).await?;
        Ok(records)
    }
}
