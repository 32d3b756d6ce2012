//! What the vendor says of its own rate limits, kept to before they bite.
//!
//! Limits hold for a user and an endpoint: `/v2/alert` 2 a second and 10 at once, `/alert/{id}` 5 a
//! second and 10 at once (pan.dev, "Rate Limits"). Answers carry `X-RateLimit-Burst-Capacity`,
//! `-Remaining`, `-Replenish-Rate` and `-Requested-Tokens`; a 429 carries no `Retry-After`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::write_back::Budget;
use tokio::time::{Instant, sleep};

use crate::http::Reply;

/// The last words of one kind of endpoint about its limit.
#[derive(Debug, Default)]
pub(super) struct Gauge(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told: Option<Told>,
    /// The vendor asked to be left alone until then.
    away_until: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Told {
    capacity: f64,
    left: f64,
    per_second: f64,
    cost: f64,
    at: Instant,
}

impl Gauge {
    /// Takes in the headers of an answer.
    pub(super) fn note(&self, answer: &Reply) {
        let number =
            |name: &str| answer.header(name).and_then(|text| text.trim().parse::<f64>().ok());
        let told = told(
            number("x-ratelimit-burst-capacity"),
            number("x-ratelimit-remaining"),
            number("x-ratelimit-replenish-rate"),
            number("x-ratelimit-requested-tokens"),
        );
        if told.is_some() {
            self.state().told = told;
        }
    }

    /// Takes in a wish to be left alone.
    pub(super) fn stay_away(&self, wish: Duration) {
        self.state().away_until = Some(Instant::now() + wish);
    }

    /// How long that wish still runs.
    pub(super) fn away(&self) -> Option<Duration> {
        let left = self.state().away_until?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Returns when the vendor's bucket holds enough for another request.
    pub(super) async fn refill(&self) {
        let wait = self.state().told.map(Told::wait).unwrap_or_default();
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    /// For people; `None` until the vendor has said something.
    pub(super) fn budget(&self, now: Timestamp) -> Option<Budget> {
        let told = self.state().told?;
        let blocked = self.away().and_then(|left| TimeDelta::from_std(left).ok());
        Some(Budget {
            limit: told.capacity as u32,
            period: Duration::from_secs_f64(told.capacity / told.per_second),
            left: told.left_now() as u32,
            blocked_until: blocked.map(|left| now + left),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` unless the numbers can be those of a bucket.
fn told(
    capacity: Option<f64>,
    left: Option<f64>,
    per_second: Option<f64>,
    cost: Option<f64>,
) -> Option<Told> {
    let sane = |number: &f64| (1.0..=1e6).contains(number);
    let capacity = capacity.filter(sane)?;
    Some(Told {
        capacity,
        left: left.filter(|left| left.is_finite())?.clamp(0.0, capacity),
        per_second: per_second.filter(|rate| (0.01..=1e6).contains(rate))?,
        cost: cost.filter(sane).unwrap_or(1.0).min(capacity),
        at: Instant::now(),
    })
}

impl Told {
    fn left_now(self) -> f64 {
        (self.left + self.at.elapsed().as_secs_f64() * self.per_second).min(self.capacity)
    }

    fn wait(self) -> Duration {
        let short = (self.cost - self.left_now()).max(0.0);
        Duration::from_secs_f64(short / self.per_second).min(Duration::from_secs(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_empty_bucket_is_waited_for() {
        let gauge = Gauge::default();
        gauge.state().told = told(Some(10.0), Some(0.0), Some(2.0), Some(1.0));
        let began = Instant::now();
        gauge.refill().await;
        assert!((500..510).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        let budget = gauge.budget(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((budget.limit, budget.left, budget.period), (10, 1, Duration::from_secs(5)));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(gauge.budget(Timestamp::UNIX_EPOCH).unwrap().left, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn nonsense_in_the_headers_is_no_budget() {
        for (capacity, left, rate) in
            [(0.0, 0.0, 0.0), (10.0, f64::NAN, 2.0), (1e300, 1.0, 1.0), (10.0, 1.0, -1.0)]
        {
            assert_eq!(told(Some(capacity), Some(left), Some(rate), None), None);
        }
        assert_eq!(
            told(Some(10.0), Some(-5.0), Some(2.0), Some(99.0)).unwrap().wait(),
            Duration::from_secs(5)
        );
    }
}
