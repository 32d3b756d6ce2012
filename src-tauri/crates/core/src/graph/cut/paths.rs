//! Counts attack paths, shortest first, by which candidates cut them.

use std::collections::BTreeMap;

use super::attack::Attack;

/// Edges looked at for one count: where assets are woven closely, most tries end in a circle.
const MOST_TRIES: u64 = 5_000_000;

/// How many paths the same candidates cut.
pub(super) struct Paths {
    pub(super) by_cut: Vec<(u64, u64)>,
    /// How many there are altogether.
    pub(super) counted: u64,
    /// False when there may be more than were counted.
    pub(super) are_all: bool,
}

/// Counts all paths of one edge, then of two, and so on.
pub(super) fn count(attack: &Attack) -> Paths {
    let mut count = Count {
        attack,
        is_jewel: marked(attack, &attack.jewels),
        is_on_path: vec![false; attack.assets()],
        by_cut: BTreeMap::new(),
        counted: 0,
        tries: 0,
    };
    let are_all =
        (1..=attack.hops).all(|hops| attack.starts.iter().all(|start| count.from(*start, hops, 0)));
    Paths { counted: count.counted, by_cut: count.by_cut.into_iter().collect(), are_all }
}

struct Count<'a> {
    attack: &'a Attack,
    is_jewel: Vec<bool>,
    is_on_path: Vec<bool>,
    by_cut: BTreeMap<u64, u64>,
    counted: u64,
    tries: u64,
}

impl Count<'_> {
    /// The paths that go on from here for exactly so many edges; false when it is to stop. Goes no
    /// deeper than [`MOST_HOPS`](crate::graph::MOST_HOPS).
    fn from(&mut self, asset: u32, hops: u32, cut_by: u64) -> bool {
        if hops == 0 {
            return !self.is_jewel[asset as usize] || self.one(cut_by);
        }
        self.is_on_path[asset as usize] = true;
        let goes_on = self.attack.row(asset).all(|index| {
            let leg = self.attack.edges[index];
            self.tries += 1;
            let to = leg.to as usize;
            if self.is_on_path[to] || self.attack.left[to] > hops - 1 {
                return self.tries < MOST_TRIES;
            }
            self.from(leg.to, hops - 1, cut_by | leg.cut_by) && self.tries < MOST_TRIES
        });
        self.is_on_path[asset as usize] = false;
        goes_on
    }

    fn one(&mut self, cut_by: u64) -> bool {
        if self.counted == self.attack.most_paths {
            return false;
        }
        self.counted += 1;
        *self.by_cut.entry(cut_by).or_default() += 1;
        true
    }
}

pub(super) fn marked(attack: &Attack, those: &[u32]) -> Vec<bool> {
    let mut marks = vec![false; attack.assets()];
    those.iter().for_each(|asset| marks[*asset as usize] = true);
    marks
}
