//! Over random graphs: reach, hops, paths and counts are those of a walk over plain maps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

type Key = (AssetId, AssetId, EdgeKind);

fn an_edge() -> impl Strategy<Value = Saying> {
    let (from, to) = (select(&NAMES[..]), select(&NAMES[..]));
    (from, to, select(&EdgeKind::ALL[..])).prop_map(|(from, to, kind)| saying(from, to, kind))
}

fn a_cut() -> impl Strategy<Value = Severed> {
    let name = || select(&NAMES[..]).prop_map(id);
    let kind = || select(&EdgeKind::ALL[..]);
    prop_oneof![
        name().prop_map(Severed::Asset),
        an_edge().prop_map(|Saying { from, to, kind, .. }| Severed::Edge { from, to, kind }),
        (name(), kind()).prop_map(|(name, kind)| Severed::Into(name, kind)),
        (name(), kind()).prop_map(|(name, kind)| Severed::OutOf(name, kind)),
    ]
}

fn stands((from, to, kind): &Key, severed: &[Severed]) -> bool {
    !severed.iter().any(|one| match one {
        Severed::Asset(asset) => asset == from || asset == to,
        Severed::Edge { from: a, to: b, kind: by } => (a, b, by) == (from, to, kind),
        Severed::Into(asset, by) => (asset, by) == (to, kind),
        Severed::OutOf(asset, by) => (asset, by) == (from, kind),
    })
}

/// Hops to each asset, by relaxing all edges so many times.
fn naive(
    edges: &BTreeSet<Key>,
    starts: &[AssetId],
    outside: &BTreeSet<AssetId>,
    hops: u32,
) -> BTreeMap<AssetId, u32> {
    let mut reached: BTreeMap<AssetId, u32> =
        starts.iter().map(|start| (start.clone(), 0)).collect();
    for hop in 0..hops {
        for (from, to, _) in edges {
            let leads_on = reached.get(from) == Some(&hop) && (hop == 0 || !outside.contains(from));
            if leads_on && !reached.contains_key(to) {
                reached.insert(to.clone(), hop + 1);
            }
        }
    }
    reached
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn reach_is_that_of_a_naive_walk(
        told in vec(an_edge(), 0..40),
        starts in vec(select(&NAMES[..]).prop_map(id), 1..4),
        outside in btree_set(select(&NAMES[..]).prop_map(id), 0..3),
        jewels in btree_set(select(&NAMES[..]).prop_map(id), 0..4),
        severed in vec(a_cut(), 0..4),
        follow in btree_set(select(&EdgeKind::ALL[..]), 3..=5),
        hops in 0..6_u32,
        most in 0..10_usize,
    ) {
        let (mut graph, _) = AssetGraph::from_facts(told.iter().map(Saying::fact));
        for name in &outside {
            if let Some(number) = graph.number(name) {
                graph.places.put_outside(number);
            }
        }
        let names: Vec<&str> = jewels.iter().map(AssetId::as_str).collect();
        let graph = with_jewels(graph, &names);
        let follow: Vec<EdgeKind> = follow.into_iter().collect();
        let question = Question {
            from: &starts, hops, listed: most, follow: EdgeKinds::of(&follow), severed: &severed,
        };
        let mut scratch = Scratch::default();
        blast_radius(&graph, &Question::from(&starts), &mut scratch);
        let radius = blast_radius(&graph, &question, &mut scratch);

        let known: Vec<AssetId> =
            starts.iter().filter(|start| !radius.unknown.contains(start)).cloned().collect();
        let edges: BTreeSet<Key> = told
            .iter()
            .filter(|one| one.from != one.to && follow.contains(&one.kind))
            .map(|one| (one.from.clone(), one.to.clone(), one.kind))
            .filter(|edge| stands(edge, &severed))
            .collect();
        let mut expected = naive(&edges, &known, &outside, hops);
        let farther = naive(&edges, &known, &outside, hops + 1).len() > expected.len();
        expected.retain(|_, hops| *hops > 0);
        let (out, inside): (Vec<_>, Vec<_>) =
            expected.iter().partition(|(name, _)| outside.contains(name));
        prop_assert_eq!(radius.goes_on, farther);
        prop_assert_eq!(radius.assets(), inside.len());
        prop_assert_eq!(radius.outside, out.len());
        let gems = inside.iter().filter(|(name, _)| jewels.contains(name)).count();
        prop_assert_eq!(radius.crown_jewels, gems);
        prop_assert_eq!(radius.listed.len(), most.min(expected.len()));
        prop_assert_eq!(radius.unlisted(), expected.len() - radius.listed.len());
        let first: Vec<bool> = radius.listed.iter().map(|one| one.worth.crown_jewel && !one.outside).collect();
        prop_assert_eq!(first.iter().filter(|jewel| **jewel).count(), gems.min(most));
        prop_assert!(first.is_sorted_by(|one, other| one >= other), "crown jewels first");
        for one in &radius.listed {
            prop_assert_eq!(expected.get(&one.asset), Some(&one.hops));
            prop_assert_eq!(one.path.len(), one.hops as usize);
            let path: Vec<&WitnessedEdge> = radius.path(one).collect();
            let mut here = path[0].from.clone();
            prop_assert!(known.contains(&here));
            for edge in path {
                prop_assert_eq!(&here, &edge.from);
                prop_assert!(edges.contains(&(edge.from.clone(), edge.to.clone(), edge.kind)));
                here = edge.to.clone();
            }
            prop_assert_eq!(&here, &one.asset);
        }
    }
}
