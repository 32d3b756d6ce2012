//! Polling a source to the end of its changes.

use firebreak_core::ports::{OutsideError, Trouble};
use tokio_util::sync::CancellationToken;

use crate::ingest::Progress;
use crate::pages::{Fetched, ReadPage};
use crate::{Engine, EngineError, EngineEvent, Identity, IngestReport};

/// Pages read in one go; a source that never ends is a fault of its own.
const MOST_PAGES: u32 = 10_000;

/// What one poll brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollReport {
    /// Pages stored.
    pub pages: u32,
    /// What became of the alerts.
    pub ingest: IngestReport,
}

impl Engine {
    /// Reads a source from its cursor to the end, storing page by page. A page and the cursor that
    /// passed it are stored together, so a crash loses nothing and repeats at most one page. The next
    /// page is asked for meanwhile.
    ///
    /// # Errors
    /// What the source or the store said; the source's health says it too.
    pub async fn poll(
        &self,
        name: &str,
        cancel: &CancellationToken,
    ) -> Result<PollReport, EngineError> {
        let source = self
            .source(name)
            .ok_or_else(|| EngineError::NotFound(format!("source {name} that can be polled")))?;
        let mut row = self.store.source(name).await?;
        let feed = self.feed(source, &row)?;
        let who = Identity { name: name.to_owned() };
        let mut whole = PollReport::default();
        let mut ahead: Option<Fetched> = None;
        for _ in 0..MOST_PAGES {
            if cancel.is_cancelled() {
                return Ok(whole);
            }
            // After a reset the page that was asked for before it is not the next one.
            let asked = ahead.take().filter(|fetched| fetched.from == row.cursor);
            let fetched = match asked {
                Some(fetched) => Some(fetched),
                None => feed.fetch(row.cursor, cancel).await,
            };
            let Some(Fetched { from, page }) = fetched else { return Ok(whole) };
            let ReadPage { batch, cursor, more, seen_until } = match page {
                Ok(page) => page,
                Err(error) => return Err(self.source_failed(name, error).await),
            };
            let origin =
                feed.origin(Progress::Poll { from: from.as_ref(), to: &cursor, seen_until });
            let next = feed.ahead(&cursor, more, cancel);
            let (report, next) = match self.store_page(&feed, &origin, batch, &who, next).await {
                Err(EngineError::Outside(error)) => {
                    return Err(self.source_failed(name, error).await);
                }
                stored => stored?,
            };
            ahead = next;
            whole.pages += 1;
            whole.ingest.add(&report);
            if !more {
                return Ok(whole);
            }
            row = self.store.source(name).await?;
        }
        let error = OutsideError::new(
            format!("polling {name}"),
            Trouble::Garbage,
            format!("it has more than {MOST_PAGES} pages"),
        );
        Err(self.source_failed(name, error).await)
    }

    async fn source_failed(&self, name: &str, error: OutsideError) -> EngineError {
        let needs_person = error.trouble == Trouble::NeedsPerson;
        tracing::warn!(source = name, %error, "a source could not be polled");
        let noted = async {
            let mut write = self.store.write().await?;
            write
                .source_failed(name, &error.to_string(), error.remedy.as_deref(), needs_person)
                .await?;
            write.commit().await
        };
        if let Err(error) = noted.await {
            self.note_storage(&error);
        }
        self.emit(EngineEvent::SourceChanged { name: name.to_owned() });
        EngineError::Outside(error)
    }
}
