//! Telling a source what became of its alert: an order, and what came of it.
//!
//! Writing back changes something at the vendor: it counts as a mutating action. A writer is its
//! own part, constructed only where phase and policy allow it; the client that polls can't write.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::ports::OutsideError;

/// What a source is to be told about one of its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteBack {
    /// The source's own id of the alert.
    pub vendor_id: String,
    /// The finding's kind as the source names it: `issue`, `detection`, `alert`.
    pub kind: String,
    /// The status to set; `None` only leaves the comment.
    pub status: Option<WriteBackStatus>,
    /// Plain text for the people who read the alert there.
    pub comment: String,
    /// Part of the comment that is ours alone, so that a second attempt sees that the first arrived.
    pub marker: String,
}

/// A status in our words; each writer maps it to the nearest that its vendor takes from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteBackStatus {
    /// Somebody works on it.
    InProgress,
    /// Contained or remediated.
    Resolved,
    /// Looked at, and no threat.
    FalsePositive,
    /// It is not over after all.
    Reopened,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteBackEnd {
    /// The vendor took it.
    Written {
        /// What was set, in the vendor's words.
        note: String,
    },
    /// It was so before: a repeated order, or somebody did it there.
    AlreadySo {
        /// What was found.
        note: String,
    },
    /// The vendor has no such status for such an alert; nothing was sent that it would refuse.
    Impossible {
        /// Why, for people.
        why: String,
    },
}

/// Writes to a source.
#[async_trait]
pub trait AlertWriter: Send + Sync {
    /// The configured source's name.
    fn name(&self) -> &str;

    /// Carries out one order. May be called again with the same order after any error: what was
    /// done before is then recognised, never doubled.
    async fn write_back(&self, order: &WriteBack) -> Result<WriteBackEnd, OutsideError>;
}

/// How much a source may still be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests in each period, by the vendor's documentation or its own headers.
    pub limit: u32,
    /// The period.
    pub period: Duration,
    /// Requests left now.
    pub left: u32,
    /// The vendor asked us to stay away until then.
    pub blocked_until: Option<Timestamp>,
}
