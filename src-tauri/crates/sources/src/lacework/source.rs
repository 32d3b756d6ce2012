//! Lacework as a source of alerts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Clock, Cursor, OutsideError, Page, Vault};
use firebreak_core::write_back::Budget;

use super::allowance::PERIOD;
use super::client::{Batch, Client, is_id};
use super::config::LaceworkConfig;
use super::cursor::{Position, Spans, Stage};
use super::details::{Details, optional};
use super::fault::LaceworkFault;
use super::graph;
use super::known::Listed;
use super::probe::{self, RIGHT_ALERTS};
use super::scope::Scope;
use super::shape::ALERT;
use crate::json;

/// One Lacework account. Reads only.
pub struct LaceworkSource {
    name: String,
    spans: Spans,
    client: Client,
    details: Details,
    sub_account: Option<String>,
    clock: Arc<dyn Clock>,
    // Whether a review or a debt failed last time: then new alerts go first.
    detour: AtomicBool,
}

impl LaceworkSource {
    /// Opens nothing: the secret is read and the network used when something is asked.
    ///
    /// # Errors
    /// When the address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(
        config: &LaceworkConfig,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutsideError> {
        let client =
            Client::new(config, vault).map_err(|fault| fault.during("lacework settings", ""))?;
        let span = |span, usual| TimeDelta::from_std(span).unwrap_or(usual);
        let limit = f64::from(config.requests_per_hour.get());
        let spans = Spans {
            lookback: span(config.lookback, TimeDelta::days(7)),
            // A window of nothing would never end.
            window: span(config.window, TimeDelta::days(7)).max(TimeDelta::minutes(1)),
            overlap: span(config.overlap, TimeDelta::hours(6)),
            review_every: span(config.review_every, TimeDelta::minutes(15)),
            page_worth: span(PERIOD.mul_f64(2.0 / limit), TimeDelta::seconds(15)),
        };
        Ok(Self {
            name: config.name.clone(),
            spans,
            client,
            details: Details::new(&config.scopes),
            sub_account: config.sub_account.clone(),
            clock,
            detour: AtomicBool::new(false),
        })
    }

    /// One page of the stage that `position` is in, and the position after it.
    async fn page(&self, position: &mut Position) -> Result<Page, LaceworkFault> {
        let (alerts, more) = match position.stage {
            Stage::Debts => {
                let (alerts, more) = self.details.pay(&self.client, &mut position.known).await?;
                (alerts, more || self.end_run(position))
            }
            Stage::Recent | Stage::Review => {
                let now = self.clock.now();
                position.run(now, &self.spans);
                let batch = self.batch(position).await?;
                let listed: Vec<Listed> = batch.alerts.into_iter().map(Listed::new).collect();
                let high = listed.iter().filter_map(|row| row.start).max();
                // What began before the look-back is only watched for changes.
                let edge = now - self.spans.lookback;
                let past = |row: &Listed| row.start.is_some_and(|start| start < edge);
                let review = position.stage == Stage::Review;
                let known = &position.known;
                let wanted =
                    listed.into_iter().filter(|row| !review || !past(row) || known.has(row));
                let wanted = wanted.collect();
                let alerts =
                    self.details.deliver(&self.client, wanted, &mut position.known).await?;
                let ended = position.end_page(high, batch.next, &self.spans)?;
                (alerts, !ended || self.end_run(position))
            }
        };
        let seen_until = if more { None } else { position.seen_until };
        Ok(Page { alerts, cursor: position.write(), more, seen_until })
    }

    fn end_run(&self, position: &mut Position) -> bool {
        position.end_run(self.clock.now(), &self.spans, self.details.can_pay(&self.client))
    }

    /// The page that the run points to. Where Lacework no longer knows it, the window begins anew.
    async fn batch(&self, position: &mut Position) -> Result<Batch, LaceworkFault> {
        let run = position.run(self.clock.now(), &self.spans).clone();
        let gone = match &run.page {
            None => return self.client.list(run.from, run.until).await,
            Some(page) => match self.client.page(page).await {
                Err(fault @ LaceworkFault::Unknown { .. }) => fault,
                Err(fault @ LaceworkFault::Refused { .. }) => fault,
                batch => return batch,
            },
        };
        tracing::warn!(source = self.name, %gone, "the page is gone; the window begins anew");
        position.restart_window();
        self.client.list(run.from, run.until).await
    }

    async fn around(&self, finding: &Finding) -> Result<Neighbourhood, LaceworkFault> {
        let id = finding.draft.vendor_id.as_str();
        if finding.draft.kind != ALERT || !is_id(id) || finding.source != self.name {
            return Ok(Neighbourhood::default());
        }
        let details = match self.client.scope(id, Scope::Details).await {
            Ok(Some(details)) => json::value(&details).0,
            // Older than what Lacework keeps.
            Ok(None) | Err(LaceworkFault::Unknown { .. }) => return Ok(Neighbourhood::default()),
            Err(fault) => return Err(fault),
        };
        let mut read = Vec::new();
        for scope in [Scope::Events, Scope::ObservationTimeline] {
            let answer = optional(&self.client, id, scope).await?;
            read.push(answer.map(|raw| json::value(&raw).0).unwrap_or_default());
        }
        let scopes = graph::Scopes { details: &details, events: &read[0], observations: &read[1] };
        Ok(graph::neighbourhood(&self.name, finding, &scopes))
    }
}

#[async_trait]
impl AlertSource for LaceworkSource {
    fn name(&self) -> &str {
        &self.name
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let position = Position::read(cursor, self.clock.now(), self.spans.lookback);
        let mut position = position.map_err(|fault| fault.during("lacework poll", ""))?;
        if position.stage != Stage::Recent && self.detour.swap(false, Ordering::Relaxed) {
            position.detour();
        }
        let stage = position.stage;
        self.page(&mut position).await.map_err(|fault| {
            self.detour.store(stage != Stage::Recent, Ordering::Relaxed);
            let operation = match stage {
                Stage::Recent => "lacework poll alerts",
                Stage::Review => "lacework review alerts",
                Stage::Debts => "lacework alert details",
            };
            fault.during(operation, RIGHT_ALERTS)
        })
    }

    async fn test(&self) -> Vec<CheckLine> {
        probe::probe(&self.client, self.sub_account.as_deref(), self.clock.now()).await
    }

    fn start_at(&self, since: Timestamp) -> Cursor {
        Position::from(since).write()
    }

    async fn neighbours(&self, finding: &Finding) -> Result<Neighbourhood, OutsideError> {
        self.around(finding)
            .await
            .map_err(|fault| fault.during("lacework alert details", RIGHT_ALERTS))
    }

    fn budget(&self) -> Option<Budget> {
        let allowance = self.client.wire.allowance();
        let blocked = allowance.blocked().and_then(|wait| TimeDelta::from_std(wait).ok());
        Some(Budget {
            limit: allowance.limit(),
            period: PERIOD,
            left: allowance.left(),
            blocked_until: blocked.map(|wait| self.clock.now() + wait),
        })
    }
}
