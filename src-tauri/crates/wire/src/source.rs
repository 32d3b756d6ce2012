use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::MappingStart;

/// A configured source, as it is doing.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct SourceView {
    pub name: String,
    /// `wiz`, `prisma`, `lacework`, `orca`.
    pub vendor: String,
    /// What the vendor calls itself: "Prisma Cloud".
    pub vendor_title: String,
    pub api_url: String,
    pub auth_url: String,
    pub client_id: String,
    /// What else was set, by field name; no secrets.
    pub settings: BTreeMap<String, String>,
    pub health: SourceHealth,
    /// In plain words, with the remedy, when health is not `ok`.
    pub problem: Option<String>,
    pub remedy: Option<String>,
    pub last_success: Option<DateTime<Utc>>,
    pub next_poll: Option<DateTime<Utc>>,
    pub polling: bool,
    pub alerts_total: u32,
    /// Stored verbatim but not understood.
    pub alerts_unread: u32,
    /// Alerts in each of the last 24 hours, oldest first.
    pub per_hour: Vec<u32>,
    /// Changes up to this instant have been stored.
    pub cursor: Option<DateTime<Utc>>,
    /// Failures in a row. From five on the breaker is open: it is tried seldom.
    pub failures: u32,
    pub breaker_open: bool,
    /// How much it may still be asked, once that is known.
    pub budget: Option<BudgetView>,
    pub backfill: Option<BackfillView>,
    /// Whether statuses and comments can be written to it now.
    pub can_write: bool,
    /// Orders to write back that wait.
    pub writes_waiting: u32,
    /// Whether an older stretch of it can be read. A queue has no past.
    pub can_backfill: bool,
    /// Whether it keeps a place that can be forgotten. A queue hands out each message once.
    pub can_reset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SourceHealth {
    NeverPolled,
    Ok,
    /// Retrying by itself: rate limit, time-out, server error.
    Degraded,
    /// A person must act: wrong credentials, missing scope, locked keychain.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct BudgetView {
    /// Requests in each period.
    pub limit: u32,
    pub period_seconds: u32,
    pub left: u32,
    /// The vendor asked us to stay away until then.
    pub blocked_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct BackfillView {
    pub since: DateTime<Utc>,
    /// Changes up to this instant have been read.
    pub seen_until: Option<DateTime<Utc>>,
    pub pages: u32,
    pub alerts: u32,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// "complete", "cancelled".
    pub outcome: Option<String>,
    /// Whether it is being read now; an unfinished one that is not can be taken up again.
    pub running: bool,
}

/// A source to add. The secret goes to the OS keychain and is never sent back.
#[derive(Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SourceDraft {
    pub name: String,
    pub vendor: String,
    /// Values by the field names of the vendor's form, without the secret.
    pub values: BTreeMap<String, String>,
    pub secret: String,
}

/// What must be known to connect a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct VendorForm {
    /// `prisma`
    pub vendor: String,
    /// "Prisma Cloud"
    pub title: String,
    /// Where its credentials are made, and with which permissions.
    pub help: String,
    pub fields: Vec<VendorField>,
    /// What the secret is called there: "Secret key".
    pub secret_label: String,
    /// What of the vendor's interface could not be confirmed and can therefore be set.
    pub unconfirmed: Vec<String>,
    /// Whether an older stretch of such a source can be read.
    pub can_backfill: bool,
    /// Whether such a source keeps a place that can be forgotten.
    pub can_reset: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct VendorField {
    pub name: String,
    pub label: String,
    pub help: String,
    pub required: bool,
    /// Taken when nothing is entered.
    pub fallback: Option<String>,
    /// Values to choose from; any text where empty.
    pub choices: Vec<FieldChoice>,
    /// Rarely changed: shown under "more".
    pub advanced: bool,
    /// Only asked for while another field has a certain value.
    pub when: Option<FieldCondition>,
    /// What is entered, and thereby how.
    pub kind: FieldKind,
    /// What a mapping may start from; empty for other kinds.
    pub starts: Vec<MappingStart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum FieldKind {
    /// One line of text.
    Line,
    /// A mapping: a document of several lines, with a preview.
    Mapping,
}

/// The field by this name has this value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FieldCondition {
    pub field: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FieldChoice {
    pub value: String,
    pub label: String,
}

/// What a source is to be told about an alert, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct WriteBackView {
    pub id: String,
    pub source: String,
    /// The source's own id of the alert (untrusted text).
    pub vendor_id: String,
    pub status: Option<WriteBackStatusView>,
    pub comment: String,
    pub state: WriteBackStateView,
    pub attempts: u32,
    /// What came of it, or of the last attempt (may hold the vendor's words).
    pub note: Option<String>,
    pub asked_by: String,
    pub asked_at: DateTime<Utc>,
    pub next_try: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum WriteBackStatusView {
    InProgress,
    Resolved,
    FalsePositive,
    Reopened,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum WriteBackStateView {
    Waiting,
    Written,
    AlreadySo,
    Impossible,
    Failed,
    Withdrawn,
}
