//! What lies around an incident: what the sources say near it, and what is within reach by
//! everything that was ever said.

#[cfg(test)]
mod checks;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use firebreak_core::AssetId;
use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_engine::Reach;
use firebreak_sources::native::canonical;
use firebreak_wire as wire;
use wire::ReachRole::{Compromised, CrownJewel, External, Neighbour};

use super::count;
use super::incident::kind;
use super::plan::asset_text;

/// The nodes of a view, found by their ids.
struct Nodes {
    list: Vec<wire::ReachNode>,
    at: HashMap<String, usize>,
}

impl Nodes {
    fn get(&mut self, id: &str) -> Option<&mut wire::ReachNode> {
        self.list.get_mut(*self.at.get(id)?)
    }

    fn push(&mut self, node: wire::ReachNode) {
        self.at.insert(node.id.clone(), self.list.len());
        self.list.push(node);
    }
}

/// The picture of an incident on these assets; `asset` is the one that it is named after.
pub(crate) fn reach(
    graph: Option<&Neighbourhood>,
    asset: Option<&Asset>,
    own: &[AssetId],
    far: &Reach,
) -> wire::ReachView {
    let near = around(graph, asset);
    // The graph knows what is outside by its name; around the incident it has the source's id.
    let outside: BTreeMap<String, String> = near
        .nodes
        .iter()
        .filter(|node| node.role == External)
        .map(|node| (node.name.to_lowercase(), node.id.clone()))
        .collect();
    let named = |id: &AssetId| {
        outside.get(&id.as_str().to_lowercase()).cloned().unwrap_or_else(|| asset_text(id))
    };
    let fresh = |id: &AssetId, role, hops| {
        let (id, called) = (named(id), far.named.get(id).cloned().unwrap_or_default());
        let name = if called.name.is_empty() { id.clone() } else { called.name };
        node(id, name, called.kind, role, hops)
    };
    let at = near.nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect();
    let mut nodes = Nodes { list: near.nodes, at };
    for id in own {
        match nodes.get(&named(id)) {
            Some(known) => (known.role, known.hops) = (Compromised, 0),
            None => nodes.push(fresh(id, Compromised, 0)),
        }
    }
    for reached in &far.radius.listed {
        let role = match (reached.outside, reached.worth.crown_jewel) {
            (true, _) => External,
            (false, true) => CrownJewel,
            (false, false) => Neighbour,
        };
        match nodes.get(&named(&reached.asset)) {
            None => nodes.push(fresh(&reached.asset, role, reached.hops)),
            Some(known) if matches!(known.role, Neighbour | CrownJewel) => {
                known.hops = reached.hops;
                if reached.worth.crown_jewel {
                    known.role = CrownJewel;
                }
            }
            Some(_) => {}
        }
    }
    // A path may lead through what was not listed: without it the way would be broken off.
    let mut between = 0;
    for reached in &far.radius.listed {
        for (hops, edge) in (1..).zip(far.radius.path(reached)) {
            if nodes.get(&named(&edge.to)).is_none() {
                nodes.push(fresh(&edge.to, Neighbour, hops));
                between += 1;
            }
        }
    }
    let mut said: HashSet<wire::ReachEdge> = near.edges.iter().cloned().collect();
    let mut edges = near.edges;
    for edge in &far.radius.edges {
        for witness in &edge.witnesses {
            let one = wire::ReachEdge {
                from: named(&edge.from),
                to: named(&edge.to),
                kind: witness.relation.clone(),
                reason: witness.reason.clone(),
                source: witness.source.clone(),
            };
            if said.insert(one.clone()) {
                edges.push(one);
            }
        }
    }
    wire::ReachView {
        nodes: nodes.list,
        edges,
        assets: count(far.radius.assets()),
        crown_jewels: count(far.radius.crown_jewels),
        unlisted: count(far.radius.unlisted().saturating_sub(between)),
        hops: far.hops,
        goes_on: far.radius.goes_on,
    }
}

/// Puts every node into its account, as far as an asset or the id itself tells.
pub(crate) fn place(view: &mut wire::ReachView, assets: &[Asset]) {
    let known: HashMap<&str, &Asset> =
        assets.iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let names: HashMap<&str, &str> = assets
        .iter()
        .filter_map(|asset| Some((asset.account.as_deref()?, asset.account_name.as_deref()?)))
        .collect();
    for node in view.nodes.iter_mut().filter(|node| node.role != External) {
        let told = known.get(node.id.as_str()).and_then(|asset| asset.account.clone());
        node.account = told.or_else(|| canonical(&node.id).account);
        let name = node.account.as_deref().and_then(|account| names.get(account));
        node.account_name = name.map(|name| (*name).to_owned());
    }
}

fn node(
    id: String,
    name: String,
    kind: String,
    role: wire::ReachRole,
    hops: u32,
) -> wire::ReachNode {
    wire::ReachNode { id, name, kind, role, hops, account: None, account_name: None }
}

/// What the sources say around the incident's asset.
fn around(graph: Option<&Neighbourhood>, asset: Option<&Asset>) -> wire::ReachView {
    let nothing = wire::ReachView::default();
    let mut nodes: Vec<wire::ReachNode> = Vec::new();
    let centre = asset.map(|asset| asset.id.clone());
    if let Some(asset) = asset {
        let id = asset.id.to_string();
        let name = asset.name.clone().unwrap_or_else(|| id.clone());
        nodes.push(node(id, name, kind(asset.kind).to_owned(), Compromised, 0));
    }
    let Some(graph) = graph else { return wire::ReachView { nodes, ..nothing } };
    let hops = distances(graph, centre.as_ref());
    for said in graph.nodes.iter().filter(|said| Some(&said.id) != centre.as_ref()) {
        let role = match (said.external, said.crown_jewel) {
            (true, _) => External,
            (false, true) => CrownJewel,
            (false, false) => Neighbour,
        };
        let hops = hops.get(&said.id).copied().unwrap_or(u32::MAX);
        nodes.push(node(said.id.to_string(), said.name.clone(), said.kind.clone(), role, hops));
    }
    let edges = graph
        .edges
        .iter()
        .map(|edge| wire::ReachEdge {
            from: asset_text(&edge.from),
            to: asset_text(&edge.to),
            kind: edge.kind.clone(),
            reason: edge.reason.clone(),
            source: edge.source.clone(),
        })
        .collect();
    wire::ReachView { nodes, edges, ..nothing }
}

/// How far each node is from the incident's asset, either way along edges.
fn distances<'a>(
    graph: &'a Neighbourhood,
    centre: Option<&'a AssetId>,
) -> BTreeMap<&'a AssetId, u32> {
    let mut beside: BTreeMap<&AssetId, BTreeSet<&AssetId>> = BTreeMap::new();
    for edge in &graph.edges {
        beside.entry(&edge.from).or_default().insert(&edge.to);
        beside.entry(&edge.to).or_default().insert(&edge.from);
    }
    let mut hops: BTreeMap<&AssetId, u32> = centre.map(|centre| (centre, 0)).into_iter().collect();
    let mut level: Vec<&AssetId> = centre.into_iter().collect();
    let mut distance = 0;
    while !level.is_empty() {
        distance += 1;
        let mut next = Vec::new();
        for to in level.iter().filter_map(|from| beside.get(from)).flatten() {
            if !hops.contains_key(to) {
                hops.insert(to, distance);
                next.push(*to);
            }
        }
        level = next;
    }
    hops
}
