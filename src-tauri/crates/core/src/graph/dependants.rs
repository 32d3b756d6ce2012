//! Who needs what a containment step takes away.

use std::collections::{BTreeSet, HashMap};

use super::asset_graph::AssetGraph;
use super::kind::EdgeKind;
use super::said::numbered;
use crate::AssetId;

/// Most dependants named of one step. Beyond it the count is a lower bound, and says so.
pub const MOST_DEPENDANTS: usize = 1_000;

/// Edges that say who would miss an asset. An edge is a claim that somebody made: who is named may
/// depend on it, and who depends on it without an edge is not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependence {
    /// Whoever gets to it by an edge of this kind: callers of a machine, readers of a bucket.
    Into(AssetId, EdgeKind),
    /// Whatever it leads to by an edge of this kind: what runs on a machine.
    OutOf(AssetId, EdgeKind),
    /// The identity of this name that an access key leads to: whose key it is.
    Owner {
        /// The key.
        of: AssetId,
        /// What the owner is called: an ARN ends with it.
        name: String,
    },
}

/// Assets that would miss another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependants {
    /// At most [`MOST_DEPENDANTS`], those with the smallest ids.
    pub assets: BTreeSet<AssetId>,
    /// False when there are more.
    pub are_all: bool,
}

impl Default for Dependants {
    fn default() -> Self {
        Self { assets: BTreeSet::new(), are_all: true }
    }
}

impl Dependants {
    fn add(&mut self, asset: &AssetId) {
        self.assets.insert(asset.clone());
        if self.assets.len() > MOST_DEPENDANTS {
            self.assets.pop_last();
            self.are_all = false;
        }
    }
}

impl AssetGraph {
    /// Who depends on what, for each list. Places outside our clouds are no dependants, nor is
    /// whoever is in `but`. Looks at all edges once. The order in which the graph was told makes no
    /// difference.
    pub fn dependants(
        &self,
        lists: &[Vec<Dependence>],
        but: &BTreeSet<AssetId>,
    ) -> Vec<Dependants> {
        let mut found = vec![Dependants::default(); lists.len()];
        let counts = |node: u32, id: &AssetId| !self.places.is_outside(node) && !but.contains(id);
        let mut into: HashMap<u32, Vec<(EdgeKind, usize)>> = HashMap::new();
        for (list, dependence) in
            lists.iter().enumerate().flat_map(|(list, all)| all.iter().map(move |one| (list, one)))
        {
            let (asset, kind) = match dependence {
                Dependence::Into(asset, kind) | Dependence::OutOf(asset, kind) => (asset, *kind),
                Dependence::Owner { of, .. } => (of, EdgeKind::Identity),
            };
            let Some(node) = self.ids.get_index_of(asset).map(numbered) else { continue };
            if let Dependence::Into(..) = dependence {
                into.entry(node).or_default().push((kind, list));
                continue;
            }
            self.each_edge(node, |_, to, by| {
                let id = &self.ids[to as usize];
                if by == kind && counts(to, id) && dependence.names(id) {
                    found[list].add(id);
                }
            });
        }
        if into.is_empty() {
            return found;
        }
        for (node, id) in (0..).zip(&self.ids).filter(|(node, id)| counts(*node, id)) {
            self.each_edge(node, |_, to, by| {
                let those = into.get(&to).into_iter().flatten();
                those.filter(|(kind, _)| *kind == by).for_each(|(_, list)| found[*list].add(id));
            });
        }
        found
    }
}

impl Dependence {
    fn names(&self, id: &AssetId) -> bool {
        match self {
            Self::Into(..) | Self::OutOf(..) => true,
            Self::Owner { name, .. } => {
                let id = id.as_str();
                id.contains(":user/") && id.rsplit('/').next() == Some(name.as_str())
            }
        }
    }
}
