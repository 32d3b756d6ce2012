//! A process that dies leaves an intent without an end. It is shown as unknown, never repeated.

use std::sync::Arc;

use firebreak_core::{Direction, StepId, StepState};

use crate::world::{Fault, World, me};

/// Runs until the cloud hangs, then kills the run as `kill -9` would: nothing after it is written.
async fn die(world: &World, step: &StepId, sent: usize) {
    let engine = Arc::clone(&world.engine);
    let id = step.clone();
    let run = tokio::spawn(async move { engine.run(&id, Direction::Execute, &me()).await });
    loop {
        let intent = world.engine.store().newest_intent(step, Direction::Execute).await.unwrap();
        if intent.is_some() && world.cloud.sent() >= sent {
            break;
        }
        tokio::task::yield_now().await;
    }
    run.abort();
    let _aborted = run.await;
}

#[tokio::test]
async fn killed_while_a_call_was_under_way() {
    for at in [0, 1] {
        let world = World::new().await;
        let (_, step) = world.approved().await;
        *world.cloud.fault.lock().unwrap() = Some(Fault::DieAt(at));
        die(&world, &step, at + 1).await;
        let world = world.restarted().await;
        let recovered = world.engine.recover().await.unwrap();
        assert_eq!(recovered.len(), 1);
        assert!(recovered[0].note.contains("not known"), "{}", recovered[0].note);
        assert_eq!(world.state(&step).await, StepState::Unknown);
        assert!(
            world.engine.run(&step, Direction::Execute, &me()).await.is_err(),
            "never by itself again"
        );
        assert_eq!(world.cloud.sent(), at + 1);

        *world.cloud.fault.lock().unwrap() = None;
        let settled = world.engine.reconcile(&step, &me()).await.unwrap();
        assert_eq!(
            settled,
            if at == 1 { StepState::Proven } else { StepState::Failed },
            "call {at}"
        );
        assert_eq!(world.cloud.sent(), at + 1, "reconciling reads and sends nothing");
        world.sign(&step, Direction::Undo).await.unwrap();
        assert_eq!(
            world.engine.run(&step, Direction::Undo, &me()).await.unwrap(),
            StepState::Undone
        );
    }
}

#[tokio::test]
async fn killed_between_intent_and_first_call() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::DieBefore(0));
    die(&world, &step, 0).await;
    let world = world.restarted().await;
    world.engine.recover().await.unwrap();
    assert_eq!((world.state(&step).await, world.cloud.sent()), (StepState::Failed, 0));
    *world.cloud.fault.lock().unwrap() = None;
    world.engine.propose(&incident, &me()).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_found_out_by_reading() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::LoseAnswerAt(1));
    assert_eq!(
        world.engine.run(&step, Direction::Execute, &me()).await.unwrap(),
        StepState::Unknown
    );
    let refused = world.sign(&step, Direction::Undo).await.unwrap_err();
    assert!(refused.to_string().contains("reconcile"), "{refused}");
    assert_eq!(world.engine.reconcile(&step, &me()).await.unwrap(), StepState::Proven);
    assert_eq!(world.cloud.sent(), 2);
}

#[tokio::test]
async fn what_is_still_changing_stays_unknown_until_it_has_settled() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::LoseAnswerAt(1));
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    for (state, expected) in [("stopping", StepState::Unknown), ("stopped", StepState::Proven)] {
        world.cloud.instance.lock().unwrap().state = state.to_owned();
        assert_eq!(world.engine.reconcile(&step, &me()).await.unwrap(), expected, "{state}");
    }
    assert_eq!(world.cloud.sent(), 2);
}

#[tokio::test]
async fn recovering_twice_says_it_once() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::DieAt(0));
    die(&world, &step, 1).await;
    let world = world.restarted().await;
    assert_eq!(world.engine.recover().await.unwrap().len(), 1);
    assert_eq!(world.engine.recover().await.unwrap().len(), 0);
}
