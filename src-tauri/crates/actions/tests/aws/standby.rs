//! Out of service and back.

use firebreak_core::ActionId;
use firebreak_core::plan::Direction;
use firebreak_core::ports::{Executor, RunEnd};
use firebreak_core::proof::ProofOutcome;

use crate::bench::{Bench, restorable};
use crate::journal::Recorded;
use crate::place::Place;
use crate::proxy::Fault;

fn bench(place: &Place) -> Bench<'_> {
    let id = place.sandbox.name("instance.web-7.id");
    Bench::new(place, ActionId::AsgStandby, &id, "stp_1")
}

fn lifecycle(instance: &firebreak_core::observed::Instance) -> &str {
    instance.scaling.as_ref().map_or("none", |scaling| &scaling.lifecycle)
}

#[tokio::test]
async fn standby_is_proven_and_undone() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place).capacity("reduce");
    let before = bench.instance().await;
    assert_eq!(lifecycle(&before), "InService");
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert_eq!(place.proxy.changes(), ["EnterStandby"]);
    bench.expect(&drafted.proof, ProofOutcome::Proven).await;
    assert_eq!(lifecycle(&bench.instance().await), "Standby");
    assert!(bench.drafted().await.unwrap_err().reason.contains("already"));

    let (proof, end) = bench.undo(&journal.accepted()).await;
    assert_eq!(end, RunEnd::AllSent);
    bench.expect(&proof, ProofOutcome::Proven).await;
    assert_eq!(bench.instance().await, before, "the desired capacity too");
}

#[tokio::test]
async fn a_refusal_and_a_lost_answer_at_either_call() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place);
    let before = bench.instance().await;
    let refuse = Fault::Answer { status: 400, code: "ValidationError" };
    place.proxy.break_change(0, refuse.clone());
    let (drafted, end) = bench.run(&Recorded::default()).await;
    assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
    place.proxy.reset();
    bench.expect(&drafted.proof, ProofOutcome::Refuted).await;
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
    assert_eq!(restorable(bench.instance().await), restorable(before));
}

#[tokio::test]
async fn what_left_service_since_is_not_taken_out_again() {
    let Some(place) = Place::new().await else { return };
    let bench = bench(&place);
    let approved = bench.observe().await.fingerprint();
    let drafted = bench.draft().await;
    let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    assert_eq!(bench.run(&Recorded::default()).await.1, RunEnd::AllSent);
    assert_ne!(bench.observe().await.fingerprint(), approved);
    place.proxy.reset();
    let end = place.executor.run(permit, &Recorded::default()).await;
    assert!(matches!(end, RunEnd::StoppedAt { index: 0, .. }), "{end:?}");
}
