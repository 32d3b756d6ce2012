//! Taking an instance's role away and giving it back.

use firebreak_core::ActionId;
use firebreak_core::containment::{undo_calls, undo_check};
use firebreak_core::plan::Direction;
use firebreak_core::ports::{Executor, RunEnd};
use firebreak_core::proof::ProofOutcome;

use crate::bench::Bench;
use crate::journal::Recorded;
use crate::place::Place;
use crate::proxy::Fault;

fn bench(place: &Place) -> Bench<'_> {
    let id = place.sandbox.name("instance.web-7.id");
    Bench::new(place, ActionId::IamDetachInstanceProfile, &id, "stp_1")
}

#[tokio::test]
async fn taking_the_role_is_proven_and_undone() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place);
    let before = bench.instance().await;
    assert_eq!(before.profile_arn, Some(place.sandbox.name("profile.web-node.arn")));
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert_eq!(place.proxy.changes(), ["DisassociateIamInstanceProfile"]);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    assert_eq!(bench.instance().await.profile_arn, None);
    let assumed = place.proxy.last("AssumeRole").unwrap();
    assert!(!assumed.contains("PassRole"), "{assumed}");

    let (proof, end) = bench.undo(&journal.accepted()).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&proof, ProofOutcome::Proven).await;
    assert!(place.proxy.last("AssumeRole").unwrap().contains("iam%3APassRole"));
    assert_eq!(bench.instance().await, before);
}

#[tokio::test]
async fn a_refusal_and_a_lost_answer_at_either_call() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place);
    let before = bench.instance().await;
    let refuse = Fault::Answer { status: 403, code: "UnauthorizedOperation" };
    place.proxy.break_change(0, refuse.clone());
    let (_, end) = bench.run(&Recorded::default()).await;
    assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
    place.proxy.reset();
    assert_eq!(bench.instance().await, before);

    place.proxy.break_change(0, Fault::LoseAnswer);
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert!(matches!(end, RunEnd::UnknownAt { index: 0, .. }), "{end:?}");
    place.proxy.break_change(0, refuse);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    let (proof, end) = bench.undo(&journal.possible()).await;
    assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
    place.proxy.break_change(0, Fault::LoseAnswer);
    let (_, end) = bench.undo(&journal.possible()).await;
    assert!(matches!(end, RunEnd::UnknownAt { index: 0, .. }), "{end:?}");
    place.proxy.reset();
    bench.expect(&proof, ProofOutcome::Proven).await;
    assert_eq!(bench.instance().await, before);
}

#[tokio::test]
async fn what_somebody_took_or_gave_meanwhile_stays() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place);
    let before = bench.observe().await.fingerprint();
    let drafted = bench.draft().await;
    let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    let other = bench.run(&Recorded::default()).await;
    assert_eq!(other.1, RunEnd::AllSent);
    place.proxy.reset();
    assert_ne!(bench.observe().await.fingerprint(), before);
    let end = place.executor.run(permit, &Recorded::default()).await;
    let RunEnd::StoppedAt { index: 0, error } = end else { panic!("{end:?}") };
    assert!(error.message.contains("any more"), "{error:?}");

    // Somebody gives the role back: there is nothing left to undo, and nothing is sent over it.
    let undo = undo_calls(&drafted.calls);
    let permit = bench.permit(Direction::Undo, &undo, &[]).await;
    assert_eq!(bench.undo(&drafted.calls).await.1, RunEnd::AllSent);
    assert!(undo_check(&drafted.calls, &bench.observe().await).is_err());
    let end = place.executor.run(permit, &Recorded::default()).await;
    assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
    assert_eq!(bench.observe().await.fingerprint(), before);
}
