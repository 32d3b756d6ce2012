//! `aws.ec2.isolate`: evidence first, out of service second, off the network third.

use std::collections::BTreeMap;

use super::ebs_snapshot::{self, has_snapshots, volumes};
use super::{Names, Refused, only_parameters, refuse_own_instance, scaling};
use crate::call::{Call, EgressCidr, GroupRef};
use crate::observed::{Instance, Interface};
use crate::plan::Draft;
use crate::ports::OwnIdentity;
use crate::proof::Condition;
use crate::text;

pub(super) fn draft(
    instance: &Instance,
    parameters: &BTreeMap<String, String>,
    names: &Names,
    own: &OwnIdentity,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[scaling::CAPACITY])?;
    refuse_own_instance(&instance.instance_id, own)?;
    let vpc_id = network_of(instance)?;
    refuse_untouchable_interfaces(instance)?;
    refuse_used_quarantine(instance, names)?;
    let leave = scaling::leave(instance, parameters)?;

    let mut calls = preserve(instance, names);
    calls.extend(leave.call);
    let network = cut(instance, vpc_id, names);
    let changes = calls.iter().chain(&network).filter(|call| !is_snapshot(call)).count();
    if changes == 0 {
        return Err(Refused::new(
            format!("{} is isolated already", instance.instance_id),
            "nothing to do; undo the step that isolated it when it should come back",
        ));
    }
    let cut_interfaces = network.iter().filter(|call| is_swap(call)).count();
    calls.extend(network);

    let mut disruption: Vec<String> = leave.disruption.into_iter().collect();
    disruption.extend(lost_connections(instance, cut_interfaces));
    let mut warnings = warnings(instance);
    warnings.extend(leave.warning);
    Ok(Draft {
        proof: proof(instance, &calls, leave.proof, names),
        undo_summary: undo_summary(&calls),
        reversible: true,
        calls,
        disruption,
        warnings,
    })
}

fn network_of(instance: &Instance) -> Result<&str, Refused> {
    let id = &instance.instance_id;
    match instance.state.as_str() {
        "running" | "stopping" | "stopped" => {}
        "pending" => {
            return Err(Refused::new(
                format!("{id} is still starting"),
                "propose the step again in a minute",
            ));
        }
        other => {
            return Err(Refused::new(
                format!("{id} is {}", text::line(other, 40)),
                "nothing is left to isolate; look at its snapshots and the replacement",
            ));
        }
    }
    let vpc = instance.vpc_id.as_deref().ok_or_else(|| {
        Refused::new(format!("{id} is in no VPC that could be read"), "isolate it by hand")
    })?;
    if instance.interfaces.is_empty() {
        return Err(Refused::new(
            format!("no network interface of {id} could be read"),
            "check the permission ec2:DescribeNetworkInterfaces and read again",
        ));
    }
    Ok(vpc)
}

fn refuse_untouchable_interfaces(instance: &Instance) -> Result<(), Refused> {
    for interface in &instance.interfaces {
        if interface.requester_managed {
            return Err(Refused::new(
                format!(
                    "{} is managed by an AWS service, so its groups are not ours to set and the \
                     instance would stay reachable through it",
                    interface.id
                ),
                "isolate it by hand with a network ACL, or stop the instance",
            ));
        }
        // EC2 takes no empty list of groups, so such an interface could not be put back.
        if interface.groups.is_empty() {
            return Err(Refused::new(
                format!("{} reads as having no group, which could not be put back", interface.id),
                "look at the interface by hand; stopping the instance also cuts it off",
            ));
        }
    }
    Ok(())
}

fn refuse_used_quarantine(instance: &Instance, names: &Names) -> Result<(), Refused> {
    match &instance.quarantine {
        Some(group) if group.ingress_rules + group.egress_rules > 0 => Err(Refused::new(
            format!(
                "{} ({}) exists with {} ingress and {} egress rules, so it isolates nothing",
                names.quarantine_group, group.id, group.ingress_rules, group.egress_rules
            ),
            "remove its rules, or undo the step that made it, then propose again",
        )),
        _ => Ok(()),
    }
}

/// Evidence first: nothing here disturbs the workload.
fn preserve(instance: &Instance, names: &Names) -> Vec<Call> {
    let instance_id = instance.instance_id.clone();
    let mut calls = Vec::new();
    if !instance.volumes.is_empty() && !has_snapshots(instance) {
        calls.push(ebs_snapshot::take(instance, names));
    }
    // "You can't enable termination protection for Spot Instances" (EC2 user guide); their
    // shutdown behaviour is fixed too, and an instance store root can't stop.
    if !instance.termination_protection && !instance.spot {
        let (from, to) = (false, true);
        calls.push(Call::SetTerminationProtection { instance_id: instance_id.clone(), from, to });
    }
    let can_stop = !instance.spot && instance.root_device_type != "instance-store";
    if instance.shutdown_behavior != "stop" && can_stop {
        calls.push(Call::SetShutdownBehavior {
            instance_id: instance_id.clone(),
            from: instance.shutdown_behavior.clone(),
            to: "stop".to_owned(),
        });
    }
    for volume in instance.volumes.iter().filter(|volume| volume.delete_on_termination) {
        calls.push(Call::SetDeleteOnTermination {
            instance_id: instance_id.clone(),
            device: volume.device.clone(),
            volume_id: volume.volume_id.clone(),
            from: true,
            to: false,
        });
    }
    calls
}

/// The quarantine group, then every interface into it.
fn cut(instance: &Instance, vpc_id: &str, names: &Names) -> Vec<Call> {
    let mut calls = Vec::new();
    if instance.quarantine.is_none() {
        calls.push(Call::CreateSecurityGroup {
            name: names.quarantine_group.clone(),
            vpc_id: vpc_id.to_owned(),
            description: format!("Firebreak quarantine for {} - no traffic", names.incident_label),
            tags: names.tags(),
        });
        // A new group allows all egress, over IPv6 too where the VPC has a block of it.
        for cidr in [EgressCidr::Ipv4, EgressCidr::Ipv6] {
            let vpc_id = vpc_id.to_owned();
            calls.push(Call::RevokeAllEgress { group: names.quarantine(), vpc_id, cidr });
        }
    }
    let quarantine_id = instance.quarantine.as_ref().map(|group| group.id.as_str());
    for interface in &instance.interfaces {
        if !is_exact(interface, quarantine_id) {
            calls.push(Call::SetInterfaceGroups {
                interface_id: interface.id.clone(),
                vpc_id: vpc_id.to_owned(),
                from: interface.groups.iter().cloned().map(GroupRef::Id).collect(),
                to: vec![names.quarantine()],
            });
        }
    }
    calls
}

fn proof(
    instance: &Instance,
    calls: &[Call],
    standby: Option<Condition>,
    names: &Names,
) -> Vec<Condition> {
    let name = names.quarantine_group.clone();
    let mut proof = vec![
        Condition::EveryInterfaceQuarantined { name: name.clone() },
        Condition::QuarantineGroupEmpty { name },
    ];
    if !instance.volumes.is_empty() {
        proof.push(Condition::SnapshotsTaken { volumes: volumes(instance) });
    }
    proof.extend(standby);
    for effect in calls.iter().map(Call::effect) {
        // Said by "no rule at all" already.
        let implied = matches!(effect, Condition::EgressRevoked { .. });
        if !implied && !proof.contains(&effect) {
            proof.push(effect);
        }
    }
    proof
}

fn lost_connections(instance: &Instance, interfaces: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if interfaces > 0 {
        let plural = if interfaces == 1 { "interface" } else { "interfaces" };
        lines.push(format!(
            "all new connections to and from {} end, on {interfaces} {plural}; it keeps running",
            instance.instance_id
        ));
    }
    if let Some(address) = instance.public_address.as_deref().filter(|_| interfaces > 0) {
        lines.push(format!("{address} stops answering"));
    }
    lines
}

fn warnings(instance: &Instance) -> Vec<String> {
    let mut warnings = vec![
        "Connections that are open now may survive the change of groups. Stopping the instance or \
         a network ACL ends them for certain."
            .to_owned(),
        "Security groups do not filter the instance metadata service or Amazon's DNS and time \
         servers."
            .to_owned(),
        "That traffic stopped is not proven here: only VPC flow logs can show it.".to_owned(),
    ];
    if let Some(profile) = &instance.profile_arn {
        warnings.push(format!(
            "Credentials of the role behind {} that were copied from the instance outlive the \
             cut, until they expire or the role's sessions are revoked.",
            text::line(profile, 160)
        ));
    }
    if instance.spot {
        warnings.push(
            "It is a Spot Instance: it can't be protected from termination, and AWS may reclaim it \
             at any time. Its snapshots are the evidence that stays."
                .to_owned(),
        );
    }
    if instance.root_device_type == "instance-store" {
        warnings.push(
            "Its root is an instance store: no snapshot holds it, and it is lost when the machine \
             stops or fails."
                .to_owned(),
        );
    }
    if instance.volumes.is_empty() {
        warnings.push("It has no EBS volume, so there is nothing to snapshot.".to_owned());
    } else {
        warnings.push(
            "Snapshots are kept after an undo; delete them when the case is closed. What is only \
             in memory is not captured."
                .to_owned(),
        );
    }
    warnings
}

fn undo_summary(calls: &[Call]) -> String {
    let mut parts = Vec::new();
    if calls.iter().any(is_swap) {
        parts.push("every interface gets back the groups it had");
    }
    if calls.iter().any(|call| matches!(call, Call::EnterStandby { .. })) {
        parts.push("the instance returns to service");
    }
    if calls.iter().any(is_attribute) {
        parts.push("protection and disk settings return to what they were");
    }
    if calls.iter().any(|call| matches!(call, Call::CreateSecurityGroup { .. })) {
        parts.push("the quarantine group is deleted when nothing refers to it");
    }
    if calls.iter().any(is_snapshot) {
        parts.push("snapshots stay as evidence");
    }
    let mut summary = parts.join("; ");
    if let Some(first) = summary.get(..1).map(str::to_ascii_uppercase) {
        summary.replace_range(..1, &first);
        summary.push('.');
    }
    summary
}

fn is_exact(interface: &Interface, quarantine: Option<&str>) -> bool {
    quarantine.is_some_and(|id| interface.groups == [id])
}

fn is_snapshot(call: &Call) -> bool {
    matches!(call, Call::CreateSnapshots { .. })
}

fn is_swap(call: &Call) -> bool {
    matches!(call, Call::SetInterfaceGroups { .. })
}

fn is_attribute(call: &Call) -> bool {
    matches!(
        call,
        Call::SetTerminationProtection { .. }
            | Call::SetShutdownBehavior { .. }
            | Call::SetDeleteOnTermination { .. }
    )
}
