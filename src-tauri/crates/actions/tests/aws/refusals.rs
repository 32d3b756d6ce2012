//! Runs that must not start, or must not go on.

use std::sync::Arc;

use firebreak_actions::{AwsAccount, AwsExecutor, KeySource};
use firebreak_core::ActionId;
use firebreak_core::plan::Direction;
use firebreak_core::ports::{Executor, OutsideError, RunEnd, SecretName};

use crate::bench::Bench;
use crate::journal::{Line, Recorded};
use crate::place::{Drawer, Now, Place};

fn never_started(end: RunEnd) -> OutsideError {
    match end {
        RunEnd::NeverStarted(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_journal_that_can_not_be_written_stops_the_run() {
    let Some(place) = Place::new().await else { return };
    let instance = place.sandbox.name("instance.db-1.id");
    let before = Recorded { fail_before: Some(2), ..Recorded::default() };
    let bench = Bench::new(&place, ActionId::Ec2Isolate, &instance, "stp_1");
    let (_, end) = bench.run(&before).await;
    assert!(matches!(end, RunEnd::JournalFailed { index: 2, sent: false, .. }), "{end:?}");
    assert_eq!(place.proxy.changes().len(), 2, "what is not written down is not sent");

    place.proxy.reset();
    let after = Recorded { fail_after: Some(0), ..Recorded::default() };
    let bench = Bench::new(&place, ActionId::Ec2Isolate, &instance, "stp_2");
    let (_, end) = bench.run(&after).await;
    assert!(matches!(end, RunEnd::JournalFailed { index: 0, sent: true, .. }), "{end:?}");
    assert_eq!(place.proxy.changes().len(), 1);
}

#[tokio::test]
async fn a_cancelled_run_stops_between_calls() {
    let Some(place) = Place::new().await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let journal = Recorded { cancel_after: Some(1), ..Recorded::default() };
    let (_, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::CancelledBefore(2));
    assert_eq!(place.proxy.changes().len(), 2);
    assert!(matches!(journal.lines().last(), Some(Line::Answered(1, _))));
}

#[tokio::test]
async fn a_permit_that_is_late_or_for_another_account_asks_the_cloud_nothing() {
    let Some(place) = Place::new().await else { return };
    let mut bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let drafted = bench.draft().await;
    let long_ago = chrono::Utc::now() - chrono::Duration::minutes(30);
    let permit =
        bench.permit_at(Direction::Execute, &drafted.calls, &drafted.proof, long_ago).await;
    place.proxy.reset();
    let error = never_started(place.executor.run(permit, &Recorded::default()).await);
    assert!(error.message.contains("expired"), "{error:?}");
    assert_eq!(place.proxy.requests(), 0);

    bench.target.account = "210987654321".to_owned();
    let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    place.proxy.reset();
    let error = never_started(place.executor.run(permit, &Recorded::default()).await);
    assert!(error.message.contains("for account 210987654321"), "{error:?}");
    assert_eq!(place.proxy.requests(), 0);
}

#[tokio::test]
async fn credentials_of_another_account_are_not_used() {
    let Some(place) =
        Place::with(|account, _| account.account_id = "210987654321".to_owned()).await
    else {
        return;
    };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let drafted = bench.draft().await;
    let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    let error = never_started(place.executor.run(permit, &Recorded::default()).await);
    assert!(error.message.contains("belong to account 123456789012"), "{error:?}");
    assert!(place.proxy.changes().is_empty());
}

#[tokio::test]
async fn a_locked_keychain_and_a_missing_secret_have_their_own_words() {
    let Some(place) = Place::new().await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let drafted = bench.draft().await;
    for (secrets, words) in [
        (Drawer(Default::default()), "The keychain is locked"),
        (Drawer([("other".to_owned(), String::new())].into()), "the keychain has no write"),
    ] {
        let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
        let executor =
            AwsExecutor::new(place.account.clone(), Arc::new(secrets), Arc::new(Now)).unwrap();
        let error = never_started(executor.run(permit, &Recorded::default()).await);
        assert!(error.message.contains(words), "{error:?}");
    }
    assert!(place.proxy.changes().is_empty());
}

#[tokio::test]
async fn a_role_that_does_not_trust_us_is_explained() {
    let Some(place) = Place::with(|account, sandbox| {
        account.role_arn = Some(sandbox.name("role.web-node.arn"));
    })
    .await
    else {
        return;
    };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let (_, end) = bench.run(&Recorded::default()).await;
    let error = never_started(end);
    assert_eq!(error.operation, "sts:AssumeRole");
    assert!(
        error.remedy.as_deref().is_some_and(|words| words.contains("sts:SetSourceIdentity")),
        "{error:?}"
    );
    let lines = place.executor.test().await;
    assert!(lines.iter().any(|line| !line.ok && line.name == "role"), "{lines:?}");
}

#[test]
fn an_account_without_write_credentials_has_no_executor() {
    let secret = SecretName::new("read");
    let account = AwsAccount {
        name: "acme".to_owned(),
        account_id: "123456789012".to_owned(),
        regions: vec!["eu-central-1".to_owned()],
        endpoint: None,
        read: KeySource { key_id: "AKIAEXAMPLE000000001".to_owned(), secret },
        write: None,
        role_arn: None,
        external_id: None,
    };
    let vault = Arc::new(Drawer(Default::default()));
    assert!(AwsExecutor::new(account, vault, Arc::new(Now)).is_err());
}
