//! Change freezes: nothing is sent in one, whenever it began; what was done can be undone in one.

use std::collections::BTreeSet;

use chrono::{TimeZone, Utc};
use firebreak_core::policy::VerdictKind;
use firebreak_core::{Direction, StepId, StepState};
use firebreak_engine::EngineError;

use crate::world::{World, me};

/// Five minutes after a world begins, for an hour.
const SOON: &str = "[[window]]\nid = \"soon\"\ntitle = \"Soon\"\nreason = \"a release\"\n\
    from = 2026-11-22T12:05:00Z\nuntil = 2026-11-22T13:05:00Z\n# end\n";

fn refused(result: Result<StepState, EngineError>) -> String {
    match result {
        Err(EngineError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn newest(world: &World) -> String {
    let rows = world.engine.store().audit_before(None, 1).await.unwrap();
    String::from_utf8_lossy(&rows[0].body).into_owned()
}

async fn run(world: &World, step: &StepId) -> Result<StepState, EngineError> {
    world.engine.run(step, Direction::Execute, &me()).await
}

#[tokio::test]
async fn a_freeze_that_began_after_approval_stops_the_run_and_no_call_is_sent() {
    let world = World::frozen(SOON).await;
    let (incident, step) = world.approved().await;
    world.clock.advance(5);
    let why = refused(run(&world, &step).await);
    assert!(
        why.contains("soon: change freeze \"Soon\" until 2026-11-22 13:05 UTC (a release)"),
        "{why}"
    );
    assert_eq!(world.cloud.sent(), 0);
    assert!(world.engine.store().newest_intent(&step, Direction::Execute).await.unwrap().is_none());
    assert_eq!(world.state(&step).await, StepState::Approved, "it waits");
    let record = newest(&world).await;
    assert!(record.contains("run_frozen") && record.contains("13:05 UTC"), "{record}");
    let told = world.engine.store().timeline(&incident).await.unwrap();
    assert!(told.iter().any(|entry| entry.text.contains("was not run, a change freeze")));
}

#[tokio::test]
async fn it_is_denied_before_anybody_signs_and_free_when_it_ends() {
    let world = World::frozen(SOON).await;
    let (_, step) = world.planned().await;
    world.clock.advance(10);
    let stored = world.engine.store().step(&step).await.unwrap().step;
    assert_eq!(world.engine.frozen(&stored).await.unwrap()[0].id, "soon");
    let sheet = world.engine.approval_sheet(&step, Direction::Execute, &me()).await.unwrap();
    assert_eq!(sheet.verdict.kind, VerdictKind::Denied);
    assert_eq!(sheet.verdict.rules[0].id, "freeze:soon");
    let blocked = sheet.blocked.unwrap();
    assert!(
        blocked.contains("until 2026-11-22 13:05 UTC") && blocked.contains("wait"),
        "{blocked}"
    );
    let digest = sheet.subject.digest();
    let signed = world.engine.approve(&step, Direction::Execute, &digest, &me()).await;
    assert!(matches!(signed, Err(EngineError::Refused(_))), "{signed:?}");
    // Nothing of the freeze is kept with the step.
    world.clock.advance(55);
    world.sign(&step, Direction::Execute).await.unwrap();
    assert_eq!(run(&world, &step).await.unwrap(), StepState::Proven);
}

#[tokio::test]
async fn undoing_in_a_freeze_works() {
    let world = World::frozen(SOON).await;
    let (_, step) = world.approved().await;
    assert_eq!(run(&world, &step).await.unwrap(), StepState::Proven);
    world.clock.advance(5);
    world.sign(&step, Direction::Undo).await.unwrap();
    let undone = world.engine.run(&step, Direction::Undo, &me()).await.unwrap();
    assert_eq!(undone, StepState::Undone);
}

#[tokio::test]
async fn what_a_freeze_lets_through_runs_after_two_signatures() {
    let except = SOON.replace("# end", "except = { severity = \"critical\" }\n# end");
    let world = World::frozen(&except).await;
    let (_, step) = world.planned().await;
    world.clock.advance(5);
    let sheet = world.engine.approval_sheet(&step, Direction::Execute, &me()).await.unwrap();
    assert_eq!(sheet.verdict.kind, VerdictKind::NeedsApproval(2));
    world.sign(&step, Direction::Execute).await.unwrap();
    let why = refused(run(&world, &step).await);
    assert!(why.contains("1 of 2 approvals"), "{why}");
    assert_eq!(world.cloud.sent(), 0);
}

#[tokio::test]
async fn one_signature_is_not_enough_where_the_exception_began_after_it() {
    let except = SOON.replace("# end", "except = { severity = \"critical\" }\n# end");
    let world = World::frozen(&except).await;
    let (_, step) = world.approved().await;
    world.clock.advance(5);
    let why = refused(run(&world, &step).await);
    assert!(why.contains("1 of 2 approvals"), "{why}");
    assert_eq!(world.cloud.sent(), 0);
}

/// Wherever in a run the freeze begins: what was sent has an intent from before it.
#[tokio::test]
async fn a_freeze_may_begin_between_any_two_looks_at_the_clock() {
    let begins = Utc.with_ymd_and_hms(2026, 11, 22, 12, 5, 0).unwrap();
    let mut ends = BTreeSet::new();
    for looks in 0..12 {
        let world = World::frozen(SOON).await;
        let (_, step) = world.approved().await;
        world.clock.advance_after(looks, 5);
        let end = run(&world, &step).await;
        let intent = world.engine.store().newest_intent(&step, Direction::Execute).await.unwrap();
        match intent {
            Some(intent) => assert!(intent.started_at < begins, "{looks}: {intent:?}"),
            None => {
                assert!(refused(end).contains("change freeze \"Soon\""), "{looks}");
                assert_eq!(world.cloud.sent(), 0, "{looks}");
                assert!(newest(&world).await.contains("run_frozen"), "{looks}");
            }
        }
        ends.insert(world.cloud.sent() > 0);
    }
    assert_eq!(ends.len(), 2, "some began in time");
}
