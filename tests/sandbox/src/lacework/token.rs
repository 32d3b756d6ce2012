//! Access tokens, and how many requests an hour the account takes.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::seeded;

/// Requests an hour, all tokens together, as public clients of Lacework keep to.
pub(crate) const PER_HOUR: usize = 480;
const HOUR: Duration = Duration::from_secs(3_600);

/// The tokens in force and the requests of the last hour.
pub(crate) struct Tokens {
    seed: u64,
    longest: Duration,
    limited: bool,
    issued: u64,
    known: HashMap<String, Instant>,
    requests: VecDeque<Instant>,
}

/// What is left of the hour: limit, requests, seconds until the oldest is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left(pub(crate) usize, pub(crate) usize, pub(crate) u64);

impl Tokens {
    /// No tokens yet; none lives longer than `longest`.
    pub(crate) fn new(seed: u64, longest: Duration, limited: bool) -> Self {
        let (known, requests) = (HashMap::new(), VecDeque::new());
        Self { seed, longest, limited, issued: 0, known, requests }
    }

    /// Makes a token; its text and how long it lives.
    pub(crate) fn issue(&mut self, wanted: Duration, now: Instant) -> (String, Duration) {
        self.issued += 1;
        self.known.retain(|_, until| *until > now);
        let text =
            format!("_{}", seeded::hex(self.seed, &format!("lacework token {}", self.issued), 32));
        let life = wanted.min(self.longest);
        self.known.insert(text.clone(), now + life);
        (text, life)
    }

    /// Whether the token is in force.
    pub(crate) fn good(&self, text: &str, now: Instant) -> bool {
        self.known.get(text).is_some_and(|until| *until > now)
    }

    /// Counts a request; `Err` when it is one too many.
    pub(crate) fn count(&mut self, now: Instant) -> Result<Left, Left> {
        self.requests.retain(|at| now.duration_since(*at) < HOUR);
        let reset = |requests: &VecDeque<Instant>| {
            requests.front().map_or(0, |at| (HOUR - now.duration_since(*at)).as_secs() + 1)
        };
        if self.limited && self.requests.len() >= PER_HOUR {
            return Err(Left(PER_HOUR, 0, reset(&self.requests)));
        }
        if self.limited {
            self.requests.push_back(now);
        }
        Ok(Left(PER_HOUR, PER_HOUR - self.requests.len(), reset(&self.requests)))
    }

    /// Forgets every token, as when the vendor revokes them.
    pub(crate) fn revoke_all(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_and_the_hour_rolls() {
        let (mut tokens, start) = (Tokens::new(7, HOUR, true), Instant::now());
        let (text, life) = tokens.issue(Duration::from_secs(60), start);
        assert_eq!(life, Duration::from_secs(60));
        assert!(tokens.good(&text, start) && !tokens.good(&text, start + life));
        for _ in 0..PER_HOUR {
            assert!(tokens.count(start).is_ok());
        }
        let Left(_, left, reset) = tokens.count(start + Duration::from_secs(600)).unwrap_err();
        assert_eq!((left, reset), (0, 3_001));
        assert!(tokens.count(start + HOUR).is_ok());
    }
}
