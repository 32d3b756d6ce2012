//! `aws.ebs.snapshot`: every volume of an instance, as it is at one moment.
//!
//! It changes nothing of the workload, so there is nothing to put back, and undoing deletes nothing:
//! evidence is not deleted by a click on a containment. A machine of the responder may be a target.

use std::collections::BTreeMap;

use super::{Names, Refused, only_parameters};
use crate::call::Call;
use crate::observed::Instance;
use crate::plan::Draft;
use crate::proof::Condition;
use crate::text;

pub(super) fn draft(
    instance: &Instance,
    parameters: &BTreeMap<String, String>,
    names: &Names,
) -> Result<Draft, Refused> {
    only_parameters(parameters, &[])?;
    let id = &instance.instance_id;
    if !matches!(instance.state.as_str(), "running" | "stopping" | "stopped") {
        return Err(Refused::new(
            format!("{id} is {}", text::line(&instance.state, 40)),
            "a set of snapshots is only taken of what runs or is stopped; read again",
        ));
    }
    if instance.volumes.is_empty() {
        return Err(Refused::new(
            format!("{id} has no EBS volume"),
            "nothing to snapshot; collect files and memory from the running instance",
        ));
    }
    if has_snapshots(instance) {
        return Err(Refused::new(
            format!("this step took snapshots of every volume of {id} already"),
            "nothing to do; propose a new step for another set",
        ));
    }
    Ok(Draft {
        calls: vec![take(instance, names)],
        proof: vec![Condition::SnapshotsCompleted { volumes: volumes(instance) }],
        disruption: vec![format!(
            "{id} keeps running; its disks may be slower while {} copied, and the snapshots are \
             billed until somebody deletes them",
            match instance.volumes.len() {
                1 => "one volume is".to_owned(),
                many => format!("{many} volumes are"),
            }
        )],
        warnings: warnings(instance),
        reversible: true,
        undo_summary: "There is nothing to put back. The snapshots stay as evidence; delete them \
                       when the case is closed."
            .to_owned(),
    })
}

fn warnings(instance: &Instance) -> Vec<String> {
    let mut warnings = vec![
        "The set is as if the power failed at that moment: what is only in memory, or not yet \
         written to a disk, is not in it."
            .to_owned(),
        "Copying can take hours. Until every snapshot is completed, nothing is proven, and a \
         volume must not be deleted."
            .to_owned(),
        "Who may read or delete snapshots in this account may do so with these: copy them to an \
         account of the responders."
            .to_owned(),
    ];
    if instance.root_device_type == "instance-store" {
        warnings.push("Its root is an instance store, which no snapshot holds.".to_owned());
    }
    warnings
}

/// One set of all volumes, with the tags by which the step finds it again.
pub(super) fn take(instance: &Instance, names: &Names) -> Call {
    let instance_id = instance.instance_id.clone();
    Call::CreateSnapshots {
        volumes: volumes(instance),
        description: format!("Firebreak {} evidence of {instance_id}", names.incident_label),
        tags: names.tags(),
        instance_id,
    }
}

pub(super) fn volumes(instance: &Instance) -> Vec<String> {
    instance.volumes.iter().map(|volume| volume.volume_id.clone()).collect()
}

/// Whether this step's own snapshots, none of them failed, already cover every volume.
pub(super) fn has_snapshots(instance: &Instance) -> bool {
    instance.volumes.iter().all(|volume| {
        instance
            .snapshots
            .iter()
            .any(|snapshot| snapshot.volume_id == volume.volume_id && snapshot.state != "error")
    })
}
