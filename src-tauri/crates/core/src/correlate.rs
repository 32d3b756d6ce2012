//! Which incident a finding belongs to. Two findings are one thing happening when both name an entity
//! that is enough to say so (an asset, an access key, a user, a session) within [`WINDOW_HOURS`]; an
//! incident is what such links hold together. Links are between findings, not between a finding and
//! what an incident has grown to, so the order in which findings come makes no difference.

mod entity;
mod fact;
mod score;
mod stretch;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKey};
use crate::{IncidentId, Severity, Timestamp};

pub use entity::{Entity, Role, entities};
pub use fact::{Fact, facts};
pub use score::{Shared, because, score};
pub use stretch::{Stretch, candidates, stretch};

/// How far apart two findings may lie and still be one thing happening.
pub const WINDOW_HOURS: i64 = 24;

/// [`WINDOW_HOURS`] as a length of time.
pub fn window() -> Duration {
    Duration::hours(WINDOW_HOURS)
}

/// The finding that an incident is named after: the worst, of these the earliest, of these the one with
/// the smallest key. So the name does not depend on which source was heard first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lead {
    /// The greatest severity it ever had.
    pub severity: Severity,
    /// When it began.
    pub began_at: Timestamp,
    /// Which.
    pub key: FindingKey,
}

impl Lead {
    /// A finding as one that an incident may be named after.
    pub fn of(finding: &Finding) -> Self {
        Self { severity: finding.draft.severity, began_at: finding.began_at(), key: finding.key() }
    }

    /// Whether it goes before another.
    pub fn outranks(&self, other: &Self) -> bool {
        self.order() < other.order()
    }

    /// What sorts leads, the first of which an incident is named after.
    pub fn order(&self) -> impl Ord + use<> {
        (Reverse(self.severity), self.began_at, self.key.clone())
    }
}

/// An incident that takes findings in, and what the finding shares with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Which.
    pub incident: IncidentId,
    /// What both name, at most [`WINDOW_HOURS`] apart.
    pub shared: Vec<Shared>,
}

/// A finding's place in an incident, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// Which.
    pub incident: IncidentId,
    /// In words: `shares access key AKIA…, 12 min apart`.
    pub because: String,
    /// How sure that is, from 0 to 1: see [`score`].
    pub score: f64,
}

/// Where a finding goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// Into the first of these. All of them are one thing happening, as the finding shows; the best
    /// comes first.
    Join(Vec<Joined>),
    /// Into a new one, for this reason.
    Open(String),
    /// Nowhere: the source already considers it over and no incident knows it.
    Nowhere,
}

/// Decides. The answer does not depend on the order of the candidates.
pub fn place(finding: &Finding, names: &[Entity], candidates: &[Candidate]) -> Placement {
    let joined = linked(candidates);
    match names.iter().find(|entity| entity.role.is_enough()) {
        _ if !joined.is_empty() => Placement::Join(joined),
        _ if !finding.draft.status.is_active() => Placement::Nowhere,
        Some(first) => Placement::Open(format!(
            "opened for {} {}; others join that share an entity with it within {WINDOW_HOURS} hours",
            first.role.noun(),
            first.id
        )),
        None => Placement::Open("the finding names no asset, so it stands alone".to_owned()),
    }
}

/// Those of the candidates that a finding is linked to, best first: the greatest score, then the
/// smallest id.
pub fn linked(candidates: &[Candidate]) -> Vec<Joined> {
    let mut joined: Vec<Joined> = candidates
        .iter()
        .filter(|candidate| candidate.shared.iter().any(|shared| shared.entity.role.is_enough()))
        .map(|candidate| Joined {
            incident: candidate.incident.clone(),
            because: because(&candidate.shared),
            score: score(&candidate.shared),
        })
        .collect();
    joined.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.incident.cmp(&b.incident)));
    joined
}
