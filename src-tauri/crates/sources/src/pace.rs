//! How often a source may be asked.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep};

/// Lets through so many requests a second, no burst beyond that; the rest wait their turn.
///
/// Runs on tokio's clock rather than governor's, so that tests can turn it.
pub(crate) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Tick>>,
    clock: TokioClock,
    left_at: Mutex<VecDeque<Instant>>,
}

/// What [`Pace::last_minute`] looks back on.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

impl Pace {
    pub(crate) fn per_second(requests: NonZeroU32) -> Self {
        let clock = TokioClock(Instant::now());
        let quota = Quota::per_second(requests).allow_burst(NonZeroU32::MIN);
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        Self { limiter, clock, left_at: Mutex::default() }
    }

    /// Returns when the next request may leave.
    pub(crate) async fn turn(&self) {
        while let Err(later) = self.limiter.check() {
            // Tokio's timer rounds to milliseconds; a zero wait would spin.
            let wait = later.wait_time_from(self.clock.now()).max(Duration::from_millis(1));
            sleep(wait).await;
        }
        self.recent().push_back(Instant::now());
    }

    /// How many requests left in the last minute.
    pub(crate) fn last_minute(&self) -> u32 {
        u32::try_from(self.recent().len()).unwrap_or(u32::MAX)
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        let mut recent = self.left_at.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|at| at.elapsed() >= MINUTE) {
            recent.pop_front();
        }
        recent
    }
}

/// Nanoseconds since the limiter was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Tick(u64);

impl Add<Nanos> for Tick {
    type Output = Self;
    fn add(self, other: Nanos) -> Self {
        Self(self.0.saturating_add(other.as_u64()))
    }
}

impl Reference for Tick {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }
    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.as_u64()))
    }
}

#[derive(Debug, Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Tick;
    fn now(&self) -> Tick {
        Tick(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_a_second_and_no_more() {
        let pace = Pace::per_second(NonZeroU32::new(3).unwrap());
        let began = Instant::now();
        for _ in 0..31 {
            pace.turn().await;
        }
        let took = began.elapsed();
        assert!(
            (Duration::from_millis(9_990)..Duration::from_millis(10_100)).contains(&took),
            "{took:?}"
        );
        assert_eq!(pace.last_minute(), 31);
        sleep(MINUTE).await;
        assert_eq!(pace.last_minute(), 0);
    }
}
