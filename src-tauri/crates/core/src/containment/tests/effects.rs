//! What actions take out of the graph and whom they hit, against trying every path on small graphs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use crate::containment::{Evidence, effect};
use crate::graph::cut::{Attack, Candidate, CutQuestion};
use crate::graph::{
    AssetGraph, Dependants, Dependence, EdgeKind, Fact, MOST_DEPENDANTS, Scratch, Severed,
};
use crate::observed::{AccessKey, AccessKeys, KeyStatus, Observed};
use crate::{ActionId, AssetId, StepId, Timestamp};

const NAMES: [&str; 6] =
    ["i-1", "AKIA1", "arn:aws:iam::1:user/ops/bot", "arn:aws:iam::1:role/web", "pod", "vault"];

type Edge = (&'static str, &'static str, EdgeKind);

fn id(name: &str) -> AssetId {
    AssetId::new(name)
}

fn graph(edges: &[Edge]) -> AssetGraph {
    let at = Timestamp::from_timestamp(0, 0).unwrap();
    let mut graph = AssetGraph::default();
    for (from, to, kind) in edges {
        let (from, to) = (id(from), id(to));
        let (source, relation, reason) = ("test", "says", "so");
        graph.tell(&Fact { from: &from, to: &to, kind: *kind, source, at, relation, reason });
    }
    graph
}

fn key_of(user: &str, others: &[KeyStatus]) -> Observed {
    let all = std::iter::once(&KeyStatus::Active).chain(others);
    let keys = (1..)
        .zip(all)
        .map(|(number, status)| AccessKey { id: format!("AKIA{number}"), status: *status });
    Observed::AccessKey(AccessKeys {
        account: "1".to_owned(),
        key_id: "AKIA1".to_owned(),
        user: Some(user.to_owned()),
        keys: keys.collect(),
    })
}

/// What an action leaves of the edges, as a word each: what a person would say is still there.
fn left(action: ActionId, target: &str, edges: &[Edge]) -> Vec<String> {
    let effect = effect(action, &id(target), None);
    let gone = |(from, to, kind): &Edge| {
        effect.severs.iter().any(|one| match one {
            Severed::Asset(asset) => *asset == id(from) || *asset == id(to),
            Severed::Edge { from: a, to: b, kind: by } => (a, b, by) == (&id(from), &id(to), kind),
            Severed::Into(asset, by) => (asset, by) == (&id(to), kind),
            Severed::OutOf(asset, by) => (asset, by) == (&id(from), kind),
        })
    };
    let stay = edges.iter().filter(|edge| !gone(edge));
    stay.map(|(from, to, kind)| format!("{from} {} {to}", kind.name())).collect()
}

fn all_around(target: &'static str) -> Vec<Edge> {
    let into = EdgeKind::ALL.into_iter().map(|kind| ("pod", target, kind));
    into.chain(EdgeKind::ALL.into_iter().map(|kind| (target, "vault", kind))).collect()
}

#[test]
fn isolating_takes_packets_and_no_credentials() {
    let left = left(ActionId::Ec2Isolate, "i-1", &all_around("i-1"));
    assert_eq!(
        left,
        [
            "pod identity i-1",
            "pod data i-1",
            "pod workload i-1",
            "pod unclear i-1",
            "i-1 identity vault",
            "i-1 data vault",
            "i-1 workload vault",
            "i-1 unclear vault",
        ]
    );
}

#[test]
fn stopping_also_ends_what_is_run_there_from_outside() {
    let left = left(ActionId::Ec2Stop, "i-1", &all_around("i-1"));
    assert_eq!(
        left,
        [
            "pod identity i-1",
            "pod data i-1",
            "pod unclear i-1",
            "i-1 identity vault",
            "i-1 data vault",
            "i-1 workload vault",
            "i-1 unclear vault",
        ]
    );
}

#[test]
fn a_key_takes_what_is_done_by_it_and_nothing_of_its_owner() {
    let mut edges = all_around("AKIA1");
    edges.push(("arn:aws:iam::1:user/ops/bot", "vault", EdgeKind::Data));
    let left = left(ActionId::IamDeactivateAccessKey, "AKIA1", &edges);
    assert_eq!(left.len(), 6, "{left:?}");
    assert!(left.iter().all(|edge| !edge.starts_with("AKIA1")));
    assert!(left.contains(&"arn:aws:iam::1:user/ops/bot data vault".to_owned()));
}

#[test]
fn a_denied_user_does_nothing_and_what_can_be_had_again_is_not_gone() {
    let (user, role) = ("arn:aws:iam::1:user/ops/bot", "arn:aws:iam::1:role/web");
    let denied = left(ActionId::IamDenyUser, user, &all_around(user));
    assert_eq!(denied.len(), 5, "{denied:?}");
    assert!(denied.iter().all(|edge| !edge.starts_with(user)));
    let around = all_around(role);
    assert_eq!(left(ActionId::IamRevokeRoleSessions, role, &around).len(), around.len());
    let machine = all_around("i-1");
    let detached = left(ActionId::IamDetachInstanceProfile, "i-1", &machine);
    assert_eq!(detached.len(), machine.len(), "what was fetched before still works");
    for action in ActionId::ALL.into_iter().filter(|action| !action.contains()) {
        assert_eq!(left(action, "i-1", &machine).len(), machine.len(), "{action} stops nobody");
    }
}

#[test]
fn what_a_key_leaves_counts_the_keys_that_still_work() {
    let says = |observed: &Observed| {
        effect(ActionId::IamDeactivateAccessKey, &id("AKIA1"), Some(observed)).leaves
    };
    let alone = says(&key_of("bot", &[KeyStatus::Inactive]));
    assert_eq!(alone, "Sessions that were opened with it live on, for up to 36 hours.");
    assert!(says(&key_of("bot", &[KeyStatus::Active])).ends_with("has another active key."));
}

#[test]
fn evidence_is_secured_by_isolating_and_lost_by_stopping() {
    let evidence = |action| effect(action, &id("i-1"), None).evidence;
    assert_eq!(evidence(ActionId::Ec2Isolate), Evidence::Preserves);
    assert_eq!(evidence(ActionId::Ec2Stop), Evidence::Destroys);
    assert_eq!(evidence(ActionId::IamDeactivateAccessKey), Evidence::Keeps);
}

#[test]
fn whom_a_step_hits_is_named() {
    let bot = "arn:aws:iam::1:user/ops/bot";
    let graph = graph(&[
        ("pod", "i-1", EdgeKind::Network),
        ("i-1", "batch", EdgeKind::Workload),
        ("i-1", "db", EdgeKind::Network),
        ("role", "i-1", EdgeKind::Workload),
        ("ci", "AKIA1", EdgeKind::Identity),
        ("AKIA1", bot, EdgeKind::Identity),
        ("AKIA1", "arn:aws:iam::1:role/bot", EdgeKind::Identity),
    ]);
    let names = |action, target, observed: Option<&Observed>, but: &[&str]| -> Vec<String> {
        let lists = [effect(action, &id(target), observed).dependence];
        let but = but.iter().map(|name| id(name)).collect();
        graph.dependants(&lists, &but)[0].assets.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(ActionId::Ec2Stop, "i-1", None, &[]), ["batch", "pod"]);
    assert_eq!(names(ActionId::Ec2Isolate, "i-1", None, &["pod"]), ["batch"]);
    let key = key_of("bot", &[]);
    assert_eq!(names(ActionId::IamDeactivateAccessKey, "AKIA1", Some(&key), &[]), [bot, "ci"]);
    assert_eq!(names(ActionId::IamDeactivateAccessKey, "AKIA1", None, &[]), ["ci"]);
    assert_eq!(names(ActionId::Ec2Stop, "i-unheard-of", None, &[]), [""; 0]);
}

#[test]
fn too_many_dependants_are_a_lower_bound_whatever_the_order() {
    let names: Vec<String> = (0..MOST_DEPENDANTS + 5).map(|n| format!("caller {n:05}")).collect();
    let at = Timestamp::from_timestamp(0, 0).unwrap();
    let told = |names: &[&String]| -> Dependants {
        let to = id("i-1");
        let ids: Vec<AssetId> = names.iter().map(|name| id(name)).collect();
        let facts = ids.iter().map(|from| Fact {
            from,
            to: &to,
            kind: EdgeKind::Network,
            source: "test",
            at,
            relation: "calls",
            reason: "",
        });
        let (graph, _) = AssetGraph::from_facts(facts);
        let lists = [vec![Dependence::Into(to.clone(), EdgeKind::Network)]];
        graph.dependants(&lists, &BTreeSet::new()).remove(0)
    };
    let there = told(&names.iter().collect::<Vec<_>>());
    assert_eq!((there.assets.len(), there.are_all), (MOST_DEPENDANTS, false));
    assert!(there.assets.contains(&id("caller 00000")));
    assert_eq!(there, told(&names.iter().rev().collect::<Vec<_>>()));
}

/// Every path by brute force, as lists of edges.
fn paths(edges: &[Edge], from: &str, hops: usize) -> Vec<Vec<Edge>> {
    fn follow(
        edges: &[Edge],
        been: &mut Vec<&'static str>,
        path: &mut Vec<Edge>,
        hops: usize,
        found: &mut Vec<Vec<Edge>>,
    ) {
        let here = been[been.len() - 1];
        if here == "vault" && !path.is_empty() {
            found.push(path.clone());
        }
        if path.len() == hops {
            return;
        }
        for edge in edges.iter().filter(|edge| edge.0 == here) {
            if !been.contains(&edge.1) {
                been.push(edge.1);
                path.push(*edge);
                follow(edges, been, path, hops, found);
                been.pop();
                path.pop();
            }
        }
    }
    let start = NAMES.into_iter().find(|name| *name == from).unwrap();
    let mut found = Vec::new();
    follow(edges, &mut vec![start], &mut Vec::new(), hops, &mut found);
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_step_removes_the_paths_that_trying_each_says(
        edges in btree_set((select(&NAMES[..]), select(&NAMES[..]), select(&EdgeKind::ALL[..])), 0..20),
        steps in vec((select(&ActionId::ALL[..]), select(&NAMES[..])), 1..5),
        from in select(&NAMES[..5]),
    ) {
        let edges: Vec<Edge> = edges.into_iter().filter(|(from, to, _)| from != to).collect();
        let mut graph = graph(&edges);
        let vault = crate::asset::Neighbour {
            id: id("vault"),
            name: "vault".to_owned(),
            kind: "bucket".to_owned(),
            external: false,
            crown_jewel: true,
        };
        let jewels = crate::asset::Neighbourhood { nodes: vec![vault], edges: Vec::new() };
        graph.absorb("test", &jewels, Timestamp::from_timestamp(0, 0).unwrap());
        let candidates: Vec<Candidate> = (0..)
            .zip(&steps)
            .map(|(number, (action, target))| Candidate {
                step: StepId::new(format!("s{number}")),
                severs: effect(*action, &id(target), None).severs,
                breaks: BTreeSet::new(),
                cost: 1,
            })
            .collect();
        let from_ids = [id(from)];
        let question = CutQuestion::from(&from_ids, &candidates);
        let choice = Attack::of(&graph, &question, &mut Scratch::default()).unwrap().pareto();
        let all = paths(&edges, from, 4);
        prop_assert_eq!(choice.paths, all.len() as u64);
        let alone: BTreeMap<&StepId, u64> =
            choice.alone.iter().map(|one| (&one.steps[0], one.removes)).collect();
        for ((action, target), candidate) in steps.iter().zip(&candidates) {
            let removed = all.iter().filter(|path| left(*action, target, path).len() < path.len());
            let told = alone.get(&candidate.step).copied().unwrap_or(0);
            prop_assert_eq!(told, removed.count() as u64, "{} on {}", action, target);
        }
    }
}
