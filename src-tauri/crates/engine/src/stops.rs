//! What keeps a run from beginning: a change freeze, a cap. Asked in the transaction that writes the
//! intent, so that what began since the step was approved holds, and nothing was sent.

use firebreak_core::Severity;
use firebreak_core::plan::Step;
use firebreak_core::policy::{Frozen, Touching};
use firebreak_store::Write;
use serde_json::json;

use crate::{Engine, EngineError, EngineEvent, Identity};

/// What is in the way of a run, in words.
pub(crate) enum Stop {
    /// A change freeze.
    Freeze(String),
    /// A cap that is full.
    Cap(String),
}

impl Stop {
    fn kind(&self) -> &'static str {
        match self {
            Self::Freeze(_) => "run_frozen",
            Self::Cap(_) => "run_capped",
        }
    }

    fn why(&self) -> &str {
        match self {
            Self::Freeze(why) | Self::Cap(why) => why,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Freeze(why) => format!("a change freeze is in the way: {why}"),
            Self::Cap(why) => format!("a cap is full: {why}"),
        }
    }
}

impl Engine {
    /// The freezes that are in the way of running a step now; none ever is of undoing it.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn frozen(&self, step: &Step) -> Result<Vec<Frozen>, EngineError> {
        if self.policies().freezes().is_empty() {
            return Ok(Vec::new());
        }
        let incident = self.store.incident(&step.incident).await?;
        Ok(self.frozen_now(step, incident.severity))
    }

    /// The same, where the incident's severity is known.
    pub(crate) fn frozen_now(&self, step: &Step, severity: Severity) -> Vec<Frozen> {
        let touching = Touching {
            direction: firebreak_core::Direction::Execute,
            action: step.action,
            account: Some(&step.account),
            environment: step.environment,
            severity,
        };
        self.policies().freezes().frozen(&touching, self.now())
    }

    /// What is in the way of running a step, as the transaction sees it that would write its intent.
    pub(crate) async fn stopped(
        &self,
        write: &mut Write,
        step: &Step,
        severity: Severity,
    ) -> Result<Option<Stop>, EngineError> {
        if let Some(why) = hold(&self.frozen_now(step, severity)) {
            return Ok(Some(Stop::Freeze(why)));
        }
        Ok(self.is_capped(write, step).await?.map(Stop::Cap))
    }

    /// Refuses and writes it down when a freeze is in the way: before policy is asked for a permit,
    /// whose refusal nobody would find again.
    pub(crate) async fn refuse_if_frozen(
        &self,
        step: &Step,
        severity: Severity,
        who: &Identity,
    ) -> Result<(), EngineError> {
        match hold(&self.frozen_now(step, severity)) {
            None => Ok(()),
            Some(why) => {
                let write = self.store.write().await?;
                Err(self.record_stop(write, step, &Stop::Freeze(why), who).await?)
            }
        }
    }

    /// Writes down what kept a step from running; answers the refusal.
    pub(crate) async fn record_stop(
        &self,
        mut write: Write,
        step: &Step,
        stop: &Stop,
        who: &Identity,
    ) -> Result<EngineError, EngineError> {
        let text = format!("{} was not run, {}", step.title(), stop.told());
        write.put_timeline(&step.incident, &self.decision(who, text.clone())).await?;
        let detail = json!({ "policy": self.policies().version(), "why": stop.why() });
        write.audit(self.record(who, stop.kind(), step.id.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: step.incident.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(EngineError::Refused(stop.told()))
    }
}

/// The freezes in the way, in words; `None` when none is.
pub fn hold(frozen: &[Frozen]) -> Option<String> {
    let told: Vec<String> = frozen.iter().map(Frozen::refusal).collect();
    (!told.is_empty()).then(|| told.join("; "))
}
