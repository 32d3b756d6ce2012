use chrono::{DateTime, Utc};
use firebreak_core::{IncidentState, Severity};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a suppression rule is for: all that is given must hold, and something is. All of it is
/// untrusted text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SuppressionScope {
    /// With `rule`: the source whose rule it is.
    pub source: Option<String>,
    /// The rule's id, or its name where it has none.
    pub rule: Option<String>,
    pub asset: Option<String>,
    /// Account id.
    pub account: Option<String>,
    pub tag: Option<String>,
    /// With `tag`: its value; any where none is given.
    pub tag_value: Option<String>,
}

/// A rule that a person wants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SuppressionDraft {
    pub scope: SuppressionScope,
    /// The worst severity that it hides; worse ones show.
    pub up_to: Severity,
    pub reason: String,
    /// At most 365 days ahead.
    pub expires_at: DateTime<Utc>,
    /// Ids or labels of open incidents that hold nothing else, to be closed with it.
    pub close: Vec<String>,
}

/// A suppression rule and what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct SuppressionView {
    pub id: String,
    pub scope: SuppressionScope,
    pub up_to: Severity,
    pub reason: String,
    pub made_by: String,
    pub made_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Whether it hides anything now: neither expired nor ended.
    pub in_force: bool,
    /// Findings that it ever hid, and those that it hides now.
    pub hid: u32,
    pub hides: u32,
    pub last_hid: Option<DateTime<Utc>>,
}

/// What a rule would have hidden of the last days.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct SuppressionPreview {
    /// Days of history that were looked at.
    pub days: u32,
    /// Whether there may be older ones that were not looked at.
    pub more: bool,
    /// The worst severity that is hidden: as asked, else the worst that the scope covers. Absent where
    /// it covers nothing.
    pub up_to: Option<Severity>,
    /// What the scope covers, worst first.
    pub by_severity: Vec<SuppressedSeverity>,
    /// Findings hidden.
    pub findings: u32,
    /// Incidents that would not have been opened.
    pub incidents: u32,
    /// Incidents that would have had fewer findings.
    pub partly: u32,
    /// The newest that are hidden.
    pub examples: Vec<SuppressedFinding>,
    /// Open incidents that hold nothing else; at most 200.
    pub open: Vec<CoveredIncident>,
    /// How many those are in all.
    pub open_count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct SuppressedSeverity {
    pub severity: Severity,
    pub findings: u32,
    /// Whether these are hidden; the others show.
    pub hidden: bool,
}

/// A finding that a rule hides, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct SuppressedFinding {
    pub id: String,
    pub source: String,
    /// Untrusted text.
    pub title: String,
    pub severity: Severity,
    pub asset: Option<String>,
    pub began_at: DateTime<Utc>,
}

/// An open incident of which a rule covers every finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CoveredIncident {
    pub id: String,
    pub label: String,
    /// Untrusted text.
    pub title: String,
    pub severity: Severity,
    pub state: IncidentState,
}
