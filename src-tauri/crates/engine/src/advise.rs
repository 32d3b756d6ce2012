//! The model's turn: prose and an order, after the playbook's plan already stands.

use firebreak_core::IncidentId;
use firebreak_core::assessment::{Advice, Assessment, Author};
use firebreak_core::grounding::Ground;
use firebreak_core::ports::Advised;
use serde_json::{Value, json};

use crate::weigh::{Weighing, put_in_order};
use crate::{Engine, EngineError, EngineEvent, Identity};

impl Engine {
    /// Asks the model about an incident that has a plan, and puts its answer beside the playbook's.
    /// A model that is down, slow or rejected leaves the plan as it is and the incident says so.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn advise(&self, id: &IncidentId) -> Result<(), EngineError> {
        let planner = self.planner();
        if !planner.has_model() {
            return Ok(());
        }
        let incident = self.store.incident(id).await?;
        let findings = self.store.findings(id).await?;
        let evidence = self.store.evidence(id).await?;
        let proposal = planner.propose(&incident, &findings, &evidence);
        let asset = match &incident.asset {
            Some(asset) => self.store.asset(asset).await?,
            None => None,
        };
        let answer = planner.advise(&incident, asset.as_ref(), &findings, &evidence).await;
        match answer {
            Ok(advised) => {
                let ground = Ground::new(&evidence, &findings, &incident.title, asset.as_ref());
                let held = tally(&ground, &advised.advice);
                self.take_advice(id, &proposal, advised, held).await?;
            }
            Err(problem) => {
                let note = format!("{problem}; the playbook's plan stands");
                let mut write = self.store.write().await?;
                write.put_assessment(id, None, Some(&note)).await?;
                write
                    .audit(self.record(
                        &Identity::firebreak(),
                        "model_not_used",
                        id.to_string(),
                        note,
                        json!({}),
                    ))
                    .await?;
                write.commit().await?;
            }
        }
        self.emit(EngineEvent::IncidentDetailChanged { incident: id.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    async fn take_advice(
        &self,
        id: &IncidentId,
        proposal: &firebreak_core::ports::Proposal,
        advised: Advised,
        held: Value,
    ) -> Result<(), EngineError> {
        let Advised { model, milliseconds, advice } = advised;
        let assessment = Assessment {
            author: Author::Model { name: model.clone(), milliseconds },
            summary: advice.summary.clone(),
            hypothesis: advice.hypothesis.clone(),
        };
        let plan = self.store.plan(id).await?;
        let weighing = self.weigh_plan(id).await?;
        let mut write = self.store.write().await?;
        write.put_assessment(id, Some(&assessment), None).await?;
        let mut order = Vec::new();
        if let Some((mut plan, stored)) = plan {
            let before: Vec<_> = stored.into_iter().map(|stored| stored.step).collect();
            // Once somebody signed or ran a step, the order is theirs.
            let untouched = before.iter().all(|step| {
                matches!(
                    step.state,
                    firebreak_core::StepState::Proposed | firebreak_core::StepState::Refused
                )
            });
            if untouched {
                let mut steps = before;
                Self::reorder(proposal, &mut steps, &advice);
                put_in_order(&mut steps, weighing.as_ref().and_then(Weighing::cut_order));
                for step in &steps {
                    write.update_step(step.state, step).await?;
                    order.push(step.action.name());
                }
                plan.model = Some(model.clone());
                write.update_plan(&plan).await?;
            }
        }
        let text = format!("model {model} answered in {milliseconds} ms");
        let detail = json!({ "model": model, "confidence": advice.confidence, "order": order, "grounding": held });
        write
            .audit(self.record(
                &Identity::firebreak(),
                "model_answered",
                id.to_string(),
                text,
                detail,
            ))
            .await?;
        write.commit().await?;
        Ok(())
    }
}

/// How the sentences of an answer stand to the evidence, for the record. What is shown is worked
/// out anew from the evidence as it is then.
fn tally(ground: &Ground<'_>, advice: &Advice) -> Value {
    let found: Vec<_> =
        advice.summary.iter().chain(&advice.hypothesis).map(|it| ground.check(it)).collect();
    json!({
        "sentences": found.len(),
        "uncited": found.iter().filter(|it| !it.cited).count(),
        "flags": found.iter().map(|it| it.flags.len()).sum::<usize>(),
    })
}
