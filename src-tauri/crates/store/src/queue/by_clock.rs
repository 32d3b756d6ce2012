//! The queue by its clocks: what is due first, first.

use firebreak_core::clock::RUNNING;
use firebreak_core::queue::{OwnerFilter, QueueFilter};
use firebreak_core::{IncidentState, Severity};
use sqlx::{QueryBuilder, Row};

use super::list::{Part, names};
use super::{After, COUNTED, Found, MOST_SECONDS, SECOND_SHIFT, search, second};
use crate::row::json_text;
use crate::{Store, StoreError};

/// Where a page by clocks ended.
pub(super) type At = (i64, i64);

impl Store {
    /// Few matches are all looked up and sorted. Where many match, most rows that a walk along the
    /// clocks meets are among them.
    pub(super) async fn by_clock(
        &self,
        filter: &QueueFilter,
        accounts: Option<&[String]>,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Found, StoreError> {
        let asked =
            |state: &IncidentState| filter.states.is_empty() || filter.states.contains(state);
        let states: Vec<IncidentState> = RUNNING.into_iter().filter(asked).collect();
        if states.is_empty() {
            return Ok(Found { places: Vec::new(), matching: 0, more_match: false });
        }
        let skip = if after.is_some() { 0 } else { filter.skip };
        let filter = QueueFilter { states, skip: 0, ..filter.clone() };
        let words = search::words(&filter);
        let (matching, more_match) = match (after, &words) {
            (Some(after), _) => (after.matching, after.more_match),
            (None, None) => {
                let counted = self.listed(&filter, accounts, None, 1).await?;
                (counted.matching, counted.more_match)
            }
            (None, Some(_)) => (0, false),
        };
        let at = after.map(|after| (after.due.unwrap_or(i64::MIN), after.place));
        let few = !more_match && matching <= COUNTED;
        let (places, matching, more_match) = match words {
            Some(words) => {
                let expression = search::expression(&words, &filter, accounts);
                let found = self.found(&filter, &expression, None, COUNTED).await?;
                let places = self.in_clock_order(&found.places, at, skip, limit).await?;
                (places, found.matching, found.more_match)
            }
            None if few => {
                let found = self.listed(&filter, accounts, None, COUNTED).await?;
                (self.in_clock_order(&found.places, at, skip, limit).await?, matching, more_match)
            }
            None => {
                // Each row that is passed over is looked at: the nearer end is the cheaper one.
                let part = match (skip, more_match) {
                    (0, _) => Part::first(limit),
                    (_, true) => Part { skip: skip.into(), ..Part::first(limit) },
                    (_, false) => Part::of(matching.into(), skip.into(), limit.into()),
                };
                (self.along_the_clocks(&filter, accounts, at, part).await?, matching, more_match)
            }
        };
        Ok(Found { places, matching, more_match })
    }

    async fn in_clock_order(
        &self,
        places: &[i64],
        after: Option<At>,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let (due, place) = after.unwrap_or((i64::MIN, i64::MIN));
        let rows = sqlx::query(
            "SELECT i.place AS place FROM json_each(?1) asked
             CROSS JOIN incident i INDEXED BY incident_place ON i.place = asked.value
             WHERE i.due IS NOT NULL AND (i.due, i.place) > (?2, ?3)
             ORDER BY i.due, i.place LIMIT ?4 OFFSET ?5",
        )
        .bind(json_text(&places))
        .bind(due)
        .bind(place)
        .bind(limit)
        .bind(skip)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing incidents"))?;
        Ok(rows.iter().map(|row| row.get("place")).collect())
    }

    async fn along_the_clocks(
        &self,
        filter: &QueueFilter,
        accounts: Option<&[String]>,
        after: Option<At>,
        part: Part,
    ) -> Result<Vec<i64>, StoreError> {
        let (due, place) = after.unwrap_or((i64::MIN, i64::MIN));
        let mut statement = QueryBuilder::new(
            "SELECT place FROM incident INDEXED BY incident_due WHERE due IS NOT NULL AND (due, place) > (",
        );
        statement.push_bind(due).push(", ").push_bind(place).push(")");
        statement.push(" AND state IN (SELECT value FROM json_each(");
        statement.push_bind(names(&filter.states, IncidentState::name)).push("))");
        if let Some(severities) = names(&filter.severities, Severity::name) {
            statement.push(" AND severity IN (SELECT value FROM json_each(");
            statement.push_bind(severities).push("))");
        }
        match &filter.owner {
            OwnerFilter::Any => {}
            OwnerFilter::Nobody => {
                statement.push(" AND owner IS NULL");
            }
            OwnerFilter::Person(name) => {
                statement.push(" AND owner = ").push_bind(name.clone());
            }
        }
        if let Some(accounts) = accounts {
            statement.push(" AND account IN (SELECT value FROM json_each(");
            statement.push_bind(json_text(&accounts)).push("))");
        }
        if filter.opened_after.is_some() || filter.opened_before.is_some() {
            let first = filter.opened_after.map_or(0, second);
            let last = filter.opened_before.map_or(MOST_SECONDS, second);
            statement.push(format!(" AND (place >> {SECOND_SHIFT}) & {MOST_SECONDS} BETWEEN "));
            statement.push_bind(first).push(" AND ").push_bind(last);
        }
        statement.push(match part.backwards {
            true => " ORDER BY due DESC, place DESC LIMIT ",
            false => " ORDER BY due, place LIMIT ",
        });
        statement.push_bind(part.limit).push(" OFFSET ").push_bind(part.skip);
        let rows = statement
            .build()
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("listing incidents"))?;
        let mut places: Vec<i64> = rows.iter().map(|row| row.get("place")).collect();
        if part.backwards {
            places.reverse();
        }
        Ok(places)
    }
}
