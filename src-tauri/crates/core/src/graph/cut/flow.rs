//! Maximum flow after Dinic (1970): shortest augmenting paths, a level at a time.

use std::collections::VecDeque;

use crate::graph::said::numbered;

/// A network. Arcs come in pairs: the arc itself and its reverse.
#[derive(Debug, Default)]
pub(super) struct Flow {
    arcs: Vec<Arc>,
    /// Arcs that leave each node.
    leaving: Vec<Vec<u32>>,
}

#[derive(Debug, Clone, Copy)]
struct Arc {
    to: u32,
    /// What still fits; `None` when there is no limit.
    room: Option<u64>,
}

const UNSEEN: u32 = u32::MAX;

impl Flow {
    /// Adds a node. The answer is its number.
    pub(super) fn add_node(&mut self) -> u32 {
        self.leaving.push(Vec::new());
        numbered(self.leaving.len() - 1)
    }

    /// Adds an arc; `None` is without limit. The answer is its number.
    pub(super) fn add(&mut self, from: u32, to: u32, room: Option<u64>) -> u32 {
        let number = numbered(self.arcs.len());
        self.arcs.extend([Arc { to, room }, Arc { to: from, room: Some(0) }]);
        self.leaving[from as usize].push(number);
        self.leaving[to as usize].push(number + 1);
        number
    }

    /// Sends all that fits. The answer is which nodes can still be reached from the source: one
    /// side of a least cut, the same whatever way the flow took. `None` when there is no limit.
    pub(super) fn saturate(&mut self, source: u32, sink: u32) -> Option<Vec<bool>> {
        loop {
            let levels = self.levels(source);
            if levels[sink as usize] == UNSEEN {
                return Some(levels.into_iter().map(|level| level != UNSEEN).collect());
            }
            self.send(source, sink, levels)?;
        }
    }

    /// Whether an arc leads out of a side.
    pub(super) fn crosses(&self, arc: u32, side: &[bool]) -> bool {
        let (to, from) = (self.arcs[arc as usize].to, self.arcs[arc as usize ^ 1].to);
        side[from as usize] && !side[to as usize]
    }

    fn levels(&self, source: u32) -> Vec<u32> {
        let mut levels = vec![UNSEEN; self.leaving.len()];
        levels[source as usize] = 0;
        let mut next = VecDeque::from([source]);
        while let Some(node) = next.pop_front() {
            for arc in &self.leaving[node as usize] {
                let Arc { to, room } = self.arcs[*arc as usize];
                if room != Some(0) && levels[to as usize] == UNSEEN {
                    levels[to as usize] = levels[node as usize] + 1;
                    next.push_back(to);
                }
            }
        }
        levels
    }

    /// Sends along paths that go up a level with each arc until there is none left.
    fn send(&mut self, source: u32, sink: u32, levels: Vec<u32>) -> Option<()> {
        let mut tried = vec![0; self.leaving.len()];
        let mut path: Vec<u32> = Vec::new();
        loop {
            let here = path.last().map_or(source, |arc| self.arcs[*arc as usize].to);
            if here == sink {
                self.push_along(&path)?;
                path.clear();
                continue;
            }
            let arcs = &self.leaving[here as usize];
            let fits = |arc: &u32| {
                let Arc { to, room } = self.arcs[*arc as usize];
                room != Some(0) && levels[to as usize] == levels[here as usize].wrapping_add(1)
            };
            let first = tried[here as usize];
            match arcs[first..].iter().position(fits) {
                Some(ahead) => {
                    tried[here as usize] = first + ahead;
                    path.push(arcs[first + ahead]);
                }
                None => {
                    tried[here as usize] = arcs.len();
                    let Some(arc) = path.pop() else { return Some(()) };
                    let before = self.arcs[arc as usize ^ 1].to;
                    tried[before as usize] += 1;
                }
            }
        }
    }

    /// Fills a path with what its narrowest arc takes; `None` when none of them has a limit.
    fn push_along(&mut self, path: &[u32]) -> Option<()> {
        let amount = path.iter().filter_map(|arc| self.arcs[*arc as usize].room).min()?;
        for arc in path {
            let forth = &mut self.arcs[*arc as usize].room;
            *forth = forth.map(|room| room - amount);
            let back = &mut self.arcs[*arc as usize ^ 1].room;
            *back = back.map(|room| room + amount);
        }
        Some(())
    }
}
