//! The queue: filtered, counted, paged by key.

use firebreak_core::queue::{OwnerFilter, QueueCounts, QueueFilter, QueuePage, QueueRow};
use firebreak_core::{AssetId, IncidentId, IncidentState, Severity};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text};
use crate::{Store, StoreError};

const MOST_ROWS: u32 = 500;

impl Store {
    /// One page of the queue: most severe first, then newest, then highest number.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a cursor that is none of ours.
    pub async fn queue(&self, filter: &QueueFilter) -> Result<QueuePage, StoreError> {
        let limit = filter.limit.clamp(1, MOST_ROWS);
        let after = filter.after.as_deref().map(read_cursor).transpose()?;
        let bound = Filter::of(filter);
        let rows = sqlx::query(
            "SELECT * FROM incident
             WHERE (?1 IS NULL OR state IN (SELECT value FROM json_each(?1)))
               AND (?2 IS NULL OR severity IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR account = ?3 OR account_name = ?3)
               AND (?4 IS NULL OR owner = ?4)
               AND (?5 = 0 OR owner IS NULL)
               AND (?6 IS NULL OR instr(search, ?6) > 0)
               AND (?7 IS NULL OR (severity_rank, opened_at, number) < (?7, ?8, ?9))
             ORDER BY severity_rank DESC, opened_at DESC, number DESC LIMIT ?10",
        )
        .bind(&bound.states)
        .bind(&bound.severities)
        .bind(&filter.account)
        .bind(&bound.owner)
        .bind(bound.nobody)
        .bind(&bound.text)
        .bind(after.as_ref().map(|cursor| cursor.0))
        .bind(after.as_ref().map(|cursor| cursor.1.clone()))
        .bind(after.as_ref().map(|cursor| cursor.2))
        .bind(i64::from(limit) + 1)
        .fetch_all(self.read())
        .await
        .map_err(StoreError::of("listing incidents"))?;
        let more = rows.len() > limit as usize;
        let kept = &rows[..rows.len().min(limit as usize)];
        let next = kept.last().filter(|_| more).map(cursor_after);
        let (matching, total) = self.queue_sizes(filter, &bound).await?;
        Ok(QueuePage {
            rows: kept.iter().map(queue_row).collect::<Result<_, _>>()?,
            matching,
            total,
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

    /// Counts for the tabs.
    pub async fn queue_counts(&self) -> Result<QueueCounts, StoreError> {
        let row = sqlx::query(
            "SELECT count(*) AS total,
               coalesce(sum(state NOT IN ('closed', 'false_positive')), 0) AS open,
               coalesce(sum(state NOT IN ('closed', 'false_positive') AND owner IS NULL), 0) AS unowned,
               coalesce(sum(state NOT IN ('closed', 'false_positive') AND severity_rank = 5), 0) AS critical,
               coalesce(sum(state = 'containing'), 0) AS containing,
               coalesce(sum(state = 'contained'), 0) AS contained
             FROM incident INDEXED BY incident_state",
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
            all: count("total"),
        })
    }

    async fn queue_sizes(
        &self,
        filter: &QueueFilter,
        bound: &Filter,
    ) -> Result<(u32, u32), StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM incident) AS total, count(*) AS matching FROM incident
             WHERE (?1 IS NULL OR state IN (SELECT value FROM json_each(?1)))
               AND (?2 IS NULL OR severity IN (SELECT value FROM json_each(?2)))
               AND (?3 IS NULL OR account = ?3 OR account_name = ?3)
               AND (?4 IS NULL OR owner = ?4)
               AND (?5 = 0 OR owner IS NULL)
               AND (?6 IS NULL OR instr(search, ?6) > 0)",
        )
        .bind(&bound.states)
        .bind(&bound.severities)
        .bind(&filter.account)
        .bind(&bound.owner)
        .bind(bound.nobody)
        .bind(&bound.text)
        .fetch_one(self.read())
        .await
        .map_err(StoreError::of("counting incidents"))?;
        let count = |name: &str| u32::try_from(row.get::<i64, _>(name)).unwrap_or(u32::MAX);
        Ok((count("matching"), count("total")))
    }
}

struct Filter {
    states: Option<String>,
    severities: Option<String>,
    owner: Option<String>,
    nobody: bool,
    text: Option<String>,
}

impl Filter {
    fn of(filter: &QueueFilter) -> Self {
        let names = |words: Vec<&str>| (!words.is_empty()).then(|| json_text(&words));
        Self {
            states: names(filter.states.iter().map(|state| state.name()).collect()),
            severities: names(filter.severities.iter().map(|severity| severity.name()).collect()),
            owner: match &filter.owner {
                OwnerFilter::Person(name) => Some(name.clone()),
                OwnerFilter::Any | OwnerFilter::Nobody => None,
            },
            nobody: filter.owner == OwnerFilter::Nobody,
            text: filter
                .text
                .as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_lowercase),
        }
    }
}

fn cursor_after(row: &SqliteRow) -> String {
    format!(
        "{}|{}|{}",
        row.get::<i64, _>("severity_rank"),
        row.get::<String, _>("opened_at"),
        row.get::<i64, _>("number")
    )
}

fn read_cursor(text: &str) -> Result<(i64, String, i64), StoreError> {
    let mut parts = text.split('|');
    let read = || {
        let rank = parts.next()?.parse().ok()?;
        let opened = parts.next()?.to_owned();
        let number = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some((rank, opened, number))
    };
    let mut read = read;
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
        steps_proven: count("steps_proven"),
        steps_total: count("steps_total"),
    })
}
