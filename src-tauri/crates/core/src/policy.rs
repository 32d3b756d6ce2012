//! Policy: what may be done to what, after how many signatures, and which rules say so.

use serde::{Deserialize, Serialize};

/// What policy says of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The decision.
    pub kind: VerdictKind,
    /// The rules behind it.
    pub rules: Vec<Rule>,
    /// SHA-256 of the policy set, hex.
    pub policy_version: String,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// May run without a person. Needs phase 3.
    Auto,
    /// May run after this many distinct people signed.
    NeedsApproval(u32),
    /// May not run.
    Denied,
}

/// A rule that took part in a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The policy's `@id`.
    pub id: String,
    /// The policy's `@reason`.
    pub reason: String,
}

impl Verdict {
    /// The reasons in one line.
    pub fn reasons(&self) -> String {
        self.rules.iter().map(|rule| format!("{} ({})", rule.reason, rule.id)).collect::<Vec<_>>().join("; ")
    }
}
