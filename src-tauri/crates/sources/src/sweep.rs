//! A walk over a list that can be asked for what changed since a time, page by page.
//!
//! A sweep holds its `after` while it pages; only its last page moves it, to the newest time that
//! the vendor itself showed, less an overlap and less as long as the sweep took: what changed while
//! we paged may have slipped past us. Never by our own clock, which may be ahead of the vendor's, so
//! that what is filed late would be lost; only how long it took is measured by it. What a page is (a
//! token, a cursor, an offset) is the vendor's business.
//!
//! Part of the stored cursors of Wiz and Prisma Cloud: a field that is renamed or added here makes
//! cursors of earlier versions unreadable.

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use serde::{Deserialize, Serialize};

/// Most pages of one sweep.
pub(crate) const PAGES_CAP: u32 = 10_000;

/// Where one sweep is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sweep {
    /// Where the window begins; held for the whole sweep.
    pub(crate) after: Timestamp,
    /// Where the next page is; `None` at the first.
    pub(crate) page: Option<String>,
    /// Newest time seen in this sweep.
    pub(crate) high: Option<Timestamp>,
    /// Pages of this sweep so far, of the last one between two; 0 before the very first.
    pub(crate) pages: u32,
    /// When this sweep began, by our clock, never before `after`. Bounds `high`: a time in the future
    /// must not carry the position with it.
    pub(crate) began: Timestamp,
}

/// A list that does not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Endless {
    #[error("it has no end: {PAGES_CAP} pages and more to come")]
    Pages,
    #[error("it has no end: the next page is the same page")]
    SamePage,
}

impl Sweep {
    /// One that has not begun and will read everything since `after`.
    pub(crate) fn from(after: Timestamp, now: Timestamp) -> Self {
        Self { after, page: None, high: None, pages: 0, began: now.max(after) }
    }

    /// Whether it is time for it, when it is made `every` so often: always for one that never was made
    /// or is under way, and when the clock was set back, so that it does not wait for the clock.
    pub(crate) fn due(&self, now: Timestamp, every: TimeDelta) -> bool {
        let never = self.page.is_none() && self.pages == 0;
        never || self.page.is_some() || now < self.began || now - self.began >= every
    }

    /// Called before each page; at the first one the sweep begins.
    pub(crate) fn begin_page(&mut self, now: Timestamp) {
        if self.page.is_none() {
            self.begin(now);
            self.pages = 0;
        }
    }

    /// Goes back to the first page: the vendor no longer knows this one. `after` stays, and pages
    /// are counted on, so that a page that is never known ends at the cap.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        self.page = None;
        self.begin(now);
    }

    fn begin(&mut self, now: Timestamp) {
        // A clock that was set back must not turn the window around.
        (self.began, self.high) = (now.max(self.after), None);
    }

    /// Takes in the times of one page and where the next one is; true when there is none.
    pub(crate) fn end_page(
        &mut self,
        times: impl Iterator<Item = Timestamp>,
        next: Option<String>,
        overlap: TimeDelta,
        now: Timestamp,
    ) -> Result<bool, Endless> {
        self.high = times.chain(self.high).max();
        self.pages = self.pages.saturating_add(1);
        match next {
            Some(_) if self.pages >= PAGES_CAP => Err(Endless::Pages),
            Some(next) if self.page.as_ref() == Some(&next) => Err(Endless::SamePage),
            Some(next) => {
                self.page = Some(next);
                Ok(false)
            }
            None => {
                self.page = None;
                if let Some(high) = self.high.take() {
                    self.after = self.after.max(passed(high, self.began, now) - overlap);
                }
                Ok(true)
            }
        }
    }
}

/// The instant, by the vendor's clock, before which a sweep that began at `began` and ends `now` (by
/// ours) has seen every change that was visible when it began; `high` is the newest time it saw.
///
/// The vendor showed `high` at the latest now, so its clock stood no earlier than `high` less the
/// sweep's length when the sweep began, however far apart the two clocks are.
pub(crate) fn passed(high: Timestamp, began: Timestamp, now: Timestamp) -> Timestamp {
    (high - (now - began).max(TimeDelta::zero())).min(began)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const OVERLAP: TimeDelta = TimeDelta::minutes(5);

    fn at(minute: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn fresh() -> Sweep {
        Sweep::from(at(40), at(100))
    }

    fn page(sweep: &mut Sweep, now: i64, times: &[i64], next: Option<&str>) -> bool {
        sweep.begin_page(at(now));
        let times: Vec<_> = times.iter().map(|minute| at(*minute)).collect();
        sweep.end_page(times.into_iter(), next.map(str::to_owned), OVERLAP, at(now)).unwrap()
    }

    #[test]
    fn after_is_held_until_the_last_page_and_then_follows_what_was_seen() {
        let mut sweep = fresh();
        assert!(!page(&mut sweep, 100, &[90, 95], Some("p2")));
        assert_eq!((sweep.after, sweep.began), (at(40), at(100)));
        assert!(page(&mut sweep, 103, &[80], None));
        assert_eq!(sweep.after, at(87), "95 less the 3 it took and the overlap of 5");
        assert_eq!((sweep.page.as_ref(), sweep.high), (None, None));
    }

    #[test]
    fn neither_a_future_time_nor_a_long_sweep_carries_it_past_its_beginning() {
        let mut sweep = fresh();
        page(&mut sweep, 100, &[1_000_000], None);
        assert_eq!(sweep.after, at(95));
    }

    /// Our clock is an hour ahead. An issue whose page has passed changes at minute 11 of the vendor's
    /// clock, the sweep ends at its minute 30 with another of minute 29.
    #[test]
    fn a_clock_ahead_does_not_carry_it_past_what_changed_while_paging() {
        let mut sweep = Sweep::from(at(-100), at(70));
        page(&mut sweep, 70, &[9], Some("p2"));
        page(&mut sweep, 90, &[29], None);
        assert!(sweep.after < at(11), "{}", sweep.after);
    }

    #[test]
    fn an_empty_sweep_and_an_old_time_move_nothing() {
        let mut sweep = fresh();
        for times in [&[][..], &[3]] {
            page(&mut sweep, 100, times, None);
            assert_eq!(sweep.after, at(40));
        }
    }

    #[test]
    fn a_clock_set_back_does_not_turn_the_window_around() {
        let mut sweep = fresh();
        page(&mut sweep, 100, &[98], None);
        sweep.begin_page(at(20));
        assert_eq!((sweep.after, sweep.began), (at(93), at(93)));
        sweep.restart(at(20));
        assert_eq!(sweep.began, at(93));
        page(&mut sweep, 20, &[99], None);
        assert_eq!(sweep.after, at(93));
    }

    #[test]
    fn it_is_due_at_first_while_under_way_and_after_a_while() {
        let every = TimeDelta::minutes(10);
        let mut sweep = fresh();
        assert!(sweep.due(at(100), every), "never made");
        page(&mut sweep, 100, &[], Some("p2"));
        assert!(sweep.due(at(100), every), "under way");
        page(&mut sweep, 101, &[], None);
        let due = [99, 100, 109, 110].map(|minute| sweep.due(at(minute), every));
        assert_eq!(due, [true, false, false, true]);
    }

    #[test]
    fn endless_pages_end() {
        let mut sweep = fresh();
        page(&mut sweep, 100, &[], Some("p"));
        let same = sweep.end_page(std::iter::empty(), Some("p".into()), OVERLAP, at(100));
        assert_eq!(same, Err(Endless::SamePage));
        let ended = (0..=PAGES_CAP).find_map(|n| {
            sweep.end_page(std::iter::empty(), Some(format!("p{n}")), OVERLAP, at(100)).err()
        });
        assert_eq!(ended, Some(Endless::Pages));
    }

    #[test]
    fn a_page_that_is_never_known_ends_too() {
        let mut sweep = fresh();
        let ended = (0..=PAGES_CAP).find(|_| {
            sweep.begin_page(at(100));
            if sweep.page.is_some() {
                sweep.restart(at(101));
            }
            sweep.end_page(std::iter::empty(), Some("p2".into()), OVERLAP, at(101)).is_err()
        });
        assert!(ended.is_some());
    }
}
