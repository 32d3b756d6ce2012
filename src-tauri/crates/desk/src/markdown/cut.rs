//! How the steps of a plan were weighed.

use firebreak_wire as wire;

use super::escape::text;
use super::{Lines, count};

/// Names told of what breaks.
const MOST_NAMES: usize = 20;

/// One step's line, under the step.
pub(super) fn step(out: &mut Lines, plan: &wire::PlanView, step: &wire::StepView) {
    let weighed = plan.cut.steps.iter().find(|one| one.step == step.id);
    if let Some(weighed) = weighed {
        out.line(format!("   - {}{}", text(&weighed.said), names(&weighed.breaks)));
    }
    if let Some(rank) = step.model_rank {
        out.line(format!("   - the model puts it at {rank}"));
    }
}

/// Why the steps are in this order, and the ways to choose from them.
pub(super) fn ways(out: &mut Lines, plan: &wire::PlanView) {
    let cut = &plan.cut;
    out.line("");
    out.line(text(&cut.said));
    if !cut.options.is_empty() {
        let least = if cut.paths_are_all { "" } else { "at least " };
        let (paths, jewels) = (count(cut.paths, "path"), count(cut.crown_jewels, "crown jewel"));
        out.line("");
        out.line(format!(
            "Ways to cut {least}{paths} to {jewels} within {}:",
            count(cut.hops, "hop")
        ));
        out.line("");
    }
    for option in &cut.options {
        let why = option.recommended.as_deref().map(|why| format!(" **{}**", text(why)));
        out.line(format!(
            "- step {}: removes {}, cuts off {}, breaks {}{}.{}",
            ranks(plan, &option.steps),
            count(option.removes, "path"),
            count(option.cuts_off, "crown jewel"),
            option.breaks.len(),
            names(&option.breaks),
            why.unwrap_or_default(),
        ));
    }
    for bound in &cut.bounds {
        out.line(format!("- {}", text(bound)));
    }
}

fn ranks(plan: &wire::PlanView, ids: &[String]) -> String {
    let chosen = plan.steps.iter().filter(|step| ids.contains(&step.id));
    chosen.map(|step| step.rank.to_string()).collect::<Vec<_>>().join(" + ")
}

fn names(breaks: &[wire::CutAsset]) -> String {
    let mut all: Vec<String> =
        breaks.iter().take(MOST_NAMES).map(|asset| text(&asset.name)).collect();
    if breaks.len() > MOST_NAMES {
        all.push(format!("{} more", breaks.len() - MOST_NAMES));
    }
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}
