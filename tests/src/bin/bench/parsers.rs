//! Each vendor's normaliser alone, on what its stand-in sends.

use std::collections::BTreeMap;
use std::time::Instant;

use firebreak_core::ports::{Normaliser, RawAlert};
use firebreak_desk::{Access, Desk, Home, SandboxReady};
use firebreak_sandbox::{Options, Sandbox};
use firebreak_sources::lacework::LaceworkNormaliser;
use firebreak_sources::orca::OrcaNormaliser;
use firebreak_sources::prisma::PrismaNormaliser;
use firebreak_sources::wiz::WizNormaliser;
use firebreak_wire::QueueQuery;

use crate::Failure;
use crate::table::Table;

pub async fn measure(count: usize, table: &mut Table) -> Result<(), Failure> {
    let sandbox = match Sandbox::start(Options::vendors()).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            table.row("parsers", "SKIPPED", format!("no sandbox: {error}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let home = Home::choose(Some(folder.path().join("parsers")));
    Desk::init(&home).await?;
    let desk = Desk::open(home, Access::Owner).await?;
    let ready = serde_json::to_string(sandbox.ready())?;
    desk.use_sandbox(SandboxReady::parse(&ready)?).await?;
    desk.poll_now(None).await?;
    let alerts = alerts(&desk).await?;
    desk.close().await;
    sandbox.stop().await;
    let vendors: [(&str, &dyn Normaliser); 4] = [
        ("wiz", &WizNormaliser),
        ("prisma", &PrismaNormaliser),
        ("lacework", &LaceworkNormaliser),
        ("orca", &OrcaNormaliser),
    ];
    for (vendor, normaliser) in vendors {
        let what = format!("  {vendor} alerts read, one thread");
        let Some(alerts) = alerts.get(vendor).filter(|alerts| !alerts.is_empty()) else {
            table.row(what, "SKIPPED", "its stand-in sent none");
            continue;
        };
        let began = Instant::now();
        let mut bytes = 0;
        for alert in alerts.iter().cycle().take(count) {
            bytes += alert.body.len();
            std::hint::black_box(normaliser.normalise(alert)?);
        }
        let rate = count as f64 / began.elapsed().as_secs_f64();
        table.row(what, format!("{rate:.0} /s"), format!("{} B each", bytes / count));
    }
    Ok(())
}

/// What the sources sent that became findings, by the vendor's name.
async fn alerts(desk: &Desk) -> Result<BTreeMap<String, Vec<RawAlert>>, Failure> {
    let store = desk.engine().store();
    let mut alerts: BTreeMap<String, Vec<RawAlert>> = BTreeMap::new();
    let vendors: BTreeMap<String, String> =
        store.sources().await?.into_iter().map(|row| (row.name, row.vendor)).collect();
    for row in desk.list_incidents(QueueQuery::default()).await?.rows {
        let incident = desk.engine().find_incident(&row.id).await?;
        for finding in store.findings(&incident).await? {
            let stored = store.alert_of(&finding.id).await?;
            let vendor = vendors.get(&stored.source).cloned().unwrap_or_default();
            let raw = RawAlert { kind: finding.draft.kind, body: stored.body };
            alerts.entry(vendor).or_default().push(raw);
        }
    }
    Ok(alerts)
}
