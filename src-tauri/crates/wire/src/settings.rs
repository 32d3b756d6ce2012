use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AuditVerdict, LeaseCountsView, QueueCounts, SourceView};

/// What the window needs to draw itself; events change it from there.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Snapshot {
    /// Sequence number of the last event included; events after it follow on the channel.
    pub seq: u32,
    pub version: String,
    pub workspace: String,
    /// True when the workspace was made by `cargo xtask run`: nothing real is connected.
    pub sandbox: bool,
    /// The signed-in person's name, as the operating system says.
    pub user: String,
    /// 1 read-only triage, 2 recommended playbooks, 3 supervised automation.
    pub phase: u32,
    pub counts: QueueCounts,
    pub leases: LeaseCountsView,
    pub sources: Vec<SourceView>,
    pub clouds: Vec<CloudAccountView>,
    pub model: ModelView,
    pub keychain: KeychainView,
    pub audit: AuditVerdict,
    /// Storage trouble: set while nothing can be written.
    pub storage_problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct CloudAccountView {
    pub name: String,
    /// `aws`.
    pub provider: String,
    pub account_id: String,
    pub regions: Vec<String>,
    /// Set only for sandboxes and private endpoints.
    pub endpoint: Option<String>,
    pub role_arn: Option<String>,
    /// Whether a read credential, and a write credential, is stored in the keychain.
    pub can_read: bool,
    pub can_write: bool,
}

/// A cloud account to add; keys go to the OS keychain and are never sent back.
#[derive(Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct CloudAccountDraft {
    pub name: String,
    pub account_id: String,
    pub regions: Vec<String>,
    pub read_key_id: String,
    pub read_secret: String,
    pub write_key_id: Option<String>,
    pub write_secret: Option<String>,
    /// Role to assume for containment calls.
    pub role_arn: Option<String>,
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct ModelView {
    pub configured: bool,
    pub base_url: Option<String>,
    pub model: Option<String>,
    /// Whether an API key is stored.
    pub has_key: bool,
    /// "answered in 0.9 s", "down: connection refused".
    pub status: String,
    pub ok: bool,
}

#[derive(Clone, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct ModelDraft {
    /// Up to and including `/v1`.
    pub base_url: String,
    pub model: String,
    pub api_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct KeychainView {
    pub state: KeychainStateView,
    pub text: String,
    pub remedy: Option<String>,
}

/// The four states measured on Linux; the other systems use a subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KeychainStateView {
    Unlocked,
    /// No session bus or no service answers.
    Unavailable,
    /// A service answers but there is no collection to keep secrets in.
    NoCollection,
    Locked,
}

/// The outcome of a connection test, one line a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ConnectionTest {
    pub ok: bool,
    pub checks: Vec<ConnectionCheck>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ConnectionCheck {
    pub name: String,
    pub ok: bool,
    pub text: String,
    pub remedy: Option<String>,
}
