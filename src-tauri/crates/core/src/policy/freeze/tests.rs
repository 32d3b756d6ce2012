//! Freezes: what is read, and when it holds.

mod calendars;
mod files;
mod moments;

use chrono::{NaiveDateTime, Utc};

use super::{Freezes, Frozen, Touching};
use crate::plan::Direction;
use crate::policy::problem::Source;
use crate::{ActionId, Environment, Severity, Timestamp};

/// What these files say.
fn read(files: &[(&str, &str)]) -> Result<Freezes, String> {
    let sources: Vec<Source<'_>> = files.iter().map(|(name, text)| Source { name, text }).collect();
    let mut problems = Vec::new();
    let freezes = Freezes::read(&sources, &mut problems);
    if problems.is_empty() {
        return Ok(freezes);
    }
    Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn freezes(text: &str) -> Freezes {
    read(&[("freezes.toml", text)]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// "2026-12-28 18:00:00" in UTC.
fn utc(said: &str) -> Timestamp {
    NaiveDateTime::parse_from_str(said, "%Y-%m-%d %H:%M:%S")
        .expect("a time")
        .and_local_timezone(Utc)
        .unwrap()
}

/// Stopping a staging machine, on a high finding.
fn stop() -> Touching<'static> {
    Touching {
        direction: Direction::Execute,
        action: ActionId::Ec2Stop,
        account: Some("111111111111"),
        environment: Environment::Staging,
        severity: Severity::High,
    }
}

fn ids(frozen: &[Frozen]) -> Vec<&str> {
    frozen.iter().map(|one| one.id.as_str()).collect()
}
