//! The steps of a plan weighed against the asset graph, as people read it.

#[cfg(test)]
mod checks;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::graph::MOST_DEPENDANTS;
use firebreak_core::graph::cut::{CutChoice, CutOption};
use firebreak_core::plan::Step;
use firebreak_core::{AssetId, StepId, StepState};
use firebreak_engine::{Cut, Named, Outcome, Standing, WeighedStep, Weighing, ordered};
use firebreak_wire as wire;

use super::count;

/// Options told; more can't be told apart on a screen.
const MOST_OPTIONS: usize = 24;

pub(crate) fn cut(weighing: &Weighing, steps: &[&Step]) -> wire::CutView {
    let weighed = match &weighing.outcome {
        Outcome::Weighed(cut) => Some(cut.as_ref()),
        _ => None,
    };
    let choice = weighed.map(|cut| &cut.choice);
    let outdated = is_outdated(weighing, steps);
    wire::CutView {
        state: state(&weighing.outcome),
        said: said(weighing, steps, outdated),
        outdated,
        bounds: choice.map(|choice| bounds(choice, weighing)).unwrap_or_default(),
        paths: choice.map_or(0, |choice| long(choice.paths)),
        paths_are_all: choice.is_none_or(|choice| choice.paths_are_all),
        crown_jewels: choice.map_or(0, |choice| count(choice.crown_jewels)),
        hops: weighing.hops,
        steps: steps.iter().filter_map(|step| one(weighing, choice, step)).collect(),
        options: choice.map(|choice| options(choice, weighing, steps)).unwrap_or_default(),
        least: weighed.and_then(|cut| least(cut, steps)),
    }
}

fn state(outcome: &Outcome) -> wire::CutState {
    match outcome {
        Outcome::Weighed(_) => wire::CutState::Weighed,
        Outcome::NoSteps => wire::CutState::NoSteps,
        Outcome::Unknown(_) => wire::CutState::Unknown,
        Outcome::NoCrownJewels => wire::CutState::NoCrownJewels,
        Outcome::NoPaths => wire::CutState::NoPaths,
        Outcome::TooMuch(_) => wire::CutState::TooMuch,
        Outcome::Late => wire::CutState::Late,
    }
}

/// Whether the graph of now would put the steps into another order.
fn is_outdated(weighing: &Weighing, steps: &[&Step]) -> bool {
    let Some(order) = weighing.cut_order() else { return false };
    let steps: Vec<Step> = steps.iter().map(|step| (*step).clone()).collect();
    !steps.iter().map(|step| &step.id).eq(&ordered(&steps, Some(order)))
}

fn said(weighing: &Weighing, steps: &[&Step], outdated: bool) -> String {
    let by_hand = match weighing.by_hand && weighing.cut_order().is_some() {
        true => " None of them can be run from here as things stand; this is what they would do.",
        false => "",
    };
    let untouched = |step: &&&Step| matches!(step.state, StepState::Proposed | StepState::Refused);
    let order = match (weighing.cut_order().is_some(), outdated) {
        (true, false) => {
            "Ranked by the cut: mandatory steps first, then by the attack paths that each still \
             removes against what it breaks."
                .to_owned()
        }
        (true, true) if steps.iter().all(|step| untouched(&step)) => {
            "The graph has changed since the steps were ranked; propose again to rank them by it."
                .to_owned()
        }
        (true, true) => "Somebody has begun with this plan, so its order stays as it was, though \
                         the graph would rank it differently now."
            .to_owned(),
        (false, _) => format!("{} order stands: {}.", whose(steps), why_not(weighing)),
    };
    format!("{order}{by_hand}")
}

fn whose(steps: &[&Step]) -> &'static str {
    match steps.iter().any(|step| step.model_rank.is_some()) {
        true => "The model's",
        false => "The playbook's",
    }
}

fn why_not(weighing: &Weighing) -> String {
    let hops = weighing.hops;
    match &weighing.outcome {
        Outcome::Weighed(cut) => {
            format!("{} within {hops} hops, and none of these steps removes any", cut.choice)
        }
        Outcome::NoSteps => "there is no step to weigh".to_owned(),
        Outcome::Unknown(_) => {
            "nobody has said yet what leads on from this incident's assets".to_owned()
        }
        Outcome::NoCrownJewels => {
            "the asset graph knows no crown jewel; tag what an attacker would be after".to_owned()
        }
        Outcome::NoPaths => format!("no attack path leads to a crown jewel within {hops} hops"),
        Outcome::TooMuch(problem) => problem.to_string(),
        Outcome::Late => "weighing the steps took too long".to_owned(),
    }
}

fn bounds(choice: &CutChoice, weighing: &Weighing) -> Vec<String> {
    let mut bounds = Vec::new();
    if !choice.paths_are_all {
        bounds.push(format!(
            "Counting stopped at {} paths: there are more, and what is removed is at least what is \
             told.",
            choice.paths
        ));
    }
    if !choice.cut_off_is_exact {
        bounds.push(
            "More crown jewels may be cut off than is told: the ways to them are too many to keep \
             apart."
                .to_owned(),
        );
    }
    if !choice.sets_are_all {
        bounds.push(
            "Not every set of steps was tried: a better one than these may exist.".to_owned(),
        );
    }
    if choice.options.len() > MOST_OPTIONS {
        bounds.push(format!(
            "{} more ways to cut are not told.",
            choice.options.len() - MOST_OPTIONS
        ));
    }
    if weighing.steps.values().any(|step| !step.breaks.are_all) {
        bounds.push(format!(
            "Of what a step breaks the first {MOST_DEPENDANTS} are counted; there are more."
        ));
    }
    if !choice.unknown.is_empty() {
        let unknown = choice.unknown.iter().map(AssetId::as_str).collect::<Vec<_>>().join(", ");
        bounds.push(format!("Nobody has said yet what leads on from {unknown}."));
    }
    bounds
}

fn one(weighing: &Weighing, choice: Option<&CutChoice>, step: &Step) -> Option<wire::StepCutView> {
    let weighed = weighing.steps.get(&step.id)?;
    let alone = choice
        .and_then(|choice| choice.alone.iter().find(|option| option.steps.contains(&step.id)));
    let (removes, cuts_off) = alone.map_or((0, 0), |one| (one.removes, one.cuts_off));
    Some(wire::StepCutView {
        step: step.id.to_string(),
        standing: match weighed.standing {
            Standing::Candidate => wire::CutStanding::Candidate,
            Standing::InForce => wire::CutStanding::InForce,
            Standing::LeftOut => wire::CutStanding::LeftOut,
        },
        said: words(weighed, choice, removes),
        removes: long(removes),
        cuts_off: count(cuts_off),
        breaks: assets(&weighed.breaks.assets, &weighing.named),
        breaks_are_all: weighed.breaks.are_all,
        leaves: weighed.leaves.clone(),
    })
}

fn words(weighed: &WeighedStep, choice: Option<&CutChoice>, removes: u64) -> String {
    let removes = match (weighed.standing, choice) {
        (Standing::InForce, _) => "what it takes out is gone already".to_owned(),
        (Standing::LeftOut, _) => "not weighed: it can't be taken as it stands".to_owned(),
        (Standing::Candidate, None) => "not weighed".to_owned(),
        (Standing::Candidate, Some(choice)) => {
            let least = if choice.paths_are_all { "" } else { "at least " };
            let of = if choice.paths_are_all { "" } else { "counted " };
            let paths = if choice.paths == 1 { "path" } else { "paths" };
            format!("removes {least}{removes} of {} {of}{paths}", choice.paths)
        }
    };
    let breaks = weighed.breaks.assets.len();
    let breaks = match (breaks, weighed.breaks.are_all) {
        (0, _) => "breaks nothing that is known".to_owned(),
        (some, true) => format!("breaks {some}"),
        (some, false) => format!("breaks at least {some}"),
    };
    format!("{removes}, {breaks}")
}

fn options(choice: &CutChoice, weighing: &Weighing, steps: &[&Step]) -> Vec<wire::CutOptionView> {
    let best = recommended(choice);
    // The one to take is told whatever its place.
    let mut told: Vec<&CutOption> = choice.options.iter().take(MOST_OPTIONS).collect();
    if let Some((best, _)) = &best
        && !told.contains(best)
    {
        told.pop();
        told.push(best);
    }
    let option = |option: &CutOption| wire::CutOptionView {
        steps: in_plan(&option.steps, steps),
        removes: long(option.removes),
        cuts_off: count(option.cuts_off),
        breaks: assets(&option.breaks, &weighing.named),
        cost: long(option.cost),
        recommended: best.as_ref().filter(|(best, _)| *best == option).map(|(_, why)| why.clone()),
    };
    told.into_iter().map(option).collect()
}

/// Of the sets that cut off the most crown jewels the one that breaks least, then the one that
/// removes most paths. Where none cuts any off, the one that removes most paths and breaks least.
fn recommended(choice: &CutChoice) -> Option<(&CutOption, String)> {
    let most = choice.options.iter().map(|option| option.cuts_off).max()?;
    if most == 0 {
        let first = choice.options.first()?;
        let why = "No set of steps cuts a crown jewel off; this one removes the most paths.";
        return Some((first, why.to_owned()));
    }
    let best = choice
        .options
        .iter()
        .filter(|option| option.cuts_off == most)
        .min_by_key(|option| (option.breaks.len(), Reverse(option.removes), option.cost))?;
    let (all, least) = (choice.crown_jewels, "and breaks the least of those that do");
    let jewels = if all == 1 { "crown jewel" } else { "crown jewels" };
    let why = match (most == all, all) {
        (true, 1) => format!("It cuts the crown jewel off, {least}."),
        (true, _) => format!("It cuts off all {all} {jewels}, {least}."),
        (false, _) => format!("It cuts off {most} of {all} {jewels}, the most there is, {least}."),
    };
    Some((best, why))
}

fn least(cut: &Cut, steps: &[&Step]) -> Option<wire::LeastCutView> {
    let least = &cut.least;
    let chosen = least.steps.as_ref().filter(|steps| !steps.is_empty())?;
    Some(wire::LeastCutView {
        steps: in_plan(chosen, steps),
        cost: long(least.cost),
        left_out: in_plan(&least.left_out, steps),
    })
}

fn in_plan(those: &[StepId], steps: &[&Step]) -> Vec<String> {
    let those: BTreeSet<&StepId> = those.iter().collect();
    let chosen = steps.iter().filter(|step| those.contains(&step.id));
    chosen.map(|step| step.id.to_string()).collect()
}

fn assets(ids: &BTreeSet<AssetId>, named: &BTreeMap<AssetId, Named>) -> Vec<wire::CutAsset> {
    let name = |id: &AssetId| {
        let given = named.get(id).map(|named| named.name.clone());
        given.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string())
    };
    ids.iter().map(|id| wire::CutAsset { id: id.to_string(), name: name(id) }).collect()
}

fn long(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
