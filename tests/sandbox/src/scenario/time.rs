//! Times relative to the start of the sandbox.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// A span before "now": `"42m"`, `"3h10m"`, `"2d"`, `"90s"`, `"now"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Ago(TimeDelta);

impl Ago {
    /// The moment this long before another.
    #[must_use]
    pub fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - self.0
    }

    /// The span itself.
    #[must_use]
    pub fn span(self) -> TimeDelta {
        self.0
    }
}

impl TryFrom<String> for Ago {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || {
            format!(
                "`{text}` is not a time: write 90s, 42m, 3h10m, 2d or now (all before the start)"
            )
        };
        if text == "now" {
            return Ok(Self(TimeDelta::zero()));
        }
        let mut total = TimeDelta::zero();
        let mut digits = String::new();
        for letter in text.chars() {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            let amount: i64 = digits.parse().map_err(|_| wrong())?;
            digits.clear();
            let part = match letter {
                's' => TimeDelta::try_seconds(amount),
                'm' => TimeDelta::try_minutes(amount),
                'h' => TimeDelta::try_hours(amount),
                'd' => TimeDelta::try_days(amount),
                _ => None,
            };
            total = part.and_then(|part| total.checked_add(&part)).ok_or_else(wrong)?;
        }
        if !digits.is_empty() || total.is_zero() {
            return Err(wrong());
        }
        // Wiz accounts do not reach back for centuries, and dates must stay writable.
        if total > TimeDelta::days(36_500) {
            return Err(wrong());
        }
        Ok(Self(total))
    }
}
