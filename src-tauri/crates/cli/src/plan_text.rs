//! Plans and steps as text.

use firebreak_wire::{CallProgress, CallView, CapView, CutAsset, PlanView, StepDocument, StepView};

use crate::output::{clean, moment, short, word};

pub fn plan(plan: &PlanView) -> String {
    let mut lines = vec![format!(
        "plan by {} (threat {}; matched on {}):",
        clean(&plan.written_by),
        clean(&plan.threat),
        clean(&plan.matched_because)
    )];
    for step in &plan.steps {
        lines.push(format!(
            "  {}. {} [{}] {}{}  {}",
            step.rank,
            clean(&step.title),
            word(&step.state),
            verdict(step),
            if step.mandatory { ", mandatory" } else { "" },
            step.id
        ));
        lines.push(format!("     {}", short(&step.why, 160)));
        if let Some(note) = &step.state_note {
            lines.push(format!("     {}", clean(note)));
        }
        lines.extend(cut_of(plan, step));
    }
    lines.extend(ways_to_cut(plan));
    lines.join("\n")
}

/// What a step takes from an attacker, and whom it hits.
fn cut_of(plan: &PlanView, step: &StepView) -> Vec<String> {
    let Some(weighed) = plan.cut.steps.iter().find(|one| one.step == step.id) else {
        return Vec::new();
    };
    let mut lines = vec![format!("     {}{}", clean(&weighed.said), names(&weighed.breaks))];
    if let Some(rank) = step.model_rank {
        lines.push(format!("     the model puts it at {rank}"));
    }
    lines
}

fn ways_to_cut(plan: &PlanView) -> Vec<String> {
    let cut = &plan.cut;
    let mut lines = vec![clean(&cut.said)];
    let steps = |ids: &[String]| {
        let rank = |id: &String| plan.steps.iter().find(|step| step.id == *id);
        let ranks = ids.iter().filter_map(rank).map(|step| step.rank.to_string());
        ranks.collect::<Vec<_>>().join(" + ")
    };
    if !cut.options.is_empty() {
        lines.push(format!(
            "ways to cut ({} paths to {} crown jewels within {} hops):",
            cut.paths, cut.crown_jewels, cut.hops
        ));
    }
    for option in &cut.options {
        lines.push(format!(
            "  {} step {}: removes {} paths, cuts off {} of {} crown jewels, breaks {}{}",
            if option.recommended.is_some() { "*" } else { " " },
            steps(&option.steps),
            option.removes,
            option.cuts_off,
            cut.crown_jewels,
            option.breaks.len(),
            names(&option.breaks)
        ));
        lines.extend(option.recommended.iter().map(|why| format!("      {}", clean(why))));
    }
    if let Some(least) = &cut.least {
        let (steps, cost) = (steps(&least.steps), least.cost);
        lines.push(format!("least cost that leaves no way: step {steps}, cost {cost}"));
    }
    lines.extend(cut.bounds.iter().map(|bound| format!("note: {}", clean(bound))));
    lines
}

/// The first few of what breaks.
fn names(breaks: &[CutAsset]) -> String {
    const NAMED: usize = 5;
    if breaks.is_empty() {
        return String::new();
    }
    let mut named: Vec<String> =
        breaks.iter().take(NAMED).map(|asset| short(&asset.name, 60)).collect();
    if breaks.len() > NAMED {
        named.push(format!("{} more", breaks.len() - NAMED));
    }
    format!(" ({})", named.join(", "))
}

fn verdict(step: &StepView) -> String {
    match step.verdict.kind {
        firebreak_wire::VerdictKind::Auto => "may run by itself".to_owned(),
        firebreak_wire::VerdictKind::NeedsApproval => {
            format!("needs {}", step.verdict.approvals_needed)
        }
        firebreak_wire::VerdictKind::Denied => "denied".to_owned(),
    }
}

pub fn step(step: &StepView) -> String {
    let mut lines = vec![
        format!("{} [{}] {}", clean(&step.title), word(&step.state), step.id),
        format!("why: {}", clean(&step.why)),
    ];
    push_all(&mut lines, "breaks", &step.disruption);
    push_all(&mut lines, "warning", &step.warnings);
    lines.push("exactly these calls, in this order:".to_owned());
    lines.extend(calls(&step.calls));
    lines.push(format!("undo: {}", clean(&step.undo_summary)));
    lines.extend(calls(&step.undo_calls));
    push_all(&mut lines, "proof", &step.proof_predicate);
    lines.push(format!("policy: {}", verdict(step)));
    for rule in &step.verdict.rules {
        lines.push(format!("  {}: {}", clean(&rule.id), clean(&rule.reason)));
    }
    lines.extend(caps(&step.caps));
    for approval in &step.approvals {
        lines.push(format!(
            "signed by {} with key {} until {}",
            clean(&approval.approver),
            approval.key,
            moment(approval.expires_at)
        ));
    }
    if let Some(digest) = &step.digest {
        lines.push(format!("digest: {digest}"));
    }
    if let Some(note) = &step.state_note {
        lines.push(format!("note: {}", clean(note)));
    }
    lines.extend(progress("run", &step.run));
    lines.extend(progress("undo", &step.undo_run));
    if let Some(proof) = &step.proof {
        lines.push(format!("{}, read at {}:", word(&proof.outcome), moment(proof.read_at)));
        for check in &proof.checks {
            lines.push(format!(
                "  {:<8} {}: {}",
                word(&check.outcome),
                clean(&check.expectation),
                clean(&check.observed)
            ));
        }
    }
    lines.join("\n")
}

/// What is about to be signed.
pub fn sheet(sheet: &StepDocument) -> String {
    let mut lines = vec![format!(
        "{} ({}, environment {}, {})",
        clean(&sheet.title),
        sheet.incident_label,
        clean(&sheet.environment),
        if sheet.reversible { "reversible" } else { "IRREVERSIBLE" }
    )];
    lines.push("exactly these calls, in this order:".to_owned());
    lines.extend(calls(&sheet.calls));
    push_all(&mut lines, "breaks", &sheet.breaks);
    push_all(&mut lines, "warning", &sheet.warnings);
    lines.push(format!("undo: {}", clean(&sheet.undo)));
    push_all(&mut lines, "proof", &sheet.proof);
    lines.push(format!(
        "pre-flight: {} of {} permitted",
        sheet.preflight.permitted, sheet.preflight.total
    ));
    for line in sheet.preflight.lines.iter().filter(|line| line.note.is_some()) {
        lines.push(format!(
            "  {} {}: {}",
            clean(&line.operation),
            word(&line.outcome),
            clean(line.note.as_deref().unwrap_or_default())
        ));
    }
    for rule in &sheet.rules {
        lines.push(format!("policy {}: {}", clean(&rule.id), clean(&rule.reason)));
    }
    lines.extend(caps(&sheet.caps));
    lines.push(format!("digest: {}", sheet.digest));
    lines.join("\n")
}

/// What the caps say, the full ones with what would change them.
pub fn caps(caps: &[CapView]) -> Vec<String> {
    let line = |cap: &CapView| {
        let text = clean(&cap.text);
        match (cap.full, cap.frees_at) {
            (false, _) => format!("cap: {text}"),
            (true, None) => format!("cap FULL: {text}; {}", clean(&cap.remedy)),
            (true, Some(at)) => {
                format!("cap FULL: {text}; room again at {}; {}", moment(at), clean(&cap.remedy))
            }
        }
    };
    caps.iter().map(line).collect()
}

fn calls(calls: &[CallView]) -> Vec<String> {
    calls
        .iter()
        .enumerate()
        .map(|(index, call)| {
            let change = match (&call.before, &call.after) {
                (Some(before), Some(after)) => format!("  {} → {}", clean(before), clean(after)),
                _ => String::new(),
            };
            let mark = if call.disruptive { "!" } else { " " };
            format!(
                "  {:>2}{mark} {} {}{change}  {}",
                index + 1,
                call.operation,
                clean(&call.subject),
                clean(&call.details.join(" "))
            )
        })
        .collect()
}

fn progress(name: &str, calls: &[CallProgress]) -> Vec<String> {
    calls
        .iter()
        .map(|call| {
            let note = call
                .note
                .as_deref()
                .map(|note| format!("  {}", short(note, 120)))
                .unwrap_or_default();
            format!(
                "{name} {:>2}  {:<10} {} {}{note}",
                call.index + 1,
                word(&call.status),
                call.operation,
                clean(&call.subject)
            )
        })
        .collect()
}

fn push_all(lines: &mut Vec<String>, name: &str, texts: &[String]) {
    lines.extend(texts.iter().map(|text| format!("{name}: {}", clean(text))));
}
