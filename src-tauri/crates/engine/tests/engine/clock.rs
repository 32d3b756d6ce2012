//! A clock that stands still until a test moves it.

use std::sync::Mutex;

use chrono::{TimeZone, Utc};
use firebreak_core::Timestamp;
use firebreak_core::ports::Clock;

/// Times are kept to the microsecond.
const FINER_THAN_KEPT: chrono::TimeDelta = chrono::TimeDelta::nanoseconds(123_456_789);

/// A clock that the test moves.
pub struct FixedClock(Mutex<Timestamp>, Mutex<Option<(usize, i64)>>);

impl Default for FixedClock {
    fn default() -> Self {
        let start = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap() + FINER_THAN_KEPT;
        Self(Mutex::new(start), Mutex::default())
    }
}

impl FixedClock {
    pub fn advance(&self, minutes: i64) {
        *self.0.lock().unwrap() += chrono::Duration::minutes(minutes);
    }

    /// Moves by itself, after it was looked at so often.
    pub fn advance_after(&self, looks: usize, minutes: i64) {
        *self.1.lock().unwrap() = Some((looks, minutes));
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        let mut waits = self.1.lock().unwrap();
        match waits.take() {
            Some((0, minutes)) => self.advance(minutes),
            Some((looks, minutes)) => *waits = Some((looks - 1, minutes)),
            None => {}
        }
        *self.0.lock().unwrap()
    }
}
