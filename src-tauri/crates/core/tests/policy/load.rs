//! Files that are whole, and files that are not.

use firebreak_core::ActionId;
use firebreak_core::policy::{Phase, Policies, PolicyProblem, Principal, VerdictKind};

use crate::ask::{question, shipped, shipped_and, shipped_files, shipped_schema};

const GOOD: &str = "@id(\"a\")\n@reason(\"b\")\npermit (principal, action, resource);\n// end\n";

fn problems(files: &[(&str, &str)]) -> Vec<PolicyProblem> {
    Policies::load(files, &shipped_schema()).expect_err("problems").list().to_vec()
}

/// The one problem of a file, as `line:column policy message`.
fn check(text: &str, expected: &str) {
    let found = problems(&[("one.cedar", text)]);
    let [problem] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(problem.file, "one.cedar");
    assert!(!problem.remedy.is_empty());
    let policy = problem.policy.as_deref().unwrap_or("-");
    assert_eq!(
        format!("{}:{} {policy}: {}", problem.line, problem.column, problem.message),
        expected
    );
}

#[test]
fn shipped_policies_load() {
    let policies = shipped();
    assert_eq!((policies.unusable(), policies.version().len()), (None, 64));
    assert!(policies.rules().len() >= 10);
}

/// What stands in comments is shipped too: it must load when somebody takes the slashes away.
#[test]
fn commented_examples_load_when_switched_on() {
    let mut switched = 0;
    let files: Vec<(String, String)> = shipped_files()
        .into_iter()
        .map(|(name, text)| {
            let mut example = false;
            let lines: Vec<&str> = text
                .lines()
                .map(|line| {
                    example = (example || line.starts_with("// @id("))
                        && line.starts_with("//")
                        && line != "// end";
                    switched += usize::from(line.starts_with("// @id("));
                    if example { line.trim_start_matches("//") } else { line }
                })
                .collect();
            (name, lines.join("\n"))
        })
        .collect();
    assert!(switched >= 2);
    let policies =
        Policies::load(&files, &shipped_schema()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(policies.rules().len(), shipped().rules().len() + switched);

    let mut auto = question();
    auto.principal = Principal::Automation;
    auto.phase = Phase::Supervised;
    auto.target.environment = firebreak_core::Environment::Development;
    assert_eq!(policies.decide(&auto).kind, VerdictKind::Auto);
    auto.target.environment = firebreak_core::Environment::Production;
    assert_eq!(policies.decide(&auto).kind, VerdictKind::Denied);
    auto.action = ActionId::Ec2Isolate;
    assert_eq!(policies.decide(&auto).kind, VerdictKind::Denied);
    let mut protected = question();
    protected.target.account = Some("111111111111".to_owned());
    assert_eq!(policies.decide(&protected).kind, VerdictKind::Denied);
}

#[test]
fn a_wrong_attribute_has_a_place() {
    check(
        "// A rule.\n@id(\"typo\")\n@reason(\"b\")\nforbid (principal, action in Action::\"mutate\", resource)\nwhen { resource.enviroment == Environment::\"production\" };\n// end\n",
        "5:8 typo: attribute `enviroment` on entity type `Asset` not found",
    );
}

#[test]
fn a_wrong_value_has_a_place() {
    let found = problems(&[(
        "one.cedar",
        "@id(\"typo\") @reason(\"ä\") forbid (principal, action in Action::\"mutate\", resource)\nwhen { resource.environment == Environment::\"prod\" };\n// end\n",
    )]);
    assert_eq!((found[0].line, found[0].policy.as_deref()), (2, Some("typo")), "{found:?}");
    assert!(found[0].message.contains("prod"), "{found:?}");
}

#[test]
fn a_syntax_error_has_a_place() {
    let found = problems(&[(
        "one.cedar",
        "@id(\"a\")\n@reason(\"ä\") permit (principal, action, resorce);\n// end\n",
    )]);
    assert_eq!((found[0].line, found[0].column), (2, 41), "{found:?}");
}

#[test]
fn every_policy_names_and_explains_itself() {
    check("\npermit (principal, action, resource);\n// end", "2:1 -: it has no @id");
    check("@id(\" \") permit (principal, action, resource);\n// end", "1:1 -: it has no @id");
    check("@id(\"a\") permit (principal, action, resource);\n// end", "1:1 a: it has no @reason");
    check(
        "@id(\"a b\") @reason(\"c\") permit (principal, action, resource);\n// end",
        "1:1 a b: \"a b\" can't be an @id",
    );
    check(
        "@id(\"default-deny\") @reason(\"c\") permit (principal, action, resource);\n// end",
        "1:1 default-deny: \"default-deny\" can't be an @id",
    );
}

#[test]
fn ids_are_given_once_in_all_files() {
    let found = problems(&[("one.cedar", GOOD), ("two.cedar", GOOD)]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "two.cedar:1:1: policy a: one.cedar has a policy of the same @id; give one of them another @id"
    );
}

#[test]
fn templates_are_not_taken() {
    let found = problems(&[(
        "one.cedar",
        "@id(\"a\") @reason(\"b\") permit (principal == ?principal, action, resource);\n// end",
    )]);
    assert!(found.iter().any(|problem| problem.message == "it is a template"), "{found:?}");
}

#[test]
fn a_rule_that_never_matches_is_a_mistake() {
    let found = problems(&[(
        "one.cedar",
        "@id(\"a\") @reason(\"b\") forbid (principal is Person, action, resource)\nwhen { context.phase == 2 && !(principal is Person) };\n// end",
    )]);
    assert_eq!(found[0].policy.as_deref(), Some("a"), "{found:?}");
}

#[test]
fn two_files_of_one_name_are_a_mistake() {
    let found = problems(&[("one.cedar", GOOD), ("one.cedar", "// end")]);
    assert_eq!(found[0].message, "two files have this name");
}

#[test]
fn no_policy_at_all_is_a_mistake() {
    for files in [&[][..], &[("one.cedar", "// end\n")][..]] {
        let found = Policies::load(files, &shipped_schema()).expect_err("nothing to decide by");
        assert_eq!(found.list()[0].message, "there is no policy at all");
    }
}

#[test]
fn all_problems_of_all_files_are_told() {
    let found = problems(&[
        ("a.cedar", "nonsense"),
        ("b.cedar", "permit (principal, action, resource);\n// end"),
    ]);
    let files: Vec<&str> = found.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["a.cedar", "a.cedar", "b.cedar"], "{found:?}");
}

/// However a file was cut short or garbled, it never loads as another set of rules.
#[test]
fn no_half_file_loads() {
    let schema = shipped_schema();
    for (name, text) in shipped_files() {
        for cut in (0..text.trim_end().len()).step_by(101).filter(|cut| text.is_char_boundary(*cut))
        {
            let mut files = shipped_files();
            files.iter_mut().filter(|file| file.0 == name).for_each(|file| file.1.truncate(cut));
            assert!(Policies::load(&files, &schema).is_err(), "{name} cut at {cut}");
        }
    }
}

#[test]
fn garbage_denies_everything() {
    for text in [
        "",
        "\0\0\0",
        "permit (principal, action, resource);",
        "\u{feff}{}",
        "-----BEGIN PGP MESSAGE-----",
    ] {
        let (policies, problems) =
            Policies::load_or_deny(&[("one.cedar", text)], &shipped_schema());
        assert!(problems.is_some() && policies.unusable().is_some());
        denies_everything(&policies);
    }
    denies_everything(&Policies::load_or_deny(&shipped_files(), "").0);
    denies_everything(&Policies::load_or_deny(&shipped_files(), "entity Person;").0);
    denies_everything(&Policies::deny_all("the folder of policies is missing"));
}

fn denies_everything(policies: &Policies) {
    for phase in [Phase::Triage, Phase::Recommend, Phase::Supervised] {
        for principal in [Principal::Person("dana".to_owned()), Principal::Automation] {
            let mut asked = question();
            (asked.phase, asked.principal) = (phase, principal);
            let verdict = policies.decide(&asked);
            assert_eq!(verdict.kind, VerdictKind::Denied);
            assert_eq!(verdict.rules[0].id, "policies-unusable");
            assert_eq!(verdict.policy_version, policies.version());
        }
    }
}

#[test]
fn a_schema_in_which_an_action_can_not_be_asked_about_is_told() {
    let schema = shipped_schema().replace("\"aws.ec2.stop\", ", "");
    let found = Policies::load(&shipped_files(), &schema).expect_err("an action is gone");
    let problem = &found.list()[0];
    assert_eq!(problem.file, "schema.cedarschema");
    assert!(problem.message.starts_with("aws.ec2.stop can't be asked about"), "{problem}");
    let schema = shipped_schema().replace("phase: Long", "phase: String");
    assert!(Policies::load(&shipped_files(), &schema).is_err());
}

#[test]
fn a_broken_schema_has_a_place() {
    let schema = shipped_schema().replace("entity Person;", "entity Person");
    let found = Policies::load(&shipped_files(), &schema).expect_err("no schema");
    assert!(found.list()[0].line > 1, "{found}");
}

#[test]
fn the_version_covers_names_texts_and_schema_and_not_the_order() {
    let (files, schema) = (shipped_files(), shipped_schema());
    let version = |files: &[(String, String)], schema: &str| {
        Policies::load(files, schema)
            .unwrap_or_else(|problems| panic!("{problems}"))
            .version()
            .to_owned()
    };
    let before = version(&files, &schema);
    let reversed: Vec<_> = files.iter().rev().cloned().collect();
    assert_eq!(version(&reversed, &schema), before);
    let mut renamed = files.clone();
    renamed[0].0 = "renamed.cedar".to_owned();
    let mut spaced = files.clone();
    spaced[0].1.insert(0, '\n');
    for other in [
        version(&renamed, &schema),
        version(&spaced, &schema),
        version(&files, &format!("{schema}\n")),
    ] {
        assert_ne!(other, before);
    }
}

/// Cedar skips a policy that fails, and a forbid that is skipped would let through.
#[test]
fn an_evaluation_error_denies() {
    let policies = shipped_and(
        "@id(\"overflows\") @reason(\"x\") forbid (principal, action in Action::\"mutate\", resource)\nwhen { context.calls * 9223372036854775807 > 5 };",
    );
    let mut asked = question();
    asked.calls = 1;
    assert_eq!(
        policies.decide(&asked).rules[0].id,
        "overflows",
        "it forbids while it can be evaluated"
    );
    asked.calls = 2;
    let verdict = policies.decide(&asked);
    assert_eq!(verdict.kind, VerdictKind::Denied);
    assert_eq!(verdict.rules[0].id, "policy-error");
    assert!(verdict.rules[0].reason.contains("overflow"), "{verdict:?}");
}

#[test]
fn no_permit_lowers_what_is_forbidden() {
    let policies =
        shipped_and("@id(\"careless\") @reason(\"x\") permit (principal, action, resource);");
    let mut asked = question();
    asked.phase = Phase::Triage;
    assert_eq!(policies.decide(&asked).kind, VerdictKind::Denied);
    asked.phase = Phase::Recommend;
    assert_eq!(policies.decide(&asked).kind, VerdictKind::NeedsApproval(1));
    asked.phase = Phase::Supervised;
    asked.target.environment = firebreak_core::Environment::Production;
    assert_eq!(policies.decide(&asked).kind, VerdictKind::NeedsApproval(2));
}

#[test]
fn three_approvals_can_be_asked_for_and_four_are_a_denial() {
    let wanting = |number: u32| {
        shipped_and(&format!(
            "@id(\"crown-jewels\") @reason(\"x\") forbid (principal, action in Action::\"mutate\", resource)\nwhen {{ resource.crown_jewel && context.approvals < {number} }};"
        ))
    };
    let mut asked = question();
    asked.target.crown_jewel = true;
    assert_eq!(wanting(3).decide(&asked).kind, VerdictKind::NeedsApproval(3));
    let verdict = wanting(4).decide(&asked);
    assert_eq!((verdict.kind, verdict.rules[0].id.as_str()), (VerdictKind::Denied, "crown-jewels"));
}

/// The line that docs/POLICY.md shows.
#[test]
fn a_problem_reads_as_documented() {
    let text = "@id(\"no-payments\")\n@reason(\"x\")\n\nforbid (principal, action in Action::\"mutate\", resource)\nwhen { resource.enviroment == Environment::\"production\" };\n// end\n";
    let found = Policies::load(&[("mine.cedar", text)], &shipped_schema()).expect_err("a problem");
    let line = found.to_string();
    let manual = include_str!("../../../../../docs/POLICY.md");
    assert!(manual.contains(&line), "{line}");
}
