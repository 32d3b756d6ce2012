//! Many rows in one statement. SQLite runs in a thread of its own, and crossing to it costs more than
//! inserting a row.

use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::StoreError;

/// Rows in one statement. SQLite takes 32,766 values; the widest row has some twenty.
const ROWS_AT_ONCE: usize = 128;

/// Runs `head VALUES (…), (…) tail` for all rows. `put` binds one row's columns.
pub(crate) async fn insert<'r, T>(
    connection: &mut SqliteConnection,
    doing: &'static str,
    (head, tail): (&'static str, &'static str),
    rows: &'r [T],
    put: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &'r T),
) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let mut statement = QueryBuilder::<Sqlite>::new(head);
        statement.push_values(chunk, |mut row, value| put(&mut row, value));
        statement.push(tail);
        // Only the full size comes again and is worth keeping prepared.
        statement
            .build()
            .persistent(chunk.len() == ROWS_AT_ONCE)
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
    }
    Ok(())
}
