//! What each asset is worth, with one byte that says how it ranks in a list.

use super::worth::Worth;

/// Ranks: outside our clouds, weights 0 to [`Worth::MOST`], crown jewels.
pub(super) const RANKS: usize = Worth::MOST as usize + 3;
const OUTSIDE: u8 = 0;
const CROWN_JEWEL: u8 = RANKS as u8 - 1;

/// By an asset's number.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    known: Vec<Known>,
    /// A walk asks of every asset that it reaches: a byte each, kept close together.
    ranks: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    worth: Worth,
    /// Some source calls it a crown jewel.
    claimed: bool,
    /// An address, the internet: a way out, not a way on.
    outside: bool,
}

impl Places {
    /// Bytes an asset.
    pub(super) const BYTES: usize = size_of::<Known>() + 1;

    /// Makes room for one more, of which nothing is known.
    pub(super) fn add(&mut self) {
        self.known.push(Known::default());
        self.ranks.push(Known::default().rank());
    }

    pub(super) fn set_worth(&mut self, node: u32, worth: Worth) {
        self.change(node, |known| known.worth = worth);
    }

    pub(super) fn put_outside(&mut self, node: u32) {
        self.change(node, |known| known.outside = true);
    }

    pub(super) fn claim(&mut self, node: u32, claimed: bool) {
        self.change(node, |known| known.claimed = claimed);
    }

    /// These and no others are claimed to be crown jewels.
    pub(super) fn claim_only(&mut self, those: impl Iterator<Item = u32>) {
        for known in &mut self.known {
            known.claimed = false;
        }
        those.for_each(|node| self.known[node as usize].claimed = true);
        self.ranks = self.known.iter().map(|known| known.rank()).collect();
    }

    fn change(&mut self, node: u32, change: impl FnOnce(&mut Known)) {
        let known = &mut self.known[node as usize];
        change(known);
        self.ranks[node as usize] = known.rank();
    }

    #[inline]
    pub(super) fn rank(&self, node: u32) -> usize {
        self.ranks[node as usize] as usize
    }

    #[inline]
    pub(super) fn is_outside(&self, node: u32) -> bool {
        self.ranks[node as usize] == OUTSIDE
    }

    /// Never a place outside.
    pub(super) fn is_crown_jewel(&self, node: u32) -> bool {
        self.ranks[node as usize] == CROWN_JEWEL
    }

    pub(super) fn worth(&self, node: u32) -> Worth {
        self.known[node as usize].worth()
    }
}

impl Known {
    fn worth(self) -> Worth {
        Worth { crown_jewel: self.worth.crown_jewel || self.claimed, ..self.worth }
    }

    fn rank(self) -> u8 {
        let worth = self.worth();
        match (self.outside, worth.crown_jewel) {
            (true, _) => OUTSIDE,
            (false, true) => CROWN_JEWEL,
            (false, false) => 1 + worth.weight() as u8,
        }
    }
}

/// How many of each rank.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally([usize; RANKS]);

impl Tally {
    pub(super) fn count(&mut self, rank: usize) {
        self.0[rank] += 1;
    }

    pub(super) fn outside(&self) -> usize {
        self.0[OUTSIDE as usize]
    }

    pub(super) fn crown_jewels(&self) -> usize {
        self.0[CROWN_JEWEL as usize]
    }

    /// The sum of the weights of all that are in our clouds.
    pub(super) fn weight(&self) -> u64 {
        let weighed = (0..).zip(&self.0[1..RANKS - 1]).map(|(weight, many)| weight * *many as u64);
        weighed.sum::<u64>() + u64::from(Worth::MOST) * self.crown_jewels() as u64
    }

    /// Lets the highest ranks have what room there is.
    pub(super) fn share(&self, room: usize) -> Self {
        let (mut shares, mut left) = (Self::default(), room);
        for rank in (0..RANKS).rev() {
            shares.0[rank] = self.0[rank].min(left);
            left -= shares.0[rank];
        }
        shares
    }

    /// Takes one of a share; whether any was left.
    pub(super) fn take(&mut self, rank: usize) -> bool {
        let left = self.0[rank] > 0;
        self.0[rank] -= usize::from(left);
        left
    }
}
