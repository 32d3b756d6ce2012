//! Users and roles. moto enforces the inline policies that it is given, but knows no
//! `aws:TokenIssueTime`: that a session is refused by its age is AWS's to show, not this test's.

use firebreak_core::ActionId;
use firebreak_core::call::Call;
use firebreak_core::containment::undo_check;
use firebreak_core::observed::Observed;
use firebreak_core::plan::Direction;
use firebreak_core::ports::{CloudReader, Executor, RunEnd, Trouble};
use firebreak_core::proof::ProofOutcome;

use crate::bench::Bench;
use crate::journal::Recorded;
use crate::place::Place;
use crate::proxy::Fault;

const ACTIONS: [(ActionId, &str, &str); 2] = [
    (ActionId::IamDenyUser, "user.deploy-bot.arn", "User"),
    (ActionId::IamRevokeRoleSessions, "role.web-node.arn", "Role"),
];

fn policy(call: &Call) -> (String, String) {
    match call {
        Call::PutInlinePolicy { name, document, .. } => (name.clone(), document.clone()),
        other => panic!("{other:?}"),
    }
}

/// Somebody else writes, or removes, the policy of that name.
async fn meddle(place: &Place, kind: &str, name: &str, document: Option<&str>) {
    let iam = place.somebody_else_at_iam();
    match (kind, document) {
        ("User", Some(document)) => {
            let put = iam.put_user_policy().user_name("deploy-bot").policy_name(name);
            put.policy_document(document).send().await.map(drop).unwrap();
        }
        ("User", None) => {
            let delete = iam.delete_user_policy().user_name("deploy-bot").policy_name(name);
            delete.send().await.map(drop).unwrap();
        }
        (_, Some(document)) => {
            let put = iam.put_role_policy().role_name("web-node").policy_name(name);
            put.policy_document(document).send().await.map(drop).unwrap();
        }
        (_, None) => {
            let delete = iam.delete_role_policy().role_name("web-node").policy_name(name);
            delete.send().await.map(drop).unwrap();
        }
    }
}

#[tokio::test]
async fn denying_is_proven_and_undone() {
    let Some(place) = Place::new().await else { return };
    for (action, target, kind) in ACTIONS {
        let bench = Bench::new(&place, action, &place.sandbox.name(target), "stp_1");
        let before = bench.observe().await;
        let journal = Recorded::default();
        place.proxy.reset();
        let (drafted, end) = bench.run(&journal).await;
        assert_eq!(end, RunEnd::AllSent);
        assert_eq!(place.proxy.changes(), [format!("Put{kind}Policy")]);
        bench.expect(&drafted.proof, ProofOutcome::Proven).await;
        let assumed = place.proxy.last("AssumeRole").expect("a role was assumed");
        assert!(assumed.contains(&format!("iam%3APut{kind}Policy")), "{assumed}");
        assert!(assumed.contains("%3A%2Aiam") || assumed.contains("arn%3A%2A%3Aiam"), "{assumed}");

        let (proof, end) = bench.undo(&journal.accepted()).await;
        assert_eq!(end, RunEnd::AllSent);
        bench.expect(&proof, ProofOutcome::Proven).await;
        assert_eq!(place.proxy.changes()[1], format!("Delete{kind}Policy"));
        assert_eq!(bench.observe().await.fingerprint(), before.fingerprint());
    }
}

#[tokio::test]
async fn a_denied_user_is_refused_by_the_cloud() {
    let Some(place) = Place::new().await else { return };
    let (id, secret) = place.sandbox.key("deploy_bot");
    let credentials = aws_sdk_ec2::config::Credentials::new(id, secret, None, None, "test");
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version(aws_sdk_ec2::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_ec2::config::Region::new(place.sandbox.name("region")))
        .credentials_provider(credentials)
        .endpoint_url(format!("http://127.0.0.1:{}", place.sandbox.port))
        .build();
    let theirs = aws_sdk_ec2::Client::from_conf(config);
    theirs.describe_instances().send().await.expect("allowed before");
    let user = place.sandbox.name("user.deploy-bot.arn");
    let bench = Bench::new(&place, ActionId::IamDenyUser, &user, "stp_1");
    let journal = Recorded::default();
    assert_eq!(bench.run(&journal).await.1, RunEnd::AllSent);
    theirs.describe_instances().send().await.expect_err("denied now");
    assert_eq!(bench.undo(&journal.accepted()).await.1, RunEnd::AllSent);
    theirs.describe_instances().send().await.expect("allowed again");
}

#[tokio::test]
async fn a_refusal_changes_nothing_and_a_lost_answer_is_found_by_reading() {
    let Some(place) = Place::new().await else { return };
    for (action, target, _) in ACTIONS {
        let bench = Bench::new(&place, action, &place.sandbox.name(target), "stp_1");
        let before = bench.observe().await;
        place.proxy.break_change(0, Fault::Answer { status: 403, code: "AccessDenied" });
        let journal = Recorded::default();
        let (drafted, end) = bench.run(&journal).await;
        let RunEnd::StoppedAt { index: 0, error } = end else { panic!("{end:?}") };
        assert!(error.remedy.as_deref().is_some_and(|words| words.contains("allow iam:Put")));
        assert!(journal.accepted().is_empty());
        assert_eq!(bench.observe().await.fingerprint(), before.fingerprint());

        place.proxy.break_change(0, Fault::LoseAnswer);
        let journal = Recorded::default();
        let (_, end) = bench.run(&journal).await;
        assert!(matches!(end, RunEnd::UnknownAt { index: 0, .. }), "{end:?}");
        assert_eq!(place.proxy.changes().len(), 1, "sent once");
        place.proxy.reset();
        bench.expect(&drafted.proof, ProofOutcome::Proven).await;

        // The undo breaks as well, in both ways.
        place.proxy.break_change(0, Fault::Answer { status: 409, code: "ConcurrentModification" });
        let (proof, end) = bench.undo(&journal.possible()).await;
        assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
        place.proxy.break_change(0, Fault::LoseAnswer);
        let (_, end) = bench.undo(&journal.possible()).await;
        assert!(matches!(end, RunEnd::UnknownAt { index: 0, .. }), "{end:?}");
        place.proxy.reset();
        bench.expect(&proof, ProofOutcome::Proven).await;
        assert_eq!(bench.observe().await.fingerprint(), before.fingerprint());
    }
}

#[tokio::test]
async fn a_policy_of_our_name_is_never_written_over_not_even_at_the_last_moment() {
    let Some(place) = Place::new().await else { return };
    let other = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#;
    for (action, target, kind) in ACTIONS {
        let bench = Bench::new(&place, action, &place.sandbox.name(target), "stp_1");
        let before = bench.observe().await;
        let drafted = bench.draft().await;
        let (name, _) = policy(&drafted.calls[0]);
        let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
        place.proxy.reset();
        meddle(&place, kind, &name, Some(other)).await;
        // Before it runs, the engine compares fingerprints: these differ, so no permit is minted.
        assert_ne!(bench.observe().await.fingerprint(), before.fingerprint());
        // And were it changed after that comparison, the executor still looks.
        let end = place.executor.run(permit, &Recorded::default()).await;
        let RunEnd::StoppedAt { index: 0, error } = end else { panic!("{end:?}") };
        assert!(error.message.contains("not overwritten"), "{error:?}");
        assert!(place.proxy.changes().is_empty());
        meddle(&place, kind, &name, None).await;
    }
}

#[tokio::test]
async fn an_undo_leaves_what_somebody_changed() {
    let Some(place) = Place::new().await else { return };
    let other = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}"#;
    for (action, target, kind) in ACTIONS {
        let bench = Bench::new(&place, action, &place.sandbox.name(target), "stp_1");
        let journal = Recorded::default();
        let (drafted, _) = bench.run(&journal).await;
        let (name, ours) = policy(&drafted.calls[0]);
        let sent = journal.accepted();
        let calls = firebreak_core::containment::undo_calls(&sent);
        let permit = bench.permit(Direction::Undo, &calls, &[]).await;
        place.proxy.reset();
        meddle(&place, kind, &name, Some(other)).await;
        let differences = undo_check(&sent, &bench.observe().await).unwrap_err();
        assert!(differences[0].observed.contains("is changed"), "{differences:?}");
        let end = place.executor.run(permit, &Recorded::default()).await;
        let RunEnd::StoppedAt { index: 0, error } = end else { panic!("{end:?}") };
        assert!(error.message.contains("was changed by now"), "{error:?}");
        assert!(place.proxy.changes().is_empty());
        // The same document in another spelling is ours all the same.
        let spaced = ours.replace(',', ", \n");
        meddle(&place, kind, &name, Some(&spaced)).await;
        assert_eq!(undo_check(&sent, &bench.observe().await), Ok(()));
    }
}

#[tokio::test]
async fn our_own_and_what_is_not_there_or_not_ours_is_refused() {
    let Some(place) = Place::new().await else { return };
    let own = place.reader.own_identity().await.unwrap();
    for (action, asset) in [
        (ActionId::IamDenyUser, "arn:aws:iam::123456789012:user/firebreak-operator".to_owned()),
        (ActionId::IamDenyUser, "arn:aws:iam::123456789012:user/firebreak-reader".to_owned()),
        (ActionId::IamRevokeRoleSessions, place.sandbox.name("role.firebreak-containment.arn")),
    ] {
        let bench = Bench::new(&place, action, &asset, "stp_1");
        let Observed::Identity(read) = bench.observe().await else { panic!("no identity") };
        assert!(read.identity.is_among(&own.arns), "{read:?}");
        let refused = bench.drafted().await.unwrap_err();
        assert!(refused.reason.contains("Firebreak's own"), "{refused}");
    }
    for (asset, words) in [
        ("arn:aws:iam::123456789012:user/nobody", "there is no user nobody"),
        ("arn:aws:iam::210987654321:role/web-node", "is not of account"),
        ("arn:aws:iam::123456789012:root", "neither a user nor a role"),
    ] {
        let bench = Bench::new(&place, ActionId::IamDenyUser, asset, "stp_1");
        let error = place.reader.observe(&bench.target).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::NeedsPerson);
        assert!(error.message.contains(words), "{error:?}");
    }
}

#[tokio::test]
async fn a_session_is_read_as_its_role_with_its_path_and_trust() {
    let Some(place) = Place::new().await else { return };
    let session = "arn:aws:sts::123456789012:assumed-role/web-node/i-0c41f0b9";
    let bench = Bench::new(&place, ActionId::IamRevokeRoleSessions, session, "stp_1");
    let Observed::Identity(read) = bench.observe().await else { panic!("no identity") };
    assert_eq!(read.arn, place.sandbox.name("role.web-node.arn"));
    assert_eq!(read.trusted, ["ec2.amazonaws.com"]);
    assert_eq!(read.policies.len(), 2, "{read:?}");
}
