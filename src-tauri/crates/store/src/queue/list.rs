//! The queue without text: stretches of indexes that are in its order.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;

use firebreak_core::queue::{OwnerFilter, QueueFilter};
use firebreak_core::{IncidentState, Severity};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{After, COUNTED, Found, severities, stretches};
use crate::row::json_text;
use crate::{Store, StoreError};

/// Stretches in one statement; SQLite takes 500.
const MOST_ARMS: usize = 400;

/// Which part of a stretch is read.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) skip: i64,
    pub(super) limit: i64,
    /// From its other end.
    pub(super) backwards: bool,
}

impl Part {
    /// The first of it.
    pub(super) fn first(limit: u32) -> Self {
        Self { skip: 0, limit: limit.into(), backwards: false }
    }

    /// What follows the first so many of the `held` ones, from the end that is nearer.
    pub(super) fn of(held: i64, skip: i64, limit: i64) -> Self {
        let left = (held - skip).max(0);
        if skip <= left {
            return Self { skip, limit, backwards: false };
        }
        let limit = limit.min(left);
        Self { skip: left - limit, limit, backwards: true }
    }
}

/// What tallies say there is.
struct Tallied {
    arms: Vec<Arm>,
    by_severity: HashMap<String, i64>,
}

/// Incidents of one state, and of one account where that is asked for: one stretch of an index.
struct Arm {
    account: Option<String>,
    state: String,
}

impl Store {
    /// The ids of the accounts that have this id or this name.
    pub(super) async fn accounts_called(&self, asked: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "SELECT account FROM account_tally WHERE account = ?1 AND incidents > 0
             UNION SELECT account FROM account_tally WHERE account_name = ?1 AND incidents > 0",
        )
        .bind(asked)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("looking for an account"))?;
        Ok(rows.iter().map(|row| row.get("account")).collect())
    }

    pub(super) async fn listed(
        &self,
        filter: &QueueFilter,
        accounts: Option<&[String]>,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Found, StoreError> {
        let Tallied { arms, by_severity } = match accounts {
            Some(accounts) => self.arms_of_accounts(filter, accounts).await?,
            None => self.arms_of_all(filter).await?,
        };
        let two = accounts.is_some() && filter.owner != OwnerFilter::Any;
        let timed = filter.opened_after.is_some() || filter.opened_before.is_some();
        let (matching, more_match) = match after {
            Some(after) => (after.matching, after.more_match),
            // Of these no tally is kept.
            None if two || timed => self.count(&arms, filter).await?,
            None => (u32::try_from(by_severity.values().sum::<i64>()).unwrap_or(u32::MAX), false),
        };
        let skip = if after.is_some() { 0 } else { filter.skip };
        let places = if skip > 0 && !two && !timed && arms.len() <= MOST_ARMS {
            self.places_from(&arms, &by_severity, filter, limit).await?
        } else {
            let first = self.first_places(&arms, filter, after, limit.saturating_add(skip)).await?;
            first.into_iter().skip(skip as usize).collect()
        };
        Ok(Found { places, matching, more_match })
    }

    async fn first_places(
        &self,
        arms: &[Arm],
        filter: &QueueFilter,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let mut places = Vec::new();
        for stretch in stretches(filter, after) {
            let mut here = Vec::new();
            for arms in arms.chunks(MOST_ARMS) {
                here.append(&mut self.part(arms, filter, &stretch, Part::first(limit)).await?);
            }
            here.sort_unstable_by(|one, other| other.cmp(one));
            places.append(&mut here);
            if places.len() >= limit as usize {
                break;
            }
        }
        places.truncate(limit as usize);
        Ok(places)
    }

    /// Tallies say how many of each severity there are, so that the walk is within one of them, and
    /// from its nearer end.
    async fn places_from(
        &self,
        arms: &[Arm],
        by_severity: &HashMap<String, i64>,
        filter: &QueueFilter,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let (mut places, mut skip) = (Vec::new(), i64::from(filter.skip));
        for (severity, stretch) in severities(filter) {
            let held = by_severity.get(severity.name()).copied().unwrap_or(0);
            if held <= skip {
                skip -= held;
                continue;
            }
            let part = Part::of(held, skip, i64::from(limit));
            let mut here = self.part(arms, filter, &stretch, part).await?;
            here.sort_unstable_by(|one, other| other.cmp(one));
            places.append(&mut here);
            skip = 0;
            if places.len() >= limit as usize {
                break;
            }
        }
        places.truncate(limit as usize);
        Ok(places)
    }

    async fn part(
        &self,
        arms: &[Arm],
        filter: &QueueFilter,
        stretch: &RangeInclusive<i64>,
        part: Part,
    ) -> Result<Vec<i64>, StoreError> {
        if arms.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = QueryBuilder::new("");
        push_union(&mut statement, arms, &filter.owner, stretch, part);
        let rows = statement
            .build()
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("listing incidents"))?;
        Ok(rows.iter().map(|row| row.get("place")).collect())
    }

    /// What there is of the accounts asked for, and how much of it.
    async fn arms_of_accounts(
        &self,
        filter: &QueueFilter,
        accounts: &[String],
    ) -> Result<Tallied, StoreError> {
        let rows = sqlx::query(
            "SELECT t.account, t.state, t.severity, sum(t.incidents) AS incidents
             FROM json_each(?1) asked CROSS JOIN account_tally t ON t.account = asked.value
             WHERE t.incidents > 0
               AND (?2 IS NULL OR t.state IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR t.severity IN (SELECT value FROM json_each(?3)))
             GROUP BY 1, 2, 3",
        )
        .bind(json_text(&accounts))
        .bind(names(&filter.states, IncidentState::name))
        .bind(names(&filter.severities, Severity::name))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("counting incidents"))?;
        Ok(tallied(&rows))
    }

    async fn arms_of_all(&self, filter: &QueueFilter) -> Result<Tallied, StoreError> {
        let owner = match &filter.owner {
            OwnerFilter::Any => None,
            OwnerFilter::Nobody => Some(""),
            OwnerFilter::Person(name) => Some(name.as_str()),
        };
        let rows = sqlx::query(
            "SELECT NULL AS account, state, severity, sum(incidents) AS incidents FROM incident_tally
             WHERE incidents > 0
               AND (?1 IS NULL OR state IN (SELECT value FROM json_each(?1)))
               AND (?2 IS NULL OR severity IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR owner = ?3)
             GROUP BY 2, 3",
        )
        .bind(names(&filter.states, IncidentState::name))
        .bind(names(&filter.severities, Severity::name))
        .bind(owner)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("counting incidents"))?;
        Ok(tallied(&rows))
    }

    async fn count(&self, arms: &[Arm], filter: &QueueFilter) -> Result<(u32, bool), StoreError> {
        let mut number = 0;
        for stretch in stretches(filter, None) {
            for arms in arms.chunks(MOST_ARMS) {
                let mut statement = QueryBuilder::new("SELECT count(*) AS incidents FROM (");
                push_union(&mut statement, arms, &filter.owner, &stretch, Part::first(COUNTED + 1));
                statement.push(")");
                let row = statement
                    .build()
                    .fetch_one(self.read())
                    .await
                    .map_err(StoreError::of("counting incidents"))?;
                number += row.get::<i64, _>("incidents");
            }
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        Ok((number.min(COUNTED), number > COUNTED))
    }
}

/// The stretches that there are, and how many incidents of each severity they hold.
fn tallied(rows: &[SqliteRow]) -> Tallied {
    let arms: BTreeSet<(Option<String>, String)> =
        rows.iter().map(|row| (row.get("account"), row.get("state"))).collect();
    let mut by_severity = HashMap::new();
    for row in rows {
        *by_severity.entry(row.get("severity")).or_default() += row.get::<i64, _>("incidents");
    }
    let arms = arms.into_iter().map(|(account, state)| Arm { account, state }).collect();
    Tallied { arms, by_severity }
}

/// The names asked for as JSON; `None` where any will do.
pub(super) fn names<T: Copy>(asked: &[T], name: impl Fn(T) -> &'static str) -> Option<String> {
    let names: Vec<_> = asked.iter().map(|one| name(*one)).collect();
    (!names.is_empty()).then(|| json_text(&names))
}

/// A part of the places of all arms together.
fn push_union(
    statement: &mut QueryBuilder<Sqlite>,
    arms: &[Arm],
    owner: &OwnerFilter,
    stretch: &RangeInclusive<i64>,
    part: Part,
) {
    let order =
        if part.backwards { " ORDER BY place ASC LIMIT " } else { " ORDER BY place DESC LIMIT " };
    for (index, arm) in arms.iter().enumerate() {
        if index > 0 {
            statement.push(" UNION ALL ");
        }
        // A limit of its own lets SQLite end each arm early, but costs as much as it passes over.
        statement.push(if part.skip == 0 { "SELECT place FROM (" } else { "" });
        statement.push("SELECT place FROM incident INDEXED BY ");
        statement.push(match (&arm.account, owner) {
            (Some(_), _) => "incident_account_place",
            (None, OwnerFilter::Any) => "incident_state_place",
            (None, _) => "incident_owner_place",
        });
        statement.push(" WHERE state = ").push_bind(arm.state.clone());
        if let Some(account) = &arm.account {
            statement.push(" AND account = ").push_bind(account.clone());
        }
        match owner {
            OwnerFilter::Any => {}
            OwnerFilter::Nobody => {
                statement.push(" AND owner IS NULL");
            }
            OwnerFilter::Person(name) => {
                statement.push(" AND owner = ").push_bind(name.clone());
            }
        }
        statement.push(" AND place BETWEEN ").push_bind(*stretch.start());
        statement.push(" AND ").push_bind(*stretch.end());
        if part.skip == 0 {
            statement.push(order).push_bind(part.limit).push(")");
        }
    }
    statement.push(order).push_bind(part.limit);
    statement.push(" OFFSET ").push_bind(part.skip);
}
