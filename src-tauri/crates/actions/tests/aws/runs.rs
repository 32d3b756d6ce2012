//! Each action from draft to proof and back.

use firebreak_actions::source_identity;
use firebreak_core::ports::{Executor, Preflight, RunEnd};
use firebreak_core::proof::ProofOutcome;
use firebreak_core::{ActionId, IncidentId, IntentId};

use crate::bench::{Bench, INCIDENT, INTENT, restorable};
use crate::journal::{Line, Recorded};
use crate::place::Place;

#[tokio::test]
async fn isolating_a_member_of_a_group_is_proven_and_undone() {
    let Some(place) = Place::new().await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.web-7.id"), "stp_1");
    let before = bench.instance().await;
    assert_eq!(before.interfaces.len(), 3);
    assert_eq!(before.volumes.len(), 2);
    assert_eq!(before.scaling.as_ref().map(|one| one.lifecycle.as_str()), Some("InService"));

    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    // Exactly once, in order, and nothing else.
    let operations = drafted.calls.iter().map(|call| call.operation().split(':').nth(1).unwrap());
    assert_eq!(place.proxy.changes(), operations.collect::<Vec<_>>());
    assert_journaled_around_each(&journal, drafted.calls.len());

    let (proof, end) = bench.undo(&journal.accepted()).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&proof, ProofOutcome::Proven).await;
    let after = bench.instance().await;
    assert_eq!(after.snapshots.len(), 2, "evidence stays");
    assert_eq!(restorable(after), restorable(before));
}

fn assert_journaled_around_each(journal: &Recorded, calls: usize) {
    let lines = journal.lines();
    assert_eq!(lines.len(), 2 * calls);
    for (index, pair) in lines.chunks(2).enumerate() {
        assert!(matches!(&pair[0], Line::Sending(at, _) if *at == index), "{pair:?}");
        assert!(matches!(&pair[1], Line::Answered(at, _) if *at == index), "{pair:?}");
    }
}

#[tokio::test]
async fn a_second_machine_of_the_incident_joins_the_same_group() {
    let Some(place) = Place::new().await else { return };
    let first =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.web-3.id"), "stp_1");
    let second =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.db-1.id"), "stp_2");
    let (first_journal, second_journal) = (Recorded::default(), Recorded::default());
    assert_eq!(first.run(&first_journal).await.1, RunEnd::AllSent);
    let (drafted, end) = second.run(&second_journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert!(!drafted.calls.iter().any(|call| call.operation() == "ec2:CreateSecurityGroup"));
    second.expect(&drafted.proof, ProofOutcome::Proven).await;

    // The group that the first made still holds the second: everything but the group is undone.
    let (proof, end) = first.undo(&first_journal.accepted()).await;
    let RunEnd::StoppedAt { error, .. } = end else { panic!("{end:?}") };
    assert!(error.message.starts_with("DependencyViolation"), "{error:?}");
    assert!(error.remedy.unwrap().contains("another isolated machine"));
    let judged = first.judge(&proof).await;
    let open: Vec<_> =
        judged.checks.iter().filter(|check| check.outcome != ProofOutcome::Proven).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open[0].expectation.contains("is gone"));
}

#[tokio::test]
async fn stopping_waits_for_standby_and_its_undo_for_the_start() {
    let Some(place) = Place::new().await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.web-7.id"), "stp_1")
            .capacity("reduce");
    let before = bench.instance().await;
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert_eq!(place.proxy.changes(), ["EnterStandby", "StopInstances"]);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;

    let (proof, end) = bench.undo(&journal.accepted()).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&proof, ProofOutcome::Proven).await;
    assert_eq!(bench.instance().await, before);
}

#[tokio::test]
async fn deactivating_a_key_is_proven_and_undone() {
    let Some(place) = Place::new().await else { return };
    let key_id = place.sandbox.name("key.deploy-bot.2.id");
    let bench = Bench::new(&place, ActionId::IamDeactivateAccessKey, &key_id, "stp_1");
    let before = bench.observe().await;
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert!(drafted.warnings[0].contains(&place.sandbox.name("key.deploy-bot.1.id")));
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    assert_ne!(bench.observe().await.fingerprint(), before.fingerprint());

    let (proof, end) = bench.undo(&journal.accepted()).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&proof, ProofOutcome::Proven).await;
    assert_eq!(bench.observe().await, before);
}

#[tokio::test]
async fn the_write_key_acts_itself_where_no_role_is_configured() {
    let Some(place) = Place::with(|account, _| account.role_arn = None).await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let (drafted, end) = bench.run(&Recorded::default()).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    assert_eq!(place.proxy.last("AssumeRole"), None);
}

#[tokio::test]
async fn a_session_names_incident_and_intent_and_may_do_its_calls_only() {
    let Some(place) =
        Place::with(|account, _| account.external_id = Some("ext-1".to_owned())).await
    else {
        return;
    };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    assert_eq!(bench.run(&Recorded::default()).await.1, RunEnd::AllSent);
    let assumed = place.proxy.last("AssumeRole").expect("a role was assumed");
    let identity = source_identity(&IncidentId::new(INCIDENT), &IntentId::new(INTENT));
    assert!(assumed.contains(&format!("SourceIdentity={identity}")), "{assumed}");
    assert!(assumed.contains("RoleSessionName=firebreak-0123456789ab"), "{assumed}");
    assert!(assumed.contains("ExternalId=ext-1"), "{assumed}");
    assert!(assumed.contains("ec2%3AStopInstances"), "{assumed}");
    assert!(!assumed.contains("ec2%3AStartInstances"), "{assumed}");
    // Each run has its own session.
    let again =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.mon-1.id"), "stp_2");
    place.proxy.reset();
    assert_eq!(again.run(&Recorded::default()).await.1, RunEnd::AllSent);
    assert!(place.proxy.last("AssumeRole").is_some());
}

#[tokio::test]
async fn preflight_permits_and_changes_nothing() {
    let Some(place) = Place::new().await else { return };
    for (action, asset) in [
        (ActionId::Ec2Isolate, place.sandbox.name("instance.web-7.id")),
        (ActionId::Ec2Stop, place.sandbox.name("instance.web-7.id")),
        (ActionId::IamDeactivateAccessKey, place.sandbox.name("key.deploy-bot.1.id")),
        (ActionId::IamDetachInstanceProfile, place.sandbox.name("instance.web-7.id")),
        (ActionId::EbsSnapshot, place.sandbox.name("instance.web-7.id")),
        (ActionId::AsgStandby, place.sandbox.name("instance.web-7.id")),
        (ActionId::IamDenyUser, place.sandbox.name("user.deploy-bot.arn")),
        (ActionId::IamRevokeRoleSessions, place.sandbox.name("role.web-node.arn")),
    ] {
        let bench = Bench::new(&place, action, &asset, "stp_1");
        let drafted = bench.draft().await;
        let before = bench.observe().await;
        let answers = place.executor.preflight(&bench.target, &drafted.calls).await;
        assert_eq!(answers.len(), drafted.calls.len());
        for (call, answer) in drafted.calls.iter().zip(&answers) {
            let needs_group = call.operation() == "ec2:RevokeSecurityGroupEgress";
            match answer {
                Preflight::Permitted => assert!(!needs_group, "{call:?}"),
                Preflight::Unknown(why) => assert!(needs_group, "{call:?}: {why}"),
                Preflight::Refused(why) => panic!("{call:?}: {why}"),
            }
        }
        assert_eq!(bench.observe().await, before);
        assert!(place.proxy.changes().is_empty());
    }
}

#[tokio::test]
async fn preflight_says_what_is_refused() {
    let Some(place) = Place::with(|account, sandbox| {
        account.role_arn = None;
        account.write = Some(crate::place::key(sandbox, "deploy_bot"));
    })
    .await
    else {
        return;
    };
    let bench =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.web-7.id"), "stp_1");
    let drafted = bench.draft().await;
    let answers = place.executor.preflight(&bench.target, &drafted.calls).await;
    for (call, answer) in drafted.calls.iter().zip(&answers) {
        match (call.operation(), answer) {
            // Its own permissions are not for it to ask about, and there is no group yet.
            (
                "autoscaling:EnterStandby" | "ec2:RevokeSecurityGroupEgress",
                Preflight::Unknown(_),
            ) => {}
            (_, Preflight::Refused(why)) => assert!(why.contains("UnauthorizedOperation"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(place.proxy.changes().is_empty());
}
