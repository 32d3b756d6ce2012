use firebreak_core::{Direction, IncidentState, StepState};
use firebreak_engine::EngineError;

use crate::world::{Fault, World, me};

#[tokio::test]
async fn run_prove_undo_leaves_the_cloud_as_it_was() {
    let world = World::new().await;
    let before = world.cloud.instance.lock().unwrap().clone();
    let (incident, step) = world.approved().await;
    assert_eq!(
        world.engine.run(&step, Direction::Execute, &me()).await.unwrap(),
        StepState::Proven
    );
    assert_eq!(
        world.engine.store().incident(&incident).await.unwrap().state,
        IncidentState::Contained
    );
    assert_eq!(world.cloud.instance.lock().unwrap().state, "stopped");
    let unsigned = world.engine.run(&step, Direction::Undo, &me()).await.unwrap_err();
    assert!(matches!(unsigned, EngineError::Refused(_)), "an undo is approved too: {unsigned}");
    world.sign(&step, Direction::Undo).await.unwrap();
    assert_eq!(world.engine.run(&step, Direction::Undo, &me()).await.unwrap(), StepState::Undone);
    assert_eq!(*world.cloud.instance.lock().unwrap(), before);
    assert_eq!(
        world.engine.store().incident(&incident).await.unwrap().state,
        IncidentState::Triaged
    );
}

#[tokio::test]
async fn one_approval_is_good_for_one_run() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    let sent = world.cloud.sent();
    assert!(world.engine.run(&step, Direction::Execute, &me()).await.is_err());
    assert_eq!(world.cloud.sent(), sent);
}

#[tokio::test]
async fn two_runs_at_once_have_one_winner() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    let me = me();
    let (left, right) = tokio::join!(
        world.engine.run(&step, Direction::Execute, &me),
        world.engine.run(&step, Direction::Execute, &me)
    );
    assert_eq!(usize::from(left.is_ok()) + usize::from(right.is_ok()), 1, "{left:?} {right:?}");
    assert_eq!(world.cloud.sent(), 2, "two calls, each once");
}

#[tokio::test]
async fn a_refused_call_stops_the_rest_and_is_no_success() {
    for (at, undoable) in [(0, false), (1, true)] {
        let world = World::new().await;
        let before = world.cloud.instance.lock().unwrap().clone();
        let (_, step) = world.approved().await;
        *world.cloud.fault.lock().unwrap() = Some(Fault::RefuseAt(at));
        assert_eq!(
            world.engine.run(&step, Direction::Execute, &me()).await.unwrap(),
            StepState::Failed
        );
        assert_eq!(world.cloud.sent(), at + 1);
        *world.cloud.fault.lock().unwrap() = None;
        let signed = world.sign(&step, Direction::Undo).await;
        assert_eq!(signed.is_ok(), undoable, "call {at}: {signed:?}");
        if undoable {
            assert_eq!(
                world.engine.run(&step, Direction::Undo, &me()).await.unwrap(),
                StepState::Undone
            );
        }
        assert_eq!(*world.cloud.instance.lock().unwrap(), before);
    }
}

#[tokio::test]
async fn accepted_is_not_proven() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::Lie);
    assert_eq!(
        world.engine.run(&step, Direction::Execute, &me()).await.unwrap(),
        StepState::Refuted
    );
    let state = world.engine.store().incident(&incident).await.unwrap().state;
    assert_eq!(state, IncidentState::Containing);
}

#[tokio::test]
async fn undo_refuses_what_somebody_else_changed_since() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    world.cloud.instance.lock().unwrap().state = "running".to_owned();
    let sent = world.cloud.sent();
    let drifted = world.sign(&step, Direction::Undo).await.unwrap_err();
    assert!(drifted.to_string().contains("the instance is running"), "{drifted}");
    assert_eq!(world.cloud.sent(), sent);
}

#[tokio::test]
async fn a_plan_that_changed_something_is_not_replaced() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    let refused = world.engine.propose(&incident, &me()).await.unwrap_err();
    assert!(refused.to_string().contains("undo it before"), "{refused}");
}

#[tokio::test]
async fn an_undo_that_stopped_halfway_goes_on_where_it_stopped() {
    let world = World::new().await;
    let before = world.cloud.instance.lock().unwrap().clone();
    let (_, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    for _ in 0..2 {
        // The second call of the undo is refused; the first, starting the instance, is done once.
        *world.cloud.fault.lock().unwrap() = Some(Fault::RefuseAt(1));
        world.sign(&step, Direction::Undo).await.unwrap();
        let state = world.engine.run(&step, Direction::Undo, &me()).await.unwrap();
        if state == StepState::Undone {
            break;
        }
        assert_eq!(state, StepState::Failed);
    }
    assert_eq!(world.state(&step).await, StepState::Undone);
    assert_eq!(*world.cloud.instance.lock().unwrap(), before);
}
