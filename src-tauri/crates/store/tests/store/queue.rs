//! Whatever is asked of the queue, it answers what a walk over all incidents would.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta};
use firebreak_core::clock::{RUNNING, Target, clock};
use firebreak_core::incident::label;
use firebreak_core::queue::{OwnerFilter, QueueCounts, QueueFilter, QueueOrder};
use firebreak_core::{AssetId, IncidentId, IncidentState, Severity, Timestamp};
use firebreak_store::{Altered, IncidentHead, IncidentSummary, Store};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

const WORDS: [&str; 6] = ["mining", "miner", "web-7", "web-71", "login", "Größe"];
const ACCOUNTS: [&str; 3] = ["111", "222", "333"];
const NAMES: [&str; 3] = ["prod", "staging", "111"];
const OWNERS: [&str; 2] = ["ana", "ben o'neil"];
/// Rows of a page.
const PAGE: u32 = 3;

/// What a source or a person does to the queue.
#[derive(Debug, Clone)]
enum Step {
    /// An incident is stored, or its newer form; what a batch has more than one of it has in any order.
    Put(Vec<Draft>),
    State(usize, IncidentState),
    Owner(usize, Option<&'static str>),
}

#[derive(Debug, Clone)]
struct Draft {
    number: u8,
    severity: Severity,
    state: IncidentState,
    /// Seconds, some before 2000 and before 1970.
    opened: i64,
    title: Vec<&'static str>,
    account: Option<&'static str>,
    account_name: Option<&'static str>,
}

#[derive(Debug, Clone)]
struct Row {
    draft: Draft,
    owner: Option<&'static str>,
}

/// Made up, not those that a database begins with.
fn targets() -> Vec<Target> {
    let target = |(at, severity): (u32, &Severity)| Target {
        severity: *severity,
        acknowledge: 1 + at % 3,
        contain: 4 + at % 2,
    };
    (0..).zip(&Severity::ALL).map(target).collect()
}

impl Row {
    fn due(&self) -> Option<Timestamp> {
        let acknowledged = self.owner.is_some() || self.draft.state != IncidentState::New;
        let target = targets().into_iter().find(|target| target.severity == self.draft.severity);
        clock(at(self.draft.opened), self.draft.state, acknowledged, &target.unwrap())
            .map(|clock| clock.due)
    }
}

fn draft() -> impl Strategy<Value = Draft> {
    (
        1..12_u8,
        select(&Severity::ALL[..]),
        select(&IncidentState::ALL[..]),
        prop_oneof![1_790_000_000..1_790_000_003_i64, Just(0), Just(-9_000_000_000)],
        prop::collection::vec(select(&WORDS[..]), 0..3),
        prop::option::of(select(&ACCOUNTS[..])),
        prop::option::of(select(&NAMES[..])),
    )
        .prop_map(|(number, severity, state, opened, title, account, account_name)| Draft {
            number,
            severity,
            state,
            opened,
            title,
            account,
            account_name,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(draft(), 1..6).prop_map(Step::Put),
        2 => (any::<usize>(), select(&IncidentState::ALL[..])).prop_map(|(at, to)| Step::State(at, to)),
        2 => (any::<usize>(), prop::option::of(select(&OWNERS[..]))).prop_map(|(at, to)| Step::Owner(at, to)),
    ]
}

fn filter() -> impl Strategy<Value = QueueFilter> {
    let text = prop_oneof![
        4 => Just(None),
        4 => prop::collection::vec(
            select(&["m", "min", "mining", "MINER", "web-7", "7", "inc", "größe", "prod", "arn", "-", "zzz"][..]), 0..3,
        )
        .prop_map(|words| Some(words.join(" "))),
    ];
    let owner = prop_oneof![
        3 => Just(OwnerFilter::Any),
        1 => Just(OwnerFilter::Nobody),
        2 => select(&OWNERS[..]).prop_map(|name| OwnerFilter::Person(name.to_owned())),
    ];
    let bound = || {
        prop::option::weighted(
            0.2,
            select(&[-9_000_000_000, 1_790_000_000, 1_790_000_001, 9_000_000_000][..]),
        )
    };
    let account = prop::option::of(select(&["111", "222", "prod", "staging", "nowhere"][..]));
    (
        text,
        prop::collection::vec(select(&IncidentState::ALL[..]), 0..3),
        prop::collection::vec(select(&Severity::ALL[..]), 0..3),
        account,
        owner,
        (bound(), bound()),
        prop_oneof![2 => Just(QueueOrder::Severity), 1 => Just(QueueOrder::Clock)],
    )
        .prop_map(|(text, states, severities, account, owner, (first, last), order)| {
            QueueFilter {
                order,
                text,
                states,
                severities,
                account: account.map(str::to_owned),
                owner,
                opened_after: first.map(at),
                opened_before: last.map(at),
                after: None,
                skip: 0,
                limit: PAGE,
            }
        })
}

fn at(second: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn id(number: u8) -> IncidentId {
    IncidentId::new(format!("inc_{number}"))
}

fn head(draft: &Draft) -> IncidentHead {
    IncidentHead {
        id: id(draft.number),
        number: i64::from(draft.number),
        title: draft.title.join(" "),
        lead: None,
        severity: draft.severity,
        state: draft.state,
        asset: Some(AssetId::new("arn:aws:ec2:i-1")),
        summary: IncidentSummary {
            account: draft.account.map(str::to_owned),
            account_name: draft.account_name.map(str::to_owned),
            ..IncidentSummary::default()
        },
        findings: 1,
        joined_because: String::new(),
        opened_at: at(draft.opened),
        last_at: at(draft.opened),
        updated_at: at(draft.opened),
    }
}

/// All incidents by number, and the answers of a walk over them.
#[derive(Default)]
struct Model(BTreeMap<u8, Row>);

impl Model {
    fn put(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            match self.0.get_mut(&draft.number) {
                // A known one keeps its state and its owner.
                Some(known) => known.draft = Draft { state: known.draft.state, ..draft.clone() },
                None => {
                    drop(self.0.insert(draft.number, Row { draft: draft.clone(), owner: None }))
                }
            }
        }
    }

    fn nth(&self, at: usize) -> Option<u8> {
        self.0.keys().nth(at % self.0.len().max(1)).copied()
    }

    /// The accounts of this id or this name.
    fn called<'a>(&'a self, asked: &'a str) -> Vec<&'a str> {
        let named = self.0.values().filter(|row| row.draft.account_name == Some(asked));
        named.filter_map(|row| row.draft.account).chain([asked]).collect()
    }

    fn listed(&self, filter: &QueueFilter) -> Vec<u8> {
        let accounts: Option<Vec<&str>> =
            filter.account.as_deref().map(|account| self.called(account));
        let second = |at: i64| at.clamp(946_684_800, 946_684_800 + 0xFFFF_FFFF);
        let bound = |at: Option<Timestamp>| at.map(|at| second(at.timestamp()));
        let mut rows: Vec<&Row> = self
            .0
            .values()
            .filter(|row| filter.states.is_empty() || filter.states.contains(&row.draft.state))
            .filter(|row| {
                filter.severities.is_empty() || filter.severities.contains(&row.draft.severity)
            })
            .filter(|row| match &filter.owner {
                OwnerFilter::Any => true,
                OwnerFilter::Nobody => row.owner.is_none(),
                OwnerFilter::Person(name) => row.owner == Some(name.as_str()),
            })
            .filter(|row| match &accounts {
                None => true,
                Some(accounts) => {
                    row.draft.account.is_some_and(|account| accounts.contains(&account))
                }
            })
            .filter(|row| {
                bound(filter.opened_after).is_none_or(|first| second(row.draft.opened) >= first)
            })
            .filter(|row| {
                bound(filter.opened_before).is_none_or(|last| second(row.draft.opened) <= last)
            })
            .filter(|row| mentions(&row.draft, filter.text.as_deref().unwrap_or_default()))
            .collect();
        let place = |row: &Row| (row.draft.severity, second(row.draft.opened), row.draft.number);
        rows.sort_by_key(|row| std::cmp::Reverse(place(row)));
        if filter.order == QueueOrder::Clock {
            rows.retain(|row| RUNNING.contains(&row.draft.state));
            rows.sort_by_key(|row| (row.due(), place(row)));
        }
        rows.iter().map(|row| row.draft.number).collect()
    }

    fn counts(&self) -> QueueCounts {
        let open = |row: &Row| row.draft.state.is_open();
        let count =
            |of: &dyn Fn(&Row) -> bool| self.0.values().filter(|row| of(row)).count() as u32;
        QueueCounts {
            open: count(&open),
            unowned: count(&|row| open(row) && row.owner.is_none()),
            critical: count(&|row| open(row) && row.draft.severity == Severity::Critical),
            containing: count(&|row| row.draft.state == IncidentState::Containing),
            contained: count(&|row| row.draft.state == IncidentState::Contained),
            snoozed: count(&|row| row.draft.state == IncidentState::Snoozed),
            all: count(&|_| true),
        }
    }
}

/// Every word of the text, as tokens that follow each other, the last of them begun.
fn mentions(draft: &Draft, text: &str) -> bool {
    let said = [
        label(i64::from(draft.number)),
        draft.title.join(" "),
        "arn:aws:ec2:i-1".to_owned(),
        draft.account.unwrap_or_default().to_owned(),
        draft.account_name.unwrap_or_default().to_owned(),
    ];
    let said = tokens(&said.join(" "));
    text.split_whitespace().map(tokens).filter(|word| !word.is_empty()).all(|word| {
        said.windows(word.len()).any(|here| {
            let (last, first) = word.split_last().unwrap();
            here[..first.len()] == *first && here[first.len()].starts_with(last)
        })
    })
}

/// As FTS5's unicode61 cuts and folds what is in these tests.
fn tokens(text: &str) -> Vec<String> {
    let folded = text.to_lowercase().replace('ö', "o");
    folded
        .split(|char: char| !char.is_alphanumeric())
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

async fn live(steps: Vec<Step>, filters: Vec<QueueFilter>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("test.db")).await.unwrap();
    let mut model = Model::default();
    // Clocks that run already are set anew, too.
    let turn = steps.len() / 2;
    for (at, step) in steps.into_iter().enumerate() {
        if at == turn {
            let mut write = store.write().await.unwrap();
            write.put_clock_targets(&targets()).await.unwrap();
            write.commit().await.unwrap();
        }
        let mut write = store.write().await.unwrap();
        match step {
            Step::Put(mut drafts) => {
                // Intake writes an incident once a batch.
                let mut seen = Vec::new();
                drafts.retain(|draft| {
                    !seen.contains(&draft.number) && {
                        seen.push(draft.number);
                        true
                    }
                });
                let heads: Vec<_> = drafts.iter().map(head).collect();
                write.put_incidents(&heads.iter().collect::<Vec<_>>()).await.unwrap();
                model.put(&drafts);
            }
            Step::State(at, to) => {
                let Some(number) = model.nth(at) else { continue };
                let row = model.0.get_mut(&number).unwrap();
                let from = std::mem::replace(&mut row.draft.state, to);
                write
                    .set_incident_state(&id(number), from, to, Timestamp::UNIX_EPOCH)
                    .await
                    .unwrap();
            }
            Step::Owner(at, to) => {
                let Some(number) = model.nth(at) else { continue };
                model.0.get_mut(&number).unwrap().owner = to;
                let stand = write.stands(&BTreeSet::from([id(number)])).await.unwrap().remove(0);
                let after = stand.standing.assigned(to.map(ToOwned::to_owned));
                let (incident, before) = (stand.incident, stand.standing);
                let altered = [Altered { incident, before, after }];
                write.set_standings(&altered, Timestamp::UNIX_EPOCH).await.unwrap();
            }
        }
        write.commit().await.unwrap();
    }
    for mut filter in filters {
        let expected = model.listed(&filter);
        let mut listed = Vec::new();
        loop {
            let page = store.queue(&filter).await.unwrap();
            proptest::prop_assert_eq!(page.matching as usize, expected.len());
            proptest::prop_assert_eq!((page.more_match, page.total), (false, model.counts().all));
            for row in &page.rows {
                let number = u8::try_from(row.number).unwrap();
                let due = row.clock.map(|clock| clock.due);
                proptest::prop_assert_eq!(due, model.0[&number].due(), "{:?}", row);
                listed.push(number);
            }
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        proptest::prop_assert_eq!(&listed, &expected, "{:?}", filter);
        // A page that begins anywhere is what the walk has there, and goes on as the walk does.
        for skip in 0..=expected.len() {
            filter.skip = u32::try_from(skip).unwrap();
            let mut jumped = Vec::new();
            for _ in 0..2 {
                let page = store.queue(&filter).await.unwrap();
                proptest::prop_assert_eq!(page.matching as usize, expected.len());
                jumped.extend(page.rows.iter().map(|row| u8::try_from(row.number).unwrap()));
                filter.after = page.next;
                if filter.after.is_none() {
                    break;
                }
            }
            let end = expected.len().min(skip + 2 * PAGE as usize);
            proptest::prop_assert_eq!(&jumped, &expected[skip..end], "{:?}", filter);
            filter.after = None;
        }
    }
    proptest::prop_assert_eq!(store.queue_counts().await.unwrap(), model.counts());
    Ok(())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_answers_what_a_walk_over_all_would(
        steps in prop::collection::vec(step(), 0..25),
        filters in prop::collection::vec(filter(), 1..12),
    ) {
        block_on(live(steps, filters))?;
    }

    #[test]
    fn no_text_is_an_error(text in any::<String>(), account in any::<String>(), owner in any::<String>()) {
        block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("test.db")).await.unwrap();
            let owner = OwnerFilter::Person(owner);
            let asked = QueueFilter { text: Some(text), account: Some(account), owner, limit: 1, ..QueueFilter::default() };
            store.queue(&asked).await.unwrap();
        });
    }
}

#[test]
fn the_syntax_of_the_index_is_only_text() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("test.db")).await.unwrap();
        let draft = Draft {
            number: 1,
            severity: Severity::High,
            state: IncidentState::New,
            opened: 1_790_000_000,
            title: vec!["mining"],
            account: None,
            account_name: None,
        };
        let mut write = store.write().await.unwrap();
        write.put_incidents(&[&head(&draft)]).await.unwrap();
        write.commit().await.unwrap();
        let matching = async |text: &str| {
            let filter =
                QueueFilter { text: Some(text.to_owned()), limit: 1, ..QueueFilter::default() };
            store.queue(&filter).await.unwrap().matching
        };
        for text in ["mining", "\"mining", "mining*", "(mining", "--- mining", "mining\0"] {
            assert_eq!(matching(text).await, 1, "{text:?}");
        }
        for text in [
            "nothing OR mining",
            "facets : s6E6577",
            "s6E6577",
            "mining NOT mining",
            "NEAR(mining, 1)",
        ] {
            assert_eq!(matching(text).await, 0, "{text:?}");
        }
    });
}

#[test]
fn where_many_clocks_run_a_page_is_what_is_due_first() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("test.db")).await.unwrap();
        let heads: Vec<_> = (1..=10_040_i64)
            .map(|number| IncidentHead {
                id: IncidentId::new(format!("inc_{number}")),
                number,
                opened_at: at(1_790_000_000 + (number * 7_919) % 10_007),
                severity: if number % 2 == 0 { Severity::High } else { Severity::Low },
                ..head(&Draft {
                    number: 0,
                    severity: Severity::Low,
                    state: IncidentState::New,
                    opened: 0,
                    title: vec![],
                    account: Some("111"),
                    account_name: None,
                })
            })
            .collect();
        let mut write = store.write().await.unwrap();
        write.put_incidents(&heads.iter().collect::<Vec<_>>()).await.unwrap();
        write.commit().await.unwrap();
        for account in [None, Some("111".to_owned())] {
            let mut filter = QueueFilter {
                account,
                order: QueueOrder::Clock,
                limit: 30,
                ..QueueFilter::default()
            };
            let jumping = QueueFilter { limit: 500, ..filter.clone() };
            let mut walk = jumping.clone();
            let mut all = Vec::new();
            loop {
                let page = store.queue(&walk).await.unwrap();
                all.extend(page.rows.iter().map(|row| row.number));
                walk.after = page.next;
                if walk.after.is_none() {
                    break;
                }
            }
            assert_eq!(all.len(), 10_040);
            for skip in [1, 4_999, 5_100, 9_700, 10_039, 10_040] {
                let asked = QueueFilter { skip, ..jumping.clone() };
                let page = store.queue(&asked).await.unwrap();
                let numbers: Vec<_> = page.rows.iter().map(|row| row.number).collect();
                let skip = skip as usize;
                assert_eq!(numbers, all[skip..all.len().min(skip + 500)], "from {skip}");
            }
            let mut dues = Vec::new();
            for _ in 0..3 {
                let page = store.queue(&filter).await.unwrap();
                assert_eq!((page.matching, page.rows.len()), (10_040, 30));
                dues.extend(page.rows.iter().map(|row| row.clock.unwrap().due));
                filter.after = page.next;
            }
            let mut expected: Vec<Timestamp> = heads
                .iter()
                .map(|head| {
                    let minutes = if head.severity == Severity::High { 60 } else { 1_440 };
                    head.opened_at + TimeDelta::minutes(minutes)
                })
                .collect();
            expected.sort_unstable();
            assert_eq!(dues, expected[..90]);
        }
        let (past, next) = store.past_due(at(1_790_000_000 + 3_600 + 10)).await.unwrap();
        let due_by_then = heads
            .iter()
            .filter(|head| head.severity == Severity::High)
            .filter(|head| head.opened_at < at(1_790_000_010));
        assert_eq!(past as usize, due_by_then.count());
        assert!(next.is_some());
    });
}
