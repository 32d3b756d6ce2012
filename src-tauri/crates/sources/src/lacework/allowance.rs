//! How many requests an hour an account still takes.
//!
//! Public clients keep to 480 requests an hour; the vendor's limit is said to roll. Half of it may
//! go at once and the other half comes back over the hour, so no hour ever sees more than all.
//! What the answers themselves say (`RateLimit-Remaining`, `RateLimit-Reset`, `Retry-After`) only
//! ever lowers what is left.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::http::Reply;

/// The period of the limit.
pub(super) const PERIOD: Duration = Duration::from_secs(3_600);

/// A bucket of requests, on tokio's clock, so that tests can turn it.
pub(super) struct Allowance {
    limit: f64,
    state: Mutex<State>,
}

struct State {
    left: f64,
    at: Instant,
    blocked: Option<Instant>,
}

impl Allowance {
    pub(super) fn per_hour(limit: NonZeroU32) -> Self {
        let limit = f64::from(limit.get());
        let state = State { left: (limit / 2.0).max(1.0), at: Instant::now(), blocked: None };
        Self { limit, state: Mutex::new(state) }
    }

    /// Takes one request out, waiting a little where that helps.
    ///
    /// # Errors
    /// How long to stay away, when that is longer than `longest`.
    pub(super) async fn turn(&self, longest: Duration) -> Result<(), Duration> {
        loop {
            let wait = {
                let mut state = self.fresh();
                match self.wait(&state) {
                    None => {
                        state.left -= 1.0;
                        return Ok(());
                    }
                    Some(wait) => wait,
                }
            };
            if wait > longest {
                return Err(wait);
            }
            sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    fn wait(&self, state: &State) -> Option<Duration> {
        let blocked = state.blocked.map(|until| until.saturating_duration_since(Instant::now()));
        let missing = 1.0 - state.left;
        let refill = (missing > 0.0)
            .then(|| PERIOD.mul_f64(missing / (self.limit / 2.0)).max(Duration::from_millis(1)));
        blocked.into_iter().chain(refill).max()
    }

    /// Takes in what an answer says.
    pub(super) fn told(&self, reply: &Reply) {
        let number =
            |name: &str| reply.header(name).and_then(|text| text.trim().parse::<f64>().ok());
        let reset = number("ratelimit-reset").filter(|seconds| (0.0..=86_400.0).contains(seconds));
        let reset = reset.map(Duration::from_secs_f64);
        let mut state = self.fresh();
        if let Some(remaining) = number("ratelimit-remaining").filter(|left| left.is_finite()) {
            state.left = state.left.min(remaining.max(0.0));
            if remaining < 1.0 {
                state.blocked = reset.map(|wait| Instant::now() + wait).or(state.blocked);
            }
        }
        if reply.status == 429 {
            let wait = reply.retry_after.or(reset);
            state.left = 0.0;
            state.blocked = wait.map(|wait| Instant::now() + wait).or(state.blocked);
        }
    }

    /// Whole requests left now.
    pub(super) fn left(&self) -> u32 {
        let state = self.fresh();
        // Both bounds keep the cast exact.
        if state.blocked.is_some() { 0 } else { state.left.clamp(0.0, self.limit) as u32 }
    }

    /// How long the vendor asked us to stay away, from now.
    pub(super) fn blocked(&self) -> Option<Duration> {
        self.fresh().blocked.map(|until| until.saturating_duration_since(Instant::now()))
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// The state with what came back since.
    fn fresh(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (most, since) = ((self.limit / 2.0).max(1.0), now.saturating_duration_since(state.at));
        let back = since.as_secs_f64() / PERIOD.as_secs_f64() * (self.limit / 2.0);
        state.left = (state.left + back).min(most);
        state.at = now;
        state.blocked = state.blocked.filter(|until| *until > now);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        Allowance::per_hour(NonZeroU32::new(480).unwrap())
    }

    fn reply(status: u16, headers: &[(&'static str, &'static str)]) -> Reply {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let (body, content_type) = (Vec::new(), None);
        Reply { status, retry_after: None, body, content_type, headers: headers.collect() }
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_the_limit_in_any_hour() {
        let allowance = allowance();
        let began = Instant::now();
        let mut taken = Vec::new();
        while began.elapsed() < 2 * PERIOD {
            allowance.turn(PERIOD).await.unwrap();
            taken.push(Instant::now());
        }
        for (place, first) in taken.iter().enumerate() {
            let within = taken[place..].iter().take_while(|at| **at - *first < PERIOD).count();
            assert!(within <= 481, "{within} requests in one hour");
        }
        assert!(taken.len() > 700, "{}", taken.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_is_handed_on() {
        let allowance = allowance();
        for _ in 0..240 {
            allowance.turn(Duration::ZERO).await.unwrap();
        }
        let wait = allowance.turn(Duration::from_secs(1)).await.unwrap_err();
        assert!(wait > Duration::from_secs(10) && wait < Duration::from_secs(16), "{wait:?}");
        assert_eq!(allowance.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_answers_say_counts() {
        let allowance = allowance();
        allowance.told(&reply(200, &[("ratelimit-remaining", "7"), ("ratelimit-reset", "60")]));
        assert_eq!((allowance.left(), allowance.blocked()), (7, None));
        allowance.told(&reply(200, &[("ratelimit-remaining", "900")]));
        assert_eq!(allowance.left(), 7, "an answer never raises it");
        allowance.told(&reply(429, &[("ratelimit-reset", "90")]));
        assert_eq!(allowance.turn(Duration::ZERO).await, Err(Duration::from_secs(90)));
        tokio::time::advance(Duration::from_secs(91)).await;
        assert!(allowance.blocked().is_none());
        allowance.told(&reply(200, &[("ratelimit-remaining", "many"), ("ratelimit-reset", "-1")]));
    }
}
