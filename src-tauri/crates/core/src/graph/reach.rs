//! The walk: who is reached from some assets, nearest first.

use std::ops::Range;

use super::asset_graph::AssetGraph;
use super::barrier::Barrier;
use super::kind::{EdgeKind, EdgeKinds};
use super::said::numbered;

/// Most hops of any walk. What takes more is nothing that a person could follow, and an answer's
/// paths stay short.
pub const MOST_HOPS: u32 = 64;

/// Room for a walk, to be used again: one bit an asset, and 12 bytes for each that is reached. What
/// a walk marked is unmarked before the next, so that its cost depends on what is reached and not
/// on how many assets there are. Fits any graph.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    /// One bit an asset. Whether an edge leads to something new is asked for each edge; these bits
    /// stay in the processor's cache where anything larger would not.
    marks: Vec<u64>,
    /// Reached assets, starts first, in order of hops.
    order: Vec<u32>,
    /// Beside each: where in the order it was reached from, and over which edge.
    via: Vec<(u32, u32)>,
    /// Where each number of hops begins in the order.
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
        let Self { marks, order, via, levels } = self;
        for start in starts {
            if mark(marks, *start) {
                order.push(*start);
                via.push((u32::MAX, u32::MAX));
            }
        }
        let starts = order.len();
        levels.extend([0, starts]);
        let mut level = 0..starts;
        for _ in 0..hops.min(MOST_HOPS) {
            for position in level.clone() {
                let node = order[position];
                if position >= starts && graph.places.is_outside(node) {
                    continue;
                }
                graph.each_edge(node, |edge, to, kind| {
                    if !is_marked(marks, to) && allows(node, to, kind) {
                        mark(marks, to);
                        order.push(to);
                        via.push((numbered(position), edge));
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
        for node in self.order.drain(..) {
            self.marks[node as usize / 64] = 0;
        }
        self.marks.resize(assets.div_ceil(64).max(self.marks.len()), 0);
        self.via.clear();
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
        is_marked(&self.marks, node)
    }

    /// Where in the order an asset was reached from, and over which edge; `None` for a start.
    pub(super) fn via(&self, position: usize) -> Option<(usize, u32)> {
        let (from, edge) = self.via[position];
        (edge != u32::MAX).then_some((from as usize, edge))
    }
}

#[inline]
fn is_marked(marks: &[u64], node: u32) -> bool {
    marks[node as usize / 64] >> (node % 64) & 1 == 1
}

/// Whether it was not marked before.
#[inline]
fn mark(marks: &mut [u64], node: u32) -> bool {
    let fresh = !is_marked(marks, node);
    marks[node as usize / 64] |= 1 << (node % 64);
    fresh
}
