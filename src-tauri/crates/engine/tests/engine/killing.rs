//! SIGKILL at random points of polling, with random faults on: what is stored in the end is what the
//! vendor has, each once.

use std::collections::BTreeMap;
use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::audit::{Anchor, Verifier, origin};
use firebreak_core::finding::Finding;
use firebreak_core::ports::{
    AlertSource, CheckLine, Cursor, OutsideError, Page, RawAlert, Trouble,
};
use firebreak_engine::Engine;
use firebreak_store::{SourceRow, Store};
use tokio_util::sync::CancellationToken;

use crate::world::engine_at;

const KILLS: u32 = 1_000;
const SOURCE: &str = "test-source";
/// Versions of alerts in the vendor's stream; each alert has three.
const STREAM: usize = 300;
const PAGE: usize = 20;
/// The last alerts before a cursor are sent again, as an overlap window does.
const OVERLAP: usize = 7;
/// Of so many requests, one fails.
const FAULTY: u64 = 8;
const HOME: &str = "FIREBREAK_KILLED_HOME";

/// A vendor that always has the same, and often fails.
struct Vendor(RandomState);

fn version(index: usize) -> String {
    let (alert, minute) = (index % (STREAM / 3), index / (STREAM / 3));
    let (severity, status) =
        [("high", "new"), ("critical", "in_progress"), ("low", "resolved")][minute];
    format!("i-{alert}|{severity}|{status}||{minute}")
}

#[async_trait]
impl AlertSource for Vendor {
    fn name(&self) -> &str {
        SOURCE
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let draw = self.0.hash_one((Instant::now(), cursor.map(|cursor| &cursor.0)));
        if draw.is_multiple_of(FAULTY) {
            return Err(OutsideError::new("poll", Trouble::Passing, "a fault"));
        }
        let from: usize = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        let until = STREAM.min(from + PAGE);
        let alerts = (from.saturating_sub(OVERLAP)..until)
            .map(|index| RawAlert { kind: "issue".to_owned(), body: version(index).into_bytes() });
        Ok(Page {
            alerts: alerts.collect(),
            cursor: Cursor(until.to_string()),
            more: until < STREAM,
            seen_until: None,
        })
    }

    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }

    async fn neighbours(&self, _finding: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(Neighbourhood::default())
    }

    fn start_at(&self, _since: Timestamp) -> Cursor {
        Cursor("0".to_owned())
    }
}

/// Opens what is there and polls to the end, however often a request fails.
async fn poll_to_the_end(home: &Path) -> Arc<Engine> {
    let engine = engine_at(&home.join("test.db")).await;
    if engine.store().sources().await.unwrap().is_empty() {
        let mut write = engine.store().write().await.unwrap();
        write.add_source(&SourceRow::new(SOURCE, "test")).await.unwrap();
        write.commit().await.unwrap();
    }
    engine.set_source(Arc::new(Vendor(RandomState::new())));
    while engine.poll(SOURCE, &CancellationToken::new()).await.is_err() {}
    engine
}

async fn assert_all_is_there_once(store: &Store) {
    assert_eq!(store.alert_counts(SOURCE).await.unwrap().0 as usize, STREAM);
    let incident = store.incident_by_number(1).await.unwrap().unwrap();
    assert_eq!(store.incident_by_number(2).await.unwrap(), None, "one asset, one incident");
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for index in 0..STREAM {
        let version = version(index);
        let id = version.split('|').next().unwrap().to_owned();
        expected.insert(id, version);
    }
    let findings = store.findings(&incident).await.unwrap();
    assert_eq!(findings.len(), expected.len());
    for finding in findings {
        let alert = store.alert_of(&finding.id).await.unwrap();
        let newest = &expected[&finding.draft.vendor_id];
        assert_eq!(String::from_utf8_lossy(&alert.body), *newest);
    }
    let row = store.source(SOURCE).await.unwrap();
    assert_eq!(row.cursor.unwrap().0, STREAM.to_string());
    // Every alert stored is on record, once.
    let mut told = 0;
    let mut verifier = Verifier::new(&origin("test"), None, [""; 0], &Anchor::Absent);
    for row in store.audit_records(0, 1_000_000).await.unwrap() {
        verifier.row(row.position, &row.body, &row.leaf);
        let record: serde_json::Value = serde_json::from_slice(&row.body).unwrap();
        if record["kind"] == "alerts_stored" {
            told += record["detail"]["alerts"].as_array().map_or(0, Vec::len);
        }
    }
    assert_eq!(told, STREAM);
    let verdict = verifier.finish();
    assert!(verdict.ok(), "{verdict}");
}

/// What the killed process does; on its own it is left alone and comes to the end.
#[tokio::test]
async fn polls_to_the_end_through_faults() {
    let own = tempfile::tempdir().unwrap();
    let home = env::var_os(HOME).map_or_else(|| own.path().to_owned(), PathBuf::from);
    let engine = poll_to_the_end(&home).await;
    assert_all_is_there_once(engine.store()).await;
}

fn start(home: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["killing::polls_to_the_end_through_faults", "--exact"])
        .env(HOME, home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_a_thousand_times_it_has_everything_once() {
    // The longest that a life is left alone: about what a whole poll takes, measured by one.
    let whole = tempfile::tempdir().unwrap();
    let began = Instant::now();
    assert!(start(whole.path()).wait().unwrap().success());
    let longest = began.elapsed();
    let chance = RandomState::new();
    let (mut kills, mut ends, mut home) = (0, 0, tempfile::tempdir().unwrap());
    while kills < KILLS {
        let mut child = start(home.path());
        let share = chance.hash_one((kills, ends)) % 1_000;
        std::thread::sleep(longest.mul_f64(share as f64 / 1_000.0) / 2);
        // SIGKILL; a process that has ended already is only waited for.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        match status.code() {
            None => kills += 1,
            Some(code) => {
                assert_eq!(code, 0, "after {kills} kills, in {}", home.keep().display());
                ends += 1;
                home = tempfile::tempdir().unwrap();
            }
        }
    }
    // The last one is brought to its end, too.
    assert!(start(home.path()).wait().unwrap().success(), "{}", home.keep().display());
}
