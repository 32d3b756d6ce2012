//! Suppression rules, as the interface asks for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use firebreak_core::{Severity, SuppressionId};
use firebreak_engine::SuppressOrder;
use firebreak_wire as wire;

use crate::{Desk, DeskError, view};

/// Hidden findings that a list has at most.
const FINDINGS_LISTED: u32 = 200;

impl Desk {
    /// What a rule would have hidden of the last days.
    pub async fn preview_suppression(
        &self,
        scope: wire::SuppressionScope,
        up_to: Option<Severity>,
    ) -> Result<wire::SuppressionPreview, DeskError> {
        let scope = view::suppression::asked(scope);
        let preview = self.engine.preview_suppression(scope, up_to).await?;
        Ok(view::suppression::preview(&preview))
    }

    /// Makes a rule, and closes what it covers whole where that is asked.
    pub async fn add_suppression(
        self: &Arc<Self>,
        draft: wire::SuppressionDraft,
    ) -> Result<wire::TriageReport, DeskError> {
        let order = SuppressOrder {
            scope: view::suppression::asked(draft.scope),
            up_to: draft.up_to,
            reason: draft.reason,
            expires_at: Some(draft.expires_at),
            close: self.found(&draft.close).await?,
        };
        let (_, report) = self.owner()?.suppress(order, &self.me).await?;
        self.changed(report).await
    }

    /// Lets a rule hold until another time.
    pub async fn renew_suppression(
        self: &Arc<Self>,
        id: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<wire::TriageReport, DeskError> {
        let id = SuppressionId::new(id);
        let report = self.owner()?.renew_suppression(&id, expires_at, &self.me).await?;
        self.changed(report).await
    }

    /// Ends a rule; what it hid and is still open shows.
    pub async fn end_suppression(
        self: &Arc<Self>,
        id: &str,
    ) -> Result<wire::TriageReport, DeskError> {
        let report = self.owner()?.end_suppression(&SuppressionId::new(id), &self.me).await?;
        self.changed(report).await
    }

    /// The rules in force, soonest to expire first; with `all` those that ended too.
    pub async fn list_suppressions(
        &self,
        all: bool,
    ) -> Result<Vec<wire::SuppressionView>, DeskError> {
        let now = self.engine.now();
        let rows = self.engine.store().suppressions(now, all).await?;
        Ok(rows.iter().map(|row| view::suppression::rule(row, now)).collect())
    }

    /// The newest findings that a rule hides now.
    pub async fn list_suppressed(
        &self,
        id: &str,
    ) -> Result<Vec<wire::SuppressedFinding>, DeskError> {
        let id = SuppressionId::new(id);
        let findings = self.engine.store().hidden_findings(&id, FINDINGS_LISTED).await?;
        Ok(findings.iter().map(view::suppression::finding).collect())
    }
}
