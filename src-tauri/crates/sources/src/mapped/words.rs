//! Words for severity and status that need no explaining.

use firebreak_core::finding::{FindingStatus, Severity};

/// One form of a word, so that `In Progress` and `in-progress` are the same.
pub(super) fn folded(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-'], "_")
}

/// A folded word that means the same to everybody.
pub(super) fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "critical" => Severity::Critical,
        "high" => Severity::High,
        "medium" => Severity::Medium,
        "low" => Severity::Low,
        "informational" | "info" => Severity::Informational,
        _ => return None,
    })
}

/// A folded word that means the same to everybody.
pub(super) fn status(word: &str) -> Option<FindingStatus> {
    Some(match word {
        "new" | "open" | "reopened" => FindingStatus::New,
        "in_progress" => FindingStatus::InProgress,
        "suppressed" | "dismissed" | "snoozed" | "rejected" | "ignored" => {
            FindingStatus::Suppressed
        }
        "resolved" | "closed" => FindingStatus::Resolved,
        _ => return None,
    })
}
