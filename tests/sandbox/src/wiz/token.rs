//! Access tokens: issuing, expiry, rate.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::options::RateLimit;
use crate::seeded;

/// Why a request may not go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No such token, or it has expired.
    Invalid,
    /// The token asked too often.
    TooFast,
}

struct Token {
    until: Instant,
    allowance: f64,
    seen: Instant,
}

/// The tokens in force.
pub(crate) struct Tokens {
    seed: u64,
    lifetime: Duration,
    limit: Option<RateLimit>,
    issued: u64,
    known: HashMap<String, Token>,
}

impl Tokens {
    /// No tokens yet.
    pub(crate) fn new(seed: u64, lifetime: Duration, limit: Option<RateLimit>) -> Self {
        Self { seed, lifetime, limit, issued: 0, known: HashMap::new() }
    }

    /// Makes a token and says how many seconds it lives.
    pub(crate) fn issue(&mut self, now: Instant) -> (String, u64) {
        self.issued += 1;
        self.known.retain(|_, token| token.until > now);
        let text =
            format!("sandbox.{}", seeded::hex(self.seed, &format!("token {}", self.issued), 48));
        let allowance = self.limit.map_or(0.0, |limit| limit.burst);
        self.known.insert(text.clone(), Token { until: now + self.lifetime, allowance, seen: now });
        (text, self.lifetime.as_secs())
    }

    /// Checks a token and takes one request from its allowance.
    pub(crate) fn admit(&mut self, text: &str, now: Instant) -> Result<(), Denied> {
        let token =
            self.known.get_mut(text).filter(|token| token.until > now).ok_or(Denied::Invalid)?;
        let Some(limit) = self.limit else { return Ok(()) };
        let refilled =
            token.allowance + now.duration_since(token.seen).as_secs_f64() * limit.per_second;
        token.allowance = refilled.min(limit.burst);
        token.seen = now;
        if token.allowance < 1.0 {
            return Err(Denied::TooFast);
        }
        token.allowance -= 1.0;
        Ok(())
    }

    /// Forgets every token, as when the vendor revokes them.
    pub(crate) fn revoke_all(&mut self) {
        self.known.clear();
    }

    /// Changes the rate limit for everyone.
    pub(crate) fn set_limit(&mut self, limit: Option<RateLimit>) {
        self.limit = limit;
        if let Some(limit) = limit {
            self.known.values_mut().for_each(|token| token.allowance = limit.burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(limit: Option<RateLimit>) -> (Tokens, Instant) {
        (Tokens::new(7, Duration::from_secs(60), limit), Instant::now())
    }

    #[test]
    fn a_token_ends_with_its_lifetime() {
        let (mut tokens, start) = tokens(None);
        let (token, lifetime) = tokens.issue(start);
        assert_eq!(lifetime, 60);
        assert_eq!(tokens.admit(&token, start + Duration::from_millis(59_999)), Ok(()));
        assert_eq!(tokens.admit(&token, start + Duration::from_secs(60)), Err(Denied::Invalid));
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let (mut tokens, start) = tokens(Some(RateLimit { per_second: 3.0, burst: 4.0 }));
        let (token, _) = tokens.issue(start);
        let results: Vec<_> = (0..5).map(|_| tokens.admit(&token, start)).collect();
        assert_eq!(results, [Ok(()), Ok(()), Ok(()), Ok(()), Err(Denied::TooFast)]);
        assert_eq!(tokens.admit(&token, start + Duration::from_millis(334)), Ok(()));
        assert_eq!(tokens.admit(&token, start + Duration::from_millis(400)), Err(Denied::TooFast));
    }

    #[test]
    fn one_token_does_not_slow_another() {
        let (mut tokens, start) = tokens(Some(RateLimit { per_second: 3.0, burst: 1.0 }));
        let (one, _) = tokens.issue(start);
        let (other, _) = tokens.issue(start);
        assert_eq!(tokens.admit(&one, start), Ok(()));
        assert_eq!(tokens.admit(&other, start), Ok(()));
        assert_eq!(tokens.admit(&one, start), Err(Denied::TooFast));
    }
}
