//! The position in Wiz's stream of changes.
//!
//! Two sweeps take turns: issues by `statusChangedAt`, then detections by `createdAt`. A sweep
//! holds its `after` while it pages; only its last page moves it, to the newest time that Wiz
//! itself showed, less an overlap. Never by our own clock: what Wiz files late would be lost.

use chrono::{DateTime, TimeDelta};
use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use serde::{Deserialize, Serialize};

use super::fault::WizFault;

/// What is read again at every sweep. Re-delivery is harmless; a change filed late is not.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// Most pages of one sweep.
pub(super) const PAGES_CAP: u32 = 10_000;

/// Which sweep is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Issues,
    Detections,
}

/// Where both sweeps are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    v: u8,
    pub(super) phase: Phase,
    pub(super) issues: Sweep,
    pub(super) detections: Sweep,
}

/// Where one sweep is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sweep {
    /// Held for the whole sweep.
    pub(super) after: Timestamp,
    /// Wiz's `endCursor` of the page before; `None` at the first page.
    pub(super) page: Option<String>,
    /// Newest time seen in this sweep.
    pub(super) high: Option<Timestamp>,
    /// Pages of this sweep so far.
    pub(super) pages: u32,
    /// When this sweep began, by our clock. Bounds `high`: what changed while we paged may have
    /// slipped past us, and a time in the future must not carry the position with it.
    pub(super) began: Timestamp,
}

impl Position {
    /// The stored position, or one `lookback` ago.
    pub(super) fn read(
        cursor: Option<&Cursor>,
        now: Timestamp,
        lookback: TimeDelta,
    ) -> Result<Self, WizFault> {
        let Some(Cursor(text)) = cursor else {
            let after = now.checked_sub_signed(lookback).unwrap_or(DateTime::UNIX_EPOCH);
            return Ok(Self::from(after, now));
        };
        let position: Self =
            serde_json::from_str(text).map_err(|error| WizFault::Position(error.to_string()))?;
        if position.v != 1 {
            return Err(WizFault::Position(format!("version {} is not known", position.v)));
        }
        Ok(position)
    }

    /// One from which everything since `after` is read.
    pub(super) fn from(after: Timestamp, now: Timestamp) -> Self {
        let sweep = Sweep { after, page: None, high: None, pages: 0, began: now };
        Self { v: 1, phase: Phase::Issues, issues: sweep.clone(), detections: sweep }
    }

    /// As the engine stores it.
    pub(super) fn write(&self) -> Cursor {
        Cursor(serde_json::to_string(self).expect("a position holds only times, texts and numbers"))
    }

    /// The sweep that is on.
    pub(super) fn sweep(&mut self) -> &mut Sweep {
        match self.phase {
            Phase::Issues => &mut self.issues,
            Phase::Detections => &mut self.detections,
        }
    }
}

impl Sweep {
    /// Called before each page; at the first one the sweep begins.
    pub(super) fn begin_page(&mut self, now: Timestamp) {
        if self.page.is_none() {
            (self.began, self.high, self.pages) = (now, None, 0);
        }
    }

    /// Goes back to the first page: Wiz no longer knows the `endCursor`. `after` stays.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.page = None;
        self.begin_page(now);
    }

    /// Takes in the times of one page and where the next one is; true when there is none.
    pub(super) fn end_page(
        &mut self,
        times: impl Iterator<Item = Timestamp>,
        next: Option<String>,
    ) -> Result<bool, WizFault> {
        self.high = times.chain(self.high).max();
        self.pages += 1;
        match next {
            Some(_) if self.pages >= PAGES_CAP => Err(WizFault::Senseless(format!(
                "it has no end: {PAGES_CAP} pages and more to come"
            ))),
            Some(next) if self.page.as_ref() == Some(&next) => {
                Err(WizFault::Senseless("it has no end: the next page is the same page".to_owned()))
            }
            Some(next) => {
                self.page = Some(next);
                Ok(false)
            }
            None => {
                self.page = None;
                if let Some(high) = self.high.take() {
                    self.after = self.after.max(high.min(self.began) - OVERLAP);
                }
                Ok(true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn fresh(now: i64) -> Position {
        Position::read(None, at(now), TimeDelta::minutes(60)).unwrap()
    }

    #[test]
    fn after_is_held_until_the_last_page_and_then_follows_what_was_seen() {
        let mut position = fresh(100);
        let sweep = &mut position.issues;
        sweep.begin_page(at(100));
        assert!(!sweep.end_page([at(90), at(95)].into_iter(), Some("p2".into())).unwrap());
        assert_eq!(sweep.after, at(40));
        sweep.begin_page(at(103));
        assert!(sweep.end_page([at(80)].into_iter(), None).unwrap());
        assert_eq!(sweep.after, at(90), "95 less the overlap of 5");
        assert_eq!((sweep.page.as_ref(), sweep.high), (None, None));
    }

    #[test]
    fn neither_a_future_time_nor_a_long_sweep_carries_the_position_past_its_beginning() {
        let mut position = fresh(100);
        let sweep = &mut position.issues;
        sweep.begin_page(at(100));
        sweep.end_page([at(1_000_000)].into_iter(), None).unwrap();
        assert_eq!(sweep.after, at(95));
    }

    #[test]
    fn an_empty_sweep_and_an_old_time_move_nothing() {
        let mut position = fresh(100);
        let sweep = &mut position.issues;
        for times in [vec![], vec![at(3)]] {
            sweep.begin_page(at(100));
            sweep.end_page(times.into_iter(), None).unwrap();
            assert_eq!(sweep.after, at(40));
        }
    }

    #[test]
    fn endless_pages_end() {
        let mut position = fresh(100);
        let sweep = &mut position.issues;
        sweep.begin_page(at(100));
        sweep.end_page(std::iter::empty(), Some("p".into())).unwrap();
        assert!(sweep.end_page(std::iter::empty(), Some("p".into())).is_err());
        let faults = (0..=PAGES_CAP)
            .find(|n| sweep.end_page(std::iter::empty(), Some(format!("p{n}"))).is_err());
        assert!(faults.is_some());
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let stored = fresh(1).write();
        assert_eq!(Position::read(Some(&stored), at(5), TimeDelta::zero()).unwrap(), fresh(1));
        for text in [
            "",
            "{}",
            "null",
            "2026-01-01T00:00:00Z",
            &stored.0.replace("\"v\":1", "\"v\":2"),
            &stored.0.replace("issues\",", "all\","),
        ] {
            let read = Position::read(Some(&Cursor(text.to_owned())), at(5), TimeDelta::zero());
            assert!(matches!(read, Err(WizFault::Position(_))), "{text}");
        }
    }
}
