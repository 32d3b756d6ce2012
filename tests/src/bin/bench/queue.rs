//! The queue with a million incidents in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta};
use firebreak_core::finding::Severity;
use firebreak_core::{AssetId, IncidentId, IncidentState};
use firebreak_desk::{Desk, Home};
use firebreak_store::{Altered, IncidentHead, IncidentSummary, Stand};
use firebreak_wire::{Event, QueueQuery, TriageOrder, TriageWish};

use crate::stats::Samples;
use crate::table::Table;
use crate::{Failure, open};

/// Incidents written in one transaction.
const BATCH: usize = 5_000;
/// Times each question is asked.
const ROUNDS: usize = 20;
/// Incidents whose state is changed.
const CHANGES: usize = 100;
/// Incidents that are closed at once.
const CHANGED_AT_ONCE: usize = 5_000;

/// Measures a full one, and answers where it is.
pub async fn measure(folder: &Path, count: usize, table: &mut Table) -> Result<Home, Failure> {
    let (desk, home) = open(&folder.join("queue")).await?;
    let began = Instant::now();
    fill(&desk, count).await?;
    let rate = count as f64 / began.elapsed().as_secs_f64();
    table.row("incidents written to the queue", format!("{rate:.0} /s"), format!("{count}"));
    let of = |matching: String| format!("of {count}: {matching}");
    for (what, query) in questions() {
        let (samples, matching) = ask(&desk, &query).await?;
        table.row(format!("  queue: {what}"), samples.to_string(), of(matching));
    }
    let mut samples = Samples::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        desk.queue_counts().await?;
        samples.push(began.elapsed());
    }
    table.row("  queue: counts of the tabs", samples.to_string(), format!("{count}"));
    change(&desk, count, table).await?;
    change_many(&desk, count, table).await?;
    desk.close().await;
    Ok(home)
}

/// Fills a queue for whoever measures something else of it.
pub async fn prepare(folder: &Path, count: usize) -> Result<Home, Failure> {
    let (desk, home) = open(&folder.join("queue")).await?;
    fill(&desk, count).await?;
    desk.close().await;
    Ok(home)
}

/// What people ask, the worst cases among it.
fn questions() -> Vec<(&'static str, QueueQuery)> {
    let of = |states: &[IncidentState], severities: &[Severity]| QueueQuery {
        states: (!states.is_empty()).then(|| states.to_vec()),
        severities: (!severities.is_empty()).then(|| severities.to_vec()),
        ..QueueQuery::default()
    };
    let text = |text: &str| QueueQuery { text: Some(text.to_owned()), ..QueueQuery::default() };
    let (new, contained, over) =
        (IncidentState::New, IncidentState::Contained, IncidentState::FalsePositive);
    let on = |account: &str| Some(account.to_owned());
    let owner = Some("owner-3".to_owned());
    let account = on("100000000033");
    vec![
        ("all", QueueQuery::default()),
        ("critical and new", of(&[new], &[Severity::Critical])),
        ("contained, medium", of(&[contained], &[Severity::Medium])),
        ("one account", QueueQuery { account: account.clone(), ..QueueQuery::default() }),
        (
            "one account, one owner",
            QueueQuery { account, owner: owner.clone(), ..QueueQuery::default() },
        ),
        ("one owner, false positives", QueueQuery { owner, ..of(&[over], &[]) }),
        ("one letter", text("h")),
        ("a word that all have", text("workload")),
        ("two words that never meet", text("mining phishing")),
        ("a name", text("host-4711")),
        (
            "a third's word, one account, contained",
            QueueQuery { account: on("100000000015"), text: on("mining"), ..of(&[contained], &[]) },
        ),
        ("what nothing has", text("xyzzy")),
    ]
}

/// Each round is a page further on.
async fn ask(desk: &Desk, query: &QueueQuery) -> Result<(Samples, String), Failure> {
    let (mut samples, mut query) = (Samples::default(), query.clone());
    let mut matching = String::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let page = desk.list_incidents(query.clone()).await?;
        samples.push(began.elapsed());
        let more = if page.more_match { " and more" } else { "" };
        matching = format!("{}{more} match", page.matching);
        query.after = page.next;
    }
    Ok((samples, matching))
}

/// A person changes the state of an incident, until the window is told.
async fn change(desk: &Arc<Desk>, count: usize, table: &mut Table) -> Result<(), Failure> {
    desk.start();
    let query = QueueQuery { states: Some(vec![IncidentState::New]), ..QueueQuery::default() };
    let page = desk.list_incidents(query).await?;
    let mut samples = Samples::default();
    for row in page.rows.iter().take(CHANGES) {
        let mut events = desk.events();
        let began = Instant::now();
        desk.change_incidents(moved(vec![row.id.clone()], IncidentState::Triaged)).await?;
        loop {
            match events.recv().await?.event {
                Event::IncidentChanged { row: told, .. } if told.id == row.id => break,
                _ => {}
            }
        }
        samples.push(began.elapsed());
    }
    table.row(
        "  queue: a state changed, told to the window",
        samples.to_string(),
        format!("{count}"),
    );
    Ok(())
}

fn moved(incidents: Vec<String>, to: IncidentState) -> TriageOrder {
    let wish = TriageWish::Move { to, reason: "bench".to_owned(), cause: None };
    TriageOrder { incidents, wish }
}

/// A person closes thousands at once, and takes it back.
async fn change_many(desk: &Arc<Desk>, count: usize, table: &mut Table) -> Result<(), Failure> {
    let query = QueueQuery {
        states: Some(vec![IncidentState::New]),
        severities: Some(vec![Severity::Low]),
        limit: Some(500),
        ..QueueQuery::default()
    };
    let mut incidents = Vec::new();
    let mut page = desk.list_incidents(query.clone()).await?;
    loop {
        incidents.extend(page.rows.into_iter().map(|row| row.id));
        let Some(after) = page.next.filter(|_| incidents.len() < CHANGED_AT_ONCE) else { break };
        page = desk.list_incidents(QueueQuery { after: Some(after), ..query.clone() }).await?;
    }
    incidents.truncate(CHANGED_AT_ONCE);
    let many = format!("{} of {count}", incidents.len());
    let (mut done, mut undone) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        desk.change_incidents(moved(incidents.clone(), IncidentState::Closed)).await?;
        done.push(began.elapsed());
        let began = Instant::now();
        desk.undo_triage(None).await?;
        undone.push(began.elapsed());
    }
    table.row("  queue: closed at once", done.to_string(), many.clone());
    table.row("  queue: taken back at once", undone.to_string(), many);
    Ok(())
}

async fn fill(desk: &Desk, count: usize) -> Result<(), Failure> {
    let store = desk.engine().store();
    for first in (0..count).step_by(BATCH) {
        let heads: Vec<_> = (first..count.min(first + BATCH)).map(head).collect();
        let mut write = store.write().await?;
        write.put_incidents(&heads.iter().collect::<Vec<_>>()).await?;
        let owned = heads.iter().filter(|head| head.number % 10 == 3);
        let owners: BTreeMap<IncidentId, String> = owned
            .map(|head| (head.id.clone(), format!("owner-{}", head.number % 40 / 10)))
            .collect();
        let stands = write.stands(&owners.keys().cloned().collect()).await?;
        let assigned = |stand: Stand| Altered {
            after: stand.standing.assigned(owners.get(&stand.incident).cloned()),
            incident: stand.incident,
            before: stand.standing,
        };
        let altered: Vec<Altered> = stands.into_iter().map(assigned).collect();
        write.set_standings(&altered, heads[0].updated_at).await?;
        write.commit().await?;
    }
    Ok(())
}

/// The `number`-th incident: a month of them, on forty accounts, most of them over.
fn head(number: usize) -> IncidentHead {
    let number = number as i64 + 1;
    let opened_at =
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_790_000_000 + number * 7 % 2_600_000);
    let threat = ["Crypto-mining", "Phishing", "Public bucket"][(number % 3) as usize];
    let state = match number % 20 {
        0..12 => IncidentState::Closed,
        12..15 => IncidentState::FalsePositive,
        15 => IncidentState::Contained,
        16 => IncidentState::Triaged,
        _ => IncidentState::New,
    };
    let account = format!("1{:011}", number % 40);
    IncidentHead {
        id: IncidentId::new(format!("inc_{number:012}")),
        number,
        title: format!("{threat} on a workload, rule {}", number % 60),
        lead: None,
        severity: Severity::ALL[(number % 6) as usize],
        state,
        asset: Some(AssetId::new(format!(
            "arn:aws:ec2:eu-central-1:{account}:instance/i-{number:017x}"
        ))),
        summary: IncidentSummary {
            asset_name: Some(format!("host-{number}")),
            account_name: Some(format!("team-{}", number % 40)),
            account: Some(account),
            region: Some("eu-central-1".to_owned()),
            techniques: vec!["T1496".to_owned()],
            sources: vec!["bench".to_owned()],
        },
        findings: 1,
        joined_because: "bench".to_owned(),
        opened_at,
        last_at: opened_at,
        updated_at: opened_at,
    }
}
