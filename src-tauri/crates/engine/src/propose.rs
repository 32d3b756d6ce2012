//! Proposing a plan: playbook first, at once; the model may reorder it later.

use firebreak_core::assessment::arrange;
use firebreak_core::call::IdentityRef;
use firebreak_core::containment::{timed, undo_calls};
use firebreak_core::incident::Incident;
use firebreak_core::plan::{Plan, Step};
use firebreak_core::policy::{Verdict, VerdictKind};
use firebreak_core::ports::{Candidate, Proposal};
use firebreak_core::{IncidentId, PlanId, StepId, StepState};
use firebreak_store::StoredStep;
use serde_json::json;

use crate::engine::fresh;
use crate::triage::account_and_region;
use crate::weigh::put_in_order;
use crate::{Engine, EngineError, EngineEvent, Identity};

impl Engine {
    /// Proposes a plan for an incident from the playbooks, drafted against what the cloud says now.
    /// It does not wait for a model; see [`Engine::advise`].
    ///
    /// # Errors
    /// [`EngineError::Refused`] when a step of the present plan has already changed something.
    pub async fn propose(&self, id: &IncidentId, who: &Identity) -> Result<PlanId, EngineError> {
        self.refuse_if_touched(id).await?;
        let incident = self.store.incident(id).await?;
        let findings = self.store.findings(id).await?;
        let evidence = self.store.evidence(id).await?;
        let planner = self.planner();
        let proposal = planner.propose(&incident, &findings, &evidence);

        let plan = Plan {
            id: PlanId::new(fresh("pln")),
            incident: id.clone(),
            proposed_at: self.now(),
            playbook: proposal.playbook.clone(),
            playbook_version: proposal.playbook_version,
            threat: proposal.threat.clone(),
            matched_because: proposal.because.clone(),
            model: None,
        };
        let mut steps = Vec::with_capacity(proposal.candidates.len());
        for (rank, candidate) in (1..).zip(&proposal.candidates) {
            let target = &candidate.item.target;
            let (account, region) = account_and_region(target, &findings);
            // An actor's ARN says its account, which need not be the finding's.
            let own = IdentityRef::from_arn(target.as_str()).map(|(own, _)| own.to_owned());
            let account = own.or(account);
            let step = self.skeleton(&plan, rank, candidate, account, region);
            steps.push(self.drafted(step, &incident, &proposal.threat, who).await);
        }

        let weighing = self.weigh(&incident, &findings, &steps).await?;
        put_in_order(&mut steps, weighing.cut_order());

        let note = planner.has_model().then_some("the model has not answered yet");
        let note = note.or(Some("no model is configured; this is the playbook's text"));
        let mut write = self.store.write().await?;
        write.put_plan(&plan, &steps).await?;
        write.put_assessment(id, Some(&proposal.assessment), note).await?;
        let text = format!(
            "plan of {} steps from playbook {} v{}",
            steps.len(),
            plan.playbook,
            plan.playbook_version
        );
        write.put_timeline(id, &self.decision(&Identity::firebreak(), text.clone())).await?;
        let detail = json!({
            "plan": plan.id.as_str(),
            "playbook": plan.playbook,
            "because": plan.matched_because,
            "ranked": weighing.said(),
            "steps": steps.iter().map(summary_of).collect::<Vec<_>>(),
        });
        write.audit(self.record(who, "plan_proposed", id.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: id.clone() });
        self.emit(EngineEvent::IncidentChanged { incident: id.clone(), is_new: false });
        self.emit(EngineEvent::AuditChanged);
        Ok(plan.id)
    }

    /// A plan whose steps have changed something must not vanish behind a new one.
    async fn refuse_if_touched(&self, id: &IncidentId) -> Result<(), EngineError> {
        let Some((_, steps)) = self.store.plan(id).await? else { return Ok(()) };
        for StoredStep { step, .. } in steps {
            if step.state.is_untouched() || step.state == StepState::Undone {
                continue;
            }
            // Snapshots stay as evidence: they are nothing that an undo could put back.
            if matches!(step.state, StepState::Failed | StepState::Proven | StepState::Refuted)
                && undo_calls(&self.accepted_calls(&step.id).await?).is_empty()
            {
                continue;
            }
            return Err(EngineError::Refused(format!(
                "step {} ({}) is {}; undo it before a new plan replaces this one",
                step.rank,
                step.title(),
                step.state.name()
            )));
        }
        Ok(())
    }

    fn skeleton(
        &self,
        plan: &Plan,
        rank: u32,
        candidate: &Candidate,
        account: Option<String>,
        region: Option<String>,
    ) -> Step {
        let item = &candidate.item;
        let global = item.action.name().starts_with("aws.iam.");
        Step {
            id: StepId::new(fresh("stp")),
            plan: plan.id.clone(),
            incident: plan.incident.clone(),
            rank,
            playbook_rank: Some(rank),
            model_rank: None,
            action: item.action,
            target: item.target.clone(),
            target_name: None,
            account: account.unwrap_or_else(|| "unknown".to_owned()),
            region: if global {
                "global".to_owned()
            } else {
                region.unwrap_or_else(|| "unknown".to_owned())
            },
            environment: firebreak_core::Environment::Unknown,
            parameters: timed(item.action, &candidate.parameters, self.now()),
            why: item.why.clone(),
            model_why: None,
            cites: candidate.cites.clone(),
            mandatory: item.mandatory,
            draft: None,
            pre_state: None,
            read_at: None,
            verdict: Verdict {
                kind: VerdictKind::Denied,
                rules: Vec::new(),
                policy_version: self.policies().version().to_owned(),
            },
            state: StepState::Refused,
            state_note: None,
            proof: None,
        }
    }

    /// A step with its draft, or with the reason why there is none.
    async fn drafted(
        &self,
        mut step: Step,
        incident: &Incident,
        threat: &str,
        who: &Identity,
    ) -> Step {
        match self.draft_step(&step, incident, threat, who).await {
            Ok(drafted) => drafted.fill(&mut step),
            Err(error) => {
                step.state = StepState::Refused;
                step.state_note = Some(error.to_string());
            }
        }
        step
    }

    /// Puts a model's order and reasons beside the steps of a plan that nobody touched yet.
    pub(crate) fn reorder(
        proposal: &Proposal,
        steps: &mut [Step],
        advice: &firebreak_core::assessment::Advice,
    ) {
        let menu: Vec<_> =
            proposal.candidates.iter().map(|candidate| candidate.item.clone()).collect();
        for (rank, (item, why)) in (1..).zip(arrange(&menu, Some(advice))) {
            let found = steps
                .iter_mut()
                .find(|step| step.action == item.action && step.target == item.target);
            if let Some(step) = found {
                step.model_rank = Some(rank);
                step.model_why = why;
            }
        }
    }
}

impl crate::draft::Drafted {
    /// Writes what was drafted into the step; signatures for an older draft no longer fit its digest.
    pub(crate) fn fill(self, step: &mut Step) {
        step.target_name = self.name;
        step.environment = self.environment;
        step.draft = Some(self.draft);
        step.pre_state = Some(self.observed);
        step.read_at = Some(self.read_at);
        step.state_note = None;
        step.state = match self.verdict.kind {
            VerdictKind::Denied => {
                step.state_note = Some(self.verdict.reasons());
                StepState::Refused
            }
            VerdictKind::Auto | VerdictKind::NeedsApproval(_) => StepState::Proposed,
        };
        step.verdict = self.verdict;
    }
}

fn summary_of(step: &Step) -> serde_json::Value {
    json!({
        "step": step.id.as_str(),
        "action": step.action,
        "target": step.target.as_str(),
        "state": step.state,
        "digest": step.subject().map(|subject| subject.digest().to_string()),
    })
}
