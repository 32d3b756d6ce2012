//! Targets, how they were kept, and the commander's view in words.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use firebreak_desk::{Goal, Target};
use firebreak_wire::{ClockView, CommandQuery, CommandRole, CommandView};

use crate::args::ClockCommand;
use crate::context::{Context, Failure};
use crate::incidents::{age, one_word};
use crate::output::{clean, short, word};

pub async fn run(context: &Context, command: Option<ClockCommand>) -> Result<(), Failure> {
    let targets = match command {
        None | Some(ClockCommand::Show) => context.desk.clock_targets().await?,
        Some(ClockCommand::Set { severity, acknowledge, contain }) => {
            let minutes = |text: &str| {
                let minutes = age(text)?.num_minutes();
                Ok::<_, Failure>(u32::try_from(minutes).unwrap_or(u32::MAX))
            };
            let target = Target {
                severity: one_word("severity", &severity)?,
                acknowledge: minutes(&acknowledge)?,
                contain: minutes(&contain)?,
            };
            context.desk.set_clock_targets(&[target]).await?
        }
    };
    context.print(&targets, |targets| {
        let line = |target: &Target| {
            format!(
                "{:<14} taken on within {:>8}, contained within {:>8}",
                target.severity.name(),
                span(i64::from(target.acknowledge) * 60),
                span(i64::from(target.contain) * 60)
            )
        };
        targets.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

pub async fn overview(
    context: &Context,
    since: Option<&str>,
    export: Option<PathBuf>,
) -> Result<(), Failure> {
    let since = since.map(age).transpose()?.map(|age| Utc::now() - age);
    if export.is_some() {
        let written = context.desk.export_overview(CommandQuery { since }, export).await?;
        context.print(&written, |written| format!("written to {}", clean(&written.path)));
        return Ok(());
    }
    let view = context.desk.command_view(CommandQuery { since }).await?;
    context.print(&view, told);
    Ok(())
}

fn told(view: &CommandView) -> String {
    let mut lines = vec![
        format!("{} open, {} past their clock", view.open, view.past_due),
        format!("{} of {} compromised assets proven contained", view.contained, view.compromised),
        format!(
            "{} crown jewels and {} assets in reach within {} hops",
            view.crown_jewels, view.assets, view.hops
        ),
        format!(
            "median of the last 24 h: {} to take on, {} to contain",
            taken(view.to_acknowledge),
            taken(view.to_contain),
        ),
    ];
    for place in &view.accounts {
        let name = place.name.as_deref().or(place.account.as_deref()).unwrap_or("no account");
        lines.push(format!("\n{}  {} incidents", clean(name), place.incidents));
        for node in place.nodes.iter().filter(|node| node.role != CommandRole::Reachable) {
            let on = node.incidents.join(", ");
            let on = if on.is_empty() { format!("{} hops", node.hops) } else { on };
            lines.push(format!("  {:<12} {}  {on}", word(&node.role), short(&node.name, 60)));
        }
        let near = place.nodes.iter().filter(|node| node.role == CommandRole::Reachable);
        let near: u32 = near.map(|node| node.count).sum();
        if near > 0 {
            lines.push(format!("  {near} more in reach"));
        }
    }
    lines.push(String::new());
    for incident in &view.incidents {
        let row = &incident.row;
        lines.push(format!(
            "{:<8} {:<13} {:>10}  {}  {}, {}",
            row.label,
            word(&row.severity),
            row.clock.map_or("stopped".to_owned(), |clock| left(clock, view.at)),
            short(&row.title, 50),
            row.owner.as_deref().map_or("nobody's".to_owned(), clean),
            incident.doing
        ));
    }
    if let Some(since) = &view.since {
        lines.push(format!(
            "\nsince {}: {} opened, {} contained, {} ended",
            since.at.format("%Y-%m-%d %H:%M UTC"),
            since.opened,
            since.contained,
            since.ended
        ));
        lines.extend(since.deeds.iter().map(|deed| {
            let at = deed.at.format("%H:%M:%S");
            format!("  {at}  {}  {}  {}", deed.label, clean(&deed.actor), short(&deed.text, 90))
        }));
    }
    lines.join("\n")
}

/// What is left on a clock: `12 min`, `-2 h 5 min`.
pub fn left(clock: ClockView, now: DateTime<Utc>) -> String {
    let what = match clock.goal {
        Goal::Acknowledge => "unclaimed",
        Goal::Contain => "uncontained",
    };
    let seconds = (clock.due - now).num_seconds();
    match seconds < 0 {
        true => format!("{what}, {} late", span(-seconds)),
        false => format!("{what}, {} left", span(seconds)),
    }
}

/// A median, if there is one.
pub fn taken(seconds: Option<u32>) -> String {
    seconds.map_or("-".to_owned(), |seconds| span(seconds.into()))
}

/// Two units at most.
pub fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if seconds < 60 => format!("{seconds} s"),
        () if hours < 1 => format!("{minutes} min"),
        () if days < 1 && minutes % 60 == 0 => format!("{hours} h"),
        () if days < 1 => format!("{hours} h {} min", minutes % 60),
        () if hours % 24 == 0 => format!("{days} d"),
        () => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_two_units() {
        let said = [59, 60, 3_599, 3_600, 3_660, 86_400, 90_000].map(span);
        assert_eq!(said, ["59 s", "1 min", "59 min", "1 h", "1 h 1 min", "1 d", "1 d 1 h"]);
    }
}
