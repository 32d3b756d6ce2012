use super::*;
use crate::asset::{Edge, Neighbour, Neighbourhood};
use crate::{AssetId, Timestamp};

mod cases;
mod cutting;
mod hostile;
mod reaching;
mod updates;

fn id(name: &str) -> AssetId {
    AssetId::new(name)
}

fn ids(names: &[&str]) -> Vec<AssetId> {
    names.iter().map(|name| id(name)).collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

/// An edge that somebody told, owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Saying {
    from: AssetId,
    to: AssetId,
    kind: EdgeKind,
    witness: Witness,
}

impl Saying {
    fn fact(&self) -> Fact<'_> {
        Fact {
            from: &self.from,
            to: &self.to,
            kind: self.kind,
            source: &self.witness.source,
            at: self.witness.at,
            relation: &self.witness.relation,
            reason: &self.witness.reason,
        }
    }
}

fn saying(from: &str, to: &str, kind: EdgeKind) -> Saying {
    let witness = Witness {
        at: at(0),
        source: "wiz".to_owned(),
        relation: "can_reach".to_owned(),
        reason: format!("{from} gets to {to}"),
    };
    Saying { from: id(from), to: id(to), kind, witness }
}

/// `a>b b>c`: network edges.
fn drawn(edges: &str) -> AssetGraph {
    let sayings: Vec<Saying> = edges
        .split_whitespace()
        .map(|edge| edge.split_once('>').unwrap())
        .map(|(from, to)| saying(from, to, EdgeKind::Network))
        .collect();
    AssetGraph::from_facts(sayings.iter().map(Saying::fact)).0
}

/// Marks assets as crown jewels, as a source would.
fn with_jewels(mut graph: AssetGraph, names: &[&str]) -> AssetGraph {
    let answer =
        Neighbourhood { nodes: names.iter().map(|name| node(name, true)).collect(), edges: vec![] };
    graph.absorb("wiz", &answer, at(0));
    graph
}

fn node(name: &str, crown_jewel: bool) -> Neighbour {
    Neighbour {
        id: id(name),
        name: name.to_owned(),
        kind: "bucket".to_owned(),
        external: false,
        crown_jewel,
    }
}

fn place(name: &str, of: &str) -> Neighbour {
    Neighbour { id: id(of), name: name.to_owned(), external: true, ..node(of, false) }
}

fn edge(from: &str, to: &str, kind: &str) -> Edge {
    Edge {
        from: id(from),
        to: id(to),
        kind: kind.to_owned(),
        reason: format!("{from} {kind} {to}"),
        source: "wiz".to_owned(),
    }
}

/// All edges in order.
fn all_edges(graph: &AssetGraph) -> Vec<WitnessedEdge> {
    let mut edges: Vec<WitnessedEdge> =
        graph.ids.iter().flat_map(|id| graph.edges_from(id)).collect();
    edges.sort();
    edges
}

fn radius(graph: &AssetGraph, from: &[&str], hops: u32) -> BlastRadius {
    let from = ids(from);
    blast_radius(graph, &Question { hops, ..Question::from(&from) }, &mut Scratch::default())
}

fn listed(radius: &BlastRadius) -> Vec<(&str, u32)> {
    radius.listed.iter().map(|one| (one.asset.as_str(), one.hops)).collect()
}
