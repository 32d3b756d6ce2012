//! The position in Wiz's stream of changes.
//!
//! Two sweeps take turns: issues by `statusChangedAt`, then detections by `createdAt`.

use chrono::{DateTime, TimeDelta};
use firebreak_core::Timestamp;
use firebreak_core::ports::Cursor;
use serde::{Deserialize, Serialize};

use super::fault::WizFault;
use crate::sweep::Sweep;

/// What is read again at every sweep. Re-delivery is harmless; a change filed late is not.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(5);

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
        let sweep = Sweep::from(after, now);
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

    /// Takes in the times of one page and where the next one is; true when there is none.
    pub(super) fn end_page(
        &mut self,
        times: impl Iterator<Item = Timestamp>,
        next: Option<String>,
        now: Timestamp,
    ) -> Result<bool, WizFault> {
        let ended = self.sweep().end_page(times, next, OVERLAP, now);
        ended.map_err(|endless| WizFault::Senseless(endless.to_string()))
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
    const STORED: &str = r#"{"v":1,"phase":"detections","issues":{"after":"2026-09-06T23:55:00Z","page":null,"high":null,"pages":3,"began":"2026-09-21T14:13:20Z"},"detections":{"after":"2026-09-14T14:13:20.123456Z","page":"eyJh","high":"2026-09-15T00:00:00Z","pages":1,"began":"2026-09-21T14:13:20.500Z"}}"#;

    #[test]
    fn what_earlier_versions_stored_is_read_and_written_the_same() {
        let stored = Cursor(STORED.to_owned());
        let position = Position::read(Some(&stored), at(5), TimeDelta::zero()).unwrap();
        assert_eq!(position.phase, Phase::Detections);
        let sweep = &position.detections;
        assert_eq!((sweep.page.as_deref(), sweep.pages), (Some("eyJh"), 1));
        assert_eq!(position.write(), stored);
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
