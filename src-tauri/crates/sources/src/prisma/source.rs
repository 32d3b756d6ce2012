//! Prisma Cloud as a source of alerts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Clock, Cursor, OutsideError, Page, Vault};
use firebreak_core::write_back::Budget;

use super::client::Client;
use super::compute::Compute;
use super::config::{ChangeClock, PrismaConfig};
use super::cursor::{Phase, Position};
use super::fault::PrismaFault;
use super::graph;
use super::poll::{self, Batch, Wanted};
use super::probe::{self, ALERTS, ASSETS, RUNTIME};
use crate::sweep::Sweep;

/// One tenant, and its Compute console where one is configured. Reads only.
pub struct PrismaSource {
    name: String,
    lookback: TimeDelta,
    wanted: Wanted,
    phases: Vec<Phase>,
    anything_every: TimeDelta,
    client: Client,
    compute: Option<Compute>,
    clock: Arc<dyn Clock>,
    // Whether incidents failed last time: then alerts go first, so that they never wait behind them.
    detour: AtomicBool,
}

impl PrismaSource {
    /// Opens nothing: the secret is read and the network used when something is asked.
    ///
    /// # Errors
    /// When an address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(
        config: &PrismaConfig,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutsideError> {
        let settings = |fault: PrismaFault| fault.during("prisma settings", "");
        let client = Client::new(config, Arc::clone(&vault)).map_err(settings)?;
        let compute = Compute::new(config, vault).map_err(settings)?;
        Ok(Self {
            name: config.name.clone(),
            lookback: TimeDelta::from_std(config.lookback).unwrap_or(TimeDelta::days(7)),
            wanted: Wanted { page_size: config.page_size, filters: config.filters.clone() },
            phases: phases(&config.changes, compute.is_some()),
            anything_every: TimeDelta::from_std(config.anything_every).unwrap_or(TimeDelta::MAX),
            client,
            compute,
            clock,
            detour: AtomicBool::new(false),
        })
    }

    /// One page of the sweep that `position` is in, and the position after it.
    async fn page(&self, position: &mut Position) -> Result<Page, PrismaFault> {
        position.sweep().begin_page(self.clock.now());
        let Batch { alerts, times, next } = self.batch(position).await?;
        let ended = position.end_page(times.into_iter(), next, self.clock.now())?;
        let mut more = true;
        if ended {
            let next = self.next(position);
            more = next.is_some();
            position.phase = next.unwrap_or(self.phases[0]);
        }
        // What only the sweep by any change brings may be as much older as that is made less often.
        let seen_until = (!more).then(|| self.first(position).began);
        Ok(Page { alerts, cursor: position.write(), more, seen_until })
    }

    /// The sweep that follows; `None` when all that were due are done.
    fn next(&self, position: &Position) -> Option<Phase> {
        let at = self.phases.iter().position(|phase| *phase == position.phase)?;
        let due = |phase: &Phase| {
            // By itself it is the only one that brings anything.
            *phase != Phase::Anything
                || *phase == self.phases[0]
                || position.anything.due(self.clock.now(), self.anything_every)
        };
        self.phases[at + 1..].iter().copied().find(due)
    }

    /// The batch, after beginning anew where Prisma no longer knows the page.
    async fn batch(&self, position: &mut Position) -> Result<Batch, PrismaFault> {
        match self.fetch(position).await {
            Err(PrismaFault::Refused { status, detail }) if position.sweep().page.is_some() => {
                tracing::warn!(
                    source = self.name,
                    status,
                    detail,
                    "the page is gone; the sweep begins anew"
                );
                position.sweep().restart(self.clock.now());
                self.fetch(position).await
            }
            batch => batch,
        }
    }

    async fn fetch(&self, position: &mut Position) -> Result<Batch, PrismaFault> {
        let phase = position.phase;
        match (phase.clock(), &self.compute) {
            (Some(clock), _) => {
                poll::alerts(&self.client, clock, position.sweep(), &self.wanted).await
            }
            (None, Some(compute)) => poll::incidents(compute, position.sweep()).await,
            // `poll` moved on from a phase that is not configured.
            (None, None) => Ok(Batch { alerts: Vec::new(), times: Vec::new(), next: None }),
        }
    }

    fn first<'p>(&self, position: &'p Position) -> &'p Sweep {
        match self.phases.first() {
            Some(Phase::Anything) => &position.anything,
            Some(Phase::Incidents) => &position.incidents,
            _ => &position.status,
        }
    }
}

/// The sweeps in their order; never none.
fn phases(changes: &[ChangeClock], compute: bool) -> Vec<Phase> {
    let mut phases = Vec::new();
    for (clock, phase) in
        [(ChangeClock::Status, Phase::Status), (ChangeClock::Anything, Phase::Anything)]
    {
        if changes.contains(&clock) {
            phases.push(phase);
        }
    }
    if phases.is_empty() {
        phases.push(Phase::Status);
    }
    if compute {
        phases.push(Phase::Incidents);
    }
    phases
}

#[async_trait]
impl AlertSource for PrismaSource {
    fn name(&self) -> &str {
        &self.name
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let position = Position::read(cursor, self.clock.now(), self.lookback);
        let mut position = position.map_err(|fault| fault.during("prisma poll", ""))?;
        let detour =
            position.phase == Phase::Incidents && self.detour.swap(false, Ordering::Relaxed);
        if detour || !self.phases.contains(&position.phase) {
            position.phase = self.phases[0];
        }
        let phase = position.phase;
        self.page(&mut position).await.map_err(|fault| {
            self.detour.store(phase == Phase::Incidents, Ordering::Relaxed);
            match phase {
                Phase::Incidents => fault.during("prisma poll incidents", RUNTIME),
                Phase::Status | Phase::Anything => fault.during("prisma poll alerts", ALERTS),
            }
        })
    }

    async fn test(&self) -> Vec<CheckLine> {
        probe::probe(&self.client, self.compute.as_ref(), self.clock.now()).await
    }

    fn start_at(&self, since: Timestamp) -> Cursor {
        Position::from(since, self.clock.now()).write()
    }

    async fn neighbours(&self, finding: &Finding) -> Result<Neighbourhood, OutsideError> {
        let found = graph::around(&self.client, &self.name, finding).await;
        found.map_err(|fault| fault.during("prisma asset graph", ASSETS))
    }

    fn budget(&self) -> Option<Budget> {
        self.client.gauge().budget(self.clock.now())
    }
}
