//! A vendor in memory whose changes come late, whose pages shift while they are read, and whose
//! clock is not ours; and its client, which reads as the real ones do: by the time of change, in a
//! window that is held while it pages, with an overlap.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Duration};
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{
    AlertSource, CheckLine, Clock, Cursor, OutsideError, Page, RawAlert, Trouble,
};
use firebreak_core::{Timestamp, canonical};
use serde::{Deserialize, Serialize};

use crate::world::FixedClock;

/// Minutes that are read again at every sweep; changes are filed less late than this.
const OVERLAP: i64 = 30;
/// Minutes that the first sweep reaches back.
const LOOKBACK: i64 = 7 * 24 * 60;
/// Alerts there are when it begins, and the minutes between their changes.
const AT_FIRST: usize = 8;
const APART: i64 = 45;

/// Something that happens at the vendor.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new alert, to be seen after `late`.
    New { late: u8 },
    /// Resolved, opened again, or called worse; seen after `late`.
    Of { alert: usize, late: u8 },
}

/// How the vendor behaves.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Minutes that our clock is ahead of the vendor's.
    pub ahead: i64,
    /// Minutes that each request takes.
    pub request: i64,
    /// What happens while requests are under way, one for each.
    pub meanwhile: VecDeque<Option<Change>>,
    /// Alerts a page, one for each request, over and over.
    pub pages: Vec<usize>,
    /// Whether a page brings its first alert twice.
    pub twice: bool,
    /// How often others get a turn while an answer is on its way, for each request, over and over.
    pub slow: Vec<u8>,
}

struct Version {
    line: String,
    seen_from: Timestamp,
    changed: Timestamp,
}

pub struct Vendor {
    clock: Arc<FixedClock>,
    inner: Mutex<Inner>,
}

struct Inner {
    manner: Manner,
    requests: usize,
    alerts: Vec<Vec<Version>>,
    failing: bool,
    shown: BTreeSet<String>,
    /// Of pages that the engine said it had stored.
    stored: BTreeSet<String>,
    /// By the position after them, what pages brought.
    delivered: BTreeMap<String, Vec<String>>,
}

/// The client's position, as the real clients write theirs.
#[derive(Serialize, Deserialize)]
struct Position {
    after: Timestamp,
    page: Option<usize>,
    high: Option<Timestamp>,
    began: Timestamp,
}

impl Vendor {
    pub fn new(clock: Arc<FixedClock>, manner: &Manner) -> Arc<Self> {
        let inner = Inner {
            manner: manner.clone(),
            requests: 0,
            alerts: Vec::new(),
            failing: false,
            shown: BTreeSet::new(),
            stored: BTreeSet::new(),
            delivered: BTreeMap::new(),
        };
        let vendor = Self { clock, inner: Mutex::new(inner) };
        for id in 0..AT_FIRST {
            let changed = vendor.now() - Duration::minutes((AT_FIRST - id) as i64 * APART);
            vendor.inner.lock().unwrap().file(id, changed, changed);
        }
        Arc::new(vendor)
    }

    /// By the vendor's clock.
    fn now(&self) -> Timestamp {
        self.clock.now() - Duration::minutes(self.inner.lock().unwrap().manner.ahead)
    }

    pub fn apply(&self, change: &Change) {
        let now = self.now();
        let mut inner = self.inner.lock().unwrap();
        let late = |late: u8| now + Duration::minutes((OVERLAP - 1) * i64::from(late) / 256);
        let (alert, seen_from) = match *change {
            Change::New { late: after } => (inner.alerts.len(), late(after)),
            Change::Of { alert, late: after } => {
                let alert = alert % inner.alerts.len();
                // What comes later is never seen before what came first.
                let before = inner.alerts[alert].last().unwrap().seen_from;
                (alert, late(after).max(before))
            }
        };
        inner.file(alert, now, seen_from);
    }

    /// The next request fails.
    pub fn fail(&self) {
        self.inner.lock().unwrap().failing = true;
    }

    /// Nothing changes and nothing fails from now on.
    pub fn calm(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.failing = false;
        inner.manner.meanwhile.clear();
    }

    /// The digest of the newest version of each alert, by id.
    pub fn newest(&self) -> BTreeMap<String, String> {
        let inner = self.inner.lock().unwrap();
        let newest = inner.alerts.iter().enumerate().filter_map(|(id, all)| {
            Some((name(id), canonical::sha256_hex(all.last()?.line.as_bytes())))
        });
        newest.collect()
    }

    /// Digests of what was shown to anybody, and of what the engine said it had stored.
    pub fn shown_and_stored(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let inner = self.inner.lock().unwrap();
        (inner.shown.clone(), inner.stored.clone())
    }

    /// Where the window of a stored position begins.
    pub fn begins(cursor: &Cursor) -> Timestamp {
        serde_json::from_str::<Position>(&cursor.0).unwrap().after
    }
}

fn name(alert: usize) -> String {
    format!("i-{alert}")
}

impl Inner {
    fn file(&mut self, alert: usize, changed: Timestamp, seen_from: Timestamp) {
        if self.alerts.len() == alert {
            self.alerts.push(Vec::new());
        }
        let number = self.alerts[alert].len();
        let (severity, status) =
            [("high", "new"), ("high", "resolved"), ("critical", "new")][number % 3];
        let (id, at) = (name(alert), changed.to_rfc3339());
        let line = format!("{id}|{severity}|{status}|version {number}|{at}");
        self.alerts[alert].push(Version { line, seen_from, changed });
    }

    /// The page at an offset of what changed after an instant, in the order of creation: what is
    /// new or changes shifts all that follows. Also where the next one is.
    fn page(&mut self, now: Timestamp, position: &Position) -> (Vec<usize>, Option<usize>) {
        let size = self.manner.pages[self.requests % self.manner.pages.len()];
        self.requests += 1;
        let from = position.page.unwrap_or(0);
        let found: Vec<usize> = (0..self.alerts.len())
            .filter(|alert| self.seen(*alert, now).is_some_and(|v| v.changed > position.after))
            .collect();
        let next = (from + size < found.len()).then_some(from + size);
        (found.into_iter().skip(from).take(size).collect(), next)
    }

    fn seen(&self, alert: usize, now: Timestamp) -> Option<&Version> {
        self.alerts[alert].iter().rev().find(|version| version.seen_from <= now)
    }
}

#[async_trait]
impl AlertSource for Vendor {
    fn name(&self) -> &str {
        "test-source"
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let ours = self.clock.now();
        let mut position = match cursor {
            Some(cursor) => serde_json::from_str(&cursor.0).unwrap(),
            None => Position {
                after: ours - Duration::minutes(LOOKBACK),
                page: None,
                high: None,
                began: ours,
            },
        };
        if position.page.is_none() {
            (position.began, position.high) = (ours.max(position.after), None);
        }
        // The request is under way; here it may be dropped.
        tokio::task::yield_now().await;
        let (change, minutes, failed) = {
            let mut inner = self.inner.lock().unwrap();
            let change = inner.manner.meanwhile.pop_front().flatten();
            (change, inner.manner.request, std::mem::take(&mut inner.failing))
        };
        self.clock.advance(minutes);
        change.iter().for_each(|change| self.apply(change));
        if failed {
            return Err(OutsideError::new("poll", Trouble::Passing, "cut"));
        }
        let now = self.now();
        let (lines, cursor, more, slow) = {
            let mut inner = self.inner.lock().unwrap();
            let slow = inner.manner.slow[inner.requests % inner.manner.slow.len()];
            let (alerts, next) = inner.page(now, &position);
            let mut lines = Vec::new();
            for alert in alerts {
                let version = inner.seen(alert, now).unwrap();
                position.high = position.high.max(Some(version.changed));
                lines.push(version.line.clone());
            }
            if inner.manner.twice {
                lines.extend(lines.first().cloned());
            }
            position.page = next;
            if let (None, Some(high)) = (next, position.high.take_if(|_| next.is_none())) {
                let took = self.clock.now() - position.began;
                let passed = (high - took.max(Duration::zero())).min(position.began);
                position.after = position.after.max(passed - Duration::minutes(OVERLAP));
            }
            let digests: Vec<String> =
                lines.iter().map(|line| canonical::sha256_hex(line.as_bytes())).collect();
            inner.shown.extend(digests.iter().cloned());
            let cursor = serde_json::to_string(&position).unwrap();
            inner.delivered.insert(cursor.clone(), digests);
            (lines, cursor, next.is_some(), slow)
        };
        // The answer is on its way: it may be dropped here too, or be overtaken by a later one.
        for _ in 0..slow {
            tokio::task::yield_now().await;
        }
        let alert = |line: String| RawAlert { kind: "issue".into(), body: line.into_bytes() };
        Ok(Page {
            alerts: lines.into_iter().map(alert).collect(),
            cursor: Cursor(cursor),
            more,
            seen_until: (!more).then_some(position.began),
        })
    }

    async fn stored(&self, cursor: &Cursor) -> Result<(), OutsideError> {
        let mut inner = self.inner.lock().unwrap();
        let digests = inner.delivered.get(&cursor.0).cloned().unwrap_or_default();
        inner.stored.extend(digests);
        Ok(())
    }

    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }

    fn start_at(&self, since: Timestamp) -> Cursor {
        let position = Position {
            after: since,
            page: None,
            high: None,
            began: self.clock.now().max(DateTime::UNIX_EPOCH),
        };
        Cursor(serde_json::to_string(&position).unwrap())
    }

    async fn neighbours(&self, _: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(Neighbourhood::default())
    }
}
