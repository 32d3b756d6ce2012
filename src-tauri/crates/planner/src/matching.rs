//! Choosing the playbook.

use std::cmp::Reverse;

use firebreak_core::finding::Finding;
use firebreak_core::playbook::{Fit, Playbook};
use firebreak_core::{FindingId, Severity};

/// A playbook and the finding that it fits best.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<'a> {
    /// Which playbook.
    pub playbook: &'a Playbook,
    /// The finding that speaks for it most.
    pub finding: &'a Finding,
    /// On what, in the playbook's words.
    pub because: String,
}

/// The playbook that fits these findings best, `None` when none does.
///
/// One that has steps goes before one that has none: a finding that says "noise" must not hide
/// one that says "contain". Then the more specific, on grounds that the alert's author can choose
/// least, then the more severe finding, then ids. The order of the arguments has no part in it.
pub fn best_match<'a>(playbooks: &'a [Playbook], findings: &'a [Finding]) -> Option<Match<'a>> {
    playbooks
        .iter()
        .flat_map(|playbook| findings.iter().map(move |finding| (playbook, finding)))
        .filter_map(|(playbook, finding)| Some((playbook, finding, playbook.matches.fit(finding)?)))
        .max_by(|(a, b, c), (x, y, z)| rank(a, b, c).cmp(&rank(x, y, z)))
        .map(|(playbook, finding, fit)| Match { playbook, finding, because: fit.because })
}

/// The finding to speak of when no playbook matches: the most severe, then the first to begin.
pub fn worst(findings: &[Finding]) -> Option<&Finding> {
    findings
        .iter()
        .min_by_key(|finding| (Reverse(finding.draft.severity), finding.began_at(), &finding.id))
}

type Rank<'a> = (bool, (u8, usize, usize), Severity, Reverse<&'a str>, Reverse<&'a FindingId>);

fn rank<'a>(playbook: &'a Playbook, finding: &'a Finding, fit: &Fit) -> Rank<'a> {
    (
        !playbook.steps.is_empty(),
        (fit.ground as u8, fit.clauses, fit.length),
        finding.draft.severity,
        Reverse(&playbook.id),
        Reverse(&finding.id),
    )
}
