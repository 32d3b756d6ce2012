//! Which incident a finding belongs to. First version: same asset, within a time window.

use std::cmp::Reverse;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingKey};
use crate::{AssetId, IncidentId, IncidentState, Severity, Timestamp};

/// How far apart two findings on one asset may lie and still be one thing happening.
pub const WINDOW_HOURS: i64 = 24;

/// What correlation must know of an incident on the finding's asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub incident: IncidentId,
    /// Its state; closed ones take nothing in.
    pub state: IncidentState,
    /// When its first finding began.
    pub first_at: Timestamp,
    /// When its last finding began.
    pub last_at: Timestamp,
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

/// Where a finding goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// Into this incident, for this reason.
    Join(IncidentId, String),
    /// Into a new one, for this reason.
    Open(String),
    /// Nowhere: the source already considers it over and no incident knows it.
    Nowhere,
}

/// Decides. `candidates` are the incidents of the same asset, in any order; the one whose span is
/// nearest wins, ties by id, so that the answer does not depend on that order.
pub fn place(finding: &Finding, asset: Option<&AssetId>, candidates: &[Candidate]) -> Placement {
    let began = finding.began_at();
    let window = Duration::hours(WINDOW_HOURS);
    let nearest = candidates
        .iter()
        .filter(|candidate| candidate.state.takes_findings())
        .map(|candidate| (gap(began, candidate.first_at, candidate.last_at), candidate))
        .filter(|(gap, _)| *gap <= window)
        .min_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.incident.cmp(&right.incident)));
    match (asset, nearest) {
        (Some(asset), Some((_, candidate))) => Placement::Join(
            candidate.incident.clone(),
            format!("same asset {asset}, within {WINDOW_HOURS} hours"),
        ),
        _ if !finding.draft.status.is_active() => Placement::Nowhere,
        (Some(asset), None) => {
            Placement::Open(format!("findings on asset {asset} within {WINDOW_HOURS} hours"))
        }
        (None, _) => Placement::Open("the finding names no asset, so it stands alone".to_owned()),
    }
}

fn gap(at: Timestamp, first: Timestamp, last: Timestamp) -> Duration {
    if at < first {
        first - at
    } else if at > last {
        at - last
    } else {
        Duration::zero()
    }
}
