//! One refusal or shape a case.

use super::*;

type Change = fn(&mut Instance);

fn operations(draft: &Draft) -> Vec<&'static str> {
    draft.calls.iter().map(Call::operation).collect()
}

#[test]
fn isolation_keeps_evidence_then_leaves_service_then_cuts_every_interface() {
    let drafted = isolate(web_7(), &[]).unwrap();
    assert_eq!(
        operations(&drafted),
        [
            "ec2:CreateSnapshots",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyInstanceAttribute",
            "autoscaling:EnterStandby",
            "ec2:CreateSecurityGroup",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:ModifyNetworkInterfaceAttribute",
        ]
    );
}

#[test]
fn isolation_is_refused_where_it_would_be_wrong_or_useless() {
    let cases: &[(&str, Change)] = &[
        ("is terminated", |i| i.state = "terminated".to_owned()),
        ("is shutting-down", |i| i.state = "shutting-down".to_owned()),
        ("is still starting", |i| i.state = "pending".to_owned()),
        ("is rebooting-or-so", |i| i.state = "rebooting-or-so".to_owned()),
        ("is in no VPC", |i| i.vpc_id = None),
        ("no network interface", |i| i.interfaces.clear()),
        ("eni-2 is managed by an AWS service", |i| i.interfaces[1].requester_managed = true),
        ("eni-3 reads as having no group", |i| i.interfaces[2].groups.clear()),
        ("1 ingress and 0 egress rules", |i| i.quarantine = Some(quarantine(1, 0))),
        ("0 ingress and 2 egress rules", |i| i.quarantine = Some(quarantine(0, 2))),
        ("it is EnteringStandby in asg-web", |i| lifecycle(i, "EnteringStandby")),
        ("it is Terminating:Wait in asg-web", |i| lifecycle(i, "Terminating:Wait")),
        ("is isolated already", |i| {
            *i = done(i.clone());
        }),
    ];
    for (expected, change) in cases {
        let mut instance = web_7();
        change(&mut instance);
        let refused = isolate(instance, &[]).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
        assert!(!refused.remedy.is_empty());
    }
}

#[test]
fn stopping_is_refused_where_it_would_lose_the_machine() {
    let cases: &[(&str, Change)] = &[
        ("instance store", |i| i.root_device_type = "instance-store".to_owned()),
        ("Spot Instance", |i| i.spot = true),
        ("protected from being stopped", |i| i.stop_protection = true),
        ("is stopped, not running", |i| i.state = "stopped".to_owned()),
        ("is pending, not running", |i| i.state = "pending".to_owned()),
    ];
    for (expected, change) in cases {
        let mut instance = web_7();
        change(&mut instance);
        let refused = stop(instance, &[]).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
    }
}

#[test]
fn parameters_that_are_not_known_are_refused() {
    for given in [&[("capcity", "keep")][..], &[("capacity", "Keep")], &[("capacity", "")]] {
        assert!(isolate(web_7(), given).is_err(), "{given:?}");
        assert!(stop(web_7(), given).is_err(), "{given:?}");
    }
    // Also where there is no Auto Scaling group for it to matter.
    let alone = Instance { scaling: None, ..web_7() };
    assert!(isolate(alone, &[("capacity", "half")]).is_err());
    let own = OwnIdentity::default();
    let given = parameters(&[("capacity", "keep")]);
    let on = Observed::AccessKey(keys());
    assert!(draft(ActionId::IamDeactivateAccessKey, &on, &given, &names(), &own).is_err());
}

#[test]
fn reducing_capacity_stops_at_the_minimum_of_the_group() {
    let drafted = isolate(web_7(), &[("capacity", "reduce")]).unwrap();
    assert!(
        drafted.calls.iter().any(|call| matches!(call, Call::EnterStandby { decrement: true, .. }))
    );
    let mut at_minimum = web_7();
    at_minimum.scaling.as_mut().unwrap().min_size = 3;
    let refused = isolate(at_minimum.clone(), &[("capacity", "reduce")]).unwrap_err();
    assert!(refused.reason.contains("may not go below 3"), "{refused}");
    let kept = isolate(at_minimum, &[]).unwrap();
    assert!(
        kept.calls.iter().any(|call| matches!(call, Call::EnterStandby { decrement: false, .. }))
    );
}

#[test]
fn what_is_so_already_is_left_out() {
    let mut instance = web_7();
    instance.termination_protection = true;
    instance.shutdown_behavior = "stop".to_owned();
    instance.volumes[0].delete_on_termination = false;
    lifecycle(&mut instance, "Standby");
    instance.quarantine = Some(quarantine(0, 0));
    instance.interfaces[0].groups = vec!["sg-q".to_owned()];
    // A group beside ours is not isolation.
    instance.interfaces[1].groups = vec!["sg-mon".to_owned(), "sg-q".to_owned()];
    let drafted = isolate(instance, &[]).unwrap();
    assert_eq!(
        operations(&drafted),
        [
            "ec2:CreateSnapshots",
            "ec2:ModifyInstanceAttribute",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:ModifyNetworkInterfaceAttribute",
        ]
    );
    let standby = drafted.proof.iter().any(|condition| condition.describe().contains("Standby"));
    assert!(standby, "what was on standby before must still be: {:?}", drafted.proof);
}

#[test]
fn a_spot_instance_is_isolated_without_the_attributes_that_it_can_not_have() {
    let drafted = isolate(Instance { spot: true, ..web_7() }, &[]).unwrap();
    let refused_by_ec2 = |call: &Call| {
        matches!(call, Call::SetTerminationProtection { .. } | Call::SetShutdownBehavior { .. })
    };
    assert!(!drafted.calls.iter().any(refused_by_ec2));
    assert!(drafted.warnings.iter().any(|warning| warning.contains("reclaim")));
}

#[test]
fn a_failed_snapshot_is_taken_again_and_a_running_one_is_not() {
    let with = |state: &str| {
        let snapshot = |volume: &str| Snapshot {
            id: format!("snap-{volume}"),
            volume_id: volume.to_owned(),
            state: state.to_owned(),
        };
        let snapshots = vec![snapshot("vol-1"), snapshot("vol-2")];
        isolate(Instance { snapshots, ..web_7() }, &[]).unwrap()
    };
    assert!(!operations(&with("pending")).contains(&"ec2:CreateSnapshots"));
    assert!(operations(&with("error")).contains(&"ec2:CreateSnapshots"));
}

#[test]
fn the_responder_is_never_a_target() {
    let session = "arn:aws:sts::123456789012:assumed-role/responder/i-0c41f0b9".to_owned();
    let own = OwnIdentity { arns: vec![session], access_keys: Vec::new() };
    for action in [
        ActionId::Ec2Isolate,
        ActionId::Ec2Stop,
        ActionId::IamDetachInstanceProfile,
        ActionId::AsgStandby,
    ] {
        let refused =
            draft(action, &observed(web_7()), &BTreeMap::new(), &names(), &own).unwrap_err();
        assert!(refused.reason.contains("Firebreak's own"), "{refused}");
    }
    let own_key = OwnIdentity { arns: Vec::new(), access_keys: vec![keys().key_id] };
    let own_user = OwnIdentity {
        arns: vec!["arn:aws:iam::123456789012:user/bots/deploy-bot".to_owned()],
        access_keys: Vec::new(),
    };
    for own in [own_key, own_user] {
        assert!(deactivate(keys(), &own).unwrap_err().reason.contains("Firebreak's own"));
    }
    let other_user = OwnIdentity {
        arns: vec!["arn:aws:iam::123456789012:user/not-deploy-bot".to_owned()],
        access_keys: vec!["AKIAEXAMPLE000000009".to_owned()],
    };
    assert!(deactivate(keys(), &other_user).is_ok());
}

#[test]
fn keys_that_can_not_be_deactivated_are_refused() {
    type Change = fn(&mut AccessKeys);
    let cases: &[(&str, Change)] = &[
        ("the key of a session", |k| k.key_id = "ASIAEXAMPLE000000001".to_owned()),
        ("is not the id of an access key", |k| k.key_id = "AROAEXAMPLE000000001".to_owned()),
        ("is not the id of an access key", |k| k.key_id = "AKIA'; --0000000000".to_owned()),
        ("has no owner", |k| k.user = None),
        ("is inactive already", |k| k.keys[0].status = KeyStatus::Inactive),
        ("is not among the keys", |k| k.keys.clear()),
    ];
    for (expected, change) in cases {
        let mut keys = keys();
        change(&mut keys);
        let refused = deactivate(keys, &OwnIdentity::default()).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
    }
}

#[test]
fn an_action_takes_only_its_own_kind_of_target() {
    let own = OwnIdentity::default();
    let none = BTreeMap::new();
    for action in ActionId::ALL {
        let wrong = match action {
            ActionId::IamDeactivateAccessKey => observed(web_7()),
            ActionId::Ec2Isolate
            | ActionId::Ec2Stop
            | ActionId::IamDenyUser
            | ActionId::IamRevokeRoleSessions
            | ActionId::IamDetachInstanceProfile
            | ActionId::EbsSnapshot
            | ActionId::AsgStandby => Observed::AccessKey(keys()),
        };
        assert!(draft(action, &wrong, &none, &names(), &own).is_err(), "{action}");
    }
}

#[test]
fn a_profile_is_taken_only_where_there_is_one_and_put_back_only_where_there_is_none() {
    let own = OwnIdentity::default();
    let detach = |instance: Instance, given: &[(&str, &str)]| {
        let (action, on) = (ActionId::IamDetachInstanceProfile, observed(instance));
        draft(action, &on, &parameters(given), &names(), &own)
    };
    let cases: &[(&str, Change)] = &[
        ("has no instance profile", |i| i.profile_arn = None),
        ("is terminated", |i| i.state = "terminated".to_owned()),
        ("is pending", |i| i.state = "pending".to_owned()),
    ];
    for (expected, change) in cases {
        let mut instance = web_7();
        change(&mut instance);
        let refused = detach(instance, &[]).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
    }
    assert!(detach(web_7(), &[("capacity", "keep")]).is_err());
    let sent = detach(web_7(), &[]).unwrap().calls;
    let Observed::Instance(mut after) = play(&sent, observed(web_7())) else { unreachable!() };
    after.profile_arn = Some("arn:aws:iam::123456789012:instance-profile/other".to_owned());
    let differences = undo_check(&sent, &Observed::Instance(after)).unwrap_err();
    assert!(differences[0].observed.contains("instance-profile/other"), "{differences:?}");
}

#[test]
fn snapshots_are_proven_once_every_one_is_completed() {
    let sent = snapshot(web_7()).unwrap();
    assert_eq!(operations(&sent), ["ec2:CreateSnapshots"]);
    assert_eq!(undo_calls(&sent.calls), []);
    let with = |states: [&str; 2]| {
        let snapshots = ["vol-1", "vol-2"].iter().zip(states).map(|(volume, state)| Snapshot {
            id: format!("snap-{volume}"),
            volume_id: (*volume).to_owned(),
            state: state.to_owned(),
        });
        Instance { snapshots: snapshots.collect(), ..web_7() }
    };
    let outcome = |states| judge(&sent.proof, &observed(with(states))).outcome;
    assert_eq!(judge(&sent.proof, &observed(web_7())).outcome, ProofOutcome::Refuted);
    assert_eq!(outcome(["completed", "completed"]), ProofOutcome::Proven);
    assert_eq!(outcome(["completed", "pending"]), ProofOutcome::Unknown);
    assert_eq!(outcome(["error", "pending"]), ProofOutcome::Refuted);
    assert_eq!(outcome(["completed", "rebooting-or-so"]), ProofOutcome::Refuted);
    assert!(snapshot(with(["completed", "error"])).is_ok());
    let again = snapshot(with(["completed", "pending"])).unwrap_err();
    assert!(again.reason.contains("already"), "{again}");
    let cases: &[(&str, Change)] = &[
        ("has no EBS volume", |i| i.volumes.clear()),
        ("is terminated", |i| i.state = "terminated".to_owned()),
        ("is pending", |i| i.state = "pending".to_owned()),
    ];
    for (expected, change) in cases {
        let mut instance = web_7();
        change(&mut instance);
        let refused = snapshot(instance).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
    }
}

#[test]
fn standby_is_for_what_is_in_service_in_a_group() {
    let sent = standby(web_7(), &[]).unwrap();
    assert_eq!(operations(&sent), ["autoscaling:EnterStandby"]);
    let cases: &[(&str, Change)] = &[
        ("is in no Auto Scaling group", |i| i.scaling = None),
        ("is stopped, not running", |i| i.state = "stopped".to_owned()),
        ("is on standby already", |i| lifecycle(i, "Standby")),
        ("it is Terminating:Wait in asg-web", |i| lifecycle(i, "Terminating:Wait")),
    ];
    for (expected, change) in cases {
        let mut instance = web_7();
        change(&mut instance);
        let refused = standby(instance, &[]).expect_err(expected);
        assert!(refused.reason.contains(expected), "{expected}: {refused}");
    }
    assert!(standby(web_7(), &[("capacity", "half")]).is_err());

    // Gone back into service, or being terminated, since: an undo has nothing to put back.
    for lifecycle_now in ["InService", "Terminating"] {
        let mut since = web_7();
        lifecycle(&mut since, lifecycle_now);
        let differences = undo_check(&sent.calls, &observed(since)).unwrap_err();
        assert!(differences[0].observed.contains(lifecycle_now), "{differences:?}");
    }
}

#[test]
fn the_name_of_the_group_follows_from_the_incident() {
    assert_eq!(quarantine_name(&IncidentId::new(INCIDENT)), GROUP);
    let compact = IncidentId::new("inc_0198C0DE7A11700080000123456789AB");
    assert_eq!(quarantine_name(&compact), GROUP);
    let short = quarantine_name(&IncidentId::new("x"));
    assert_eq!(short.len(), GROUP.len());
    assert_ne!(short, quarantine_name(&IncidentId::new("y")));
}

#[test]
fn undo_refuses_what_somebody_changed_since() {
    let sent = isolate(web_7(), &[]).unwrap().calls;
    let after = play(&sent, observed(web_7()));
    assert_eq!(undo_check(&sent, &after), Ok(()));
    let changes: &[(&str, Change)] = &[
        ("eni-2", |i| i.interfaces[1].groups.push("sg-new".to_owned())),
        ("termination protection", |i| i.termination_protection = false),
        ("/dev/sdf", |i| i.volumes[1].delete_on_termination = true),
        ("in asg-web", |i| lifecycle(i, "InService")),
        ("in asg-web", |i| lifecycle(i, "EnteringStandby")),
        ("in asg-web", |i| i.scaling = None),
        ("the instance is running", |i| i.state = "stopped".to_owned()),
        ("no rules but", |i| {
            i.quarantine =
                Some(SecurityGroup { id: simulator::MADE.to_owned(), ..quarantine(1, 0) })
        }),
        (GROUP, |i| i.quarantine = None),
    ];
    for (expected, change) in changes {
        let Observed::Instance(mut instance) = after.clone() else { unreachable!() };
        change(&mut instance);
        let differences = undo_check(&sent, &Observed::Instance(instance)).expect_err(expected);
        let words: Vec<String> = differences
            .iter()
            .map(|one| format!("{}: {}", one.expectation, one.observed))
            .collect();
        assert!(words.iter().any(|line| line.contains(expected)), "{expected}: {words:?}");
    }
    // Snapshots are evidence, not something an undo compares or touches.
    let Observed::Instance(mut instance) = after else { unreachable!() };
    instance.snapshots.clear();
    assert_eq!(undo_check(&sent, &Observed::Instance(instance)), Ok(()));
}

#[test]
fn a_group_that_others_still_use_holds_up_nothing_else() {
    let sent = isolate(web_7(), &[]).unwrap().calls;
    let undo = undo_calls(&sent);
    assert!(matches!(undo.last(), Some(Call::DeleteSecurityGroup { .. })), "{undo:?}");
}

#[test]
fn a_snapshot_that_finishes_copying_is_no_drift() {
    let with = |state: &str| {
        let snapshot = Snapshot {
            id: "snap-1".to_owned(),
            volume_id: "vol-1".to_owned(),
            state: state.to_owned(),
        };
        observed(Instance { snapshots: vec![snapshot], ..web_7() }).fingerprint()
    };
    assert_eq!(with("pending"), with("completed"));
    assert_ne!(with("pending"), with("error"));
    assert_ne!(with("pending"), observed(web_7()).fingerprint());
}

fn lifecycle(instance: &mut Instance, value: &str) {
    instance.scaling.as_mut().unwrap().lifecycle = value.to_owned();
}

fn done(instance: Instance) -> Instance {
    let calls = isolate(instance.clone(), &[]).unwrap().calls;
    let Observed::Instance(done) = play(&calls, observed(instance)) else { unreachable!() };
    *done
}
