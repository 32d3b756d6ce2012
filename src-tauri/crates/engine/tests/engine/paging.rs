//! The next page is asked for while one is being stored.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Cursor, OutsideError, Page, RawAlert};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::ingesting::with_source;
use crate::world::World;

const PAGES: usize = 3;

/// Pages of one alert each.
#[derive(Default)]
struct Numbered {
    listens: bool,
    asked: Mutex<Vec<usize>>,
    second_asked: Notify,
    stored: Mutex<Vec<usize>>,
}

#[async_trait]
impl AlertSource for Numbered {
    fn name(&self) -> &str {
        "test-source"
    }
    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let at: usize = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        let mut asked = self.asked.lock().unwrap();
        asked.push(at);
        if asked.len() == 2 {
            self.second_asked.notify_one();
        }
        let alerts =
            vec![RawAlert { kind: "issue".into(), body: format!("i-{at}|high|new").into() }];
        let cursor = Cursor((at + 1).to_string());
        Ok(Page { alerts, cursor, more: at + 1 < PAGES, seen_until: None })
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
    fn start_at(&self, _: Timestamp) -> Cursor {
        Cursor("0".to_owned())
    }
    async fn stored(&self, _: &Cursor) -> Result<(), OutsideError> {
        let asked = self.asked.lock().unwrap().len();
        self.stored.lock().unwrap().push(asked);
        Ok(())
    }
    fn listens(&self) -> bool {
        self.listens
    }
    async fn neighbours(&self, _: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(Neighbourhood::default())
    }
}

async fn world_with(source: &Arc<Numbered>) -> World {
    let world = World::new().await;
    with_source(&world, Vec::new()).await;
    world.engine.set_source(source.clone());
    world
}

async fn stored(world: &World) -> u32 {
    world.engine.store().alert_counts("test-source").await.unwrap().0
}

#[tokio::test]
async fn the_next_page_is_asked_for_while_the_disk_is_busy() {
    let source = Arc::new(Numbered::default());
    let world = world_with(&source).await;
    let busy = world.engine.store().write().await.unwrap();
    let cancel = CancellationToken::new();
    let asked = async {
        source.second_asked.notified().await;
        assert_eq!(stored(&world).await, 0);
        drop(busy);
    };
    let (polled, ()) = tokio::join!(world.engine.poll("test-source", &cancel), asked);
    assert_eq!(polled.unwrap().pages, 3);
    assert_eq!(stored(&world).await, 3);
}

#[tokio::test]
async fn a_reset_while_pages_are_under_way_stands() {
    let source = Arc::new(Numbered::default());
    let world = world_with(&source).await;
    let second = Cursor("1".to_owned());
    let mut write = world.engine.store().write().await.unwrap();
    write.move_cursor("test-source", (None, &second), None, Timestamp::UNIX_EPOCH).await.unwrap();
    write.commit().await.unwrap();
    let mut busy = world.engine.store().write().await.unwrap();
    let cancel = CancellationToken::new();
    let reset = async {
        source.second_asked.notified().await;
        busy.reset_cursor("test-source").await.unwrap();
        busy.commit().await.unwrap();
    };
    let (polled, ()) = tokio::join!(world.engine.poll("test-source", &cancel), reset);
    polled.unwrap();
    assert_eq!(source.asked.lock().unwrap()[..4], [1, 2, 0, 1]);
    assert_eq!(stored(&world).await, 3);
}

#[tokio::test]
async fn a_source_that_waits_to_be_told_is_not_asked_ahead() {
    let source = Arc::new(Numbered { listens: true, ..Numbered::default() });
    let world = world_with(&source).await;
    world.engine.poll("test-source", &CancellationToken::new()).await.unwrap();
    assert_eq!(*source.stored.lock().unwrap(), [1, 2, 3]);
}
