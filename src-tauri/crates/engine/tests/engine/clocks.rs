//! Clocks run from when an incident began, stop when it is contained or over, and run on when that is
//! taken back.

use chrono::{SubsecRound, TimeDelta};
use firebreak_core::clock::{Goal, Target, median};
use firebreak_core::triage::{Cause, Wish};
use firebreak_core::{IncidentId, IncidentState, Severity};
use firebreak_engine::EngineError;
use firebreak_store::ReachSample;

use crate::world::{World, me};

/// One incident a line, on a machine of its own.
async fn ingest(world: &World, severities: &[&str]) -> Vec<IncidentId> {
    let line = |(at, severity): (usize, &&str)| format!("f{at}|{severity}|new|on-{at}");
    let lines: Vec<String> = severities.iter().enumerate().map(line).collect();
    world.engine.ingest_file("test", lines.join("\n").as_bytes(), &me()).await.unwrap();
    let mut ids = Vec::new();
    for number in 1..=severities.len() {
        ids.push(world.engine.find_incident(&format!("INC-{number}")).await.unwrap());
    }
    ids
}

/// What runs, and for how many minutes from the incident's beginning.
async fn runs(world: &World, id: &IncidentId) -> Option<(Goal, i64)> {
    let row = world.engine.store().queue_row(id).await.unwrap();
    row.clock.map(|clock| (clock.goal, (clock.due - row.opened_at).num_minutes()))
}

#[tokio::test]
async fn a_clock_follows_what_people_do_and_take_back() {
    let world = World::new().await;
    let ids = ingest(&world, &["critical"]).await;
    let id = &ids[0];
    assert_eq!(runs(&world, id).await, Some((Goal::Acknowledge, 15)));
    world.assign(id, "ben").await.unwrap();
    assert_eq!(runs(&world, id).await, Some((Goal::Contain, 60)));
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(runs(&world, id).await, Some((Goal::Acknowledge, 15)));
    world.set_state(id, IncidentState::Closed, "over", None).await.unwrap();
    assert_eq!(runs(&world, id).await, None);
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(runs(&world, id).await, Some((Goal::Acknowledge, 15)));
}

#[tokio::test]
async fn other_targets_set_running_clocks_anew_and_bad_ones_are_refused_by_name() {
    let world = World::new().await;
    let ids = ingest(&world, &["critical", "low"]).await;
    let target =
        |acknowledge, contain| Target { severity: Severity::Critical, acknowledge, contain };
    for (bad, why) in [
        (vec![target(0, 60)], "critical: 0 minutes to acknowledge"),
        (vec![target(90, 60)], "before anybody takes it on"),
        (vec![target(5, 60), target(6, 60)], "critical has two targets"),
    ] {
        let error = world.engine.set_clock_targets(&bad, &me()).await.unwrap_err();
        assert!(matches!(error, EngineError::Invalid(_)), "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(runs(&world, &ids[0]).await, Some((Goal::Acknowledge, 15)));
    let records = world.engine.verify_audit().await.unwrap().verdict.size;
    for _ in 0..2 {
        world.engine.set_clock_targets(&[target(5, 45)], &me()).await.unwrap();
    }
    assert_eq!(runs(&world, &ids[0]).await, Some((Goal::Acknowledge, 5)));
    assert_eq!(runs(&world, &ids[1]).await, Some((Goal::Acknowledge, 1_440)));
    world.assign(&ids[0], "ben").await.unwrap();
    assert_eq!(runs(&world, &ids[0]).await, Some((Goal::Contain, 45)));
    let audit = world.engine.verify_audit().await.unwrap();
    // What is as it was is not written down.
    assert_eq!((audit.ok(), audit.verdict.size), (true, records + 2));
}

#[tokio::test]
async fn medians_are_of_what_was_real() {
    let world = World::new().await;
    let ids = ingest(&world, &["critical", "high", "low", "low"]).await;
    let began = world.engine.store().queue_row(&ids[0]).await.unwrap().opened_at;
    let since = world.engine.now();
    let mut expected = Vec::new();
    for (id, minutes) in ids.iter().zip([10, 20, 30, 40]) {
        world.clock.advance(minutes);
        expected.push((world.engine.now() - began).num_seconds());
        world.assign(id, "ben").await.unwrap();
    }
    let (reason, cause) = ("a drill".to_owned(), Some(Cause::Test));
    let nothing = Wish::Move { to: IncidentState::FalsePositive, reason, cause };
    world.wish(&ids[3], nothing).await.unwrap();
    world.wish(&ids[2], Wish::Merge { into: ids[1].clone() }).await.unwrap();
    let times = world.engine.store().times(since).await.unwrap();
    assert_eq!(median(times.to_acknowledge), Some(expected[0]));
    // Closed is not contained.
    world.set_state(&ids[0], IncidentState::Closed, "over", None).await.unwrap();
    assert!(world.engine.store().times(since).await.unwrap().to_contain.is_empty());
    assert_eq!(world.engine.store().ended_since(since).await.unwrap(), (0, 2));
    let late = world.engine.now() + TimeDelta::seconds(1);
    assert_eq!(world.engine.store().ended_since(late).await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_reach_is_noted_when_it_changes() {
    let world = World::new().await;
    let note = async |assets| {
        let at = world.engine.now();
        let sample = ReachSample { at, assets, jewels: 1, compromised: 2, contained: 0 };
        world.engine.note_reach(sample).await.unwrap();
        world.clock.advance(10);
    };
    let first = world.engine.now();
    for assets in [7, 7, 7, 4, 7] {
        note(assets).await;
    }
    let samples = world.engine.store().reach_samples(first).await.unwrap();
    assert_eq!(samples.iter().map(|sample| sample.assets).collect::<Vec<_>>(), [7, 4, 7]);
    // Asked from a time between two, the first says how it was by then.
    let between = first + TimeDelta::minutes(25);
    let samples = world.engine.store().reach_samples(between).await.unwrap();
    assert_eq!(samples.iter().map(|sample| sample.assets).collect::<Vec<_>>(), [7, 4, 7]);
    assert_eq!(samples[0].at, first.trunc_subsecs(0), "to the minute");
}
