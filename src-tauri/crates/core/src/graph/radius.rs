//! The blast radius: what an attacker on an incident's assets can get at.

use super::asset_graph::{AssetGraph, WitnessedEdge};
use super::barrier::{Barrier, Severed};
use super::kind::EdgeKinds;
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
    /// A shortest path from one of the incident's assets, with who says that each edge is there.
    pub path: Vec<WitnessedEdge>,
}

/// Ranks: outside, weights 0 to [`Worth::MOST`], crown jewels.
const RANKS: usize = Worth::MOST as usize + 3;

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
    let mut ranks = [0; RANKS];
    for hops in 1..=scratch.depth() {
        let before = radius.outside;
        for node in &scratch.order()[scratch.level(hops)] {
            radius.count(graph, *node);
            ranks[graph.rank(*node)] += 1;
        }
        radius.by_hops.push(scratch.level(hops).len() - (radius.outside - before));
    }
    radius.goes_on = goes_on(graph, scratch, &way);
    radius.listed = listed(graph, scratch, &ranks, question.listed);
    radius
}

impl BlastRadius {
    fn count(&mut self, graph: &AssetGraph, node: u32) {
        let place = graph.places[node as usize];
        if place.external {
            self.outside += 1;
            return;
        }
        self.crown_jewels += usize::from(place.worth().crown_jewel);
        self.weight += u64::from(place.worth().weight());
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

    fn rank(&self, node: u32) -> usize {
        let place = self.places[node as usize];
        let worth = place.worth();
        match (place.external, worth.crown_jewel) {
            (true, _) => 0,
            (false, true) => RANKS - 1,
            (false, false) => 1 + worth.weight() as usize,
        }
    }
}

/// Whether an edge leads on from what is the last hop away.
fn goes_on(graph: &AssetGraph, scratch: &Scratch, way: &Way<'_>) -> bool {
    let deepest = scratch.depth();
    scratch.order()[scratch.level(deepest)].iter().any(|node| {
        let mut on = false;
        if deepest == 0 || !graph.places[*node as usize].external {
            graph.each_edge(*node, |_, to, kind| {
                on |= !scratch.reached(to) && way.allows(*node, to, kind);
            });
        }
        on
    })
}

/// The first `most` by rank, of one rank the nearest: two passes over what was reached, no sorting.
fn listed(
    graph: &AssetGraph,
    scratch: &Scratch,
    ranks: &[usize; RANKS],
    most: usize,
) -> Vec<Reached> {
    let mut room = [0; RANKS];
    let mut left = most;
    for rank in (0..RANKS).rev() {
        room[rank] = ranks[rank].min(left);
        left -= room[rank];
    }
    let mut picked: Vec<(usize, u32, u32)> = Vec::with_capacity(most - left);
    for hops in 1..=scratch.depth() {
        for node in &scratch.order()[scratch.level(hops)] {
            let rank = graph.rank(*node);
            if room[rank] > 0 {
                room[rank] -= 1;
                picked.push((rank, hops, *node));
            }
        }
    }
    picked.sort_by_key(|(rank, _, _)| RANKS - rank);
    picked
        .into_iter()
        .map(|(_, hops, node)| Reached {
            asset: graph.ids[node as usize].clone(),
            hops,
            worth: graph.places[node as usize].worth(),
            outside: graph.places[node as usize].external,
            path: scratch.path(graph, node).into_iter().map(|edge| graph.witnessed(edge)).collect(),
        })
        .collect()
}
