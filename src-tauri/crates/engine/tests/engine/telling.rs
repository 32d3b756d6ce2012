//! Back-fills, and what sources are told.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use firebreak_core::IncidentId;
use firebreak_core::ports::{Cursor, OutsideError, Trouble};
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use firebreak_engine::EngineError;
use firebreak_store::WriteBackState;
use tokio_util::sync::CancellationToken;

use crate::ingesting::with_source;
use crate::world::{World, me};

const SOURCE: &str = "test-source";

fn cut() -> OutsideError {
    OutsideError::new("test", Trouble::Passing, "the connection was cut")
}

#[tokio::test]
async fn a_backfill_reads_to_the_end_beside_the_poll() {
    let world = World::new().await;
    with_source(&world, vec![Ok(vec!["i-1|high|new"]), Err(cut()), Ok(vec!["i-2|low|new"])]).await;
    let engine = &world.engine;
    let never = CancellationToken::new();
    let stopped = engine.backfill(SOURCE, Some(30), &me(), &never).await.unwrap_err();
    assert!(matches!(stopped, EngineError::Outside(_)), "{stopped}");
    let place = engine.store().backfill(SOURCE).await.unwrap().unwrap();
    assert_eq!((place.pages, place.alerts, place.ended_at), (1, 1, None));
    assert_eq!(place.cursor, Cursor("1".to_owned()), "it goes on where it was");

    let rest = engine.backfill(SOURCE, None, &me(), &never).await.unwrap();
    assert_eq!(rest.received, 1);
    let place = engine.store().backfill(SOURCE).await.unwrap().unwrap();
    assert_eq!((place.alerts, place.outcome.as_deref()), (2, Some("complete")));
    assert_eq!(engine.store().source(SOURCE).await.unwrap().cursor, None, "the poll's is its own");

    let polled = engine.poll(SOURCE, &never).await.unwrap();
    assert_eq!((polled.ingest.received, polled.ingest.repeated), (2, 2), "each once");
    let nothing = engine.backfill(SOURCE, None, &me(), &never).await.unwrap_err();
    assert!(matches!(nothing, EngineError::Refused(_)), "{nothing}");
    for days in [0, 367] {
        let refused = engine.backfill(SOURCE, Some(days), &me(), &never).await.unwrap_err();
        assert!(matches!(refused, EngineError::Invalid(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_backfill_can_be_cancelled() {
    let world = World::new().await;
    with_source(&world, vec![Ok(vec!["i-1|high|new"]), Ok(vec!["i-2|low|new"])]).await;
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let engine = &world.engine;
    while engine.store().backfill(SOURCE).await.unwrap().is_none_or(|b| b.ended_at.is_none()) {
        // Which of two things that are ready goes first is not said; the other one comes then.
        engine.backfill(SOURCE, Some(1), &me(), &cancelled).await.unwrap();
    }
    let outcome = engine.store().backfill(SOURCE).await.unwrap().unwrap().outcome.unwrap();
    assert!(["cancelled", "complete"].contains(&outcome.as_str()), "{outcome}");
}

/// A vendor that takes orders, or fails as told.
struct Vendor {
    told: Mutex<Vec<WriteBack>>,
    ends: Mutex<Vec<Result<WriteBackEnd, OutsideError>>>,
}

#[async_trait]
impl AlertWriter for Vendor {
    fn name(&self) -> &str {
        SOURCE
    }
    async fn write_back(&self, order: &WriteBack) -> Result<WriteBackEnd, OutsideError> {
        self.told.lock().unwrap().push(order.clone());
        let planned = self.ends.lock().unwrap().pop();
        planned.unwrap_or(Ok(WriteBackEnd::Written { note: "done".to_owned() }))
    }
}

/// A world whose one incident came from a source that can be written to.
async fn told(
    phase: u32,
    ends: Vec<Result<WriteBackEnd, OutsideError>>,
) -> (World, IncidentId, Arc<Vendor>) {
    let world = World::with(phase, &[("environment", "staging")]).await;
    with_source(&world, vec![Ok(vec!["i-1|high|new"])]).await;
    world.engine.poll(SOURCE, &CancellationToken::new()).await.unwrap();
    let incident = world.engine.find_incident("INC-1").await.unwrap();
    let vendor = Arc::new(Vendor { told: Mutex::default(), ends: Mutex::new(ends) });
    if phase >= 2 {
        world.engine.set_writer(vendor.clone()).unwrap();
    }
    (world, incident, vendor)
}

#[tokio::test]
async fn in_phase_one_nothing_is_written_and_nothing_could() {
    let (world, incident, vendor) = told(1, Vec::new()).await;
    let engine = &world.engine;
    assert!(engine.set_writer(vendor.clone()).is_err(), "no writer exists in phase 1");
    let refused = engine.ask_write_back(&incident, None, "seen", &me()).await.unwrap_err();
    assert!(refused.to_string().contains("phase 1"), "{refused}");
    assert_eq!(engine.send_write_backs().await.unwrap(), 0);
    assert!(vendor.told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_order_waits_until_the_vendor_takes_it_and_is_told_once() {
    let (world, incident, vendor) = told(2, vec![Err(cut())]).await;
    let engine = &world.engine;
    let status = Some(WriteBackStatus::Resolved);
    let rows = engine.ask_write_back(&incident, status, " Isolated. ", &me()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].order.comment.starts_with("Isolated. [firebreak:"), "{:?}", rows[0].order);
    assert_eq!(engine.send_write_backs().await.unwrap(), 0, "the connection was cut");
    assert_eq!(engine.send_write_backs().await.unwrap(), 0, "not again at once");
    assert_eq!(vendor.told.lock().unwrap().len(), 1);
    world.clock.advance(1);
    assert_eq!(engine.send_write_backs().await.unwrap(), 1);
    world.clock.advance(1);
    assert_eq!(engine.send_write_backs().await.unwrap(), 0, "told once");
    let row = engine.store().write_backs(&incident).await.unwrap().remove(0);
    assert_eq!((row.state, row.attempts), (WriteBackState::Written, 2));
    let late = engine.withdraw_write_back(&incident, &row.id, &me()).await.unwrap_err();
    assert!(matches!(late, EngineError::Refused(_)), "{late}");
    let told = vendor.told.lock().unwrap();
    assert_eq!(told[0], told[1], "the same order: its marker makes the second recognisable");
}

#[tokio::test]
async fn what_needs_a_person_or_cannot_be_is_not_tried_again() {
    let refusal = OutsideError::new("test", Trouble::NeedsPerson, "no scope").with_remedy("Ask.");
    let why = "no such status".to_owned();
    let cases = [
        (Err(refusal), WriteBackState::Failed),
        (Ok(WriteBackEnd::Impossible { why }), WriteBackState::Impossible),
    ];
    for (end, expected) in cases {
        let (world, incident, vendor) = told(2, vec![end]).await;
        world.engine.ask_write_back(&incident, None, "seen", &me()).await.unwrap();
        assert_eq!(world.engine.send_write_backs().await.unwrap(), 1);
        world.clock.advance(600);
        world.engine.send_write_backs().await.unwrap();
        let row = world.engine.store().write_backs(&incident).await.unwrap().remove(0);
        assert_eq!((row.state, vendor.told.lock().unwrap().len()), (expected, 1));
        assert!(row.note.is_some());
    }
}

#[tokio::test]
async fn back_in_phase_one_orders_stay_and_are_not_sent() {
    let (world, incident, vendor) = told(2, Vec::new()).await;
    world.engine.ask_write_back(&incident, None, "seen", &me()).await.unwrap();
    world.engine.set_phase(1);
    assert_eq!(world.engine.send_write_backs().await.unwrap(), 0);
    assert!(vendor.told.lock().unwrap().is_empty());
    let row = world.engine.store().write_backs(&incident).await.unwrap().remove(0);
    assert_eq!(row.state, WriteBackState::Waiting);
    world.engine.withdraw_write_back(&incident, &row.id, &me()).await.unwrap();
    for bad in ["", "  ", &"x".repeat(2_001)] {
        let refused = world.engine.ask_write_back(&incident, None, bad, &me()).await.unwrap_err();
        assert!(matches!(refused, EngineError::Invalid(_)), "{refused}");
    }
}
