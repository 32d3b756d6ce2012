//! Whatever happens between and during polls and back-fills, at the vendor, on the way, and to this
//! process: what is stored is what the vendor showed, each version once, every finding is as the
//! vendor has it now, no position moves back, and the audit log is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use firebreak_core::{FindingId, Timestamp};
use firebreak_engine::{Engine, EngineError};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::ingesting::with_source;
use crate::vendor::{Change, Manner, Vendor};
use crate::world::{World, me};

/// Awaits after which a poll may be dropped: more than any poll here has.
const AWAITS: u16 = 400;

#[derive(Debug, Clone)]
enum Step {
    Change(Change),
    /// Minutes pass.
    Wait(u8),
    /// The next request fails.
    Fail,
    /// Polled to the end.
    Poll,
    /// A poll is dropped after so many awaits.
    DropPoll(u16),
    /// A poll is told to stop after so many awaits.
    CancelPoll(u16),
    /// So many days are read again.
    Backfill(u8),
    /// So many days are read again beside a poll.
    Beside(u8),
    /// A back-fill is dropped after so many awaits.
    DropBackfill(u16),
    /// What is left of a back-fill is read.
    ResumeBackfill,
    /// The process dies after so many awaits of a poll, and another opens the same database.
    Crash(u16),
}

#[derive(Debug, Clone)]
struct Course {
    manner: Manner,
    steps: Vec<Step>,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => any::<u8>().prop_map(|late| Change::New { late }),
        3 => (any::<usize>(), any::<u8>()).prop_map(|(alert, late)| Change::Of { alert, late }),
    ]
}

fn course() -> impl Strategy<Value = Course> {
    let step = prop_oneof![
        6 => change().prop_map(Step::Change),
        2 => any::<u8>().prop_map(Step::Wait),
        1 => Just(Step::Fail),
        4 => Just(Step::Poll),
        2 => (0..AWAITS).prop_map(Step::DropPoll),
        1 => (0..AWAITS).prop_map(Step::CancelPoll),
        1 => (1..5_u8).prop_map(Step::Backfill),
        2 => (1..5_u8).prop_map(Step::Beside),
        1 => (0..AWAITS).prop_map(Step::DropBackfill),
        1 => Just(Step::ResumeBackfill),
        1 => (0..AWAITS).prop_map(Step::Crash),
    ];
    let manner = (
        prop_oneof![Just(0), -90..90_i64],
        0..8_i64,
        prop::collection::vec(prop::option::of(change()), 0..20),
        prop::collection::vec(1..6_usize, 1..4),
        any::<bool>(),
        prop::collection::vec(0..40_u8, 1..4),
    );
    let manner = manner.prop_map(|(ahead, request, meanwhile, pages, twice, slow)| Manner {
        ahead,
        request,
        meanwhile: meanwhile.into(),
        pages,
        twice,
        slow,
    });
    (manner, prop::collection::vec(step, 1..20))
        .prop_map(|(manner, steps)| Course { manner, steps })
}

/// Runs until the future has ended or been polled so often; then it is dropped.
async fn for_awaits<T>(awaits: u16, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (pin!(future), awaits);
    poll_fn(|context| {
        let Some(less) = left.checked_sub(1) else { return Poll::Ready(None) };
        left = less;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Failures of the vendor are part of the course; those of the engine are not.
fn expected<T>(result: Result<T, EngineError>) -> Result<(), TestCaseError> {
    match result {
        Ok(_) | Err(EngineError::Outside(_) | EngineError::Refused(_)) => Ok(()),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

async fn poll(engine: &Engine) -> Result<(), TestCaseError> {
    expected(engine.poll("test-source", &CancellationToken::new()).await)
}

async fn take(step: &Step, mut world: World, vendor: &Arc<Vendor>) -> Result<World, TestCaseError> {
    let engine = Arc::clone(&world.engine);
    let cancel = CancellationToken::new();
    match *step {
        Step::Change(ref change) => vendor.apply(change),
        Step::Wait(minutes) => world.clock.advance(i64::from(minutes)),
        Step::Fail => vendor.fail(),
        Step::Poll => poll(&engine).await?,
        Step::DropPoll(awaits) => {
            expected(for_awaits(awaits, engine.poll("test-source", &cancel)).await.transpose())?;
        }
        Step::CancelPoll(awaits) => {
            let stop = async {
                for _ in 0..awaits {
                    tokio::task::yield_now().await;
                }
                cancel.cancel();
            };
            expected(tokio::join!(engine.poll("test-source", &cancel), stop).0)?;
        }
        Step::Backfill(days) => {
            let days = Some(u32::from(days));
            expected(engine.backfill("test-source", days, &me(), &cancel).await)?;
        }
        Step::Beside(days) => {
            let (who, days) = (me(), Some(u32::from(days)));
            let backfill = engine.backfill("test-source", days, &who, &cancel);
            let (polled, filled) = tokio::join!(engine.poll("test-source", &cancel), backfill);
            expected(polled)?;
            expected(filled)?;
        }
        Step::DropBackfill(awaits) => {
            let who = me();
            let backfill = engine.backfill("test-source", Some(2), &who, &cancel);
            expected(for_awaits(awaits, backfill).await.transpose())?;
        }
        Step::ResumeBackfill => {
            expected(engine.backfill("test-source", None, &me(), &cancel).await)?;
        }
        Step::Crash(awaits) => {
            expected(for_awaits(awaits, engine.poll("test-source", &cancel)).await.transpose())?;
            drop(engine);
            world = world.restarted().await;
            world.engine.set_source(Arc::clone(vendor) as _);
        }
    }
    Ok(world)
}

async fn live(course: &Course) -> Result<(), TestCaseError> {
    let mut world = World::new().await;
    with_source(&world, Vec::new()).await;
    let vendor = Vendor::new(Arc::clone(&world.clock), &course.manner);
    world.engine.set_source(Arc::clone(&vendor) as _);
    let mut place = Place::default();
    for step in &course.steps {
        world = take(step, world, &vendor).await?;
        place.moved_on(&world.engine).await?;
    }
    // All that is late, or in the future by our clock, comes to light; then nothing happens.
    vendor.calm();
    for _ in 0..2 {
        world.clock.advance(4 * 60);
        world.engine.poll("test-source", &CancellationToken::new()).await.map_err(failed)?;
        place.moved_on(&world.engine).await?;
    }
    compare(&world.engine, &vendor).await
}

fn failed(error: impl ToString) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// How far the stored position has come.
#[derive(Default)]
struct Place {
    begins: Option<Timestamp>,
    seen_until: Option<Timestamp>,
}

impl Place {
    async fn moved_on(&mut self, engine: &Engine) -> Result<(), TestCaseError> {
        let row = engine.store().source("test-source").await.map_err(failed)?;
        let begins = row.cursor.as_ref().map(Vendor::begins);
        prop_assert!(begins >= self.begins, "the position moved back");
        prop_assert!(row.seen_until >= self.seen_until, "what was seen is unseen again");
        *self = Self { begins, seen_until: row.seen_until };
        Ok(())
    }
}

async fn compare(engine: &Engine, vendor: &Vendor) -> Result<(), TestCaseError> {
    let (shown, acknowledged) = vendor.shown_and_stored();
    let newest = vendor.newest();
    let (count, unread) = engine.store().alert_counts("test-source").await.map_err(failed)?;
    let told = told(engine).await?;
    let stored: BTreeSet<String> = told.iter().map(|(digest, _)| digest.clone()).collect();
    prop_assert_eq!((told.len(), stored.len()), (count as usize, count as usize), "each once");
    prop_assert_eq!(unread, 0);
    prop_assert!(stored.is_subset(&shown), "what the vendor never showed is stored");
    prop_assert!(acknowledged.is_subset(&stored), "what was called stored is not");
    prop_assert!(newest.values().all(|digest| stored.contains(digest)), "something was missed");
    let ids = told.into_iter().map(|(_, finding)| finding).collect();
    prop_assert_eq!(findings(engine, ids).await?, newest);
    let report = engine.verify_audit().await.map_err(failed)?;
    prop_assert!(report.ok(), "{:?} {:?}", report.verdict.problems, report.tampering);
    Ok(())
}

/// Digest and finding of every alert that the audit log says was stored.
async fn told(engine: &Engine) -> Result<Vec<(String, FindingId)>, TestCaseError> {
    let mut alerts = Vec::new();
    for record in engine.store().audit_records(0, 100_000).await.map_err(failed)? {
        let record: Value = serde_json::from_slice(&record.body).map_err(failed)?;
        if record["kind"] != "alerts_stored" {
            continue;
        }
        for told in record["detail"]["alerts"].as_array().into_iter().flatten() {
            let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            alerts.push((word("sha256"), FindingId::new(word("finding"))));
        }
    }
    Ok(alerts)
}

/// The digest behind every finding, by the vendor's id.
async fn findings(
    engine: &Engine,
    ids: BTreeSet<FindingId>,
) -> Result<BTreeMap<String, String>, TestCaseError> {
    let mut found = BTreeMap::new();
    for id in ids {
        let finding = engine.store().finding(&id).await.map_err(failed)?;
        let alert = engine.store().alert_of(&id).await.map_err(failed)?;
        prop_assert_eq!(&alert.sha256, &finding.alert_sha256);
        let twice = found.insert(finding.draft.vendor_id.clone(), finding.alert_sha256);
        prop_assert!(twice.is_none(), "{} has two findings", finding.draft.vendor_id);
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missed_doubled_or_left_behind(course in course()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&course))?;
    }
}
