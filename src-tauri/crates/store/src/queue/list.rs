//! The queue without text: stretches of indexes that are in its order.

use std::ops::RangeInclusive;

use firebreak_core::queue::{OwnerFilter, QueueFilter};
use firebreak_core::{IncidentState, Severity};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{After, COUNTED, Found, stretches};
use crate::row::json_text;
use crate::{Store, StoreError};

/// Stretches in one statement; SQLite takes 500.
const MOST_ARMS: usize = 400;

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
        let (arms, matching) = match accounts {
            Some(accounts) => self.arms_of_accounts(filter, accounts).await?,
            None => self.arms_of_all(filter).await?,
        };
        let two = accounts.is_some() && filter.owner != OwnerFilter::Any;
        let timed = filter.opened_after.is_some() || filter.opened_before.is_some();
        let (matching, more_match) = match after {
            Some(after) => (after.matching, after.more_match),
            // Of these no tally is kept.
            None if two || timed => self.count(&arms, filter).await?,
            None => (u32::try_from(matching).unwrap_or(u32::MAX), false),
        };
        let mut places = Vec::new();
        for stretch in stretches(filter, after) {
            let mut here = Vec::new();
            for arms in arms.chunks(MOST_ARMS) {
                let mut statement = QueryBuilder::new("");
                push_union(&mut statement, arms, &filter.owner, &stretch, limit);
                let rows = statement
                    .build()
                    .fetch_all(self.read())
                    .await
                    .map_err(StoreError::of("listing incidents"))?;
                here.extend(rows.iter().map(|row| row.get::<i64, _>("place")));
            }
            here.sort_unstable_by(|one, other| other.cmp(one));
            places.append(&mut here);
            if places.len() >= limit as usize {
                break;
            }
        }
        places.truncate(limit as usize);
        Ok(Found { places, matching, more_match })
    }

    /// What there is of the accounts asked for, and how much of it.
    async fn arms_of_accounts(
        &self,
        filter: &QueueFilter,
        accounts: &[String],
    ) -> Result<(Vec<Arm>, i64), StoreError> {
        let rows = sqlx::query(
            "SELECT t.account, t.state, sum(t.incidents) AS incidents
             FROM json_each(?1) asked CROSS JOIN account_tally t ON t.account = asked.value
             WHERE t.incidents > 0
               AND (?2 IS NULL OR t.state IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR t.severity IN (SELECT value FROM json_each(?3)))
             GROUP BY 1, 2",
        )
        .bind(json_text(&accounts))
        .bind(names(&filter.states, IncidentState::name))
        .bind(names(&filter.severities, Severity::name))
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("counting incidents"))?;
        Ok(arms(&rows))
    }

    async fn arms_of_all(&self, filter: &QueueFilter) -> Result<(Vec<Arm>, i64), StoreError> {
        let owner = match &filter.owner {
            OwnerFilter::Any => None,
            OwnerFilter::Nobody => Some(""),
            OwnerFilter::Person(name) => Some(name.as_str()),
        };
        let rows = sqlx::query(
            "SELECT NULL AS account, state, sum(incidents) AS incidents FROM incident_tally
             WHERE incidents > 0
               AND (?1 IS NULL OR state IN (SELECT value FROM json_each(?1)))
               AND (?2 IS NULL OR severity IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR owner = ?3)
             GROUP BY 2",
        )
        .bind(names(&filter.states, IncidentState::name))
        .bind(names(&filter.severities, Severity::name))
        .bind(owner)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("counting incidents"))?;
        Ok(arms(&rows))
    }

    async fn count(&self, arms: &[Arm], filter: &QueueFilter) -> Result<(u32, bool), StoreError> {
        let mut number = 0;
        for stretch in stretches(filter, None) {
            for arms in arms.chunks(MOST_ARMS) {
                let mut statement = QueryBuilder::new("SELECT count(*) AS incidents FROM (");
                push_union(&mut statement, arms, &filter.owner, &stretch, COUNTED + 1);
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

/// The stretches that there are, and how many incidents they hold.
fn arms(rows: &[SqliteRow]) -> (Vec<Arm>, i64) {
    let arm = |row: &SqliteRow| Arm { account: row.get("account"), state: row.get("state") };
    let incidents = rows.iter().map(|row| row.get::<i64, _>("incidents"));
    (rows.iter().map(arm).collect(), incidents.sum())
}

/// The names asked for as JSON; `None` where any will do.
pub(super) fn names<T: Copy>(asked: &[T], name: impl Fn(T) -> &'static str) -> Option<String> {
    let names: Vec<_> = asked.iter().map(|one| name(*one)).collect();
    (!names.is_empty()).then(|| json_text(&names))
}

/// The greatest places of all arms together.
fn push_union(
    statement: &mut QueryBuilder<Sqlite>,
    arms: &[Arm],
    owner: &OwnerFilter,
    stretch: &RangeInclusive<i64>,
    limit: u32,
) {
    for (index, arm) in arms.iter().enumerate() {
        if index > 0 {
            statement.push(" UNION ALL ");
        }
        statement.push("SELECT place FROM (SELECT place FROM incident INDEXED BY ");
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
        statement.push(" ORDER BY place DESC LIMIT ").push_bind(limit).push(")");
    }
    statement.push(" ORDER BY place DESC LIMIT ").push_bind(limit);
}
