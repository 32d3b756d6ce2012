use firebreak_wire::{IncidentView, QueueQuery, QueueRow, ReachView};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::args::IncidentCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, short, word};
use crate::plan_text;

pub async fn run(context: &Context, command: Option<IncidentCommand>) -> Result<(), Failure> {
    let desk = &context.desk;
    let list = IncidentCommand::List {
        state: Vec::new(),
        severity: Vec::new(),
        query: None,
        limit: 50,
        after: None,
    };
    match command.unwrap_or(list) {
        IncidentCommand::List { state, severity, query, limit, after } => {
            let query = QueueQuery {
                text: query,
                states: words("state", &state)?,
                severities: words("severity", &severity)?,
                after,
                limit: Some(limit),
                ..QueueQuery::default()
            };
            let page = desk.list_incidents(query).await?;
            context.print(&page, |page| {
                let mut lines: Vec<String> = page.rows.iter().map(row).collect();
                let least = if page.more_match { "at least " } else { "" };
                lines.push(format!("{least}{} of {} incidents match", page.matching, page.total));
                if let Some(next) = &page.next {
                    lines.push(format!("more: --after '{next}'"));
                }
                lines.join("\n")
            });
        }
        IncidentCommand::Show { id } => {
            let view = desk.incident(&id).await?;
            context.print(&view, incident);
        }
        IncidentCommand::Raw { finding } => {
            let raw = desk.raw_alert(&finding).await?;
            context.print(&raw, |raw| raw.body.lines().map(clean).collect::<Vec<_>>().join("\n"));
        }
        IncidentCommand::State { id, to, reason } => {
            let to = one_word("state", &to)?;
            let view = desk.set_incident_state(&id, to, &reason).await?;
            context.print(&view, row);
        }
        IncidentCommand::Assign { id, owner } => {
            let owner = Some(owner.as_str()).filter(|owner| *owner != "nobody");
            let view = desk.assign_incident(&id, owner).await?;
            context.print(&view, row);
        }
    }
    Ok(())
}

pub async fn graph(context: &Context, id: &str) -> Result<(), Failure> {
    let reach = context.desk.incident(id).await?.reach;
    context.print(&reach, reach_text);
    Ok(())
}

/// One line of the queue.
pub fn row(row: &QueueRow) -> String {
    format!(
        "{:<8} {:<13} {:<14} {}  {}  {}",
        row.label,
        word(&row.severity),
        word(&row.state),
        short(&row.title, 60),
        short(row.asset.as_deref().unwrap_or("no asset"), 44),
        short(
            row.account_name.as_deref().or(row.account.as_deref()).unwrap_or("unknown account"),
            24
        ),
    )
}

/// Everything about an incident.
pub fn incident(view: &IncidentView) -> String {
    let mut lines =
        vec![row(&view.row), format!("joined because: {}", clean(&view.joined_because))];
    if let Some(asset) = &view.asset {
        lines.push(format!(
            "asset: {} {} in {} {}, environment {}, owner {}, {}",
            clean(&asset.kind),
            clean(&asset.id),
            clean(asset.account.as_deref().unwrap_or("unknown account")),
            clean(asset.region.as_deref().unwrap_or("unknown region")),
            word(&asset.environment),
            clean(asset.owner.as_deref().unwrap_or("unknown")),
            clean(asset.cloud_state.as_deref().unwrap_or("not read from the cloud")),
        ));
    }
    for notice in &view.notices {
        lines.push(format!("note: {}", clean(&notice.text)));
    }
    let author = view
        .assessment
        .model
        .as_deref()
        .map_or("playbook".to_owned(), |model| format!("model {model}"));
    lines.push(format!("assessment by {}:", clean(&author)));
    for sentence in view.assessment.summary.iter().chain(&view.assessment.hypothesis) {
        lines.push(format!("  {} [{}]", clean(&sentence.text), sentence.cites.join(" ")));
    }
    if let Some(note) = &view.assessment.model_note {
        lines.push(format!("  ({})", clean(note)));
    }
    lines.push("timeline:".to_owned());
    for entry in &view.timeline {
        lines.push(format!(
            "  {} {:<12} {}: {} {}",
            entry.at.format("%Y-%m-%d %H:%M:%S"),
            word(&entry.kind),
            clean(&entry.actor),
            short(&entry.text, 140),
            entry.evidence.as_deref().unwrap_or_default(),
        ));
    }
    if !view.reach.edges.is_empty() {
        lines.push("reach:".to_owned());
        lines.push(reach_text(&view.reach));
    }
    match &view.plan {
        Some(plan) => lines.push(plan_text::plan(plan)),
        None => {
            lines.push(format!("no plan yet; `firebreakctl plan {}` proposes one", view.row.label))
        }
    }
    lines.join("\n")
}

fn reach_text(reach: &ReachView) -> String {
    let name = |id: &str| {
        let node = reach.nodes.iter().find(|node| node.id == id);
        node.map_or_else(|| clean(id), |node| short(&node.name, 40))
    };
    reach
        .edges
        .iter()
        .map(|edge| {
            format!(
                "  {} → {}  {} ({}, {})",
                name(&edge.from),
                name(&edge.to),
                short(&edge.reason, 100),
                clean(&edge.kind),
                clean(&edge.source)
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn words<T: DeserializeOwned>(what: &str, given: &[String]) -> Result<Option<Vec<T>>, Failure> {
    if given.is_empty() {
        return Ok(None);
    }
    given.iter().map(|text| one_word(what, text)).collect::<Result<_, _>>().map(Some)
}

/// Reads a word of an enumeration; the error lists what is known.
fn one_word<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Failure> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|error| Failure::Usage(format!("{what}: {error}")))
}
