//! Whatever happens between two polls and while one is under way, the newest state of every alert
//! is delivered, and no position moves back. For the vendors that list by time of change; Lacework,
//! which has no such list, has its own test of the same.
//!
//! A vendor files changes late, shifts its pages while they are read, and lives by a clock of its
//! own; a client fails, dies between answer and commit, and starts again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use chrono::DateTime;
use firebreak_core::ports::{AlertSource, Clock, Cursor};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::orca::stand::{self as orca, Organisation};
use crate::prisma::stand as prisma;
use crate::stand::{self as wiz, HandClock};

/// Rows of a page.
const PAGE: usize = 4;
/// Alerts there are when it begins, and the seconds between their changes.
const AT_FIRST: usize = 20;
const APART: i64 = 600;

#[derive(Debug, Clone)]
enum Change {
    /// A new alert, to be seen after `late`.
    New { late: u8 },
    /// Its status or something else changes; seen after `late`.
    Of { alert: usize, status: bool, late: u8 },
}

#[derive(Debug, Clone)]
enum Step {
    Change(Change),
    /// Seconds pass.
    Wait(u16),
    /// A page is asked for, and its position stored.
    Poll,
    /// A page is asked for, and the process dies before anything is stored; another one starts.
    Die,
    /// The next request fails.
    Fail,
}

/// One course of events.
#[derive(Debug, Clone)]
struct Course {
    /// How far our clock is ahead of the vendor's, in seconds.
    ahead: i64,
    /// How long each request takes, in seconds.
    request: i64,
    /// What changes while requests are under way, one for each.
    meanwhile: VecDeque<Option<Change>>,
    steps: Vec<Step>,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => any::<u8>().prop_map(|late| Change::New { late }),
        3 => (any::<usize>(), any::<bool>(), any::<u8>())
            .prop_map(|(alert, status, late)| Change::Of { alert, status, late }),
    ]
}

fn course() -> impl Strategy<Value = Course> {
    let step = prop_oneof![
        4 => change().prop_map(Step::Change),
        2 => (0..2_000_u16).prop_map(Step::Wait),
        8 => Just(Step::Poll),
        1 => Just(Step::Die),
        1 => Just(Step::Fail),
    ];
    let ahead = prop_oneof![Just(0), -5_400..5_400_i64];
    let meanwhile = prop::collection::vec(prop::option::of(change()), 0..30);
    (ahead, 0..400_i64, meanwhile, prop::collection::vec(step, 1..40)).prop_map(
        |(ahead, request, meanwhile, steps)| Course {
            ahead,
            request,
            meanwhile: meanwhile.into(),
            steps,
        },
    )
}

/// One version of an alert; times in seconds of the vendor's clock.
#[derive(Debug, Clone, Copy)]
struct Version {
    number: u32,
    status: i64,
    changed: i64,
    seen_from: i64,
}

struct Vendor {
    clock: Arc<HandClock>,
    course: Course,
    /// Longest that a change may stay unseen, in seconds: less than what the client reads again.
    latest: i64,
    alerts: BTreeMap<usize, Vec<Version>>,
    failing: bool,
    searches: Vec<Vec<usize>>,
}

impl Vendor {
    fn new(clock: Arc<HandClock>, course: &Course, latest: i64) -> Self {
        let course = course.clone();
        let mut vendor = Self {
            clock,
            course,
            latest,
            alerts: BTreeMap::new(),
            failing: false,
            searches: Vec::new(),
        };
        for id in 0..AT_FIRST {
            let changed = vendor.now() - (AT_FIRST - id) as i64 * APART;
            let version = Version { number: 0, status: changed, changed, seen_from: changed };
            vendor.alerts.insert(id, vec![version]);
        }
        vendor
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp() - self.course.ahead
    }

    fn apply(&mut self, change: &Change) {
        let now = self.now();
        let late = |late: u8| now + self.latest * i64::from(late) / 256;
        let (id, version) = match *change {
            Change::New { late: after } => {
                let version =
                    Version { number: 0, status: now, changed: now, seen_from: late(after) };
                (self.alerts.len(), version)
            }
            Change::Of { alert, status, late: after } => {
                let id = alert % self.alerts.len();
                let last = *self.alerts[&id].last().unwrap();
                let status = if status { now } else { last.status };
                // What comes later is never seen before what came first.
                let seen_from = late(after).max(last.seen_from);
                (id, Version { number: last.number + 1, status, changed: now, seen_from })
            }
        };
        self.alerts.entry(id).or_default().push(version);
    }

    /// A request has come; `None` when it fails.
    fn request(&mut self) -> Option<()> {
        self.clock.turn(self.course.request);
        if let Some(Some(change)) = self.course.meanwhile.pop_front() {
            self.apply(&change);
        }
        (!std::mem::take(&mut self.failing)).then_some(())
    }

    /// What can be seen now, by id.
    fn shown(&self) -> impl Iterator<Item = (usize, Version)> {
        let now = self.now();
        self.alerts.iter().filter_map(move |(id, versions)| {
            let seen = versions.iter().rev().find(|version| version.seen_from <= now);
            seen.map(|version| (*id, *version))
        })
    }

    /// By `statusChangedAt`, in the order of creation; a page is an offset.
    fn wiz(&mut self, request: &Request) -> Option<ResponseTemplate> {
        if wiz::wants_detections(request) {
            return Some(wiz::page("detections", vec![], None));
        }
        self.request()?;
        let asked = wiz::variables(request);
        let after = asked["filterBy"]["statusChangedAt"]["after"].as_str().unwrap();
        let after = DateTime::parse_from_rfc3339(after).unwrap().timestamp();
        let from: usize = asked["after"].as_str().map_or(0, |from| from.parse().unwrap());
        let found: Vec<_> = self.shown().filter(|(_, v)| v.changed > after).collect();
        let nodes = found.iter().skip(from).take(PAGE).map(|(id, v)| {
            json!({"id": id.to_string(), "version": v.number, "statusChangedAt": time(v.changed)})
        });
        let next = (from + PAGE < found.len()).then(|| (from + PAGE).to_string());
        Some(wiz::page("issues", nodes.collect(), next.as_deref()))
    }

    /// By either time within a window; a token stands for what the search found.
    fn prisma(&mut self, request: &Request) -> Option<ResponseTemplate> {
        self.request()?;
        let asked = prisma::search(request);
        let (search, from) = match asked["pageToken"].as_str() {
            Some(token) => {
                let (search, from) = token.split_once('.').unwrap();
                (search.parse().unwrap(), from.parse::<usize>().unwrap())
            }
            None => {
                let by_status = asked["filters"][0]["value"] == "ALERT_STATUS_UPDATED";
                let bound = |end: &str| asked["timeRange"]["value"][end].as_i64().unwrap();
                let (start, end) = (bound("startTime"), bound("endTime"));
                let at = |v: Version| if by_status { v.status } else { v.changed } * 1_000;
                let found = self.shown().filter(|(_, v)| (start..=end).contains(&at(*v)));
                let found = found.map(|(id, _)| id).collect();
                self.searches.push(found);
                (self.searches.len() - 1, 0)
            }
        };
        let shown: BTreeMap<_, _> = self.shown().collect();
        let found = &self.searches[search];
        let items = found.iter().skip(from).take(PAGE).map(|id| {
            let v = shown[id];
            json!({"id": id.to_string(), "version": v.number, "policyId": "p",
                   "lastSeen": v.status * 1_000, "lastUpdated": v.changed * 1_000})
        });
        let next = (from + PAGE < found.len()).then(|| format!("{search}.{}", from + PAGE));
        Some(prisma::page(items.collect(), next.as_deref()))
    }

    /// By `LastUpdated`, in its order; a page is an offset.
    fn orca(&mut self, request: &Request) -> Option<ResponseTemplate> {
        self.request()?;
        let asked = orca::body(request);
        let from = asked["query"]["with"]["values"][0]["values"][0].as_str().unwrap();
        let from = DateTime::parse_from_rfc3339(from).unwrap().timestamp();
        let mut found: Vec<_> = self.shown().filter(|(_, v)| v.changed >= from).collect();
        found.sort_by_key(|(id, version)| (version.changed, *id));
        let skip = asked["start_at_index"].as_u64().unwrap() as usize;
        let rows = found.iter().skip(skip).take(PAGE).map(|(id, v)| {
            json!({"id": id.to_string(), "type": "Alert", "version": v.number,
                   "data": {"LastUpdated": {"value": time(v.changed)}}})
        });
        Some(orca::data(rows.collect()))
    }
}

fn time(second: i64) -> String {
    DateTime::from_timestamp(second, 0).unwrap().to_rfc3339()
}

/// A client whose requests the vendor answers.
struct Client {
    vendor: Arc<Mutex<Vendor>>,
    start: Box<dyn Fn() -> Box<dyn AlertSource>>,
}

type Answer = fn(&mut Vendor, &Request) -> Option<ResponseTemplate>;

fn answering(
    vendor: &Arc<Mutex<Vendor>>,
    answer: Answer,
) -> impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static {
    let vendor = Arc::clone(vendor);
    move |request| {
        let answered = answer(&mut vendor.lock().unwrap(), request);
        answered.unwrap_or_else(|| ResponseTemplate::new(503))
    }
}

impl Client {
    async fn of_wiz(course: &Course) -> Self {
        let clock = HandClock::new();
        let vendor = Arc::new(Mutex::new(Vendor::new(clock.clone(), course, 290)));
        let mut tenant = wiz::Tenant::answering(answering(&vendor, Vendor::wiz)).await;
        tenant.clock = clock;
        let start = move || {
            let mut config = tenant.config();
            config.patience.attempts = 1;
            Box::new(tenant.source_with(&config)) as Box<dyn AlertSource>
        };
        Self { vendor, start: Box::new(start) }
    }

    async fn of_prisma(course: &Course) -> Self {
        let clock = HandClock::new();
        let vendor = Arc::new(Mutex::new(Vendor::new(clock.clone(), course, 1_790)));
        let mut tenant = prisma::Tenant::answering(answering(&vendor, Vendor::prisma)).await;
        tenant.clock = clock;
        let start = move || {
            let mut config = tenant.config();
            config.patience.attempts = 1;
            Box::new(tenant.source_with(&config)) as Box<dyn AlertSource>
        };
        Self { vendor, start: Box::new(start) }
    }

    async fn of_orca(course: &Course) -> Self {
        let clock = HandClock::new();
        let vendor = Arc::new(Mutex::new(Vendor::new(clock.clone(), course, 590)));
        let mut organisation = Organisation::answering(answering(&vendor, Vendor::orca)).await;
        organisation.clock = clock;
        let start = move || {
            let mut config = organisation.config();
            config.patience.attempts = 1;
            config.page_size = PAGE as u32;
            Box::new(organisation.source_with(&config)) as Box<dyn AlertSource>
        };
        Self { vendor, start: Box::new(start) }
    }

    /// Lives through the course, then polls in quiet until there is no more.
    async fn live(self, course: &Course) -> Result<(), TestCaseError> {
        let mut source = (self.start)();
        let mut position = Position::default();
        for step in &course.steps {
            match step {
                Step::Change(change) => self.vendor.lock().unwrap().apply(change),
                Step::Wait(seconds) => {
                    self.vendor.lock().unwrap().clock.turn(i64::from(*seconds));
                }
                Step::Fail => self.vendor.lock().unwrap().failing = true,
                Step::Poll => drop(position.poll(&*source).await?),
                Step::Die => {
                    let _lost = source.poll(position.cursor.as_ref()).await;
                    source = (self.start)();
                }
            }
        }
        let clock = {
            let mut vendor = self.vendor.lock().unwrap();
            (vendor.failing, vendor.course.request) = (false, 1);
            vendor.course.meanwhile.clear();
            Arc::clone(&vendor.clock)
        };
        // What was under way ends; then all that is late, or in our future, comes to light.
        for _ in 0..2 {
            clock.turn(4 * 3_600);
            let mut pages = 0;
            while position.poll(&*source).await? {
                pages += 1;
                proptest::prop_assert!(pages < 200, "no end");
            }
        }
        let vendor = self.vendor.lock().unwrap();
        let last = vendor.alerts.iter().map(|(id, all)| (id.to_string(), all.len() as u64 - 1));
        proptest::prop_assert_eq!(position.seen, last.collect::<BTreeMap<_, _>>());
        Ok(())
    }
}

/// What a client has stored: alerts by id with the version delivered last, and its place.
#[derive(Default)]
struct Position {
    seen: BTreeMap<String, u64>,
    cursor: Option<Cursor>,
}

impl Position {
    /// True when there is more at once.
    async fn poll(&mut self, source: &dyn AlertSource) -> Result<bool, TestCaseError> {
        let Ok(page) = source.poll(self.cursor.as_ref()).await else { return Ok(true) };
        for raw in &page.alerts {
            let body: Value = serde_json::from_slice(&raw.body).unwrap();
            let id = body["id"].as_str().unwrap().to_owned();
            self.seen.insert(id, body["version"].as_u64().unwrap());
        }
        let before = self.cursor.as_ref().map(begins).unwrap_or_default();
        let after = begins(&page.cursor);
        let held = before.iter().zip(&after).all(|(before, after)| before <= after);
        proptest::prop_assert!(held, "it moved back: {before:?} to {after:?}");
        self.cursor = Some(page.cursor);
        Ok(page.more)
    }
}

/// Where the windows of a stored position begin.
fn begins(cursor: &Cursor) -> Vec<DateTime<chrono::Utc>> {
    fn walk(value: &Value, found: &mut Vec<DateTime<chrono::Utc>>) {
        for (key, inner) in value.as_object().into_iter().flatten() {
            match inner.as_str().filter(|_| key == "after") {
                Some(time) => found.push(time.parse().unwrap()),
                None => walk(inner, found),
            }
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::from_str(&cursor.0).unwrap(), &mut found);
    assert!(!found.is_empty());
    found
}

fn live(course: &Course, client: impl AsyncFnOnce(&Course) -> Client) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { client(course).await.live(course).await })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_wiz_nothing_is_missed(course in course()) {
        live(&course, Client::of_wiz)?;
    }

    #[test]
    fn of_prisma_nothing_is_missed(course in course()) {
        live(&course, Client::of_prisma)?;
    }

    #[test]
    fn of_orca_nothing_is_missed(course in course()) {
        live(&course, Client::of_orca)?;
    }
}
