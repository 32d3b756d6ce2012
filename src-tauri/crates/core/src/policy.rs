//! Policy: what may be done to what, after how many signatures, and which rules say so.
//!
//! Policies are written in Cedar, checked against a schema when they are loaded, and asked with a
//! growing number of approvals: the least number that is allowed is the verdict. Whatever goes
//! wrong on the way (no policies, policies that don't load, an evaluation error) is a denial.
//! What a policy may ask about is documented in docs/POLICY.md.

mod decide;
mod freeze;
mod limits;
mod load;
mod problem;
mod question;
mod request;
mod write_back;

use serde::{Deserialize, Serialize};

pub use freeze::{CALENDAR_ENDING, FREEZES_FILE, Freeze, Freezes, Frozen, Standing, Touching};
pub use limits::{Asked, CapName, LIMITS_FILE, Limits, Room, Touch, WINDOW_MINUTES};
pub use load::Policies;
pub use problem::{PolicyProblem, PolicyProblems};
pub use question::{Facts, Phase, Principal, Question};
pub use write_back::WriteBackQuestion;

/// Most approvals that a policy can ask for. What is not allowed with this many is denied.
pub const MOST_APPROVALS: u32 = 3;

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
        self.rules
            .iter()
            .map(|rule| format!("{} ({})", rule.reason, rule.id))
            .collect::<Vec<_>>()
            .join("; ")
    }
}
