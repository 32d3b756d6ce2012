//! The position in an account's alerts, which have no change feed.
//!
//! Three stages take turns. *Recent* lists what began since the last sweep, less an overlap for
//! what is filed late. *Review* lists the whole look-back again, and further back where alerts are
//! still open, since a status or severity changes without a trace in any time that can be asked
//! for; only what differs from what was delivered goes out. *Debts* fetches details that were put
//! off for lack of requests. A run holds its windows while it pages, so a crash goes on at the page.

use chrono::{DateTime, TimeDelta};
use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use serde::{Deserialize, Serialize};

use super::fault::LaceworkFault;
use super::known::Known;

/// Most pages of one window.
pub(super) const PAGES_CAP: u32 = 10_000;
/// In a quiet account the newest alert lies far back: nothing is filed later than this, or else the
/// review finds it.
const STALE: TimeDelta = TimeDelta::hours(24);

/// What is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Recent,
    Review,
    Debts,
}

/// Where all is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    v: u8,
    pub(super) stage: Stage,
    /// What began before it has been listed.
    pub(super) after: Timestamp,
    /// The run that is on; `None` between two.
    pub(super) run: Option<Run>,
    /// When the last review began; `None` before the first sweep ended, which is one by itself.
    pub(super) reviewed: Option<Timestamp>,
    /// Pages that it took.
    pub(super) review_pages: u32,
    /// When the last recent sweep that ended began.
    pub(super) seen_until: Option<Timestamp>,
    pub(super) known: Known,
}

/// One walk over windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// The window that is on.
    pub(super) from: Timestamp,
    /// Its end.
    pub(super) until: Timestamp,
    /// The end of the last window: when the run began, by our clock.
    pub(super) began: Timestamp,
    /// Path of the next page; `None` at a window's first.
    pub(super) page: Option<String>,
    /// Pages of this window so far.
    pub(super) pages: u32,
    /// Pages of the run.
    pub(super) all_pages: u32,
    /// Newest start seen.
    pub(super) high: Option<Timestamp>,
}

/// The spans that a person chose.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    pub(super) lookback: TimeDelta,
    pub(super) window: TimeDelta,
    pub(super) overlap: TimeDelta,
    pub(super) review_every: TimeDelta,
    /// How long one page of a review must pay for, so that reviews take half of the requests.
    pub(super) page_worth: TimeDelta,
}

impl Position {
    /// The stored position, or one look-back ago.
    pub(super) fn read(
        cursor: Option<&Cursor>,
        now: Timestamp,
        lookback: TimeDelta,
    ) -> Result<Self, LaceworkFault> {
        let Some(Cursor(text)) = cursor else {
            let after = now.checked_sub_signed(lookback).unwrap_or(DateTime::UNIX_EPOCH);
            return Ok(Self::from(after));
        };
        let position: Self = serde_json::from_str(text)
            .map_err(|error| LaceworkFault::Position(error.to_string()))?;
        if position.v != 1 {
            return Err(LaceworkFault::Position(format!("version {} is not known", position.v)));
        }
        Ok(position)
    }

    /// One from which everything since `after` is read.
    pub(super) fn from(after: Timestamp) -> Self {
        Self {
            v: 1,
            stage: Stage::Recent,
            after,
            run: None,
            reviewed: None,
            review_pages: 0,
            seen_until: None,
            known: Known::default(),
        }
    }

    /// As the engine stores it.
    pub(super) fn write(&self) -> Cursor {
        Cursor(serde_json::to_string(self).expect("a position holds only times, texts and numbers"))
    }

    /// Leaves what is on for a recent sweep: new alerts never wait behind a stage that fails.
    pub(super) fn detour(&mut self) {
        (self.stage, self.run) = (Stage::Recent, None);
    }

    /// The run that is on; begins one where there is none.
    pub(super) fn run(&mut self, now: Timestamp, spans: &Spans) -> &mut Run {
        let from = match self.stage {
            Stage::Review => {
                let edge = now - spans.lookback;
                self.known.oldest_open().map_or(edge, |open| open.min(edge))
            }
            _ => self.after.min(now),
        };
        self.run.get_or_insert_with(|| Run {
            from,
            until: (from + spans.window).min(now),
            began: now,
            page: None,
            pages: 0,
            all_pages: 0,
            high: None,
        })
    }

    /// Goes back to the window's first page: the next page is no longer known there.
    pub(super) fn restart_window(&mut self) {
        if let Some(run) = &mut self.run {
            (run.page, run.pages) = (None, 0);
        }
    }

    /// Takes in one page of the run; true when the run has ended.
    pub(super) fn end_page(
        &mut self,
        high: Option<Timestamp>,
        next: Option<String>,
        spans: &Spans,
    ) -> Result<bool, LaceworkFault> {
        let Some(run) = &mut self.run else { return Ok(true) };
        run.high = run.high.max(high);
        (run.pages, run.all_pages) = (run.pages + 1, run.all_pages.saturating_add(1));
        let endless = |why: String| Err(LaceworkFault::Senseless(format!("it has no end: {why}")));
        match next {
            Some(_) if run.pages >= PAGES_CAP => {
                endless(format!("{PAGES_CAP} pages and more to come"))
            }
            Some(next) if run.page.as_ref() == Some(&next) => {
                endless("the next page is the same page".to_owned())
            }
            Some(next) => {
                run.page = Some(next);
                Ok(false)
            }
            None => Ok(!self.next_window(spans)),
        }
    }

    /// Moves to the next window worth asking for; false when there is none.
    fn next_window(&mut self, spans: &Spans) -> bool {
        let Some(run) = &mut self.run else { return false };
        (run.page, run.pages) = (None, 0);
        let edge = run.began - spans.lookback;
        while run.until < run.began {
            // The end of one is the start of the next: whichever end counts as within, nothing
            // falls between them.
            run.from = run.until;
            run.until = (run.from + spans.window).min(run.began);
            let past = self.stage == Stage::Review && run.until < edge;
            if !past || self.known.open_between(run.from, run.until) {
                return true;
            }
        }
        false
    }

    /// Ends the run and says what follows; false when this was the last stage for now.
    pub(super) fn end_run(&mut self, now: Timestamp, spans: &Spans, can_pay: bool) -> bool {
        if let Some(run) = self.run.take() {
            match self.stage {
                Stage::Recent => {
                    let high = run.high.map(|high| high.min(run.began) - spans.overlap);
                    self.after = self.after.max(run.began - STALE).max(high.unwrap_or(self.after));
                    self.seen_until = Some(run.began);
                    // The first sweep listed the whole look-back.
                    if self.reviewed.is_none() {
                        (self.reviewed, self.review_pages) = (Some(run.began), run.all_pages);
                    }
                }
                Stage::Review => {
                    (self.reviewed, self.review_pages) = (Some(run.began), run.all_pages);
                }
                Stage::Debts => {}
            }
            self.known.prune(run.began - spans.lookback - TimeDelta::days(1), now);
        }
        let worth = spans.page_worth.checked_mul(i32::try_from(self.review_pages).unwrap_or(1));
        let every = spans.review_every.max(worth.unwrap_or(spans.review_every));
        let due = self.reviewed.is_some_and(|reviewed| now - reviewed >= every);
        self.stage = match self.stage {
            Stage::Recent if due => Stage::Review,
            Stage::Recent | Stage::Review if can_pay && !self.known.owed(1).is_empty() => {
                Stage::Debts
            }
            _ => Stage::Recent,
        };
        self.stage != Stage::Recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn spans() -> Spans {
        Spans {
            lookback: TimeDelta::days(7),
            window: TimeDelta::days(3),
            overlap: TimeDelta::hours(6),
            review_every: TimeDelta::minutes(15),
            page_worth: TimeDelta::seconds(15),
        }
    }

    fn fresh(now: i64) -> Position {
        Position::read(None, at(now), spans().lookback).unwrap()
    }

    #[test]
    fn windows_follow_each_other_and_the_page_is_held() {
        let mut position = fresh(0);
        let run = position.run(at(0), &spans()).clone();
        assert_eq!((run.from, run.until), (at(0) - TimeDelta::days(7), at(0) - TimeDelta::days(4)));
        assert!(!position.end_page(None, Some("p".into()), &spans()).unwrap());
        // An hour later, perhaps in another process: the same window, the same page.
        let stored = position.write();
        let mut position = Position::read(Some(&stored), at(60), spans().lookback).unwrap();
        assert_eq!(position.run(at(60), &spans()).page.as_deref(), Some("p"));
        assert!(!position.end_page(None, None, &spans()).unwrap());
        assert_eq!(position.run(at(60), &spans()).from, at(0) - TimeDelta::days(4));
        assert!(!position.end_page(None, None, &spans()).unwrap());
        assert!(position.end_page(Some(at(-90)), None, &spans()).unwrap());
        assert!(!position.end_run(at(1), &spans(), true));
        assert_eq!(position.after, at(-90) - TimeDelta::hours(6));
        assert_eq!((position.seen_until, position.reviewed), (Some(at(0)), Some(at(0))));
    }

    #[test]
    fn neither_a_future_start_nor_silence_carries_it_too_far() {
        let mut position = fresh(0);
        position.run(at(0), &spans()).until = at(0);
        position.end_page(Some(at(99_999)), None, &spans()).unwrap();
        position.end_run(at(0), &spans(), true);
        assert_eq!(position.after, at(0) - TimeDelta::hours(6));
        let mut quiet = fresh(0);
        quiet.run(at(0), &spans()).until = at(0);
        quiet.end_page(None, None, &spans()).unwrap();
        quiet.end_run(at(0), &spans(), true);
        assert_eq!(quiet.after, at(0) - STALE);
    }

    #[test]
    fn a_review_is_due_by_time_and_by_cost() {
        let mut position = fresh(0);
        position.run(at(0), &spans()).until = at(0);
        assert!(!position.end_run(at(14), &spans(), true));
        assert!(position.end_run(at(15), &spans(), true));
        assert_eq!(position.stage, Stage::Review);
        position.detour();
        position.review_pages = 100;
        assert!(!position.end_run(at(15), &spans(), true), "100 pages pay for 25 minutes");
        assert!(position.end_run(at(25), &spans(), true));
    }

    #[test]
    fn endless_pages_end() {
        let mut position = fresh(0);
        position.run(at(0), &spans());
        position.end_page(None, Some("p".into()), &spans()).unwrap();
        assert!(position.end_page(None, Some("p".into()), &spans()).is_err());
        let fault = (0..=PAGES_CAP)
            .find(|n| position.end_page(None, Some(format!("p{n}")), &spans()).is_err());
        assert!(fault.is_some());
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let stored = fresh(1).write();
        let read = |text: String| Position::read(Some(&Cursor(text)), at(5), TimeDelta::zero());
        assert_eq!(read(stored.0.clone()).unwrap(), fresh(1));
        for text in [
            String::new(),
            "{}".to_owned(),
            "null".to_owned(),
            "2026-01-01T00:00:00Z".to_owned(),
            stored.0.replace("\"v\":1", "\"v\":2"),
            stored.0.replace("\"recent\"", "\"all\""),
        ] {
            assert!(matches!(read(text.clone()), Err(LaceworkFault::Position(_))), "{text}");
        }
    }
}
