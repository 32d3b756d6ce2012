//! Edges as compressed rows: where each asset's row starts, then targets, kinds and witnesses of
//! all edges, each in one array. 13 bytes an edge and 4 an asset.

use std::collections::HashSet;
use std::ops::Range;

use super::kind::EdgeKind;
use super::said::{Heard, numbered};

/// An edge outside of any row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loose {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) kind: EdgeKind,
    pub(super) heard: Heard,
}

impl Loose {
    pub(super) fn key(&self) -> (u32, u32, EdgeKind) {
        (self.from, self.to, self.kind)
    }
}

/// Rows in order of their asset's number, each in order of target and kind. No edge twice.
#[derive(Debug, Clone, Default)]
pub(super) struct Adjacency {
    /// One more than there are rows; empty where there are none.
    starts: Vec<u32>,
    targets: Vec<u32>,
    kinds: Vec<EdgeKind>,
    heard: Vec<Heard>,
}

impl Adjacency {
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// The edges that lead away from an asset; none for one that came later.
    #[inline]
    pub(super) fn row(&self, node: u32) -> Range<usize> {
        match self.starts.get(node as usize..node as usize + 2) {
            Some(bounds) => bounds[0] as usize..bounds[1] as usize,
            None => 0..0,
        }
    }

    #[inline]
    pub(super) fn targets(&self, row: Range<usize>) -> &[u32] {
        &self.targets[row]
    }

    #[inline]
    pub(super) fn kinds(&self, row: Range<usize>) -> &[EdgeKind] {
        &self.kinds[row]
    }

    pub(super) fn edge(&self, edge: u32) -> Loose {
        let index = edge as usize;
        let from = self.starts.partition_point(|start| *start <= edge) - 1;
        let (to, kind, heard) = (self.targets[index], self.kinds[index], self.heard[index]);
        Loose { from: numbered(from), to, kind, heard }
    }

    pub(super) fn find(&self, from: u32, to: u32, kind: EdgeKind) -> Option<u32> {
        let (mut low, mut high) = (self.row(from).start, self.row(from).end);
        while low < high {
            let middle = low + (high - low) / 2;
            match (self.targets[middle], self.kinds[middle]).cmp(&(to, kind)) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(numbered(middle)),
            }
        }
        None
    }

    pub(super) fn heard_mut(&mut self, edge: u32) -> &mut Heard {
        &mut self.heard[edge as usize]
    }

    pub(super) fn all_heard_mut(&mut self) -> impl Iterator<Item = &mut Heard> {
        self.heard.iter_mut()
    }

    /// The same without `gone` and with `fresh`, which is in order of its keys and has none twice
    /// and none that stays. Linear in the edges; `self` lives until the new rows are written.
    pub(super) fn merged(&self, nodes: usize, gone: &HashSet<u32>, fresh: &[Loose]) -> Self {
        let mut new = Self::with_room(nodes, self.len() + fresh.len() - gone.len());
        let mut fresh = fresh.iter().peekable();
        for node in 0..numbered(nodes) {
            new.starts.push(numbered(new.len()));
            for index in self.row(node) {
                let kept = (node, self.targets[index], self.kinds[index]);
                while let Some(edge) = fresh.next_if(|edge| edge.key() < kept) {
                    new.push(edge.to, edge.kind, edge.heard);
                }
                if gone.is_empty() || !gone.contains(&numbered(index)) {
                    new.push(kept.1, kept.2, self.heard[index]);
                }
            }
            while let Some(edge) = fresh.next_if(|edge| edge.from == node) {
                new.push(edge.to, edge.kind, edge.heard);
            }
        }
        new.starts.push(numbered(new.len()));
        new
    }

    fn with_room(nodes: usize, edges: usize) -> Self {
        Self {
            starts: Vec::with_capacity(nodes + 1),
            targets: Vec::with_capacity(edges),
            kinds: Vec::with_capacity(edges),
            heard: Vec::with_capacity(edges),
        }
    }

    fn push(&mut self, to: u32, kind: EdgeKind, heard: Heard) {
        self.targets.push(to);
        self.kinds.push(kind);
        self.heard.push(heard);
    }

    pub(super) fn bytes(&self) -> usize {
        let edge = size_of::<u32>() + size_of::<EdgeKind>() + size_of::<Heard>();
        self.starts.capacity() * size_of::<u32>() + self.targets.capacity() * edge
    }
}
