//! Drafting: from what was read to the exact calls, for each action of the catalogue.
//!
//! A draft is pure: the same reads, parameters and names give the same calls. Calls that would
//! change nothing are left out; whatever makes an action wrong, useless or impossible to undo is
//! [`Refused`] with a reason and a way on. What this module deliberately does not do: decide
//! whether an action may run ([`crate::policy`]), and look at time, network or store.

use std::collections::BTreeMap;

use crate::call::{GroupRef, Tag};
use crate::observed::Observed;
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::{ActionId, IncidentId, StepId, canonical};

mod asg_standby;
mod ebs_snapshot;
mod ec2_isolate;
mod ec2_stop;
mod effect;
mod iam_deactivate_key;
mod iam_deny_user;
mod iam_detach_profile;
mod iam_revoke_sessions;
mod inline_policy;
mod ranking;
mod scaling;
mod undo;

#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tests;

pub use effect::{Effect, Evidence, effect};
pub use iam_revoke_sessions::timed;
pub use ranking::{Place, in_order};
pub use undo::{undo_calls, undo_check, undo_disruption, undo_proof};

/// The tag that says which incident something was made for.
pub const INCIDENT_TAG: &str = "firebreak:incident";
/// The tag that says which step something was made for.
pub const STEP_TAG: &str = "firebreak:step";

/// The names of what a step makes. All follow from the incident and the step, so that a run that
/// was cut short finds its own work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    quarantine_group: String,
    incident: IncidentId,
    incident_label: String,
    step: StepId,
}

impl Names {
    /// Names for one step. `incident_label` is what people say: `INC-12`.
    pub fn new(incident: IncidentId, incident_label: &str, step: StepId) -> Self {
        // EC2 takes only this alphabet in the description of a group.
        let label = incident_label
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '#' | ' '))
            .take(40)
            .collect();
        let quarantine_group = quarantine_name(&incident);
        Self { quarantine_group, incident, incident_label: label, step }
    }

    /// The name of the incident's quarantine group, the same in every VPC.
    pub fn quarantine_group(&self) -> &str {
        &self.quarantine_group
    }

    /// The name of the inline policy that a step writes. Its alphabet is `[\w+=,.@-]`.
    pub fn policy(&self) -> String {
        format!("{}-{}", self.quarantine_group, tail(self.step.as_str()))
    }

    fn quarantine(&self) -> GroupRef {
        GroupRef::Quarantine(self.quarantine_group.clone())
    }

    fn tags(&self) -> Vec<Tag> {
        vec![
            Tag { key: INCIDENT_TAG.to_owned(), value: self.incident.to_string() },
            Tag { key: STEP_TAG.to_owned(), value: self.step.to_string() },
        ]
    }
}

/// The name of an incident's quarantine group: `firebreak-` and the last 12 hex digits of its id.
/// An id that has fewer is hashed first.
pub fn quarantine_name(incident: &IncidentId) -> String {
    format!("firebreak-{}", tail(incident.as_str()))
}

/// The last 12 hex digits of an id; one that has fewer is hashed first.
fn tail(id: &str) -> String {
    let digits: Vec<char> = id.chars().rev().filter(char::is_ascii_hexdigit).take(12).collect();
    if digits.len() == 12 {
        digits.into_iter().rev().map(|digit| digit.to_ascii_lowercase()).collect()
    } else {
        canonical::sha256_hex(id.as_bytes()).chars().take(12).collect()
    }
}

/// Why an action is not drafted. Not a failure: the answer is no, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct Refused {
    /// What stands in the way.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Refused {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}

/// Works out the calls of an action from what was read.
///
/// # Errors
/// [`Refused`] when the action makes no sense on what was read, can't be undone as promised, would
/// hit the responder itself, or is given a parameter that it does not know.
pub fn draft(
    action: ActionId,
    observed: &Observed,
    parameters: &BTreeMap<String, String>,
    names: &Names,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    match (action, observed) {
        (ActionId::Ec2Isolate, Observed::Instance(instance)) => {
            ec2_isolate::draft(instance, parameters, names, own)
        }
        (ActionId::Ec2Stop, Observed::Instance(instance)) => {
            ec2_stop::draft(instance, parameters, own)
        }
        (ActionId::IamDeactivateAccessKey, Observed::AccessKey(keys)) => {
            iam_deactivate_key::draft(keys, parameters, own)
        }
        (ActionId::IamDenyUser, Observed::Identity(user)) => {
            iam_deny_user::draft(user, parameters, names, own)
        }
        (ActionId::IamRevokeRoleSessions, Observed::Identity(role)) => {
            iam_revoke_sessions::draft(role, parameters, names, own)
        }
        (ActionId::IamDetachInstanceProfile, Observed::Instance(instance)) => {
            iam_detach_profile::draft(instance, parameters, own)
        }
        (ActionId::EbsSnapshot, Observed::Instance(instance)) => {
            ebs_snapshot::draft(instance, parameters, names)
        }
        (ActionId::AsgStandby, Observed::Instance(instance)) => {
            asg_standby::draft(instance, parameters, own)
        }
        (
            ActionId::Ec2Isolate
            | ActionId::Ec2Stop
            | ActionId::IamDeactivateAccessKey
            | ActionId::IamDenyUser
            | ActionId::IamRevokeRoleSessions
            | ActionId::IamDetachInstanceProfile
            | ActionId::EbsSnapshot
            | ActionId::AsgStandby,
            _,
        ) => Err(wrong_kind(action)),
    }
}

fn wrong_kind(action: ActionId) -> Refused {
    Refused::new(
        format!("{action} can't be aimed at this kind of resource"),
        "choose a target of the kind that the action names",
    )
}

fn only_parameters(parameters: &BTreeMap<String, String>, known: &[&str]) -> Result<(), Refused> {
    match parameters.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Err(Refused::new(
                format!("the parameter {name:?} is not known"),
                format!("correct the playbook; known here: {known}"),
            ))
        }
    }
}

/// Refuses an instance that the responder itself runs on, as far as its own ARNs tell: a session
/// of an instance's role is named after the instance.
fn refuse_own_instance(instance_id: &str, own: &OwnIdentity) -> Result<(), Refused> {
    if own.arns.iter().any(|arn| arn.rsplit('/').next() == Some(instance_id)) {
        return Err(Refused::new(
            format!("{instance_id} is where Firebreak's own credentials come from"),
            "contain it from another machine, or by hand",
        ));
    }
    Ok(())
}
