//! May a source be told something?

use firebreak_core::Severity;
use firebreak_core::policy::{Phase, Policies, Principal, Verdict, VerdictKind, WriteBackQuestion};
use firebreak_core::write_back::WriteBackStatus;

use crate::ask::{shipped, shipped_and};

fn ask(
    policies: &Policies,
    principal: Principal,
    phase: Phase,
    status: Option<WriteBackStatus>,
) -> Verdict {
    policies.decide_write_back(&WriteBackQuestion {
        principal,
        source: "prisma-prod".to_owned(),
        vendor: "prisma".to_owned(),
        phase,
        severity: Severity::High,
        status,
    })
}

fn dana() -> Principal {
    Principal::Person("dana".to_owned())
}

fn check(verdict: &Verdict, kind: VerdictKind, rules: &[&str]) {
    let ids: Vec<&str> = verdict.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!((verdict.kind, ids.as_slice()), (kind, rules), "{}", verdict.reasons());
}

#[test]
fn phase_one_writes_nothing_whoever_asks() {
    let closing = Some(WriteBackStatus::Resolved);
    for status in [None, Some(WriteBackStatus::InProgress), closing] {
        let verdict = ask(&shipped(), dana(), Phase::Triage, status);
        check(&verdict, VerdictKind::Denied, &["phase-1-no-write-back"]);
    }
    let wide = "@id(\"wide\")\n@reason(\"everything\")\npermit (principal, action == Action::\"write_back\", resource);";
    let verdict = ask(&shipped_and(wide), dana(), Phase::Triage, closing);
    check(&verdict, VerdictKind::Denied, &["phase-1-no-write-back"]);
}

#[test]
fn from_phase_two_people_write_and_automation_closes_nothing() {
    let allowed = &["write-back-from-phase-2"];
    for phase in [Phase::Recommend, Phase::Supervised] {
        for status in [None, Some(WriteBackStatus::FalsePositive)] {
            check(&ask(&shipped(), dana(), phase, status), VerdictKind::Auto, allowed);
        }
        let comment = ask(&shipped(), Principal::Automation, phase, None);
        check(&comment, VerdictKind::Auto, allowed);
        for status in [WriteBackStatus::Resolved, WriteBackStatus::FalsePositive] {
            let closing = ask(&shipped(), Principal::Automation, phase, Some(status));
            check(&closing, VerdictKind::Denied, &["automation-closes-nothing"]);
        }
    }
}

#[test]
fn a_source_can_be_forbidden_by_name_and_nothing_is_allowed_by_default() {
    let forbidden = "@id(\"not-there\")\n@reason(\"its owners asked us not to\")\n\
        forbid (principal, action == Action::\"write_back\", resource)\nwhen { resource.name == \"prisma-prod\" };";
    let verdict = ask(&shipped_and(forbidden), dana(), Phase::Recommend, None);
    check(&verdict, VerdictKind::Denied, &["not-there"]);
    let verdict = ask(&Policies::deny_all("no file"), dana(), Phase::Recommend, None);
    check(&verdict, VerdictKind::Denied, &["policies-unusable"]);
}
