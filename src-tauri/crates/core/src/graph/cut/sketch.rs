//! Draws what lies between an incident and the crown jewels, and takes away what leads nowhere.

use std::collections::{HashMap, VecDeque};

use super::attack::Leg;
use super::{CutProblem, CutQuestion, MOST_EDGES};
use crate::graph::asset_graph::AssetGraph;
use crate::graph::barrier::Barrier;
use crate::graph::reach::{MOST_HOPS, Scratch, Way};
use crate::graph::said::numbered;

/// Assets in order of their hops from the incident, which comes first.
pub(super) struct Sketch {
    hops: u32,
    /// The graph's number of each asset.
    pub(super) nodes: Vec<u32>,
    /// Hops from the incident.
    depth: Vec<u32>,
    /// Hops to the nearest crown jewel; `u32::MAX` where none is.
    pub(super) left: Vec<u32>,
    pub(super) starts: Vec<u32>,
    pub(super) jewels: Vec<u32>,
    /// In order of `from`.
    pub(super) legs: Vec<Leg>,
}

impl Sketch {
    /// All that is reached. Nothing leads back to the incident: an attack path starts once.
    pub(super) fn draw(
        graph: &AssetGraph,
        question: &CutQuestion<'_>,
        starts: &[u32],
        scratch: &mut Scratch,
    ) -> Result<Self, CutProblem> {
        let barrier = Barrier::new(graph, question.severed);
        let hops = question.hops.min(MOST_HOPS);
        let way = Way { hops, follow: question.follow, barrier: &barrier };
        scratch.walk(graph, starts, &way);
        let nodes = scratch.order().to_vec();
        let local: HashMap<u32, u32> =
            nodes.iter().enumerate().map(|(local, node)| (*node, numbered(local))).collect();
        let incident = numbered(scratch.level(0).len());
        let mut depth = vec![0; nodes.len()];
        let mut legs = Vec::new();
        for level in 0..=scratch.depth() {
            for from in scratch.level(level) {
                depth[from] = level;
                if level == hops || (level > 0 && graph.places.is_outside(nodes[from])) {
                    continue;
                }
                graph.each_edge(nodes[from], |_, to, kind| {
                    if graph.places.is_outside(to) || !way.allows(nodes[from], to, kind) {
                        return;
                    }
                    let leg = local.get(&to).filter(|to| **to >= incident);
                    let leg = leg.map(|to| Leg { from: numbered(from), to: *to, kind, cut_by: 0 });
                    legs.extend(leg.filter(|_| legs.len() <= MOST_EDGES));
                });
                if legs.len() > MOST_EDGES {
                    return Err(CutProblem::TooLarge { hops });
                }
            }
        }
        let reached = incident..numbered(nodes.len());
        let jewels: Vec<u32> =
            reached.filter(|asset| graph.places.is_crown_jewel(nodes[*asset as usize])).collect();
        let left = hops_to(&jewels, &legs, nodes.len());
        Ok(Self { hops, nodes, depth, left, starts: (0..incident).collect(), jewels, legs })
    }

    /// Only what lies on a way to a crown jewel that is no longer than the hops.
    pub(super) fn pruned(self) -> Self {
        let Self { hops, nodes, depth, left, starts, jewels, mut legs } = self;
        legs.retain(|leg| {
            let rest = left[leg.to as usize].saturating_add(1);
            depth[leg.from as usize].saturating_add(rest) <= hops
        });
        let mut kept = vec![false; nodes.len()];
        for leg in &legs {
            kept[leg.from as usize] = true;
            kept[leg.to as usize] = true;
        }
        let mut moved = vec![u32::MAX; nodes.len()];
        let all: Vec<usize> = (0..nodes.len()).filter(|asset| kept[*asset]).collect();
        for (new, old) in all.iter().enumerate() {
            moved[*old] = numbered(new);
        }
        for leg in &mut legs {
            (leg.from, leg.to) = (moved[leg.from as usize], moved[leg.to as usize]);
        }
        let of = |from: &[u32]| all.iter().map(|old| from[*old]).collect();
        let there = |those: Vec<u32>| {
            those
                .into_iter()
                .map(|old| moved[old as usize])
                .filter(|new| *new != u32::MAX)
                .collect()
        };
        let (starts, jewels) = (there(starts), there(jewels));
        Self { hops, nodes: of(&nodes), depth: of(&depth), left: of(&left), starts, jewels, legs }
    }
}

/// Fewest hops from each asset to one of these.
fn hops_to(jewels: &[u32], legs: &[Leg], assets: usize) -> Vec<u32> {
    let mut back: Vec<usize> = (0..legs.len()).collect();
    back.sort_by_key(|leg| legs[*leg].to);
    let mut left = vec![u32::MAX; assets];
    jewels.iter().for_each(|jewel| left[*jewel as usize] = 0);
    let mut next: VecDeque<u32> = jewels.iter().copied().collect();
    while let Some(asset) = next.pop_front() {
        let first = back.partition_point(|leg| legs[*leg].to < asset);
        for leg in back[first..].iter().map(|leg| &legs[*leg]).take_while(|leg| leg.to == asset) {
            if left[leg.from as usize] == u32::MAX {
                left[leg.from as usize] = left[asset as usize] + 1;
                next.push_back(leg.from);
            }
        }
    }
    left
}
