//! Configured sources and how far they were read.

use std::collections::BTreeMap;

use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

/// A source with its place in the stream and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Chosen by a person.
    pub name: String,
    /// `wiz`.
    pub vendor: String,
    /// Where its API is.
    pub api_url: String,
    /// Where its tokens come from.
    pub auth_url: String,
    /// Not a secret.
    pub client_id: String,
    /// Whether it is polled.
    pub polling: bool,
    /// Where to go on.
    pub cursor: Option<Cursor>,
    /// Changes up to here are stored.
    pub seen_until: Option<Timestamp>,
    /// When it last answered well.
    pub last_success: Option<Timestamp>,
    /// What is wrong, in words.
    pub problem: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
    /// Whether a person must act.
    pub needs_person: bool,
    /// Failures in a row.
    pub failures: u32,
    /// What differs from vendor to vendor: `region`, `page_size`. No secrets.
    pub settings: BTreeMap<String, String>,
}

impl SourceRow {
    /// One that will be polled and never was, without addresses and settings.
    pub fn new(name: impl Into<String>, vendor: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            vendor: vendor.into(),
            api_url: String::new(),
            auth_url: String::new(),
            client_id: String::new(),
            polling: true,
            cursor: None,
            seen_until: None,
            last_success: None,
            problem: None,
            remedy: None,
            needs_person: false,
            failures: 0,
            settings: BTreeMap::new(),
        }
    }
}

impl Write {
    /// Adds a source.
    pub async fn add_source(&mut self, source: &SourceRow) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO source (name, vendor, api_url, auth_url, client_id, polling, settings)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO NOTHING",
        )
        .bind(&source.name)
        .bind(&source.vendor)
        .bind(&source.api_url)
        .bind(&source.auth_url)
        .bind(&source.client_id)
        .bind(source.polling)
        .bind(json_text(&source.settings))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("adding a source"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "source", id: source.name.clone() }),
        }
    }

    /// Forgets a source; its alerts stay.
    pub async fn delete_source(&mut self, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM source WHERE name = ?1")
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting a source"))?;
        Ok(())
    }

    /// Moves a source's cursor from one place to another. Call in the transaction that stores what it
    /// passed. A cursor that was reset in the meantime stays reset.
    pub async fn move_cursor(
        &mut self,
        name: &str,
        (from, to): (Option<&Cursor>, &Cursor),
        seen_until: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE source SET cursor = iif(cursor IS ?2, ?3, cursor),
               seen_until = iif(cursor IS ?2, coalesce(?4, seen_until), seen_until), last_success = ?5,
               problem = NULL, remedy = NULL, needs_person = 0, failures = 0 WHERE name = ?1",
        )
        .bind(name)
        .bind(from.map(|from| &from.0))
        .bind(&to.0)
        .bind(seen_until.map(time_text))
        .bind(time_text(at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("moving a cursor"))?;
        Ok(())
    }

    /// Notes what is wrong with a source; the cursor stays where it is.
    pub async fn source_failed(
        &mut self,
        name: &str,
        problem: &str,
        remedy: Option<&str>,
        needs_person: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE source SET problem = ?2, remedy = ?3, needs_person = ?4, failures = failures + 1 WHERE name = ?1",
        )
        .bind(name)
        .bind(problem)
        .bind(remedy)
        .bind(needs_person)
        .execute(self.connection())
        .await
        .map_err(StoreError::of("noting a source's trouble"))?;
        Ok(())
    }

    /// Forgets how far a source was read: the next poll begins at the look-back again. Alerts that
    /// were seen are recognised.
    pub async fn reset_cursor(&mut self, name: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET cursor = NULL, seen_until = NULL WHERE name = ?1")
            .bind(name)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("resetting a cursor"))?;
        Ok(())
    }

    /// Starts or stops polling.
    pub async fn set_polling(&mut self, name: &str, polling: bool) -> Result<(), StoreError> {
        sqlx::query("UPDATE source SET polling = ?2 WHERE name = ?1")
            .bind(name)
            .bind(polling)
            .execute(self.connection())
            .await
            .map_err(StoreError::of("pausing a source"))?;
        Ok(())
    }
}

impl Store {
    /// All sources, by name.
    pub async fn sources(&self) -> Result<Vec<SourceRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM source ORDER BY name")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading sources"))?;
        rows.iter().map(source_row).collect()
    }

    /// One source.
    pub async fn source(&self, name: &str) -> Result<SourceRow, StoreError> {
        let row = sqlx::query("SELECT * FROM source WHERE name = ?1")
            .bind(name)
            .fetch_optional(self.read())
            .await
            .map_err(StoreError::of("reading a source"))?
            .ok_or_else(|| Place { table: "source", id: name }.missing())?;
        source_row(&row)
    }
}

fn source_row(row: &SqliteRow) -> Result<SourceRow, StoreError> {
    let name: String = row.get("name");
    let place = Place { table: "source", id: &name };
    Ok(SourceRow {
        vendor: row.get("vendor"),
        api_url: row.get("api_url"),
        auth_url: row.get("auth_url"),
        client_id: row.get("client_id"),
        polling: row.get("polling"),
        cursor: row.get::<Option<String>, _>("cursor").map(Cursor),
        seen_until: place.maybe_time(row.get("seen_until"))?,
        last_success: place.maybe_time(row.get("last_success"))?,
        problem: row.get("problem"),
        remedy: row.get("remedy"),
        needs_person: row.get("needs_person"),
        failures: row.get("failures"),
        settings: place.json(row.get("settings"))?,
        name,
    })
}
