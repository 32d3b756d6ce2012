//! How a fact becomes numbers, and how the witnesses of an edge come and go.

use super::adjacency::Loose;
use super::asset_graph::{AssetGraph, WITNESSES_CAP};
use super::fact::{Fact, is_taken};
use super::kind::EdgeKind;
use super::said::{Heard, Said, numbered};
use crate::AssetId;

/// Changes that are always let be before the rows are written anew.
const CHANGES: usize = 4_096;
/// The part of the edges that may have changed before the rows are written anew.
const CHANGED_PART: usize = 16;

impl AssetGraph {
    /// The fact in numbers; `None` when it is refused.
    pub(super) fn loose(&mut self, fact: &Fact<'_>) -> Option<Loose> {
        if fact.from == fact.to || !is_taken(fact.from) || !is_taken(fact.to) {
            return None;
        }
        let (from, to) = (self.number(fact.from)?, self.number(fact.to)?);
        Some(Loose { from, to, kind: fact.kind, heard: self.said.hear(fact) })
    }

    /// The number of an asset, given now if it is new; `None` when its id is refused.
    pub(super) fn number(&mut self, id: &AssetId) -> Option<u32> {
        if let Some(known) = self.ids.get_index_of(id) {
            return Some(numbered(known));
        }
        is_taken(id).then(|| {
            self.places.add();
            numbered(self.ids.insert_full(id.clone()).0)
        })
    }

    pub(super) fn find(&self, (from, to, kind): (u32, u32, EdgeKind)) -> Option<u32> {
        let written = self.rows.find(from, to, kind);
        written.filter(|edge| !self.overlay.is_gone(*edge)).or_else(|| {
            self.overlay.find(from, to, kind).map(|number| numbered(self.rows.len()) + number)
        })
    }

    /// Adds a witness to an edge. Of one source's same words the latest time stays; of too many
    /// witnesses the oldest goes, by the order of [`Witness`](super::Witness).
    pub(super) fn hear(&mut self, edge: u32, heard: Heard) {
        let Self { said, more, rows, overlay, .. } = self;
        let first = match (edge as usize).checked_sub(rows.len()) {
            Some(added) => overlay.heard_mut(numbered(added)),
            None => rows.heard_mut(edge),
        };
        let others = more.get_mut(&edge);
        let same = std::iter::once(&mut *first)
            .chain(others.into_iter().flatten())
            .find(|known| said.is_same(**known, heard));
        if let Some(known) = same {
            if said.at(*known) < said.at(heard) {
                *known = heard;
            }
            return;
        }
        let others = more.entry(edge).or_default();
        others.push(heard);
        if others.len() < WITNESSES_CAP {
            return;
        }
        let oldest = (0..others.len()).min_by_key(|index| said.witness(others[*index]));
        if let Some(oldest) = oldest {
            let out = others.swap_remove(oldest);
            if said.witness(*first) < said.witness(out) {
                *first = out;
            }
        }
    }

    /// Takes the witnesses away that `gone` picks, and the edge with its last. Whether any went.
    pub(super) fn unhear(&mut self, edge: u32, gone: impl Fn(&Said, Heard) -> bool) -> bool {
        let first = self.edge(edge).heard;
        let others = self.more.get(&edge).map_or(&[][..], Vec::as_slice);
        if !std::iter::once(&first).chain(others).any(|heard| gone(&self.said, *heard)) {
            return false;
        }
        let mut all = self.more.remove(&edge).unwrap_or_default();
        all.insert(0, first);
        all.retain(|heard| !gone(&self.said, *heard));
        if all.is_empty() {
            self.remove(edge);
            return true;
        }
        let first = all.remove(0);
        match (edge as usize).checked_sub(self.rows.len()) {
            Some(added) => *self.overlay.heard_mut(numbered(added)) = first,
            None => *self.rows.heard_mut(edge) = first,
        }
        if !all.is_empty() {
            self.more.insert(edge, all);
        }
        true
    }

    fn remove(&mut self, edge: u32) {
        match (edge as usize).checked_sub(self.rows.len()) {
            Some(added) => self.overlay.take_back(numbered(added)),
            None => {
                let from = self.rows.edge(edge).from;
                self.overlay.remove(edge, from);
            }
        }
    }

    /// Words that nothing needs any more count as changes: a source whose reasons always differ.
    pub(super) fn compact_when_due(&mut self) {
        let most = CHANGES + self.rows.len() / CHANGED_PART;
        let words = self.said.len() - self.said_then;
        if self.overlay.len() > most || words > most + self.said_then {
            self.compact();
        }
    }
}
