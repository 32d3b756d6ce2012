//! Undo: compare, then put back.

use crate::call::Call;
use crate::observed::{Instance, KeyStatus, Observed};
use crate::plan::inverse_of;
use crate::proof::{Check, Condition, ProofOutcome};

/// The calls that put back what `sent` changed, last change first. Deleting our group comes at the
/// very end: it is the one call that something outside the step (another machine of the same
/// incident) may stand in the way of, and nothing must wait for it.
pub fn undo_calls(sent: &[Call]) -> Vec<Call> {
    let (last, mut calls): (Vec<Call>, Vec<Call>) = inverse_of(sent)
        .into_iter()
        .partition(|call| matches!(call, Call::DeleteSecurityGroup { .. }));
    calls.extend(last);
    calls
}

/// What a read must show once the undo has worked.
pub fn undo_proof(calls: &[Call]) -> Vec<Condition> {
    let mut proof = Vec::new();
    for effect in calls.iter().map(Call::effect) {
        if !proof.contains(&effect) {
            proof.push(effect);
        }
    }
    proof
}

/// What the undo brings back, in words for whoever signs it: one line a kind of call.
pub fn undo_disruption(calls: &[Call]) -> Vec<String> {
    let mut lines = Vec::new();
    let interfaces =
        calls.iter().filter(|call| matches!(call, Call::SetInterfaceGroups { .. })).count();
    if interfaces > 0 {
        let them = if interfaces == 1 { "interface gets" } else { "interfaces get" };
        lines.push(format!(
            "{interfaces} {them} back the groups from before: what was cut off can be reached, and \
             can reach out, again"
        ));
    }
    for call in calls {
        lines.extend(match call {
            Call::ExitStandby { group, instance_id, .. } => {
                Some(format!("{instance_id} returns to service in {group} and takes its traffic"))
            }
            Call::StartInstance { instance_id } => {
                Some(format!("{instance_id} starts, and with it whatever ran on it"))
            }
            Call::SetAccessKeyStatus { key_id, to: KeyStatus::Active, .. } => {
                Some(format!("{key_id} works again, for everyone who holds it"))
            }
            Call::AttachProfile { instance_id, profile_arn } => Some(format!(
                "{instance_id} gets credentials of the role of {profile_arn} again, and so does \
                 whoever is on it"
            )),
            Call::DeleteInlinePolicy { identity, name, .. } => Some(format!(
                "policy {name} is removed: {identity} may do again what its other policies allow, \
                 for everyone who holds its credentials"
            )),
            Call::DeleteSecurityGroup { group, .. } => Some(format!("group {group} is deleted")),
            _ => None,
        });
    }
    lines.push("the containment of this step ends".to_owned());
    lines
}

/// The comparison before the swap: everything that `sent` wrote and the undo would overwrite must
/// still be as it was written. Snapshots are not compared: an undo does not touch them.
///
/// # Errors
/// What differs, in words. The undo must then not run: somebody else changed the resource since.
pub fn undo_check(sent: &[Call], observed: &Observed) -> Result<(), Vec<Check>> {
    let mut differences: Vec<Check> = sent
        .iter()
        .filter(|call| !matches!(call, Call::CreateSnapshots { .. } | Call::RevokeAllEgress { .. }))
        .map(|call| call.effect().check(observed))
        .filter(|check| check.outcome != ProofOutcome::Proven)
        .collect();
    if let Observed::Instance(instance) = observed {
        differences.extend(foreign_rules(sent, instance));
        differences.extend(not_running(sent, instance));
    }
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

/// A group takes back only what runs. Something that we stopped ourselves is started first.
fn not_running(sent: &[Call], instance: &Instance) -> Option<Check> {
    let left = sent.iter().any(|call| matches!(call, Call::EnterStandby { .. }));
    let stopped = sent.iter().any(|call| matches!(call, Call::StopInstance { .. }));
    let running = Condition::InstanceState { value: "running".to_owned() };
    let check = running.check(&Observed::Instance(Box::new(instance.clone())));
    (left && !stopped && check.outcome != ProofOutcome::Proven).then_some(check)
}

/// Rules in the group that we made and did not leave there. A run that was cut short may not have
/// revoked both of the rules that a group is born with.
fn foreign_rules(sent: &[Call], instance: &Instance) -> Option<Check> {
    let made = sent.iter().find_map(|call| match call {
        Call::CreateSecurityGroup { name, .. } => Some(name),
        _ => None,
    })?;
    let group = instance.quarantine.as_ref().filter(|group| group.name == *made)?;
    let revoked = sent.iter().filter(|call| matches!(call, Call::RevokeAllEgress { .. })).count();
    let left = 2_u32.saturating_sub(u32::try_from(revoked).unwrap_or(u32::MAX));
    if group.ingress_rules == 0 && group.egress_rules <= left {
        return None;
    }
    Some(Check {
        expectation: format!("group {made} has no rules but those it was made with"),
        observed: format!(
            "{} ingress and {} egress rules",
            group.ingress_rules, group.egress_rules
        ),
        outcome: ProofOutcome::Refuted,
    })
}
