//! Pages of a source: the next one is fetched and read while this one is being stored.

use std::sync::Arc;

use firebreak_core::Timestamp;
use firebreak_core::ports::{AlertSource, Cursor, Normaliser, OutsideError};
use firebreak_store::SourceRow;
use tokio_util::sync::CancellationToken;

use crate::ingest::{Origin, Progress, Reading, read_all};
use crate::{Engine, EngineError, EngineEvent, Identity, IngestReport};

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
    source: Arc<dyn AlertSource>,
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

    /// Stores a page and tells the source that it is safe, while `ahead` asks for the next one.
    pub(crate) async fn store_page(
        &self,
        feed: &Feed,
        origin: &Origin<'_>,
        batch: Vec<Reading>,
        who: &Identity,
        ahead: impl Future<Output = Option<Fetched>>,
    ) -> Result<(IngestReport, Option<Fetched>), EngineError> {
        let storing = async {
            let report = self.store_batch(origin, batch, who).await?;
            if let Some(cursor) = origin.progress.cursor() {
                feed.source.stored(cursor).await?;
            }
            self.emit(EngineEvent::SourceChanged { name: origin.source.to_owned() });
            Ok(report)
        };
        tokio::try_join!(storing, async { Ok(ahead.await) })
    }
}

impl Feed {
    /// A page of this source's, which moves that place on.
    pub fn origin<'a>(&'a self, progress: Progress<'a>) -> Origin<'a> {
        Origin { source: self.source.name(), progress, is_current: !self.source.listens() }
    }

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
