//! Over small random graphs: paths, sets and least cuts are those of trying everything.

use std::cmp::Reverse;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::graph::cut::CutOption;

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const KINDS: [EdgeKind; 2] = [EdgeKind::Network, EdgeKind::Identity];

type Key = (AssetId, AssetId, EdgeKind);

fn a_name() -> impl Strategy<Value = AssetId> {
    select(&NAMES[..]).prop_map(id)
}

fn a_gate() -> impl Strategy<Value = Severed> {
    let kind = || select(&KINDS[..]);
    prop_oneof![
        a_name().prop_map(Severed::Asset),
        (a_name(), a_name(), kind()).prop_map(|(from, to, kind)| Severed::Edge { from, to, kind }),
        (a_name(), kind()).prop_map(|(name, kind)| Severed::Into(name, kind)),
        (a_name(), kind()).prop_map(|(name, kind)| Severed::OutOf(name, kind)),
    ]
}

/// Steps that sever up to so many things each.
fn some_steps(gates: usize, most: usize) -> impl Strategy<Value = Vec<Candidate>> {
    let one = (vec(a_gate(), 1..=gates), btree_set(a_name(), 0..3), 0..4_u32);
    vec(one, 0..=most).prop_map(|all| {
        let named = (0..).zip(all);
        named
            .map(|(index, (severs, breaks, cost))| {
                let step = StepId::new(format!("s{index}"));
                Candidate { step, severs, breaks, cost }
            })
            .collect()
    })
}

prop_compose! {
    fn a_world()(
        edges in vec((a_name(), a_name(), select(&KINDS[..])), 0..22),
        starts in btree_set(a_name(), 1..3),
        jewels in btree_set(a_name(), 0..4),
    ) -> World {
        let edges = edges.into_iter().filter(|(from, to, _)| from != to).collect();
        World { edges, starts, jewels }
    }
}

#[derive(Debug, Clone)]
struct World {
    edges: BTreeSet<Key>,
    starts: BTreeSet<AssetId>,
    jewels: BTreeSet<AssetId>,
}

impl World {
    fn graph(&self) -> AssetGraph {
        let sayings: Vec<Saying> = self
            .edges
            .iter()
            .map(|(from, to, kind)| saying(from.as_str(), to.as_str(), *kind))
            .collect();
        let (graph, _) = AssetGraph::from_facts(sayings.iter().map(Saying::fact));
        let names: Vec<&str> = self.jewels.iter().map(AssetId::as_str).collect();
        with_jewels(graph, &names)
    }

    fn attack(&self, hops: u32, candidates: &[Candidate]) -> Attack {
        self.attack_beginning(hops, candidates, &[])
    }

    fn attack_beginning(&self, hops: u32, candidates: &[Candidate], first: &[StepId]) -> Attack {
        let from: Vec<AssetId> = self.starts.iter().cloned().collect();
        let question = CutQuestion { hops, first, ..CutQuestion::from(&from, candidates) };
        Attack::of(&self.graph(), &question, &mut Scratch::default()).unwrap()
    }

    fn without(&self, steps: &[&Candidate]) -> Self {
        let severed = |(from, to, kind): &Key| {
            steps.iter().flat_map(|step| &step.severs).any(|one| match one {
                Severed::Asset(asset) => asset == from || asset == to,
                Severed::Edge { from: a, to: b, kind: by } => (a, b, by) == (from, to, kind),
                Severed::Into(asset, by) => (asset, by) == (to, kind),
                Severed::OutOf(asset, by) => (asset, by) == (from, kind),
            })
        };
        let edges = self.edges.iter().filter(|edge| !severed(edge)).cloned().collect();
        Self { edges, ..self.clone() }
    }

    /// Where each attack path ends.
    fn paths(&self, hops: u32) -> Vec<AssetId> {
        let mut ends = Vec::new();
        for start in &self.starts {
            self.follow(&mut vec![start.clone()], hops, &mut ends);
        }
        ends
    }

    fn follow(&self, path: &mut Vec<AssetId>, hops: u32, ends: &mut Vec<AssetId>) {
        let here = path[path.len() - 1].clone();
        if path.len() > 1 && self.jewels.contains(&here) {
            ends.push(here.clone());
        }
        if hops == 0 {
            return;
        }
        for (_, to, _) in self.edges.iter().filter(|(from, ..)| *from == here) {
            if !path.contains(to) && !self.starts.contains(to) {
                path.push(to.clone());
                self.follow(path, hops - 1, ends);
                path.pop();
            }
        }
    }

    fn weigh(&self, hops: u32, steps: &[&Candidate]) -> [u64; 4] {
        let (before, after) = (self.paths(hops), self.without(steps).paths(hops));
        let ends = |paths: &[AssetId]| paths.iter().collect::<BTreeSet<_>>().len();
        let breaks: BTreeSet<&AssetId> = steps.iter().flat_map(|step| &step.breaks).collect();
        [
            (before.len() - after.len()) as u64,
            (ends(&before) - ends(&after)) as u64,
            breaks.len() as u64,
            steps.iter().map(|step| u64::from(step.cost)).sum(),
        ]
    }
}

/// What a step adds, so that the greatest is the best: paths over one more than what breaks, in
/// parts of 5,040, which all that a small world breaks divides.
fn gain(before: &[u64; 4], after: &[u64; 4]) -> impl Ord + use<> {
    let more: Vec<u64> = before.iter().zip(after).map(|(one, other)| other - one).collect();
    let ratio = more[0] * 5_040 / (1 + more[2]);
    (ratio, more[0], more[1], Reverse(more[2]), Reverse(more[3]))
}

/// The order by trying each step at each place.
fn by_hand(world: &World, hops: u32, candidates: &[Candidate], first: &[StepId]) -> Vec<StepId> {
    let mut taken: Vec<&Candidate> = Vec::new();
    let mut left: Vec<&Candidate> = candidates.iter().collect();
    while !left.is_empty() {
        let any_first = left.iter().any(|one| first.contains(&one.step));
        let before = world.weigh(hops, &taken);
        let best = left
            .iter()
            .filter(|one| first.contains(&one.step) == any_first)
            .max_by_key(|one| {
                let with: Vec<&Candidate> = taken.iter().chain([*one]).copied().collect();
                (gain(&before, &world.weigh(hops, &with)), Reverse(one.step.clone()))
            })
            .copied()
            .unwrap();
        left.retain(|one| one.step != best.step);
        taken.push(best);
    }
    taken.into_iter().map(|one| one.step.clone()).collect()
}

fn numbers(option: &CutOption) -> [u64; 4] {
    [option.removes, option.cuts_off as u64, option.breaks.len() as u64, option.cost]
}

fn no_worse(one: &[u64; 4], other: &[u64; 4]) -> bool {
    one[0] >= other[0] && one[1] >= other[1] && one[2] <= other[2] && one[3] <= other[3]
}

fn subsets(candidates: &[Candidate]) -> impl Iterator<Item = Vec<&Candidate>> {
    (0..1_usize << candidates.len()).map(|set| {
        let those = candidates.iter().enumerate().filter(move |(bit, _)| set >> bit & 1 == 1);
        those.map(|(_, candidate)| candidate).collect()
    })
}

fn of<'a>(steps: &[StepId], candidates: &'a [Candidate]) -> Vec<&'a Candidate> {
    candidates.iter().filter(|candidate| steps.contains(&candidate.step)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_options_are_the_best_of_all_sets(
        world in a_world(), candidates in some_steps(2, 5), hops in 0..6_u32,
    ) {
        let choice = world.attack(hops, &candidates).pareto();
        let paths = world.paths(hops);
        prop_assert_eq!(choice.paths, paths.len() as u64);
        prop_assert_eq!(choice.crown_jewels, paths.iter().collect::<BTreeSet<_>>().len());
        let all: BTreeSet<[u64; 4]> =
            subsets(&candidates).map(|steps| world.weigh(hops, &steps)).collect();
        let nothing = [0; 4];
        let mut best: Vec<[u64; 4]> = all
            .iter()
            .filter(|one| !all.iter().any(|other| other != *one && no_worse(other, one)))
            .filter(|one| **one != nothing)
            .copied()
            .collect();
        best.sort();
        let mut told: Vec<[u64; 4]> = choice.options.iter().map(numbers).collect();
        told.sort();
        prop_assert_eq!(told, best);
        for option in choice.options.iter().chain(&choice.alone) {
            let steps = of(&option.steps, &candidates);
            prop_assert_eq!(numbers(option), world.weigh(hops, &steps));
        }
        for step in &choice.useless {
            prop_assert_eq!(world.weigh(hops, &of(std::slice::from_ref(step), &candidates))[0], 0);
        }
    }

    #[test]
    fn with_many_steps_it_is_true_and_never_worse_than_one_alone(
        world in a_world(), candidates in some_steps(2, 24), hops in 1..6_u32,
    ) {
        let choice = world.attack(hops, &candidates).pareto();
        for option in &choice.options {
            let steps = of(&option.steps, &candidates);
            prop_assert_eq!(numbers(option), world.weigh(hops, &steps));
            let mut others = choice.options.iter().filter(|other| *other != option);
            let beaten = others.any(|other| no_worse(&numbers(other), &numbers(option)));
            prop_assert!(!beaten);
        }
        for candidate in &candidates {
            let alone = world.weigh(hops, &[candidate]);
            let matched = choice.options.iter().any(|option| no_worse(&numbers(option), &alone));
            prop_assert!(matched || no_worse(&[0; 4], &alone));
        }
    }

    #[test]
    fn the_order_is_that_of_trying_each_step_at_each_place(
        world in a_world(), candidates in some_steps(2, 5), hops in 1..5_u32,
        first in btree_set(0..5_u32, 0..3),
    ) {
        let first: Vec<StepId> =
            first.into_iter().map(|one| StepId::new(format!("s{one}"))).collect();
        let choice = world.attack_beginning(hops, &candidates, &first).pareto();
        let useful: Vec<Candidate> =
            candidates.iter().filter(|one| !choice.useless.contains(&one.step)).cloned().collect();
        prop_assert_eq!(&choice.order, &by_hand(&world, hops, &useful, &first));
        let reversed: Vec<Candidate> = candidates.iter().rev().cloned().collect();
        prop_assert_eq!(world.attack_beginning(hops, &reversed, &first).pareto().order, choice.order);
    }

    #[test]
    fn the_least_cut_is_the_cheapest_of_all_sets(
        world in a_world(), candidates in some_steps(1, 8),
    ) {
        let hops = MOST_HOPS;
        let attack = world.attack(hops, &candidates);
        let least = attack.least_cut();
        prop_assert!(least.left_out.is_empty());
        let cheapest = subsets(&candidates)
            .filter(|steps| world.without(steps).paths(hops).is_empty())
            .map(|steps| (steps.iter().map(|step| u64::from(step.cost)).sum::<u64>(), steps.len()))
            .min();
        let found = least.steps.as_ref().map(|steps| (least.cost, steps.len()));
        prop_assert_eq!(found, cheapest);
        if let Some(steps) = &least.steps {
            prop_assert!(world.without(&of(steps, &candidates)).paths(hops).is_empty());
        }
        let reversed: Vec<Candidate> = candidates.iter().rev().cloned().collect();
        prop_assert_eq!(world.attack(hops, &reversed).least_cut(), least);
    }

    #[test]
    fn a_least_cut_within_some_hops_cuts_within_them(
        world in a_world(), candidates in some_steps(3, 8), hops in 0..5_u32,
    ) {
        let least = world.attack(hops, &candidates).least_cut();
        if let Some(steps) = &least.steps {
            prop_assert!(world.without(&of(steps, &candidates)).paths(hops).is_empty());
        }
    }
}
