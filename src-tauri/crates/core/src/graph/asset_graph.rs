//! The graph itself: assets by number, edges in rows with an overlay of changes, witnesses beside
//! them.

use std::collections::BTreeMap;

use indexmap::IndexSet;

use super::adjacency::{Adjacency, Loose};
use super::fact::{Fact, Told, Witness, places_outside};
use super::kind::EdgeKind;
use super::overlay::Overlay;
use super::places::Places;
use super::said::{Heard, Said, numbered};
use super::worth::{Worth, WorthRules};
use crate::asset::{Asset, Neighbourhood};
use crate::{AssetId, Timestamp};

/// Most witnesses kept of one edge. The newest stay; a source whose reason never reads the same
/// twice must not grow the graph.
pub const WITNESSES_CAP: usize = 16;
/// Who can get where, of all assets. An asset that was named once keeps its number and its place
/// until the graph is built anew; it then has no edges.
#[derive(Debug, Clone, Default)]
pub struct AssetGraph {
    pub(super) ids: IndexSet<AssetId>,
    /// What each asset is worth, and what a walk must know of that.
    pub(super) places: Places,
    /// By asset and source: who calls it a crown jewel, and when that was last heard.
    claims: BTreeMap<(u32, u32), Timestamp>,
    pub(super) rows: Adjacency,
    pub(super) overlay: Overlay,
    /// Witnesses of an edge beyond its first.
    pub(super) more: BTreeMap<u32, Vec<Heard>>,
    pub(super) said: Said,
    /// Size of `said` when it was last tidied.
    pub(super) said_then: usize,
}

/// An edge with everyone who says that it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WitnessedEdge {
    /// Where the attacker would come from.
    pub from: AssetId,
    /// Where they would get to.
    pub to: AssetId,
    /// How.
    pub kind: EdgeKind,
    /// Newest first, at most [`WITNESSES_CAP`].
    pub witnesses: Vec<Witness>,
}

/// Bytes that the graph holds, by what it holds. The allocator's own share is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Rows: 13 bytes an edge (target, kind, first witness) and 4 an asset.
    pub rows: usize,
    /// Changes since the rows were written, and second witnesses.
    pub changes: usize,
    /// Ids with their table, and what each asset is worth.
    pub assets: usize,
    /// Sources, times, relations and reasons.
    pub said: usize,
}

impl AssetGraph {
    /// All facts at once: as if each were [told](Self::tell), but sorted rather than looked up.
    pub fn from_facts<'a>(facts: impl IntoIterator<Item = Fact<'a>>) -> (Self, Told) {
        let (mut graph, mut told) = (Self::default(), Told::default());
        let mut edges = Vec::new();
        for fact in facts {
            match graph.loose(&fact) {
                Some(edge) => edges.push(edge),
                None => told.refused += 1,
            }
        }
        edges.sort_unstable_by_key(Loose::key);
        let mut again = Vec::new();
        edges.dedup_by(|edge, kept| {
            let same = edge.key() == kept.key();
            if same {
                again.push(*edge);
            }
            same
        });
        (told.fresh, told.known) = (edges.len(), again.len());
        graph.rows = Adjacency::default().merged(graph.ids.len(), graph.overlay.gone(), &edges);
        drop(edges);
        for edge in again {
            if let Some(number) = graph.find(edge.key()) {
                graph.hear(number, edge.heard);
            }
        }
        graph.said_then = graph.said.len();
        (graph, told)
    }

    /// Takes in a source's answer. What is outside our clouds goes by its name. That a node is a
    /// crown jewel is kept as this source's claim.
    pub fn absorb(&mut self, source: &str, answer: &Neighbourhood, at: Timestamp) -> Told {
        let outside = places_outside(answer);
        let named = |id| outside.get(id).unwrap_or(id);
        for node in &answer.nodes {
            let Some(number) = self.number(named(&node.id)) else { continue };
            if node.external {
                self.places.put_outside(number);
            } else if node.crown_jewel {
                self.places.claim(number, true);
                let heard = self.claims.entry((number, self.said.source(source))).or_insert(at);
                *heard = at.max(*heard);
            }
        }
        let mut told = Told::default();
        for edge in &answer.edges {
            let fact = Fact {
                from: named(&edge.from),
                to: named(&edge.to),
                kind: EdgeKind::of_relation(&edge.kind),
                source: &edge.source,
                at,
                relation: &edge.kind,
                reason: &edge.reason,
            };
            match self.tell(&fact) {
                Some(true) => told.fresh += 1,
                Some(false) => told.known += 1,
                None => told.refused += 1,
            }
        }
        told
    }

    /// Takes over what an asset's own record says that it is worth.
    pub fn describe(&mut self, asset: &Asset, rules: &WorthRules) {
        if let Some(number) = self.number(&asset.id) {
            self.places.set_worth(number, rules.judge(asset));
        }
    }

    /// Takes in a fact; whether its edge is new, `None` when it is refused ([`Told`]). The same
    /// words from the same source are one witness, who was last heard at the latest time. Now and
    /// then this writes the rows anew ([`compact`](Self::compact)).
    pub fn tell(&mut self, fact: &Fact<'_>) -> Option<bool> {
        let edge = self.loose(fact)?;
        let fresh = match self.rows.find(edge.from, edge.to, edge.kind) {
            Some(number) if self.overlay.restore(number) => {
                *self.rows.heard_mut(number) = edge.heard;
                true
            }
            Some(number) => {
                self.hear(number, edge.heard);
                false
            }
            None => match self.overlay.find(edge.from, edge.to, edge.kind) {
                Some(number) => {
                    self.hear(numbered(self.rows.len()) + number, edge.heard);
                    false
                }
                None => {
                    self.overlay.add(edge);
                    true
                }
            },
        };
        self.compact_when_due();
        Some(fresh)
    }

    /// A source no longer says that there is such an edge. Without any witness the edge goes.
    /// Whether anything changed.
    pub fn retract(&mut self, from: &AssetId, to: &AssetId, kind: EdgeKind, source: &str) -> bool {
        let ends = (self.ids.get_index_of(from), self.ids.get_index_of(to));
        let ((Some(from), Some(to)), Some(source)) = (ends, self.said.known_source(source)) else {
            return false;
        };
        let Some(edge) = self.find((numbered(from), numbered(to), kind)) else { return false };
        let changed = self.unhear(edge, |said, heard| said.source_of(heard) == source);
        self.compact_when_due();
        changed
    }

    /// Forgets what a source said before an instant, as after it told everything anew. Looks at all
    /// edges and writes the rows anew. The answer is how many edges went.
    pub fn retire(&mut self, source: &str, before: Timestamp) -> usize {
        let Some(source) = self.said.known_source(source) else { return 0 };
        let (was, rows) = (self.edges(), numbered(self.rows.len()));
        let old = |said: &Said, heard| said.source_of(heard) == source && said.at(heard) < before;
        let standing = self.overlay.standing();
        let added: Vec<u32> = standing.iter().filter_map(|edge| self.find(edge.key())).collect();
        for edge in 0..rows {
            if !self.overlay.is_gone(edge) {
                self.unhear(edge, old);
            }
        }
        for edge in added {
            self.unhear(edge, old);
        }
        self.claims.retain(|(_, by), at| *by != source || *at >= before);
        self.places.claim_only(self.claims.keys().map(|(node, _)| *node));
        self.compact();
        was - self.edges()
    }

    /// Writes the rows anew with what changed, and forgets words that no edge needs. Linear in
    /// the edges. The graph says the same before and after.
    pub fn compact(&mut self) {
        let rows = self.rows.merged(self.ids.len(), self.overlay.gone(), &self.overlay.standing());
        let mut moved = BTreeMap::new();
        for (edge, witnesses) in std::mem::take(&mut self.more) {
            let edge = self.edge(edge);
            if let Some(number) = rows.find(edge.from, edge.to, edge.kind) {
                moved.insert(number, witnesses);
            }
        }
        (self.rows, self.more, self.overlay) = (rows, moved, Overlay::default());
        self.said.tidy(self.rows.all_heard_mut().chain(self.more.values_mut().flatten()));
        self.said_then = self.said.len();
    }

    /// How many assets were ever named, places outside our clouds included.
    pub fn assets(&self) -> usize {
        self.ids.len()
    }

    /// How many edges there are.
    pub fn edges(&self) -> usize {
        let (more, fewer) = self.overlay.balance();
        self.rows.len() + more - fewer
    }

    /// The edges that lead away from an asset, in order.
    pub fn edges_from(&self, asset: &AssetId) -> Vec<WitnessedEdge> {
        let Some(node) = self.ids.get_index_of(asset) else { return Vec::new() };
        let mut edges = Vec::new();
        self.each_edge(numbered(node), |edge, _, _| edges.push(self.witnessed(edge)));
        edges.sort_unstable();
        edges
    }

    /// What an asset is worth; `None` for one that was never named.
    pub fn worth(&self, asset: &AssetId) -> Option<Worth> {
        self.ids.get_index_of(asset).map(|node| self.places.worth(numbered(node)))
    }

    /// How many crown jewels there are.
    pub fn crown_jewels(&self) -> usize {
        (0..numbered(self.ids.len())).filter(|node| self.places.is_crown_jewel(*node)).count()
    }

    /// Bytes held.
    pub fn footprint(&self) -> Footprint {
        let witness = size_of::<Heard>();
        let more: usize = self.more.values().map(|more| 32 + more.capacity() * witness).sum();
        let text: usize = self.ids.iter().map(|id| id.as_str().len()).sum();
        let entry = size_of::<AssetId>() + 2 * size_of::<usize>() + Places::BYTES;
        Footprint {
            rows: self.rows.bytes(),
            changes: self.overlay.bytes() + more,
            assets: text + self.ids.len() * entry,
            said: self.said.bytes(),
        }
    }

    /// Calls back with number, target and kind of each edge that leads away from an asset.
    #[inline]
    pub(super) fn each_edge(&self, node: u32, mut visit: impl FnMut(u32, u32, EdgeKind)) {
        let row = self.rows.row(node);
        let edges = self.rows.targets(row.clone()).iter().zip(self.rows.kinds(row.clone()));
        let numbered_edges = (row.start as u32..).zip(edges);
        if !self.overlay.concerns(node) {
            numbered_edges.for_each(|(edge, (to, kind))| visit(edge, *to, *kind));
            return;
        }
        numbered_edges
            .filter(|(edge, _)| !self.overlay.is_gone(*edge))
            .for_each(|(edge, (to, kind))| visit(edge, *to, *kind));
        let rows = numbered(self.rows.len());
        self.overlay.from(node).for_each(|(number, edge)| visit(rows + number, edge.to, edge.kind));
    }

    /// An edge by its number, good until the next change.
    pub(super) fn edge(&self, edge: u32) -> Loose {
        match (edge as usize).checked_sub(self.rows.len()) {
            Some(added) => self.overlay.edge(numbered(added)),
            None => self.rows.edge(edge),
        }
    }

    pub(super) fn witnessed(&self, number: u32) -> WitnessedEdge {
        let edge = self.edge(number);
        let more = self.more.get(&number).into_iter().flatten();
        let mut witnesses: Vec<Witness> = std::iter::once(&edge.heard)
            .chain(more)
            .map(|heard| self.said.witness(*heard))
            .collect();
        witnesses.sort_unstable_by(|one, other| other.cmp(one));
        WitnessedEdge {
            from: self.ids[edge.from as usize].clone(),
            to: self.ids[edge.to as usize].clone(),
            kind: edge.kind,
            witnesses,
        }
    }
}
