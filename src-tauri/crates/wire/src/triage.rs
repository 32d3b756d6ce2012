use chrono::{DateTime, Utc};
use firebreak_core::IncidentState;
use firebreak_core::triage::Cause;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::QueueRow;

/// What a person wants done with incidents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct TriageOrder {
    /// Ids or labels; 1 to 10,000.
    pub incidents: Vec<String>,
    pub wish: TriageWish,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum TriageWish {
    /// Move each to a state.
    Move {
        to: IncidentState,
        /// Needed for closing.
        reason: String,
        /// Needed for a false positive, and only there.
        cause: Option<Cause>,
    },
    /// Give each to a person; `None` to nobody.
    Assign { owner: Option<String> },
    /// Hand each to another person, with what they must know.
    HandOver {
        to: String,
        /// What is done and what is next, in Markdown; 1 to 4,000 characters.
        note: String,
    },
    /// Put each off until a time, at most 30 days ahead.
    Snooze { until: DateTime<Utc> },
    /// Let each that is put off stand as before.
    Wake,
    /// Put the findings of each into one incident.
    Merge { into: String },
    /// Take each out of the incident it was merged into.
    Unmerge,
    /// Put findings of the one incident named into another, or into one of their own.
    Relocate { findings: Vec<String>, into: Option<String> },
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct TriageReport {
    /// What it is recorded as, and can be taken back by; absent when it altered nothing.
    pub change: Option<String>,
    /// In words: `closed: scanner`, `merged into INC-3`.
    pub text: String,
    /// How many incidents stand differently now.
    pub changed: u32,
    /// How many stood so already.
    pub unchanged: u32,
    /// Those that it could not be done to; at most 50.
    pub refused: Vec<TriageRefusal>,
    /// How many those are in all.
    pub refused_count: u32,
    /// Whether it was cancelled before it reached all.
    pub cancelled: bool,
    /// The rows that changed, when they are few; else the queue is to be read anew.
    pub rows: Vec<QueueRow>,
}

/// An incident that an order was not carried out on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct TriageRefusal {
    pub label: String,
    /// In words that follow the label: `is containing; a person can't make it closed`.
    pub why: String,
}

/// A change that people made in triage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct TriageChange {
    pub id: String,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub text: String,
    pub incidents: u32,
    pub undone_at: Option<DateTime<Utc>>,
    pub undone_by: Option<String>,
}

/// How often a rule was a false positive for one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FalsePositives {
    pub source: String,
    /// Name, else id of the rule, else the finding's title. Untrusted text.
    pub rule: String,
    pub cause: Cause,
    pub incidents: u32,
}

/// An incident that another is connected with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct IncidentLink {
    pub id: String,
    pub label: String,
}
