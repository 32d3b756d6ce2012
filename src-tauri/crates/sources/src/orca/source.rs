//! Orca as a source of alerts.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, CheckLine, Clock, Cursor, OutsideError, Page, Vault};
use firebreak_core::write_back::Budget;
use serde_json::Value;

use super::client::{Ask, Client, Load};
use super::config::{OrcaApi, OrcaConfig};
use super::cursor::Position;
use super::fault::OrcaFault;
use super::graph;
use super::poll::{self, Batch};
use super::probe::{self, VIEW_ALERTS, VIEW_ASSETS};
use super::query;
use super::words;
use crate::http::Verb;

/// One Orca organisation. Reads only.
pub struct OrcaSource {
    name: String,
    lookback: TimeDelta,
    page_size: u32,
    api: OrcaApi,
    client: Client,
    clock: Arc<dyn Clock>,
}

impl OrcaSource {
    /// Opens nothing: the token is read and the network used when something is asked.
    ///
    /// # Errors
    /// When the address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(
        config: &OrcaConfig,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutsideError> {
        let client =
            Client::new(config, vault).map_err(|fault| fault.during("orca settings", ""))?;
        Ok(Self {
            name: config.name.clone(),
            lookback: TimeDelta::from_std(config.lookback).unwrap_or(TimeDelta::days(7)),
            page_size: config.page_size,
            api: config.api,
            client,
            clock,
        })
    }

    /// One page of the sweep that `position` is in, and the position after it.
    async fn page(&self, mut position: Position) -> Result<Page, OrcaFault> {
        position.begin_page(self.clock.now());
        let Batch { alerts, step } = self.batch(&mut position).await?;
        let ended = position.end_page(&step, self.clock.now())?;
        let seen_until = ended.then_some(position.began);
        Ok(Page { alerts, cursor: position.write(), more: !ended, seen_until })
    }

    /// The batch, after giving way where this API is not there or the place is gone.
    async fn batch(&self, position: &mut Position) -> Result<Batch, OrcaFault> {
        match poll::fetch(&self.client, position, self.page_size).await {
            Err(OrcaFault::NotThere { .. }) if self.api == OrcaApi::Auto && !position.rules => {
                tracing::warn!(
                    source = self.name,
                    "Orca's serving layer is not there; the older rules API is asked instead"
                );
                position.restart(true, self.clock.now());
            }
            Err(OrcaFault::Refused { detail, .. }) if position.token().is_some() => {
                tracing::warn!(
                    source = self.name,
                    detail,
                    "the page is gone; the sweep begins anew"
                );
                position.restart(true, self.clock.now());
            }
            batch => return batch,
        }
        poll::fetch(&self.client, position, self.page_size).await
    }

    /// By the asset's id; where that finds nothing, by the alert's.
    async fn around(&self, finding: &Finding) -> Result<Neighbourhood, OrcaFault> {
        if finding.source != self.name && !finding.source.starts_with("file:orca") {
            // Another vendor's ids mean nothing here.
            return Ok(Neighbourhood::default());
        }
        if let Some(asset) = finding.draft.resource.vendor_id.as_deref() {
            let answer = self.asset(asset).await?;
            if !answer.is_null() {
                return Ok(graph::neighbourhood(&self.name, finding, &answer));
            }
        }
        if self.api == OrcaApi::Rules || words::alert_number(&finding.draft.vendor_id).is_none() {
            return Ok(Neighbourhood::default());
        }
        let answer =
            poll::serving_layer(&self.client, query::alert(&finding.draft.vendor_id)).await?;
        Ok(graph::neighbourhood(&self.name, finding, &answer.value()?))
    }

    /// What Orca's inventory knows of the asset; null when nothing.
    async fn asset(&self, asset_unique_id: &str) -> Result<Value, OrcaFault> {
        let serving = self.api != OrcaApi::Rules;
        if serving {
            match poll::serving_layer(&self.client, query::asset(asset_unique_id)).await {
                Err(OrcaFault::NotThere { .. }) if self.api == OrcaApi::Auto => {}
                answer => {
                    let answer = answer?;
                    let found = !answer.rows()?.is_empty();
                    return if found { answer.value() } else { Ok(Value::Null) };
                }
            }
        }
        let path = ["assets", asset_unique_id];
        let ask = Ask { verb: Verb::Get, path: &path, query: vec![], body: Load::Nothing };
        match self.client.ask(&ask).await {
            Err(OrcaFault::NotThere { .. }) => Ok(Value::Null),
            answer => answer?.value(),
        }
    }
}

#[async_trait]
impl AlertSource for OrcaSource {
    fn name(&self) -> &str {
        &self.name
    }

    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let rules = self.api == OrcaApi::Rules;
        let position = Position::read(cursor, self.clock.now(), self.lookback, rules);
        let mut position = position.map_err(|fault| fault.during("orca poll", ""))?;
        let forced = match self.api {
            OrcaApi::Auto => position.rules,
            OrcaApi::ServingLayer => false,
            OrcaApi::Rules => true,
        };
        if forced != position.rules {
            // The setting was changed: same time, other API.
            position.restart(forced, self.clock.now());
        }
        self.page(position).await.map_err(|fault| fault.during("orca poll", VIEW_ALERTS))
    }

    async fn test(&self) -> Vec<CheckLine> {
        probe::probe(&self.client, self.api).await
    }

    fn start_at(&self, since: Timestamp) -> Cursor {
        Position::from(since, self.clock.now(), self.api == OrcaApi::Rules).write()
    }

    async fn neighbours(&self, finding: &Finding) -> Result<Neighbourhood, OutsideError> {
        self.around(finding).await.map_err(|fault| fault.during("orca inventory", VIEW_ASSETS))
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.client.budget(&self.clock))
    }
}
