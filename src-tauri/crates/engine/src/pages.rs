//! Pages of a source: the next one is fetched and read while this one is being stored.

use std::sync::Arc;

use firebreak_core::Timestamp;
use firebreak_core::ports::{AlertSource, Cursor, Normaliser, OutsideError};
use firebreak_store::SourceRow;
use tokio_util::sync::CancellationToken;

use crate::ingest::{Reading, read_all};
use crate::{Engine, EngineError};

/// A page whose alerts have been read, and not yet stored.
pub(crate) struct ReadPage {
    pub batch: Vec<Reading>,
    pub cursor: Cursor,
    pub more: bool,
    pub seen_until: Option<Timestamp>,
}

/// What came when a source was asked.
pub(crate) struct Fetched {
    /// What it was asked for.
    pub from: Option<Cursor>,
    pub page: Result<ReadPage, OutsideError>,
}

/// One source, asked for pages.
pub(crate) struct Feed {
    pub source: Arc<dyn AlertSource>,
    normaliser: Arc<dyn Normaliser>,
}

impl Engine {
    /// With the source's own normaliser, else with its vendor's.
    pub(crate) fn feed(
        &self,
        source: Arc<dyn AlertSource>,
        row: &SourceRow,
    ) -> Result<Feed, EngineError> {
        let own = source.normaliser();
        let normaliser = own.map_or_else(|| self.vendors_normaliser(&row.vendor), Ok)?;
        Ok(Feed { source, normaliser })
    }
}

impl Feed {
    /// The page at `from`; `None` once cancelled.
    pub async fn fetch(&self, from: Option<Cursor>, cancel: &CancellationToken) -> Option<Fetched> {
        let polled = tokio::select! {
            polled = self.source.poll(from.as_ref()) => polled,
            () = cancel.cancelled() => return None,
        };
        let page = match polled {
            Ok(page) => Ok(ReadPage {
                batch: read_all(Arc::clone(&self.normaliser), page.alerts).await,
                cursor: page.cursor,
                more: page.more,
                seen_until: page.seen_until,
            }),
            Err(error) => Err(error),
        };
        Some(Fetched { from, page })
    }

    /// The page after one that is not stored yet; `None` where there is none, or where the source hands
    /// out no more before it is told that what it gave is safe.
    pub async fn ahead(
        &self,
        cursor: &Cursor,
        more: bool,
        cancel: &CancellationToken,
    ) -> Option<Fetched> {
        if !more || self.source.listens() {
            return None;
        }
        self.fetch(Some(cursor.clone()), cancel).await
    }
}
