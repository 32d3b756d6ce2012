//! The part of the graph that lies on ways from an incident to crown jewels, small and numbered by
//! itself, with the steps that cut each edge.

use std::collections::HashMap;
use std::ops::Range;

use super::sketch::Sketch;
use super::{Candidate, CutProblem, CutQuestion, MOST_STEPS};
use crate::graph::asset_graph::AssetGraph;
use crate::graph::barrier::{Barrier, Severed};
use crate::graph::kind::EdgeKind;
use crate::graph::reach::{MOST_HOPS, Scratch};
use crate::graph::said::numbered;
use crate::{AssetId, StepId};

/// What an incident's attacker could do within so many hops, and which candidates are in the way.
#[derive(Debug, Clone)]
pub struct Attack {
    pub(super) hops: u32,
    pub(super) most_paths: u64,
    /// In order of `from`.
    pub(super) edges: Vec<Leg>,
    /// Where each asset's edges begin; one more than there are assets.
    rows: Vec<usize>,
    /// Fewest hops to a crown jewel, by asset.
    pub(super) left: Vec<u32>,
    pub(super) starts: Vec<u32>,
    pub(super) jewels: Vec<u32>,
    /// Candidates that cut something, by id; an edge's bits stand for them.
    pub(super) useful: Vec<Useful>,
    pub(super) useless: Vec<StepId>,
    /// Bits of those useful ones that come first in the order.
    pub(super) first: u64,
    pub(super) unknown: Vec<AssetId>,
}

/// An edge between assets of the attack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) kind: EdgeKind,
    pub(super) cut_by: u64,
}

/// A candidate that cuts something.
#[derive(Debug, Clone)]
pub(super) struct Useful {
    pub(super) candidate: Candidate,
    /// Where one thing that it severs is all that it cuts: that thing.
    pub(super) alone: Option<Gate>,
}

/// One thing to sever, by the attack's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Gate {
    Asset(u32),
    Edge(u32, u32, EdgeKind),
    Into(u32, EdgeKind),
    OutOf(u32, EdgeKind),
}

impl Gate {
    pub(super) fn severs(self, leg: &Leg) -> bool {
        match self {
            Self::Asset(asset) => asset == leg.from || asset == leg.to,
            Self::Edge(from, to, kind) => (from, to, kind) == (leg.from, leg.to, leg.kind),
            Self::Into(asset, kind) => (asset, kind) == (leg.to, leg.kind),
            Self::OutOf(asset, kind) => (asset, kind) == (leg.from, leg.kind),
        }
    }
}

impl Attack {
    /// Looks at the graph.
    pub fn of(
        graph: &AssetGraph,
        question: &CutQuestion<'_>,
        scratch: &mut Scratch,
    ) -> Result<Self, CutProblem> {
        let mut candidates: Vec<&Candidate> = question.candidates.iter().collect();
        candidates.sort_by(|one, other| one.step.cmp(&other.step));
        if let Some(twice) = candidates.windows(2).find(|pair| pair[0].step == pair[1].step) {
            return Err(CutProblem::SameStep(twice[0].step.clone()));
        }
        let (starts, unknown) = graph.starts(question.from);
        let sketch = Sketch::draw(graph, question, &starts, scratch)?.pruned();
        let mut attack = Self {
            hops: question.hops.min(MOST_HOPS),
            most_paths: question.paths,
            rows: rows(&sketch),
            edges: sketch.legs,
            left: sketch.left,
            starts: sketch.starts,
            jewels: sketch.jewels,
            useful: Vec::new(),
            useless: Vec::new(),
            first: 0,
            unknown,
        };
        attack.weigh(graph, &candidates, &sketch.nodes)?;
        let steps = attack.useful.iter().map(|one| &one.candidate.step);
        let first = (0..).zip(steps).filter(|(_, step)| question.first.contains(step));
        attack.first = first.fold(0, |set, (bit, _): (u32, _)| set | 1 << bit);
        Ok(attack)
    }

    /// Crown jewels that the attacker can get at within the hops.
    pub fn crown_jewels(&self) -> usize {
        self.jewels.len()
    }

    /// Assets of the incident that the graph doesn't know.
    pub fn unknown(&self) -> &[AssetId] {
        &self.unknown
    }

    pub(super) fn assets(&self) -> usize {
        self.left.len()
    }

    pub(super) fn row(&self, asset: u32) -> Range<usize> {
        self.rows[asset as usize]..self.rows[asset as usize + 1]
    }

    /// Finds out what each candidate cuts.
    fn weigh(
        &mut self,
        graph: &AssetGraph,
        candidates: &[&Candidate],
        nodes: &[u32],
    ) -> Result<(), CutProblem> {
        let mut useful = Vec::new();
        for candidate in candidates {
            let barrier = Barrier::new(graph, &candidate.severs);
            let severs = |leg: &Leg| {
                barrier.severs(nodes[leg.from as usize], nodes[leg.to as usize], leg.kind)
            };
            let cut: Vec<usize> =
                (0..self.edges.len()).filter(|index| severs(&self.edges[*index])).collect();
            if cut.is_empty() {
                self.useless.push(candidate.step.clone());
            } else {
                useful.push((*candidate, cut));
            }
        }
        if useful.len() > MOST_STEPS {
            return Err(CutProblem::TooManySteps { useful: useful.len() });
        }
        let local: HashMap<u32, u32> =
            nodes.iter().enumerate().map(|(local, node)| (*node, numbered(local))).collect();
        let number = |id: &AssetId| local.get(&numbered(graph.ids.get_index_of(id)?)).copied();
        for (bit, (candidate, cut)) in useful.into_iter().enumerate() {
            cut.iter().for_each(|index| self.edges[*index].cut_by |= 1 << bit);
            let mut gates = candidate.severs.iter().filter_map(|one| gate(one, number));
            let alone = gates.find(|gate| cut.iter().all(|index| gate.severs(&self.edges[*index])));
            self.useful.push(Useful { candidate: candidate.clone(), alone });
        }
        Ok(())
    }
}

fn gate(severed: &Severed, number: impl Fn(&AssetId) -> Option<u32>) -> Option<Gate> {
    Some(match severed {
        Severed::Asset(asset) => Gate::Asset(number(asset)?),
        Severed::Edge { from, to, kind } => Gate::Edge(number(from)?, number(to)?, *kind),
        Severed::Into(asset, kind) => Gate::Into(number(asset)?, *kind),
        Severed::OutOf(asset, kind) => Gate::OutOf(number(asset)?, *kind),
    })
}

fn rows(sketch: &Sketch) -> Vec<usize> {
    let legs = &sketch.legs;
    let assets = 0..=numbered(sketch.nodes.len());
    assets.map(|asset| legs.partition_point(|leg| leg.from < asset)).collect()
}
