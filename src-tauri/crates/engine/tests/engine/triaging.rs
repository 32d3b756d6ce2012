//! What people do to incidents, and take back.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::suppression::Scope;
use firebreak_core::timeline::EntryKind;
use firebreak_core::triage::{Cause, Standing, Wish};
use firebreak_core::{
    Direction, FindingId, IncidentId, IncidentState, Severity, StepState, SuppressionId,
};
use firebreak_engine::{ChangeReport, EngineError, SuppressOrder};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;
use tokio_util::sync::CancellationToken;

use crate::world::{World, me};

fn closed() -> Wish {
    Wish::Move { to: IncidentState::Closed, reason: "a scanner".to_owned(), cause: None }
}

async fn ingest(world: &World, lines: &[String]) {
    world.engine.ingest_file("test", lines.join("\n").as_bytes(), &me()).await.unwrap();
}

async fn find(world: &World, label: &str) -> IncidentId {
    world.engine.find_incident(label).await.unwrap()
}

async fn change(
    world: &World,
    incidents: &[&IncidentId],
    wish: Wish,
) -> Result<ChangeReport, EngineError> {
    let incidents = incidents.iter().map(|id| (*id).clone()).collect();
    world.engine.change(&incidents, &wish, &me(), |_| {}, &CancellationToken::new()).await
}

async fn undo(world: &World) -> Result<ChangeReport, EngineError> {
    world.engine.undo_change(None, &me()).await
}

async fn state(world: &World, id: &IncidentId) -> IncidentState {
    world.engine.store().incident(id).await.unwrap().state
}

async fn vendor_ids(world: &World, id: &IncidentId) -> BTreeSet<String> {
    let findings = world.engine.store().findings(id).await.unwrap();
    findings.into_iter().map(|finding| finding.draft.vendor_id).collect()
}

async fn texts(world: &World, id: &IncidentId) -> BTreeSet<String> {
    let facts = world.engine.store().evidence(id).await.unwrap();
    facts.into_iter().map(|fact| fact.text).collect()
}

/// Two incidents on two machines, with two findings each.
async fn two(world: &World) -> (IncidentId, IncidentId) {
    let lines = ["a|high|new|on-1", "b|low|new|on-1", "c|critical|new|on-2", "d|low|new|on-2"];
    ingest(world, &lines.map(ToOwned::to_owned)).await;
    (find(world, "INC-1").await, find(world, "INC-2").await)
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn thousands_are_closed_at_once_and_taken_back() {
    let world = World::new().await;
    let lines: Vec<String> =
        (0..1_205).map(|number| format!("i-{number}|low|new|nowhere")).collect();
    ingest(&world, &lines).await;
    let filter = firebreak_core::queue::QueueFilter { limit: 500, ..Default::default() };
    let (mut all, mut next) = (BTreeSet::new(), filter.clone());
    loop {
        let page = world.engine.store().queue(&next).await.unwrap();
        all.extend(page.rows.into_iter().map(|row| row.id));
        next.after = page.next;
        if next.after.is_none() {
            break;
        }
    }
    let one = all.first().unwrap().clone();
    world.assign(&one, "ben").await.unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let watch = |done| seen.lock().unwrap().push(done);
    let cancel = CancellationToken::new();
    let report = world.engine.change(&all, &closed(), &me(), watch, &cancel).await.unwrap();
    assert_eq!((report.changed.len(), report.refused.len()), (1_205, 0));
    assert_eq!(*seen.lock().unwrap(), [1_000, 1_205]);
    assert_eq!(world.engine.store().queue_counts().await.unwrap().open, 0);

    // Somebody went on with one, and somebody assigned another: only the first stays.
    let other = all.last().unwrap().clone();
    world.set_state(&one, IncidentState::Triaged, "", None).await.unwrap();
    world.assign(&other, "ben").await.unwrap();
    let back = world.engine.undo_change(report.change.as_deref(), &me()).await.unwrap();
    assert_eq!((back.changed.len(), back.refused.len()), (1_204, 1));
    assert_eq!(back.refused[0].why, "was changed since");
    assert_eq!(state(&world, &one).await, IncidentState::Triaged);
    let other = world.engine.store().incident(&other).await.unwrap();
    assert_eq!((other.state, other.owner.as_deref()), (IncidentState::New, Some("ben")));
    let twice = world.engine.undo_change(report.change.as_deref(), &me()).await.unwrap_err();
    assert!(twice.to_string().contains("took this back"), "{twice}");
    let audit = world.engine.verify_audit().await.unwrap();
    assert!(audit.ok(), "{:?}", audit.verdict.problems);
}

#[tokio::test]
async fn a_cancelled_change_says_so_and_what_it_did_can_be_taken_back() {
    let world = World::new().await;
    let lines: Vec<String> =
        (0..1_100).map(|number| format!("i-{number}|low|new|nowhere")).collect();
    ingest(&world, &lines).await;
    let mut all = BTreeSet::new();
    for number in 1..=1_100 {
        all.insert(find(&world, &format!("INC-{number}")).await);
    }
    let cancel = CancellationToken::new();
    let watch = |_| cancel.cancel();
    let report = world.engine.change(&all, &closed(), &me(), watch, &cancel).await.unwrap();
    assert!(report.cancelled);
    assert_eq!(report.changed.len(), 1_000);
    assert_eq!(undo(&world).await.unwrap().changed.len(), 1_000);
    assert_eq!(world.engine.store().queue_counts().await.unwrap().open, 1_100);
}

#[tokio::test]
async fn what_cannot_be_done_to_some_is_done_to_the_others_and_said() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    let lines = ["e|low|new|on-3".to_owned()];
    ingest(&world, &lines).await;
    let third = find(&world, "INC-3").await;
    let report = change(&world, &[&second, &third], closed()).await.unwrap();
    assert_eq!(report.changed, [third]);
    assert_eq!(report.refused[0].label, "INC-2");
    let none = change(&world, &[&second], closed()).await.unwrap_err();
    assert!(none.to_string().starts_with("INC-2 is merged into another"), "{none}");
}

#[tokio::test]
async fn a_merged_incident_is_worked_on_in_the_other_and_comes_out_as_it_was() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    world.assign(&second, "ben").await.unwrap();
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    let whole = world.engine.store().incident(&first).await.unwrap();
    assert_eq!((whole.severity, whole.findings.len()), (Severity::Critical, 4));
    assert_eq!(whole.title, "crypto miner c");
    assert_eq!(whole.asset.as_ref().unwrap().as_str(), "i-0bbbbbbbbbbbbbbb1");
    assert!(texts(&world, &first).await.contains("crypto miner d"));
    assert_eq!(state(&world, &second).await, IncidentState::Closed);

    // What comes in on its machine meanwhile is seen where its findings are, and goes with it.
    ingest(&world, &["e|medium|new|on-2".to_owned()]).await;
    assert_eq!(vendor_ids(&world, &first).await, set(&["a", "b", "c", "d", "e"]));
    change(&world, &[&second], Wish::Unmerge).await.unwrap();
    assert_eq!(vendor_ids(&world, &first).await, set(&["a", "b"]));
    assert_eq!(vendor_ids(&world, &second).await, set(&["c", "d", "e"]));
    let out = world.engine.store().incident(&second).await.unwrap();
    assert_eq!((out.state, out.owner.as_deref()), (IncidentState::New, Some("ben")));
    let first_again = world.engine.store().incident(&first).await.unwrap();
    assert_eq!(
        (first_again.severity, first_again.title.as_str()),
        (Severity::High, "crypto miner a")
    );
    assert_eq!(texts(&world, &first).await, set(&["crypto miner a", "crypto miner b"]));
    let lines = world.engine.store().timeline(&first).await.unwrap();
    assert!(!lines.iter().any(|line| line.text == "crypto miner c"), "{lines:?}");
    ingest(&world, &["f|low|new|on-2".to_owned()]).await;
    assert!(vendor_ids(&world, &second).await.contains("f"));
}

#[tokio::test]
async fn evidence_keeps_its_number_when_its_finding_comes_back() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    let before = world.engine.store().evidence(&first).await.unwrap();
    undo(&world).await.unwrap();
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    assert_eq!(world.engine.store().evidence(&first).await.unwrap(), before);
    let lines = world.engine.store().timeline(&first).await.unwrap();
    let told = lines.iter().filter(|line| line.text == "crypto miner c").count();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn findings_are_split_off_and_taken_back() {
    let world = World::new().await;
    let (first, _) = two(&world).await;
    let findings = world.engine.store().findings(&first).await.unwrap();
    let going: Vec<FindingId> = findings
        .iter()
        .filter(|finding| finding.draft.vendor_id == "a")
        .map(|finding| finding.id.clone())
        .collect();
    let all = findings.iter().map(|finding| finding.id.clone()).collect();
    let wish = Wish::Relocate { findings: all, into: None };
    let empty = change(&world, &[&first], wish).await.unwrap_err();
    assert!(empty.to_string().contains("would have no finding left"), "{empty}");

    let wish = Wish::Relocate { findings: going, into: None };
    change(&world, &[&first], wish).await.unwrap();
    let third = find(&world, "INC-3").await;
    assert_eq!(vendor_ids(&world, &third).await, set(&["a"]));
    assert_eq!(state(&world, &third).await, IncidentState::New);
    let left = world.engine.store().incident(&first).await.unwrap();
    assert_eq!((left.severity, left.title.as_str()), (Severity::Low, "crypto miner b"));
    assert_eq!(texts(&world, &first).await, set(&["crypto miner b"]));

    undo(&world).await.unwrap();
    assert_eq!(vendor_ids(&world, &first).await, set(&["a", "b"]));
    assert_eq!(state(&world, &third).await, IncidentState::Closed);
    assert!(vendor_ids(&world, &third).await.is_empty());
}

/// Never-list 13: neither a downgrade that a source sent nor what arrives late lowers a severity, not
/// even by way of a person's change.
#[tokio::test]
async fn putting_together_and_taking_apart_never_forgets_how_bad_it_was() {
    let world = World::new().await;
    let lines =
        ["a|critical|new|on-1|1", "a|low|new|on-1|9", "b|low|new|on-1|2", "b|high|new|on-1|1"];
    ingest(&world, &lines.map(ToOwned::to_owned)).await;
    ingest(&world, &["c|low|new|on-1".to_owned(), "d|low|new|on-2".to_owned()]).await;
    let (first, second) = (find(&world, "INC-1").await, find(&world, "INC-2").await);
    change(&world, &[&first], Wish::Merge { into: second.clone() }).await.unwrap();
    let severity = |incident: firebreak_core::incident::Incident| incident.severity;
    let of = async |id: &IncidentId| severity(world.engine.store().incident(id).await.unwrap());
    assert_eq!(of(&second).await, Severity::Critical);
    change(&world, &[&first], Wish::Unmerge).await.unwrap();
    assert_eq!((of(&first).await, of(&second).await), (Severity::Critical, Severity::Low));
    let findings = world.engine.store().findings(&first).await.unwrap();
    let a = findings.iter().find(|finding| finding.draft.vendor_id == "a").unwrap();
    let wish = Wish::Relocate { findings: vec![a.id.clone()], into: None };
    change(&world, &[&first], wish).await.unwrap();
    assert_eq!(of(&first).await, Severity::High);
    assert_eq!(of(&find(&world, "INC-3").await).await, Severity::Critical);
}

/// Never-list 1 and 2: a merged or closed incident's plan can't be approved or run any more.
#[tokio::test]
async fn no_step_of_an_incident_that_is_over_is_approved_or_run() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    ingest(&world, &["z|low|new|on-2".to_owned()]).await;
    let other = find(&world, "INC-2").await;
    change(&world, &[&incident], Wish::Merge { into: other }).await.unwrap();
    let run = world.engine.run(&step, Direction::Execute, &me()).await.unwrap_err();
    assert!(run.to_string().contains("INC-1 is closed; reopen it"), "{run}");
    let sign = world.sign(&step, Direction::Execute).await.unwrap_err();
    assert!(matches!(sign, EngineError::Refused(_)), "{sign}");
    assert_eq!(world.cloud.sent(), 0);
    undo(&world).await.unwrap();
    assert_eq!(
        world.engine.run(&step, Direction::Execute, &me()).await.unwrap(),
        StepState::Proven
    );
}

#[tokio::test]
async fn an_incident_whose_steps_ran_takes_others_in_and_goes_into_none() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    ingest(&world, &["z|low|new|on-2".to_owned()]).await;
    let other = find(&world, "INC-2").await;
    let merged = change(&world, &[&incident], Wish::Merge { into: other.clone() }).await;
    let refused = merged.unwrap_err().to_string();
    assert!(refused.contains("merge the others into it"), "{refused}");
    change(&world, &[&other], Wish::Merge { into: incident }).await.unwrap();
}

#[tokio::test]
async fn nothing_goes_round_in_a_circle() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    let out = change(&world, &[&second], Wish::Unmerge).await.unwrap();
    change(&world, &[&first], Wish::Merge { into: second.clone() }).await.unwrap();
    // Undone, the second would go into the first, which is in the second.
    let refused = world.engine.undo_change(out.change.as_deref(), &me()).await.unwrap_err();
    assert!(refused.to_string().contains("INC-2"), "{refused}");
    let itself =
        change(&world, &[&second], Wish::Merge { into: second.clone() }).await.unwrap_err();
    assert!(matches!(itself, EngineError::Refused(_)), "{itself}");
    assert_eq!(vendor_ids(&world, &second).await, set(&["a", "b", "c", "d"]));
}

#[tokio::test]
async fn undo_is_there_after_a_restart_and_each_person_has_their_own() {
    let world = World::new().await;
    let (first, _) = two(&world).await;
    change(&world, &[&first], closed()).await.unwrap();
    let world = world.restarted().await;
    let ben = firebreak_engine::Identity::person("ben");
    let nothing = world.engine.undo_change(None, &ben).await.unwrap_err();
    assert!(nothing.to_string().contains("no change of yours"), "{nothing}");
    assert_eq!(undo(&world).await.unwrap().changed.first(), Some(&first));
    assert_eq!(state(&world, &first).await, IncidentState::New);
}

#[tokio::test]
async fn nothing_is_hidden_in_what_was_closed_since() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    let out = change(&world, &[&second], Wish::Unmerge).await.unwrap();
    let finding = world.engine.store().findings(&first).await.unwrap().remove(0).id;
    let put = Wish::Relocate { findings: vec![finding], into: Some(second.clone()) };
    let put = change(&world, &[&first], put).await.unwrap();
    change(&world, &[&first], closed()).await.unwrap();
    for change in [&out, &put] {
        let error = world.engine.undo_change(change.change.as_deref(), &me()).await.unwrap_err();
        assert!(error.to_string().contains("INC-1"), "{error}");
        assert!(error.to_string().contains("is closed; reopen it first"), "{error}");
    }
    assert_eq!(vendor_ids(&world, &second).await.len(), 3);
    for _ in 0..3 {
        assert_eq!(undo(&world).await.unwrap().refused, []);
    }
    assert_eq!(vendor_ids(&world, &first).await, set(&["a", "b", "c", "d"]));
}

#[tokio::test]
async fn taken_out_of_a_closed_incident_it_goes_back_into_it() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    change(&world, &[&second], Wish::Merge { into: first.clone() }).await.unwrap();
    change(&world, &[&first], closed()).await.unwrap();
    change(&world, &[&second], Wish::Unmerge).await.unwrap();
    assert_eq!(state(&world, &second).await, IncidentState::New);
    assert_eq!(undo(&world).await.unwrap().changed.first(), Some(&second));
    assert_eq!(state(&world, &second).await, IncidentState::Closed);
    assert_eq!(vendor_ids(&world, &first).await, set(&["a", "b", "c", "d"]));
}

#[tokio::test]
async fn false_positives_are_counted_by_rule_and_cause() {
    let world = World::new().await;
    let (first, second) = two(&world).await;
    let wish = Wish::Move {
        to: IncidentState::FalsePositive,
        reason: "our own scanner".to_owned(),
        cause: Some(Cause::Test),
    };
    change(&world, &[&first, &second], wish).await.unwrap();
    let counted = world.engine.store().false_positives().await.unwrap();
    assert_eq!(counted.len(), 4);
    assert!(
        counted.iter().all(|(_, _, cause, incidents)| (*cause, *incidents) == (Cause::Test, 1))
    );
    undo(&world).await.unwrap();
    assert!(world.engine.store().false_positives().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_note_is_on_the_timeline_and_in_the_log() {
    let world = World::new().await;
    let (first, _) = two(&world).await;
    for (bad, why) in [(" \n ".to_owned(), "has 0"), ("x".repeat(4_001), "has 4001")] {
        let error = world.engine.add_note(&first, &bad, &me()).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let nowhere = world.engine.add_note(&IncidentId::new("inc_none"), "hello", &me()).await;
    assert!(matches!(nowhere, Err(EngineError::NotFound(_))), "{nowhere:?}");
    let note = "Called the owner.\nShe is on it \u{1f600}\u{202e}";
    world.engine.add_note(&first, note, &me()).await.unwrap();
    let lines = world.engine.store().timeline(&first).await.unwrap();
    let line = lines.iter().find(|line| line.kind == EntryKind::Note).unwrap();
    assert!(line.text.starts_with("Called the owner.\nShe is on it"), "{:?}", line.text);
    assert_eq!((line.actor.as_str(), &line.evidence), ("ana", &None));
    let evidence = world.engine.store().evidence(&first).await.unwrap();
    assert!(!evidence.iter().any(|fact| fact.text.contains("Called")), "no model reads it");
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

/// What a person may do, by the places of incidents and findings in their lists.
#[derive(Debug, Clone)]
enum Deed {
    Merge(usize, usize),
    Unmerge(usize),
    Split(usize, usize),
    Put(usize, usize, usize),
    Close(usize),
    Reopen(usize),
    Assign(usize),
    Snooze(usize),
    Wake(usize),
    Suppress(usize, bool),
    EndRule(usize),
    Ingest(u8, u8),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let at = || any::<u8>().prop_map(usize::from);
    prop::collection::vec(
        prop_oneof![
            4 => (at(), at()).prop_map(|(other, into)| Deed::Merge(other, into)),
            2 => at().prop_map(Deed::Unmerge),
            2 => (at(), at()).prop_map(|(from, finding)| Deed::Split(from, finding)),
            2 => (at(), at(), at()).prop_map(|(from, finding, into)| Deed::Put(from, finding, into)),
            1 => at().prop_map(Deed::Close),
            1 => at().prop_map(Deed::Reopen),
            1 => at().prop_map(Deed::Assign),
            2 => at().prop_map(Deed::Snooze),
            1 => at().prop_map(Deed::Wake),
            2 => (at(), any::<bool>()).prop_map(|(like, close)| Deed::Suppress(like, close)),
            1 => at().prop_map(Deed::EndRule),
            1 => (any::<u8>(), any::<u8>()).prop_map(|(id, on)| Deed::Ingest(id, on)),
        ],
        1..14,
    )
}

/// An incident as everybody sees it.
#[derive(Debug, PartialEq)]
struct Seen {
    standing: Standing,
    title: String,
    severity: Severity,
    asset: Option<String>,
    findings: BTreeSet<String>,
    counted: u32,
    facts: BTreeSet<String>,
    opened_at: String,
}

async fn seen(world: &World) -> BTreeMap<IncidentId, Seen> {
    let store = world.engine.store();
    let mut all = BTreeMap::new();
    let filter = firebreak_core::queue::QueueFilter { limit: 500, ..Default::default() };
    for row in store.queue(&filter).await.unwrap().rows {
        let incident = store.incident(&row.id).await.unwrap();
        let seen = Seen {
            standing: store.standing(&row.id).await.unwrap().standing,
            title: incident.title,
            severity: row.severity,
            asset: incident.asset.map(|asset| asset.to_string()),
            findings: vendor_ids(world, &row.id).await,
            counted: row.finding_count,
            facts: texts(world, &row.id).await,
            opened_at: incident.opened_at.to_string(),
        };
        all.insert(row.id, seen);
    }
    all
}

/// The rules in force, and what they hide.
async fn hidden(world: &World) -> (Vec<SuppressionId>, BTreeSet<String>) {
    let store = world.engine.store();
    let (mut rules, mut ids) = (Vec::new(), BTreeSet::new());
    for row in store.suppressions(world.engine.now(), false).await.unwrap() {
        for finding in store.hidden_findings(&row.rule.id, 500).await.unwrap() {
            assert!(ids.insert(finding.draft.vendor_id), "hidden twice");
        }
        rules.push(row.rule.id);
    }
    (rules, ids)
}

/// Suppresses what is on the asset of an incident.
async fn suppress(
    world: &World,
    like: &IncidentId,
    close: bool,
) -> Result<ChangeReport, EngineError> {
    let asset = world.engine.store().incident(like).await.unwrap().asset;
    let scope = Scope { asset, ..Scope::default() };
    let preview = world.engine.preview_suppression(scope.clone(), None).await?;
    let whole = preview.open.into_iter().filter(|_| close).map(|one| one.incident).collect();
    let order = SuppressOrder {
        scope,
        up_to: preview.up_to.unwrap_or(Severity::Low),
        reason: "known".to_owned(),
        expires_at: None,
        close: whole,
    };
    Ok(world.engine.suppress(order, &me()).await?.1)
}

async fn live(deeds: &[Deed]) -> Result<(), TestCaseError> {
    let world = World::new().await;
    let lines: Vec<String> = (0..8)
        .map(|number| {
            let severity = ["low", "high", "medium", "critical"][number % 4];
            format!("f{number}|{severity}|new|on-{}", number / 2)
        })
        .collect();
    ingest(&world, &lines).await;
    let at_first = seen(&world).await;
    let (mut done, mut ingested) = (0, false);
    for deed in deeds {
        let (now, (rules, hidden_before)) = (seen(&world).await, hidden(&world).await);
        let ids: Vec<&IncidentId> = now.keys().collect();
        let pick = |at: &usize| ids[at % ids.len()];
        let with = async |from: &usize, finding: &usize, into| {
            let findings = world.engine.store().findings(pick(from)).await.unwrap();
            let going = findings.get(finding % findings.len().max(1)).map(|one| one.id.clone());
            let findings = going.into_iter().collect();
            change(&world, &[pick(from)], Wish::Relocate { findings, into }).await
        };
        let moved = |to, reason: &str| Wish::Move { to, reason: reason.to_owned(), cause: None };
        let said = match deed {
            Deed::Merge(other, into) => {
                change(&world, &[pick(other)], Wish::Merge { into: pick(into).clone() }).await
            }
            Deed::Unmerge(at) => change(&world, &[pick(at)], Wish::Unmerge).await,
            Deed::Split(from, finding) => with(from, finding, None).await,
            Deed::Put(from, finding, into) => with(from, finding, Some(pick(into).clone())).await,
            Deed::Close(at) => change(&world, &[pick(at)], closed()).await,
            Deed::Reopen(at) => {
                change(&world, &[pick(at)], moved(IncidentState::Triaged, "")).await
            }
            Deed::Assign(at) => {
                let owner = Some(format!("owner-{at}"));
                change(&world, &[pick(at)], Wish::Assign { owner }).await
            }
            Deed::Snooze(at) => {
                let until = world.engine.now() + chrono::Duration::hours(4);
                change(&world, &[pick(at)], Wish::Snooze { until }).await
            }
            Deed::Wake(at) => change(&world, &[pick(at)], Wish::Wake).await,
            Deed::Suppress(like, close) => suppress(&world, pick(like), *close).await,
            Deed::EndRule(_) if rules.is_empty() => continue,
            Deed::EndRule(at) => {
                world.engine.end_suppression(&rules[at % rules.len()], &me()).await
            }
            Deed::Ingest(id, on) => {
                ingest(&world, &[format!("g{id}|medium|new|on-{}", on % 4)]).await;
                ingested = true;
                continue;
            }
        };
        done += usize::from(said.is_ok_and(|report| report.change.is_some()));
        let after = seen(&world).await;
        // What a rule hides is in no incident.
        let mut everywhere = hidden(&world).await.1;
        for (id, seen) in &after {
            let (snoozed, state) = (seen.standing.snooze.is_some(), seen.standing.state);
            prop_assert_eq!(snoozed, state == IncidentState::Snoozed, "{} {:?}", id, seen);
            prop_assert_eq!(seen.counted as usize, seen.findings.len(), "{} {:?}", id, seen);
            for finding in &seen.findings {
                prop_assert_eq!(everywhere.insert(finding.clone()), true, "{} twice", finding);
            }
            if !seen.findings.is_empty() {
                let told: BTreeSet<String> =
                    seen.findings.iter().map(|id| format!("crypto miner {id}")).collect();
                prop_assert_eq!(&told, &seen.facts, "{} {:?}", id, seen);
            }
        }
        let known: usize = now.values().map(|seen| seen.findings.len()).sum();
        let known = known + hidden_before.len();
        prop_assert_eq!(everywhere.len(), known, "a finding was lost or made");
    }
    if ingested {
        return Ok(());
    }
    for _ in 0..done {
        let report = undo(&world).await.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(report.refused, []);
    }
    let at_last = seen(&world).await;
    for (id, before) in &at_first {
        prop_assert_eq!(before, &at_last[id]);
    }
    for (id, extra) in at_last.iter().filter(|(id, _)| !at_first.contains_key(id)) {
        prop_assert_eq!(extra.standing.state, IncidentState::Closed, "{}", id);
        prop_assert_eq!(extra.findings.len(), 0);
    }
    prop_assert_eq!(hidden(&world).await, (Vec::new(), BTreeSet::new()));
    let audit = world.engine.verify_audit().await.unwrap();
    prop_assert_eq!(audit.ok(), true);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever people do, each finding is in one incident, which is what its findings make it, or
    /// hidden by one rule; and
    /// taking everything back leads to where it began.
    #[test]
    fn everything_can_be_taken_back(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&deeds))?;
    }
}
