//! What is put off, and what wakes it.

use chrono::Duration;
use firebreak_core::triage::Wish;
use firebreak_core::{Direction, IncidentId, IncidentState, StepState};
use firebreak_engine::EngineError;

use crate::world::{World, me};

async fn ingest(world: &World, line: &str) {
    world.engine.ingest_file("test", line.as_bytes(), &me()).await.unwrap();
}

/// One incident, put off for four hours.
async fn snoozed(world: &World) -> IncidentId {
    ingest(world, "a|medium|new|on-1|10").await;
    let id = world.engine.find_incident("INC-1").await.unwrap();
    world.wish(&id, four_hours(world)).await.unwrap();
    id
}

fn four_hours(world: &World) -> Wish {
    Wish::Snooze { until: world.engine.now() + Duration::hours(4) }
}

async fn state(world: &World, id: &IncidentId) -> IncidentState {
    let stand = world.engine.store().standing(id).await.unwrap().standing;
    assert_eq!(stand.snooze.is_some(), stand.state == IncidentState::Snoozed);
    stand.state
}

async fn last_line(world: &World, id: &IncidentId) -> String {
    let lines = world.engine.store().timeline(id).await.unwrap();
    lines.into_iter().rev().find(|line| line.actor == "firebreak").unwrap().text
}

#[tokio::test]
async fn it_is_no_work_until_its_time_comes_even_in_another_process() {
    let world = World::new().await;
    let id = snoozed(&world).await;
    let counts = world.engine.store().queue_counts().await.unwrap();
    assert_eq!((counts.open, counts.unowned, counts.snoozed, counts.all), (0, 0, 1, 1));
    let until = world.engine.store().queue_row(&id).await.unwrap().snoozed_until;
    assert_eq!(until, Some(world.engine.now() + Duration::hours(4)));
    world.clock.advance(239);
    assert_eq!(world.engine.wake_due().await.unwrap(), 0);
    let world = world.restarted().await;
    world.clock.advance(60 * 24);
    assert_eq!(world.engine.wake_due().await.unwrap(), 1);
    assert_eq!(state(&world, &id).await, IncidentState::New);
    assert_eq!(last_line(&world, &id).await, "snoozed \u{2192} new: its time came");
    assert_eq!(world.engine.store().queue_counts().await.unwrap().open, 1);
    assert_eq!(world.engine.wake_due().await.unwrap(), 0);
    let audit = world.engine.verify_audit().await.unwrap();
    assert!(audit.ok(), "{:?}", audit.verdict.problems);
    let log = world.engine.store().audit_before(None, 5).await.unwrap();
    let said = String::from_utf8_lossy(&log[0].body).into_owned();
    assert!(said.contains("incident_woken"), "{said}");
}

#[tokio::test]
async fn a_clock_that_was_ahead_hides_nothing_for_good() {
    let world = World::new().await;
    world.clock.advance(60 * 24 * 365);
    let id = snoozed(&world).await;
    world.clock.advance(-60 * 24 * 365);
    assert_eq!(world.engine.wake_due().await.unwrap(), 1);
    assert_eq!(state(&world, &id).await, IncidentState::New);
}

#[tokio::test]
async fn news_wakes_it_and_noise_does_not() {
    for (line, wakes) in [
        ("b|low|new|on-1", Some("a new finding joined: crypto miner b")),
        ("a|high|new|on-1|20", Some("a of file:test is worse than before")),
        ("a|high|new|on-1|5", Some("a of file:test is worse than before")),
        ("a|low|new|on-1|20", None),
        ("a|medium|in_progress|on-1|20", None),
        ("a|medium|resolved|on-1|20", None),
        ("a|high|resolved|on-1|20", None),
        ("b|high|resolved|on-1", None),
        ("a|medium|new|on-1|10", None),
        ("b|high|new|on-2", None),
    ] {
        let world = World::new().await;
        let id = snoozed(&world).await;
        ingest(&world, line).await;
        let woken = state(&world, &id).await == IncidentState::New;
        assert_eq!(woken, wakes.is_some(), "{line}");
        if let Some(why) = wakes {
            assert_eq!(last_line(&world, &id).await, format!("snoozed \u{2192} new: {why}"));
            assert!(world.engine.verify_audit().await.unwrap().ok());
        }
    }
}

#[tokio::test]
async fn a_finding_that_is_open_again_wakes_it() {
    let world = World::new().await;
    ingest(&world, "a|medium|new|on-1|10\na|medium|resolved|on-1|11").await;
    let id = world.engine.find_incident("INC-1").await.unwrap();
    world.wish(&id, four_hours(&world)).await.unwrap();
    ingest(&world, "a|medium|new|on-1|12").await;
    assert_eq!(state(&world, &id).await, IncidentState::New);
    assert!(last_line(&world, &id).await.ends_with("a of file:test is open again"));
}

#[tokio::test]
async fn a_snooze_ends_ahead_and_within_thirty_days() {
    let world = World::new().await;
    let id = snoozed(&world).await;
    let now = world.engine.now();
    for bad in [now, now - Duration::hours(1), now + Duration::days(30) + Duration::seconds(1)] {
        let error = world.wish(&id, Wish::Snooze { until: bad }).await.unwrap_err();
        assert!(matches!(error, EngineError::Invalid(_)), "{error}");
    }
    world.wish(&id, Wish::Snooze { until: now + Duration::days(30) }).await.unwrap();
    assert_eq!(world.engine.wake_due().await.unwrap(), 0);
}

#[tokio::test]
async fn waking_and_taking_back_are_the_same_thing() {
    let world = World::new().await;
    let id = snoozed(&world).await;
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(state(&world, &id).await, IncidentState::New);
    world.assign(&id, "ben").await.unwrap();
    world.wish(&id, four_hours(&world)).await.unwrap();
    world.clock.advance(241);
    world.engine.wake_due().await.unwrap();
    // It woke by itself: there is nothing left to take back, and what was done before it can be.
    let report = world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!((report.changed.len(), report.unchanged), (0, 1));
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(world.engine.store().incident(&id).await.unwrap().owner, None);
}

/// Steps of what is put off are neither approved nor run; what they did to others counts.
#[tokio::test]
async fn it_is_woken_before_a_step_of_it_is_run() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    world.wish(&incident, four_hours(&world)).await.unwrap();
    let run = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
    assert!(run.to_string().contains("INC-1 is snoozed; wake it"), "{run}");
    let sign = world.sign(&step, Direction::Execute).await.unwrap_err();
    assert!(matches!(sign, EngineError::Refused(_)), "{sign}");
    assert_eq!(world.cloud.sent(), 0);
    world.wish(&incident, Wish::Wake).await.unwrap();
    assert_eq!(state(&world, &incident).await, IncidentState::Planned);
    let ran = world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    assert_eq!(ran, StepState::Proven);
    let contained = world.wish(&incident, four_hours(&world)).await.unwrap_err();
    assert!(contained.to_string().contains("steps of its plan ran"), "{contained}");
}

#[tokio::test]
async fn what_is_put_off_is_merged_neither_way() {
    let world = World::new().await;
    let id = snoozed(&world).await;
    ingest(&world, "z|low|new|on-2").await;
    let other = world.engine.find_incident("INC-2").await.unwrap();
    for (from, into) in [(&id, &other), (&other, &id)] {
        let error = world.wish(from, Wish::Merge { into: into.clone() }).await.unwrap_err();
        assert!(error.to_string().contains("INC-1 is snoozed; wake it first"), "{error}");
    }
}
