//! How long to keep trying by oneself.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

/// Bounds on retries of one request: one that changes nothing, or nothing more the second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// Attempts in all, the first included.
    pub attempts: usize,
    /// Wait after the first failure; doubled each time, with jitter.
    pub first_wait: Duration,
    /// Longest wait of that kind.
    pub longest_wait: Duration,
    /// Longest `Retry-After` sat out here. Beyond it the failure goes to the caller, who polls again
    /// later.
    pub longest_obeyed: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            longest_obeyed: Duration::from_secs(20),
        }
    }
}

/// A failure that may be worth another attempt.
pub(crate) trait Retriable {
    /// Whether another attempt may end otherwise.
    fn passes(&self) -> bool;
    /// How long the other side asked us to stay away.
    fn stay_away(&self) -> Option<Duration>;
}

impl Patience {
    /// Runs `attempt` until it succeeds, fails for good, or patience ends.
    pub(crate) async fn persist<T, E, F, A>(&self, attempt: A) -> Result<T, E>
    where
        E: Retriable,
        F: Future<Output = Result<T, E>>,
        A: FnMut() -> F,
    {
        let waits = ExponentialBuilder::default()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .with_max_times(self.attempts.saturating_sub(1))
            .with_jitter();
        attempt
            .retry(waits)
            .sleep(tokio::time::sleep)
            .when(Retriable::passes)
            .adjust(|error, wait| match (wait, error.stay_away()) {
                (Some(_), Some(asked)) if asked > self.longest_obeyed => None,
                (Some(wait), Some(asked)) => Some(asked.max(wait)),
                (wait, _) => wait,
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Busy(Option<u64>, bool);

    impl Retriable for Busy {
        fn passes(&self) -> bool {
            self.1
        }
        fn stay_away(&self) -> Option<Duration> {
            self.0.map(Duration::from_secs)
        }
    }

    async fn check(busy_for: usize, busy: fn() -> Busy) -> (bool, usize, Duration) {
        let (tries, began) = (Cell::new(0), Instant::now());
        let answer = Patience::default()
            .persist(|| async {
                tries.set(tries.get() + 1);
                if tries.get() > busy_for { Ok(()) } else { Err(busy()) }
            })
            .await;
        (answer.is_ok(), tries.get(), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn passing_trouble_is_tried_again_within_bounds() {
        let (well, tries, _) = check(3, || Busy(None, true)).await;
        assert_eq!((well, tries), (true, 4));
        let (well, tries, took) = check(usize::MAX, || Busy(None, true)).await;
        assert_eq!((well, tries), (false, 4));
        assert!(took >= Duration::from_millis(3_500) && took < Duration::from_secs(25), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_obeyed_and_a_long_one_handed_on() {
        let (well, tries, took) = check(1, || Busy(Some(12), true)).await;
        assert_eq!((well, tries), (true, 2));
        assert!(took >= Duration::from_secs(12) && took < Duration::from_secs(14), "{took:?}");
        let (well, tries, took) = check(1, || Busy(Some(600), true)).await;
        assert_eq!((well, tries, took), (false, 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn lasting_trouble_is_not_tried_again() {
        assert_eq!(check(1, || Busy(None, false)).await.1, 1);
    }
}
