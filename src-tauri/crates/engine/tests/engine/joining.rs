//! Which findings are one incident, and why.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::correlate::WINDOW_HOURS;
use firebreak_core::triage::Wish;
use firebreak_core::{FindingId, IncidentId, Severity};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, proptest};
use proptest::prop_assert_eq;

use crate::world::{World, me};

async fn ingest(world: &World, lines: &[&str]) {
    world.engine.ingest_file("test", lines.join("\n").as_bytes(), &me()).await.unwrap();
}

async fn find(world: &World, label: &str) -> IncidentId {
    world.engine.find_incident(label).await.unwrap()
}

async fn findings(world: &World, id: &IncidentId) -> BTreeSet<String> {
    let findings = world.engine.store().findings(id).await.unwrap();
    findings.into_iter().map(|finding| finding.draft.vendor_id).collect()
}

async fn of(world: &World, label: &str) -> BTreeSet<String> {
    findings(world, &find(world, label).await).await
}

async fn finding(world: &World, label: &str, vendor_id: &str) -> FindingId {
    let findings = world.engine.store().findings(&find(world, label).await).await.unwrap();
    findings.into_iter().find(|it| it.draft.vendor_id == vendor_id).unwrap().id
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn a_key_that_both_used_makes_two_incidents_one() {
    let world = World::new().await;
    ingest(&world, &["a|low|new|on-1||||key=AKIA1", "b|high|new|on-2||||at=3"]).await;
    assert_eq!((of(&world, "INC-1").await, of(&world, "INC-2").await), (set(&["a"]), set(&["b"])));
    ingest(&world, &["c|low|new|on-2||||at=2,key=AKIA1"]).await;
    assert_eq!(of(&world, "INC-1").await, set(&["a", "b", "c"]));
    let first = world.engine.store().queue_row(&find(&world, "INC-1").await).await.unwrap();
    assert_eq!((first.severity, first.title.as_str()), (Severity::High, "crypto miner b"));
    let second = world.engine.store().standing(&find(&world, "INC-2").await).await.unwrap();
    assert_eq!(second.standing.merged_into, Some(find(&world, "INC-1").await));
    let lines = world.engine.store().timeline(&find(&world, "INC-1").await).await.unwrap();
    let told = lines.iter().find(|line| line.text.starts_with("took in INC-2")).unwrap();
    assert!(told.text.contains("shares"), "{}", told.text);
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn what_a_person_took_apart_stays_apart() {
    let world = World::new().await;
    let both = "c|low|new|on-2||||at=2,key=AKIA1";
    ingest(&world, &["a|low|new|on-1||||key=AKIA1", "b|high|new|on-2||||at=3", both]).await;
    let second = find(&world, "INC-2").await;
    world.wish(&second, Wish::Unmerge).await.unwrap();
    assert_eq!(
        of(&world, "INC-2").await,
        set(&["b", "c"]),
        "what links them stays with the nearer"
    );
    ingest(&world, &["d|low|new|on-2||||at=4,key=AKIA1"]).await;
    let standing = world.engine.store().standing(&second).await.unwrap();
    assert_eq!(standing.standing.merged_into, None);
    assert_eq!(of(&world, "INC-1").await, set(&["a"]));
    let named = world.engine.store().naming_the_same(&second, 5).await.unwrap();
    assert!(named.iter().any(|shared| shared.entity == "AKIA1"), "{named:?}");
}

#[tokio::test]
async fn incidents_in_hand_are_not_rearranged() {
    let world = World::new().await;
    ingest(&world, &["a|low|new|on-1||||key=AKIA1", "b|low|new|on-2", "c|low|new|on-3"]).await;
    for label in ["INC-1", "INC-2"] {
        world.assign(&find(&world, label).await, "ben").await.unwrap();
    }
    ingest(&world, &["d|low|new|on-2||||key=AKIA1"]).await;
    let (first, second) = (of(&world, "INC-1").await, of(&world, "INC-2").await);
    assert_eq!(first.len() + second.len(), 3, "{first:?} {second:?}");
    assert!(first.contains("a") && second.contains("b"));
    // One that nobody has goes into the one that somebody has, older or not.
    world.assign(&find(&world, "INC-3").await, "ben").await.unwrap();
    ingest(&world, &["e|low|new|on-4||||key=AKIA9"]).await;
    ingest(&world, &["f|low|new|on-3||||key=AKIA9"]).await;
    assert_eq!(of(&world, "INC-3").await, set(&["c", "e", "f"]));
}

#[tokio::test]
async fn two_ids_of_one_thing_are_one_asset() {
    let world = World::new().await;
    // The source gave no native id at first: `nowhere` has none.
    ingest(&world, &["a|low|new|nowhere||||alias=7c1", "b|low|new|on-1||||alias=7c1"]).await;
    assert_eq!(of(&world, "INC-1").await, set(&["a", "b"]));
    ingest(&world, &["c|low|new|on-1", "d|low|new|nowhere||||alias=7c1"]).await;
    assert_eq!(of(&world, "INC-1").await, set(&["a", "b", "c", "d"]));
}

#[tokio::test]
async fn what_a_finding_names_moves_with_it() {
    let world = World::new().await;
    ingest(&world, &["a|low|new|on-1", "b|low|new|on-1||||key=AKIA1"]).await;
    let findings = vec![finding(&world, "INC-1", "b").await];
    let first = find(&world, "INC-1").await;
    world.wish(&first, Wish::Relocate { findings, into: None }).await.unwrap();
    ingest(&world, &["c|low|new|on-2||||key=AKIA1"]).await;
    assert_eq!(of(&world, "INC-2").await, set(&["b", "c"]));
    world.engine.undo_change(None, &me()).await.unwrap();
    ingest(&world, &["d|low|new|on-3||||key=AKIA1"]).await;
    assert!(of(&world, "INC-1").await.is_superset(&set(&["a", "b"])));
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn what_is_over_links_nothing() {
    let world = World::new().await;
    ingest(&world, &["a|low|new|on-1||||key=AKIA1", "b|low|new|on-2"]).await;
    ingest(&world, &["c|low|resolved|on-2||||key=AKIA1", "d|low|resolved|on-9"]).await;
    let all = [of(&world, "INC-1").await, of(&world, "INC-2").await];
    assert!(all == [set(&["a", "c"]), set(&["b"])] || all == [set(&["a"]), set(&["b", "c"])]);
    assert!(world.engine.find_incident("INC-3").await.is_err());
}

/// A finding: its machine, the key that was used, when it began.
type Case = (u8, Option<u8>, i64);

fn case() -> impl Strategy<Value = Case> {
    (0..4_u8, prop::option::of(0..3_u8), 0..90_i64)
}

/// The groups that pairs of findings make which share a machine or a key within the window.
fn expected(cases: &[Case]) -> BTreeSet<BTreeSet<String>> {
    let linked = |one: &Case, other: &Case| {
        let same = one.0 == other.0 || (one.1.is_some() && one.1 == other.1);
        same && (one.2 - other.2).abs() <= WINDOW_HOURS
    };
    let mut group: Vec<usize> = (0..cases.len()).collect();
    for (at, one) in cases.iter().enumerate() {
        for (before, other) in cases.iter().enumerate().take(at) {
            if linked(one, other) {
                let (from, to) = (group[at], group[before]);
                group.iter_mut().filter(|it| **it == from).for_each(|it| *it = to);
            }
        }
    }
    let mut groups: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (at, group) in group.into_iter().enumerate() {
        groups.entry(group).or_default().insert(format!("f{at}"));
    }
    groups.into_values().collect()
}

async fn joined(cases: &[Case], order: &[usize], batch: usize) -> BTreeSet<BTreeSet<String>> {
    let world = World::new().await;
    let line = |at: usize| {
        let (machine, key, hours) = cases[at];
        let key = key.map(|key| format!(",key=AKIA{key}")).unwrap_or_default();
        format!("f{at}|low|new|on-{machine}||||at={hours}{key}")
    };
    let lines: Vec<String> = order.iter().map(|at| line(*at)).collect();
    for some in lines.chunks(batch) {
        ingest(&world, &some.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    let mut groups = BTreeSet::new();
    for number in 1.. {
        let Ok(id) = world.engine.find_incident(&format!("INC-{number}")).await else { break };
        let own = findings(&world, &id).await;
        let row = world.engine.store().queue_row(&id).await.unwrap();
        assert_eq!(row.finding_count as usize, own.len(), "INC-{number} counts what it has");
        groups.extend(Some(own).filter(|own| !own.is_empty()));
    }
    groups
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// In whatever order and batches findings come, the incidents are what the findings alone say.
    #[test]
    fn the_order_makes_no_difference(
        (cases, order) in prop::collection::vec(case(), 1..11).prop_flat_map(|cases| {
            let order: Vec<usize> = (0..cases.len()).collect();
            (Just(cases), Just(order).prop_shuffle())
        }),
        batch in 1..5_usize, _seed in any::<u8>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let groups = runtime.block_on(joined(&cases, &order, batch));
        prop_assert_eq!(groups, expected(&cases), "{:?} {:?}", cases, order);
    }
}
