//! The shipped policies against the same rules written down a second time, in Rust and without
//! Cedar, over generated questions.

use firebreak_core::plan::Direction;
use firebreak_core::policy::{Facts, Phase, Policies, Principal, Question, VerdictKind};
use firebreak_core::{ActionId, AssetId, Environment, Severity};
use proptest::prelude::*;

use crate::ask::{noon, shipped};

static SHIPPED: std::sync::LazyLock<Policies> = std::sync::LazyLock::new(shipped);

/// What the rules say: the least number of approvals, or `None`.
fn naive(question: &Question) -> Option<u32> {
    (0..=3).find(|approvals| permitted(question, *approvals) && !forbidden(question, *approvals))
}

fn permitted(question: &Question, approvals: u32) -> bool {
    matches!(question.principal, Principal::Person(_))
        && question.phase != Phase::Triage
        && approvals >= 1
}

fn forbidden(question: &Question, approvals: u32) -> bool {
    let id = question.target.id.as_str();
    let execute = question.direction == Direction::Execute;
    let careful =
        matches!(question.target.environment, Environment::Production | Environment::Unknown);
    question.phase == Phase::Triage
        || (question.phase == Phase::Recommend && approvals == 0)
        || (question.principal == Principal::Automation && question.phase != Phase::Supervised)
        || (!execute && approvals == 0)
        || (execute && approvals < 2 && (careful || !question.reversible))
        || question.target.tags.contains_key("firebreak:do-not-touch")
        || is_root(id)
        || is_protected_role(id)
}

fn is_root(id: &str) -> bool {
    id.starts_with("arn:")
        && id.ends_with(":root")
        && id
            .get(4..)
            .and_then(|rest| rest.split_once(":iam::"))
            .is_some_and(|(_, rest)| rest.contains(":root"))
}

fn is_protected_role(id: &str) -> bool {
    let Some((_, rest)) = id.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::")) else {
        return false;
    };
    rest.contains(":role/aws-service-role/")
        || rest.contains(":role/firebreak-")
        || rest.ends_with(":role/OrganizationAccountAccessRole")
}

fn target() -> impl Strategy<Value = Facts> {
    let id = prop_oneof![
        3 => "i-[0-9a-f]{8}",
        1 => "arn:aws(-cn)?:iam::[0-9]{12}:(root|user/root|user/ann|rooted)",
        2 => "arn:aws:iam::[0-9]{12}:role/(firebreak-x|Firebreak|aws-service-role/y|aws-service-rolex|OrganizationAccountAccessRole|deploy)",
        1 => any::<String>(),
    ];
    let environment = prop::sample::select(vec![
        Environment::Production,
        Environment::Staging,
        Environment::Development,
        Environment::Unknown,
    ]);
    let key = prop_oneof![
        Just("firebreak:do-not-touch".to_owned()),
        Just("firebreak:do-not-touch ".to_owned()),
        Just("Firebreak:Do-Not-Touch".to_owned()),
        any::<String>(),
    ];
    let tags = prop::collection::btree_map(key, any::<String>(), 0..3);
    let word = || prop::option::of(any::<String>());
    (id, environment, tags, word(), word(), word(), any::<bool>()).prop_map(
        |(id, environment, tags, account, region, owner, crown_jewel)| Facts {
            id: AssetId::new(id),
            environment,
            account,
            region,
            owner,
            tags,
            crown_jewel,
        },
    )
}

fn questions() -> impl Strategy<Value = Question> {
    let principal =
        prop_oneof![any::<String>().prop_map(Principal::Person), Just(Principal::Automation)];
    let phase = prop::sample::select(vec![Phase::Triage, Phase::Recommend, Phase::Supervised]);
    let direction = prop::sample::select(vec![Direction::Execute, Direction::Undo]);
    let circumstances = (
        any::<String>(),
        prop::sample::select(Severity::ALL.to_vec()),
        any::<[bool; 3]>(),
        any::<[u32; 2]>(),
    );
    (
        principal,
        prop::sample::select(ActionId::ALL.to_vec()),
        direction,
        target(),
        phase,
        circumstances,
    )
        .prop_map(
            |(principal, action, direction, target, phase, (threat, severity, flags, calls))| {
                Question {
                    principal,
                    action,
                    direction,
                    target,
                    phase,
                    threat,
                    severity,
                    reversible: flags[0],
                    mandatory: flags[1],
                    model_involved: flags[2],
                    calls: calls[0],
                    disruptive_calls: calls[1],
                    at: noon(),
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn cedar_agrees_with_the_rules_in_rust(question in questions()) {
        let verdict = SHIPPED.decide(&question);
        let expected = match naive(&question) {
            None => VerdictKind::Denied,
            Some(0) => VerdictKind::Auto,
            Some(number) => VerdictKind::NeedsApproval(number),
        };
        prop_assert_eq!(verdict.kind, expected, "{:?}", verdict.rules);
        prop_assert!(!verdict.rules.is_empty(), "a verdict without a reason");
        prop_assert!(verdict.rules.iter().all(|rule| rule.id != "policy-error"), "{:?}", verdict.rules);

        // What must hold whatever the rules become.
        let allowed = verdict.kind != VerdictKind::Denied;
        prop_assert!(!(allowed && question.phase == Phase::Triage));
        prop_assert!(!(allowed && question.target.tags.contains_key("firebreak:do-not-touch")));
        prop_assert!(verdict.kind != VerdictKind::Auto, "nothing is automatic as shipped");
        let careful = matches!(question.target.environment, Environment::Production | Environment::Unknown);
        if careful && question.direction == Direction::Execute {
            prop_assert!(!allowed || matches!(verdict.kind, VerdictKind::NeedsApproval(2..)));
        }
    }
}
