//! When a freeze holds: from one moment to another, or on days of the week.
//!
//! A window begins with its first second and ends before its last: what begins when another ends
//! leaves no gap and no overlap. Weeks are counted in seconds from Monday; offsets are fixed, so no
//! hour comes twice.

use chrono::{FixedOffset, TimeDelta, Weekday};

use crate::Timestamp;

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// 1 January 1970 was a Thursday.
const EPOCH: i64 = 3 * DAY;

/// When a freeze holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum When {
    /// Once.
    Once { from: Timestamp, until: Timestamp },
    /// Every week.
    Weekly(Weekly),
}

/// On some days of every week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weekly {
    /// The days on which it begins; at least one.
    pub days: Vec<Weekday>,
    /// Minutes from midnight, 0 to 1439.
    pub from: u32,
    /// Minutes from midnight, 1 to 1440, not `from`; less than `from` is on the next day.
    pub until: u32,
    /// Where the clock on the wall is.
    pub offset: FixedOffset,
}

/// How a freeze stands at a moment. Ordered as a person wants to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It holds.
    Now {
        /// When it no longer does; `None` when it always does.
        until: Option<Timestamp>,
    },
    /// It doesn't yet.
    Next {
        /// When it does.
        from: Timestamp,
    },
    /// It never will again.
    Past,
}

impl When {
    /// How it stands at a moment.
    pub fn standing(&self, at: Timestamp) -> Standing {
        match self {
            Self::Once { until, .. } if at >= *until => Standing::Past,
            Self::Once { from, .. } if at < *from => Standing::Next { from: *from },
            Self::Once { until, .. } => Standing::Now { until: Some(*until) },
            Self::Weekly(weekly) => weekly.standing(at),
        }
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Once { from, until } => {
                let day = |at: &Timestamp| at.format("%Y-%m-%d %H:%M").to_string();
                format!("{} to {} UTC", day(from), day(until))
            }
            Self::Weekly(weekly) => {
                let days: Vec<String> = weekly.days.iter().map(ToString::to_string).collect();
                let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
                let offset = match weekly.offset.local_minus_utc() {
                    0 => String::new(),
                    _ => weekly.offset.to_string(),
                };
                let (from, until) = (clock(weekly.from), clock(weekly.until));
                format!("{} {from} to {until} UTC{offset}", days.join(", "))
            }
        }
    }
}

impl Weekly {
    fn standing(&self, at: Timestamp) -> Standing {
        if self.left(at).is_none() {
            return Standing::Next { from: whole(at) + TimeDelta::seconds(self.wait(at)) };
        }
        let mut until = whole(at);
        // Days that touch are one stretch; after seven of them it is the whole week.
        for _ in 0..=self.days.len() {
            match self.left(until) {
                Some(left) => until += TimeDelta::seconds(left),
                None => return Standing::Now { until: Some(until) },
            }
        }
        Standing::Now { until: None }
    }

    /// Seconds until the window that this moment is in ends.
    fn left(&self, at: Timestamp) -> Option<i64> {
        let lasts = self.lasts();
        let since = self.starts().map(|start| (self.second(at) - start).rem_euclid(WEEK));
        since.filter(|since| *since < lasts).map(|since| lasts - since).max()
    }

    /// Seconds until the next one begins.
    fn wait(&self, at: Timestamp) -> i64 {
        let second = self.second(at);
        self.starts().map(|start| (start - second).rem_euclid(WEEK)).min().unwrap_or(WEEK)
    }

    fn lasts(&self) -> i64 {
        let minutes = i64::from(self.until) - i64::from(self.from);
        if minutes > 0 { minutes * 60 } else { minutes * 60 + DAY }
    }

    fn starts(&self) -> impl Iterator<Item = i64> {
        let from = i64::from(self.from) * 60;
        self.days.iter().map(move |day| i64::from(day.num_days_from_monday()) * DAY + from)
    }

    /// Seconds since Monday, by the clock on the wall.
    fn second(&self, at: Timestamp) -> i64 {
        (at.timestamp() + i64::from(self.offset.local_minus_utc()) + EPOCH).rem_euclid(WEEK)
    }
}

/// Without fractions of a second.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}
