//! In which order steps are done.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::StepId;
use crate::containment::{Evidence, Place, in_order};

fn place(step: &str, offered: u32, evidence: Evidence) -> Place {
    Place { step: StepId::new(step), offered, model: None, mandatory: false, evidence }
}

fn order(places: &[Place], cut: Option<&[&str]>) -> Vec<String> {
    let cut: Option<Vec<StepId>> = cut.map(|cut| cut.iter().map(|id| StepId::new(*id)).collect());
    in_order(places, cut.as_deref()).iter().map(ToString::to_string).collect()
}

fn three() -> Vec<Place> {
    vec![
        place("snapshot", 1, Evidence::Preserves),
        place("key", 2, Evidence::Keeps),
        place("stop", 3, Evidence::Destroys),
    ]
}

#[test]
fn without_a_cut_the_playbook_stands_and_a_model_may_change_it() {
    assert_eq!(order(&three(), None), ["snapshot", "key", "stop"]);
    let mut places = three();
    for (place, model) in places.iter_mut().zip([3, 1, 2]) {
        place.model = Some(model);
    }
    assert_eq!(order(&places, None), ["key", "stop", "snapshot"]);
    assert_eq!(order(&places, Some(&["key"])), ["key", "snapshot", "stop"], "the cut comes first");
}

#[test]
fn what_preserves_stays_before_what_destroys() {
    assert_eq!(order(&three(), Some(&["stop", "key"])), ["snapshot", "stop", "key"]);
}

#[test]
fn the_floor_comes_first() {
    let mut places = three();
    places[1].mandatory = true;
    assert_eq!(order(&places, Some(&["stop"])), ["key", "snapshot", "stop"]);
    places[2].mandatory = true;
    assert_eq!(order(&places, Some(&["stop", "key"])), ["snapshot", "stop", "key"]);
}

fn any_places() -> impl Strategy<Value = Vec<Place>> {
    let evidence = select(&[Evidence::Preserves, Evidence::Keeps, Evidence::Destroys][..]);
    let one = (evidence, any::<bool>(), proptest::option::of(1..9_u32));
    vec(one, 0..9).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(offered, (evidence, mandatory, model))| Place {
                step: StepId::new(format!("s{offered}")),
                offered,
                model,
                mandatory,
                evidence,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn every_step_stays_and_evidence_is_safe(
        places in any_places(),
        cut in proptest::option::of(vec((0..12_u32).prop_map(|n| StepId::new(format!("s{n}"))), 0..9)),
        turn in 0..9_usize,
    ) {
        let ordered = in_order(&places, cut.as_deref());
        let mut all: Vec<&StepId> = ordered.iter().collect();
        all.sort();
        all.dedup();
        prop_assert_eq!(all.len(), places.len());
        prop_assert!(places.iter().all(|place| ordered.contains(&place.step)));
        let mut turned = places.clone();
        turned.rotate_left(turn.min(places.len()));
        prop_assert_eq!(&in_order(&turned, cut.as_deref()), &ordered, "whatever the order");
        let Some(cut) = cut else { return Ok(()) };
        let at = |place: &Place| ordered.iter().position(|step| *step == place.step);
        for late in places.iter().filter(|place| place.evidence == Evidence::Destroys) {
            let before = places.iter().filter(|place| place.offered < late.offered);
            for early in before.filter(|place| place.evidence == Evidence::Preserves) {
                prop_assert!(at(early) < at(late));
            }
        }
        // Only what must be preserved first is let in before the floor is through.
        let floor = places.iter().filter(|place| place.mandatory).filter_map(at).max();
        for place in places.iter().filter(|place| !place.mandatory && at(place) < floor) {
            prop_assert_eq!(place.evidence, Evidence::Preserves, "{:?}", cut);
        }
    }
}
