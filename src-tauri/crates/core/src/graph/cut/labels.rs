//! Whether a set of steps cuts a crown jewel off, without counting paths.
//!
//! A way that leads to an asset is labelled with the steps that cut it. Of two labels of one asset
//! the one within the other is enough: whatever leaves the larger one open leaves the smaller one
//! open. So each crown jewel has its least labels, and a set of steps cuts it off when it has a step
//! of each of them.

use super::attack::Attack;

/// Most labels kept of one asset.
const MOST_LABELS: usize = 64;

/// The least labels of each crown jewel.
pub(super) struct Labels {
    by_jewel: Vec<Vec<u64>>,
    /// False when labels were drawn together: a jewel may then be cut off and be told as open,
    /// never the other way round.
    pub(super) are_exact: bool,
}

impl Labels {
    /// Walks so many hops from the incident, a hop at a time.
    pub(super) fn of(attack: &Attack) -> Self {
        let mut labels: Vec<Vec<u64>> = vec![Vec::new(); attack.assets()];
        let mut news: Vec<(u32, u64)> = attack.starts.iter().map(|start| (*start, 0)).collect();
        let mut are_exact = true;
        for _ in 0..attack.hops {
            let mut next = Vec::new();
            for (asset, label) in news {
                for leg in &attack.edges[attack.row(asset)] {
                    let label = label | leg.cut_by;
                    let known = &mut labels[leg.to as usize];
                    if let Some(label) = take_in(known, label, &mut are_exact) {
                        next.push((leg.to, label));
                    }
                }
            }
            news = next;
        }
        let by_jewel = attack.jewels.iter();
        let by_jewel = by_jewel.map(|jewel| std::mem::take(&mut labels[*jewel as usize])).collect();
        Self { by_jewel, are_exact }
    }

    /// How many crown jewels these steps cut off.
    pub(super) fn cut_off(&self, steps: u64) -> usize {
        self.by_jewel.iter().filter(|labels| labels.iter().all(|label| label & steps != 0)).count()
    }
}

/// Adds a label unless one within it is known; what goes on from the asset, if anything does.
fn take_in(known: &mut Vec<u64>, label: u64, are_exact: &mut bool) -> Option<u64> {
    if known.iter().any(|least| least & label == *least) {
        return None;
    }
    known.retain(|larger| larger & label != label);
    if known.len() < MOST_LABELS {
        known.push(label);
        return Some(label);
    }
    *are_exact = false;
    let together = known.iter().fold(label, |all, one| all & one);
    known.clear();
    known.push(together);
    Some(together)
}
