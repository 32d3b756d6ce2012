//! The position in Prisma Cloud's stream of changes.
//!
//! Up to three sweeps take turns: alerts by the time of their status, alerts by the time of any
//! change, incidents of Compute by their time. A sweep holds its window while it pages; only its
//! last page moves it, to the newest time that Prisma itself showed, less an overlap. Never by our
//! own clock: what Prisma files late would be lost.

use chrono::{DateTime, TimeDelta};
use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use serde::{Deserialize, Serialize};

use super::config::ChangeClock;
use super::fault::PrismaFault;

/// What is read again at every sweep of alerts. Public integrations of Prisma look back 20 minutes
/// (XSOAR) or keep a distance of 30 (Sentinel), because alerts are indexed late.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(30);
/// The same for incidents: acknowledging one does not change its time, so within this span it is
/// seen again all the same.
pub(super) const INCIDENTS_OVERLAP: TimeDelta = TimeDelta::minutes(60);
/// Most pages of one sweep.
pub(super) const PAGES_CAP: u32 = 10_000;

/// Which sweep is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Status,
    Anything,
    Incidents,
}

impl Phase {
    /// How its alerts are timed; `None` for incidents.
    pub(super) fn clock(self) -> Option<ChangeClock> {
        match self {
            Self::Status => Some(ChangeClock::Status),
            Self::Anything => Some(ChangeClock::Anything),
            Self::Incidents => None,
        }
    }

    fn overlap(self) -> TimeDelta {
        match self {
            Self::Status | Self::Anything => OVERLAP,
            Self::Incidents => INCIDENTS_OVERLAP,
        }
    }
}

/// Where all sweeps are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    v: u8,
    pub(super) phase: Phase,
    pub(super) status: Sweep,
    pub(super) anything: Sweep,
    pub(super) incidents: Sweep,
}

/// Where one sweep is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sweep {
    /// Where the window begins; held for the whole sweep.
    pub(super) after: Timestamp,
    /// Where the next page is, `None` at the first: Prisma's `pageToken`, or Compute's offset.
    pub(super) page: Option<String>,
    /// Newest time seen in this sweep.
    pub(super) high: Option<Timestamp>,
    /// Pages of this sweep so far.
    pub(super) pages: u32,
    /// When this sweep began, by our clock: where its window ends. Bounds `high`, so that a time in
    /// the future does not carry the position with it.
    pub(super) began: Timestamp,
}

impl Position {
    /// The stored position, or one `lookback` ago.
    pub(super) fn read(
        cursor: Option<&Cursor>,
        now: Timestamp,
        lookback: TimeDelta,
    ) -> Result<Self, PrismaFault> {
        let Some(Cursor(text)) = cursor else {
            let after = now.checked_sub_signed(lookback).unwrap_or(DateTime::UNIX_EPOCH);
            return Ok(Self::from(after, now));
        };
        let position: Self =
            serde_json::from_str(text).map_err(|error| PrismaFault::Position(error.to_string()))?;
        if position.v != 1 {
            return Err(PrismaFault::Position(format!("version {} is not known", position.v)));
        }
        Ok(position)
    }

    /// One from which everything since `after` is read.
    pub(super) fn from(after: Timestamp, now: Timestamp) -> Self {
        let sweep = Sweep { after, page: None, high: None, pages: 0, began: now };
        Self {
            v: 1,
            phase: Phase::Status,
            status: sweep.clone(),
            anything: sweep.clone(),
            incidents: sweep,
        }
    }

    /// As the engine stores it.
    pub(super) fn write(&self) -> Cursor {
        Cursor(serde_json::to_string(self).expect("a position holds only times, texts and numbers"))
    }

    /// The sweep that is on.
    pub(super) fn sweep(&mut self) -> &mut Sweep {
        match self.phase {
            Phase::Status => &mut self.status,
            Phase::Anything => &mut self.anything,
            Phase::Incidents => &mut self.incidents,
        }
    }

    /// Takes in the times of one page and where the next one is; true when there is none.
    pub(super) fn end_page(
        &mut self,
        times: impl Iterator<Item = Timestamp>,
        next: Option<String>,
    ) -> Result<bool, PrismaFault> {
        let overlap = self.phase.overlap();
        self.sweep().end_page(times, next, overlap)
    }
}

impl Sweep {
    /// Called before each page; at the first one the sweep begins.
    pub(super) fn begin_page(&mut self, now: Timestamp) {
        if self.page.is_none() {
            // A clock that was set back must not turn the window around.
            (self.began, self.high, self.pages) = (now.max(self.after), None, 0);
        }
    }

    /// Goes back to the first page: Prisma no longer knows the token. `after` stays, and pages are
    /// counted on, so that a token that is never known ends at the cap.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.page = None;
        (self.began, self.high) = (now.max(self.after), None);
    }

    fn end_page(
        &mut self,
        times: impl Iterator<Item = Timestamp>,
        next: Option<String>,
        overlap: TimeDelta,
    ) -> Result<bool, PrismaFault> {
        self.high = times.chain(self.high).max();
        self.pages += 1;
        match next {
            Some(_) if self.pages >= PAGES_CAP => Err(PrismaFault::Senseless(format!(
                "it has no end: {PAGES_CAP} pages and more to come"
            ))),
            Some(next) if self.page.as_ref() == Some(&next) => Err(PrismaFault::Senseless(
                "it has no end: the next page is the same page".to_owned(),
            )),
            Some(next) => {
                self.page = Some(next);
                Ok(false)
            }
            None => {
                self.page = None;
                if let Some(high) = self.high.take() {
                    self.after = self.after.max(high.min(self.began) - overlap);
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
    fn the_window_is_held_until_the_last_page_and_then_follows_what_was_seen() {
        let mut position = fresh(100);
        position.sweep().begin_page(at(100));
        assert!(!position.end_page([at(90), at(95)].into_iter(), Some("p2".into())).unwrap());
        assert_eq!((position.status.after, position.status.began), (at(40), at(100)));
        position.sweep().begin_page(at(103));
        assert_eq!(position.status.began, at(100));
        assert!(position.end_page([at(80)].into_iter(), None).unwrap());
        assert_eq!(position.status.after, at(65), "95 less the overlap of 30");
        assert_eq!(position.anything.after, at(40));
    }

    #[test]
    fn neither_a_future_time_nor_an_empty_sweep_carries_the_position_away() {
        let mut position = fresh(100);
        position.sweep().begin_page(at(100));
        position.end_page([at(1_000_000)].into_iter(), None).unwrap();
        assert_eq!(position.status.after, at(70));
        position.sweep().begin_page(at(20));
        assert_eq!(position.status.began, at(70), "a clock set back");
        position.end_page(std::iter::empty(), None).unwrap();
        assert_eq!(position.status.after, at(70));
    }

    #[test]
    fn endless_pages_end() {
        let mut position = fresh(100);
        position.sweep().begin_page(at(100));
        position.end_page(std::iter::empty(), Some("p".into())).unwrap();
        assert!(position.end_page(std::iter::empty(), Some("p".into())).is_err());
        let ended = (0..=PAGES_CAP)
            .find(|n| position.end_page(std::iter::empty(), Some(format!("p{n}"))).is_err());
        assert!(ended.is_some());
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
            &stored.0.replace("\"status\",", "\"all\","),
        ] {
            let read = Position::read(Some(&Cursor(text.to_owned())), at(5), TimeDelta::zero());
            assert!(matches!(read, Err(PrismaFault::Position(_))), "{text}");
        }
    }
}
