//! Answers that overtake each other, and versions that come back.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::FindingStatus;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Cursor, OutsideError, Page, RawAlert};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::ingesting::with_source;
use crate::world::{World, me};

const OLDER: &str = "i-1|high|new|here|2026-11-22T11:00:00Z";
const NEWER: &str = "i-1|high|resolved|here|2026-11-22T11:30:00Z";

/// Its poll was answered with the older version; the answer arrives when the back-fill has ended.
#[derive(Default)]
struct Overtaken {
    asked: Notify,
    filled: Notify,
}

#[async_trait]
impl AlertSource for Overtaken {
    fn name(&self) -> &str {
        "test-source"
    }
    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let line = match cursor {
            Some(_) => NEWER,
            None => {
                self.asked.notify_one();
                self.filled.notified().await;
                OLDER
            }
        };
        let alerts = vec![RawAlert { kind: "issue".into(), body: line.as_bytes().to_vec() }];
        Ok(Page { alerts, cursor: Cursor("1".into()), more: false, seen_until: None })
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
    fn start_at(&self, _: Timestamp) -> Cursor {
        Cursor("0".to_owned())
    }
    async fn neighbours(&self, _: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(Neighbourhood::default())
    }
}

async fn status(world: &World) -> FindingStatus {
    let incident = world.engine.find_incident("INC-1").await.unwrap();
    let findings = world.engine.store().findings(&incident).await.unwrap();
    findings[0].draft.status
}

#[tokio::test]
async fn an_answer_that_was_overtaken_does_not_take_a_finding_back() {
    let world = World::new().await;
    // The finding is known, so that it is in an incident.
    with_source(&world, vec![Ok(vec!["i-1|high|new|here|2026-11-22T10:00:00Z"])]).await;
    let cancel = CancellationToken::new();
    world.engine.poll("test-source", &cancel).await.unwrap();
    let mut write = world.engine.store().write().await.unwrap();
    write.reset_cursor("test-source").await.unwrap();
    write.commit().await.unwrap();
    let source = Arc::new(Overtaken::default());
    world.engine.set_source(source.clone());
    let who = me();
    let fill = async {
        source.asked.notified().await;
        world.engine.backfill("test-source", Some(1), &who, &cancel).await.unwrap();
        source.filled.notify_one();
    };
    let (polled, ()) = tokio::join!(world.engine.poll("test-source", &cancel), fill);
    polled.unwrap();
    // A later poll brings the newer version again, whose bytes are known.
    world.engine.poll("test-source", &cancel).await.unwrap();
    assert_eq!(status(&world).await, FindingStatus::Resolved);
}

#[tokio::test]
async fn what_is_as_it_once_was_is_shown_so() {
    let world = World::new().await;
    let lines = ["i-1|high|new", "i-1|high|resolved", "i-1|high|new"];
    with_source(&world, lines.map(|line| Ok(vec![line])).to_vec()).await;
    let cancel = CancellationToken::new();
    let report = world.engine.poll("test-source", &cancel).await.unwrap();
    assert_eq!((report.ingest.received, report.ingest.repeated), (3, 1));
    assert_eq!(report.ingest.findings, 3, "each of them changed it");
    assert_eq!(status(&world).await, FindingStatus::New);
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn a_copy_that_a_file_or_a_queue_delivers_again_changes_nothing() {
    let world = World::new().await;
    for line in ["i-1|high|new", "i-1|high|resolved", "i-1|high|new"] {
        world.engine.ingest_file("test", line.as_bytes(), &me()).await.unwrap();
    }
    assert_eq!(status(&world).await, FindingStatus::Resolved);
}
