//! Which sets of steps are worth a look.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::attack::{Attack, Useful};
use super::labels::Labels;
use super::paths::{self, Paths};
use crate::{AssetId, StepId};

/// Up to so many useful steps all of their sets are weighed.
const EXHAUSTIVE: usize = 14;
/// Beyond that, so many sets are carried on from each size to the next.
const WIDTH: usize = 48;
/// Most comparisons of a set with a way of cutting: about a tenth of a second.
const MOST_CHECKS: usize = 100_000_000;

/// What may be chosen from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutChoice {
    /// Attack paths there are.
    pub paths: u64,
    /// False when there may be more paths than were counted: what is removed is then at least that.
    pub paths_are_all: bool,
    /// Crown jewels that the attacker can get at.
    pub crown_jewels: usize,
    /// False when a crown jewel may be cut off by a set that is told not to.
    pub cut_off_is_exact: bool,
    /// False when there were too many steps to weigh all their sets. Each option is still weighed
    /// truly, and no step alone is better than all of them.
    pub sets_are_all: bool,
    /// Each useful step alone: most paths first.
    pub alone: Vec<CutOption>,
    /// The sets of steps of which none other is at least as good in every way: more paths removed,
    /// more crown jewels cut off, less broken, lower cost. Most paths first. Of sets that come to
    /// the same the one with the fewest steps is told.
    pub options: Vec<CutOption>,
    /// The useful steps, each the one that removes the most of the paths that those before it leave,
    /// against what it breaks beyond what they break: the question's `first` before the others.
    pub order: Vec<StepId>,
    /// Steps that cut nothing on the way to a crown jewel.
    pub useless: Vec<StepId>,
    /// Assets of the incident that the graph doesn't know.
    pub unknown: Vec<AssetId>,
}

/// A set of steps and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOption {
    /// By id.
    pub steps: Vec<StepId>,
    /// Attack paths removed.
    pub removes: u64,
    /// Crown jewels that the attacker can then not get at within the hops.
    pub cuts_off: usize,
    /// What works today and would not afterwards, each once.
    pub breaks: BTreeSet<AssetId>,
    /// The sum over the steps.
    pub cost: u64,
}

impl fmt::Display for CutChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_least = if self.paths_are_all { "" } else { "at least " };
        write!(f, "{at_least}{} paths to {} crown jewels", self.paths, self.crown_jewels)
    }
}

impl fmt::Display for CutOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { removes, cuts_off, breaks, cost, .. } = self;
        let breaks = breaks.len();
        write!(
            f,
            "removes {removes} paths, cuts off {cuts_off} crown jewels, breaks {breaks}, costs {cost}"
        )
    }
}

impl Attack {
    /// Weighs the candidates, alone and together.
    pub fn pareto(&self) -> CutChoice {
        let scale = Scale::new(self);
        let useful = self.useful.len();
        let every = useful <= EXHAUSTIVE && 1 << useful <= scale.most_sets();
        let mut alone: Vec<Weighed> = (0..useful).map(|step| scale.weigh(1 << step)).collect();
        alone.sort_by_cached_key(Weighed::order);
        let mut weighed: Vec<Weighed> = if every {
            (1..1 << useful).map(|set| scale.weigh(set)).collect()
        } else {
            scale.promising()
        };
        let least = self.cheapest().into_iter().flatten();
        weighed.push(scale.weigh(least.fold(0, |set, step| set | 1 << step)));
        CutChoice {
            paths: scale.paths.counted,
            paths_are_all: scale.paths.are_all,
            crown_jewels: self.crown_jewels(),
            cut_off_is_exact: scale.labels.are_exact,
            sets_are_all: every,
            alone: alone.iter().map(|one| scale.option(one)).collect(),
            options: undominated(weighed).iter().map(|one| scale.option(one)).collect(),
            order: super::order::of(self, &scale),
            useless: self.useless.clone(),
            unknown: self.unknown.clone(),
        }
    }
}

/// A set of steps, a bit each, and what it comes to in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weighed {
    pub(super) steps: u64,
    pub(super) removes: u64,
    pub(super) cuts_off: usize,
    pub(super) breaks: u32,
    pub(super) cost: u64,
}

impl Weighed {
    pub(super) const NOTHING: Self = Self { steps: 0, removes: 0, cuts_off: 0, breaks: 0, cost: 0 };

    /// Best first, in an order in which none is dominated by a later one. The last parts decide
    /// between equals: fewest steps, then the steps with the smallest ids.
    fn order(&self) -> impl Ord + use<> {
        let Self { steps, removes, cuts_off, breaks, cost } = *self;
        let first = Reverse(steps.reverse_bits());
        (Reverse(removes), Reverse(cuts_off), breaks, cost, steps.count_ones(), first)
    }

    /// Whether it is at least as good in every way.
    fn is_no_worse(&self, other: &Self) -> bool {
        self.removes >= other.removes
            && self.cuts_off >= other.cuts_off
            && self.breaks <= other.breaks
            && self.cost <= other.cost
    }
}

/// The best, best first. To do nothing is not told, but what is no better is not told either.
fn undominated(mut all: Vec<Weighed>) -> Vec<Weighed> {
    all.sort_by_cached_key(Weighed::order);
    let mut kept: Vec<Weighed> = vec![Weighed::NOTHING];
    for one in all {
        if !kept.iter().any(|better| better.is_no_worse(&one)) {
            kept.push(one);
        }
    }
    kept.remove(0);
    kept
}

pub(super) struct Scale<'a> {
    useful: &'a [Useful],
    paths: Paths,
    labels: Labels,
    /// What each step breaks, a bit for everything that any breaks.
    breaks: Vec<Vec<u64>>,
}

impl<'a> Scale<'a> {
    fn new(attack: &'a Attack) -> Self {
        let useful = &attack.useful;
        let everything: BTreeSet<&AssetId> =
            useful.iter().flat_map(|one| &one.candidate.breaks).collect();
        let bits: BTreeMap<&AssetId, usize> = everything.into_iter().zip(0..).collect();
        let breaks = useful.iter().map(|one| {
            let mut words = vec![0; bits.len().div_ceil(64)];
            for bit in one.candidate.breaks.iter().filter_map(|asset| bits.get(asset)) {
                words[bit / 64] |= 1 << (bit % 64);
            }
            words
        });
        let breaks = breaks.collect();
        Self { useful, paths: paths::count(attack), labels: Labels::of(attack), breaks }
    }

    pub(super) fn weigh(&self, steps: u64) -> Weighed {
        let removed = self.paths.by_cut.iter().filter(|(cut_by, _)| cut_by & steps != 0);
        let those = || bits(steps);
        let words = self.breaks.first().map_or(0, Vec::len);
        let broken = (0..words)
            .map(|word| those().fold(0, |all, step| all | self.breaks[step][word]).count_ones());
        Weighed {
            steps,
            removes: removed.map(|(_, paths)| paths).sum(),
            cuts_off: self.labels.cut_off(steps),
            breaks: broken.sum(),
            cost: those().map(|step| u64::from(self.useful[step].candidate.cost)).sum(),
        }
    }

    fn option(&self, weighed: &Weighed) -> CutOption {
        let those = || bits(weighed.steps).map(|step| &self.useful[step].candidate);
        CutOption {
            steps: those().map(|candidate| candidate.step.clone()).collect(),
            removes: weighed.removes,
            cuts_off: weighed.cuts_off,
            breaks: those().flat_map(|candidate| candidate.breaks.iter().cloned()).collect(),
            cost: weighed.cost,
        }
    }

    fn most_sets(&self) -> usize {
        MOST_CHECKS / self.paths.by_cut.len().max(1)
    }

    /// All steps alone, and from each size of set the best carried on to the next. What a step adds
    /// to the paths removed only shrinks as a set grows, so that sets that are good grow from sets
    /// that are.
    fn promising(&self) -> Vec<Weighed> {
        let steps = 0..self.useful.len();
        let mut all: Vec<Weighed> = Vec::new();
        let mut front: Vec<u64> = vec![0];
        while !front.is_empty() && all.len() <= self.most_sets() {
            let grown: BTreeSet<u64> = front
                .iter()
                .flat_map(|set| steps.clone().map(move |step| set | 1 << step))
                .filter(|set| !front.contains(set))
                .collect();
            let mut level: Vec<Weighed> = grown.into_iter().map(|set| self.weigh(set)).collect();
            level.sort_by_cached_key(Weighed::order);
            let mut best = undominated(level.clone());
            best.truncate(WIDTH);
            best.extend(&level[..level.len().min(WIDTH / 4)]);
            let next: BTreeSet<u64> = best.iter().map(|one| one.steps).collect();
            front = next.into_iter().collect();
            all.extend(level);
        }
        all
    }
}

fn bits(set: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |bit| set >> bit & 1 == 1)
}
