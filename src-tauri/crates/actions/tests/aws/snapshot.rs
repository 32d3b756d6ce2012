//! Securing the disks of an instance.

use firebreak_core::ActionId;
use firebreak_core::containment::{undo_calls, undo_check};
use firebreak_core::plan::Direction;
use firebreak_core::ports::{Executor, RunEnd};
use firebreak_core::proof::{ProofOutcome, judge};

use crate::bench::{Bench, restorable};
use crate::journal::Recorded;
use crate::place::Place;
use crate::proxy::Fault;

fn bench<'a>(place: &'a Place, step: &str) -> Bench<'a> {
    let id = place.sandbox.name("instance.web-7.id");
    Bench::new(place, ActionId::EbsSnapshot, &id, step)
}

#[tokio::test]
async fn a_set_is_proven_once_it_is_copied_and_taken_once() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place, "stp_1");
    let before = bench.instance().await;
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert_eq!(place.proxy.changes(), ["CreateSnapshots"]);
    assert_ne!(judge(&drafted.proof, &bench.observe().await).outcome, ProofOutcome::Refuted);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    let after = bench.instance().await;
    assert_eq!(after.snapshots.len(), before.volumes.len());
    assert_eq!(restorable(after), restorable(before));

    // Another run finds the set; an undo has nothing to put back and deletes no evidence.
    assert!(bench.drafted().await.unwrap_err().reason.contains("already"));
    assert_eq!(undo_check(&journal.accepted(), &bench.observe().await), Ok(()));
    assert_eq!(undo_calls(&journal.accepted()), []);
}

#[tokio::test]
async fn a_refusal_leaves_nothing_and_a_lost_answer_is_found_by_reading() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place, "stp_1");
    place.proxy.break_change(0, Fault::Answer { status: 403, code: "UnauthorizedOperation" });
    let (drafted, end) = bench.run(&Recorded::default()).await;
    assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
    place.proxy.reset();
    bench.expect(&drafted.proof, ProofOutcome::Refuted).await;

    place.proxy.break_change(0, Fault::LoseAnswer);
    let (drafted, end) = bench.run(&Recorded::default()).await;
    assert!(matches!(end, RunEnd::UnknownAt { index: 0, .. }), "{end:?}");
    place.proxy.reset();
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    assert!(bench.drafted().await.is_err());
    assert!(place.proxy.changes().is_empty());
}

#[tokio::test]
async fn the_set_of_another_step_is_not_ours() {
    let Some(place) = Place::new().await else { return };
    let (ours, other) = (bench(&place, "stp_1"), bench(&place, "stp_2"));
    let approved = ours.observe().await.fingerprint();
    assert_eq!(other.run(&Recorded::default()).await.1, RunEnd::AllSent);
    let drafted = ours.draft().await;
    ours.expect(&drafted.proof, ProofOutcome::Refuted).await;
    assert_eq!(ours.observe().await.fingerprint(), approved);

    let permit = ours.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    assert_eq!(place.executor.run(permit, &Recorded::default()).await, RunEnd::AllSent);
    assert_ne!(ours.observe().await.fingerprint(), approved);
}
