//! The blast radius: what an attacker on an incident's assets can get at.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::asset_graph::{AssetGraph, WitnessedEdge};
use super::barrier::{Barrier, Severed};
use super::kind::EdgeKinds;
use super::places::Tally;
use super::reach::{Scratch, Way};
use super::said::numbered;
use super::worth::Worth;
use crate::AssetId;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The incident's assets: the attacker is there.
    pub from: &'a [AssetId],
    /// Farthest that is looked, at most [`MOST_HOPS`](super::MOST_HOPS).
    pub hops: u32,
    /// Most assets listed; all are counted.
    pub listed: usize,
    /// Kinds of edges that are followed.
    pub follow: EdgeKinds,
    /// What containment took out, or would.
    pub severed: &'a [Severed],
}

impl<'a> Question<'a> {
    /// Four hops along every kind of edge, nothing contained, the first 200 listed.
    pub fn from(from: &'a [AssetId]) -> Self {
        Self { from, hops: 4, listed: 200, follow: EdgeKinds::ALL, severed: &[] }
    }
}

/// What is reached. The counts are of everything within the hops; only the list has a cap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// Assets of the incident that the graph doesn't know: nothing can be said of them.
    pub unknown: Vec<AssetId>,
    /// Assets reached, by hops: the first is how many are one hop away. Without those that the
    /// incident is on.
    pub by_hops: Vec<usize>,
    /// Crown jewels among them.
    pub crown_jewels: usize,
    /// The sum of their [weights](Worth::weight).
    pub weight: u64,
    /// Places outside our clouds that are reached. Not among the assets.
    pub outside: usize,
    /// Whether something more lies beyond the last hop.
    pub goes_on: bool,
    /// The first of them: crown jewels, then by weight, then the nearest; places outside last.
    pub listed: Vec<Reached>,
    /// The edges of their paths, each once, with everyone who says that it is there: no two lead to
    /// the same asset.
    pub edges: Vec<WitnessedEdge>,
}

impl BlastRadius {
    /// Assets reached, without those that the incident is on.
    pub fn assets(&self) -> usize {
        self.by_hops.iter().sum()
    }

    /// How many are reached but not listed, places outside included.
    pub fn unlisted(&self) -> usize {
        self.assets() + self.outside - self.listed.len()
    }

    /// The path of one that is listed here, from one of the incident's assets.
    pub fn path(&self, reached: &Reached) -> impl Iterator<Item = &WitnessedEdge> {
        reached.path.iter().map(|edge| &self.edges[*edge])
    }
}

/// One that is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub asset: AssetId,
    /// The fewest edges that lead there.
    pub hops: u32,
    /// What it is worth.
    pub worth: Worth,
    /// An address, the internet.
    pub outside: bool,
    /// A shortest path from one of the incident's assets: places in [`BlastRadius::edges`].
    pub path: Vec<usize>,
}

/// Answers. The same graph, built in the same order, gives the same answer; which of several
/// shortest paths is told depends on that order.
pub fn blast_radius(
    graph: &AssetGraph,
    question: &Question<'_>,
    scratch: &mut Scratch,
) -> BlastRadius {
    let barrier = Barrier::new(graph, question.severed);
    let way = Way { hops: question.hops, follow: question.follow, barrier: &barrier };
    let (starts, unknown) = graph.starts(question.from);
    scratch.walk(graph, &starts, &way);
    let mut radius = BlastRadius { unknown, ..BlastRadius::default() };
    let mut tally = Tally::default();
    for hops in 1..=scratch.depth() {
        let before = tally.outside();
        for node in &scratch.order()[scratch.level(hops)] {
            tally.count(graph.places.rank(*node));
        }
        radius.by_hops.push(scratch.level(hops).len() - (tally.outside() - before));
    }
    (radius.outside, radius.crown_jewels) = (tally.outside(), tally.crown_jewels());
    radius.weight = tally.weight();
    radius.goes_on = goes_on(graph, scratch, &way);
    let mut placed = HashMap::new();
    for (hops, position) in first(graph, scratch, tally.share(question.listed)) {
        let node = scratch.order()[position];
        let path = radius.path_to(graph, scratch, position, &mut placed);
        radius.listed.push(Reached {
            asset: graph.ids[node as usize].clone(),
            hops,
            worth: graph.places.worth(node),
            outside: graph.places.is_outside(node),
            path,
        });
    }
    radius
}

impl BlastRadius {
    /// Adds what edges of the path are not there yet; `placed` says where each is, by the place in
    /// the walk's order that it leads to.
    fn path_to(
        &mut self,
        graph: &AssetGraph,
        scratch: &Scratch,
        position: usize,
        placed: &mut HashMap<usize, usize>,
    ) -> Vec<usize> {
        let mut path = Vec::new();
        let mut here = position;
        while let Some((from, edge)) = scratch.via(here) {
            let place = placed.entry(here).or_insert_with(|| {
                self.edges.push(graph.witnessed(edge));
                self.edges.len() - 1
            });
            path.push(*place);
            here = from;
        }
        path.reverse();
        path
    }
}

impl AssetGraph {
    /// The numbers of assets, and those that have none.
    pub(super) fn starts(&self, from: &[AssetId]) -> (Vec<u32>, Vec<AssetId>) {
        let (mut starts, mut unknown) = (Vec::new(), Vec::new());
        for id in from {
            match self.ids.get_index_of(id) {
                Some(node) => starts.push(numbered(node)),
                None if unknown.contains(id) => {}
                None => unknown.push(id.clone()),
            }
        }
        (starts, unknown)
    }
}

/// Whether an edge leads on from what is the last hop away.
fn goes_on(graph: &AssetGraph, scratch: &Scratch, way: &Way<'_>) -> bool {
    let deepest = scratch.depth();
    scratch.order()[scratch.level(deepest)].iter().any(|node| {
        let mut on = false;
        if deepest == 0 || !graph.places.is_outside(*node) {
            graph.each_edge(*node, |_, to, kind| {
                on |= !scratch.reached(to) && way.allows(*node, to, kind);
            });
        }
        on
    })
}

/// Hops and positions of as many of each rank as have a share: of one rank the nearest.
fn first(graph: &AssetGraph, scratch: &Scratch, mut shares: Tally) -> Vec<(u32, usize)> {
    let mut picked = Vec::new();
    for hops in 1..=scratch.depth() {
        for position in scratch.level(hops) {
            let rank = graph.places.rank(scratch.order()[position]);
            if shares.take(rank) {
                picked.push((rank, hops, position));
            }
        }
    }
    picked.sort_by_key(|(rank, _, _)| Reverse(*rank));
    picked.into_iter().map(|(_, hops, position)| (hops, position)).collect()
}
