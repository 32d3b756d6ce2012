//! Choosing the cut: single cases, and what strangers could ask.

use std::collections::BTreeSet;

use super::cut::{Attack, Candidate, CutChoice, CutProblem, CutQuestion, LeastCut, MOST_STEPS};
use super::*;
use crate::StepId;

mod brute;

fn step(name: &str, severs: &[Severed], breaks: &[&str], cost: u32) -> Candidate {
    Candidate {
        step: StepId::new(name),
        severs: severs.to_vec(),
        breaks: breaks.iter().map(|name| id(name)).collect(),
        cost,
    }
}

fn off(name: &str) -> Severed {
    Severed::Asset(id(name))
}

fn cut_edge(from: &str, to: &str) -> Severed {
    Severed::Edge { from: id(from), to: id(to), kind: EdgeKind::Network }
}

fn attack(graph: &AssetGraph, from: &[&str], candidates: &[Candidate]) -> Attack {
    let from = ids(from);
    Attack::of(graph, &CutQuestion::from(&from, candidates), &mut Scratch::default()).unwrap()
}

/// `steps: removes/cuts off/breaks/cost`.
fn told(choice: &CutChoice) -> Vec<String> {
    let options = choice.options.iter().map(|option| {
        let steps: Vec<&str> = option.steps.iter().map(StepId::as_str).collect();
        let (steps, breaks) = (steps.join("+"), option.breaks.len());
        format!("{steps}: {}/{}/{breaks}/{}", option.removes, option.cuts_off, option.cost)
    });
    options.collect()
}

fn least(attack: &Attack) -> (Option<Vec<String>>, u64) {
    let LeastCut { steps, cost, .. } = attack.least_cut();
    (steps.map(|all| all.iter().map(ToString::to_string).collect()), cost)
}

/// Two ways from web to the vault and one to the books, all but one through the role.
fn house() -> AssetGraph {
    with_jewels(drawn("web>role role>vault role>job job>vault web>books"), &["vault", "books"])
}

#[test]
fn the_best_sets_are_told_and_no_others() {
    let steps = [
        step("revoke role", &[off("role")], &["batch"], 2),
        step("close books", &[Severed::Into(id("books"), EdgeKind::Network)], &[], 1),
        step("stop job", &[off("job")], &["batch"], 1),
        step("stop web", &[off("web")], &["shop", "batch"], 1),
        step("stop bystander", &[off("bystander")], &["bystander"], 1),
    ];
    let choice = attack(&house(), &["web"], &steps).pareto();
    assert_eq!((choice.paths, choice.paths_are_all, choice.crown_jewels), (3, true, 2));
    assert!(choice.cut_off_is_exact && choice.sets_are_all);
    assert_eq!(
        told(&choice),
        [
            "close books+revoke role: 3/2/1/3",
            "stop web: 3/2/2/1",
            "revoke role: 2/1/1/2",
            "close books: 1/1/0/1",
        ]
    );
    assert_eq!(choice.useless, [StepId::new("stop bystander")]);
    assert_eq!(choice.alone.len(), 4);
    assert_eq!(choice.to_string(), "3 paths to 2 crown jewels");
    assert_eq!(
        choice.options[3].to_string(),
        "removes 1 paths, cuts off 1 crown jewels, breaks 1, costs 1"
            .replace("breaks 1", "breaks 0")
    );
}

#[test]
fn the_least_cut_is_by_cost_and_then_by_steps() {
    let mut steps = vec![
        step("a", &[cut_edge("web", "role")], &[], 2),
        step("b", &[cut_edge("web", "books")], &[], 3),
        step("c", &[off("vault")], &[], 1),
        step("d", &[cut_edge("role", "vault")], &[], 1),
        step("e", &[cut_edge("job", "vault")], &[], 0),
        step("f", &[cut_edge("role", "vault"), cut_edge("role", "job")], &[], 0),
    ];
    let graph = house();
    let found = |steps: &[Candidate]| least(&attack(&graph, &["web"], steps));
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(found(&steps), (names(&["b", "c"]), 4));
    assert_eq!(attack(&graph, &["web"], &steps).least_cut().left_out, [StepId::new("f")]);
    steps[2].cost = 9;
    assert_eq!(found(&steps), (names(&["b", "d", "e"]), 4));
    assert_eq!(found(&steps[..1]), (None, 0));
    assert_eq!(found(&[]), (None, 0));
    let from = ids(&["vault"]);
    let apart = Attack::of(&graph, &CutQuestion::from(&from, &steps), &mut Scratch::default());
    assert_eq!(least(&apart.unwrap()), (Some(vec![]), 0), "there is no way from there");
}

#[test]
fn two_kinds_are_two_paths_and_are_cut_one_by_one() {
    let sayings = [saying("a", "b", EdgeKind::Network), saying("a", "b", EdgeKind::Identity)];
    let (graph, _) = AssetGraph::from_facts(sayings.iter().map(Saying::fact));
    let graph = with_jewels(graph, &["b"]);
    let steps = [
        step("isolate", &[Severed::OutOf(id("a"), EdgeKind::Network)], &[], 1),
        step("revoke", &[Severed::OutOf(id("a"), EdgeKind::Identity)], &[], 1),
    ];
    let attack = attack(&graph, &["a"], &steps);
    let expected = ["isolate+revoke: 2/1/0/2", "isolate: 1/0/0/1"];
    assert_eq!(told(&attack.pareto()), expected, "of equal steps the first");
    assert_eq!(least(&attack).1, 2);
}

#[test]
fn a_count_that_stops_says_so_and_what_is_cut_off_stays_true() {
    let mut edges = String::new();
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "d")] {
        for middle in 0..10 {
            edges += &format!("{from}>{from}{middle} {from}{middle}>{to} ");
        }
    }
    let graph = with_jewels(drawn(&edges), &["d"]);
    let from = ids(&["a"]);
    let steps = [step("stop b", &[off("b")], &[], 1), step("stop c7", &[off("c7")], &[], 0)];
    let question = CutQuestion { hops: 6, paths: 90, ..CutQuestion::from(&from, &steps) };
    let ask = |question| Attack::of(&graph, &question, &mut Scratch::default()).unwrap().pareto();
    let choice = ask(question);
    assert_eq!((choice.paths, choice.paths_are_all), (90, false));
    assert_eq!(choice.to_string(), "at least 90 paths to 1 crown jewels");
    let found: Vec<usize> = choice.options.iter().map(|option| option.cuts_off).collect();
    assert_eq!((choice.options[0].removes, found), (90, vec![1, 0]));
    let all = ask(CutQuestion { paths: 1_000, ..question });
    assert_eq!((all.paths, all.paths_are_all), (1_000, true));
    assert_eq!(told(&all), ["stop b: 1000/1/0/1", "stop c7: 100/0/0/0"]);
}

#[test]
fn what_was_contained_already_is_no_path() {
    let (graph, from, severed) = (house(), ids(&["web", "nowhere"]), [off("role")]);
    let question = CutQuestion { severed: &severed, ..CutQuestion::from(&from, &[]) };
    let attack = Attack::of(&graph, &question, &mut Scratch::default()).unwrap();
    assert_eq!((attack.crown_jewels(), attack.unknown()), (1, &ids(&["nowhere"])[..]));
    assert_eq!(attack.pareto().paths, 1);
}

#[test]
fn what_can_not_be_weighed_is_refused() {
    let (graph, from) = (house(), ids(&["web"]));
    let ask = |steps: &[Candidate]| {
        Attack::of(&graph, &CutQuestion::from(&from, steps), &mut Scratch::default()).map(|_| ())
    };
    let many: Vec<Candidate> =
        (0..=MOST_STEPS).map(|index| step(&format!("s{index}"), &[off("web")], &[], 1)).collect();
    assert_eq!(ask(&many), Err(CutProblem::TooManySteps { useful: MOST_STEPS + 1 }));
    assert_eq!(ask(&many[1..]), Ok(()));
    let same = step("s1", &[], &[], 0);
    assert_eq!(ask(&[same.clone(), same]), Err(CutProblem::SameStep(StepId::new("s1"))));
}

#[test]
fn a_crowd_of_equal_ways_ends_in_time() {
    let names: Vec<String> = (0..40).map(|index| format!("n{index}")).collect();
    let mut sayings = Vec::new();
    for from in &names {
        sayings.extend(names.iter().map(|to| saying(from, to, EdgeKind::Network)));
    }
    let (graph, _) = AssetGraph::from_facts(sayings.iter().map(Saying::fact));
    let graph = with_jewels(graph, &["n39", "n38"]);
    let steps: Vec<Candidate> =
        names.iter().map(|name| step(name, &[off(name)], &[name], 1)).collect();
    let from = ids(&["n0"]);
    let question = CutQuestion { hops: 8, ..CutQuestion::from(&from, &steps) };
    let attack = Attack::of(&graph, &question, &mut Scratch::default()).unwrap();
    let choice = attack.pareto();
    assert!(!choice.paths_are_all && !choice.sets_are_all);
    assert_eq!(choice.options[0].steps, [StepId::new("n0")]);
    assert_eq!(least(&attack), (Some(vec!["n0".to_owned()]), 1));
}
