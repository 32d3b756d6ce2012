//! The repository's benchmark: `cargo xtask bench`. Prints a table; compares nothing across runs,
//! for machines are noisy. Everything is measured through the desk, as the window uses it; with `--ui`
//! only what the window itself shows and takes.

mod backfill;
mod containing;
mod corpus;
mod graph;
mod memory;
mod parsers;
mod queue;
mod stats;
mod table;
mod ui;

use std::path::Path;
use std::time::{Duration, Instant};

use firebreak_desk::{Access, Desk, Home};
use firebreak_wire::{Event, QueueQuery};

use crate::stats::Samples;
use crate::table::Table;

/// Incidents in the cold start.
const INCIDENTS: usize = 100_000;
/// Alerts in the ingest measurement.
const ALERTS: usize = 20_000;
/// Alerts in the back-fill.
const BACKFILL: usize = 1_000_000;
/// Incidents in the queue.
const QUEUE: usize = 1_000_000;
/// Assets in the graph, with ten facts each.
const ASSETS: usize = 1_000_000;
/// Single alerts timed from response to interface.
const SINGLES: usize = 200;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let scale: f64 = std::env::var("FIREBREAK_BENCH_SCALE")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1.0);
    let scaled = |count: usize| ((count as f64 * scale) as usize).max(50);
    let mut table = Table::default();

    let folder = tempfile::tempdir()?;
    if std::env::args().any(|word| word == "--ui") {
        let queue = queue::prepare(folder.path(), scaled(QUEUE)).await?;
        ui::measure(queue.path(), &mut table).await?;
        table.print();
        return Ok(());
    }
    // First: what others leave in memory is not part of it.
    backfill::measure(folder.path(), scaled(BACKFILL), &mut table).await?;
    parsers::measure(scaled(ALERTS), &mut table).await?;
    let (desk, home) = open(folder.path()).await?;
    ingest(&desk, scaled(ALERTS), &mut table).await?;
    visible(&desk, scaled(SINGLES), &mut table).await?;
    fill(&desk, scaled(INCIDENTS)).await?;
    desk.close().await;
    drop(desk);
    cold_start(&home, &mut table).await?;
    memory::window(&home, &mut table);
    containing::measure(&mut table).await?;
    // Last: a million of anything stays in the allocator, and the rows above tell of memory.
    let queue = queue::measure(folder.path(), scaled(QUEUE), &mut table).await?;
    ui::measure(queue.path(), &mut table).await?;
    graph::measure(scaled(ASSETS), &mut table)?;
    table.print();
    Ok(())
}

async fn open(path: &Path) -> Result<(std::sync::Arc<Desk>, Home), Failure> {
    let home = Home::choose(Some(path.join("bench")));
    Desk::init(&home).await?;
    Ok((Desk::open(home.clone(), Access::Owner).await?, home))
}

/// Durable, deduplicated, correlated, each with its audit record; half of them seen before.
async fn ingest(desk: &Desk, count: usize, table: &mut Table) -> Result<(), Failure> {
    let bytes = corpus::issues(0, count);
    let began = Instant::now();
    let fresh = desk.engine().ingest_file("wiz", &bytes, desk.me()).await?;
    let first = began.elapsed();
    let began = Instant::now();
    let again = desk.engine().ingest_file("wiz", &bytes, desk.me()).await?;
    let second = began.elapsed();
    if fresh.report.findings as usize != count || again.report.repeated as usize != count {
        return Err(format!(
            "{} findings and {} repeats of {count}",
            fresh.report.findings, again.report.repeated
        )
        .into());
    }
    let size = bytes.len() / count;
    let each = |elapsed: Duration| format!("{:.0} /s", count as f64 / elapsed.as_secs_f64());
    table.row(
        "alerts ingested, durable, with audit records",
        each(first),
        format!("{count} new, {size} B each"),
    );
    table.row("alerts recognised as seen before", each(second), format!("{count}"));
    Ok(())
}

/// From an alert's bytes in hand to the event that the window draws.
async fn visible(
    desk: &std::sync::Arc<Desk>,
    count: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    desk.start();
    // What start sets going first (verification, keychain) is not part of this.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut samples = Samples::default();
    for index in 0..count {
        let bytes = corpus::issues(1_000_000 + index, 1);
        let mut events = desk.events();
        let began = Instant::now();
        desk.engine().ingest_file("wiz", &bytes, desk.me()).await?;
        loop {
            let envelope = tokio::time::timeout(Duration::from_secs(10), events.recv()).await??;
            if matches!(envelope.event, Event::IncidentChanged { is_new: true, .. }) {
                break;
            }
        }
        samples.push(began.elapsed());
    }
    table.row(
        "poll response to event in the interface",
        samples.to_string(),
        format!("{count} single alerts"),
    );
    Ok(())
}

async fn fill(desk: &Desk, count: usize) -> Result<(), Failure> {
    for first in (0..count).step_by(10_000) {
        let bytes = corpus::issues(2_000_000 + first, 10_000.min(count - first));
        desk.engine().ingest_file("wiz", &bytes, desk.me()).await?;
    }
    Ok(())
}

/// A workspace opened, its first page and counts read: what the window needs to be usable.
async fn cold_start(home: &Home, table: &mut Table) -> Result<(), Failure> {
    let mut samples = Samples::default();
    let mut total = 0;
    for _ in 0..5 {
        let began = Instant::now();
        let desk = Desk::open(home.clone(), Access::Owner).await?;
        let page = desk.list_incidents(QueueQuery::default()).await?;
        desk.snapshot().await?;
        samples.push(began.elapsed());
        total = page.total;
        desk.close().await;
    }
    table.row(
        "cold start: open, first page, snapshot",
        samples.to_string(),
        format!("{total} incidents"),
    );
    let desk = Desk::open(home.clone(), Access::Owner).await?;
    let began = Instant::now();
    let verdict = desk.verify_audit().await?;
    table.row(
        "audit log verified",
        format!("{:.2} s", began.elapsed().as_secs_f64()),
        format!("{} records, {}", verdict.size, verdict.text),
    );
    table.row("backend memory (PSS)", memory::of_this_process(), format!("{total} incidents"));
    desk.close().await;
    Ok(())
}
