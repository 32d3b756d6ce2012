use firebreak_core::plan::Digest;
use firebreak_core::policy::VerdictKind;
use firebreak_core::{Direction, StepState};
use firebreak_engine::EngineError;

use crate::world::{World, me};

#[tokio::test]
async fn phase_one_makes_no_executor_and_denies_every_step() {
    let world = World::with(1, &[("environment", "staging")]).await;
    let (_, step) = world.planned().await;
    assert_eq!(world.engine.executor_count(), 0);
    assert!(world.engine.set_executor("1", world.cloud.clone()).is_err());
    let stored = world.engine.store().step(&step).await.unwrap().step;
    assert_eq!((stored.state, stored.verdict.kind), (StepState::Refused, VerdictKind::Denied));
    assert!(world.sign(&step, Direction::Execute).await.is_err());
    assert!(world.engine.run(&step, Direction::Execute, &me()).await.is_err());
    assert_eq!(world.cloud.sent(), 0);
}

#[tokio::test]
async fn lowering_the_phase_drops_the_executors() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    world.engine.set_phase(1);
    assert_eq!(world.engine.executor_count(), 0);
    let refused = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused}");
    assert_eq!(world.cloud.sent(), 0);
}

#[tokio::test]
async fn nothing_runs_without_an_approval() {
    let world = World::new().await;
    let (_, step) = world.planned().await;
    let refused = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
    assert!(refused.to_string().contains("0 of 1 approvals"), "{refused}");
    assert_eq!((world.cloud.sent(), world.state(&step).await), (0, StepState::Proposed));
}

#[tokio::test]
async fn production_needs_a_second_person_and_one_person_never_counts_twice() {
    let world = World::with(2, &[("environment", "production")]).await;
    let (_, step) = world.planned().await;
    world.sign(&step, Direction::Execute).await.unwrap();
    let again = world.sign(&step, Direction::Execute).await.unwrap_err();
    assert!(again.to_string().contains("signed this already"), "{again}");
    let refused = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
    assert!(refused.to_string().contains("1 of 2 approvals"), "{refused}");
    assert_eq!(world.cloud.sent(), 0);
}

#[tokio::test]
async fn only_the_digest_that_was_shown_can_be_signed() {
    let world = World::new().await;
    let (_, step) = world.planned().await;
    let other = Digest::from_hex(&"ab".repeat(32)).unwrap();
    let refused = world.engine.approve(&step, Direction::Execute, &other, &me()).await.unwrap_err();
    assert!(matches!(refused, EngineError::Drifted(_)), "{refused}");
}

#[tokio::test]
async fn a_target_that_changed_voids_the_approval() {
    for change in ["state", "tag", "group"] {
        let world = World::new().await;
        let (_, step) = world.approved().await;
        {
            let mut instance = world.cloud.instance.lock().unwrap();
            match change {
                "state" => instance.shutdown_behavior = "terminate".to_owned(),
                "tag" => {
                    instance.tags.insert("owner".to_owned(), "somebody else".to_owned());
                }
                _ => instance.scaling.as_mut().unwrap().desired = 9,
            }
        }
        let drifted = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
        assert!(matches!(drifted, EngineError::Drifted(_)), "{change}: {drifted}");
        assert_eq!(
            (world.cloud.sent(), world.state(&step).await),
            (0, StepState::Proposed),
            "{change}"
        );
        // Signing what is there now makes it run.
        world.sign(&step, Direction::Execute).await.unwrap();
        assert_eq!(
            world.engine.run(&step, Direction::Execute, &me()).await.unwrap(),
            StepState::Proven
        );
    }
}

#[tokio::test]
async fn an_approval_expires() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    world.clock.advance(16);
    let refused = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
    assert!(refused.to_string().contains("expired"), "{refused}");
    assert_eq!(world.cloud.sent(), 0);
}

#[tokio::test]
async fn a_locked_keychain_says_so_and_signs_nothing() {
    let world = World::new().await;
    let (_, step) = world.planned().await;
    *world.keys.locked.lock().unwrap() = true;
    let sheet = world.engine.approval_sheet(&step, Direction::Execute, &me()).await.unwrap();
    assert!(sheet.blocked.unwrap().contains("locked"));
    let digest = sheet.subject.digest();
    let error = world.engine.approve(&step, Direction::Execute, &digest, &me()).await.unwrap_err();
    assert!(matches!(error, EngineError::Vault(_)), "{error}");
    *world.keys.locked.lock().unwrap() = false;
    world.sign(&step, Direction::Execute).await.unwrap();
}

#[tokio::test]
async fn a_rejected_step_can_neither_be_signed_nor_run() {
    let world = World::new().await;
    let (_, step) = world.planned().await;
    world.engine.reject(&step, "not this one", &me()).await.unwrap();
    assert!(world.sign(&step, Direction::Execute).await.is_err());
    assert!(world.engine.run(&step, Direction::Execute, &me()).await.is_err());
}
