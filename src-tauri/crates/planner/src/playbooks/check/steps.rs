//! Checking steps: known actions, targets that can exist, parameters that are taken.

use std::collections::BTreeMap;
use std::ops::Range;

use firebreak_core::ActionId;
use firebreak_core::finding::ResourceKind;
use firebreak_core::playbook::{Matcher, PlaybookStep, TargetRule};
use toml::Spanned;

use super::{Checker, STEP_CAP, named};
use crate::playbooks::file::Step;

impl Checker<'_> {
    pub(super) fn steps(
        &mut self,
        steps: Vec<Spanned<Step>>,
        matches: &Matcher,
    ) -> Vec<PlaybookStep> {
        let mut read: Vec<PlaybookStep> = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            let span = step.span();
            if index == STEP_CAP {
                self.problem(
                    span,
                    format!("there are more than {STEP_CAP} steps"),
                    "Split the playbook by threat.",
                );
                return read;
            }
            let Some(step) = self.step(step.into_inner(), matches) else { continue };
            if read
                .iter()
                .any(|earlier| earlier.action == step.action && earlier.target == step.target)
            {
                self.problem(
                    span,
                    format!("{} is aimed at the same thing twice", step.action),
                    "Remove one of the two steps.",
                );
            }
            read.push(step);
        }
        read
    }

    fn step(&mut self, step: Step, matches: &Matcher) -> Option<PlaybookStep> {
        self.words_of_ours("why", &step.why);
        let action = ActionId::from_name(step.action.get_ref());
        if action.is_none() {
            let known: Vec<&str> = ActionId::ALL.iter().map(|action| action.name()).collect();
            self.problem(
                step.action.span(),
                format!("the action {:?} is not in the catalogue", step.action.get_ref()),
                format!("Actions are {}.", known.join(", ")),
            );
        }
        let target = named::<TargetRule>(step.target.get_ref());
        if target.is_none() {
            self.problem(
                step.target.span(),
                format!("the target {:?} is not known", step.target.get_ref()),
                "Targets are resource, actor_access_key, actor_user and actor_role.",
            );
        }
        let (action, target) = (action?, target?);
        self.aim(action, target, step.target.span(), matches);
        let parameters = self.parameters(action, step.parameters);
        Some(PlaybookStep {
            action,
            target,
            why: step.why.into_inner(),
            mandatory: step.mandatory,
            parameters,
        })
    }

    /// A step that could never find a target is a mistake, not a choice.
    fn aim(&mut self, action: ActionId, target: TargetRule, span: Range<usize>, matches: &Matcher) {
        let wanted = action.spec().target;
        let possible = match target {
            TargetRule::Resource => {
                matches.resource.is_empty() || matches.resource.contains(&wanted)
            }
            TargetRule::ActorAccessKey => wanted == ResourceKind::AccessKey,
            TargetRule::ActorUser => wanted == ResourceKind::User,
            TargetRule::ActorRole => wanted == ResourceKind::Role,
        };
        if possible {
            return;
        }
        let remedy = match target {
            TargetRule::Resource => {
                format!("Let [match] resource hold {:?}, or drop the step.", kind_name(wanted))
            }
            TargetRule::ActorAccessKey | TargetRule::ActorUser | TargetRule::ActorRole => {
                "Aim it at resource.".to_owned()
            }
        };
        self.problem(
            span,
            format!("{action} acts on {}, which this target never is", kind_words(wanted)),
            remedy,
        );
    }

    fn parameters(
        &mut self,
        action: ActionId,
        given: BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> BTreeMap<String, String> {
        let known = parameters_of(action);
        let mut taken = BTreeMap::new();
        for (key, value) in given {
            if !known.contains(&key.get_ref().as_str()) {
                let remedy = match known {
                    [] => "It takes none.".to_owned(),
                    known => format!("It takes {}.", known.join(", ")),
                };
                self.problem(
                    key.span(),
                    format!("{action} has no parameter {:?}", key.get_ref()),
                    remedy,
                );
            }
            taken.insert(key.into_inner(), value.into_inner());
        }
        taken
    }
}

/// Parameters that a playbook may give an action. None of this version's catalogue takes any; the
/// time of a revocation is set when the step is laid out.
fn parameters_of(action: ActionId) -> &'static [&'static str] {
    match action {
        ActionId::Ec2Isolate
        | ActionId::Ec2Stop
        | ActionId::IamDeactivateAccessKey
        | ActionId::IamDenyUser
        | ActionId::IamRevokeRoleSessions
        | ActionId::IamDetachInstanceProfile
        | ActionId::EbsSnapshot
        | ActionId::AsgStandby => &[],
    }
}

fn kind_name(kind: ResourceKind) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn kind_words(kind: ResourceKind) -> String {
    match kind {
        ResourceKind::Instance => "an instance".to_owned(),
        ResourceKind::AccessKey => "an access key".to_owned(),
        ResourceKind::User => "a user".to_owned(),
        ResourceKind::Role => "a role".to_owned(),
        other => format!("a resource of kind {:?}", kind_name(other)),
    }
}
