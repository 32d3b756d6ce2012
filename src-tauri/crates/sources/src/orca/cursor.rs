//! The position in Orca's stream of changes.
//!
//! A sweep reads alerts by `LastUpdated`, oldest change first, from `after` to the end; only its
//! last page moves `after`, to the newest time that Orca itself showed, less an overlap and as long
//! as the sweep took.
//!
//! The serving layer pages by offset. An alert that changes while we page moves to the end, and all
//! behind it move up by one: an offset counted from the beginning would step over one of them. So
//! the place within a sweep is a time (`edge`) and an offset counted from it, and the edge follows
//! what was seen. Only within one second that fills whole pages the offset counts. There each step
//! goes a tenth back, and must find the last row of the page before; where it does not, rows have
//! left that second and others have moved up, perhaps past us, and the second is read again from its
//! beginning. The rules API pages by token: there the time is held.

use chrono::{DateTime, SubsecRound as _, TimeDelta};
use firebreak_core::ports::Cursor;
use firebreak_core::{Timestamp, canonical};
use serde::{Deserialize, Serialize};

use super::fault::OrcaFault;
use crate::sweep::passed;

/// What is read again at every sweep. Re-delivery is harmless; a change filed late is not.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// Most pages without progress in time.
pub(super) const PAGES_CAP: u32 = 10_000;
/// How often one second is read again. An Orca that orders the rows of a second anew at every request
/// can't be paged safely by anyone; it must not stop the sweep for good.
const AGAIN_CAP: u8 = 20;

/// Where the sweep is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    v: u8,
    /// Whether the rules API is asked: the serving layer was not there.
    pub(super) rules: bool,
    /// Held for the whole sweep.
    pub(super) after: Timestamp,
    /// `None` at the first page.
    pub(super) place: Option<Place>,
    /// Newest time seen in this sweep.
    pub(super) high: Option<Timestamp>,
    /// Pages of this sweep since time moved.
    pub(super) pages: u32,
    /// When this sweep began, by our clock. Bounds `high`: a time in the future must not carry the
    /// position with it.
    pub(super) began: Timestamp,
}

/// Where in the sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Place {
    /// Serving layer: so many rows after the first of this second.
    Rows {
        edge: Timestamp,
        index: u64,
        /// The row that the next page must hold, unless rows have moved.
        #[serde(default)]
        anchor: Option<Mark>,
        /// How often this second was begun again.
        #[serde(default)]
        again: u8,
    },
    /// Rules API: its `next_page_token`.
    Token(String),
}

/// Stands for one row in one version: a digest, so that nothing of an alert is kept here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn of(row: &str) -> Self {
        Self(canonical::sha256_hex(row.as_bytes()).chars().take(16).collect())
    }
}

/// A page, as far as the sweep is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// When the rows that say so were updated, in the order of the page.
    pub(super) times: Vec<Timestamp>,
    /// All rows, in order.
    pub(super) marks: Vec<Mark>,
    pub(super) next: Next,
}

/// What a page says about the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// This was the last.
    Nothing,
    /// The page was full, or Orca says that there is more.
    Rows,
    /// Go on at this token.
    Token(String),
}

impl Position {
    /// The stored position, or one `lookback` ago.
    pub(super) fn read(
        cursor: Option<&Cursor>,
        now: Timestamp,
        lookback: TimeDelta,
        rules: bool,
    ) -> Result<Self, OrcaFault> {
        let Some(Cursor(text)) = cursor else {
            let after = now.checked_sub_signed(lookback).unwrap_or(DateTime::UNIX_EPOCH);
            return Ok(Self::from(after, now, rules));
        };
        let position: Self =
            serde_json::from_str(text).map_err(|error| OrcaFault::Position(error.to_string()))?;
        if position.v != 1 {
            return Err(OrcaFault::Position(format!("version {} is not known", position.v)));
        }
        Ok(position)
    }

    /// One from which everything since `after` is read.
    pub(super) fn from(after: Timestamp, now: Timestamp, rules: bool) -> Self {
        Self { v: 1, rules, after, place: None, high: None, pages: 0, began: now }
    }

    /// As the engine stores it.
    pub(super) fn write(&self) -> Cursor {
        Cursor(serde_json::to_string(self).expect("a position holds only times, texts and numbers"))
    }

    /// Called before each page; at the first one the sweep begins.
    pub(super) fn begin_page(&mut self, now: Timestamp) {
        if self.place.is_none() {
            // A clock that was set back must not put the beginning before what has been read.
            (self.began, self.high, self.pages) = (now.max(self.after), None, 0);
        }
    }

    /// Goes back to the first page, with the other API or because the place is gone. `after` stays.
    pub(super) fn restart(&mut self, rules: bool, now: Timestamp) {
        (self.rules, self.place) = (rules, None);
        self.begin_page(now);
    }

    /// The second and the offset to read from.
    pub(super) fn rows(&self) -> (Timestamp, u64) {
        match self.place {
            Some(Place::Rows { edge, index, .. }) => (edge, index),
            _ => (self.after.trunc_subsecs(0), 0),
        }
    }

    /// The page token to read from.
    pub(super) fn token(&self) -> Option<&str> {
        match &self.place {
            Some(Place::Token(token)) => Some(token),
            _ => None,
        }
    }

    /// Takes in a page; true when the sweep is over.
    pub(super) fn end_page(&mut self, step: &Step, now: Timestamp) -> Result<bool, OrcaFault> {
        self.high = step.times.iter().copied().chain(self.high).max();
        self.pages += 1;
        let before = self.place.clone();
        self.place = match (self.moved(&step.marks), &step.next) {
            (Some(again), _) => Some(again),
            (None, Next::Nothing) => None,
            (None, Next::Token(token)) => Some(Place::Token(token.clone())),
            (None, Next::Rows) => self.next_rows(step),
        };
        let Some(place) = &self.place else {
            if let Some(high) = self.high.take() {
                self.after = self.after.max(passed(high, self.began, now) - OVERLAP);
            }
            return Ok(true);
        };
        if self.pages >= PAGES_CAP {
            return Err(OrcaFault::Senseless(format!(
                "it has no end: {PAGES_CAP} pages and more to come"
            )));
        }
        if before.as_ref() == Some(place) {
            let same = "it has no end: the next page is the same page".to_owned();
            return Err(OrcaFault::Senseless(same));
        }
        Ok(false)
    }

    /// The beginning of the second, when this page lacks the row that it was to hold.
    fn moved(&self, marks: &[Mark]) -> Option<Place> {
        match &self.place {
            Some(Place::Rows { edge, anchor: Some(anchor), again, .. })
                if *again < AGAIN_CAP && !marks.contains(anchor) =>
            {
                Some(Place::Rows { edge: *edge, index: 0, anchor: None, again: again + 1 })
            }
            _ => None,
        }
    }

    /// Where the rows after this page begin; `None` once they belong to the next sweep.
    fn next_rows(&mut self, step: &Step) -> Option<Place> {
        let (edge, index) = self.rows();
        let rows = step.marks.len();
        let ordered = step.times.len() == rows && step.times.is_sorted();
        let last = step.times.last().map(|last| last.trunc_subsecs(0));
        match last.filter(|last| ordered && *last > edge) {
            // What changed since the sweep began is read by the next one.
            Some(last) if last > self.began => None,
            Some(last) => {
                self.pages = 0;
                Some(Place::Rows { edge: last, index: 0, anchor: None, again: 0 })
            }
            None => {
                let again = match self.place {
                    Some(Place::Rows { again, .. }) => again,
                    _ => 0,
                };
                let back = (rows / 10).max(1);
                let onward = rows.saturating_sub(back).max(1);
                // A page of one row can't go back and on at once.
                let anchor = step.marks.last().filter(|_| onward < rows).cloned();
                Some(Place::Rows { edge, index: index + onward as u64, anchor, again })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn fresh() -> Position {
        let mut position =
            Position::read(None, at(10_000), TimeDelta::seconds(10_000), false).unwrap();
        position.begin_page(at(10_000));
        position
    }

    /// Rows with these times, each another one.
    fn page(times: &[Timestamp], next: Next) -> Step {
        let marks = times.iter().enumerate().map(|(n, time)| Mark::of(&format!("{n} {time}")));
        Step { times: times.to_vec(), marks: marks.collect(), next }
    }

    /// These rows of the second 7.
    fn rows(rows: impl IntoIterator<Item = u32>) -> Step {
        let marks: Vec<_> = rows.into_iter().map(|row| Mark::of(&row.to_string())).collect();
        Step { times: vec![at(7); marks.len()], marks, next: Next::Rows }
    }

    #[test]
    fn the_edge_follows_what_was_seen_and_after_is_held_until_the_end() {
        let mut position = fresh();
        assert_eq!(position.rows(), (at(0), 0));
        assert!(!position.end_page(&page(&[at(5), at(8)], Next::Rows), at(10_000)).unwrap());
        assert_eq!((position.rows(), position.after), ((at(8), 0), at(0)));
        position.begin_page(at(11_000));
        assert!(!position.end_page(&page(&[at(8), at(9_000)], Next::Rows), at(10_000)).unwrap());
        assert!(position.end_page(&page(&[at(9_000)], Next::Nothing), at(11_000)).unwrap());
        assert_eq!(position.after, at(9_000 - 1_000 - 600), "less as long as it took");
        assert_eq!((position.place.as_ref(), position.high), (None, None));
    }

    #[test]
    fn a_second_that_fills_pages_is_walked_by_offset_with_a_step_back() {
        let mut position = fresh();
        position.end_page(&rows(0..100), at(10_000)).unwrap();
        position.end_page(&rows(0..100), at(10_000)).unwrap();
        assert_eq!(position.rows(), (at(7), 90));
        position.end_page(&rows(90..190), at(10_000)).unwrap();
        assert_eq!(position.rows(), (at(7), 180));
    }

    #[test]
    fn a_second_that_rows_have_left_is_read_again() {
        let mut position = fresh();
        position.end_page(&rows(0..100), at(10_000)).unwrap();
        position.end_page(&rows(0..100), at(10_000)).unwrap();
        // Five left, and the page overlaps by ten: the last row is still there.
        position.end_page(&rows(95..195), at(10_000)).unwrap();
        assert_eq!(position.rows(), (at(7), 180));
        // Eleven more left.
        position.end_page(&rows(206..306), at(10_000)).unwrap();
        assert_eq!(position.rows(), (at(7), 0));
        // So many that there is nothing where the next page was: that is not the end.
        position.end_page(&rows(100..200), at(10_000)).unwrap();
        let nothing = Step { next: Next::Nothing, ..rows([]) };
        assert!(!position.end_page(&nothing, at(10_000)).unwrap());
        assert_eq!(position.rows(), (at(7), 0));
    }

    #[test]
    fn rows_in_another_order_at_every_request_do_not_stop_the_sweep() {
        let mut position = fresh();
        let mut shuffled = 0;
        let reached = (0..200).map(|_| {
            shuffled += 100;
            position.end_page(&rows(shuffled..shuffled + 100), at(10_000)).unwrap();
            position.rows().1
        });
        assert_eq!(reached.max(), Some(160 * 90 - 90));
    }

    #[test]
    fn rows_out_of_order_or_without_times_are_counted() {
        let mut position = fresh();
        position.end_page(&page(&[at(9), at(8), at(7)], Next::Rows), at(10_000)).unwrap();
        assert_eq!(position.rows(), (at(0), 2));
        let timeless = Step { times: vec![], ..page(&[at(7), at(6)], Next::Rows) };
        let mut position = fresh();
        position.end_page(&timeless, at(10_000)).unwrap();
        position
            .end_page(&Step { marks: timeless.marks[1..].to_vec(), ..timeless }, at(10_000))
            .unwrap();
        assert_eq!(position.rows(), (at(0), 2));
    }

    #[test]
    fn what_changes_while_paging_waits_for_the_next_sweep_and_the_future_moves_nothing_past_now() {
        let mut position = fresh();
        assert!(position.end_page(&page(&[at(5), at(10_001)], Next::Rows), at(10_000)).unwrap());
        assert_eq!(position.after, at(10_000 - 600));
        let mut position = fresh();
        assert!(position.end_page(&page(&[at(999_999)], Next::Nothing), at(10_000)).unwrap());
        assert_eq!(position.after, at(10_000 - 600));
        let mut position = fresh();
        assert!(position.end_page(&page(&[], Next::Nothing), at(10_000)).unwrap());
        assert_eq!(position.after, at(0), "an empty sweep moves nothing");
    }

    #[test]
    fn endless_pages_end() {
        let mut position = fresh();
        position.end_page(&page(&[], Next::Token("t".into())), at(10_000)).unwrap();
        assert!(position.end_page(&page(&[], Next::Token("t".into())), at(10_000)).is_err());
        let mut position = fresh();
        let end = (0..=PAGES_CAP)
            .find(|_| position.end_page(&page(&[], Next::Rows), at(10_000)).is_err());
        assert!(end.is_some());
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let mut position = fresh();
        position.end_page(&page(&[at(5), at(8)], Next::Rows), at(10_000)).unwrap();
        let stored = position.write();
        let read = |cursor: &Cursor| Position::read(Some(cursor), at(5), TimeDelta::zero(), true);
        assert_eq!(read(&stored).unwrap(), position);
        for text in ["", "{}", "null", "2026-01-01", &stored.0.replace("\"v\":1", "\"v\":2")] {
            assert!(
                matches!(read(&Cursor(text.to_owned())), Err(OrcaFault::Position(_))),
                "{text}"
            );
        }
    }
}
