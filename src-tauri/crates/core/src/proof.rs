//! Proof: what reads must show, and what they do show.

use serde::{Deserialize, Serialize};

use crate::call::{EgressCidr, GroupRef, IdentityRef};
use crate::observed::{Instance, KeyStatus, Observed};

mod identity;

/// What reads say after a step. An API's 200 is a dispatch, not a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ProofOutcome {
    /// Every condition was read to hold.
    Proven,
    /// A condition was read not to hold.
    Refuted,
    /// It can't be told yet, or not at all.
    Unknown,
}

/// One thing that a read must show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The interface carries exactly these groups.
    InterfaceGroups { interface: String, groups: Vec<GroupRef> },
    /// Every interface attached now carries exactly the quarantine group: none was missed, none
    /// was added since.
    EveryInterfaceQuarantined { name: String },
    /// The quarantine group exists.
    QuarantineGroupExists { name: String },
    /// It does not.
    QuarantineGroupGone { name: String },
    /// It has no rule in either direction, IPv4 or IPv6.
    QuarantineGroupEmpty { name: String },
    /// It has no rule that lets all traffic out to `cidr`.
    EgressRevoked { name: String, cidr: EgressCidr },
    /// The instance's place in its Auto Scaling group.
    Lifecycle { group: String, value: String },
    /// `DisableApiTermination`.
    TerminationProtection { on: bool },
    /// `InstanceInitiatedShutdownBehavior`.
    ShutdownBehavior { value: String },
    /// `DeleteOnTermination` of a device.
    DeleteOnTermination { device: String, on: bool },
    /// A snapshot of each volume exists and has not failed.
    SnapshotsTaken { volumes: Vec<String> },
    /// A snapshot of each volume is `completed`: what is still being copied may fail yet.
    SnapshotsCompleted { volumes: Vec<String> },
    /// The instance's state.
    InstanceState { value: String },
    /// The key's status.
    KeyStatus { key_id: String, status: KeyStatus },
    /// The user or role has an inline policy of this name whose canonical document has this hash.
    InlinePolicy { identity: IdentityRef, name: String, sha256: String },
    /// It has none of this name.
    NoInlinePolicy { identity: IdentityRef, name: String },
    /// The instance has exactly this instance profile, or none.
    InstanceProfile { arn: Option<String> },
}

/// One condition with what was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What must be so, in words.
    pub expectation: String,
    /// What was read, in words.
    pub observed: String,
    /// Whether it is so.
    pub outcome: ProofOutcome,
}

/// All conditions with what was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Proven only when every check is; refuted when any is.
    pub outcome: ProofOutcome,
    /// One a condition.
    pub checks: Vec<Check>,
}

/// Holds what was read against what must be so. No conditions prove nothing: the outcome is unknown.
pub fn judge(conditions: &[Condition], observed: &Observed) -> Judgement {
    let checks: Vec<Check> = conditions.iter().map(|condition| condition.check(observed)).collect();
    let outcome = if checks.iter().any(|check| check.outcome == ProofOutcome::Refuted) {
        ProofOutcome::Refuted
    } else if !checks.is_empty() && checks.iter().all(|check| check.outcome == ProofOutcome::Proven)
    {
        ProofOutcome::Proven
    } else {
        ProofOutcome::Unknown
    };
    Judgement { outcome, checks }
}

impl Condition {
    /// What must be so, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::InterfaceGroups { interface, groups } => {
                let names: Vec<String> = groups.iter().map(ToString::to_string).collect();
                format!("{interface} carries exactly {}", names.join(", "))
            }
            Self::EveryInterfaceQuarantined { name } => {
                format!("every attached interface carries only {name}")
            }
            Self::QuarantineGroupExists { name } => format!("group {name} exists"),
            Self::QuarantineGroupGone { name } => format!("group {name} is gone"),
            Self::QuarantineGroupEmpty { name } => {
                format!("group {name} has no rule, IPv4 or IPv6")
            }
            Self::EgressRevoked { name, cidr } => {
                format!("group {name} lets nothing out to {}", cidr.text())
            }
            Self::Lifecycle { group, value } => format!("it is {value} in {group}"),
            Self::TerminationProtection { on } => {
                format!("termination protection is {}", on_off(*on))
            }
            Self::ShutdownBehavior { value } => format!("shutdown from inside means {value}"),
            Self::DeleteOnTermination { device, on } => {
                format!("{device} is {} on termination", if *on { "deleted" } else { "kept" })
            }
            Self::SnapshotsTaken { volumes } => {
                format!("a snapshot exists of {}", volumes.join(", "))
            }
            Self::SnapshotsCompleted { volumes } => {
                format!("a snapshot is completed of {}", volumes.join(", "))
            }
            Self::InstanceState { value } => format!("the instance is {value}"),
            Self::KeyStatus { key_id, status } => format!("{key_id} is {status}"),
            Self::InlinePolicy { identity, name, .. } => {
                format!("{identity} has policy {name} as it was written")
            }
            Self::NoInlinePolicy { identity, name } => format!("{identity} has no policy {name}"),
            Self::InstanceProfile { arn: Some(arn) } => format!("the instance has {arn}"),
            Self::InstanceProfile { arn: None } => "the instance has no profile".to_owned(),
        }
    }

    /// Holds one condition against what was read.
    pub fn check(&self, observed: &Observed) -> Check {
        let (outcome, seen) = match (self, observed) {
            (Self::KeyStatus { key_id, status }, Observed::AccessKey(keys)) => {
                match keys.keys.iter().find(|key| key.id == *key_id) {
                    Some(key) => {
                        (decided(key.status == *status), format!("{key_id} is {}", key.status))
                    }
                    None => (ProofOutcome::Unknown, format!("{key_id} is not listed")),
                }
            }
            (_, Observed::AccessKey(_)) => something_else(),
            (_, Observed::Instance(instance)) => self.check_instance(instance),
            (_, Observed::Identity(read)) => self.check_identity(read),
        };
        Check { expectation: self.describe(), observed: seen, outcome }
    }

    fn check_instance(&self, instance: &Instance) -> (ProofOutcome, String) {
        match self {
            Self::InterfaceGroups { interface, groups } => {
                let Some(read) =
                    instance.interfaces.iter().find(|candidate| candidate.id == *interface)
                else {
                    return (ProofOutcome::Refuted, format!("{interface} is not attached"));
                };
                let wanted: Option<Vec<String>> =
                    groups.iter().map(|group| resolve(group, instance)).collect();
                let seen = format!("{interface} carries {}", read.groups.join(", "));
                match wanted {
                    Some(mut wanted) => {
                        wanted.sort();
                        (decided(wanted == read.groups), seen)
                    }
                    None => (
                        ProofOutcome::Refuted,
                        format!("{seen}; the quarantine group does not exist"),
                    ),
                }
            }
            Self::EveryInterfaceQuarantined { name } => {
                let Some(group) = quarantine(instance, name) else {
                    return (ProofOutcome::Refuted, format!("group {name} does not exist"));
                };
                let outside: Vec<&str> = instance
                    .interfaces
                    .iter()
                    .filter(|interface| interface.groups != [group.id.clone()])
                    .map(|interface| interface.id.as_str())
                    .collect();
                let all = instance.interfaces.len();
                let inside = all - outside.len();
                let seen = format!(
                    "{inside} of {all} interfaces{}",
                    match outside.is_empty() {
                        true => String::new(),
                        false => format!("; outside: {}", outside.join(", ")),
                    }
                );
                (decided(all > 0 && outside.is_empty()), seen)
            }
            Self::QuarantineGroupExists { name } => match quarantine(instance, name) {
                Some(group) => (ProofOutcome::Proven, format!("{} exists", group.id)),
                None => (ProofOutcome::Refuted, "it does not exist".to_owned()),
            },
            Self::QuarantineGroupGone { name } => match quarantine(instance, name) {
                Some(group) => (ProofOutcome::Refuted, format!("{} still exists", group.id)),
                None => (ProofOutcome::Proven, "it does not exist".to_owned()),
            },
            Self::QuarantineGroupEmpty { name } => match quarantine(instance, name) {
                Some(group) => (
                    decided(group.ingress_rules == 0 && group.egress_rules == 0),
                    format!(
                        "{} ingress and {} egress rules",
                        group.ingress_rules, group.egress_rules
                    ),
                ),
                None => (ProofOutcome::Refuted, "it does not exist".to_owned()),
            },
            Self::EgressRevoked { name, cidr } => match quarantine(instance, name) {
                Some(group) => {
                    let gone = !group.open_egress.contains(cidr);
                    let seen = if gone { "the rule is gone" } else { "the rule is there" };
                    (decided(gone), seen.to_owned())
                }
                None => (ProofOutcome::Refuted, "it does not exist".to_owned()),
            },
            Self::Lifecycle { group, value } => match &instance.scaling {
                Some(scaling) if scaling.group == *group => {
                    let moving = matches!(
                        scaling.lifecycle.as_str(),
                        "EnteringStandby" | "Pending" | "Pending:Wait" | "Pending:Proceed"
                    );
                    let outcome = match (scaling.lifecycle == *value, moving) {
                        (true, _) => ProofOutcome::Proven,
                        (false, true) => ProofOutcome::Unknown,
                        (false, false) => ProofOutcome::Refuted,
                    };
                    (outcome, format!("it is {} in {group}", scaling.lifecycle))
                }
                Some(scaling) => {
                    (ProofOutcome::Refuted, format!("it is in {} instead", scaling.group))
                }
                None => (ProofOutcome::Refuted, "it is in no Auto Scaling group".to_owned()),
            },
            Self::TerminationProtection { on } => (
                decided(instance.termination_protection == *on),
                format!("it is {}", on_off(instance.termination_protection)),
            ),
            Self::ShutdownBehavior { value } => (
                decided(instance.shutdown_behavior == *value),
                format!("it means {}", instance.shutdown_behavior),
            ),
            Self::DeleteOnTermination { device, on } => {
                match instance.volumes.iter().find(|volume| volume.device == *device) {
                    Some(volume) => (
                        decided(volume.delete_on_termination == *on),
                        format!(
                            "it is {} on termination",
                            if volume.delete_on_termination { "deleted" } else { "kept" }
                        ),
                    ),
                    None => (ProofOutcome::Refuted, format!("{device} is not attached")),
                }
            }
            Self::SnapshotsTaken { volumes } => snapshots(volumes, instance),
            Self::SnapshotsCompleted { volumes } => completed(volumes, instance),
            Self::InstanceState { value } => {
                let moving =
                    matches!(instance.state.as_str(), "pending" | "stopping" | "shutting-down");
                let outcome = match (instance.state == *value, moving) {
                    (true, _) => ProofOutcome::Proven,
                    (false, true) => ProofOutcome::Unknown,
                    (false, false) => ProofOutcome::Refuted,
                };
                (outcome, format!("the instance is {}", instance.state))
            }
            Self::InstanceProfile { arn } => (
                decided(instance.profile_arn == *arn),
                match &instance.profile_arn {
                    Some(seen) => format!("it has {seen}"),
                    None => "it has none".to_owned(),
                },
            ),
            Self::KeyStatus { .. } | Self::InlinePolicy { .. } | Self::NoInlinePolicy { .. } => {
                something_else()
            }
        }
    }
}

/// What was read does not speak of the condition.
fn something_else() -> (ProofOutcome, String) {
    (ProofOutcome::Unknown, "something else was read".to_owned())
}

fn snapshots(volumes: &[String], instance: &Instance) -> (ProofOutcome, String) {
    let mut missing = Vec::new();
    let mut pending = 0_usize;
    for volume in volumes {
        let states: Vec<&str> = instance
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.volume_id == *volume)
            .map(|snapshot| snapshot.state.as_str())
            .collect();
        if states.contains(&"completed") {
            continue;
        }
        if states.contains(&"pending") {
            pending += 1;
        } else {
            missing.push(volume.as_str());
        }
    }
    if !missing.is_empty() {
        return (ProofOutcome::Refuted, format!("none of {}", missing.join(", ")));
    }
    // A snapshot is a point in time from the moment it is accepted; copying may take hours.
    let copying = if pending > 0 { format!(", {pending} still copying") } else { String::new() };
    (
        decided(!volumes.is_empty()),
        format!("{} of {} volumes{copying}", volumes.len(), volumes.len()),
    )
}

fn completed(volumes: &[String], instance: &Instance) -> (ProofOutcome, String) {
    let of = |volume: &String, state: &str| {
        instance.snapshots.iter().any(|one| one.volume_id == *volume && one.state == state)
    };
    let done = volumes.iter().filter(|volume| of(volume, "completed")).count();
    let (copying, missing): (Vec<&String>, Vec<&String>) = volumes
        .iter()
        .filter(|volume| !of(volume, "completed"))
        .partition(|volume| of(volume, "pending"));
    let list = |some: Vec<&String>| some.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let seen = format!("{done} of {} volumes", volumes.len());
    match (missing.is_empty(), copying.is_empty()) {
        (false, _) => (ProofOutcome::Refuted, format!("{seen}; none of {}", list(missing))),
        (true, false) => (ProofOutcome::Unknown, format!("{seen}; copying {}", list(copying))),
        (true, true) => (decided(!volumes.is_empty()), seen),
    }
}

fn quarantine<'a>(
    instance: &'a Instance,
    name: &str,
) -> Option<&'a crate::observed::SecurityGroup> {
    instance.quarantine.as_ref().filter(|group| group.name == name)
}

fn resolve(group: &GroupRef, instance: &Instance) -> Option<String> {
    match group {
        GroupRef::Id(id) => Some(id.clone()),
        GroupRef::Quarantine(name) => quarantine(instance, name).map(|group| group.id.clone()),
    }
}

fn decided(holds: bool) -> ProofOutcome {
    if holds { ProofOutcome::Proven } else { ProofOutcome::Refuted }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
