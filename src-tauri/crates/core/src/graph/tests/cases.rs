//! Single cases: what a source's answer becomes, worth, and the list.

use std::collections::BTreeMap;

use super::*;
use crate::asset::{Asset, Environment};
use crate::finding::{Resource, ResourceKind};

#[track_caller]
fn relation(word: &str, kind: EdgeKind) {
    assert_eq!(EdgeKind::of_relation(word), kind, "{word}");
}

#[test]
fn words_of_sources_have_a_kind() {
    relation("can_assume", EdgeKind::Identity);
    relation("ASSUMES_ROLE", EdgeKind::Identity);
    relation("signs_as", EdgeKind::Identity);
    relation("instance profile", EdgeKind::Identity);
    relation("can_read", EdgeKind::Data);
    relation("reads", EdgeKind::Data);
    relation("mounts", EdgeKind::Data);
    relation("touches", EdgeKind::Data);
    relation("exposed", EdgeKind::Network);
    relation("network", EdgeKind::Network);
    relation("calls", EdgeKind::Network);
    relation("runs-on", EdgeKind::Workload);
    relation("replica_of", EdgeKind::Workload);
    relation("lateral_movement", EdgeKind::Unclear);
    relation("breads", EdgeKind::Unclear);
    relation("", EdgeKind::Unclear);
    relation("💥", EdgeKind::Unclear);
}

#[test]
fn kinds_have_names() {
    for kind in EdgeKind::ALL {
        assert_eq!(EdgeKind::from_name(kind.name()), Some(kind));
        assert!(EdgeKinds::ALL.has(kind) && EdgeKinds::of(&[kind]).has(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    assert_eq!(EdgeKind::from_name("magic"), None);
}

#[test]
fn several_sources_are_one_edge_with_several_witnesses() {
    let mut graph = AssetGraph::default();
    let answer = Neighbourhood {
        nodes: vec![node("web", false), node("role", false)],
        edges: vec![edge("web", "role", "can_assume")],
    };
    assert_eq!(graph.absorb("wiz", &answer, at(1)), Told { fresh: 1, known: 0, refused: 0 });
    let mut other = answer.clone();
    other.edges[0].source = "orca".to_owned();
    other.edges[0].kind = "iam_role".to_owned();
    assert_eq!(graph.absorb("orca", &other, at(2)), Told { fresh: 0, known: 1, refused: 0 });
    assert_eq!(graph.absorb("wiz", &answer, at(3)), Told { fresh: 0, known: 1, refused: 0 });
    let edges = graph.edges_from(&id("web"));
    assert_eq!((edges.len(), edges[0].kind), (1, EdgeKind::Identity));
    let said: Vec<(&str, &str, Timestamp)> = edges[0]
        .witnesses
        .iter()
        .map(|one| (one.source.as_str(), one.relation.as_str(), one.at))
        .collect();
    assert_eq!(said, [("wiz", "can_assume", at(3)), ("orca", "iam_role", at(2))]);

    assert!(graph.retract(&id("web"), &id("role"), EdgeKind::Identity, "wiz"));
    assert!(!graph.retract(&id("web"), &id("role"), EdgeKind::Identity, "wiz"));
    assert_eq!(graph.edges(), 1, "orca still says so");
    assert!(graph.retract(&id("web"), &id("role"), EdgeKind::Identity, "orca"));
    assert_eq!(graph.edges(), 0);
}

#[test]
fn there_is_one_internet_and_it_leads_nowhere_by_itself() {
    let mut graph = AssetGraph::default();
    for (source, internet) in [("wiz", "wiz:internet"), ("orca", "address:internet")] {
        let answer = Neighbourhood {
            nodes: vec![place("The Internet", internet), node("web", false), node("db", true)],
            edges: vec![edge("web", internet, "network"), edge(internet, "db", "exposed")],
        };
        graph.absorb(source, &answer, at(0));
    }
    assert_eq!((graph.assets(), graph.edges()), (3, 2));
    let from_web = radius(&graph, &["web"], 9);
    assert_eq!((from_web.assets(), from_web.outside), (0, 1));
    assert_eq!(listed(&from_web), [("outside:the internet", 1)]);
    let from_outside = radius(&graph, &["outside:the internet"], 9);
    assert_eq!(listed(&from_outside), [("db", 1)]);
}

#[test]
fn a_claim_of_a_crown_jewel_ends_with_its_source() {
    let mut graph = with_jewels(drawn("a>b"), &["b"]);
    graph.absorb("orca", &Neighbourhood { nodes: vec![node("b", true)], edges: vec![] }, at(5));
    assert!(graph.worth(&id("b")).unwrap().crown_jewel);
    graph.retire("wiz", at(9));
    assert!(graph.worth(&id("b")).unwrap().crown_jewel, "orca says so too");
    assert_eq!(graph.edges(), 0);
    graph.retire("orca", at(5));
    assert!(graph.worth(&id("b")).unwrap().crown_jewel, "not older than that");
    graph.retire("orca", at(6));
    assert!(!graph.worth(&id("b")).unwrap().crown_jewel);
    assert_eq!(graph.retire("nobody", at(6)), 0);
}

#[test]
fn the_list_has_a_cap_and_the_counts_have_none() {
    let graph = with_jewels(drawn("a>b b>c a>d d>e e>f"), &["f"]);
    let from = ids(&["a", "a", "nowhere"]);
    let question = Question { listed: 2, hops: 3, ..Question::from(&from) };
    let radius = blast_radius(&graph, &question, &mut Scratch::default());
    assert_eq!(radius.by_hops, [2, 2, 1]);
    assert_eq!((radius.assets(), radius.unlisted(), radius.crown_jewels), (5, 3, 1));
    assert_eq!(radius.weight, 4 * 2 + 7);
    assert_eq!(listed(&radius), [("f", 3), ("b", 1)]);
    assert_eq!(radius.unknown, ids(&["nowhere"]));
    assert!(!radius.goes_on);
    let reasons: Vec<&str> =
        radius.path(&radius.listed[0]).map(|edge| edge.witnesses[0].reason.as_str()).collect();
    assert_eq!(reasons, ["a gets to d", "d gets to e", "e gets to f"]);
}

#[test]
fn what_is_contained_is_not_walked_over() {
    let graph = drawn("a>b b>c a>d d>c");
    let from = ids(&["a"]);
    let reach = |severed: &[Severed]| {
        let question = Question { severed, ..Question::from(&from) };
        blast_radius(&graph, &question, &mut Scratch::default()).assets()
    };
    assert_eq!(reach(&[]), 3);
    assert_eq!(reach(&[Severed::Asset(id("b"))]), 2);
    assert_eq!(reach(&[Severed::Asset(id("a"))]), 0);
    assert_eq!(reach(&[Severed::OutOf(id("a"), EdgeKind::Network)]), 0);
    assert_eq!(reach(&[Severed::OutOf(id("a"), EdgeKind::Data)]), 3);
    assert_eq!(reach(&[Severed::Into(id("c"), EdgeKind::Network)]), 2);
    assert_eq!(reach(&[Severed::Asset(id("nowhere"))]), 3);
}

fn tagged(tags: &[(&str, &str)]) -> Worth {
    let tags: BTreeMap<String, String> =
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let resource = Resource {
        kind: Some(ResourceKind::Bucket),
        native_id: Some("b".to_owned()),
        tags,
        ..Resource::default()
    };
    let asset = Asset::from_resource("wiz", &resource).unwrap();
    let mut graph = AssetGraph::default();
    graph.describe(&asset, &WorthRules::default());
    graph.worth(&asset.id).unwrap()
}

#[test]
fn tags_say_what_an_asset_is_worth() {
    assert_eq!(tagged(&[]), Worth::default());
    assert!(tagged(&[("Crown-Jewel", "Yes")]).crown_jewel);
    assert!(!tagged(&[("crown-jewel", "no")]).crown_jewel);
    let worth = tagged(&[("DataClassification", "PII"), ("data_classification", "public")]);
    assert_eq!(worth.sensitivity, Some(Sensitivity::Restricted), "the greatest holds");
    assert!(worth.crown_jewel);
    let worth = tagged(&[("business-criticality", "Mission Critical"), ("env", "dev")]);
    assert_eq!(worth.criticality, Some(Criticality::High), "a tag goes before the environment");
    assert_eq!(tagged(&[("env", "dev")]).criticality, Some(Criticality::Low));
    assert_eq!(tagged(&[("env", "prod")]).criticality, Some(Criticality::Medium));
    assert_eq!(Environment::Unknown, Environment::from_tags(&BTreeMap::new()));
}

#[test]
fn silence_weighs_more_than_little() {
    let low = Worth { criticality: Some(Criticality::Low), ..Worth::default() };
    assert!(Worth::default().weight() > low.weight());
    let all = [None, Some(Criticality::Low), Some(Criticality::Medium), Some(Criticality::High)];
    for criticality in all {
        let sensitivity = Some(Sensitivity::Restricted);
        let worth = Worth { criticality, sensitivity, crown_jewel: false };
        assert!(worth.weight() <= Worth::MOST);
        assert_eq!(Worth { crown_jewel: true, ..worth }.weight(), Worth::MOST);
    }
}

#[test]
fn rules_survive_being_written_down() {
    let rules = WorthRules::default();
    let text = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<WorthRules>(&text).unwrap(), rules);
}

#[test]
fn a_scratch_fits_any_graph_and_any_number_of_walks() {
    let (small, large) = (drawn("a>b"), drawn("a>b b>c c>d"));
    let mut scratch = Scratch::default();
    let from = ids(&["a"]);
    for _ in 0..3 {
        for (graph, count) in [(&large, 3), (&small, 1)] {
            assert_eq!(blast_radius(graph, &Question::from(&from), &mut scratch).assets(), count);
        }
    }
}
