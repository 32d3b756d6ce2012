use chrono::{DateTime, Utc};
use firebreak_core::clock::Goal;
use firebreak_core::{IncidentState, Severity};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One line of the incident queue.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct QueueRow {
    /// Globally unique id (`inc_…`).
    pub id: String,
    /// The short name people say aloud: `INC-12`.
    pub label: String,
    /// Untrusted text.
    pub title: String,
    /// Highest severity among the findings; never lowered by a model or an alert's prose.
    pub severity: Severity,
    pub state: IncidentState,
    /// Who works on it; `None` while nobody does.
    pub owner: Option<String>,
    /// Whether it was handed to its owner, who has not read yet what they must know.
    pub handed_over: bool,
    /// Native id of the asset it is about, or the source's own name for it.
    pub asset: Option<String>,
    /// Untrusted text.
    pub asset_name: Option<String>,
    pub account: Option<String>,
    /// Untrusted text.
    pub account_name: Option<String>,
    pub region: Option<String>,
    /// ATT&CK technique ids, most frequent first.
    pub techniques: Vec<String>,
    /// Names of the sources that saw it.
    pub sources: Vec<String>,
    pub finding_count: u32,
    /// When the first finding began, as the source says.
    pub opened_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The clock that runs; absent once it is contained or over.
    pub clock: Option<ClockView>,
    /// Until when it is put off; there exactly where its state is snoozed.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How many of the plan's steps are proven, and how many there are.
    pub steps_proven: u32,
    pub steps_total: u32,
}

/// A clock that runs, from when the incident began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ClockView {
    pub goal: Goal,
    /// When its time is up.
    pub due: DateTime<Utc>,
}

/// In which order incidents are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum QueueOrder {
    /// Most severe first, then newest.
    #[default]
    Severity,
    /// Of those whose clock runs, what is due first.
    Clock,
}

/// What to list. Every filter narrows; an empty list means "any".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct QueueQuery {
    /// Words, or how words begin, of number, title, asset, account and technique.
    pub text: Option<String>,
    pub states: Option<Vec<IncidentState>>,
    pub severities: Option<Vec<Severity>>,
    pub account: Option<String>,
    /// `"me"` or a name; `"none"` for unowned.
    pub owner: Option<String>,
    /// Opened in this second or later.
    pub opened_after: Option<DateTime<Utc>>,
    /// Opened in this second or earlier.
    pub opened_before: Option<DateTime<Utc>>,
    /// Most severe first when absent.
    pub order: Option<QueueOrder>,
    /// Keyset cursor from the page before.
    pub after: Option<String>,
    /// Begins the page at this row, counted from 0, where there is no cursor.
    pub skip: Option<u32>,
    /// 1 to 500; 200 when absent.
    pub limit: Option<u32>,
}

/// One page of the queue: most severe first, then newest to the second, then highest number; or what
/// is due first.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct QueuePage {
    pub rows: Vec<QueueRow>,
    /// How many match the filters; at least so many when `more_match`.
    pub matching: u32,
    /// Whether counting ended before the matches did.
    pub more_match: bool,
    /// How many there are in all.
    pub total: u32,
    /// Cursor for the next page; `None` at the end.
    pub next: Option<String>,
}

/// Counts for the queue's tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct QueueCounts {
    pub open: u32,
    pub unowned: u32,
    pub critical: u32,
    pub containing: u32,
    pub contained: u32,
    pub snoozed: u32,
    pub all: u32,
}
