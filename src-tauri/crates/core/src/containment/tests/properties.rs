//! Over random states of an instance: nothing is missed, and undo is the identity.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn an_interface() -> impl Strategy<Value = (Vec<String>, bool)> {
    let groups = btree_set(select(vec!["sg-a", "sg-b", "sg-c", "sg-q"]), 1..4);
    let groups = groups.prop_map(|groups| groups.into_iter().map(str::to_owned).collect());
    (groups, prop::bool::weighted(0.03))
}

fn a_scaling() -> impl Strategy<Value = Option<Scaling>> {
    let lifecycle = select(vec!["InService", "InService", "InService", "Standby", "Pending"]);
    prop::option::of((lifecycle, 0..3_i64, 1..5_i64).prop_map(|(lifecycle, min_size, more)| {
        let lifecycle = lifecycle.to_owned();
        Scaling { group: "asg".to_owned(), lifecycle, min_size, desired: min_size + more - 1 }
    }))
}

prop_compose! {
    fn an_instance()(
        state in select(vec!["running", "running", "running", "stopped", "terminated"]),
        interfaces in vec(an_interface(), 0..9),
        volumes in vec(any::<bool>(), 0..5),
        flags in any::<[bool; 4]>(),
        root in select(vec!["ebs", "ebs", "instance-store"]),
        scaling in a_scaling(),
        group in prop::option::weighted(0.4, (0..2_u32, prop::bool::weighted(0.2))),
    ) -> Instance {
        let base = web_7();
        Instance {
            state: state.to_owned(),
            interfaces: interfaces.into_iter().enumerate().map(|(index, (groups, requester_managed))| {
                Interface { id: format!("eni-{index}"), groups, requester_managed }
            }).collect(),
            volumes: volumes.into_iter().enumerate().map(|(index, delete_on_termination)| Volume {
                device: format!("/dev/sd{index}"),
                volume_id: format!("vol-{index}"),
                delete_on_termination,
            }).collect(),
            termination_protection: flags[0],
            shutdown_behavior: if flags[1] { "stop" } else { "terminate" }.to_owned(),
            spot: flags[2] && flags[3],
            root_device_type: root.to_owned(),
            scaling,
            quarantine: group.map(|(rules, dirty)| quarantine(if dirty { rules } else { 0 }, 0)),
            ..base
        }
    }
}

fn is_isolated(observed: &Observed) -> bool {
    let Observed::Instance(instance) = observed else { return false };
    let group = instance.quarantine.as_ref().expect("a quarantine group");
    group.ingress_rules + group.egress_rules == 0
        && instance.interfaces.iter().all(|interface| interface.groups == [group.id.clone()])
}

/// What an undo can't take back and says so: snapshots, and the desired capacity of a group that
/// started a replacement.
fn comparable(observed: &Observed, replaced: bool) -> Observed {
    let Observed::Instance(mut instance) = observed.clone() else { return observed.clone() };
    instance.snapshots.clear();
    if let Some(scaling) = instance.scaling.as_mut().filter(|_| replaced) {
        scaling.desired = 0;
    }
    Observed::Instance(instance)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn isolation_misses_no_interface_and_its_undo_restores_everything(
        instance in an_instance(),
        capacity in select(vec!["keep", "reduce"]),
    ) {
        let before = observed(instance.clone());
        let Ok(drafted) = isolate(instance, &[("capacity", capacity)]) else { return Ok(()) };

        // The simulator checks that each call's `from` is what is there.
        let after = play(&drafted.calls, before.clone());
        prop_assert!(is_isolated(&after));
        prop_assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);

        let undo = undo_calls(&drafted.calls);
        let running = matches!(&after, Observed::Instance(one) if one.state == "running");
        if !running && undo.iter().any(|call| matches!(call, Call::ExitStandby { .. })) {
            prop_assert!(undo_check(&drafted.calls, &after).is_err());
            return Ok(());
        }
        prop_assert_eq!(undo_check(&drafted.calls, &after), Ok(()));
        let restored = play(&undo, after);
        let replaced = capacity == "keep";
        prop_assert_eq!(comparable(&restored, replaced), comparable(&before, replaced));
        let proof = undo_proof(&undo);
        if !proof.is_empty() {
            prop_assert_eq!(judge(&proof, &restored).outcome, ProofOutcome::Proven);
        }
    }

    #[test]
    fn a_run_that_stops_anywhere_can_be_undone_from_there(
        instance in an_instance(),
        cut in 0..20_usize,
    ) {
        let before = observed(Instance { state: "running".to_owned(), ..instance.clone() });
        let Ok(drafted) = isolate(Instance { state: "running".to_owned(), ..instance }, &[]) else {
            return Ok(());
        };
        let sent = &drafted.calls[..cut.min(drafted.calls.len())];
        let after = play(sent, before.clone());
        prop_assert_eq!(undo_check(sent, &after), Ok(()));
        let restored = play(&undo_calls(sent), after);
        prop_assert_eq!(comparable(&restored, true), comparable(&before, true));
    }

    #[test]
    fn stopping_is_proven_and_undone(instance in an_instance()) {
        let before = observed(instance.clone());
        let Ok(drafted) = stop(instance, &[("capacity", "reduce")]) else { return Ok(()) };
        let after = play(&drafted.calls, before.clone());
        prop_assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);
        prop_assert_ne!(judge(&drafted.proof, &before).outcome, ProofOutcome::Proven);
        prop_assert_eq!(undo_check(&drafted.calls, &after), Ok(()));
        prop_assert_eq!(play(&undo_calls(&drafted.calls), after), before);
    }

    #[test]
    fn standby_is_proven_and_undone(
        instance in an_instance(),
        capacity in select(vec!["keep", "reduce"]),
    ) {
        let before = observed(instance.clone());
        let Ok(drafted) = standby(instance, &[("capacity", capacity)]) else { return Ok(()) };
        prop_assert_eq!(judge(&drafted.proof, &before).outcome, ProofOutcome::Refuted);
        let after = play(&drafted.calls, before.clone());
        prop_assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);
        prop_assert_eq!(undo_check(&drafted.calls, &after), Ok(()));
        let restored = play(&undo_calls(&drafted.calls), after);
        let replaced = capacity == "keep";
        prop_assert_eq!(comparable(&restored, replaced), comparable(&before, replaced));
    }

    #[test]
    fn taking_the_role_is_proven_and_undone(instance in an_instance()) {
        let before = observed(instance);
        let (own, none) = (OwnIdentity::default(), BTreeMap::new());
        let action = ActionId::IamDetachInstanceProfile;
        let Ok(drafted) = draft(action, &before, &none, &names(), &own) else { return Ok(()) };
        prop_assert_eq!(judge(&drafted.proof, &before).outcome, ProofOutcome::Refuted);
        let after = play(&drafted.calls, before.clone());
        prop_assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);
        prop_assert_eq!(undo_check(&drafted.calls, &after), Ok(()));
        prop_assert_eq!(play(&undo_calls(&drafted.calls), after), before);
    }

    #[test]
    fn snapshots_change_nothing_else(instance in an_instance()) {
        let before = observed(instance.clone());
        let Ok(drafted) = snapshot(instance) else { return Ok(()) };
        prop_assert_eq!(judge(&drafted.proof, &before).outcome, ProofOutcome::Refuted);
        let after = play(&drafted.calls, before.clone());
        prop_assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);
        prop_assert_eq!(undo_check(&drafted.calls, &after), Ok(()));
        let undone = play(&undo_calls(&drafted.calls), after.clone());
        prop_assert_eq!(&undone, &after);
        prop_assert_eq!(comparable(&undone, false), comparable(&before, false));
    }

    #[test]
    fn nothing_is_proven_before_it_is_done(instance in an_instance()) {
        let before = observed(instance.clone());
        if let Ok(drafted) = isolate(instance, &[]) {
            prop_assert_ne!(judge(&drafted.proof, &before).outcome, ProofOutcome::Proven);
        }
    }
}

#[test]
fn a_deactivated_key_is_proven_and_undone() {
    let before = Observed::AccessKey(keys());
    let drafted = deactivate(keys(), &OwnIdentity::default()).unwrap();
    let after = play(&drafted.calls, before.clone());
    assert_eq!(judge(&drafted.proof, &after).outcome, ProofOutcome::Proven);
    assert_eq!(judge(&drafted.proof, &before).outcome, ProofOutcome::Refuted);
    assert_eq!(play(&undo_calls(&drafted.calls), after), before);
}
