//! One page of alerts or incidents.

use firebreak_core::Timestamp;
use firebreak_core::ports::RawAlert;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::client::Client;
use super::compute::{Compute, PAGE};
use super::config::ChangeClock;
use super::fault::PrismaFault;
use super::shape::{ALERT, INCIDENT};
use crate::http::Reply;
use crate::instant::instant;
use crate::json::{self, Members};
use crate::sweep::Sweep;

/// Longest page token carried along.
const TOKEN_CAP: usize = 16_384;

/// A page, read but not yet judged as a step of the sweep.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) alerts: Vec<RawAlert>,
    /// The times of those that have one, by the sweep's clock.
    pub(super) times: Vec<Timestamp>,
    /// Where the next page is.
    pub(super) next: Option<String>,
}

/// What a person configured about lists.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) page_size: u32,
    pub(super) filters: Vec<(String, String)>,
}

/// Asks for the page of alerts that `sweep` points to. A token stands for the whole search: the
/// vendor's own client sends nothing beside it.
pub(super) async fn alerts(
    client: &Client,
    clock: ChangeClock,
    sweep: &Sweep,
    wanted: &Wanted,
) -> Result<Batch, PrismaFault> {
    let search = match &sweep.page {
        Some(token) => json!({ "pageToken": token }),
        None => search(clock, sweep, wanted),
    };
    let answer = client.alerts(&search).await?;
    batch(&answer, clock)
}

fn search(clock: ChangeClock, sweep: &Sweep, wanted: &Wanted) -> Value {
    let filter = |name: &str, value: &str| json!({"name": name, "operator": "=", "value": value});
    let mut filters = vec![filter("timeRange.type", clock.word())];
    filters.extend(wanted.filters.iter().map(|(name, value)| filter(name, value)));
    json!({
        "timeRange": {"type": "absolute", "value": {
            "startTime": sweep.after.timestamp_millis(),
            "endTime": sweep.began.timestamp_millis(),
        }},
        "filters": filters,
        "sortBy": ["alertTime:asc"],
        "limit": wanted.page_size.clamp(1, 10_000),
    })
}

fn batch(answer: &Reply, clock: ChangeClock) -> Result<Batch, PrismaFault> {
    let senseless = |what: &str| PrismaFault::Senseless(format!("the list of alerts {what}"));
    let raw = read(answer)?;
    let members = Members::of(raw).ok_or_else(|| senseless("is no object"))?;
    let items = members.get("items").and_then(json::items);
    let items = present(items.ok_or_else(|| senseless("has no items"))?);
    let token = match members.get("nextPageToken").map(|token| json::value(token).0) {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) if token.len() <= TOKEN_CAP => Some(token),
        Some(_) => return Err(senseless("has a nextPageToken that is none")),
    };
    // `lastSeen` is when the status last changed, `lastUpdated` when anything did (vendor's OpenAPI).
    // Not every alert has them; an earlier time in their place moves the position less, never more.
    let clocks: &[&str] = match clock {
        ChangeClock::Status => &["lastSeen", "alertTime", "firstSeen"],
        ChangeClock::Anything => &["lastUpdated", "lastSeen", "alertTime", "firstSeen"],
    };
    Ok(Batch {
        times: times(&items, clocks),
        // A page without items is the last, whatever it promises (as XSOAR's integration found).
        next: token.filter(|token| !token.is_empty() && !items.is_empty()),
        alerts: verbatim(&items, ALERT),
    })
}

/// Asks for the page of incidents that `sweep` points to.
pub(super) async fn incidents(compute: &Compute, sweep: &Sweep) -> Result<Batch, PrismaFault> {
    let offset = sweep.page.as_deref().map_or(Ok(0), str::parse::<usize>);
    let offset = offset.map_err(|error| PrismaFault::Position(error.to_string()))?;
    let answer = compute.incidents(sweep.after, sweep.began, offset, PAGE).await?;
    let raw = read(&answer)?;
    // An empty list is `null` there.
    let items = if raw.get() == "null" { Some(Vec::new()) } else { json::items(raw) };
    let items = items
        .ok_or_else(|| PrismaFault::Senseless("the list of incidents is no list".to_owned()))?;
    let seen = offset + items.len();
    let total = answer.header("total-count").and_then(|total| total.trim().parse::<usize>().ok());
    let more = !items.is_empty() && total.map_or(items.len() >= PAGE, |total| seen < total);
    let items = present(items);
    Ok(Batch {
        times: times(&items, &["time"]),
        next: more.then(|| seen.to_string()),
        alerts: verbatim(&items, INCIDENT),
    })
}

fn read(answer: &Reply) -> Result<&RawValue, PrismaFault> {
    json::raw(&answer.body).map_err(|fault| PrismaFault::Unreadable(fault.to_string()))
}

fn present(items: Vec<&RawValue>) -> Vec<&RawValue> {
    items.into_iter().filter(|item| item.get() != "null").collect()
}

/// Of each item the first of `clocks` that tells a time.
fn times(items: &[&RawValue], clocks: &[&str]) -> Vec<Timestamp> {
    let time = |item: &&RawValue| {
        let members = Members::of(item)?;
        clocks.iter().find_map(|clock| instant(&json::value(members.get(clock)?).0))
    };
    items.iter().filter_map(time).collect()
}

fn verbatim(items: &[&RawValue], kind: &str) -> Vec<RawAlert> {
    let alert =
        |item: &&RawValue| RawAlert { kind: kind.to_owned(), body: item.get().as_bytes().to_vec() };
    items.iter().map(alert).collect()
}
