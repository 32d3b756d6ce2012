//! Wiz as a source of alerts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Clock, Cursor, OutsideError, Page, Vault};
use firebreak_core::write_back::Budget;
use serde_json::{Value, json};

use super::client::Client;
use super::config::WizConfig;
use super::cursor::{Phase, Position};
use super::fault::WizFault;
use super::poll::{self, Batch};
use super::probe::{self, SCOPE_DETECTIONS, SCOPE_GRAPH, SCOPE_ISSUES};
use super::shape::ISSUE;
use super::{graph, queries};
use crate::fields::at;
use crate::json;

/// Rows of a graph search; a row holds the entities of one match.
const GRAPH_ROWS: u32 = 5;

/// One Wiz tenant. Reads only.
pub struct WizSource {
    name: String,
    lookback: TimeDelta,
    page_size: u32,
    client: Client,
    clock: Arc<dyn Clock>,
    // Whether issues may be asked for their detections; false once Wiz said no.
    details: AtomicBool,
    // Whether detections failed last time: then issues go first, so that they never wait behind it.
    detour: AtomicBool,
}

impl WizSource {
    /// Opens nothing: the secret is read and the network used when something is asked.
    ///
    /// # Errors
    /// When an address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(
        config: &WizConfig,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutsideError> {
        let client =
            Client::new(config, vault).map_err(|fault| fault.during("wiz settings", ""))?;
        Ok(Self {
            name: config.name.clone(),
            lookback: TimeDelta::from_std(config.lookback).unwrap_or(TimeDelta::days(7)),
            page_size: config.page_size,
            client,
            clock,
            details: AtomicBool::new(true),
            detour: AtomicBool::new(false),
        })
    }

    /// One page of the sweep that `position` is in, and the position after it.
    async fn page(&self, position: &mut Position) -> Result<Page, WizFault> {
        let phase = position.phase;
        position.sweep().begin_page(self.clock.now());
        let fetched = match self.batch(position).await {
            Err(WizFault::NotAllowed { detail }) if phase == Phase::Detections => {
                tracing::warn!(
                    source = self.name,
                    detail,
                    "detections are not polled: the service account may not read them"
                );
                None
            }
            fetched => Some(fetched?),
        };
        let mut alerts = Vec::new();
        let ended = match fetched {
            Some(Batch { alerts: fresh, times, next }) => {
                alerts = fresh;
                position.end_page(times.into_iter(), next, self.clock.now())?
            }
            None => true,
        };
        let mut more = true;
        if ended {
            (position.phase, more) = match phase {
                Phase::Issues => (Phase::Detections, true),
                Phase::Detections => (Phase::Issues, false),
            };
        }
        let seen_until = (!more).then_some(position.issues.began);
        Ok(Page { alerts, cursor: position.write(), more, seen_until })
    }

    /// The batch, after giving way where Wiz no longer knows the page or refuses part of the query.
    async fn batch(&self, position: &mut Position) -> Result<Batch, WizFault> {
        let details = self.details.load(Ordering::Relaxed);
        match self.fetch(position, details).await {
            Err(WizFault::GraphQl { code, message }) if position.sweep().page.is_some() => {
                tracing::warn!(
                    source = self.name,
                    code,
                    message,
                    "the page is gone; the sweep begins anew"
                );
                position.sweep().restart(self.clock.now());
                self.fetch(position, details).await
            }
            Err(fault @ WizFault::NotAllowed { .. })
                if position.phase == Phase::Issues && details =>
            {
                let plain = self.fetch(position, false).await.map_err(|_| fault)?;
                tracing::warn!(
                    source = self.name,
                    "issues come without their detections: the service account lacks read:threat_issues"
                );
                self.details.store(false, Ordering::Relaxed);
                Ok(plain)
            }
            batch => batch,
        }
    }

    async fn fetch(&self, position: &mut Position, details: bool) -> Result<Batch, WizFault> {
        let phase = position.phase;
        poll::fetch(&self.client, phase, position.sweep(), self.page_size, details).await
    }

    async fn evidence_query(&self, finding: &Finding) -> Result<Option<Value>, WizFault> {
        let draft = &finding.draft;
        if draft.evidence_query.is_some() || draft.kind != ISSUE || finding.source != self.name {
            return Ok(draft.evidence_query.clone());
        }
        let variables = json!({"filterBy": {"id": [draft.vendor_id]}, "first": 1});
        let answer = self.client.ask(queries::ISSUE_EVIDENCE, &variables).await?;
        let issues = json::value(answer.member("issues")?).0;
        let query = at(&at(&issues, "nodes")[0], "evidenceQuery");
        Ok(query.is_object().then(|| query.clone()))
    }

    async fn search(&self, finding: &Finding, query: &Value) -> Result<Neighbourhood, WizFault> {
        let answer =
            self.client.ask(queries::GRAPH, &json!({"query": query, "first": GRAPH_ROWS})).await?;
        let rows = json::value(answer.member("graphSearch")?).0;
        Ok(graph::neighbourhood(&self.name, finding, query, &rows))
    }

    /// By the issue's own evidence query; where there is none, or Wiz refuses it, or it finds
    /// nothing, by the resource's ids.
    async fn around(&self, finding: &Finding) -> Result<Neighbourhood, WizFault> {
        let by_resource = graph::by_resource(&finding.draft.resource);
        if let Some(query) = self.evidence_query(finding).await? {
            match self.search(finding, &query).await {
                Ok(found) if !found.nodes.is_empty() || by_resource.is_none() => return Ok(found),
                Err(fault)
                    if by_resource.is_none() || !matches!(fault, WizFault::GraphQl { .. }) =>
                {
                    return Err(fault);
                }
                Ok(_) | Err(_) => {}
            }
        }
        match by_resource {
            Some(query) => self.search(finding, &query).await,
            None => Ok(Neighbourhood::default()),
        }
    }
}

#[async_trait]
impl AlertSource for WizSource {
    fn name(&self) -> &str {
        &self.name
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let position = Position::read(cursor, self.clock.now(), self.lookback);
        let mut position = position.map_err(|fault| fault.during("wiz poll", ""))?;
        if position.phase == Phase::Detections && self.detour.swap(false, Ordering::Relaxed) {
            position.phase = Phase::Issues;
        }
        let phase = position.phase;
        self.page(&mut position).await.map_err(|fault| {
            self.detour.store(phase == Phase::Detections, Ordering::Relaxed);
            match phase {
                Phase::Issues => fault.during("wiz poll issues", SCOPE_ISSUES),
                Phase::Detections => fault.during("wiz poll detections", SCOPE_DETECTIONS),
            }
        })
    }

    async fn test(&self) -> Vec<CheckLine> {
        probe::probe(&self.client).await
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.client.budget(self.clock.now()))
    }

    fn start_at(&self, since: Timestamp) -> Cursor {
        Position::from(since, self.clock.now()).write()
    }

    async fn neighbours(&self, finding: &Finding) -> Result<Neighbourhood, OutsideError> {
        self.around(finding).await.map_err(|fault| fault.during("wiz graph search", SCOPE_GRAPH))
    }
}
