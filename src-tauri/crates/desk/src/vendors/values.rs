//! Values of a form as a client's configuration takes them; a bad one is named.

use std::num::NonZeroU32;
use std::time::Duration;

use firebreak_sources::HttpConfig;
use firebreak_store::SourceRow;

use crate::DeskError;

/// Longest look-back of a first poll, days.
const MOST_DAYS: u32 = 366;
/// Largest file of certificates, bytes.
const AUTHORITY_CAP: u64 = 1 << 20;

/// The settings of one source.
pub(super) struct Values<'a>(pub &'a SourceRow);

impl Values<'_> {
    /// What was entered, if anything was.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.settings.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A whole number within bounds; `fallback` where nothing was entered.
    pub fn number(&self, name: &str, fallback: u32, most: u32) -> Result<u32, DeskError> {
        let Some(text) = self.text(name) else { return Ok(fallback) };
        text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| {
            DeskError::Invalid(format!("{name} is a whole number from 1 to {most}, not {text:?}"))
        })
    }

    /// `yes` or `no`; no where nothing was entered.
    pub fn yes(&self, name: &str) -> Result<bool, DeskError> {
        match self.text(name).unwrap_or("no") {
            "yes" => Ok(true),
            "no" => Ok(false),
            other => Err(DeskError::Invalid(format!("{name} is yes or no, not {other:?}"))),
        }
    }

    /// Requests a second, or an hour.
    pub fn rate(&self, name: &str, fallback: NonZeroU32) -> Result<NonZeroU32, DeskError> {
        let number = self.number(name, fallback.get(), 1_000)?;
        Ok(NonZeroU32::new(number).unwrap_or(fallback))
    }

    /// Days that the first poll reaches back.
    pub fn lookback(&self) -> Result<Duration, DeskError> {
        let days = self.number("lookback_days", 7, MOST_DAYS)?;
        Ok(Duration::from_secs(u64::from(days) * 86_400))
    }

    /// Proxy and extra authorities.
    pub fn http(&self, mut http: HttpConfig) -> Result<HttpConfig, DeskError> {
        http.proxy = self.text("proxy").map(str::to_owned);
        if let Some(path) = self.text("authority_file") {
            http.extra_authorities = Some(authority(path)?);
        }
        Ok(http)
    }
}

fn authority(path: &str) -> Result<Vec<u8>, DeskError> {
    let bad = |why: String| DeskError::Invalid(format!("the authority file {path:?} {why}"));
    let size = std::fs::metadata(path).map_err(|error| bad(format!("can't be read: {error}")))?;
    if size.len() > AUTHORITY_CAP {
        return Err(bad("is larger than 1 MiB".to_owned()));
    }
    std::fs::read(path).map_err(|error| bad(format!("can't be read: {error}")))
}
