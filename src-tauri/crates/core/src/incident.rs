//! Incidents: findings that are one thing happening.

use serde::{Deserialize, Serialize};

use crate::{AssetId, FindingId, IncidentId, Severity, Timestamp};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Nobody looked.
    New,
    /// Somebody looked and took it on.
    Triaged,
    /// A plan stands and somebody decided on it.
    Planned,
    /// Calls are running, or some mandatory step is not proven yet.
    Containing,
    /// Every mandatory step is proven.
    Contained,
    /// Put off until a time: no work until then, unless it changes.
    Snoozed,
    /// Over.
    Closed,
    /// It was nothing.
    FalsePositive,
}

impl IncidentState {
    /// All states, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Triaged,
        Self::Planned,
        Self::Containing,
        Self::Contained,
        Self::Snoozed,
        Self::Closed,
        Self::FalsePositive,
    ];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Triaged => "triaged",
            Self::Planned => "planned",
            Self::Containing => "containing",
            Self::Contained => "contained",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
            Self::FalsePositive => "false_positive",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the queue shows it as work.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Snoozed | Self::Closed | Self::FalsePositive)
    }

    /// Whether new findings join it. They wake one that is snoozed.
    pub fn takes_findings(self) -> bool {
        self.is_open() || self == Self::Snoozed
    }

    /// How to make it work again, in words; nothing to do where it is open.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Snoozed => "wake it first",
            _ => "reopen it first",
        }
    }

    /// Where a person may move it. Containing and contained follow from steps and proofs; a
    /// person can't declare them.
    pub fn choices(self) -> &'static [Self] {
        match self {
            Self::New => &[Self::Triaged, Self::Closed, Self::FalsePositive],
            Self::Triaged | Self::Planned => &[Self::New, Self::Closed, Self::FalsePositive],
            Self::Containing => &[],
            Self::Contained => &[Self::Closed],
            Self::Snoozed => &[Self::New, Self::Triaged, Self::Closed, Self::FalsePositive],
            Self::Closed | Self::FalsePositive => &[Self::Triaged],
        }
    }
}

/// One thing happening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Globally unique.
    pub id: IncidentId,
    /// Counts up in this workspace; the label is `INC-` and this.
    pub number: i64,
    /// Untrusted.
    pub title: String,
    /// The greatest severity of its findings.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// Who works on it.
    pub owner: Option<String>,
    /// The asset it is about, when the findings name one.
    pub asset: Option<AssetId>,
    /// Its findings, oldest first.
    pub findings: Vec<FindingId>,
    /// Why they are one incident.
    pub joined_because: String,
    /// When the first finding began.
    pub opened_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

impl Incident {
    /// What people say aloud: `INC-12`.
    pub fn label(&self) -> String {
        label(self.number)
    }
}

/// The label of an incident's number.
pub fn label(number: i64) -> String {
    format!("INC-{number}")
}

/// Reads `INC-12`, any case; `None` for anything else.
pub fn number_of(label: &str) -> Option<i64> {
    let digits =
        label.get(..4).filter(|head| head.eq_ignore_ascii_case("inc-")).and(label.get(4..))?;
    digits.parse().ok().filter(|number| *number > 0)
}
