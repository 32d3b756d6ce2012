use std::collections::BTreeMap;

use firebreak_core::AssetId;
use firebreak_core::StepId;
use firebreak_core::graph::Dependants;
use firebreak_core::graph::cut::{CutChoice, CutOption, LeastCut};
use firebreak_engine::{Cut, Outcome, Standing, WeighedStep, Weighing};
use firebreak_wire as wire;

use super::{bounds, cut, recommended, words};

fn option(step: &str, removes: u64, cuts_off: usize, breaks: &[&str]) -> CutOption {
    CutOption {
        steps: vec![StepId::new(step)],
        removes,
        cuts_off,
        breaks: breaks.iter().map(|name| AssetId::new(*name)).collect(),
        cost: 1,
    }
}

fn choice(options: Vec<CutOption>) -> CutChoice {
    CutChoice {
        paths: 15,
        paths_are_all: true,
        crown_jewels: 2,
        cut_off_is_exact: true,
        sets_are_all: true,
        alone: options.clone(),
        order: Vec::new(),
        options,
        useless: Vec::new(),
        unknown: Vec::new(),
    }
}

fn weighing(outcome: Outcome) -> Weighing {
    let steps = BTreeMap::new();
    Weighing { outcome, steps, hops: 4, named: BTreeMap::new(), by_hand: false }
}

fn picked(options: Vec<CutOption>) -> (String, String) {
    let choice = choice(options);
    let (best, why) = recommended(&choice).unwrap();
    (best.steps[0].to_string(), why)
}

#[test]
fn the_one_to_take_cuts_off_the_most_and_breaks_the_least() {
    let (best, why) = picked(vec![
        option("a", 15, 2, &["x", "y"]),
        option("b", 14, 2, &["x"]),
        option("c", 9, 1, &[]),
    ]);
    assert_eq!(best, "b");
    assert_eq!(why, "It cuts off all 2 crown jewels, and breaks the least of those that do.");
    let (best, why) = picked(vec![option("a", 9, 0, &["x"]), option("b", 5, 0, &[])]);
    assert_eq!(best, "a");
    assert!(why.starts_with("No set of steps cuts a crown jewel off"), "{why}");
    assert!(recommended(&choice(Vec::new())).is_none());
}

#[test]
fn a_step_is_told_in_words() {
    let weighed = |breaks: usize, are_all, standing| WeighedStep {
        standing,
        breaks: Dependants {
            assets: (0..breaks).map(|number| AssetId::new(format!("a{number}"))).collect(),
            are_all,
        },
        leaves: String::new(),
    };
    let mut choice = choice(Vec::new());
    let said = |one, choice: &CutChoice| words(&one, Some(choice), 14);
    let one = weighed(1, true, Standing::Candidate);
    assert_eq!(said(one, &choice), "removes 14 of 15 paths, breaks 1");
    choice.paths_are_all = false;
    let many = weighed(3, false, Standing::Candidate);
    assert_eq!(said(many, &choice), "removes at least 14 of 15 counted paths, breaks at least 3");
    let out = weighed(0, true, Standing::LeftOut);
    assert_eq!(
        said(out, &choice),
        "not weighed: it can't be taken as it stands, breaks nothing that is known"
    );
}

#[test]
fn bounds_are_said_each_by_itself() {
    let mut all = choice(Vec::new());
    assert!(bounds(&all, &weighing(Outcome::Late)).is_empty());
    (all.paths_are_all, all.cut_off_is_exact, all.sets_are_all) = (false, false, false);
    all.unknown = vec![AssetId::new("i-1")];
    let said = bounds(&all, &weighing(Outcome::Late));
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[0].starts_with("Counting stopped at 15 paths"));
}

#[test]
fn without_an_answer_the_playbook_stands_and_the_reason_is_said() {
    let said = |outcome| cut(&weighing(outcome), &[]);
    let late = said(Outcome::Late);
    assert_eq!(late.state, wire::CutState::Late);
    assert_eq!(late.said, "The playbook's order stands: weighing the steps took too long.");
    assert!(late.options.is_empty() && late.least.is_none() && !late.outdated);
    let least = LeastCut { steps: None, cost: 0, left_out: Vec::new() };
    let idle = said(Outcome::Weighed(Box::new(Cut { choice: choice(Vec::new()), least })));
    assert!(
        idle.said.ends_with(
            "15 paths to 2 crown jewels within 4 hops, and none of these steps removes any."
        ),
        "{}",
        idle.said
    );
    let unknown = said(Outcome::Unknown(Vec::new()));
    assert_eq!(unknown.state, wire::CutState::Unknown);
    let problem = firebreak_core::graph::cut::CutProblem::TooLarge { hops: 4 };
    assert!(said(Outcome::TooMuch(problem)).said.contains("within 4 hops of the incident"));
}

#[test]
fn too_many_options_are_cut_and_the_one_to_take_stays() {
    // Fewer paths for less harm, the last with the least: the one to take is far down.
    let options: Vec<CutOption> = (0..40_u64)
        .map(|number| {
            let names: Vec<String> = (number..40).map(|one| format!("a{one}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            option(&format!("s{number:02}"), 100 - number, 1, &names)
        })
        .collect();
    let least = LeastCut { steps: None, cost: 0, left_out: Vec::new() };
    let choice = choice(options);
    let view = cut(&weighing(Outcome::Weighed(Box::new(Cut { choice, least }))), &[]);
    assert_eq!(view.options.len(), super::MOST_OPTIONS);
    assert!(view.options.last().is_some_and(|last| last.recommended.is_some()));
    assert!(view.bounds.iter().any(|bound| bound.starts_with("16 more ways to cut")));
    assert!(view.options.iter().all(|one| one.steps.is_empty()));
}
