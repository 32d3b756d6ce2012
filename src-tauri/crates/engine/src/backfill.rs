//! Reading an older stretch of a source, beside the poll.

use chrono::Duration;
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_store::Backfill;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::ingest::Progress;
use crate::pages::{Fetched, ReadPage};
use crate::{Engine, EngineError, EngineEvent, Identity, IngestReport};

/// Pages read in one go; a source that never ends is a fault of its own.
const MOST_PAGES: u32 = 100_000;
/// Longest stretch. Vendors keep less.
pub const MOST_DAYS: u32 = 366;

impl Engine {
    /// Reads the last `days` days of a source again, page by page, each stored with the back-fill's
    /// own place. Alerts that are known are recognised. `None` goes on with one that did not end.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when there is nothing to go on with; what source or store said.
    pub async fn backfill(
        &self,
        name: &str,
        days: Option<u32>,
        who: &Identity,
        cancel: &CancellationToken,
    ) -> Result<IngestReport, EngineError> {
        let source = self
            .source(name)
            .ok_or_else(|| EngineError::NotFound(format!("source {name} that can be read")))?;
        let row = self.store.source(name).await?;
        let mut place = match days {
            Some(days) => self.begin_backfill(name, days, who).await?,
            None => self.open_backfill(name).await?,
        };
        let feed = self.feed(source, &row)?;
        let mut whole = IngestReport::default();
        let mut ahead: Option<Fetched> = None;
        for _ in 0..MOST_PAGES {
            let fetched = match ahead.take() {
                Some(fetched) => Some(fetched),
                None => feed.fetch(Some(place.cursor.clone()), cancel).await,
            };
            let Some(fetched) = fetched else {
                self.end_backfill(name, "cancelled", who).await?;
                return Ok(whole);
            };
            let ReadPage { batch, cursor, more, seen_until } = match fetched.page {
                Ok(page) => page,
                Err(error) => {
                    // It stays open: a later call goes on from here.
                    tracing::warn!(source = name, %error, "a back-fill stopped");
                    return Err(EngineError::Outside(error));
                }
            };
            let origin = feed.origin(Progress::Backfill(&cursor, seen_until));
            let next = feed.ahead(&cursor, more, cancel);
            let (report, next) = self.store_page(&feed, &origin, batch, who, next).await?;
            whole.add(&report);
            ahead = next;
            place.cursor = cursor;
            if !more {
                self.end_backfill(name, "complete", who).await?;
                return Ok(whole);
            }
        }
        let message = format!("it has more than {MOST_PAGES} pages");
        Err(EngineError::Outside(OutsideError::new(
            format!("back-filling {name}"),
            Trouble::Garbage,
            message,
        )))
    }

    async fn begin_backfill(
        &self,
        name: &str,
        days: u32,
        who: &Identity,
    ) -> Result<Backfill, EngineError> {
        if days == 0 || days > MOST_DAYS {
            return Err(EngineError::Invalid(format!(
                "a back-fill reaches 1 to {MOST_DAYS} days back, not {days}"
            )));
        }
        let source = self
            .source(name)
            .ok_or_else(|| EngineError::NotFound(format!("source {name} that can be read")))?;
        let now = self.now();
        let since = now - Duration::days(i64::from(days));
        let place = Backfill {
            source: name.to_owned(),
            since,
            cursor: source.start_at(since),
            seen_until: None,
            pages: 0,
            alerts: 0,
            started_at: now,
            ended_at: None,
            outcome: None,
        };
        let text = format!("back-fill of {days} days begun");
        let mut write = self.store.write().await?;
        write.put_backfill(&place).await?;
        write
            .audit(self.record(who, "backfill_begun", name, text, json!({ "days": days })))
            .await?;
        write.commit().await?;
        self.emit(EngineEvent::SourceChanged { name: name.to_owned() });
        Ok(place)
    }

    async fn open_backfill(&self, name: &str) -> Result<Backfill, EngineError> {
        let place = self.store.backfill(name).await?;
        place.filter(|place| place.ended_at.is_none()).ok_or_else(|| {
            EngineError::Refused(format!(
                "{name} has no unfinished back-fill; say how many days to read"
            ))
        })
    }

    async fn end_backfill(
        &self,
        name: &str,
        outcome: &str,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let mut write = self.store.write().await?;
        write.end_backfill(name, self.now(), outcome).await?;
        let text = format!("back-fill {outcome}");
        write.audit(self.record(who, "backfill_ended", name, text, json!({}))).await?;
        write.commit().await?;
        self.emit(EngineEvent::SourceChanged { name: name.to_owned() });
        Ok(())
    }
}
