//! Approving: the sheet that a person reads, and the signature over exactly that.

use chrono::Duration;
use firebreak_core::approval::{APPROVAL_MINUTES, Approval, Statement};
use firebreak_core::containment::{timed, undo_disruption};
use firebreak_core::plan::{Digest, Draft, Step, Subject};
use firebreak_core::policy::{Room, Verdict, VerdictKind};
use firebreak_core::ports::{KeyName, Preflight};
use firebreak_core::{ApprovalId, Direction, IncidentState, StepId, StepState, Timestamp, text};
use firebreak_store::StoredStep;
use serde_json::json;

use crate::caps::in_the_way;
use crate::draft::target_of;
use crate::engine::fresh;
use crate::incident::refuse_if_over;
use crate::stops::hold;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Everything that the approval window shows, drawn from the calls that would run.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalSheet {
    /// The step as drafted just now.
    pub step: Step,
    /// The incident's label.
    pub incident_label: String,
    /// What a signature is about.
    pub subject: Subject,
    /// What policy says.
    pub verdict: Verdict,
    /// What the caps say of running it now; nothing of undoing it.
    pub rooms: Vec<Room>,
    /// What breaks, how it is undone, warnings.
    pub draft: Draft,
    /// One a call.
    pub preflight: Vec<PreflightLine>,
    /// When pre-flight was asked.
    pub preflight_at: Timestamp,
    /// Signatures given for this very digest.
    pub signed: Vec<Approval>,
    /// Public key that would sign, hex.
    pub signer_key: Option<String>,
    /// When a signature given now would expire.
    pub expires_at: Timestamp,
    /// Why it can't be signed now.
    pub blocked: Option<String>,
}

/// What pre-flight learnt about one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightLine {
    /// The operation.
    pub operation: &'static str,
    /// What was learnt.
    pub result: Preflight,
}

impl Engine {
    /// Reads the target again and lays out exactly what would run. A draft that no longer fits
    /// what is there is replaced, and signatures for the old one stop counting.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when the step can't be approved in its state.
    pub async fn approval_sheet(
        &self,
        id: &StepId,
        direction: Direction,
        who: &Identity,
    ) -> Result<ApprovalSheet, EngineError> {
        let (step, subject, verdict, draft) = match direction {
            Direction::Execute => self.freshen(id, who).await?,
            Direction::Undo => self.freshen_undo(id, who).await?,
        };
        let incident = self.store.incident(&step.incident).await?;
        let signed = self.store.approvals_for(id, direction, &subject.digest()).await?;
        let now = self.now();
        let signed: Vec<Approval> =
            signed.into_iter().filter(|approval| approval.statement.expires_at > now).collect();
        let key = self.signer.public_key(KeyName::Approver).await;
        let own_key = key.as_ref().ok().map(hex_key);
        let preflight = match self.executor(&step.account) {
            Some(executor) => executor.preflight(&target_of(&step), &subject.calls).await,
            None => subject
                .calls
                .iter()
                .map(|_| Preflight::Unknown("no write credential is in use".to_owned()))
                .collect(),
        };
        let verdict = match direction {
            Direction::Execute => verdict.under(&self.frozen_now(&step, incident.severity)),
            Direction::Undo => verdict,
        };
        let rooms = match direction {
            Direction::Execute => self.room(&step).await?,
            Direction::Undo => Vec::new(),
        };
        let capped = in_the_way(&rooms);
        let blocked = match (&key, &verdict.kind) {
            (_, VerdictKind::Denied) => Some(format!("policy denies it: {}", verdict.reasons())),
            _ if capped.is_some() => capped.map(|why| format!("a cap is full: {why}")),
            (Err(error), _) => Some(error.to_string()),
            (Ok(_), _)
                if signed
                    .iter()
                    .any(|approval| Some(&approval.statement.key) == own_key.as_ref()) =>
            {
                Some("you have signed this already; somebody else must sign next".to_owned())
            }
            (Ok(_), _) if self.executor(&step.account).is_none() => Some(format!(
                "account {} has no write credential here; add one under Settings",
                step.account
            )),
            (Ok(_), _) => None,
        };
        let operations = subject.calls.iter().map(|call| call.operation());
        let preflight = operations
            .zip(preflight)
            .map(|(operation, result)| PreflightLine { operation, result })
            .collect();
        Ok(ApprovalSheet {
            incident_label: incident.label(),
            step,
            subject,
            verdict,
            rooms,
            draft,
            preflight,
            preflight_at: self.now(),
            signed,
            signer_key: own_key,
            expires_at: now + Duration::minutes(APPROVAL_MINUTES),
            blocked,
        })
    }

    async fn freshen(
        &self,
        id: &StepId,
        who: &Identity,
    ) -> Result<(Step, Subject, Verdict, Draft), EngineError> {
        let StoredStep { mut step, .. } = self.store.step(id).await?;
        if !matches!(step.state, StepState::Proposed | StepState::Approved | StepState::Refused) {
            return Err(EngineError::Refused(format!(
                "a step that is {} can't be approved",
                step.state.name()
            )));
        }
        let incident = self.store.incident(&step.incident).await?;
        refuse_if_over(&incident)?;
        let threat = self.threat_of(&step).await?;
        let before = step.subject().map(|subject| subject.digest());
        step.parameters = timed(step.action, &step.parameters, self.now());
        let drafted = self.draft_step(&step, &incident, &threat, who).await?;
        let state_before = step.state;
        let old_state = step.state;
        drafted.fill(&mut step);
        let subject = step
            .subject()
            .ok_or_else(|| EngineError::Refused("the step has no calls".to_owned()))?;
        if before.as_ref() == Some(&subject.digest()) && state_before != StepState::Refused {
            // The same bytes: signatures still count, and so does the state they gave.
            step.state = old_state;
        }
        let mut write = self.store.write().await?;
        write.update_step(state_before, &step).await?;
        if before.as_ref() != Some(&subject.digest()) {
            let text = "drafted again, because what is there changed".to_owned();
            let detail = json!({ "before": before.map(|digest| digest.to_string()), "after": subject.digest().as_str() });
            write.audit(self.record(who, "step_drafted", id.to_string(), text, detail)).await?;
        }
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        let draft = step
            .draft
            .clone()
            .ok_or_else(|| EngineError::Refused("the step has no calls".to_owned()))?;
        let verdict = step.verdict.clone();
        Ok((step, subject, verdict, draft))
    }

    async fn freshen_undo(
        &self,
        id: &StepId,
        who: &Identity,
    ) -> Result<(Step, Subject, Verdict, Draft), EngineError> {
        let StoredStep { step, .. } = self.store.step(id).await?;
        let incident = self.store.incident(&step.incident).await?;
        let threat = self.threat_of(&step).await?;
        let undo = self.draft_undo(&step, &incident, &threat, who).await?;
        let subject = step.undo_subject(&undo);
        let mut write = self.store.write().await?;
        write.put_undo(id, &undo).await?;
        let detail = json!({ "digest": subject.digest().as_str() });
        write
            .audit(self.record(who, "undo_drafted", id.to_string(), "undo drafted", detail))
            .await?;
        write.commit().await?;
        let draft = Draft {
            calls: undo.calls.clone(),
            proof: undo.proof.clone(),
            disruption: undo_disruption(&undo.calls),
            warnings: Vec::new(),
            reversible: true,
            undo_summary: "propose a new plan to contain it again".to_owned(),
        };
        Ok((step, subject, undo.verdict, draft))
    }

    /// Signs a step's digest with this person's key. `shown` is the digest that the person was
    /// shown; if the stored step has another one by now, nothing is signed.
    ///
    /// # Errors
    /// [`EngineError::Drifted`] when the step changed since it was shown; keychain errors.
    pub async fn approve(
        &self,
        id: &StepId,
        direction: Direction,
        shown: &Digest,
        who: &Identity,
    ) -> Result<Approval, EngineError> {
        let stored = self.store.step(id).await?;
        let (subject, verdict) = subject_of(&stored, direction)?;
        if subject.digest() != *shown {
            return Err(EngineError::Drifted(
                "the step changed since it was shown; look at it again".to_owned(),
            ));
        }
        if direction == Direction::Execute
            && let Some(why) = hold(&self.frozen(&stored.step).await?)
        {
            return Err(EngineError::Refused(format!("a change freeze is in the way: {why}")));
        }
        let needed = match verdict.kind {
            VerdictKind::Denied => {
                return Err(EngineError::Refused(format!(
                    "policy denies it: {}",
                    verdict.reasons()
                )));
            }
            VerdictKind::Auto => 0,
            VerdictKind::NeedsApproval(needed) => needed,
        };
        let key = hex_key(&self.signer.public_key(KeyName::Approver).await?);
        let given = self.store.approvals_for(id, direction, shown).await?;
        let now = self.now();
        let mine = |approval: &&Approval| {
            approval.statement.key == key && approval.statement.expires_at > now
        };
        if given.iter().any(|approval| mine(&approval)) {
            return Err(EngineError::Refused("you have signed this already".to_owned()));
        }
        let statement = Statement {
            digest: shown.clone(),
            step: id.clone(),
            direction,
            approver: who.name.clone(),
            key,
            signed_at: now,
            expires_at: now + Duration::minutes(APPROVAL_MINUTES),
            nonce: fresh("non"),
        };
        let signature = self.signer.sign(KeyName::Approver, &statement.bytes()).await?;
        let approval = Approval {
            id: ApprovalId::new(fresh("apr")),
            signature: hex_of(&signature),
            statement,
        };
        let enrolled = self.store.approver_keys().await?;
        approval.check(&subject, &enrolled, now).map_err(|problem| {
            EngineError::Refused(format!("the signature does not count: {problem}"))
        })?;
        self.keep_approval(&stored.step, direction, &approval, given.len(), needed, who).await?;
        self.checkpoint_soon().await;
        Ok(approval)
    }

    async fn keep_approval(
        &self,
        step: &Step,
        direction: Direction,
        approval: &Approval,
        given: usize,
        needed: u32,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let have = u32::try_from(given).unwrap_or(u32::MAX).saturating_add(1);
        let incident = self.store.incident(&step.incident).await?;
        let mut write = self.store.write().await?;
        write.put_approval(approval).await?;
        let mut step = step.clone();
        if direction == Direction::Execute && have >= needed && step.state == StepState::Proposed {
            step.state = StepState::Approved;
            write.update_step(StepState::Proposed, &step).await?;
        }
        if matches!(incident.state, IncidentState::New | IncidentState::Triaged) {
            self.move_incident(
                &mut write,
                &incident.id,
                incident.state,
                IncidentState::Planned,
                "",
                who,
            )
            .await?;
        }
        let text = format!("{} of {}: {have} of {needed} signed", direction.name(), step.title());
        write.put_timeline(&step.incident, &self.decision(who, text.clone())).await?;
        let detail = json!({ "approval": approval });
        write.audit(self.record(who, "step_approved", step.id.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::IncidentChanged { incident: step.incident, is_new: false });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    /// A person says no to a step.
    ///
    /// # Errors
    /// [`EngineError::Refused`] once it runs or ran.
    pub async fn reject(
        &self,
        id: &StepId,
        reason: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let StoredStep { mut step, .. } = self.store.step(id).await?;
        let from = step.state;
        if !matches!(from, StepState::Proposed | StepState::Approved) {
            return Err(EngineError::Refused(format!(
                "a step that is {} can't be rejected",
                from.name()
            )));
        }
        let reason = text::line(reason.trim(), text::LINE_CAP);
        step.state = StepState::Rejected;
        step.state_note = Some(format!("rejected by {}: {reason}", who.name));
        let mut write = self.store.write().await?;
        write.update_step(from, &step).await?;
        let text = format!("rejected {}: {reason}", step.title());
        write.put_timeline(&step.incident, &self.decision(who, text.clone())).await?;
        write
            .audit(self.record(
                who,
                "step_rejected",
                id.to_string(),
                text,
                json!({ "reason": reason }),
            ))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    pub(crate) async fn threat_of(&self, step: &Step) -> Result<String, EngineError> {
        let plan = self.store.plan(&step.incident).await?;
        match plan {
            Some((plan, _)) if plan.id == step.plan => Ok(plan.threat),
            _ => {
                Err(EngineError::Refused("the step belongs to a plan that was replaced".to_owned()))
            }
        }
    }
}

/// What stands to be approved or run in a direction, with policy's word on it.
pub(crate) fn subject_of(
    stored: &StoredStep,
    direction: Direction,
) -> Result<(Subject, Verdict), EngineError> {
    match (direction, &stored.undo) {
        (Direction::Execute, _) => {
            let subject = stored.step.subject().ok_or_else(|| {
                EngineError::Refused("the step has no calls to approve".to_owned())
            })?;
            Ok((subject, stored.step.verdict.clone()))
        }
        (Direction::Undo, Some(undo)) => Ok((stored.step.undo_subject(undo), undo.verdict.clone())),
        (Direction::Undo, None) => Err(EngineError::Refused("no undo was drafted yet".to_owned())),
    }
}

fn hex_key(key: &[u8; 32]) -> String {
    hex_of(key)
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
