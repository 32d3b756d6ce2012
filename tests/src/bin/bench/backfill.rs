//! A long back-fill: how fast, and whether memory stays where it is.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Cursor, OutsideError, Page, RawAlert};
use firebreak_store::SourceRow;
use tokio_util::sync::CancellationToken;

use crate::table::Table;
use crate::{Failure, corpus, memory, open};

const NAME: &str = "bench";
/// Alerts in a page; Wiz's largest.
const PAGE: usize = 500;
/// Alerts on one asset, and so in one incident.
const ON_ONE_ASSET: usize = 10;

/// A tenant that is only made while it is read.
struct Tenant {
    count: usize,
    memory: Mutex<Vec<u64>>,
}

#[async_trait]
impl AlertSource for Tenant {
    fn name(&self) -> &str {
        NAME
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let from: usize = cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or_default();
        if from % (self.count / 10).max(PAGE) < PAGE {
            let mut samples = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            samples.extend(memory::own_kib());
        }
        let until = self.count.min(from + PAGE);
        let bytes = corpus::issues_on(from, until - from, ON_ONE_ASSET);
        let alerts = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| RawAlert { kind: "issue".to_owned(), body: line.to_vec() })
            .collect();
        let cursor = Cursor(until.to_string());
        Ok(Page { alerts, cursor, more: until < self.count, seen_until: None })
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

pub async fn measure(folder: &Path, count: usize, table: &mut Table) -> Result<(), Failure> {
    let (desk, _) = open(&folder.join("backfill")).await?;
    let mut write = desk.engine().store().write().await?;
    let row = SourceRow { polling: false, ..SourceRow::new(NAME, "wiz") };
    write.add_source(&row).await?;
    write.commit().await?;
    let tenant = Arc::new(Tenant { count, memory: Mutex::default() });
    desk.engine().set_source(tenant.clone());
    let cancel = CancellationToken::new();
    let began = Instant::now();
    let report = desk.engine().backfill(NAME, Some(30), desk.me(), &cancel).await?;
    let took = began.elapsed();
    if report.findings as usize != count {
        return Err(format!("{} findings of {count}", report.findings).into());
    }
    let rate = count as f64 / took.as_secs_f64();
    let of = format!("{count} alerts, {ON_ONE_ASSET} on an asset, pages of {PAGE}, each fsynced");
    table.row("back-fill, making the alerts included", format!("{rate:.0} /s"), of);
    let samples = tenant.memory.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let each: Vec<String> = samples.iter().map(|kib| (kib / 1024).to_string()).collect();
    table.row(
        "  memory during it (PSS), tenth by tenth",
        samples.iter().max().copied().map_or_else(String::new, memory::mebibytes),
        format!("{} MiB", each.join(" ")),
    );
    desk.close().await;
    Ok(())
}
