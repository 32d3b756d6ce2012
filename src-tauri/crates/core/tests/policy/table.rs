//! What the shipped policies say of the cases that people ask about.

use firebreak_core::plan::Direction;
use firebreak_core::policy::{Phase, Principal, Question, VerdictKind};
use firebreak_core::{AssetId, Environment};

use crate::ask::{question, shipped};

fn check(change: impl FnOnce(&mut Question), kind: VerdictKind, rules: &[&str]) {
    let mut asked = question();
    change(&mut asked);
    let verdict = shipped().decide(&asked);
    let ids: Vec<&str> = verdict.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!((verdict.kind, ids.as_slice()), (kind, rules), "{asked:?}");
}

#[test]
fn phase_1_changes_nothing() {
    check(|q| q.phase = Phase::Triage, VerdictKind::Denied, &["phase-1-read-only"]);
}

#[test]
fn phase_2_staging_needs_one() {
    check(|_| {}, VerdictKind::NeedsApproval(1), &["phase-2-one-approval", "approved-by-people"]);
}

#[test]
fn production_needs_two() {
    check(
        |q| q.target.environment = Environment::Production,
        VerdictKind::NeedsApproval(2),
        &["production-two-approvals", "approved-by-people"],
    );
}

#[test]
fn unknown_environment_needs_two() {
    check(
        |q| q.target.environment = Environment::Unknown,
        VerdictKind::NeedsApproval(2),
        &["unknown-environment-two-approvals", "approved-by-people"],
    );
}

#[test]
fn irreversible_production_names_both_reasons() {
    check(
        |q| {
            q.target.environment = Environment::Production;
            q.reversible = false;
        },
        VerdictKind::NeedsApproval(2),
        &["irreversible-two-approvals", "production-two-approvals", "approved-by-people"],
    );
}

#[test]
fn undo_in_production_needs_one() {
    check(
        |q| {
            q.target.environment = Environment::Production;
            q.direction = Direction::Undo;
            q.reversible = false;
        },
        VerdictKind::NeedsApproval(1),
        &["phase-2-one-approval", "undo-one-approval", "approved-by-people"],
    );
}

#[test]
fn do_not_touch_is_denied_whatever_its_value() {
    for value in ["", "true", "false", "no"] {
        check(
            |q| drop(q.target.tags.insert("firebreak:do-not-touch".to_owned(), value.to_owned())),
            VerdictKind::Denied,
            &["do-not-touch"],
        );
    }
}

#[test]
fn protected_identities_are_denied() {
    for (id, rule) in [
        ("arn:aws:iam::123456789012:root", "protected-root-user"),
        ("arn:aws-us-gov:iam::123456789012:root", "protected-root-user"),
        (
            "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            "protected-roles",
        ),
        ("arn:aws:iam::123456789012:role/firebreak-containment", "protected-roles"),
        ("arn:aws:iam::123456789012:role/OrganizationAccountAccessRole", "protected-roles"),
    ] {
        check(|q| q.target.id = AssetId::new(id), VerdictKind::Denied, &[rule]);
    }
}

#[test]
fn automation_runs_nothing_as_shipped() {
    check(
        |q| q.principal = Principal::Automation,
        VerdictKind::Denied,
        &["automation-from-phase-3"],
    );
    check(
        |q| {
            q.principal = Principal::Automation;
            q.phase = Phase::Supervised;
        },
        VerdictKind::Denied,
        &["default-deny"],
    );
}

#[test]
fn people_in_phase_3_still_sign() {
    check(|q| q.phase = Phase::Supervised, VerdictKind::NeedsApproval(1), &["approved-by-people"]);
}
