//! Every way in which a call can go wrong, at every call.

use firebreak_core::ActionId;
use firebreak_core::containment::undo_calls;
use firebreak_core::plan::Direction;
use firebreak_core::ports::{CallOutcome, Executor, RunEnd, Trouble};
use firebreak_core::proof::ProofOutcome;

use crate::bench::{Bench, restorable};
use crate::journal::Recorded;
use crate::place::Place;
use crate::proxy::Fault;

#[tokio::test]
async fn a_refusal_at_any_call_leaves_the_rest_unsent_and_can_be_undone() {
    let Some(place) = Place::new().await else { return };
    let instance = place.sandbox.name("instance.web-7.id");
    let mut index = 0;
    loop {
        let step = format!("stp_{index}");
        let bench = Bench::new(&place, ActionId::Ec2Isolate, &instance, &step).capacity("reduce");
        let before = bench.instance().await;
        place
            .proxy
            .break_change(index, Fault::Answer { status: 403, code: "UnauthorizedOperation" });
        let journal = Recorded::default();
        let (drafted, end) = bench.run(&journal).await;
        if index == drafted.calls.len() {
            assert_eq!(end, RunEnd::AllSent, "the fault lies behind the last call");
            break;
        }
        let RunEnd::StoppedAt { index: at, error } = end else { panic!("{index}: {end:?}") };
        assert_eq!(at, index);
        assert_eq!(error.trouble, Trouble::NeedsPerson);
        assert!(error.remedy.as_deref().is_some_and(|words| words.contains("allow ")), "{error:?}");
        assert_eq!(
            place.proxy.changes().len(),
            index + 1,
            "nothing after the refusal, nothing twice"
        );
        assert!(matches!(journal.outcome(index), Some(CallOutcome::Rejected { .. })));
        place.proxy.reset();
        let sent = journal.accepted();
        assert_eq!(sent.len(), index);
        if !undo_calls(&sent).is_empty() {
            let (proof, end) = bench.undo(&sent).await;
            assert_eq!(end, RunEnd::AllSent, "undo from {index}");
            bench.expect(&proof, ProofOutcome::Proven).await;
        }
        assert_eq!(restorable(bench.instance().await), restorable(before), "undo from {index}");
        index += 1;
    }
    assert_eq!(index, 11, "the plan is not drawn whole");
}

#[tokio::test]
async fn an_answer_lost_after_the_effect_is_unknown_and_found_by_reading() {
    let Some(place) = Place::new().await else { return };
    let instance = place.sandbox.name("instance.web-7.id");
    let mut index = 0;
    loop {
        let step = format!("stp_{index}");
        let bench = Bench::new(&place, ActionId::Ec2Isolate, &instance, &step).capacity("reduce");
        let before = bench.instance().await;
        place.proxy.break_change(index, Fault::LoseAnswer);
        let journal = Recorded::default();
        let (drafted, end) = bench.run(&journal).await;
        if index == drafted.calls.len() {
            break;
        }
        let RunEnd::UnknownAt { index: at, .. } = end else { panic!("{index}: {end:?}") };
        assert_eq!(at, index);
        assert_eq!(place.proxy.changes().len(), index + 1, "sent once, and nothing after it");
        place.proxy.reset();
        bench.expect(&[drafted.calls[index].effect()], ProofOutcome::Proven).await;
        let sent = journal.possible();
        if !undo_calls(&sent).is_empty() {
            let (proof, end) = bench.undo(&sent).await;
            assert_eq!(end, RunEnd::AllSent, "undo from {index}");
            bench.expect(&proof, ProofOutcome::Proven).await;
        }
        assert_eq!(restorable(bench.instance().await), restorable(before), "undo from {index}");
        index += 1;
    }
    assert_eq!(index, 11, "the plan is not drawn whole");
}

#[tokio::test]
async fn what_may_have_happened_is_told_from_what_did_not() {
    let Some(place) = Place::new().await else { return };
    let answer = |status, code| Fault::Answer { status, code };
    // (fault, whether it may have happened, whether it did)
    let cases = [
        (answer(500, "InternalError"), true, false),
        (answer(503, "ServiceUnavailable"), true, false),
        (answer(503, "Unavailable"), true, false),
        (answer(503, "RequestLimitExceeded"), false, false),
        (answer(400, "Throttling"), false, false),
        (answer(400, "IncorrectInstanceState"), false, false),
        (answer(403, "RequestExpired"), false, false),
        (Fault::Cut, true, false),
        (Fault::Garble, true, true),
    ];
    for (fault, unknown, happens) in cases {
        let bench =
            Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
        place.proxy.break_change(0, fault.clone());
        let (drafted, end) = bench.run(&Recorded::default()).await;
        match end {
            RunEnd::UnknownAt { index: 0, .. } => assert!(unknown, "{fault:?}"),
            RunEnd::StoppedAt { index: 0, .. } => assert!(!unknown, "{fault:?}"),
            other => panic!("{fault:?}: {other:?}"),
        }
        assert_eq!(place.proxy.changes(), ["StopInstances"], "{fault:?}: once");
        place.proxy.reset();
        let shown = if happens { ProofOutcome::Proven } else { ProofOutcome::Refuted };
        bench.expect(&drafted.proof, shown).await;
    }
}

#[tokio::test]
async fn a_rule_that_is_not_there_is_already_so_and_no_success() {
    let Some(place) = Place::new().await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Isolate, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let drafted = bench.draft().await;
    let revoke =
        |call: &firebreak_core::call::Call| call.operation() == "ec2:RevokeSecurityGroupEgress";
    let second = drafted.calls.iter().rposition(revoke).unwrap();
    let fault = Fault::Answer { status: 400, code: "InvalidPermission.NotFound" };
    place.proxy.break_change(second, fault);
    let journal = Recorded::default();
    let (drafted, end) = bench.run(&journal).await;
    assert_eq!(end, RunEnd::AllSent);
    assert!(matches!(journal.outcome(second), Some(CallOutcome::AlreadySo { .. })));
    // The proxy lied: the rule is there. Reading, not the answer, decides.
    bench.expect(&drafted.proof, ProofOutcome::Refuted).await;
}

#[tokio::test]
async fn stopping_what_somebody_stopped_meanwhile_is_already_so() {
    let Some(place) = Place::new().await else { return };
    let id = place.sandbox.name("instance.db-1.id");
    let bench = Bench::new(&place, ActionId::Ec2Stop, &id, "stp_1");
    let drafted = bench.draft().await;
    let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    place.somebody_else().stop_instances().instance_ids(&id).send().await.unwrap();
    let journal = Recorded::default();
    assert_eq!(place.executor.run(permit, &journal).await, RunEnd::AllSent);
    assert!(matches!(journal.outcome(0), Some(CallOutcome::AlreadySo { .. })));
    assert!(journal.accepted().is_empty(), "nothing of ours to undo");
}

#[tokio::test]
async fn a_cloud_that_is_not_there_is_asked_nothing() {
    let Some(mut place) = Place::with(|account, _| account.role_arn = None).await else { return };
    let bench =
        Bench::new(&place, ActionId::Ec2Stop, &place.sandbox.name("instance.db-1.id"), "stp_1");
    let drafted = bench.draft().await;
    let permit = bench.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
    // A port that was free a moment ago: connecting to it is refused.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.account.endpoint = Some(format!("http://{closed}"));
    let clock = std::sync::Arc::new(crate::place::Now);
    let account = place.account.clone();
    let executor =
        firebreak_actions::AwsExecutor::new(account, place.vault.clone(), clock).unwrap();
    let end = executor.run(permit, &Recorded::default()).await;
    let RunEnd::NeverStarted(error) = end else { panic!("{end:?}") };
    assert!(error.message.contains("did not leave"), "{error:?}");
}
