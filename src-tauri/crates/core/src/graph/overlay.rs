//! What changed since the rows were written: edges that came and edges that went.

use std::collections::{HashMap, HashSet};

use super::adjacency::Loose;
use super::kind::EdgeKind;
use super::said::{Heard, numbered};

/// Additions and removals. Which assets they concern is one bit each, so that a walk asks about the
/// rest of them only where something changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlay {
    added: Vec<Added>,
    /// The newest addition that leads away from an asset.
    newest: HashMap<u32, u32>,
    index: HashMap<(u32, u32, EdgeKind), u32>,
    gone: HashSet<u32>,
    touched: Vec<u64>,
}

#[derive(Debug, Clone)]
struct Added {
    edge: Loose,
    /// The next older addition from the same asset.
    older: Option<u32>,
    /// False once it was taken back.
    stands: bool,
}

impl Overlay {
    /// Additions, also those taken back, and removals: what a walk may have to look at.
    pub(super) fn len(&self) -> usize {
        self.added.len() + self.gone.len()
    }

    /// How many edges there are more than in the rows, how many fewer.
    pub(super) fn balance(&self) -> (usize, usize) {
        (self.index.len(), self.gone.len())
    }

    #[inline]
    pub(super) fn concerns(&self, node: u32) -> bool {
        self.touched.get(node as usize / 64).is_some_and(|bits| bits >> (node % 64) & 1 == 1)
    }

    fn touch(&mut self, node: u32) {
        let word = node as usize / 64;
        if self.touched.len() <= word {
            self.touched.resize(word + 1, 0);
        }
        self.touched[word] |= 1 << (node % 64);
    }

    /// The number of an addition that stands.
    pub(super) fn find(&self, from: u32, to: u32, kind: EdgeKind) -> Option<u32> {
        self.index.get(&(from, to, kind)).copied()
    }

    pub(super) fn add(&mut self, edge: Loose) {
        let number = numbered(self.added.len());
        let older = self.newest.insert(edge.from, number);
        self.index.insert(edge.key(), number);
        self.added.push(Added { edge, older, stands: true });
        self.touch(edge.from);
    }

    pub(super) fn take_back(&mut self, number: u32) {
        let added = &mut self.added[number as usize];
        added.stands = false;
        self.index.remove(&added.edge.key());
    }

    /// Removes an edge of the rows.
    pub(super) fn remove(&mut self, edge: u32, from: u32) {
        self.gone.insert(edge);
        self.touch(from);
    }

    /// Puts an edge of the rows back; whether it was gone.
    pub(super) fn restore(&mut self, edge: u32) -> bool {
        self.gone.remove(&edge)
    }

    pub(super) fn is_gone(&self, edge: u32) -> bool {
        self.gone.contains(&edge)
    }

    pub(super) fn gone(&self) -> &HashSet<u32> {
        &self.gone
    }

    pub(super) fn edge(&self, number: u32) -> Loose {
        self.added[number as usize].edge
    }

    pub(super) fn heard_mut(&mut self, number: u32) -> &mut Heard {
        &mut self.added[number as usize].edge.heard
    }

    /// The additions that stand and lead away from an asset, with their numbers, newest first.
    pub(super) fn from(&self, node: u32) -> impl Iterator<Item = (u32, Loose)> {
        let newest = self.newest.get(&node).copied();
        std::iter::successors(newest, |number| self.added[*number as usize].older)
            .map(|number| (number, &self.added[number as usize]))
            .filter(|(_, added)| added.stands)
            .map(|(number, added)| (number, added.edge))
    }

    /// The additions that stand, in order of their keys.
    pub(super) fn standing(&self) -> Vec<Loose> {
        let mut edges: Vec<Loose> =
            self.added.iter().filter(|added| added.stands).map(|added| added.edge).collect();
        edges.sort_unstable_by_key(Loose::key);
        edges
    }

    pub(super) fn bytes(&self) -> usize {
        let index = size_of::<((u32, u32, EdgeKind), u32)>() + size_of::<(u32, u32)>();
        self.added.capacity() * size_of::<Added>()
            + self.index.capacity() * (index + 2)
            + self.gone.capacity() * (size_of::<u32>() + 1)
            + self.touched.capacity() * size_of::<u64>()
    }
}
