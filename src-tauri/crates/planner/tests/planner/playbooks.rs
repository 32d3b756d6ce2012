//! What loads, and what is said of what does not.

use firebreak_core::ActionId;
use firebreak_core::playbook::TargetRule;
use firebreak_planner::playbooks::{GENERIC, SHIPPED, generic};
use firebreak_planner::{load, load_with_overrides, shipped};

const GOOD: &str = r#"id = "noisy-build"
version = 3
title = "Build noise"
threat = "noise"
summary = ["{title} on {asset} in {account}."]
hypothesis = ["The build did it."]

[match]
techniques = ["T1027.004"]
words = ["compiler"]
resource = ["instance"]
at_least = "low"

[[step]]
action = "aws.ec2.stop"
target = "resource"
why = "It can be built again."
"#;

/// Every problem of the good file with one passage replaced.
fn problems(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "the good file has no {from}");
    let text = GOOD.replacen(from, to, 1);
    let problems = load(&[("broken.toml", &text)]).expect_err("it is broken");
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_shipped_file_loads_under_its_own_name() {
    let playbooks = load(&SHIPPED).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let ids: Vec<String> =
        playbooks.iter().map(|playbook| format!("{}.toml", playbook.id)).collect();
    let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    assert_eq!(ids, names);
    assert_eq!(shipped(), playbooks);
}

#[test]
fn the_shipped_list_is_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../assets/playbooks");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder is part of the checkout")
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    assert_eq!(files, SHIPPED.map(|(name, _)| name.to_owned()));
}

#[test]
fn a_miner_is_isolated_before_it_is_stopped() {
    let playbooks = shipped();
    let miner = playbooks
        .iter()
        .find(|playbook| playbook.id == "crypto-mining-ec2")
        .expect("it is shipped");
    let steps: Vec<_> =
        miner.steps.iter().map(|step| (step.action, step.target, step.mandatory)).collect();
    assert_eq!(
        steps,
        [
            (ActionId::Ec2Isolate, TargetRule::Resource, true),
            (ActionId::Ec2Stop, TargetRule::Resource, false),
            (ActionId::IamDetachInstanceProfile, TargetRule::Resource, false),
            (ActionId::IamDeactivateAccessKey, TargetRule::ActorAccessKey, false),
        ]
    );
}

#[test]
fn a_good_file_is_read_as_it_stands() {
    insta::assert_json_snapshot!(load(&[("good.toml", GOOD)]).expect("it is good")[0]);
}

#[test]
fn problems_name_file_line_and_column() {
    let cases = [
        ("no TOML at all", "id = \"noisy-build\"", "id = noisy-build"),
        ("unknown field", "version = 3", "version = 3\ncolour = \"red\""),
        ("unknown field of match", "at_least", "atleast"),
        ("unknown field of a step", "why = ", "mandatry = true\nwhy = "),
        ("missing field", "threat = \"noise\"\n", ""),
        ("missing field of a step", "why = \"It can be built again.\"\n", ""),
        ("wrong type", "version = 3", "version = \"3\""),
        ("version 0", "version = 3", "version = 0"),
        ("id", "noisy-build", "Noisy Build"),
        ("threat", "threat = \"noise\"", "threat = \"\""),
        ("empty title", "Build noise", "  "),
        ("no summary", "[\"{title} on {asset} in {account}.\"]", "[]"),
        ("too much hypothesis", "[\"The build did it.\"]", "[\"1\", \"2\", \"3\", \"4\", \"5\"]"),
        ("empty sentence", "The build did it.", ""),
        ("unknown placeholder", "in {account}", "in {acount}"),
        ("open brace", "in {account}.", "in {account"),
        ("technique", "T1027.004", "TA0005"),
        ("technique's sub", "T1027.004", "T1027.4"),
        ("short word", "compiler", "e"),
        ("kind", "\"instance\"", "\"instance\", \"vm\""),
        ("severity", "at_least = \"low\"", "at_least = \"unknown\""),
        ("action", "aws.ec2.stop", "aws.ec2.terminate"),
        ("target", "target = \"resource\"", "target = \"neighbour\""),
        ("target that is no key", "target = \"resource\"", "target = \"actor_access_key\""),
        (
            "target that is never an instance",
            "resource = [\"instance\"]",
            "resource = [\"bucket\"]",
        ),
        ("empty why", "It can be built again.", ""),
        (
            "parameter",
            "why = \"It can be built again.\"",
            "why = \"So.\"\nparameters = { force = \"yes\" }",
        ),
        (
            "the same step twice",
            "why = \"It can be built again.\"",
            "why = \"So.\"\n\n[[step]]\naction = \"aws.ec2.stop\"\ntarget = \"resource\"\nwhy = \"Again.\"",
        ),
        ("characters, not bytes", "\"The build did it.\"", "\"Größe → ok.\", \"{was}\""),
    ];
    let listing: Vec<String> =
        cases.iter().map(|(name, from, to)| format!("-- {name}\n{}", problems(from, to))).collect();
    insta::assert_snapshot!(listing.join("\n\n"));
}

#[test]
fn an_empty_match_is_a_mistake() {
    let head = &GOOD[..GOOD.find("[match]").expect("it has one")];
    let check = |text: &str, expected: &str| {
        let problems = load(&[("p.toml", text)]).expect_err("it is broken");
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    };
    check(
        head,
        "p.toml:1:6: there is no [match]. Say when the playbook applies: techniques, words, resource or at_least.",
    );
    check(
        &format!("{head}[match]\n"),
        "p.toml:8:1: [match] is empty. Give at least one of techniques, words, resource and at_least.",
    );
    check(
        &GOOD.replace("noisy-build", GENERIC),
        "p.toml:8:1: the generic playbook has a [match]. It stands when nothing else does; leave [match] out.",
    );
}

#[test]
fn all_problems_are_told_at_once_and_by_file() {
    let first = GOOD.replace("noisy-build", "No").replace("compiler", "c");
    let problems = load(&[("a.toml", &first), ("b.toml", GOOD), ("c.toml", GOOD), ("d.toml", "=")])
        .expect_err("three are broken");
    insta::assert_snapshot!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn a_huge_file_is_not_read() {
    let text = format!("{GOOD}\n{}", "#".repeat(70_000));
    let problems = load(&[("huge.toml", &text)]).expect_err("it is too long");
    assert_eq!(
        problems[0].to_string(),
        format!(
            "huge.toml:1:1: the file is {} bytes long. A playbook has at most 65536.",
            text.len()
        )
    );
}

#[test]
fn hostile_toml_gives_a_problem_and_never_a_panic() {
    let deep = format!("a = {}", "[".repeat(20_000));
    let dotted = format!("{} = 1", vec!["a"; 10_000].join("."));
    let spans = "id = \"\u{feff}\r\r\n\t\u{1f600}\"\nversion = \"\u{1f600}\"";
    for text in
        [&deep, &dotted, spans, "\u{0}", "[match", "id = '''", "[[step]]\n[step]", "\u{feff}id = 1"]
    {
        assert!(load(&[("x.toml", text)]).is_err());
    }
    // Cut anywhere, and with any byte of it replaced, a good file is good or has a problem within it.
    for end in 0..GOOD.len() {
        let lines = GOOD[..end].lines().count().max(1);
        for problem in load(&[("cut.toml", &GOOD[..end])]).err().unwrap_or_default() {
            assert!(problem.line <= lines + 1 && problem.column >= 1, "{problem} of {lines} lines");
        }
        for byte in ["\"", "]", "\u{1b}", "{", "\u{1f600}"] {
            _ = load(&[("changed.toml", &format!("{}{byte}{}", &GOOD[..end], &GOOD[end + 1..]))]);
        }
    }
}

#[test]
fn a_workspace_replaces_by_id_and_a_broken_file_changes_nothing() {
    let own = GOOD.replace("noisy-build", "port-scan");
    let loaded =
        load_with_overrides(&[("mine.toml", &own), ("new.toml", GOOD), ("broken.toml", "id = 1")]);
    assert_eq!(loaded.playbooks.len(), SHIPPED.len() + 1);
    let of = |id: &str| {
        loaded.playbooks.iter().find(|playbook| playbook.id == id).map(|playbook| playbook.version)
    };
    assert_eq!((of("port-scan"), of("noisy-build"), of("generic")), (Some(3), Some(3), Some(1)));
    assert_eq!(loaded.problems.len(), 1);
    assert!(loaded.playbooks.is_sorted_by_key(|playbook| playbook.id.clone()));
    assert_eq!(load_with_overrides(&[]).playbooks, shipped());
}

#[test]
fn there_is_always_a_generic_playbook_and_it_does_nothing() {
    assert!(generic(&[]).steps.is_empty());
    let own = GOOD[..GOOD.find("[match]").expect("it has one")].replace("noisy-build", GENERIC);
    let loaded = load_with_overrides(&[("generic.toml", &own)]);
    assert_eq!(generic(&loaded.playbooks).title, "Build noise");
}
