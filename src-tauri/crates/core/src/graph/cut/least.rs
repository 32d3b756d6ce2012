//! The least cut, by maximum flow: assets and gates are arcs, and the cheapest arcs that part the
//! incident from the crown jewels are the steps.

use std::collections::{BTreeMap, HashMap};

use super::attack::{Attack, Gate};
use super::flow::Flow;
use crate::StepId;
use crate::graph::kind::EdgeKind;
use crate::graph::said::numbered;

/// The cheapest steps that cut off every crown jewel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeastCut {
    /// By id; no other set costs less, and none that costs as much has fewer steps. `None` when the
    /// steps that were weighed can't do it together; empty when there is no way as it is.
    pub steps: Option<Vec<StepId>>,
    /// The sum over the steps.
    pub cost: u64,
    /// Useful steps that are more than one gate and were left out.
    pub left_out: Vec<StepId>,
}

/// A place in the flow network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Source,
    Sink,
    /// Before the gate of one kind of edges into an asset.
    Before(u32, EdgeKind),
    Inside(u32),
    Outside(u32),
    /// After the gate of one kind of edges out of an asset.
    After(u32, EdgeKind),
}

impl Attack {
    /// The cheapest steps that leave no way to any crown jewel. What they break is not looked at,
    /// only their cost.
    ///
    /// Exact for steps that are one gate: one edge, one asset, or the edges of one kind on one side
    /// of an asset; others are left out. Ways that are longer than the question's hops are cut as
    /// well, where all their edges lie on shorter ones: the cut may cost more than the hops need.
    ///
    /// The same question gives the same answer: of several least cuts the one nearest to the
    /// incident, of equal steps the one with the smallest id.
    pub fn least_cut(&self) -> LeastCut {
        let chosen = self.cheapest();
        let cost = chosen.iter().flatten();
        let cost = cost.map(|step| u64::from(self.useful[*step].candidate.cost)).sum();
        let id = |step: usize| self.useful[step].candidate.step.clone();
        let left_out = (0..self.useful.len()).filter(|step| self.useful[*step].alone.is_none());
        LeastCut {
            steps: chosen.map(|all| all.into_iter().map(id).collect()),
            cost,
            left_out: left_out.map(id).collect(),
        }
    }

    /// The same by the steps' numbers.
    pub(super) fn cheapest(&self) -> Option<Vec<usize>> {
        let mut gates: BTreeMap<Gate, (u64, usize)> = BTreeMap::new();
        let steps = self.useful.len() as u64;
        for (index, useful) in self.useful.iter().enumerate() {
            // Cost first, then the number of steps: a cut has no more steps than there are.
            let price = u64::from(useful.candidate.cost) * (steps + 1) + 1;
            if let Some(gate) = useful.alone {
                let known = gates.entry(gate).or_insert((price, index));
                *known = (price, index).min(*known);
            }
        }
        Network::new(self, &gates).cut()
    }
}

struct Network<'a> {
    gates: &'a BTreeMap<Gate, (u64, usize)>,
    nodes: HashMap<Node, u32>,
    flow: Flow,
    /// By arc: the step that it stands for.
    steps: Vec<(u32, usize)>,
}

impl<'a> Network<'a> {
    fn new(attack: &Attack, gates: &'a BTreeMap<Gate, (u64, usize)>) -> Self {
        let mut network =
            Self { gates, nodes: HashMap::new(), flow: Flow::default(), steps: Vec::new() };
        for asset in 0..numbered(attack.assets()) {
            network.arc(Node::Inside(asset), Node::Outside(asset), Some(Gate::Asset(asset)));
        }
        for start in &attack.starts {
            network.arc(Node::Source, Node::Inside(*start), None);
        }
        for jewel in &attack.jewels {
            network.arc(Node::Outside(*jewel), Node::Sink, None);
        }
        for leg in &attack.edges {
            let (before, after) = (Node::Before(leg.to, leg.kind), Node::After(leg.from, leg.kind));
            if !network.nodes.contains_key(&before) {
                network.arc(before, Node::Inside(leg.to), Some(Gate::Into(leg.to, leg.kind)));
            }
            if !network.nodes.contains_key(&after) {
                let gate = Gate::OutOf(leg.from, leg.kind);
                network.arc(Node::Outside(leg.from), after, Some(gate));
            }
            network.arc(after, before, Some(Gate::Edge(leg.from, leg.to, leg.kind)));
        }
        network
    }

    fn node(&mut self, node: Node) -> u32 {
        *self.nodes.entry(node).or_insert_with(|| self.flow.add_node())
    }

    fn arc(&mut self, from: Node, to: Node, gate: Option<Gate>) {
        let (from, to) = (self.node(from), self.node(to));
        let price = gate.and_then(|gate| self.gates.get(&gate));
        let arc = self.flow.add(from, to, price.map(|(price, _)| *price));
        self.steps.extend(price.map(|(_, step)| (arc, *step)));
    }

    /// The steps by index; `None` when some way has no gate.
    fn cut(mut self) -> Option<Vec<usize>> {
        let (source, sink) = (self.node(Node::Source), self.node(Node::Sink));
        let side = self.flow.saturate(source, sink)?;
        let mut steps: Vec<usize> = self
            .steps
            .iter()
            .filter(|(arc, _)| self.flow.crosses(*arc, &side))
            .map(|(_, step)| *step)
            .collect();
        steps.sort_unstable();
        Some(steps)
    }
}
