//! Taking an instance out of its Auto Scaling group before anything else changes. Skip this and a
//! health check terminates the evidence and starts a clone.

use std::collections::BTreeMap;

use super::Refused;
use crate::call::Call;
use crate::observed::Instance;
use crate::proof::Condition;
use crate::text;

/// The parameter's name.
pub(super) const CAPACITY: &str = "capacity";

/// What the group does about the instance that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capacity {
    /// It starts a replacement.
    Keep,
    /// It runs one instance fewer.
    Reduce,
}

impl Capacity {
    fn read(parameters: &BTreeMap<String, String>) -> Result<Self, Refused> {
        match parameters.get(CAPACITY).map(String::as_str) {
            None | Some("keep") => Ok(Self::Keep),
            Some("reduce") => Ok(Self::Reduce),
            Some(other) => Err(Refused::new(
                format!("{other:?} is not a value of the parameter \"capacity\""),
                "use \"keep\" (a replacement starts) or \"reduce\"",
            )),
        }
    }
}

/// What leaving the group takes and means.
#[derive(Debug, Default)]
pub(super) struct Leave {
    pub(super) call: Option<Call>,
    pub(super) proof: Option<Condition>,
    pub(super) disruption: Option<String>,
    pub(super) warning: Option<String>,
}

/// Works out how the instance leaves its group. Nothing to do outside a group or on standby.
/// The rules are those of the API reference of `EnterStandby` and `ExitStandby`.
pub(super) fn leave(
    instance: &Instance,
    parameters: &BTreeMap<String, String>,
) -> Result<Leave, Refused> {
    let capacity = Capacity::read(parameters)?;
    let Some(scaling) = &instance.scaling else { return Ok(Leave::default()) };
    let group = text::line(&scaling.group, 80);
    let proof =
        Some(Condition::Lifecycle { group: scaling.group.clone(), value: "Standby".to_owned() });
    match scaling.lifecycle.as_str() {
        "InService" => {}
        "Standby" => return Ok(Leave { proof, ..Leave::default() }),
        other => {
            return Err(Refused::new(
                format!(
                    "it is {} in {group}, and only an instance in service can go on standby",
                    text::line(other, 40)
                ),
                "wait until it is InService or Standby, then propose the step again",
            ));
        }
    }
    let (desired, min) = (scaling.desired, scaling.min_size);
    if capacity == Capacity::Reduce && desired - 1 < min {
        return Err(Refused::new(
            format!("{group} wants {desired} instances and may not go below {min}"),
            "use capacity \"keep\", so that a replacement starts, or lower the group's minimum",
        ));
    }
    let (disruption, warning) = match capacity {
        Capacity::Keep => (
            format!(
                "one of {desired} instances of {group} leaves service; a replacement starts from \
                 the same image and may have the same weakness"
            ),
            format!(
                "An undo brings it back beside its replacement: the desired capacity of {group} \
                 rises by one, which the group refuses at its maximum size."
            ),
        ),
        Capacity::Reduce => (
            format!("one of {desired} instances of {group} leaves service; {} remain", desired - 1),
            format!("{group} runs with less capacity until the undo."),
        ),
    };
    let call = Call::EnterStandby {
        group: scaling.group.clone(),
        instance_id: instance.instance_id.clone(),
        decrement: capacity == Capacity::Reduce,
    };
    Ok(Leave { call: Some(call), proof, disruption: Some(disruption), warning: Some(warning) })
}
