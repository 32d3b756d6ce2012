//! What people keep from becoming incidents, for a time.

use std::collections::BTreeSet;

use chrono::Duration;
use firebreak_core::suppression::{Scope, SourceRule, Tag};
use firebreak_core::triage::Wish;
use firebreak_core::{AssetId, IncidentState, Severity, SuppressionId};
use firebreak_engine::{EngineError, Preview, SuppressOrder};
use proptest::prelude::{Just, ProptestConfig, Strategy, proptest};
use proptest::prop_assert_eq;

use crate::world::{World, me};

const SOURCE: &str = "file:test";

async fn ingest(world: &World, lines: &[&str]) {
    world.engine.ingest_file("test", lines.join("\n").as_bytes(), &me()).await.unwrap();
}

fn of_rule(rule: &str) -> Scope {
    let rule = SourceRule { source: SOURCE.to_owned(), rule: rule.to_owned() };
    Scope { rule: Some(rule), ..Scope::default() }
}

fn order(scope: Scope, up_to: Severity) -> SuppressOrder {
    let reason = "our own scanner".to_owned();
    SuppressOrder { scope, up_to, reason, expires_at: None, close: BTreeSet::new() }
}

/// A rule for `R` up to medium.
async fn suppressed(world: &World) -> SuppressionId {
    world.engine.suppress(order(of_rule("R"), Severity::Medium), &me()).await.unwrap().0
}

async fn labels(world: &World) -> Vec<String> {
    let filter = firebreak_core::queue::QueueFilter { limit: 500, ..Default::default() };
    let rows = world.engine.store().queue(&filter).await.unwrap().rows;
    let mut labels: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} {}", row.title, row.state.name(), row.finding_count))
        .collect();
    labels.sort();
    labels
}

async fn hidden(world: &World, rule: &SuppressionId) -> BTreeSet<String> {
    let findings = world.engine.store().hidden_findings(rule, 500).await.unwrap();
    findings.into_iter().map(|finding| finding.draft.vendor_id).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn what_a_rule_covers_is_kept_and_opens_nothing() {
    let world = World::new().await;
    let rule = suppressed(&world).await;
    ingest(&world, &["a|medium|new|on-1||R", "b|low|new|on-1||S", "c|low|new|on-1||R"]).await;
    assert_eq!(labels(&world).await, ["crypto miner b new 1"], "c joins nothing that is open");
    assert_eq!(hidden(&world, &rule).await, set(&["a", "c"]));
    let rows = world.engine.store().suppressions(world.engine.now(), false).await.unwrap();
    assert_eq!((rows[0].hid, rows[0].hides, rows[0].last_hid), (2, 2, Some(world.engine.now())));
    // Delivered again, and over: still nothing.
    ingest(&world, &["a|low|in_progress|on-1|20|R", "c|low|resolved|on-1|20|R"]).await;
    ingest(&world, &["a|medium|new|on-1||R"]).await;
    assert_eq!(labels(&world).await.len(), 1);
    let rows = world.engine.store().suppressions(world.engine.now(), false).await.unwrap();
    assert_eq!(rows[0].hid, 2, "each is counted once");
    // The log says of each alert what hid it.
    let log = world.engine.store().audit_before(None, 50).await.unwrap();
    let told = log.iter().filter(|record| {
        String::from_utf8_lossy(&record.body).contains(&format!("\"hidden_by\":\"{rule}\""))
    });
    assert!(told.count() >= 1);
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn what_is_worse_than_the_rule_allows_shows() {
    let world = World::new().await;
    let rule = suppressed(&world).await;
    ingest(&world, &["a|medium|new|on-1|10|R", "b|unknown|new|on-2||R"]).await;
    assert_eq!(labels(&world).await, ["crypto miner b new 1"], "unknown may be anything");
    ingest(&world, &["a|high|new|on-1|20|R"]).await;
    assert_eq!(labels(&world).await, ["crypto miner a new 1", "crypto miner b new 1"]);
    assert_eq!(hidden(&world, &rule).await, set(&[]));
    // Once shown it is never hidden again, whatever the source says of it then.
    ingest(&world, &["a|low|new|on-1|30|R"]).await;
    assert_eq!(labels(&world).await.len(), 2);
    let incident = world.engine.find_incident("INC-2").await.unwrap();
    let incident = world.engine.store().incident(&incident).await.unwrap();
    assert_eq!((incident.severity, incident.findings.len()), (Severity::High, 1));
}

#[tokio::test]
async fn what_leaves_the_scope_shows() {
    let world = World::new().await;
    let scope = Scope { tag: Some(Tag::parse("team=media")), ..Scope::default() };
    world.engine.suppress(order(scope, Severity::High), &me()).await.unwrap();
    ingest(&world, &["a|high|new|on-1|10|R|team=media", "b|high|new|on-2||R|team=web"]).await;
    assert_eq!(labels(&world).await, ["crypto miner b new 1"]);
    ingest(&world, &["a|high|new|on-1|20|R|team=web"]).await;
    assert_eq!(labels(&world).await.len(), 2);
}

#[tokio::test]
async fn what_an_incident_has_already_is_not_hidden() {
    let world = World::new().await;
    ingest(&world, &["a|low|new|on-1|10|R"]).await;
    let rule = suppressed(&world).await;
    ingest(&world, &["a|medium|new|on-1|20|R", "b|low|new|on-1||R"]).await;
    assert_eq!(labels(&world).await, ["crypto miner a new 1"]);
    assert_eq!(hidden(&world, &rule).await, set(&["b"]));
}

#[tokio::test]
async fn when_a_rule_ends_what_is_still_open_shows() {
    for by_hand in [true, false] {
        let world = World::new().await;
        let rule = suppressed(&world).await;
        ingest(&world, &["a|medium|new|on-1|10|R", "b|low|new|on-2|10|R", "c|low|new|on-1||R"])
            .await;
        ingest(&world, &["b|low|resolved|on-2|20|R"]).await;
        if by_hand {
            world.engine.end_suppression(&rule, &me()).await.unwrap();
        } else {
            world.clock.advance(60 * 24 * 30);
            world.engine.show_what_is_hidden_too_long().await.unwrap();
        }
        assert_eq!(labels(&world).await, ["crypto miner a new 2"], "by hand: {by_hand}");
        assert_eq!(hidden(&world, &rule).await, set(&[]));
        // What is over stayed away; open again it comes.
        ingest(&world, &["b|low|new|on-2|30|R"]).await;
        assert_eq!(labels(&world).await.len(), 2);
        assert!(world.engine.verify_audit().await.unwrap().ok());
        let again = world.engine.end_suppression(&rule, &me()).await.unwrap_err();
        assert!(matches!(again, EngineError::Refused(_)), "{again}");
    }
}

#[tokio::test]
async fn another_rule_goes_on_hiding() {
    let world = World::new().await;
    let first = suppressed(&world).await;
    ingest(&world, &["a|low|new|on-1||R"]).await;
    let wider = Scope { asset: Some(AssetId::new("i-0bbbbbbbbbbbbbbb1")), ..Scope::default() };
    let (second, _) = world.engine.suppress(order(wider, Severity::Low), &me()).await.unwrap();
    world.engine.end_suppression(&first, &me()).await.unwrap();
    assert_eq!(labels(&world).await, Vec::<String>::new());
    assert_eq!(hidden(&world, &second).await, set(&["a"]));
    world.engine.end_suppression(&second, &me()).await.unwrap();
    assert_eq!(labels(&world).await, ["crypto miner a new 1"]);
}

#[tokio::test]
async fn making_changing_and_ending_a_rule_are_taken_back() {
    let world = World::new().await;
    let rule = suppressed(&world).await;
    let now = world.engine.now();
    let in_force = async || {
        let rows = world.engine.store().suppressions(now, false).await.unwrap();
        rows.first().map(|row| row.rule.term.expires_at - now)
    };
    assert_eq!(in_force().await, Some(Duration::days(30)));
    let later = now + Duration::days(90);
    world.engine.renew_suppression(&rule, later, &me()).await.unwrap();
    ingest(&world, &["a|low|new|on-1||R"]).await;
    world.engine.end_suppression(&rule, &me()).await.unwrap();
    assert_eq!((in_force().await, labels(&world).await.len()), (None, 1));
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(in_force().await, Some(Duration::days(90)));
    assert_eq!(labels(&world).await.len(), 1, "what was shown stays");
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(in_force().await, Some(Duration::days(30)));
    ingest(&world, &["b|low|new|on-2||R"]).await;
    assert_eq!(labels(&world).await.len(), 1);
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(in_force().await, None);
    assert_eq!(labels(&world).await.len(), 2, "it was never there, so nothing is hidden");
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn a_rule_that_expired_is_not_brought_back_by_taking_back_its_end() {
    let world = World::new().await;
    let rule = suppressed(&world).await;
    world.engine.end_suppression(&rule, &me()).await.unwrap();
    world.clock.advance(60 * 24 * 31);
    let error = world.engine.undo_change(None, &me()).await.unwrap_err();
    assert!(error.to_string().contains("has expired meanwhile"), "{error}");
}

async fn preview(world: &World, scope: Scope, up_to: Option<Severity>) -> Preview {
    world.engine.preview_suppression(scope, up_to).await.unwrap()
}

#[tokio::test]
async fn the_preview_says_what_a_rule_would_have_hidden() {
    let world = World::new().await;
    ingest(&world, &["old|low|new|on-9||R"]).await;
    world.clock.advance(60 * 24 * 31);
    let lines = [
        "a|medium|new|on-1||R",
        "b|low|new|on-1||R",
        "c|low|new|on-2||R",
        "d|low|new|on-2||S",
        "e|high|new|on-3||R",
        "f|unknown|new|on-4||R",
        "g|low|new|on-5||R",
    ];
    ingest(&world, &lines).await;
    let closed = world.engine.find_incident("INC-6").await.unwrap();
    world.set_state(&closed, IncidentState::Closed, "seen", None).await.unwrap();
    let whole = preview(&world, of_rule("R"), None).await;
    assert_eq!((whole.days, whole.more, whole.up_to), (30, false, Some(Severity::High)));
    use Severity::{High, Low, Medium, Unknown};
    let kinds = [(High, 1, true), (Medium, 1, true), (Low, 3, true), (Unknown, 1, false)];
    assert_eq!(whole.by_severity, kinds);
    assert_eq!((whole.findings, whole.incidents, whole.partly), (5, 3, 1));
    assert_eq!(whole.examples.len(), 5);
    let named = |preview: &Preview| preview.open.iter().map(|one| one.number).collect::<Vec<_>>();
    assert_eq!((named(&whole), whole.open_count), (vec![4, 2], 2), "the closed one is not offered");
    let less = preview(&world, of_rule("R"), Some(Medium)).await;
    assert_eq!((less.findings, less.incidents), (4, 2));
    assert_eq!(named(&less), [2]);
    for scope in [
        Scope { asset: Some(AssetId::new("i-0bbbbbbbbbbbbbbb2")), ..Scope::default() },
        Scope {
            account: Some(crate::world::ACCOUNT.to_owned()),
            asset: Some(AssetId::new("i-0bbbbbbbbbbbbbbb2")),
            ..Scope::default()
        },
    ] {
        assert_eq!(preview(&world, scope, None).await.findings, 2);
    }
    let account = Scope { account: Some(crate::world::ACCOUNT.to_owned()), ..Scope::default() };
    assert_eq!(preview(&world, account, Some(Severity::Critical)).await.findings, 7);
    let nothing = preview(&world, of_rule("none' OR 1=1 --"), None).await;
    assert_eq!((nothing.findings, nothing.up_to), (0, None));
    let empty = world.engine.preview_suppression(Scope::default(), None).await.unwrap_err();
    assert!(matches!(empty, EngineError::Invalid(_)), "{empty}");
}

#[tokio::test]
async fn what_it_covers_is_closed_with_it_and_comes_back_with_it() {
    let world = World::new().await;
    let lines =
        ["a|low|new|on-1||R", "b|low|new|on-2||R", "c|low|new|on-2||S", "d|low|new|on-3||R"];
    ingest(&world, &lines).await;
    let third = world.engine.find_incident("INC-3").await.unwrap();
    let until = world.engine.now() + Duration::hours(1);
    world.wish(&third, Wish::Snooze { until }).await.unwrap();
    let mut order = order(of_rule("R"), Severity::Medium);
    for label in ["INC-1", "INC-2", "INC-3"] {
        order.close.insert(world.engine.find_incident(label).await.unwrap());
    }
    let before = labels(&world).await;
    let (_, report) = world.engine.suppress(order, &me()).await.unwrap();
    assert_eq!((report.changed.len(), report.refused.len()), (2, 1));
    assert_eq!(report.refused[0].label, "INC-2");
    assert!(report.refused[0].why.contains("1 findings that this rule would not hide"));
    let after = ["crypto miner a closed 1", "crypto miner b new 2", "crypto miner d closed 1"];
    assert_eq!(labels(&world).await, after);
    // What the source says of them later wakes nothing.
    ingest(&world, &["a|low|resolved|on-1|20|R", "d|medium|in_progress|on-3|20|R"]).await;
    ingest(&world, &["a|low|new|on-1|30|R", "e|low|new|on-1||R"]).await;
    assert_eq!(labels(&world).await, after);
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(labels(&world).await[..1], ["crypto miner a new 2"], "with what was hidden");
    assert_eq!(before.len(), 3);
    assert_eq!(
        world.engine.store().standing(&third).await.unwrap().standing.state,
        IncidentState::Snoozed
    );
}

#[tokio::test]
async fn a_containment_under_way_is_not_closed_with_a_rule() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    world.engine.run(&step, firebreak_core::Direction::Execute, &me()).await.unwrap();
    let scope = Scope { asset: Some(AssetId::new(crate::world::INSTANCE)), ..Scope::default() };
    let seen = preview(&world, scope.clone(), None).await;
    assert_eq!((seen.incidents, seen.open_count), (1, 0));
    let mut order = order(scope, Severity::Critical);
    order.close.insert(incident);
    let (_, report) = world.engine.suppress(order, &me()).await.unwrap();
    assert_eq!(report.refused[0].why, "is contained, so it stays");
}

#[tokio::test]
async fn a_rule_needs_scope_reason_and_an_end_within_a_year() {
    let world = World::new().await;
    let now = world.engine.now();
    let good = order(of_rule("R"), Severity::Low);
    for bad in [
        SuppressOrder { scope: Scope::default(), ..good.clone() },
        SuppressOrder { reason: " ".to_owned(), ..good.clone() },
        SuppressOrder { expires_at: Some(now), ..good.clone() },
        SuppressOrder { expires_at: Some(now + Duration::days(366)), ..good.clone() },
    ] {
        let error = world.engine.suppress(bad.clone(), &me()).await.unwrap_err();
        assert!(matches!(error, EngineError::Invalid(_)), "{bad:?}: {error}");
    }
    assert!(world.engine.store().suppressions(now, true).await.unwrap().is_empty());
}

/// Versions of two findings, some worse than the rule allows.
const LINES: [&str; 6] = [
    "a|low|new|on-1|10|R",
    "a|high|new|on-1|20|R",
    "a|low|new|on-1|30|R",
    "b|medium|new|on-1|10|R",
    "b|low|new|on-1|20|R",
    "c|low|new|on-1|10|S",
];

async fn in_order(lines: &[&str], batches: usize) -> (Vec<String>, BTreeSet<String>, Severity) {
    let world = World::new().await;
    let rule = suppressed(&world).await;
    for some in lines.chunks(batches) {
        ingest(&world, some).await;
    }
    let incident = world.engine.find_incident("INC-1").await.unwrap();
    let incident = world.engine.store().incident(&incident).await.unwrap();
    (labels(&world).await, hidden(&world, &rule).await, incident.severity)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is hidden and what shows does not depend on the order in which it comes.
    #[test]
    fn the_order_makes_no_difference(
        lines in Just(LINES.to_vec()).prop_shuffle(), batches in 1..=6_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = runtime.block_on(in_order(&lines, batches));
        let first = vec!["crypto miner a new 2".to_owned()];
        prop_assert_eq!(seen, (first, set(&["b"]), Severity::High), "{:?}", lines);
    }
}
