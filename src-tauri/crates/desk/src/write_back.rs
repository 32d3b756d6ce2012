//! Telling the sources of an incident what became of their alerts.

use firebreak_core::IncidentId;
use firebreak_core::policy::VerdictKind;
use firebreak_engine::EngineError;
use firebreak_wire as wire;

use crate::{Desk, DeskError, view};

impl Desk {
    /// Queues a status, a comment or both for every source of an incident.
    pub async fn ask_write_back(
        &self,
        said: &str,
        status: Option<wire::WriteBackStatusView>,
        comment: &str,
    ) -> Result<Vec<wire::WriteBackView>, DeskError> {
        let engine = self.owner()?;
        let id = engine.find_incident(said).await?;
        let status = status.map(view::source::status);
        let rows = engine.ask_write_back(&id, status, comment, &self.me).await?;
        Ok(rows.iter().map(view::source::write_back).collect())
    }

    /// Takes back an order that waits.
    pub async fn withdraw_write_back(&self, said: &str, order: &str) -> Result<(), DeskError> {
        let engine = self.owner()?;
        let id = engine.find_incident(said).await?;
        Ok(engine.withdraw_write_back(&id, order, &self.me).await?)
    }

    /// The orders of an incident, newest first.
    pub async fn write_backs(&self, said: &str) -> Result<Vec<wire::WriteBackView>, DeskError> {
        let id = self.engine.find_incident(said).await?;
        let rows = self.engine.store().write_backs(&id).await?;
        Ok(rows.iter().map(view::source::write_back).collect())
    }

    /// Carries out what is due, now.
    pub async fn send_write_backs(&self) -> Result<u32, DeskError> {
        Ok(self.owner()?.send_write_backs().await?)
    }

    /// Why nothing can be written to the sources of an incident; `None` when something can.
    pub(crate) async fn write_back_obstacle(
        &self,
        id: &IncidentId,
    ) -> Result<Option<String>, DeskError> {
        if self.engine.phase() < 2 {
            return Ok(Some(
                "Phase 1 is read-only: nothing is written to a source either.".to_owned(),
            ));
        }
        let severity = self.engine.store().incident(id).await?.severity;
        let mut reasons = None;
        for finding in self.engine.store().findings(id).await? {
            if !self.engine.has_writer(&finding.source) {
                continue;
            }
            let verdict =
                self.engine.may_write_back(&finding.source, None, severity, &self.me).await;
            match verdict {
                Ok(verdict) if verdict.kind == VerdictKind::Auto => return Ok(None),
                Ok(verdict) => reasons = Some(verdict.reasons()),
                Err(EngineError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(reasons.unwrap_or_else(|| {
            "Its alerts came from files, or from a source that was removed.".to_owned()
        })))
    }
}
