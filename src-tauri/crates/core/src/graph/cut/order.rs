//! In which order to take the steps.

use std::cmp::Reverse;

use super::attack::Attack;
use super::choice::{Scale, Weighed};
use crate::StepId;

/// One step after the other, each the best of those that are left.
pub(super) fn of(attack: &Attack, scale: &Scale<'_>) -> Vec<StepId> {
    let mut left: Vec<usize> = (0..attack.useful.len()).collect();
    let (mut taken, mut order) = (Weighed::NOTHING, Vec::new());
    while !left.is_empty() {
        let is_first = |step: usize| attack.first >> step & 1 == 1;
        let some_first = left.iter().any(|step| is_first(*step));
        let next = (0..left.len())
            .filter(|at| is_first(left[*at]) == some_first)
            .map(|at| (at, scale.weigh(taken.steps | 1 << left[at])))
            .max_by(|(at, one), (other_at, other)| {
                let earlier = Reverse(left[*at]).cmp(&Reverse(left[*other_at]));
                gain(&taken, one).cmp(&gain(&taken, other)).then(earlier)
            });
        let Some((at, with)) = next else { break };
        order.push(attack.useful[left.remove(at)].candidate.step.clone());
        taken = with;
    }
    order
}

/// What a step adds to those that are taken. Compared: paths against what breaks, then paths, then
/// crown jewels, then the lower cost.
#[derive(Debug, PartialEq, Eq)]
struct Gain {
    removes: u64,
    breaks: u64,
    cuts_off: usize,
    cost: u64,
}

fn gain(before: &Weighed, after: &Weighed) -> Gain {
    Gain {
        removes: after.removes - before.removes,
        breaks: u64::from(after.breaks - before.breaks),
        cuts_off: after.cuts_off - before.cuts_off,
        cost: after.cost - before.cost,
    }
}

impl Ord for Gain {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Paths for each thing that breaks, with the step itself as one more: no division.
        let ratio = (self.removes * (1 + other.breaks)).cmp(&(other.removes * (1 + self.breaks)));
        let rest = |one: &Self| (one.removes, one.cuts_off, Reverse(one.breaks), Reverse(one.cost));
        ratio.then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl PartialOrd for Gain {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
