//! How much Orca may still be asked: spacing, the last minute's count, and its own wish to be left
//! alone.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firebreak_core::ports::Clock;
use firebreak_core::write_back::Budget;
use tokio::time::Instant;

use super::fault::OrcaFault;
use crate::pace::Pace;

const MINUTE: Duration = Duration::from_secs(60);

/// Paces requests and remembers them.
pub(super) struct Ration {
    pace: Pace,
    per_second: NonZeroU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: VecDeque<Instant>,
    away_until: Option<Instant>,
}

impl Ration {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self { pace: Pace::per_second(per_second), per_second, state: Mutex::default() }
    }

    /// Refuses at once while Orca's wish to be left alone still runs.
    pub(super) fn respect_wish(&self) -> Result<(), OrcaFault> {
        match self.blocked() {
            Some(left) => Err(OrcaFault::TooMany { retry_after: Some(left) }),
            None => Ok(()),
        }
    }

    /// Returns when the next request may leave, and counts it.
    pub(super) async fn turn(&self) {
        self.pace.turn().await;
        let now = Instant::now();
        let mut state = self.state();
        forget(&mut state.sent, now);
        state.sent.push_back(now);
    }

    /// Orca asked us to stay away that long.
    pub(super) fn stay_away(&self, wish: Duration) {
        self.state().away_until = Some(Instant::now() + wish);
    }

    /// For people: requests left of the configured minute.
    pub(super) fn budget(&self, clock: &Arc<dyn Clock>) -> Budget {
        let limit = self.per_second.get().saturating_mul(60);
        let blocked = self.blocked().and_then(|left| chrono::TimeDelta::from_std(left).ok());
        let mut state = self.state();
        forget(&mut state.sent, Instant::now());
        let sent = u32::try_from(state.sent.len()).unwrap_or(u32::MAX);
        Budget {
            limit,
            period: MINUTE,
            left: limit.saturating_sub(sent),
            blocked_until: blocked.map(|left| clock.now() + left),
        }
    }

    fn blocked(&self) -> Option<Duration> {
        let mut state = self.state();
        let left = state.away_until?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            state.away_until = None;
            return None;
        }
        Some(left)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(sent: &mut VecDeque<Instant>, now: Instant) {
    while sent.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
        sent.pop_front();
    }
}
