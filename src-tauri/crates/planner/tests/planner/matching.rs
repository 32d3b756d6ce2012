//! Which playbook is chosen.

use firebreak_core::Severity;
use firebreak_core::finding::{Attack, Finding, ResourceKind};
use firebreak_planner::{best_match, shipped, worst};

use crate::case::finding;

fn technique(id: &str) -> Vec<Attack> {
    vec![Attack { id: id.to_owned(), name: None }]
}

/// A finding that says nothing but this.
fn plain(id: &str, rule: &str, techniques: Vec<Attack>, kind: ResourceKind) -> Finding {
    finding(id, |finding| {
        finding.draft.title = rule.to_owned();
        finding.draft.rule_name = Some(rule.to_owned());
        finding.draft.techniques = techniques;
        finding.draft.resource.kind = Some(kind);
        finding.draft.severity = Severity::High;
    })
}

fn check(findings: &[Finding], expected: Option<(&str, &str, &str)>) {
    let playbooks = shipped();
    let mut shuffled: Vec<Finding> = findings.to_vec();
    let mut backwards = playbooks.clone();
    backwards.reverse();
    for _ in 0..findings.len().max(1) {
        for playbooks in [&playbooks, &backwards] {
            let matched = best_match(playbooks, &shuffled);
            let seen = matched
                .as_ref()
                .map(|m| (m.playbook.id.as_str(), m.finding.id.as_str(), m.because.as_str()));
            assert_eq!(seen, expected);
        }
        if !shuffled.is_empty() {
            shuffled.rotate_left(1);
        }
    }
}

#[test]
fn each_shipped_playbook_finds_its_alerts() {
    let instance = ResourceKind::Instance;
    check(
        &[plain("f", "A rule", technique("T1496.001"), instance)],
        Some(("crypto-mining-ec2", "f", "technique T1496 and its kind of resource")),
    );
    check(
        &[plain("f", "Workload talks to a mining pool", vec![], instance)],
        Some((
            "crypto-mining-ec2",
            "f",
            "\u{201c}mining pool\u{201d} in its name and its kind of resource",
        )),
    );
    check(
        &[plain("f", "Long-term access key used from a new country", vec![], ResourceKind::User)],
        Some((
            "stolen-access-key",
            "f",
            "\u{201c}access key used from\u{201d} in its name and its kind of resource",
        )),
    );
    check(
        &[plain("f", "Reverse shell opened by php-fpm", technique("T1059.004"), instance)],
        Some((
            "reverse-shell-ec2",
            "f",
            "\u{201c}reverse shell\u{201d} in its name and its kind of resource",
        )),
    );
    check(
        &[plain(
            "f",
            "Publicly readable bucket with sensitive data",
            technique("T1530"),
            ResourceKind::Bucket,
        )],
        Some((
            "public-bucket-sensitive-data",
            "f",
            "\u{201c}publicly readable\u{201d} in its name and its kind of resource",
        )),
    );
    check(
        &[plain("f", "Port probe from the internet", vec![], instance)],
        Some(("port-scan", "f", "\u{201c}port probe\u{201d} in its name")),
    );
}

#[test]
fn what_no_playbook_knows_matches_none() {
    check(&[], None);
    check(
        &[plain(
            "f",
            "Compiler started on a server",
            technique("T1027.004"),
            ResourceKind::Instance,
        )],
        None,
    );
    check(&[plain("f", "Crypto mining", technique("T1496"), ResourceKind::Function)], None);
    // Hygiene is not theft.
    check(
        &[plain(
            "f",
            "IAM user access key older than 90 days",
            technique("T1098"),
            ResourceKind::User,
        )],
        None,
    );
}

#[test]
fn noise_never_hides_what_must_be_contained() {
    let scan = plain("a", "Port scan", technique("T1595.001"), ResourceKind::Instance);
    let mut pool = plain("b", "Something", vec![], ResourceKind::Instance);
    pool.draft.title = "talks to a mining pool".to_owned();
    pool.draft.severity = Severity::Low;
    check(
        &[scan, pool],
        Some((
            "crypto-mining-ec2",
            "b",
            "\u{201c}mining pool\u{201d} in its name and its kind of resource",
        )),
    );
}

#[test]
fn a_title_can_not_outrank_the_vendors_own_technique() {
    let mut miner = plain("a", "Miner", technique("T1496"), ResourceKind::Instance);
    miner.draft.title = "reverse shell meterpreter command and control".to_owned();
    check(&[miner], Some(("crypto-mining-ec2", "a", "technique T1496 and its kind of resource")));
    let mut shell = plain("a", "Reverse shell", vec![], ResourceKind::Instance);
    shell.draft.title = "cryptocurrency mining pool xmrig".to_owned();
    check(
        &[shell],
        Some((
            "reverse-shell-ec2",
            "a",
            "\u{201c}reverse shell\u{201d} in its name and its kind of resource",
        )),
    );
}

#[test]
fn the_worse_finding_speaks_and_ids_break_ties() {
    let mild = plain("a", "Miner", technique("T1496"), ResourceKind::Instance);
    let mut bad = plain("c", "Miner", technique("T1496"), ResourceKind::Instance);
    bad.draft.severity = Severity::Critical;
    let twin = Finding { id: firebreak_core::FindingId::new("b"), ..bad.clone() };
    check(
        &[mild, bad, twin],
        Some(("crypto-mining-ec2", "b", "technique T1496 and its kind of resource")),
    );
}

#[test]
fn without_a_playbook_the_worst_finding_speaks() {
    let of = |id: &str, severity: Severity, minute: i64| {
        finding(id, |finding| {
            finding.draft.severity = severity;
            finding.draft.created_at = Some(crate::case::at(minute));
        })
    };
    let findings = [
        of("a", Severity::Low, 0),
        of("b", Severity::High, 5),
        of("c", Severity::High, 2),
        of("d", Severity::Unknown, 1),
    ];
    assert_eq!(worst(&findings).map(|finding| finding.id.as_str()), Some("c"));
    assert_eq!(worst(&[]), None);
}
