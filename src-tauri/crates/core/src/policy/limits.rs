//! Caps: how many resources may be changed in an hour, by a plan, in an account, and how often.
//!
//! A cap is asked in the transaction that writes an intent, with what the journal of intents says was
//! changed or may have been; so it holds whatever runs beside it. Caps are part of the policy version
//! that people sign. Without a `limits.toml` every cap is 0: nothing runs.

mod file;
mod room;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{ActionId, AssetId, IncidentId, Timestamp};

pub(super) use file::AccountId;
pub use room::{CapName, Room};

/// The file's name, beside the policies.
pub const LIMITS_FILE: &str = "limits.toml";
/// The window in which changes are counted.
pub const WINDOW_MINUTES: i64 = 60;

/// The caps in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    all: All,
    plan: Plan,
    account: Account,
    accounts: BTreeMap<String, Account>,
    again: Again,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct All {
    hour: Amount,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    resources: Amount,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    hour: Amount,
    share_percent: Percent,
    share_at_least: Amount,
    share_unknown: Amount,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    cool_down_minutes: Minutes,
    runs: Amount,
}

/// A number of resources or runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
struct Amount(u32);

/// 0 to 100.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
struct Percent(u32);

/// At most the window in which runs are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
struct Minutes(u32);

/// A run that changed a resource or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// For which incident.
    pub incident: IncidentId,
    /// What was done.
    pub action: ActionId,
    /// Account id.
    pub account: String,
    /// Native id.
    pub target: AssetId,
    /// When its last call left.
    pub at: Timestamp,
    /// It has no end yet: more calls may leave.
    pub is_open: bool,
    /// What it did holds, or may: it is under way, what became of a call is not known, or all of it
    /// happened and none was put back since. A run that stopped halfway is not in the way of another.
    pub holds: bool,
}

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// For which incident.
    pub incident: IncidentId,
    /// What is to be done.
    pub action: ActionId,
    /// Account id.
    pub account: String,
    /// Native id.
    pub target: AssetId,
    /// Resources of the target's kind that are known in the account; 0 when none is.
    pub known: u64,
}

impl Limits {
    fn account(&self, account: &str) -> Account {
        self.accounts.get(account).copied().unwrap_or(self.account)
    }
}
