//! Telling sources what became of their alerts: asked for by a person, allowed by policy, queued on
//! disk, carried out when the vendor answers.

use chrono::Duration;
use firebreak_core::finding::Finding;
use firebreak_core::policy::{Phase, Principal, Verdict, VerdictKind, WriteBackQuestion};
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::write_back::{WriteBack, WriteBackEnd, WriteBackStatus};
use firebreak_core::{IncidentId, Severity, Timestamp, text};
use firebreak_store::{WriteBackRow, WriteBackState};
use serde_json::json;

use crate::engine::fresh;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Longest comment; vendors take at least this much.
pub const COMMENT_CAP: usize = 2_000;
/// Orders tried in one round.
const AT_ONCE: u32 = 50;
/// Wait after the first failed attempt; doubled up to [`LONGEST_WAIT`].
const FIRST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 3_600;

impl Engine {
    /// Queues an order for every finding of the incident whose source can be written to.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when policy denies it or no source of the incident can be written
    /// to; [`EngineError::Invalid`] for an empty or overlong comment.
    pub async fn ask_write_back(
        &self,
        incident: &IncidentId,
        status: Option<WriteBackStatus>,
        comment: &str,
        who: &Identity,
    ) -> Result<Vec<WriteBackRow>, EngineError> {
        let comment = checked(comment)?;
        let severity = self.store.incident(incident).await?.severity;
        let mut rows = Vec::new();
        for finding in self.store.findings(incident).await? {
            if self.writer(&finding.source).is_none() {
                continue;
            }
            let verdict = self.may_write_back(&finding.source, status, severity, who).await?;
            if verdict.kind != VerdictKind::Auto {
                return Err(EngineError::Refused(verdict.reasons()));
            }
            rows.push(self.order(incident, &finding, status, &comment, who));
        }
        if rows.is_empty() {
            return Err(EngineError::Refused(self.nowhere_to_write()));
        }
        let mut write = self.store.write().await?;
        for row in &rows {
            write.put_write_back(row).await?;
            let text = format!("{} is to be told about {}", row.source, row.order.vendor_id);
            let detail = json!({ "write_back": row.id, "status": status, "comment": comment });
            write
                .audit(self.record(who, "write_back_asked", incident.to_string(), text, detail))
                .await?;
        }
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: incident.clone() });
        Ok(rows)
    }

    /// What policy says of writing to a source now.
    pub async fn may_write_back(
        &self,
        source: &str,
        status: Option<WriteBackStatus>,
        severity: Severity,
        who: &Identity,
    ) -> Result<Verdict, EngineError> {
        let row = self.store.source(source).await?;
        let phase = u8::try_from(self.phase()).ok().and_then(Phase::from_number);
        Ok(self.policies().decide_write_back(&WriteBackQuestion {
            principal: Principal::Person(who.name.clone()),
            source: source.to_owned(),
            vendor: row.vendor,
            phase: phase.unwrap_or(Phase::Triage),
            severity,
            status,
        }))
    }

    /// Tries every order that is due; returns how many were settled. Where no writer exists (phase 1,
    /// a source that was removed) orders stay where they are.
    pub async fn send_write_backs(&self) -> Result<u32, EngineError> {
        let mut settled = 0;
        for row in self.store.write_backs_due(self.now(), AT_ONCE).await? {
            let Some(writer) = self.writer(&row.source) else { continue };
            let end = writer.write_back(&row.order).await;
            settled += u32::from(self.settle(&row, end).await?);
        }
        Ok(settled)
    }

    /// Takes back an order that was not carried out yet.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when it was settled meanwhile.
    pub async fn withdraw_write_back(
        &self,
        incident: &IncidentId,
        id: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let row = self.store.write_backs(incident).await?.into_iter().find(|row| row.id == id);
        let row = row.ok_or_else(|| EngineError::NotFound(format!("write back {id}")))?;
        let note = format!("withdrawn by {}", who.name);
        if !self.note(&row, WriteBackState::Withdrawn, &note, None, who).await? {
            return Err(EngineError::Refused(format!(
                "it is {} already",
                row.state.name().replace('_', " ")
            )));
        }
        Ok(())
    }

    async fn settle(
        &self,
        row: &WriteBackRow,
        end: Result<WriteBackEnd, OutsideError>,
    ) -> Result<bool, EngineError> {
        let (state, note, later) = match end {
            Ok(WriteBackEnd::Written { note }) => (WriteBackState::Written, note, None),
            Ok(WriteBackEnd::AlreadySo { note }) => (WriteBackState::AlreadySo, note, None),
            Ok(WriteBackEnd::Impossible { why }) => (WriteBackState::Impossible, why, None),
            Err(error) => self.missed(row, &error),
        };
        let note = text::line(&note, text::LINE_CAP);
        self.note(row, state, &note, later, &Identity::firebreak()).await?;
        Ok(state != WriteBackState::Waiting)
    }

    /// A failed attempt: later again when it may pass, a person's turn otherwise.
    fn missed(
        &self,
        row: &WriteBackRow,
        error: &OutsideError,
    ) -> (WriteBackState, String, Option<Timestamp>) {
        let remedy = error.remedy.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
        let note = format!("{error}.{remedy}");
        if error.trouble == Trouble::NeedsPerson {
            return (WriteBackState::Failed, note, None);
        }
        let doubled = FIRST_WAIT.saturating_mul(1_i64 << row.attempts.min(16));
        let asked = error.retry_after.map_or(0, |wait| i64::try_from(wait.as_secs()).unwrap_or(0));
        let wait = Duration::seconds(doubled.min(LONGEST_WAIT).max(asked.min(86_400)));
        (WriteBackState::Waiting, note, Some(self.now() + wait))
    }

    async fn note(
        &self,
        row: &WriteBackRow,
        state: WriteBackState,
        note: &str,
        later: Option<Timestamp>,
        who: &Identity,
    ) -> Result<bool, EngineError> {
        let ended = (state != WriteBackState::Waiting).then(|| self.now());
        let mut write = self.store.write().await?;
        if !write.settle_write_back(&row.id, state, Some(note), later, ended).await? {
            write.abandon().await?;
            return Ok(false);
        }
        let text = format!("{} about {}: {}", row.source, row.order.vendor_id, state.name());
        let detail = json!({ "write_back": row.id, "note": note });
        let kind = if ended.is_some() { "write_back_settled" } else { "write_back_missed" };
        write.audit(self.record(who, kind, row.incident.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: row.incident.clone() });
        self.emit(EngineEvent::SourceChanged { name: row.source.clone() });
        Ok(true)
    }

    fn order(
        &self,
        incident: &IncidentId,
        finding: &Finding,
        status: Option<WriteBackStatus>,
        comment: &str,
        who: &Identity,
    ) -> WriteBackRow {
        let id = fresh("wrb");
        let marker = format!("firebreak:{}", id.trim_start_matches("wrb_"));
        WriteBackRow {
            source: finding.source.clone(),
            incident: incident.clone(),
            finding: finding.id.clone(),
            order: WriteBack {
                vendor_id: finding.draft.vendor_id.clone(),
                kind: finding.draft.kind.clone(),
                status,
                comment: format!("{comment} [{marker}]"),
                marker,
            },
            state: WriteBackState::Waiting,
            attempts: 0,
            not_before: None,
            note: None,
            asked_by: who.name.clone(),
            asked_at: self.now(),
            ended_at: None,
            id,
        }
    }

    fn nowhere_to_write(&self) -> String {
        if self.phase() < 2 {
            "phase 1 is read-only: nothing is written to a source either".to_owned()
        } else {
            "none of the incident's sources can be written to: its alerts came from files, or from \
             a source that was removed"
                .to_owned()
        }
    }
}

fn checked(comment: &str) -> Result<String, EngineError> {
    let comment = comment.trim();
    let length = comment.chars().count();
    if length == 0 || length > COMMENT_CAP {
        return Err(EngineError::Invalid(format!(
            "a comment has 1 to {COMMENT_CAP} characters, not {length}"
        )));
    }
    Ok(comment.to_owned())
}
