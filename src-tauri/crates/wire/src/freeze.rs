use chrono::{DateTime, Utc};
use serde::Serialize;
use ts_rs::TS;

/// The change freezes as they stand at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FreezesView {
    pub at: DateTime<Utc>,
    /// Why nothing is run at all: the policies or the freezes can't be read.
    pub unusable: Option<String>,
    /// Those in force, the first to end first; then those to come, the next first.
    pub freezes: Vec<FreezeView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct FreezeView {
    pub id: String,
    pub title: String,
    /// Empty where a calendar gives none.
    pub reason: String,
    /// "freezes.toml", or a calendar's name.
    pub file: String,
    /// "Fri, Sat 18:00 to 06:00 UTC+01:00".
    pub when: String,
    /// "everything", "account 123456789012; environment production".
    pub about: String,
    /// "severity critical; action aws.iam.deny_user".
    pub lets_through: Option<String>,
    pub in_force: bool,
    /// When one that is to come begins.
    pub from: Option<DateTime<Utc>>,
    /// When one in force ends; absent where it never does.
    pub until: Option<DateTime<Utc>>,
}
