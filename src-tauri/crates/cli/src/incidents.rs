use chrono::{DateTime, TimeDelta, Utc};
use firebreak_desk::{IncidentId, IncidentState, incident_link};
use firebreak_wire::{IncidentView, QueueQuery, QueueRow, ReachRole, ReachView, TriageWish};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::args::{IncidentCommand, ListFilter};
use crate::clocks::left;
use crate::context::{Context, Failure};
use crate::output::{clean, short, word};
use crate::{plan_text, triage};

pub async fn run(context: &Context, command: Option<IncidentCommand>) -> Result<(), Failure> {
    let desk = &context.desk;
    match command.unwrap_or(IncidentCommand::List(ListFilter::default())) {
        IncidentCommand::List(filter) => {
            let query = asked(filter, Utc::now())?;
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
        IncidentCommand::Show { id, markdown: true } => {
            let document = desk.incident_markdown(&id).await?;
            context.print(&json!({ "markdown": document }), |_| document.trim_end().to_owned());
        }
        IncidentCommand::Show { id, markdown: false } => {
            let view = desk.incident(&id).await?;
            context.print(&view, incident);
        }
        IncidentCommand::Raw { finding } => {
            let raw = desk.raw_alert(&finding).await?;
            context.print(&raw, |raw| raw.body.lines().map(clean).collect::<Vec<_>>().join("\n"));
        }
        IncidentCommand::State { id, to, reason, cause } => {
            let wish = moved(&to, reason, cause.as_deref())?;
            triage::change(context, vec![id], wish).await?;
        }
        IncidentCommand::Assign { id, owner } => {
            triage::change(context, vec![id], assigned(owner)).await?;
        }
        IncidentCommand::Note { id, text } => triage::note(context, &id, text).await?,
        IncidentCommand::Handover { id, to, note } => {
            triage::hand_over(context, id, to, note).await?;
        }
        IncidentCommand::GotIt { id } => triage::got_it(context, &id).await?,
        IncidentCommand::Snooze { id, until } => {
            let wish = TriageWish::Snooze { until: ahead(&until, Utc::now())? };
            triage::change(context, vec![id], wish).await?;
        }
        IncidentCommand::Wake { id } => triage::change(context, vec![id], TriageWish::Wake).await?,
        IncidentCommand::Each { filter, to, reason, cause, assign, snooze, wake } => {
            let wish = match (to, snooze) {
                (Some(to), _) => moved(&to, reason, cause.as_deref())?,
                (None, Some(until)) => TriageWish::Snooze { until: ahead(&until, Utc::now())? },
                (None, None) if wake => TriageWish::Wake,
                (None, None) => assigned(assign.unwrap_or_default()),
            };
            let incidents = desk.select_incidents(asked(filter, Utc::now())?).await?;
            triage::change(context, incidents, wish).await?;
        }
        IncidentCommand::Merge { into, others } => {
            triage::change(context, others, TriageWish::Merge { into }).await?;
        }
        IncidentCommand::Unmerge { ids } => {
            triage::change(context, ids, TriageWish::Unmerge).await?;
        }
        IncidentCommand::Split { id, findings, into } => {
            triage::change(context, vec![id], TriageWish::Relocate { findings, into }).await?;
        }
        IncidentCommand::Undo { change } => triage::undo(context, change.as_deref()).await?,
        IncidentCommand::Changes { limit } => triage::list(context, limit).await?,
        IncidentCommand::FalsePositives => triage::false_positives(context).await?,
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
    let clock = row.clock.map(|clock| format!("  {}", left(clock, Utc::now()))).unwrap_or_default();
    format!(
        "{:<8} {:<13} {:<14} {}  {}  {}{clock}",
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
    lines.push(incident_link(&IncidentId::new(&view.row.id)));
    if let Some(into) = &view.merged_into {
        lines.push(format!("merged into {}; its findings are there", into.label));
    }
    if !view.merged.is_empty() {
        let labels: Vec<&str> = view.merged.iter().map(|link| link.label.as_str()).collect();
        lines.push(format!("merged into it: {}", labels.join(", ")));
    }
    if let Some(cause) = &view.cause {
        lines.push(format!("false positive: {}", word(cause)));
    }
    if let Some(handover) = &view.handover {
        lines.push(format!(
            "handed over by {} to {}, who has not read it yet: {}",
            clean(&handover.by),
            clean(&handover.to),
            clean(&handover.note)
        ));
    }
    for finding in &view.findings {
        lines.push(format!("finding {}: {}", finding.id, short(&finding.title, 100)));
        let joined = finding.joined.as_ref();
        lines
            .extend(joined.map(|it| format!("  joined: {} ({:.2})", clean(&it.because), it.score)));
        let same = finding.witness.as_ref();
        lines.extend(same.map(|it| format!("  same as {}: {}", it.of, clean(&it.because))));
    }
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
        let cites = match sentence.cites.as_slice() {
            [] => "uncited".to_owned(),
            cites => cites.join(" "),
        };
        lines.push(format!("  {} [{cites}]", clean(&sentence.text)));
        for id in &sentence.unknown_cites {
            lines.push(format!("    cites {}, which this incident does not have", clean(id)));
        }
        for flag in &sentence.flags {
            let place = match flag.elsewhere.as_slice() {
                [] => "is not in the evidence".to_owned(),
                ids => format!("is in {}, which it does not cite", ids.join(" ")),
            };
            lines.push(format!("    \"{}\" {place}", clean(&flag.text)));
        }
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
    for related in &view.related {
        lines.push(format!("related: {} ({})", row(&related.row), clean(&related.why)));
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
    let jewels = reach.nodes.iter().filter(|node| node.role == ReachRole::CrownJewel);
    let mut lines = vec![format!(
        "  {} assets within {} hops{}, {} crown jewels{}",
        reach.assets,
        reach.hops,
        if reach.goes_on { " and more beyond" } else { "" },
        reach.crown_jewels,
        if reach.unlisted > 0 { format!("; {} not listed", reach.unlisted) } else { String::new() },
    )];
    lines.extend(
        jewels.map(|node| format!("  crown jewel {}, {} hops", short(&node.name, 60), node.hops)),
    );
    lines.extend(reach.edges.iter().map(|edge| {
        format!(
            "  {} → {}  {} ({}, {})",
            name(&edge.from),
            name(&edge.to),
            short(&edge.reason, 100),
            clean(&edge.kind),
            clean(&edge.source)
        )
    }));
    lines.join("\n")
}

fn asked(filter: ListFilter, now: DateTime<Utc>) -> Result<QueueQuery, Failure> {
    let ago = |given: Option<String>| given.map(|text| age(&text).map(|age| now - age)).transpose();
    Ok(QueueQuery {
        text: filter.query,
        states: words("state", &filter.state)?,
        severities: words("severity", &filter.severity)?,
        account: filter.account,
        owner: filter.owner,
        opened_after: ago(filter.newer_than)?,
        opened_before: ago(filter.older_than)?,
        order: filter.sort.as_deref().map(|sort| one_word("sort", sort)).transpose()?,
        after: filter.after,
        skip: None,
        limit: Some(filter.limit.unwrap_or(50)),
    })
}

fn moved(to: &str, reason: String, cause: Option<&str>) -> Result<TriageWish, Failure> {
    let to: IncidentState = one_word("state", to)?;
    let cause = cause.map(|cause| one_word("cause", cause)).transpose()?;
    Ok(TriageWish::Move { to, reason, cause })
}

fn assigned(owner: String) -> TriageWish {
    TriageWish::Assign { owner: Some(owner).filter(|owner| owner != "nobody") }
}

/// `30m`, `2h`, `7d`, `4w`.
pub fn age(text: &str) -> Result<TimeDelta, Failure> {
    let read = || {
        let unit = text.chars().next_back()?;
        let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
        let minutes = match unit {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return None,
        };
        // A century is as good as any time.
        let minutes = (i64::from(number) * minutes).min(100 * 366 * 24 * 60);
        Some(TimeDelta::minutes(minutes))
    };
    read().ok_or_else(|| {
        Failure::Usage(format!("{text:?} is no age: a number and m, h, d or w, like 2h"))
    })
}

/// So long from now, or the time that is given.
pub fn ahead(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(at.with_timezone(&Utc)),
        Err(_) => age(text).map(|age| now + age).map_err(|_| {
            Failure::Usage(format!(
                "{text:?} is no time ahead: 30m, 4h, 2d, or like 2026-11-24T09:00:00Z"
            ))
        }),
    }
}

fn words<T: DeserializeOwned>(what: &str, given: &[String]) -> Result<Option<Vec<T>>, Failure> {
    if given.is_empty() {
        return Ok(None);
    }
    given.iter().map(|text| one_word(what, text)).collect::<Result<_, _>>().map(Some)
}

/// Reads a word of an enumeration; the error lists what is known.
pub fn one_word<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Failure> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|error| Failure::Usage(format!("{what}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ahead_is_an_age_or_a_time() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(ahead("4h", now).ok(), Some(now + TimeDelta::hours(4)));
        let zoned = ahead("1970-01-01T02:00:00+01:00", now).ok();
        assert_eq!(zoned, Some(now + TimeDelta::hours(1)));
        for text in ["", "tomorrow", "1970-01-01", "-4h"] {
            assert!(ahead(text, now).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ages_are_a_number_and_a_unit() {
        let minutes = |text: &str| age(text).map(|age| age.num_minutes()).ok();
        assert_eq!(["30m", "2h", "7d", "4w"].map(minutes), [30, 120, 10_080, 40_320].map(Some));
        assert_eq!(minutes("4294967295w"), Some(52_704_000));
        for text in ["", "h", "2", "2y", "-2h", "2 h", "2h30m", "\u{1f600}"] {
            assert_eq!(minutes(text), None, "{text:?}");
        }
    }
}
