//! What polling asks Lacework for. There is no changing request in here.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::SecondsFormat;
use firebreak_core::Timestamp;
use firebreak_core::ports::{RawAlert, Vault};
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::config::LaceworkConfig;
use super::fault::LaceworkFault;
use super::scope::Scope;
use super::shape::ALERT;
use super::wire::{Answer, Wire};
use crate::fields::at;
use crate::json::{self, Members};
use crate::patience::Patience;

/// Where alerts are listed; the address of every next page begins so too.
pub(super) const ALERTS: &str = "/api/v2/Alerts";
/// Longest address of a next page.
const PAGE_CAP: usize = 8_192;

/// The reading client of one account.
pub(super) struct Client {
    pub(super) wire: Wire,
    patience: Patience,
}

/// A list of alerts, read but not yet judged as a step of a sweep.
#[derive(Debug)]
pub(super) struct Batch {
    /// As the list shows them.
    pub(super) alerts: Vec<RawAlert>,
    /// Path and query of the next page.
    pub(super) next: Option<String>,
}

impl Client {
    /// Seven eighths of the account's requests; the rest is for writing back.
    pub(super) fn new(
        config: &LaceworkConfig,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, LaceworkFault> {
        let share = config.requests_per_hour.get() - config.requests_per_hour.get() / 8;
        let share = NonZeroU32::new(share).unwrap_or(NonZeroU32::MIN);
        let wire = Wire::new(config, share, vault)?;
        Ok(Self { wire, patience: config.patience.clone() })
    }

    async fn get(&self, path: &str) -> Result<Answer, LaceworkFault> {
        self.patience.persist(|| self.wire.send(Method::GET, path, None)).await
    }

    /// The first page of the alerts that began between two instants.
    pub(super) async fn list(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Batch, LaceworkFault> {
        // Percent-encoding is not needed: RFC 3339 in UTC holds nothing that a query may not.
        let path = format!("{ALERTS}?startTime={}&endTime={}", stamp(from), stamp(until));
        self.batch(&self.get(&path).await?)
    }

    /// A next page, by the path that [`Batch::next`] gave.
    pub(super) async fn page(&self, path: &str) -> Result<Batch, LaceworkFault> {
        if !path.starts_with(ALERTS) {
            return Err(LaceworkFault::Position("its next page is no list of alerts".to_owned()));
        }
        self.batch(&self.get(path).await?)
    }

    /// One scope of one alert, byte for byte; `None` when it has no data.
    pub(super) async fn scope(
        &self,
        id: &str,
        scope: Scope,
    ) -> Result<Option<Box<RawValue>>, LaceworkFault> {
        if !is_id(id) {
            let why = "an alert's id that is no number or name can't be asked for";
            return Err(LaceworkFault::Senseless(why.to_owned()));
        }
        let answer = self.get(&format!("{ALERTS}/{id}?scope={}", scope.name())).await?;
        Ok(answer.member("data")?.map(ToOwned::to_owned))
    }

    /// Whether the key may search: the cheapest search there is. Searching changes nothing.
    pub(super) async fn search(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Batch, LaceworkFault> {
        let body = json!({
            "timeFilter": {"startTime": stamp(from), "endTime": stamp(until)},
            "filters": [{"field": "status", "expression": "eq", "value": "Open"}],
            "returns": ["alertId", "status"],
        });
        let path = format!("{ALERTS}/search");
        let search = || self.wire.send(Method::POST, &path, Some(&body));
        self.batch(&self.patience.persist(search).await?)
    }

    fn batch(&self, answer: &Answer) -> Result<Batch, LaceworkFault> {
        if answer.is_empty() {
            return Ok(Batch { alerts: Vec::new(), next: None });
        }
        let senseless = |what: &str| LaceworkFault::Senseless(what.to_owned());
        let data = answer.member("data")?.ok_or_else(|| senseless("it has no data"))?;
        let rows = json::items(data).ok_or_else(|| senseless("its data is no list"))?;
        let alerts = rows.into_iter().filter(|row| row.get() != "null");
        let alerts = alerts
            .map(|row| RawAlert { kind: ALERT.to_owned(), body: row.get().as_bytes().to_vec() });
        let paging = answer.member("paging")?.map(|raw| json::value(raw).0).unwrap_or_default();
        Ok(Batch { alerts: alerts.collect(), next: self.next(&paging)? })
    }

    /// Where the next page is. The address comes from an answer: it is followed on the configured
    /// host only, and only as a list of alerts. To stop there silently would lose what follows.
    fn next(&self, paging: &Value) -> Result<Option<String>, LaceworkFault> {
        let next = match at(paging, "urls.nextPage") {
            Value::Null => return Ok(None),
            Value::String(next) if next.trim().is_empty() => return Ok(None),
            Value::String(next) if next.len() <= PAGE_CAP => next,
            _ => return Err(LaceworkFault::Senseless("its next page is no address".to_owned())),
        };
        let path = self.wire.host().path_of_own(next).ok_or(LaceworkFault::Elsewhere)?;
        if path.starts_with(&format!("{ALERTS}/")) || path.starts_with(&format!("{ALERTS}?")) {
            return Ok(Some(path));
        }
        Err(LaceworkFault::Elsewhere)
    }
}

/// Ids are numbers; whatever else stands in an alert goes into no path.
pub(super) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// As the API writes times: UTC with milliseconds.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Puts the answers to several scopes into one object, each byte for byte as it came.
pub(super) fn composed(details: &RawValue, others: &[(Scope, Box<RawValue>)]) -> Vec<u8> {
    if others.is_empty() {
        return details.get().as_bytes().to_vec();
    }
    let mut body = format!("{{\"alert\":{}", details.get());
    for (scope, raw) in others {
        body.push_str(&format!(",\"{}\":{}", scope.name(), raw.get()));
    }
    body.push('}');
    body.into_bytes()
}

/// One member of an alert as a value; null when it is absent.
pub(super) fn member(alert: &RawAlert, name: &str) -> Value {
    let raw = json::raw(&alert.body).ok().and_then(Members::of);
    raw.and_then(|members| members.get(name)).map(|raw| json::value(raw).0).unwrap_or_default()
}
