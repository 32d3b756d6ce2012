//! The queue's read model.

use crate::clock::Clock;
use crate::{AssetId, IncidentId, IncidentState, Severity, Timestamp};

/// One line of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// Which incident.
    pub id: IncidentId,
    /// Its number.
    pub number: i64,
    /// Untrusted.
    pub title: String,
    /// Greatest of its findings.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// Who works on it.
    pub owner: Option<String>,
    /// Whether it was handed to its owner, who has not said yet that they read what they must know.
    pub handed_over: bool,
    /// The asset.
    pub asset: Option<AssetId>,
    /// Untrusted.
    pub asset_name: Option<String>,
    /// Account id.
    pub account: Option<String>,
    /// Untrusted.
    pub account_name: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// ATT&CK technique ids.
    pub techniques: Vec<String>,
    /// Names of the sources.
    pub sources: Vec<String>,
    /// How many findings.
    pub finding_count: u32,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The clock that runs, if one does.
    pub clock: Option<Clock>,
    /// Until when it is put off.
    pub snoozed_until: Option<Timestamp>,
    /// Proven steps of its plan.
    pub steps_proven: u32,
    /// Steps of its plan.
    pub steps_total: u32,
}

/// What to list; `None` and empty mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueFilter {
    /// Words, or how words begin, of number, title, asset, account and technique.
    pub text: Option<String>,
    /// Any of these states.
    pub states: Vec<IncidentState>,
    /// Any of these severities.
    pub severities: Vec<Severity>,
    /// The account of this id, or the accounts of this name.
    pub account: Option<String>,
    /// Whose.
    pub owner: OwnerFilter,
    /// Opened in this second or later.
    pub opened_after: Option<Timestamp>,
    /// Opened in this second or earlier.
    pub opened_before: Option<Timestamp>,
    /// In which order.
    pub order: QueueOrder,
    /// After this cursor.
    pub after: Option<String>,
    /// So many are passed over first, where the page follows no cursor.
    pub skip: u32,
    /// At most this many, 1 to 500.
    pub limit: u32,
}

/// In which order incidents are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// Most severe first, then newest.
    #[default]
    Severity,
    /// Of those whose clock runs, what is due first.
    Clock,
}

/// Whose incidents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OwnerFilter {
    /// Anybody's and nobody's.
    #[default]
    Any,
    /// Nobody's.
    Nobody,
    /// This person's.
    Person(String),
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePage {
    /// In the order asked for.
    pub rows: Vec<QueueRow>,
    /// How many match; at least so many when `more_match`.
    pub matching: u32,
    /// Whether counting ended before the matches did.
    pub more_match: bool,
    /// How many there are.
    pub total: u32,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// Counts for the tabs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Neither snoozed, closed nor false positive.
    pub open: u32,
    /// Open and nobody's.
    pub unowned: u32,
    /// Open and critical.
    pub critical: u32,
    /// In state containing.
    pub containing: u32,
    /// In state contained.
    pub contained: u32,
    /// In state snoozed.
    pub snoozed: u32,
    /// All.
    pub all: u32,
}
