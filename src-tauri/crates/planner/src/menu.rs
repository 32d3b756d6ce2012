//! The menu: every action that a playbook proposes, on every target that the findings name.
//!
//! This is the closed set from which a model may choose. Targets come from typed fields of
//! findings alone, and only in a shape that the action's cloud could have written.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use firebreak_core::assessment::MenuItem;
use firebreak_core::call::IdentityRef;
use firebreak_core::finding::{Finding, ResourceKind};
use firebreak_core::playbook::{Playbook, PlaybookStep, TargetRule};
use firebreak_core::{ActionId, AssetId, FindingId};

/// Most entries of a menu. A flood of alerts that name ever more targets ends here, and
/// [`gaps`] says so.
pub const MENU_CAP: usize = 24;

/// One entry with what the plan needs of it and a model does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What a model sees.
    pub menu: MenuItem,
    /// For the action, from the playbook.
    pub parameters: BTreeMap<String, String>,
    /// The finding that names the target.
    pub finding: FindingId,
}

/// What the playbook proposes, in its order: `M1`, `M2`, … The order of the findings has no part
/// in it. Each pair of action and target stands once, mandatory if any of its steps is.
pub fn enumerate(playbook: &Playbook, findings: &[Finding]) -> Vec<Candidate> {
    survey(playbook, findings).candidates.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Steps of the playbook that [`enumerate`] left out, and why, in words for the incident page.
/// Silence would look like a plan that is whole.
pub fn gaps(playbook: &Playbook, findings: &[Finding]) -> Vec<String> {
    survey(playbook, findings).gaps
}

/// The candidates' menu entries.
pub fn items(candidates: &[Candidate]) -> Vec<MenuItem> {
    candidates.iter().map(|candidate| candidate.menu.clone()).collect()
}

#[derive(Default)]
struct Survey {
    /// With the index of the playbook's step.
    candidates: Vec<(usize, Candidate)>,
    gaps: Vec<String>,
    over_cap: usize,
}

fn survey(playbook: &Playbook, findings: &[Finding]) -> Survey {
    let mut ordered: Vec<&Finding> = findings.iter().collect();
    ordered.sort_by_key(|finding| {
        (Reverse(finding.draft.severity), finding.began_at(), finding.id.clone())
    });
    let mut survey = Survey::default();
    // Mandatory steps take their places first, so that a flood can't use up the menu before them.
    for mandatory in [true, false] {
        for (index, step) in
            playbook.steps.iter().enumerate().filter(|(_, step)| step.mandatory == mandatory)
        {
            survey.aim(index, step, &ordered);
        }
    }
    // Stable: within a step, the targets of the worst finding stay first.
    survey.candidates.sort_by_key(|(index, _)| *index);
    for (number, (_, candidate)) in survey.candidates.iter_mut().enumerate() {
        candidate.menu.id = format!("M{}", number + 1);
    }
    if survey.over_cap > 0 {
        survey.gaps.push(format!(
            "{} more targets are not offered: a menu has at most {MENU_CAP} entries. Look at whether the alerts are a flood.",
            survey.over_cap
        ));
    }
    survey
}

impl Survey {
    fn aim(&mut self, index: usize, step: &PlaybookStep, findings: &[&Finding]) {
        let mut refusals: Vec<String> = Vec::new();
        let mut aimed = false;
        for finding in findings {
            match target(step, finding) {
                Aim::At(asset) => {
                    aimed = true;
                    self.offer(index, step, finding, asset);
                }
                Aim::Nothing => {}
                Aim::Refused(why) if refusals.contains(&why) => {}
                Aim::Refused(why) => refusals.push(why),
            }
        }
        let kind = if step.mandatory { "mandatory step" } else { "step" };
        // An optional step without a target is the usual case: not every intruder used a key.
        if step.mandatory && !aimed && refusals.is_empty() {
            self.gaps.push(format!(
                "The {kind} {} has no target: {}.",
                step.action,
                nothing_named(step)
            ));
        }
        for why in refusals {
            self.gaps.push(format!("The {kind} {} is not offered: {why}.", step.action));
        }
    }

    fn offer(&mut self, index: usize, step: &PlaybookStep, finding: &Finding, target: AssetId) {
        let same = |known: &&mut (usize, Candidate)| {
            known.1.menu.action == step.action && known.1.menu.target == target
        };
        if let Some((first, known)) = self.candidates.iter_mut().find(same) {
            *first = index.min(*first);
            known.menu.mandatory |= step.mandatory;
        } else if self.candidates.len() == MENU_CAP {
            self.over_cap += 1;
        } else {
            let menu = MenuItem {
                id: String::new(),
                action: step.action,
                target,
                why: step.why.clone(),
                mandatory: step.mandatory,
            };
            let (parameters, finding) = (step.parameters.clone(), finding.id.clone());
            self.candidates.push((index, Candidate { menu, parameters, finding }));
        }
    }
}

enum Aim {
    At(AssetId),
    Nothing,
    Refused(String),
}

fn target(step: &PlaybookStep, finding: &Finding) -> Aim {
    let resource = &finding.draft.resource;
    if step.target == TargetRule::Resource && resource.kind != Some(step.action.spec().target) {
        return Aim::Nothing;
    }
    let Some(asset) = step.target.resolve(finding) else { return Aim::Nothing };
    // Every action of the catalogue is an AWS one; the same words mean something else elsewhere.
    if let Some(platform) =
        resource.platform.as_deref().filter(|platform| !platform.eq_ignore_ascii_case("aws"))
    {
        return Aim::Refused(format!(
            "the alert is about {}, and it acts on AWS",
            crate::encode::visible(platform, 40)
        ));
    }
    match shape_problem(step.action, asset.as_str()) {
        None => Aim::At(asset),
        Some(problem) => Aim::Refused(problem),
    }
}

/// Whether a target could be what the action acts on. What an alert calls an id is a stranger's
/// text until it has the shape of one.
fn shape_problem(action: ActionId, target: &str) -> Option<String> {
    let word = |text: &str| {
        !text.is_empty()
            && text.len() <= 128
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let shown = || crate::encode::visible(target, 80);
    match action {
        ActionId::Ec2Isolate
        | ActionId::Ec2Stop
        | ActionId::IamDetachInstanceProfile
        | ActionId::EbsSnapshot
        | ActionId::AsgStandby => {
            let id = match target.strip_prefix("arn:") {
                Some(arn) => arn.rsplit_once(":instance/").map_or("", |(_, id)| id),
                None => target,
            };
            let well = id.strip_prefix("i-").is_some_and(word)
                && target.bytes().all(|byte| byte.is_ascii_graphic());
            (!well).then(|| format!("the alert gives no instance id of AWS, only {}", shown()))
        }
        // A temporary key can't be made inactive; its sessions have to be revoked at the role.
        ActionId::IamDeactivateAccessKey if target.starts_with("ASIA") => Some(format!(
            "{} is a temporary key, which can't be made inactive; revoke the sessions of the role that it came from",
            shown()
        )),
        ActionId::IamDeactivateAccessKey => (!(word(target) && target.len() >= 16))
            .then(|| format!("{} is not an access key id", shown())),
        ActionId::IamDenyUser => {
            let user = matches!(IdentityRef::from_arn(target), Some((_, IdentityRef::User(_))));
            (!user).then(|| format!("{} is not the ARN of an IAM user", shown()))
        }
        ActionId::IamRevokeRoleSessions => {
            let role = matches!(IdentityRef::from_arn(target), Some((_, IdentityRef::Role(_))));
            (!role).then(|| format!("{} is not the ARN of a role", shown()))
        }
    }
}

fn nothing_named(step: &PlaybookStep) -> &'static str {
    match (step.target, step.action.spec().target) {
        (TargetRule::ActorAccessKey, _) => "no finding names an access key",
        (TargetRule::ActorUser, _) => "no finding names an IAM user by its ARN",
        (TargetRule::ActorRole, _) => "no finding names a role by its ARN",
        (TargetRule::Resource, ResourceKind::Instance) => {
            "no finding is about an instance with an id"
        }
        (TargetRule::Resource, _) => "no finding is about a resource of its kind with an id",
    }
}
