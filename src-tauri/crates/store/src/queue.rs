//! The queue: filtered, counted, paged by key, at any size.
//!
//! `incident.place` is one number that sorts it. What a filter leaves is some stretches of an index that
//! is in that order, or, with text, one walk through FTS5's lists, which are in that order too. Nothing
//! is ranked. What there is of each state, severity, owner and account is looked up in tallies (see
//! `0003_queue.sql`); what text, an age, or an account and an owner at once leave is counted, once a
//! walk and only so far.

mod by_clock;
mod list;
mod search;

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;

use firebreak_core::clock::{Clock, Goal};
use firebreak_core::queue::{QueueCounts, QueueFilter, QueueOrder, QueuePage, QueueRow};
use firebreak_core::{AssetId, IncidentId, IncidentState, Severity, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text};
use crate::{Store, StoreError};

const MOST_ROWS: u32 = 500;
/// What no tally says is counted up to here.
const COUNTED: u32 = 10_000;

// What `0003_queue.sql` makes `place` of.
const SEVERITY_SHIFT: u32 = 60;
const SECOND_SHIFT: u32 = 28;
const YEAR_2000: i64 = 946_684_800;
const MOST_SECONDS: i64 = 0xFFFF_FFFF;

impl Store {
    /// One page of the queue: most severe first, then newest to the second, then highest number. By
    /// clocks: of those that run, what is due first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a cursor that is none of ours.
    pub async fn queue(&self, filter: &QueueFilter) -> Result<QueuePage, StoreError> {
        let limit = filter.limit.clamp(1, MOST_ROWS);
        let after = filter.after.as_deref().map(read_cursor).transpose()?;
        let accounts = match &filter.account {
            Some(account) => Some(self.accounts_called(account).await?),
            None => None,
        };
        let found = match search::words(filter) {
            _ if filter.order == QueueOrder::Clock => {
                self.by_clock(filter, accounts.as_deref(), after.as_ref(), limit + 1).await?
            }
            Some(words) => {
                let expression = search::expression(&words, filter, accounts.as_deref());
                self.found(filter, &expression, after.as_ref(), limit + 1).await?
            }
            None => self.listed(filter, accounts.as_deref(), after.as_ref(), limit + 1).await?,
        };
        let more = found.places.len() > limit as usize;
        let places = &found.places[..found.places.len().min(limit as usize)];
        let mut rows = sqlx::query(
            "SELECT i.* FROM json_each(?1) asked
             CROSS JOIN incident i INDEXED BY incident_place ON i.place = asked.value",
        )
        .bind(json_text(&places))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing incidents"))?;
        let order: HashMap<i64, usize> =
            places.iter().enumerate().map(|(at, place)| (*place, at)).collect();
        rows.sort_by_key(|row| order.get(&row.get("place")));
        let next = rows.last().filter(|_| more).map(|row| {
            let place: i64 = row.get("place");
            let cursor = format!("{place},{},{}", found.matching, u8::from(found.more_match));
            match filter.order {
                QueueOrder::Severity => cursor,
                QueueOrder::Clock => format!("{cursor},{}", row.get::<i64, _>("due")),
            }
        });
        Ok(QueuePage {
            rows: rows.iter().map(queue_row).collect::<Result<_, _>>()?,
            matching: found.matching,
            more_match: found.more_match,
            total: self.queue_counts().await?.all,
            next,
        })
    }

    /// One row of the queue.
    pub async fn queue_row(&self, id: &IncidentId) -> Result<QueueRow, StoreError> {
        let row = sqlx::query("SELECT * FROM incident WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading an incident"))?
            .ok_or_else(|| Place { table: "incident", id: id.as_str() }.missing())?;
        queue_row(&row)
    }

    /// Other incidents about these assets, most severe first; none that was merged into another.
    pub async fn incidents_about(
        &self,
        assets: &BTreeSet<AssetId>,
        but: &IncidentId,
        limit: u32,
    ) -> Result<Vec<QueueRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT i.* FROM json_each(?1) asked CROSS JOIN incident i ON i.asset = asked.value
             WHERE i.merged_into IS NULL AND i.id <> ?2 ORDER BY i.place DESC LIMIT ?3",
        )
        .bind(json_text(assets))
        .bind(but.as_str())
        .bind(limit)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("looking for incidents"))?;
        rows.iter().map(queue_row).collect()
    }

    /// Counts for the tabs.
    pub async fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(sum(incidents), 0) AS total,
               coalesce(sum(iif(open, incidents, 0)), 0) AS open,
               coalesce(sum(iif(open AND owner = '', incidents, 0)), 0) AS unowned,
               coalesce(sum(iif(open AND severity = 'critical', incidents, 0)), 0) AS critical,
               coalesce(sum(iif(state = 'containing', incidents, 0)), 0) AS containing,
               coalesce(sum(iif(state = 'contained', incidents, 0)), 0) AS contained,
               coalesce(sum(iif(state = 'snoozed', incidents, 0)), 0) AS snoozed
             FROM (SELECT *, state NOT IN ('snoozed', 'closed', 'false_positive') AS open FROM incident_tally)",
        )
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("counting incidents"))?;
        let count = |name: &str| u32::try_from(row.get::<i64, _>(name)).unwrap_or(u32::MAX);
        Ok(QueueCounts {
            open: count("open"),
            unowned: count("unowned"),
            critical: count("critical"),
            containing: count("containing"),
            contained: count("contained"),
            snoozed: count("snoozed"),
            all: count("total"),
        })
    }
}

/// Where the page before ended, and how many matched when the first was read.
struct After {
    place: i64,
    /// By clocks only.
    due: Option<i64>,
    matching: u32,
    more_match: bool,
}

/// The places of one page, and how many there are.
struct Found {
    /// Greatest first.
    places: Vec<i64>,
    /// At most [`COUNTED`] where it had to be counted.
    matching: u32,
    more_match: bool,
}

/// The stretches of `place` that the severities and times asked for fill, the gravest first;
/// neighbours are one.
fn stretches(filter: &QueueFilter, after: Option<&After>) -> Vec<RangeInclusive<i64>> {
    let mut stretches: Vec<RangeInclusive<i64>> = Vec::new();
    for (_, one) in severities(filter) {
        match stretches.last_mut() {
            Some(above) if *above.start() == one.end() + 1 => *above = *one.start()..=*above.end(),
            _ => stretches.push(one),
        }
    }
    let below = |stretch: RangeInclusive<i64>| match after {
        Some(after) => *stretch.start()..=(*stretch.end()).min(after.place.saturating_sub(1)),
        None => stretch,
    };
    stretches.into_iter().map(below).filter(|stretch| !stretch.is_empty()).collect()
}

/// What each severity asked for fills of `place`, the gravest first.
fn severities(filter: &QueueFilter) -> impl Iterator<Item = (Severity, RangeInclusive<i64>)> {
    let first = filter.opened_after.map_or(0, second);
    let last = filter.opened_before.map_or(MOST_SECONDS, second);
    let asked =
        |severity: &Severity| filter.severities.is_empty() || filter.severities.contains(severity);
    Severity::ALL.into_iter().filter(asked).map(move |severity| {
        let rank = severity.rank() << SEVERITY_SHIFT;
        let highest = rank | (last << SECOND_SHIFT) | ((1 << SECOND_SHIFT) - 1);
        (severity, rank | (first << SECOND_SHIFT)..=highest)
    })
}

/// The second of a time within `place`.
fn second(at: Timestamp) -> i64 {
    (at.timestamp() - YEAR_2000).clamp(0, MOST_SECONDS)
}

fn read_cursor(text: &str) -> Result<After, StoreError> {
    let read = || {
        let mut parts = text.split(',');
        let place = parts.next()?.parse().ok()?;
        let matching = parts.next()?.parse().ok()?;
        let more_match = parts.next()?.parse::<u8>().ok()? == 1;
        let due = parts.next().map(str::parse).transpose().ok()?;
        parts.next().is_none().then_some(After { place, due, matching, more_match })
    };
    read().ok_or_else(|| {
        Place { table: "queue cursor", id: text }.corrupt("it is none that this queue gave out")
    })
}

fn queue_row(row: &SqliteRow) -> Result<QueueRow, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "incident", id: &id };
    let count = |name: &str| u32::try_from(row.get::<i64, _>(name)).unwrap_or(u32::MAX);
    Ok(QueueRow {
        id: IncidentId::new(&id),
        number: row.get("number"),
        title: row.get("title"),
        severity: place.word(row.get("severity"), Severity::from_name)?,
        state: place.word(row.get("state"), IncidentState::from_name)?,
        owner: row.get("owner"),
        handed_over: row.get::<Option<&str>, _>("handover").is_some(),
        asset: row.get::<Option<String>, _>("asset").map(AssetId::new),
        asset_name: row.get("asset_name"),
        account: row.get("account"),
        account_name: row.get("account_name"),
        region: row.get("region"),
        techniques: place.json(row.get("techniques"))?,
        sources: place.json(row.get("sources"))?,
        finding_count: count("finding_count"),
        opened_at: place.time(row.get("opened_at"))?,
        updated_at: place.time(row.get("updated_at"))?,
        clock: clock(row),
        snoozed_until: place.maybe_time(row.get("snoozed_until"))?,
        steps_proven: count("steps_proven"),
        steps_total: count("steps_total"),
    })
}

fn clock(row: &SqliteRow) -> Option<Clock> {
    let goal = match row.get::<Option<String>, _>("acknowledged_at") {
        None => Goal::Acknowledge,
        Some(_) => Goal::Contain,
    };
    let due = Timestamp::from_timestamp(row.get::<Option<i64>, _>("due")?, 0)?;
    Some(Clock { goal, due })
}
