//! Orca's words for severity, status and ids, in ours.

use firebreak_core::finding::{FindingStatus, Severity};

/// `RiskLevel`, and the older `Severity` words, which XSOAR ranks critical, high, medium,
/// informational.
pub(super) fn severity(word: &str) -> Option<Severity> {
    Some(match plain(word).as_str() {
        "critical" | "compromised" => Severity::Critical,
        "high" | "imminent_compromise" => Severity::High,
        "medium" | "hazardous" => Severity::Medium,
        "low" => Severity::Low,
        "informational" | "info" => Severity::Informational,
        _ => return None,
    })
}

/// `OrcaScore`, 0 to 10. The samples of three integrations agree with these bounds.
pub(super) fn of_orca_score(score: f64) -> Option<Severity> {
    Some(match score {
        s if !(0.0..=10.0).contains(&s) => return None,
        s if s >= 9.0 => Severity::Critical,
        s if s >= 7.0 => Severity::High,
        s if s >= 4.0 => Severity::Medium,
        s if s > 0.0 => Severity::Low,
        _ => Severity::Informational,
    })
}

/// The `score` of 1 to 4, 1 the worst, as XSOAR ranks it.
pub(super) fn of_score(score: f64) -> Option<Severity> {
    Some(match score {
        1.0 => Severity::Critical,
        2.0 => Severity::High,
        3.0 => Severity::Medium,
        4.0 => Severity::Informational,
        _ => return None,
    })
}

/// `Status`.
pub(super) fn status(word: &str) -> Option<FindingStatus> {
    Some(match plain(word).as_str() {
        "open" | "new" | "reopened" => FindingStatus::New,
        "in_progress" => FindingStatus::InProgress,
        "snoozed" | "snooze" | "dismissed" | "dismiss" => FindingStatus::Suppressed,
        "closed" | "close" | "done" | "resolved" => FindingStatus::Resolved,
        _ => return None,
    })
}

/// The digits of `orca-123`, where it is one.
pub(super) fn alert_number(id: &str) -> Option<&str> {
    let digits = id.strip_prefix("orca-")?;
    let right = (1..=30).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    right.then_some(digits)
}

fn plain(word: &str) -> String {
    word.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}
