use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::{IncidentState, Severity};
use firebreak_store::SourceRow;
use tokio_util::sync::CancellationToken;

use crate::world::{Pages, World, me};

pub async fn with_source(world: &World, pages: Vec<Result<Vec<&'static str>, OutsideError>>) {
    let mut write = world.engine.store().write().await.unwrap();
    let row = SourceRow {
        name: "test-source".to_owned(),
        vendor: "test".to_owned(),
        api_url: String::new(),
        auth_url: String::new(),
        client_id: String::new(),
        polling: true,
        cursor: None,
        seen_until: None,
        last_success: None,
        problem: None,
        remedy: None,
        needs_person: false,
        failures: 0,
        settings: BTreeMap::new(),
    };
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
    assert_eq!((first.report.findings, first.report.opened.len()), (2, 1));
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
    let refused =
        world.engine.set_state(&id, IncidentState::Contained, "sure", &me()).await.unwrap_err();
    assert!(refused.to_string().contains("can't make it contained"), "{refused}");
    world.engine.set_state(&id, IncidentState::Closed, "", &me()).await.unwrap_err();
    world.engine.set_state(&id, IncidentState::FalsePositive, "a test", &me()).await.unwrap();
}
