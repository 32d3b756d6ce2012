//! The walk: who is reached from some assets, nearest first.

use std::ops::Range;

use super::asset_graph::AssetGraph;
use super::barrier::Barrier;
use super::kind::{EdgeKind, EdgeKinds};
use super::said::numbered;

/// Most hops of any walk. What takes more is nothing that a person could follow, and an answer's
/// paths stay short.
pub const MOST_HOPS: u32 = 64;

/// Room for a walk, to be used again: 8 bytes an asset and what was reached. A mark from an earlier
/// walk is told by its epoch, so that nothing is cleared between walks. Fits any graph.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    epoch: u32,
    /// By asset: the epoch in which it was reached, and over which edge.
    marks: Vec<(u32, u32)>,
    /// Reached assets, starts first, in order of hops.
    order: Vec<u32>,
    /// Where in the order each number of hops begins.
    levels: Vec<usize>,
}

/// What may be walked over.
pub(super) struct Way<'a> {
    pub(super) hops: u32,
    pub(super) follow: EdgeKinds,
    pub(super) barrier: &'a Barrier,
}

impl Way<'_> {
    #[inline]
    pub(super) fn allows(&self, from: u32, to: u32, kind: EdgeKind) -> bool {
        self.follow.has(kind) && !self.barrier.severs(from, to, kind)
    }
}

impl Scratch {
    /// Walks. Breadth first, so that each asset is reached in the fewest hops. Places outside our
    /// clouds are reached but lead on only where the walk starts.
    pub(super) fn walk(&mut self, graph: &AssetGraph, starts: &[u32], way: &Way<'_>) {
        if way.follow == EdgeKinds::ALL && way.barrier.is_open() {
            self.spread(graph, starts, way.hops, |_, _, _| true);
        } else {
            self.spread(graph, starts, way.hops, |from, to, kind| way.allows(from, to, kind));
        }
    }

    fn spread(
        &mut self,
        graph: &AssetGraph,
        starts: &[u32],
        hops: u32,
        allows: impl Fn(u32, u32, EdgeKind) -> bool,
    ) {
        self.begin(graph.assets());
        let Self { epoch, marks, order, levels } = self;
        for start in starts {
            if marks[*start as usize].0 != *epoch {
                marks[*start as usize] = (*epoch, u32::MAX);
                order.push(*start);
            }
        }
        let starts = order.len();
        levels.extend([0, starts]);
        let mut level = 0..starts;
        for _ in 0..hops.min(MOST_HOPS) {
            for position in level.clone() {
                let node = order[position];
                if position >= starts && graph.places[node as usize].external {
                    continue;
                }
                graph.each_edge(node, |edge, to, kind| {
                    let mark = &mut marks[to as usize];
                    if mark.0 != *epoch && allows(node, to, kind) {
                        *mark = (*epoch, edge);
                        order.push(to);
                    }
                });
            }
            level = level.end..order.len();
            if level.is_empty() {
                break;
            }
            levels.push(level.end);
        }
    }

    fn begin(&mut self, assets: usize) {
        if self.marks.len() < assets {
            self.marks.resize(assets, (0, 0));
        }
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            self.marks.fill((0, 0));
            self.epoch = 1;
        }
        self.order.clear();
        self.levels.clear();
    }

    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// How many hops the farthest reached asset is away.
    pub(super) fn depth(&self) -> u32 {
        numbered(self.levels.len().saturating_sub(2))
    }

    /// What was reached in exactly so many hops.
    pub(super) fn level(&self, hops: u32) -> Range<usize> {
        self.levels[hops as usize]..self.levels[hops as usize + 1]
    }

    pub(super) fn reached(&self, node: u32) -> bool {
        self.marks[node as usize].0 == self.epoch
    }

    /// The edges from a start to a reached asset, first edge first.
    pub(super) fn path(&self, graph: &AssetGraph, node: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut edge = self.marks[node as usize].1;
        while edge != u32::MAX {
            path.push(edge);
            edge = self.marks[graph.edge(edge).from as usize].1;
        }
        path.reverse();
        path
    }
}
