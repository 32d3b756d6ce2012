//! `aws.asg.standby`: out of service, but alive. The group's health checks leave a member on standby
//! alone, so that nothing terminates the evidence while people look at it.
//!
//! It is the first move where a machine is to be looked at and not yet cut off. Isolating and
//! stopping take an instance out of service themselves.

use std::collections::BTreeMap;

use super::{Refused, only_parameters, refuse_own_instance, scaling};
use crate::observed::Instance;
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::text;

pub(super) fn draft(
    instance: &Instance,
    parameters: &BTreeMap<String, String>,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[scaling::CAPACITY])?;
    let id = &instance.instance_id;
    refuse_own_instance(id, own)?;
    if instance.scaling.is_none() {
        return Err(Refused::new(
            format!("{id} is in no Auto Scaling group"),
            "nothing replaces it, so there is nothing to leave; isolate it",
        ));
    }
    // An undo puts it back into service, which a group refuses for what does not run.
    if instance.state != "running" {
        return Err(Refused::new(
            format!("{id} is {}, not running", text::line(&instance.state, 40)),
            "its group replaces it on its own; secure its disks instead",
        ));
    }
    let leave = scaling::leave(instance, parameters)?;
    let Some(call) = leave.call else {
        return Err(Refused::new(
            format!("{id} is on standby already"),
            "nothing to do; its group leaves it alone until somebody puts it back into service",
        ));
    };
    Ok(Draft {
        calls: vec![call],
        proof: leave.proof.into_iter().collect(),
        disruption: leave.disruption.into_iter().collect(),
        warnings: leave.warning.into_iter().chain(warnings()).collect(),
        reversible: true,
        undo_summary: "The instance returns to service in its group.".to_owned(),
    })
}

fn warnings() -> impl Iterator<Item = String> {
    [
        "It stops nobody: the instance runs on, its open connections may too, and whoever knows \
         its address still reaches it.",
        "Load balancers that the group is not attached to, and DNS records of its own, still send \
         it traffic.",
    ]
    .map(str::to_owned)
    .into_iter()
}
