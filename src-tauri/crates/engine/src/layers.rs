//! What is worked out here is laid over what the sources say: each layer knows its own edges, and may
//! be missing.

use std::collections::BTreeSet;

use firebreak_core::asset::{Around, Edge, Neighbourhood};
use firebreak_core::{AssetId, Timestamp};

/// What was found around an incident.
pub(crate) enum Layer {
    /// There is nobody to ask: no account, or none that is configured.
    Unasked,
    /// It could not be read; what was known before still stands.
    Failed,
    /// As of then.
    Found(Around, Timestamp),
}

impl Layer {
    /// What was found, if anything.
    pub(crate) fn found(&self) -> Option<&Neighbourhood> {
        match self {
            Self::Found(around, _) => Some(&around.found),
            Self::Unasked | Self::Failed => None,
        }
    }
}

/// Puts what is worked out and what sources say together. Who could not be asked this time still says
/// what was said before. Each layer comes with the source that its edges name.
pub(crate) fn join(
    said: Option<Neighbourhood>,
    before: Option<&Neighbourhood>,
    layers: &[(&str, &Layer)],
) -> Option<Neighbourhood> {
    let is_ours = |edge: &Edge| layers.iter().any(|(source, _)| edge.source == *source);
    let earlier = |source: &str| before.map(|before| part(before, |edge| edge.source == source));
    let theirs = || before.map(|before| rest(before, is_ours));
    let found = layers.iter().filter_map(|(source, layer)| match layer {
        Layer::Unasked => None,
        Layer::Failed => earlier(source),
        Layer::Found(around, _) => Some(around.found.clone()),
    });
    let found: Vec<Neighbourhood> = found.filter(|found| !found.edges.is_empty()).collect();
    if found.is_empty() {
        // Nothing from here: the sources' word alone, and theirs of before without ours.
        let had_ours = before.is_some_and(|before| before.edges.iter().any(is_ours));
        return said.or_else(|| theirs().filter(|_| had_ours));
    }
    let mut whole = said.or_else(theirs).unwrap_or_default();
    for one in found {
        whole.absorb(one);
    }
    Some(whole)
}

/// Some edges with their ends.
fn part(whole: &Neighbourhood, is_meant: impl Fn(&Edge) -> bool) -> Neighbourhood {
    let edges: Vec<Edge> = whole.edges.iter().filter(|edge| is_meant(edge)).cloned().collect();
    let ends = ends(&edges);
    let nodes = whole.nodes.iter().filter(|node| ends.contains(&node.id)).cloned().collect();
    Neighbourhood { nodes, edges }
}

/// All but some edges and the ends that only those have. A node on its own is a source's: what is
/// worked out here always has an edge.
fn rest(whole: &Neighbourhood, is_left_out: impl Fn(&Edge) -> bool) -> Neighbourhood {
    let (out, edges): (Vec<Edge>, Vec<Edge>) =
        whole.edges.iter().cloned().partition(|edge| is_left_out(edge));
    let (kept, left) = (ends(&edges), ends(&out));
    let stays = |id: &AssetId| kept.contains(id) || !left.contains(id);
    let nodes = whole.nodes.iter().filter(|node| stays(&node.id)).cloned().collect();
    Neighbourhood { nodes, edges }
}

fn ends(edges: &[Edge]) -> BTreeSet<AssetId> {
    edges.iter().flat_map(|edge| [edge.from.clone(), edge.to.clone()]).collect()
}
