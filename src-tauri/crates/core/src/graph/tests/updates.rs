//! Over random updates: the graph says what a plain map says, and what a graph built from scratch
//! says.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

#[derive(Debug, Clone)]
enum Update {
    Tell(Saying),
    Retract(Saying),
    Retire(&'static str, i64),
    Compact,
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const SOURCES: [&str; 3] = ["wiz", "orca", "aws"];

prop_compose! {
    fn a_saying()(
        from in select(&NAMES[..]), to in select(&NAMES[..]),
        kind in select(&EdgeKind::ALL[..3]),
        source in select(&SOURCES[..]),
        relation in select(vec!["reads", "exposed"]),
        reason in select(vec!["a policy", "port 22"]),
        second in 0..6_i64,
    ) -> Saying {
        let witness = Witness {
            at: at(second),
            source: source.to_owned(),
            relation: relation.to_owned(),
            reason: reason.to_owned(),
        };
        Saying { from: id(from), to: id(to), kind, witness }
    }
}

fn an_update() -> impl Strategy<Value = Update> {
    prop_oneof![
        12 => a_saying().prop_map(Update::Tell),
        6 => a_saying().prop_map(Update::Retract),
        1 => (select(&SOURCES[..]), 0..6_i64).prop_map(|(by, at)| Update::Retire(by, at)),
        1 => Just(Update::Compact),
    ]
}

/// By edge, by source's words, when last heard.
type Model = BTreeMap<(AssetId, AssetId, EdgeKind), BTreeMap<(String, String, String), Timestamp>>;

fn tell(model: &mut Model, saying: &Saying) {
    if saying.from == saying.to {
        return;
    }
    let Witness { at, source, relation, reason } = saying.witness.clone();
    let edge = model.entry((saying.from.clone(), saying.to.clone(), saying.kind)).or_default();
    let heard = edge.entry((source, relation, reason)).or_insert(at);
    *heard = at.max(*heard);
}

fn forget(
    model: &mut Model,
    gone: impl Fn(&(AssetId, AssetId, EdgeKind), &str, Timestamp) -> bool,
) {
    model.retain(|edge, witnesses| {
        witnesses.retain(|(source, ..), at| !gone(edge, source, *at));
        !witnesses.is_empty()
    });
}

fn update(graph: &mut AssetGraph, model: &mut Model, update: &Update) {
    let before = model.len();
    match update {
        Update::Tell(saying) => {
            tell(model, saying);
            let told = graph.tell(&saying.fact());
            assert_eq!(told, (saying.from != saying.to).then_some(model.len() > before));
        }
        Update::Retract(saying) => {
            let key = (saying.from.clone(), saying.to.clone(), saying.kind);
            let source = saying.witness.source.as_str();
            forget(model, |edge, by, _| *edge == key && by == source);
            graph.retract(&key.0, &key.1, key.2, source);
        }
        Update::Retire(source, second) => {
            forget(model, |_, by, heard| by == *source && heard < at(*second));
            assert_eq!(graph.retire(source, at(*second)), before - model.len());
        }
        Update::Compact => graph.compact(),
    }
}

fn edges_of(model: &Model) -> Vec<WitnessedEdge> {
    let edges = model.iter().map(|((from, to, kind), witnesses)| {
        let mut witnesses: Vec<Witness> = witnesses
            .iter()
            .map(|((source, relation, reason), at)| Witness {
                at: *at,
                source: source.clone(),
                relation: relation.clone(),
                reason: reason.clone(),
            })
            .collect();
        witnesses.sort_by(|one, other| other.cmp(one));
        WitnessedEdge { from: from.clone(), to: to.clone(), kind: *kind, witnesses }
    });
    edges.collect()
}

fn from_scratch(model: &Model) -> AssetGraph {
    let sayings: Vec<Saying> = edges_of(model)
        .into_iter()
        .flat_map(|WitnessedEdge { from, to, kind, witnesses }| {
            witnesses.into_iter().map(move |witness| Saying {
                from: from.clone(),
                to: to.clone(),
                kind,
                witness,
            })
        })
        .collect();
    AssetGraph::from_facts(sayings.iter().map(Saying::fact)).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn updates_say_what_a_fresh_graph_says(
        first in vec(a_saying(), 0..60),
        updates in vec(an_update(), 0..80),
        starts in vec(select(&NAMES[..]), 1..3),
        hops in 0..5_u32,
    ) {
        let (mut graph, _) = AssetGraph::from_facts(first.iter().map(Saying::fact));
        let mut model = Model::new();
        first.iter().for_each(|saying| tell(&mut model, saying));
        for one in &updates {
            update(&mut graph, &mut model, one);
            prop_assert_eq!(graph.edges(), model.len());
        }
        let fresh = from_scratch(&model);
        prop_assert_eq!(all_edges(&graph), edges_of(&model));
        prop_assert_eq!(all_edges(&fresh), edges_of(&model));
        let (updated, fresh) = (radius(&graph, &starts, hops), radius(&fresh, &starts, hops));
        prop_assert_eq!(&updated.by_hops, &fresh.by_hops);
        prop_assert_eq!(updated.goes_on, fresh.goes_on);
        let sorted = |radius: &BlastRadius| {
            let mut all: Vec<(AssetId, u32)> =
                radius.listed.iter().map(|one| (one.asset.clone(), one.hops)).collect();
            all.sort();
            all
        };
        prop_assert_eq!(sorted(&updated), sorted(&fresh));
    }

    #[test]
    fn the_order_of_what_is_told_changes_nothing(
        (told, otherwise) in vec(a_saying(), 0..60)
            .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
    ) {
        let mut graph = AssetGraph::default();
        for saying in &told {
            graph.tell(&saying.fact());
        }
        let (other, _) = AssetGraph::from_facts(otherwise.iter().map(Saying::fact));
        prop_assert_eq!(all_edges(&graph), all_edges(&other));
    }
}

#[test]
fn rows_are_written_anew_by_themselves_and_nothing_is_lost() {
    let names: Vec<String> = (0..200).map(|index| format!("n{index}")).collect();
    let mut graph = AssetGraph::default();
    for from in &names {
        for to in names.iter().filter(|to| *to != from) {
            graph.tell(&saying(from, to, EdgeKind::Data).fact());
        }
    }
    assert_eq!(graph.edges(), 200 * 199);
    assert!(graph.overlay.len() < 10_000, "most edges are in the rows");
    for to in &names {
        graph.retract(&id("n0"), &id(to), EdgeKind::Data, "wiz");
    }
    assert_eq!((graph.edges(), graph.edges_from(&id("n0")).len()), (199 * 199, 0));
}

#[test]
fn words_that_always_differ_do_not_grow_the_graph() {
    let mut graph = AssetGraph::default();
    for index in 0..30_000 {
        let mut saying = saying("a", "b", EdgeKind::Data);
        saying.witness.reason = format!("seen for the {index}th time");
        saying.witness.at = at(index);
        graph.tell(&saying.fact());
    }
    let edges = graph.edges_from(&id("a"));
    assert_eq!(edges[0].witnesses.len(), WITNESSES_CAP);
    assert_eq!(edges[0].witnesses[0].at, at(29_999), "the newest stay");
    assert!(graph.said.len() < 15_000, "{} are kept", graph.said.len());
}

#[test]
fn of_too_many_witnesses_the_newest_stay_in_whatever_order_they_come() {
    let told = |index: i64| {
        let mut saying = saying("a", "b", EdgeKind::Data);
        saying.witness.reason = format!("reason {}", index * 7 % 40);
        saying.witness.at = at(index / 2);
        saying
    };
    let newest: Vec<Saying> = (0..40).map(told).collect();
    let mut graphs = [AssetGraph::default(), AssetGraph::default()];
    for (one, other) in newest.iter().zip(newest.iter().rev()) {
        graphs[0].tell(&one.fact());
        graphs[1].tell(&other.fact());
    }
    let mut expected: Vec<Witness> = newest.into_iter().map(|saying| saying.witness).collect();
    expected.sort_by(|one, other| other.cmp(one));
    expected.truncate(WITNESSES_CAP);
    for graph in graphs {
        assert_eq!(graph.edges_from(&id("a"))[0].witnesses, expected);
    }
}
