//! Saved views of the queue.

use firebreak_core::ViewId;
use firebreak_core::view::{Density, View};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::row::{Place, json_text, time_text};
use crate::{Store, StoreError, Write};

impl Write {
    /// Stores a view, or what became of one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another is called the same.
    pub async fn put_view(&mut self, view: &View) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO saved_view (id, name, query, columns, density, saved_by, saved_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
             WHERE NOT EXISTS (SELECT 1 FROM saved_view WHERE name = ?2 COLLATE NOCASE AND id <> ?1)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, query = excluded.query,
               columns = excluded.columns, density = excluded.density,
               saved_by = excluded.saved_by, saved_at = excluded.saved_at",
        )
        .bind(view.id.as_str())
        .bind(&view.name)
        .bind(&view.query)
        .bind(view.columns.as_ref().map(json_text))
        .bind(view.density.map(Density::name))
        .bind(&view.saved_by)
        .bind(time_text(view.saved_at))
        .execute(self.connection())
        .await
        .map_err(StoreError::of("saving a view"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table: "saved_view", id: view.name.clone() }),
        }
    }

    /// Forgets a view.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is none.
    pub async fn delete_view(&mut self, id: &ViewId) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM saved_view WHERE id = ?1")
            .bind(id.as_str())
            .execute(self.connection())
            .await
            .map_err(StoreError::of("forgetting a view"))?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(Place { table: "saved view", id: id.as_str() }.missing()),
        }
    }
}

impl Store {
    /// All saved views, by name.
    pub async fn views(&self) -> Result<Vec<View>, StoreError> {
        let rows = sqlx::query("SELECT * FROM saved_view ORDER BY name, id")
            .fetch_all(self.read())
            .await
            .map_err(StoreError::of("reading saved views"))?;
        rows.iter().map(view).collect()
    }
}

fn view(row: &SqliteRow) -> Result<View, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "saved_view", id: &id };
    let density: Option<String> = row.get("density");
    Ok(View {
        name: row.get("name"),
        query: row.get("query"),
        columns: place.maybe_json(row.get("columns"))?,
        density: density.map(|name| place.word(&name, Density::from_name)).transpose()?,
        saved_by: row.get("saved_by"),
        saved_at: place.time(row.get("saved_at"))?,
        id: ViewId::new(&id),
    })
}
