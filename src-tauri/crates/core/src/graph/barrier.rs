//! What containment takes out of the graph.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::asset_graph::AssetGraph;
use super::kind::{EdgeKind, EdgeKinds};
use super::said::numbered;
use crate::AssetId;

/// One thing that a containment step takes out: edges are gone, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severed {
    /// Every edge to and from an asset, as if it were not there.
    Asset(AssetId),
    /// One edge.
    Edge {
        /// Where the attacker would come from.
        from: AssetId,
        /// Where they would get to.
        to: AssetId,
        /// How.
        kind: EdgeKind,
    },
    /// All edges of a kind that lead to an asset: closed ports.
    Into(AssetId, EdgeKind),
    /// All edges of a kind that lead away from an asset: what a disabled key may do.
    OutOf(AssetId, EdgeKind),
}

/// Severed things by number. Few: looked up by halving.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    into: Vec<(u32, EdgeKinds)>,
    out_of: Vec<(u32, EdgeKinds)>,
    edges: HashSet<(u32, u32, EdgeKind)>,
}

impl Barrier {
    /// Things that the graph does not know are not in the way.
    pub(super) fn new<'a>(
        graph: &AssetGraph,
        severed: impl IntoIterator<Item = &'a Severed>,
    ) -> Self {
        let mut barrier = Self::default();
        let number = |id| graph.ids.get_index_of(id).map(numbered);
        for one in severed {
            match one {
                Severed::Asset(id) => {
                    barrier.into.extend(number(id).map(|node| (node, EdgeKinds::ALL)));
                    barrier.out_of.extend(number(id).map(|node| (node, EdgeKinds::ALL)));
                }
                Severed::Into(id, kind) => {
                    barrier.into.extend(number(id).map(|node| (node, EdgeKinds::of(&[*kind]))));
                }
                Severed::OutOf(id, kind) => {
                    barrier.out_of.extend(number(id).map(|node| (node, EdgeKinds::of(&[*kind]))));
                }
                Severed::Edge { from, to, kind } => {
                    let ends = number(from).zip(number(to));
                    barrier.edges.extend(ends.map(|(from, to)| (from, to, *kind)));
                }
            }
        }
        united(&mut barrier.into);
        united(&mut barrier.out_of);
        barrier
    }

    pub(super) fn is_open(&self) -> bool {
        self.into.is_empty() && self.out_of.is_empty() && self.edges.is_empty()
    }

    #[inline]
    pub(super) fn severs(&self, from: u32, to: u32, kind: EdgeKind) -> bool {
        let among = |all: &[(u32, EdgeKinds)], node: u32| {
            all.binary_search_by_key(&node, |(known, _)| *known)
                .is_ok_and(|index| all[index].1.has(kind))
        };
        among(&self.into, to)
            || among(&self.out_of, from)
            || (!self.edges.is_empty() && self.edges.contains(&(from, to, kind)))
    }
}

/// In order, each asset once with all its kinds.
fn united(all: &mut Vec<(u32, EdgeKinds)>) {
    all.sort_unstable_by_key(|(node, _)| *node);
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.with(next.1);
        }
        same
    });
}
