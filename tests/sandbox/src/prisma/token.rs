//! Sessions: issuing, extending, expiry, rates.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::PrismaOptions;
use crate::seeded;

/// Endpoints with a documented limit, which holds for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Limited {
    /// `/v2/alert`: 2 a second.
    Lists,
    /// `/alert/{id}`: 5 a second.
    Single,
}

/// How many may come at once, of both.
const BURST: f64 = 10.0;

impl Limited {
    fn per_second(self) -> f64 {
        match self {
            Self::Lists => 2.0,
            Self::Single => 5.0,
        }
    }
}

/// What the answer's headers say of the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Allowance {
    pub(super) capacity: u32,
    pub(super) remaining: u32,
    pub(super) per_second: u32,
    pub(super) admitted: bool,
}

/// The sessions in force, and the buckets.
pub(super) struct Sessions {
    seed: u64,
    life: Duration,
    limited: bool,
    issued: u64,
    known: HashMap<String, Instant>,
    buckets: HashMap<Limited, (f64, Instant)>,
}

impl Sessions {
    /// None yet.
    pub(super) fn new(seed: u64, settings: PrismaOptions) -> Self {
        Self {
            seed,
            life: settings.session,
            limited: settings.rate_limits,
            issued: 0,
            known: HashMap::new(),
            buckets: HashMap::new(),
        }
    }

    /// Makes a token that looks like a JWT and says when it ends.
    pub(super) fn issue(&mut self, now: Instant) -> String {
        self.issued += 1;
        self.known.retain(|_, until| *until > now);
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let ends = chrono::Utc::now().timestamp() + self.life.as_secs() as i64;
        let token = format!(
            "{}.{}.{}",
            part(json!({"alg": "HS256"})),
            part(json!({"sub": "sandbox", "exp": ends, "n": self.issued})),
            seeded::hex(self.seed, &format!("prisma session {}", self.issued), 43),
        );
        self.known.insert(token.clone(), now + self.life);
        token
    }

    /// Whether a token is in force.
    pub(super) fn valid(&self, token: &str, now: Instant) -> bool {
        self.known.get(token).is_some_and(|until| *until > now)
    }

    /// Forgets every session, as when they end.
    pub(super) fn revoke_all(&mut self) {
        self.known.clear();
    }

    /// Switches the limits on or off.
    pub(super) fn limit(&mut self, on: bool) {
        self.limited = on;
        self.buckets.clear();
    }

    /// Takes one request from the bucket of an endpoint; `None` where no limit holds.
    pub(super) fn spend(&mut self, of: Limited, now: Instant) -> Option<Allowance> {
        if !self.limited {
            return None;
        }
        let (left, seen) = self.buckets.entry(of).or_insert((BURST, now));
        let refilled = *left + now.duration_since(*seen).as_secs_f64() * of.per_second();
        (*left, *seen) = (refilled.min(BURST), now);
        let admitted = *left >= 1.0;
        if admitted {
            *left -= 1.0;
        }
        Some(Allowance {
            capacity: BURST as u32,
            remaining: *left as u32,
            per_second: of.per_second() as u32,
            admitted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_and_a_burst_is_followed_by_the_rate() {
        let settings =
            PrismaOptions { session: Duration::from_secs(60), ..PrismaOptions::default() };
        let (mut sessions, start) = (Sessions::new(7, settings), Instant::now());
        let token = sessions.issue(start);
        assert!(sessions.valid(&token, start + Duration::from_secs(59)));
        assert!(!sessions.valid(&token, start + Duration::from_secs(60)));
        let mut admitted = |at: Instant| sessions.spend(Limited::Lists, at).unwrap().admitted;
        assert!((0..10).all(|_| admitted(start)));
        assert!(!admitted(start));
        assert!(admitted(start + Duration::from_millis(501)));
        assert!(!admitted(start + Duration::from_millis(600)));
    }
}
