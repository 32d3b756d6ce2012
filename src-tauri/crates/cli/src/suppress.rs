//! Suppression rules, from the terminal.

use chrono::Utc;
use firebreak_desk::Severity;
use firebreak_wire::{
    SuppressedFinding, SuppressionDraft, SuppressionPreview, SuppressionScope, SuppressionView,
    TriageReport,
};

use crate::args::{ScopeArguments, SuppressCommand};
use crate::context::{Context, Failure};
use crate::incidents::{ahead, one_word};
use crate::output::{clean, moment, short, word};
use crate::triage::told;

pub async fn run(context: &Context, command: SuppressCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        SuppressCommand::Preview { scope, up_to } => {
            let preview = desk.preview_suppression(asked(scope), severity(up_to)?).await?;
            context.print(&preview, preview_text);
        }
        SuppressCommand::Add { scope, up_to, reason, until, close } => {
            let expires_at = ahead(&until, Utc::now())?;
            let scope = asked(scope);
            let preview = desk.preview_suppression(scope.clone(), severity(up_to)?).await?;
            let up_to = preview.up_to.ok_or_else(|| {
                Failure::Usage(format!(
                    "nothing of the last {} days is covered, so nothing says how bad it may be: give --up-to",
                    preview.days
                ))
            })?;
            let close = match close {
                true => preview.open.into_iter().map(|one| one.id).collect(),
                false => Vec::new(),
            };
            let draft = SuppressionDraft { scope, up_to, reason, expires_at, close };
            said(context, &desk.add_suppression(draft).await?);
        }
        SuppressCommand::List { all } => {
            let rules = desk.list_suppressions(all).await?;
            context.print(&rules, |rules| match rules.is_empty() {
                true => "nothing is suppressed".to_owned(),
                false => rules.iter().map(rule).collect::<Vec<_>>().join("\n"),
            });
        }
        SuppressCommand::Show { id } => {
            let findings = desk.list_suppressed(&id).await?;
            context.print(&findings, |findings| match findings.is_empty() {
                true => "it hides nothing now".to_owned(),
                false => findings.iter().map(finding).collect::<Vec<_>>().join("\n"),
            });
        }
        SuppressCommand::Renew { id, until } => {
            let expires_at = ahead(&until, Utc::now())?;
            said(context, &desk.renew_suppression(&id, expires_at).await?);
        }
        SuppressCommand::End { id } => said(context, &desk.end_suppression(&id).await?),
    }
    Ok(())
}

fn said(context: &Context, report: &TriageReport) {
    context.print(report, told);
}

fn severity(word: Option<String>) -> Result<Option<Severity>, Failure> {
    word.map(|word| one_word("severity", &word)).transpose()
}

fn asked(scope: ScopeArguments) -> SuppressionScope {
    let (tag, tag_value) = match scope.tag {
        Some(tag) => match tag.split_once('=') {
            Some((key, value)) => (Some(key.to_owned()), Some(value.to_owned())),
            None => (Some(tag), None),
        },
        None => (None, None),
    };
    SuppressionScope {
        source: scope.source,
        rule: scope.rule,
        asset: scope.asset,
        account: scope.account,
        tag,
        tag_value,
    }
}

fn preview_text(preview: &SuppressionPreview) -> String {
    let newest = if preview.more { " (the newest of them: there are more)" } else { "" };
    let mut lines = vec![format!(
        "of the last {} days{newest}: {} findings hidden, {} incidents not opened, {} with fewer findings",
        preview.days, preview.findings, preview.incidents, preview.partly
    )];
    lines.extend(preview.by_severity.iter().map(|kind| {
        let what = if kind.hidden { "hidden" } else { "would still show" };
        format!("  {:<13} {:>6}  {what}", word(&kind.severity), kind.findings)
    }));
    lines.extend(preview.examples.iter().map(|one| format!("  e.g. {}", finding(one))));
    if preview.open_count > 0 {
        let count = preview.open_count;
        lines.push(format!("{count} open incidents hold nothing else; --close closes them:"));
        lines.extend(preview.open.iter().map(|one| {
            format!("  {:<8} {:<13} {}", one.label, word(&one.severity), short(&one.title, 60))
        }));
    }
    lines.join("\n")
}

fn finding(one: &SuppressedFinding) -> String {
    format!(
        "{}  {:<13} {}  {}  {}",
        moment(one.began_at),
        word(&one.severity),
        short(&one.title, 60),
        short(one.asset.as_deref().unwrap_or("no asset"), 44),
        clean(&one.source),
    )
}

fn rule(rule: &SuppressionView) -> String {
    let until = match rule.in_force {
        true => format!("until {}", moment(rule.expires_at)),
        false => "ended".to_owned(),
    };
    let last = rule.last_hid.map(|at| format!(", last {}", moment(at))).unwrap_or_default();
    format!(
        "{}  {until}  up to {}  {}  hid {}{last}\n  {}: {}",
        rule.id,
        word(&rule.up_to),
        scope(&rule.scope),
        rule.hid,
        clean(&rule.made_by),
        clean(&rule.reason),
    )
}

fn scope(scope: &SuppressionScope) -> String {
    let mut parts = Vec::new();
    if let (Some(source), Some(rule)) = (&scope.source, &scope.rule) {
        parts.push(format!("rule {} of {}", short(rule, 80), short(source, 40)));
    }
    parts.extend(scope.asset.as_ref().map(|asset| format!("asset {}", short(asset, 80))));
    parts.extend(scope.account.as_ref().map(|account| format!("account {}", short(account, 40))));
    if let Some(tag) = &scope.tag {
        let value = scope.tag_value.as_ref().map(|value| format!("={}", short(value, 80)));
        parts.push(format!("tag {}{}", short(tag, 80), value.unwrap_or_default()));
    }
    parts.join(", ")
}
