//! The position in Prisma Cloud's stream of changes.
//!
//! Up to three sweeps take turns: alerts by the time of their status, alerts by the time of any
//! change, incidents of Compute by their time. A page of alerts is Prisma's `pageToken`, a page of
//! incidents Compute's offset; a sweep's window ends when it began, by our clock.

use chrono::{DateTime, TimeDelta};
use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use serde::{Deserialize, Serialize};

use super::config::ChangeClock;
use super::fault::PrismaFault;
use crate::sweep::Sweep;

/// What is read again at every sweep of alerts. Public integrations of Prisma look back 20 minutes
/// (XSOAR) or keep a distance of 30 (Sentinel), because alerts are indexed late.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(30);
/// The same for incidents: acknowledging one does not change its time, so within this span it is
/// seen again all the same.
pub(super) const INCIDENTS_OVERLAP: TimeDelta = TimeDelta::minutes(60);

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
        let sweep = Sweep::from(after, now);
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
        now: Timestamp,
    ) -> Result<bool, PrismaFault> {
        let overlap = self.phase.overlap();
        let ended = self.sweep().end_page(times, next, overlap, now);
        ended.map_err(|endless| PrismaFault::Senseless(endless.to_string()))
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

    /// As the versions before the sweeps of Wiz and Prisma Cloud became one type stored it.
    const STORED: &str = r#"{"v":1,"phase":"anything","status":{"after":"2026-09-21T13:43:20Z","page":null,"high":null,"pages":3,"began":"2026-09-21T14:13:20Z"},"anything":{"after":"2026-09-14T14:13:20.123456Z","page":"tok","high":"2026-09-15T00:00:00Z","pages":1,"began":"2026-09-21T14:13:20.500Z"},"incidents":{"after":"2026-09-14T14:13:20Z","page":"50","high":null,"pages":1,"began":"2026-09-21T14:13:20Z"}}"#;

    #[test]
    fn what_earlier_versions_stored_is_read_and_written_the_same() {
        let stored = Cursor(STORED.to_owned());
        let position = Position::read(Some(&stored), at(5), TimeDelta::zero()).unwrap();
        assert_eq!(position.phase, Phase::Anything);
        let sweep = &position.anything;
        assert_eq!((sweep.page.as_deref(), sweep.pages), (Some("tok"), 1));
        assert_eq!(position.write(), stored);
    }

    #[test]
    fn each_sweep_has_its_own_window_and_overlap() {
        let mut position = fresh(100);
        position.sweep().begin_page(at(100));
        assert!(position.end_page([at(95)].into_iter(), None, at(100)).unwrap());
        position.phase = Phase::Incidents;
        position.sweep().begin_page(at(105));
        assert!(position.end_page([at(104)].into_iter(), None, at(105)).unwrap());
        let after =
            [&position.status, &position.anything, &position.incidents].map(|sweep| sweep.after);
        assert_eq!(after, [at(65), at(40), at(44)]);
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
