//! Caps: what runs, in whatever order, stays within them; counted from what the cloud really got.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use firebreak_core::policy::{CapName, Room};
use firebreak_core::{Direction, IncidentId, StepId, StepState};
use firebreak_engine::EngineError;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};
use proptest::prop_assert;
use proptest::test_runner::TestCaseError;

use crate::fleet::{Fault, Fleet};
use crate::world::{World, me};

const CAP: usize = 3;
const TIGHT: &str = "[all]\nhour = 50\n[plan]\nresources = 5\n[account]\nhour = 3\n\
    share_percent = 100\nshare_at_least = 50\nshare_unknown = 50\n[again]\n\
    cool_down_minutes = 5\nruns = 6\n# end\n";

async fn ingest(world: &World, lines: &[String]) {
    world.engine.ingest_file("test", lines.join("\n").as_bytes(), &me()).await.unwrap();
}

/// An incident for each machine, with a plan to stop it.
async fn incidents(world: &World, machines: usize) -> Vec<IncidentId> {
    let lines: Vec<String> =
        (0..machines).map(|number| format!("f-{number}|high|new|on-{number}")).collect();
    ingest(world, &lines).await;
    let mut found = Vec::new();
    for number in 1..=machines {
        let id = world.engine.find_incident(&format!("INC-{number}")).await.unwrap();
        world.engine.propose(&id, &me()).await.unwrap();
        found.push(id);
    }
    found
}

async fn step_of(world: &World, incident: &IncidentId) -> StepId {
    let (_, steps) = world.engine.store().plan(incident).await.unwrap().unwrap();
    steps[0].step.id.clone()
}

/// Signs what is stored, without the sheet, which would show that a cap is full, and runs it.
async fn sign_and_run(world: &World, incident: &IncidentId) -> Result<StepState, EngineError> {
    let id = step_of(world, incident).await;
    let stored = world.engine.store().step(&id).await.unwrap().step;
    let digest = stored.subject().unwrap().digest();
    // Signed already is as good.
    let _signed = world.engine.approve(&id, Direction::Execute, &digest, &me()).await;
    world.engine.run(&id, Direction::Execute, &me()).await
}

fn refused(result: Result<StepState, EngineError>) -> String {
    match result {
        Err(EngineError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn past_the_cap_nothing_runs_and_it_is_said_before_and_after() {
    let world = World::capped(TIGHT).await;
    let fleet = Fleet::over(&world);
    let all = incidents(&world, 4).await;
    for incident in &all[..CAP] {
        assert_eq!(sign_and_run(&world, incident).await.unwrap(), StepState::Proven);
    }
    let last = step_of(&world, &all[CAP]).await;
    let sheet = world.engine.approval_sheet(&last, Direction::Execute, &me()).await.unwrap();
    let why = sheet.blocked.unwrap();
    assert!(why.contains("3 of 3 resources this hour in 123456789012"), "{why}");
    assert!(why.contains("a larger [account] hour in limits.toml"), "{why}");
    let why = refused(sign_and_run(&world, &all[CAP]).await);
    assert!(why.contains("a cap is full: 3 of 3 resources"), "{why}");
    assert_eq!(fleet.changed.lock().unwrap().len(), CAP);
    assert!(world.engine.store().newest_intent(&last, Direction::Execute).await.unwrap().is_none());
    let log = world.engine.store().audit_before(None, 1).await.unwrap();
    assert!(String::from_utf8_lossy(&log[0].body).contains("run_capped"));
    // What ran can be undone all the same, and an hour later there is room.
    let first = step_of(&world, &all[0]).await;
    world.sign(&first, Direction::Undo).await.unwrap();
    let undone = world.engine.run(&first, Direction::Undo, &me()).await.unwrap();
    assert_eq!(undone, StepState::Undone);
    refused(sign_and_run(&world, &all[CAP]).await);
    world.clock.advance(60);
    world.sign(&last, Direction::Execute).await.unwrap();
    assert_eq!(sign_and_run(&world, &all[CAP]).await.unwrap(), StepState::Proven);
}

#[tokio::test]
async fn what_may_have_happened_counts_and_what_was_refused_does_not() {
    let world = World::capped(TIGHT).await;
    let fleet = Fleet::over(&world);
    let all = incidents(&world, 5).await;
    *fleet.fault.lock().unwrap() = Some(Fault::Refuse);
    assert_eq!(sign_and_run(&world, &all[0]).await.unwrap(), StepState::Failed);
    for incident in &all[1..=CAP] {
        *fleet.fault.lock().unwrap() = Some(Fault::LoseAnswer);
        assert_eq!(sign_and_run(&world, incident).await.unwrap(), StepState::Unknown);
    }
    refused(sign_and_run(&world, &all[4]).await);
}

#[tokio::test]
async fn the_same_again_waits_while_what_it_did_holds() {
    let world = World::capped(TIGHT).await;
    let fleet = Fleet::over(&world);
    let all = incidents(&world, 1).await;
    let again = || async {
        // A new plan, as after a finding that fires again.
        let _kept = world.engine.propose(&all[0], &me()).await;
        let id = step_of(&world, &all[0]).await;
        world.engine.room(&world.engine.store().step(&id).await.unwrap().step).await.unwrap()
    };
    let waits = |rooms: &[Room]| rooms.iter().any(|room| room.cap == CapName::CoolDown);
    *fleet.fault.lock().unwrap() = Some(Fault::LoseAnswer);
    assert_eq!(sign_and_run(&world, &all[0]).await.unwrap(), StepState::Unknown);
    assert!(waits(&again().await), "what may have happened");
    let id = step_of(&world, &all[0]).await;
    assert_eq!(world.engine.reconcile(&id, &me()).await.unwrap(), StepState::Proven);
    assert!(waits(&again().await), "what happened");
    undo(&world, &all[0]).await;
    assert!(!waits(&again().await), "what was put back");
    assert_eq!(sign_and_run(&world, &all[0]).await.unwrap(), StepState::Proven);
    world.clock.advance(5);
    assert!(!waits(&again().await), "its time is over");
}

#[tokio::test]
async fn two_runs_at_once_do_not_both_take_the_last_place() {
    let world = World::capped(&TIGHT.replace("hour = 3", "hour = 1")).await;
    let fleet = Fleet::over(&world);
    let all = incidents(&world, 6).await;
    let runs = all.iter().map(|incident| sign_and_run(&world, incident));
    let ended = futures_util::future::join_all(runs).await;
    assert_eq!(ended.iter().filter(|end| end.is_ok()).count(), 1, "{ended:?}");
    assert_eq!(fleet.changed.lock().unwrap().len(), 1);
}

/// A thousand alerts on twenty machines, a hundred at a time; each machine is answered after each.
#[tokio::test]
async fn a_thousand_alerts_stop_no_more_machines_than_the_cap() {
    let world = World::capped(&TIGHT.replace("hour = 3", "hour = 7")).await;
    let fleet = Fleet::over(&world);
    let all = incidents(&world, 20).await;
    for round in 0..10 {
        let lines: Vec<String> =
            (0..100).map(|alert| format!("r-{round}-{alert}|high|new|on-{}", alert % 20)).collect();
        ingest(&world, &lines).await;
        for incident in &all {
            // A plan that has changed something stays.
            let _plan = world.engine.propose(incident, &me()).await;
            let _end = sign_and_run(&world, incident).await;
        }
    }
    let changed = fleet.changed.lock().unwrap();
    let machines: BTreeSet<&String> = changed.iter().map(|(_, id)| id).collect();
    assert_eq!((machines.len(), changed.len()), (7, 7), "each once");
}

#[derive(Debug, Clone)]
enum Event {
    Run(usize),
    Beside(usize, usize),
    Undo(usize),
    Propose(usize),
    Wait(u8),
    Fail(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => (0..6_usize).prop_map(Event::Run),
        2 => (0..6_usize, 0..6_usize).prop_map(|(one, other)| Event::Beside(one, other)),
        2 => (0..6_usize).prop_map(Event::Undo),
        1 => (0..6_usize).prop_map(Event::Propose),
        2 => (0..45_u8).prop_map(Event::Wait),
        1 => Just(Event::Fail(true)),
        1 => Just(Event::Fail(false)),
    ]
}

async fn undo(world: &World, incident: &IncidentId) {
    let step = step_of(world, incident).await;
    if world.sign(&step, Direction::Undo).await.is_ok() {
        let _end = world.engine.run(&step, Direction::Undo, &me()).await;
    }
}

async fn live(events: &[Event]) -> Result<(), TestCaseError> {
    let world = World::capped(TIGHT).await;
    let fleet = Fleet::over(&world);
    let all = incidents(&world, 6).await;
    for event in events {
        match *event {
            Event::Run(one) => drop(sign_and_run(&world, &all[one]).await),
            Event::Beside(one, other) => {
                let (left, right) =
                    (sign_and_run(&world, &all[one]), sign_and_run(&world, &all[other]));
                drop(tokio::join!(left, right));
            }
            Event::Undo(one) => undo(&world, &all[one]).await,
            Event::Propose(one) => drop(world.engine.propose(&all[one], &me()).await),
            Event::Wait(minutes) => world.clock.advance(i64::from(minutes)),
            Event::Fail(lost) => {
                let fault = if lost { Fault::LoseAnswer } else { Fault::Refuse };
                *fleet.fault.lock().unwrap() = Some(fault);
            }
        }
    }
    let changed = fleet.changed.lock().unwrap();
    for (at, _) in changed.iter() {
        let hour = |when: &chrono::DateTime<chrono::Utc>| {
            when <= at && *at - *when < TimeDelta::minutes(60)
        };
        let machines: BTreeSet<&String> =
            changed.iter().filter(|(when, _)| hour(when)).map(|(_, id)| id).collect();
        prop_assert!(machines.len() <= CAP, "{machines:?} in one hour: {changed:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_interleaving_of_plans_exceeds_a_cap(events in prop::collection::vec(event(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&events))?;
    }
}
