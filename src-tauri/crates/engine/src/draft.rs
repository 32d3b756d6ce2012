//! Reading a target and working out what a step would do to it now.

use std::collections::BTreeMap;

use firebreak_core::asset::{Asset, Environment};
use firebreak_core::call::Call;
use firebreak_core::containment::{self, Names};
use firebreak_core::incident::Incident;
use firebreak_core::observed::Observed;
use firebreak_core::plan::{Draft, Step};
use firebreak_core::policy::{Facts, Phase, Principal, Question, Verdict};
use firebreak_core::ports::{CloudReader, OwnIdentity, Target};
use firebreak_core::{AssetId, Direction, Timestamp};

use crate::{Engine, EngineError, Identity};

/// What a step would do, from one read.
pub(crate) struct Drafted {
    pub draft: Draft,
    pub observed: Observed,
    pub read_at: Timestamp,
    pub verdict: Verdict,
    pub environment: Environment,
    pub name: Option<String>,
}

impl Engine {
    /// Reads the target and drafts the step against it.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when the action makes no sense there; [`EngineError::Outside`] when
    /// the cloud can't be read.
    pub(crate) async fn draft_step(
        &self,
        step: &Step,
        incident: &Incident,
        threat: &str,
        who: &Identity,
    ) -> Result<Drafted, EngineError> {
        let reader = self.reader_of(step)?;
        let observed = reader.observe(&target_of(step)).await?;
        let read_at = self.now();
        let own = reader.own_identity().await?;
        self.draft_from(step, incident, threat, who, reader.as_ref(), &own, observed, read_at).await
    }

    #[expect(clippy::too_many_arguments, reason = "one read's facts, used once")]
    async fn draft_from(
        &self,
        step: &Step,
        incident: &Incident,
        threat: &str,
        who: &Identity,
        reader: &dyn CloudReader,
        own: &OwnIdentity,
        observed: Observed,
        read_at: Timestamp,
    ) -> Result<Drafted, EngineError> {
        let names = Names::new(incident.id.clone(), &incident.label(), step.id.clone());
        let draft = containment::draft(step.action, &observed, &step.parameters, &names, own)
            .map_err(|refused| EngineError::Refused(refused.to_string()))?;
        let facts = self.facts(step, &observed, reader).await;
        let name = match &observed {
            Observed::Instance(instance) => instance.name.clone(),
            Observed::AccessKey(keys) => keys.user.clone(),
            Observed::Identity(read) => Some(read.identity.name().to_owned()),
        };
        let environment = facts.environment;
        let question = self.question(
            step,
            incident,
            threat,
            who,
            Direction::Execute,
            facts,
            &draft.calls,
            draft.reversible,
        );
        let verdict = self.policies().decide(&question);
        Ok(Drafted { draft, observed, read_at, verdict, environment, name })
    }

    /// What policy should know of the target.
    pub(crate) async fn facts(
        &self,
        step: &Step,
        observed: &Observed,
        reader: &dyn CloudReader,
    ) -> Facts {
        let (environment, tags) = match observed {
            Observed::Instance(instance) => {
                (Environment::from_tags(&instance.tags), instance.tags.clone())
            }
            Observed::Identity(read) => (Environment::from_tags(&read.tags), read.tags.clone()),
            // A key has no tags; its owner's say what it is for.
            Observed::AccessKey(_) => match reader.asset(&step.target, &step.region).await {
                Ok(Some(asset)) => (asset.environment, asset.tags),
                Ok(None) | Err(_) => (Environment::Unknown, BTreeMap::new()),
            },
        };
        let known: Option<Asset> = self.store.asset(&step.target).await.ok().flatten();
        // An alert may leave out the path of an ARN, by which policies protect.
        let id = match observed {
            Observed::Identity(read) => AssetId::new(read.arn.as_str()),
            Observed::Instance(_) | Observed::AccessKey(_) => step.target.clone(),
        };
        Facts {
            id,
            environment,
            account: Some(step.account.clone()),
            region: Some(step.region.clone()),
            owner: firebreak_core::asset::owner_of(&tags)
                .or_else(|| known.and_then(|asset| asset.owner)),
            crown_jewel: is_crown_jewel(&tags),
            tags,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a question has many parts")]
    pub(crate) fn question(
        &self,
        step: &Step,
        incident: &Incident,
        threat: &str,
        who: &Identity,
        direction: Direction,
        target: Facts,
        calls: &[Call],
        reversible: bool,
    ) -> Question {
        let (all, disruptive) = Question::count(calls);
        Question {
            principal: Principal::Person(who.name.clone()),
            action: step.action,
            direction,
            target,
            phase: u8::try_from(self.phase())
                .ok()
                .and_then(Phase::from_number)
                .unwrap_or(Phase::Triage),
            threat: threat.to_owned(),
            severity: incident.severity,
            reversible,
            mandatory: step.mandatory,
            model_involved: step.model_why.is_some(),
            calls: all,
            disruptive_calls: disruptive,
            at: self.now(),
        }
    }

    pub(crate) fn reader_of(
        &self,
        step: &Step,
    ) -> Result<std::sync::Arc<dyn CloudReader>, EngineError> {
        self.reader(&step.account).ok_or_else(|| {
            EngineError::Refused(format!(
                "cloud account {} is not configured; add it under Settings, or with `firebreakctl cloud add`",
                step.account
            ))
        })
    }
}

/// Where a step is aimed.
pub(crate) fn target_of(step: &Step) -> Target {
    Target {
        action: step.action,
        asset: step.target.clone(),
        account: step.account.clone(),
        region: step.region.clone(),
        incident: step.incident.clone(),
        step: step.id.clone(),
    }
}

pub(crate) fn is_crown_jewel(tags: &BTreeMap<String, String>) -> bool {
    tags.iter().any(|(key, value)| {
        matches!(key.to_ascii_lowercase().as_str(), "classification" | "criticality")
            && matches!(
                value.to_ascii_lowercase().as_str(),
                "crown-jewel" | "crown_jewel" | "critical"
            )
    })
}
