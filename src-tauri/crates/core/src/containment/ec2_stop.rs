//! `aws.ec2.stop`: out of service, then off.

use std::collections::BTreeMap;

use super::{Refused, only_parameters, refuse_own_instance, scaling};
use crate::call::Call;
use crate::observed::Instance;
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::proof::Condition;
use crate::text;

pub(super) fn draft(
    instance: &Instance,
    parameters: &BTreeMap<String, String>,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[scaling::CAPACITY])?;
    let id = &instance.instance_id;
    refuse_own_instance(id, own)?;
    refuse_unstoppable(instance)?;
    let leave = scaling::leave(instance, parameters)?;

    let mut calls: Vec<Call> = leave.call.into_iter().collect();
    calls.push(Call::StopInstance { instance_id: id.clone() });
    let mut proof = vec![Condition::InstanceState { value: "stopped".to_owned() }];
    proof.extend(leave.proof);
    let mut disruption: Vec<String> = leave.disruption.into_iter().collect();
    disruption.push(format!("everything that runs on {id} stops"));
    disruption.extend(lost_address(instance));
    let mut warnings = warnings(instance);
    warnings.extend(leave.warning);
    let undo_summary = if calls.len() > 1 {
        "The instance is started again and, once it runs, returns to service."
    } else {
        "The instance is started again."
    };
    Ok(Draft {
        calls,
        proof,
        disruption,
        warnings,
        reversible: true,
        undo_summary: undo_summary.to_owned(),
    })
}

fn refuse_unstoppable(instance: &Instance) -> Result<(), Refused> {
    let id = &instance.instance_id;
    if instance.state != "running" {
        return Err(Refused::new(
            format!("{id} is {}, not running", text::line(&instance.state, 40)),
            "nothing to stop; propose again if it starts",
        ));
    }
    if instance.root_device_type == "instance-store" {
        return Err(Refused::new(
            format!("the root of {id} is an instance store, which can't be stopped"),
            "isolate it instead; terminating it would destroy the evidence",
        ));
    }
    if instance.spot {
        return Err(Refused::new(
            format!(
                "{id} is a Spot Instance: one of a one-time request can't be stopped, and AWS may \
                 not give it back"
            ),
            "isolate it instead",
        ));
    }
    if instance.stop_protection {
        return Err(Refused::new(
            format!("{id} is protected from being stopped"),
            "isolate it instead, or ask its owner to lift the stop protection",
        ));
    }
    Ok(())
}

/// An address that is not an Elastic IP goes back to AWS; a start brings another.
fn lost_address(instance: &Instance) -> Option<String> {
    let address = instance.public_address.as_deref().filter(|_| !instance.elastic_address)?;
    Some(format!("the public address {address} is lost; a start brings a new one"))
}

fn warnings(instance: &Instance) -> Vec<String> {
    let mut warnings = vec![
        "What is in memory is lost: processes, keys and open connections that an investigation \
         may need. Isolating keeps them."
            .to_owned(),
        "Data on instance store volumes, where the instance has any, is lost.".to_owned(),
    ];
    if let Some(profile) = &instance.profile_arn {
        warnings.push(format!(
            "Credentials of the role behind {} that were copied from the instance outlive the \
             stop, until they expire or the role's sessions are revoked.",
            text::line(profile, 160)
        ));
    }
    warnings
}
