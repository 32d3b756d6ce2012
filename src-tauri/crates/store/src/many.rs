//! Many rows in one statement. SQLite runs in a thread of its own, and crossing to it costs more than
//! inserting a row.

use sqlx::query_builder::Separated;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::StoreError;

/// Rows in one statement, greatest first. SQLite takes 32,766 values; the widest row has some twenty.
/// Every size is kept prepared: a statement of some hundred rows, made for one time, takes longer to
/// compile than to run. Great ones, because a statement that may fail notes each page that it changes
/// first, and because FTS5 writes what it holds whenever one begins.
const ROWS_AT_ONCE: [usize; 5] = [500, 100, 20, 4, 1];

/// Runs `head VALUES (…), (…) tail` for all rows. `put` binds one row's columns.
pub(crate) async fn insert<'r, T>(
    connection: &mut SqliteConnection,
    doing: &'static str,
    (head, tail): (&'static str, &'static str),
    rows: &'r [T],
    put: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &'r T),
) -> Result<(), StoreError> {
    let mut rest = rows;
    for size in ROWS_AT_ONCE {
        let chunks = rest.chunks_exact(size);
        rest = chunks.remainder();
        for chunk in chunks {
            let mut statement = QueryBuilder::<Sqlite>::new(head);
            statement.push_values(chunk, |mut row, value| put(&mut row, value));
            statement.push(tail);
            let statement = statement.build();
            statement.execute(&mut *connection).await.map_err(StoreError::of(doing))?;
        }
    }
    Ok(())
}
