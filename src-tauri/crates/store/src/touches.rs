//! What the journal of intents says was changed, or may have been.

use firebreak_core::finding::ResourceKind;
use firebreak_core::policy::Touch;
use firebreak_core::{ActionId, AssetId, IncidentId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};

use crate::row::{Place, time_text};
use crate::{Store, StoreError, Write};

impl Write {
    /// Runs that changed something or may have, as this transaction sees them: see
    /// [`Store::touches`].
    pub async fn touches(
        &mut self,
        since: Timestamp,
        incident: &IncidentId,
    ) -> Result<Vec<Touch>, StoreError> {
        touches(self.connection(), since, incident).await
    }

    /// Assets of a kind that are known in an account, as this transaction sees them.
    pub async fn count_alike(
        &mut self,
        account: &str,
        kind: ResourceKind,
    ) -> Result<u64, StoreError> {
        count_alike(self.connection(), account, kind).await
    }
}

impl Store {
    /// Runs that changed something or may have: those under way, those that ended after `since`,
    /// and all of an incident. A run whose every call was refused, or never left, is none. Undoing
    /// is none either.
    pub async fn touches(
        &self,
        since: Timestamp,
        incident: &IncidentId,
    ) -> Result<Vec<Touch>, StoreError> {
        touches(self.read(), since, incident).await
    }

    /// Assets of a kind that are known in an account, from findings and from reading the cloud.
    pub async fn count_alike(&self, account: &str, kind: ResourceKind) -> Result<u64, StoreError> {
        count_alike(self.read(), account, kind).await
    }
}

async fn touches<'e>(
    from: impl SqliteExecutor<'e>,
    since: Timestamp,
    incident: &IncidentId,
) -> Result<Vec<Touch>, StoreError> {
    let rows = sqlx::query(
        "WITH counted AS (
           SELECT id FROM intent WHERE ended_at IS NULL
           UNION SELECT id FROM intent WHERE ended_at > ?1
           UNION SELECT i.id FROM step s JOIN intent i ON i.step = s.id WHERE s.incident = ?2
         )
         SELECT i.id, s.incident, s.doc->>'$.action' AS action, s.doc->>'$.account' AS account,
           s.doc->>'$.target' AS target, i.ended_at IS NULL AS is_open,
           coalesce((SELECT max(c.sending_at) FROM intent_call c WHERE c.intent = i.id),
             i.started_at) AS at,
           i.ended_at IS NULL
             OR EXISTS (SELECT 1 FROM intent_call c WHERE c.intent = i.id
               AND c.sending_at IS NOT NULL AND coalesce(c.outcome, 'unknown') = 'unknown')
             OR (NOT EXISTS (SELECT 1 FROM intent_call c WHERE c.intent = i.id
                 AND coalesce(c.outcome, '') NOT IN ('accepted', 'already_so'))
               AND NOT EXISTS (SELECT 1 FROM intent u JOIN intent_call c ON c.intent = u.id
                 WHERE u.step = i.step AND u.direction = 'undo' AND c.outcome = 'accepted'
                   AND u.started_at >= i.started_at)) AS holds
         FROM counted JOIN intent i ON i.id = counted.id JOIN step s ON s.id = i.step
         WHERE i.direction = 'execute' AND (i.ended_at IS NULL OR EXISTS (
           SELECT 1 FROM intent_call c WHERE c.intent = i.id AND c.sending_at IS NOT NULL
             AND coalesce(c.outcome, 'unknown') NOT IN ('rejected', 'already_so')))
         ORDER BY i.rowid",
    )
    .bind(time_text(since))
    .bind(incident.as_str())
    .fetch_all(from)
    .await
    .map_err(StoreError::of("counting what was changed"))?;
    rows.iter().map(touch).collect()
}

async fn count_alike<'e>(
    from: impl SqliteExecutor<'e>,
    account: &str,
    kind: ResourceKind,
) -> Result<u64, StoreError> {
    let row = sqlx::query(
        "SELECT count(*) AS known FROM asset WHERE doc->>'$.account' = ?1 AND doc->>'$.kind' = ?2",
    )
    .bind(account)
    .bind(kind.name())
    .fetch_one(from)
    .await
    .map_err(StoreError::of("counting assets"))?;
    Ok(row.get::<i64, _>("known").unsigned_abs())
}

fn touch(row: &SqliteRow) -> Result<Touch, StoreError> {
    let id: String = row.get("id");
    let place = Place { table: "intent", id: &id };
    Ok(Touch {
        incident: IncidentId::new(row.get::<String, _>("incident")),
        action: place.word(row.get("action"), ActionId::from_name)?,
        account: row.get("account"),
        target: AssetId::new(row.get::<String, _>("target")),
        at: place.time(row.get("at"))?,
        is_open: row.get("is_open"),
        holds: row.get("holds"),
    })
}
