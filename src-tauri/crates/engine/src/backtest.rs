//! Other policies asked about recorded steps: what they would say, from what was read then.
//!
//! Nothing is read from a cloud and nothing is stored. A verdict under the policies in force is given
//! beside each, from the same facts, for the phase may be another by now.

use firebreak_core::asset::owner_of;
use firebreak_core::observed::Observed;
use firebreak_core::plan::{Draft, Plan, Step};
use firebreak_core::policy::{Facts, Phase, Policies, Principal, Question, Verdict};
use firebreak_core::{AssetId, Direction, Severity, StepId, Timestamp};

use crate::draft::is_crown_jewel;
use crate::{Engine, EngineError, Identity};

/// Steps read at once.
const PAGE: u32 = 200;

/// As whom, and in which phase, recorded steps are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAs {
    /// Who would run them.
    pub principal: Principal,
    /// In which phase.
    pub phase: Phase,
    /// When; `None` is when each step was read.
    pub at: Option<Timestamp>,
}

/// A recorded step under other policies.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// As it is stored, with the verdict it was given.
    pub step: Step,
    /// "INC-7".
    pub incident: String,
    /// What the policies in force say of it.
    pub now: Verdict,
    /// What the others say.
    pub then: Verdict,
    /// Facts that are not recorded and were left out of the question.
    pub gaps: Vec<&'static str>,
}

impl Trial {
    /// Whether the others decide differently.
    pub fn differs(&self) -> bool {
        self.now.kind != self.then.kind
    }
}

/// All recorded steps under other policies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Backtest {
    /// Those that could be asked about, oldest first.
    pub trials: Vec<Trial>,
    /// Those that never had calls: their target could not be read, or the action makes no sense
    /// there.
    pub without_calls: u64,
}

impl Engine {
    /// As people in the phase in force: how steps are asked about where nobody says otherwise.
    pub fn asked_as(&self, who: &Identity) -> AskedAs {
        let phase = u8::try_from(self.phase()).ok().and_then(Phase::from_number);
        AskedAs {
            principal: Principal::Person(who.name.clone()),
            phase: phase.unwrap_or(Phase::Triage),
            at: None,
        }
    }

    /// What other policies say of one recorded step.
    ///
    /// # Errors
    /// [`EngineError::Refused`] for a step that never had calls; store errors.
    pub async fn try_policies(
        &self,
        id: &StepId,
        others: &Policies,
        asked_as: &AskedAs,
    ) -> Result<Trial, EngineError> {
        let (plan, step) = self.store.recorded_step(id).await?;
        self.trial(&plan, step, others, asked_as).await?.ok_or_else(|| {
            EngineError::Refused(
                "the step never had calls, so there is nothing to ask about; propose the plan again"
                    .to_owned(),
            )
        })
    }

    /// What other policies say of all recorded steps, those of plans that were replaced included.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn backtest(
        &self,
        others: &Policies,
        asked_as: &AskedAs,
    ) -> Result<Backtest, EngineError> {
        let mut done = Backtest::default();
        let mut after = 0;
        loop {
            let page = self.store.recorded_steps(after, PAGE).await?;
            let Some((last, _, _)) = page.last() else { return Ok(done) };
            after = *last;
            for (_, plan, step) in page {
                match self.trial(&plan, step, others, asked_as).await? {
                    Some(trial) => done.trials.push(trial),
                    None => done.without_calls += 1,
                }
            }
        }
    }

    async fn trial(
        &self,
        plan: &Plan,
        step: Step,
        others: &Policies,
        asked_as: &AskedAs,
    ) -> Result<Option<Trial>, EngineError> {
        let (Some(draft), Some(observed)) = (&step.draft, &step.pre_state) else {
            return Ok(None);
        };
        let incident = self.store.incident(&step.incident).await?;
        let (target, gaps) = self.recorded_facts(&step, observed).await?;
        let at = asked_as.at.or(step.read_at).unwrap_or_else(|| self.now());
        let question =
            recorded_question(plan, &step, draft, target, incident.severity, asked_as, at);
        Ok(Some(Trial {
            incident: incident.label(),
            now: self.policies().decide_at(&question),
            then: others.decide_at(&question),
            gaps,
            step,
        }))
    }

    /// What is kept of a target: what was read when the step was drafted.
    async fn recorded_facts(
        &self,
        step: &Step,
        observed: &Observed,
    ) -> Result<(Facts, Vec<&'static str>), EngineError> {
        let known = self.store.asset(&step.target).await?;
        let (tags, gaps) = match observed {
            Observed::Instance(instance) => (instance.tags.clone(), Vec::new()),
            Observed::Identity(read) => (read.tags.clone(), Vec::new()),
            Observed::AccessKey(_) => {
                let known = known.as_ref().map(|asset| asset.tags.clone());
                (known.unwrap_or_default(), vec!["the tags of the key's owner, as they were"])
            }
        };
        let id = match observed {
            Observed::Identity(read) => AssetId::new(read.arn.as_str()),
            Observed::Instance(_) | Observed::AccessKey(_) => step.target.clone(),
        };
        let facts = Facts {
            id,
            environment: step.environment,
            account: Some(step.account.clone()),
            region: Some(step.region.clone()),
            owner: owner_of(&tags).or_else(|| known.and_then(|asset| asset.owner)),
            crown_jewel: is_crown_jewel(&tags),
            tags,
        };
        Ok((facts, gaps))
    }
}

fn recorded_question(
    plan: &Plan,
    step: &Step,
    draft: &Draft,
    target: Facts,
    severity: Severity,
    asked_as: &AskedAs,
    at: Timestamp,
) -> Question {
    let (calls, disruptive_calls) = Question::count(&draft.calls);
    Question {
        principal: asked_as.principal.clone(),
        action: step.action,
        direction: Direction::Execute,
        target,
        phase: asked_as.phase,
        threat: plan.threat.clone(),
        severity,
        reversible: draft.reversible,
        mandatory: step.mandatory,
        model_involved: step.model_why.is_some(),
        calls,
        disruptive_calls,
        at,
    }
}
