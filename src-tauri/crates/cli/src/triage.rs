//! Changes of incidents, from the terminal.

use std::path::Path;

use firebreak_wire::{TriageOrder, TriageReport, TriageWish};
use serde_json::json;

use crate::context::{Context, Failure};
use crate::incidents::row;
use crate::mapping;
use crate::output::{clean, short, word};

/// Changes listed when nobody says how many.
const LISTED: u32 = 20;

pub async fn change(
    context: &Context,
    incidents: Vec<String>,
    wish: TriageWish,
) -> Result<(), Failure> {
    let report = context.desk.change_incidents(TriageOrder { incidents, wish }).await?;
    context.print(&report, told);
    Ok(())
}

/// Adds a note.
pub async fn note(context: &Context, id: &str, text: String) -> Result<(), Failure> {
    context.desk.add_note(id, &given(text)?).await?;
    context.print(&json!({ "noted": id }), |_| "noted".to_owned());
    Ok(())
}

pub async fn hand_over(
    context: &Context,
    id: String,
    to: String,
    note: String,
) -> Result<(), Failure> {
    change(context, vec![id], TriageWish::HandOver { to, note: given(note)? }).await
}

/// Says that a handover was read.
pub async fn got_it(context: &Context, id: &str) -> Result<(), Failure> {
    context.desk.read_handover(id).await?;
    context.print(&json!({ "read": id }), |_| "noted that you read it".to_owned());
    Ok(())
}

/// The text, or what standard input has for `-`.
fn given(text: String) -> Result<String, Failure> {
    if text == "-" { mapping::read(Path::new("-")) } else { Ok(text) }
}

pub async fn undo(context: &Context, change: Option<&str>) -> Result<(), Failure> {
    let report = context.desk.undo_triage(change).await?;
    context.print(&report, told);
    Ok(())
}

pub async fn list(context: &Context, limit: Option<u32>) -> Result<(), Failure> {
    let changes = context.desk.list_triage(limit.unwrap_or(LISTED)).await?;
    context.print(&changes, |changes| {
        let line = |change: &firebreak_wire::TriageChange| {
            let undone = match (&change.undone_by, &change.undone_at) {
                (Some(by), Some(at)) => {
                    format!("  (taken back by {} at {})", clean(by), at.format("%Y-%m-%d %H:%M:%S"))
                }
                _ => String::new(),
            };
            format!(
                "{}  {}  {}  {} incidents  {}{undone}",
                change.id,
                change.at.format("%Y-%m-%d %H:%M:%S"),
                clean(&change.actor),
                change.incidents,
                short(&change.text, 100),
            )
        };
        changes.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

pub async fn false_positives(context: &Context) -> Result<(), Failure> {
    let rules = context.desk.false_positives().await?;
    context.print(&rules, |rules| {
        let line = |one: &firebreak_wire::FalsePositives| {
            format!(
                "{:>6}  {:<18} {}  {}",
                one.incidents,
                word(&one.cause),
                clean(&one.source),
                short(&one.rule, 100)
            )
        };
        rules.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// What became of an order, in words.
pub fn told(report: &TriageReport) -> String {
    let mut lines: Vec<String> = report.rows.iter().map(row).collect();
    lines.push(match report.changed {
        0 => clean(&report.text),
        changed => format!("{changed} changed: {}", clean(&report.text)),
    });
    if report.unchanged > 0 {
        lines.push(format!("{} stood so already", report.unchanged));
    }
    for one in &report.refused {
        lines.push(format!("not changed: {} {}", one.label, clean(&one.why)));
    }
    let more = report.refused_count as usize - report.refused.len();
    if more > 0 {
        lines.push(format!("not changed: {more} more"));
    }
    if report.cancelled {
        lines.push("cancelled before it reached all".to_owned());
    }
    lines.push(match &report.change {
        Some(change) => format!("firebreakctl incidents undo {change} takes it back"),
        None => "nothing to take back".to_owned(),
    });
    lines.join("\n")
}
