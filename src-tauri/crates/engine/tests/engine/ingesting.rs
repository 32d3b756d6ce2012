use std::sync::{Arc, Mutex};

use firebreak_core::finding::FindingStatus;
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::triage::Cause;
use firebreak_core::{IncidentState, Severity};
use firebreak_store::SourceRow;
use tokio_util::sync::CancellationToken;

use crate::world::{Pages, World, me};

pub async fn with_source(world: &World, pages: Vec<Result<Vec<&'static str>, OutsideError>>) {
    let mut write = world.engine.store().write().await.unwrap();
    let row = SourceRow::new("test-source", "test");
    write.add_source(&row).await.unwrap();
    write.commit().await.unwrap();
    world.engine.set_source(Arc::new(Pages { pages: Mutex::new(pages) }));
}

#[tokio::test]
async fn what_an_alert_is_about_may_come_later() {
    let world = World::new().await;
    for (line, known) in [("i-1|high|new|nowhere", false), ("i-1|high|new", true)] {
        world.engine.ingest_file("test", line.as_bytes(), &me()).await.unwrap();
        let incident = world.engine.find_incident("INC-1").await.unwrap();
        let incident = world.engine.store().incident(&incident).await.unwrap();
        assert_eq!(incident.asset.is_some(), known, "{line}");
    }
}

#[tokio::test]
async fn delivered_again_nothing_changes() {
    let world = World::new().await;
    let first =
        world.engine.ingest_file("test", b"i-1|high|new\ni-2|low|new", &me()).await.unwrap();
    assert_eq!((first.report.findings, first.report.opened), (2, 1));
    let records = world.engine.store().audit_size().await.unwrap();
    let again =
        world.engine.ingest_file("test", b"i-1|high|new\ni-2|low|new", &me()).await.unwrap();
    assert_eq!((again.report.repeated, again.report.findings), (2, 0));
    assert_eq!(world.engine.store().audit_size().await.unwrap(), records);
}

#[tokio::test]
async fn severity_rises_and_is_never_lowered_by_a_later_alert() {
    let world = World::new().await;
    world.engine.ingest_file("test", b"i-1|high|new", &me()).await.unwrap();
    let id = world.engine.find_incident("INC-1").await.unwrap();
    world.engine.ingest_file("test", b"i-1|critical|new", &me()).await.unwrap();
    assert_eq!(world.engine.store().incident(&id).await.unwrap().severity, Severity::Critical);
    world.engine.ingest_file("test", b"i-1|low|resolved", &me()).await.unwrap();
    let incident = world.engine.store().incident(&id).await.unwrap();
    assert_eq!((incident.severity, incident.state), (Severity::Critical, IncidentState::New));
}

#[tokio::test]
async fn an_older_version_that_comes_late_changes_nothing_but_what_it_adds() {
    let world = World::new().await;
    world.engine.ingest_file("test", b"i-1|low|in_progress||9", &me()).await.unwrap();
    let late = world.engine.ingest_file("test", b"i-1|high|new||3", &me()).await.unwrap();
    assert_eq!((late.report.received, late.report.findings), (1, 0));
    let id = world.engine.find_incident("INC-1").await.unwrap();
    let finding = world.engine.store().findings(&id).await.unwrap().remove(0);
    assert_eq!(finding.draft.status, FindingStatus::InProgress, "the newer word stands");
    let incident = world.engine.store().incident(&id).await.unwrap();
    assert_eq!(incident.severity, Severity::High, "it was that bad once");
    assert_eq!(world.engine.store().alert_counts("file:test").await.unwrap(), (2, 0));
    let lines = world.engine.store().timeline(&id).await.unwrap();
    assert!(!lines.iter().any(|line| line.text.contains("is now new")), "{lines:?}");
}

#[tokio::test]
async fn an_incident_is_the_same_whatever_came_first() {
    let alerts = ["i-3|high|new", "i-1|high|new", "i-2|low|new||4", "i-2|critical|new||2"];
    let mut seen = Vec::new();
    for turn in 0..alerts.len() {
        for one_by_one in [true, false] {
            let world = World::new().await;
            let mut order = alerts;
            order.rotate_left(turn);
            let batch =
                if one_by_one { order.map(str::to_owned).to_vec() } else { vec![order.join("\n")] };
            for lines in batch {
                world.engine.ingest_file("test", lines.as_bytes(), &me()).await.unwrap();
            }
            let id = world.engine.find_incident("INC-1").await.unwrap();
            let incident = world.engine.store().incident(&id).await.unwrap();
            assert!(world.engine.find_incident("INC-2").await.is_err(), "one incident: {order:?}");
            assert_eq!(incident.findings.len(), 3, "{order:?}");
            seen.push((incident.title, incident.severity, incident.asset, incident.opened_at));
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].0, "crypto miner i-2", "named after the worst it ever was");
}

#[tokio::test]
async fn a_large_batch_is_taken_in_whole_and_once() {
    let world = World::new().await;
    let line = |index: usize| format!("i-{index}|high|new||{}\n", index % 60);
    let mut lines: String = (0..2_345).map(line).collect();
    lines.extend((0..10).map(line));
    lines.truncate(lines.len() - 1);
    let taken = world.engine.ingest_file("test", lines.as_bytes(), &me()).await.unwrap();
    assert_eq!((taken.report.received, taken.report.repeated), (2_355, 10));
    assert_eq!((taken.report.findings, taken.report.opened), (2_345, 1));
    let id = world.engine.find_incident("INC-1").await.unwrap();
    let incident = world.engine.store().incident(&id).await.unwrap();
    assert_eq!(incident.findings.len(), 2_345);
    assert_eq!(world.engine.store().evidence(&id).await.unwrap().len(), 2_345);
    assert_eq!(world.engine.store().alert_counts("file:test").await.unwrap(), (2_345, 0));
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn what_is_no_alert_is_said_and_the_rest_is_taken() {
    let world = World::new().await;
    let taken = world.engine.ingest_file("test", b"nonsense\ni-1|high|new", &me()).await.unwrap();
    assert_eq!((taken.problems.len(), taken.report.findings), (1, 1));
    let unknown = world.engine.ingest_file("other", b"", &me()).await.unwrap_err();
    assert!(unknown.to_string().contains("known: test"), "{unknown}");
}

#[tokio::test]
async fn a_failure_between_pages_loses_nothing_and_repeats_nothing() {
    let world = World::new().await;
    let cut = OutsideError::new("poll", Trouble::Passing, "cut");
    with_source(&world, vec![Ok(vec!["i-1|high|new"]), Err(cut), Ok(vec!["i-3|low|new"])]).await;
    let cancel = CancellationToken::new();
    world.engine.poll("test-source", &cancel).await.unwrap_err();
    let row = world.engine.store().source("test-source").await.unwrap();
    assert_eq!(row.cursor.unwrap().0, "1", "the cursor stands after the page that was stored");
    assert!(row.problem.unwrap().contains("cut"));
    let world = world.restarted().await;
    world.engine.set_source(Arc::new(Pages {
        pages: Mutex::new(vec![Ok(vec![]), Ok(vec!["i-2|low|new"]), Ok(vec!["i-3|low|new"])]),
    }));
    let report = world.engine.poll("test-source", &cancel).await.unwrap();
    assert_eq!((report.pages, report.ingest.findings, report.ingest.repeated), (2, 2, 0));
    assert!(world.engine.store().source("test-source").await.unwrap().problem.is_none());
    assert_eq!(world.engine.store().alert_counts("test-source").await.unwrap(), (3, 0));
}

#[tokio::test]
async fn an_alert_that_is_not_understood_is_kept_verbatim_and_passed() {
    let world = World::new().await;
    with_source(&world, vec![Ok(vec!["???"])]).await;
    let report = world.engine.poll("test-source", &CancellationToken::new()).await.unwrap();
    assert_eq!(report.ingest.unread, 1);
    assert_eq!(world.engine.store().alert_counts("test-source").await.unwrap(), (1, 1));
}

#[tokio::test]
async fn a_person_can_close_but_not_declare_contained() {
    let world = World::new().await;
    let (id, _) = world.planned().await;
    let refused = world.set_state(&id, IncidentState::Contained, "sure", None).await.unwrap_err();
    assert!(refused.to_string().contains("can't make it contained"), "{refused}");
    world.set_state(&id, IncidentState::Closed, "", None).await.unwrap_err();
    let over = IncidentState::FalsePositive;
    let uncaused = world.set_state(&id, over, "a test", None).await.unwrap_err();
    assert!(uncaused.to_string().contains("needs its cause"), "{uncaused}");
    world.set_state(&id, over, "a test", Some(Cause::Test)).await.unwrap();
}
