use std::collections::BTreeSet;

use chrono::DateTime;
use firebreak_core::AssetId;
use firebreak_core::asset::{Asset, Edge, Neighbour, Neighbourhood};
use firebreak_core::finding::Resource;
use firebreak_core::graph::{AssetGraph, Question, Scratch, blast_radius};
use firebreak_engine::Reach;
use firebreak_wire as wire;

use super::{place, reach};

const WEB: &str = "i-0000000000000000a";
const JOB: &str = "i-0000000000000000b";
const ROLE: &str = "arn:aws:iam::123456789012:role/web";
const BUCKET: &str = "arn:aws:s3:::customer-exports";

fn edge(from: &str, to: &str) -> Edge {
    Edge {
        from: AssetId::new(from),
        to: AssetId::new(to),
        kind: "can_assume".to_owned(),
        reason: "it says so".to_owned(),
        source: "wiz".to_owned(),
    }
}

fn named(id: &str, name: &str, crown_jewel: bool) -> Neighbour {
    let (id, name, kind) = (AssetId::new(id), name.to_owned(), "thing".to_owned());
    Neighbour { id, name, kind, external: false, crown_jewel }
}

fn said() -> Neighbourhood {
    let nodes = vec![named(ROLE, "web", false), named(BUCKET, "customer-exports", true)];
    Neighbourhood { nodes, edges: vec![edge(JOB, ROLE), edge(ROLE, BUCKET), edge(ROLE, WEB)] }
}

fn far(listed: usize) -> Reach {
    let mut graph = AssetGraph::default();
    graph.absorb("context", &said(), DateTime::UNIX_EPOCH);
    let own = own();
    let question = Question { listed, ..Question::from(&own) };
    let radius = blast_radius(&graph, &question, &mut Scratch::default());
    Reach { radius, hops: 4, ..Reach::default() }
}

fn own() -> [AssetId; 2] {
    [AssetId::new(WEB), AssetId::new(JOB)]
}

fn roles(view: &wire::ReachView) -> BTreeSet<(&str, String, u32)> {
    let nodes = view.nodes.iter();
    nodes.map(|node| (node.id.as_str(), format!("{:?}", node.role), node.hops)).collect()
}

#[test]
fn every_asset_of_the_incident_is_where_the_attacker_is() {
    let all = |view: &wire::ReachView| {
        assert_eq!(
            roles(view),
            BTreeSet::from([
                (WEB, "Compromised".to_owned(), 0),
                (JOB, "Compromised".to_owned(), 0),
                (ROLE, "Neighbour".to_owned(), 1),
                (BUCKET, "CrownJewel".to_owned(), 2),
            ])
        );
    };
    all(&reach(None, None, &own(), &far(10)));
    // The incident's own context counts hops from its first asset, either way: the graph knows better.
    all(&reach(Some(&said()), None, &own(), &far(10)));
}

#[test]
fn the_way_to_what_is_listed_is_whole_though_what_is_between_was_not_listed() {
    let far = far(1);
    assert_eq!((far.radius.listed.len(), far.radius.unlisted()), (1, 1));
    let view = reach(None, None, &own(), &far);
    let known: BTreeSet<&str> = view.nodes.iter().map(|node| node.id.as_str()).collect();
    assert!(known.contains(ROLE));
    assert!(view.edges.iter().all(|e| known.contains(&*e.from) && known.contains(&*e.to)));
    assert_eq!(view.unlisted, 0, "what was added is not counted as missing");
}

#[test]
fn a_reason_is_told_once() {
    let view = reach(Some(&said()), None, &own(), &far(10));
    let once: BTreeSet<(&str, &str)> =
        view.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str())).collect();
    assert_eq!(once.len(), view.edges.len());
}

#[test]
fn accounts_are_what_the_asset_says_or_else_its_id() {
    let mut view = reach(None, None, &own(), &far(10));
    let resource = Resource {
        native_id: Some(WEB.to_owned()),
        account: Some("123456789012".to_owned()),
        account_name: Some("prod".to_owned()),
        ..Resource::default()
    };
    place(&mut view, &[Asset::from_resource("wiz", &resource).unwrap()]);
    let of = |id: &str| {
        let node = view.nodes.iter().find(|node| node.id == id).unwrap();
        (node.account.as_deref(), node.account_name.as_deref())
    };
    assert_eq!(of(WEB), (Some("123456789012"), Some("prod")));
    assert_eq!(of(ROLE), (Some("123456789012"), Some("prod")), "an ARN holds its account");
    assert_eq!(of(JOB), (None, None));
    assert_eq!(of(BUCKET), (None, None));
}
