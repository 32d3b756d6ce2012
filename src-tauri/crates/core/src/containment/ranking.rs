//! The order of a plan's steps: by the cut where the asset graph can tell, else as proposed.

use crate::StepId;

use super::effect::Evidence;

/// What the order goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub step: StepId,
    /// Its place in the playbook, from 1.
    pub offered: u32,
    /// Its place in a model's order, from 1, when a model gave one.
    pub model: Option<u32>,
    /// A playbook's step that nothing may drop.
    pub mandatory: bool,
    /// What becomes of evidence in it.
    pub evidence: Evidence,
}

/// The steps in the order in which to do them.
///
/// With a cut: mandatory steps, then the others, each by the cut's order; what cuts nothing follows
/// in the playbook's. What the playbook preserves evidence with before a step that destroys some
/// still comes before it. Without a cut: the model's order where there is one (see
/// [`arrange`](crate::assessment::arrange) for its floor), else the playbook's.
pub fn in_order(places: &[Place], cut: Option<&[StepId]>) -> Vec<StepId> {
    let mut all: Vec<&Place> = places.iter().collect();
    let Some(cut) = cut else {
        all.sort_by_key(|place| (place.model.unwrap_or(place.offered), place.offered));
        return all.into_iter().map(|place| place.step.clone()).collect();
    };
    let nth = |place: &Place| cut.iter().position(|step| *step == place.step);
    all.sort_by_key(|place| (!place.mandatory, nth(place).unwrap_or(cut.len()), place.offered));
    let mut ordered: Vec<StepId> = Vec::with_capacity(all.len());
    for place in &all {
        let mut due: Vec<&Place> = match place.evidence {
            Evidence::Destroys => preserving_before(place, places),
            Evidence::Preserves | Evidence::Keeps => Vec::new(),
        };
        due.push(place);
        for one in due {
            if !ordered.contains(&one.step) {
                ordered.push(one.step.clone());
            }
        }
    }
    ordered
}

fn preserving_before<'a>(of: &Place, places: &'a [Place]) -> Vec<&'a Place> {
    let mut before: Vec<&Place> = places
        .iter()
        .filter(|place| place.evidence == Evidence::Preserves && place.offered < of.offered)
        .collect();
    before.sort_by_key(|place| place.offered);
    before
}
