//! Lists of alerts: windows of time, pages behind opaque addresses.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::account::Account;
use crate::seeded;

/// Rows of a page, as examples of Lacework's documentation have it.
pub(super) const ROWS: usize = 1_000;
/// The longest window that is served.
const LONGEST_DAYS: i64 = 7;

/// Lists that are being paged: what they hold is settled when they begin.
pub(crate) struct Pages {
    seed: u64,
    given: u64,
    lists: HashMap<String, (Vec<Value>, usize)>,
}

impl Pages {
    /// None yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, given: 0, lists: HashMap::new() }
    }

    /// The first page of a list.
    pub(super) fn begin(&mut self, rows: Vec<Value>, base: &str) -> Value {
        self.cut(rows, 0, base)
    }

    /// A next page; `None` when there is none by that name. It can be asked for again.
    pub(super) fn next(&mut self, name: &str, base: &str) -> Option<Value> {
        let (rows, from) = self.lists.get(name).cloned()?;
        Some(self.cut(rows, from, base))
    }

    fn cut(&mut self, all: Vec<Value>, from: usize, base: &str) -> Value {
        let (total, until) = (all.len(), (from + ROWS).min(all.len()));
        let rows: Vec<Value> = all[from..until].to_vec();
        let next = (until < total).then(|| {
            self.given += 1;
            let name = seeded::hex(self.seed, &format!("page {}", self.given), 40);
            self.lists.insert(name.clone(), (all, until));
            format!("{base}/api/v2/Alerts/{name}")
        });
        json!({
            "paging": { "rows": rows.len(), "totalRows": total, "urls": { "nextPage": next } },
            "data": rows,
        })
    }
}

/// Start and end of a window; the last day unless given. The error is for the client.
pub(super) fn window(
    start: Option<&str>,
    end: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), String> {
    let read = |name: &str, text: Option<&str>, usual| match text {
        None => Ok(usual),
        Some(text) => DateTime::parse_from_rfc3339(text)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|_| format!("{name} must be a time like 2026-01-31T00:00:00Z")),
    };
    let end = read("endTime", end, now)?;
    let start = read("startTime", start, end - TimeDelta::days(1))?;
    if start > end {
        return Err("startTime must not be after endTime".to_owned());
    }
    if end - start > TimeDelta::days(LONGEST_DAYS) {
        return Err(format!("the time range must not be longer than {LONGEST_DAYS} days"));
    }
    Ok((start, end))
}

/// The alerts that began within a window, in no particular order.
pub(super) fn within(account: &Account, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Value> {
    let began = |alert: &Value| {
        let start = alert["startTime"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        start.is_some_and(|start| start >= from && start <= until)
    };
    let mut rows: Vec<(u64, &Value)> = account
        .alerts
        .iter()
        .map(|(id, alert)| (*id, &alert.listed))
        .filter(|(_, listed)| began(listed))
        .collect();
    // Whoever relies on an order shall notice.
    rows.sort_by_key(|(id, _)| id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    rows.into_iter().map(|(_, listed)| listed.clone()).collect()
}
