use std::path::PathBuf;

use chrono::{DateTime, FixedOffset};
use clap::{Args, Subcommand};
use firebreak_desk::{TriedPolicies, TriedStep, TryAs};
use firebreak_wire::{FreezeView, FreezesView, VerdictKind, VerdictView};
use serde_json::json;

use crate::context::{Context, Failure};
use crate::output::{clean, moment, word};
use crate::plan_text;

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Load and validate the policies of the workspace.
    Check,
    /// Why a step has the verdict it has, and what the caps say of it.
    Explain { step: String },
    /// The change freezes in force and those to come.
    Freezes {
        /// As they stand at this time, like 2026-12-28T18:00:00Z; now when absent.
        #[arg(long, value_name = "TIME")]
        at: Option<DateTime<FixedOffset>>,
    },
    /// Ask policies about a recorded step, from what was read when it was drafted.
    Test {
        step: String,
        /// A folder of policies to ask instead of those in force.
        #[arg(long, value_name = "DIR")]
        policies: Option<PathBuf>,
        #[command(flatten)]
        asked: AskedAs,
    },
    /// Ask the policies of a folder about all recorded steps, and show what would differ.
    Backtest {
        /// The folder of policies.
        #[arg(long, value_name = "DIR")]
        policies: PathBuf,
        #[command(flatten)]
        asked: AskedAs,
    },
}

/// As whom and in which phase policies are asked.
#[derive(Args)]
pub struct AskedAs {
    /// Ask in this phase; in the one in force when absent.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub phase: Option<u8>,
    /// Ask as automation, not as a person.
    #[arg(long)]
    pub automation: bool,
    /// Ask as if at this time, like 2026-12-28T18:00:00Z; at the time each step was read when absent.
    #[arg(long, value_name = "TIME")]
    pub at: Option<DateTime<FixedOffset>>,
}

pub async fn run(context: &Context, command: PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check => check(context),
        PolicyCommand::Explain { step } => explain(context, &step).await,
        PolicyCommand::Freezes { at } => {
            let freezes = context.desk.freezes(at.map(|at| at.to_utc()));
            context.print(&freezes, freezes_text);
            Ok(())
        }
        PolicyCommand::Test { step, policies, asked } => {
            let desk = &context.desk;
            let tried = desk.test_policies(&step, policies.as_deref(), try_as(&asked)).await?;
            context.print(&tried, |tried| step_text(tried, policies.is_some()));
            Ok(())
        }
        PolicyCommand::Backtest { policies, asked } => {
            let tried = context.desk.backtest_policies(&policies, try_as(&asked)).await?;
            context.print(&tried, backtest_text);
            Ok(())
        }
    }
}

fn check(context: &Context) -> Result<(), Failure> {
    let check = context.desk.check_policies()?;
    let value =
        json!({ "version": check.version, "rules": check.rules, "problems": check.problems });
    context.print(&value, |_| {
        let mut lines: Vec<String> = check
            .rules
            .iter()
            .map(|rule| format!("{:<40} {}", clean(&rule.id), clean(&rule.reason)))
            .collect();
        lines.extend(check.problems.iter().map(|problem| format!("✕ {}", clean(problem))));
        lines.push(format!("version {}", check.version));
        lines.join("\n")
    });
    if check.problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::Failed(
            "not every file loads: until they are mended, no step is run".to_owned(),
        ))
    }
}

async fn explain(context: &Context, step: &str) -> Result<(), Failure> {
    let view = context.desk.step(step).await?;
    let mut value = json!(view.verdict);
    value["caps"] = json!(view.caps);
    context.print(&value, |_| {
        let verdict = &view.verdict;
        let mut lines =
            vec![format!("{} ({} approvals)", word(&verdict.kind), verdict.approvals_needed)];
        lines.extend(
            verdict
                .rules
                .iter()
                .map(|rule| format!("  {}: {}", clean(&rule.id), clean(&rule.reason))),
        );
        lines.extend(plan_text::caps(&view.caps).iter().map(|line| format!("  {line}")));
        lines.push(format!("  policy version {}", verdict.policy_version));
        lines.join("\n")
    });
    Ok(())
}

fn freezes_text(view: &FreezesView) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(why) = &view.unusable {
        lines.push(format!("✕ nothing is run, for this can't be read: {}", clean(why)));
    }
    lines.extend(view.freezes.iter().map(freeze_text));
    if lines.is_empty() {
        lines.push(format!("no change freeze at {} or later", moment(view.at)));
    }
    lines.join("\n")
}

fn freeze_text(freeze: &FreezeView) -> String {
    let stands = match (freeze.in_force, freeze.from, freeze.until) {
        (true, _, Some(until)) => format!("in force until {}", moment(until)),
        (true, _, None) => "in force, without an end".to_owned(),
        (false, Some(from), _) => format!("from {}", moment(from)),
        (false, None, _) => "over".to_owned(),
    };
    let reason = if freeze.reason.is_empty() {
        String::new()
    } else {
        format!("\n  why: {}", clean(&freeze.reason))
    };
    let through = match &freeze.lets_through {
        Some(what) => format!("\n  lets through: {}", clean(what)),
        None => String::new(),
    };
    format!(
        "{}: {} ({stands})\n  when: {}\n  about: {}{through}{reason}\n  in: {}",
        clean(&freeze.id),
        clean(&freeze.title),
        clean(&freeze.when),
        clean(&freeze.about),
        clean(&freeze.file)
    )
}

fn try_as(asked: &AskedAs) -> TryAs {
    TryAs { phase: asked.phase, automation: asked.automation, at: asked.at.map(|at| at.to_utc()) }
}

fn kind(verdict: &VerdictView) -> String {
    match (verdict.kind, verdict.approvals_needed) {
        (VerdictKind::Auto, _) => "auto".to_owned(),
        (VerdictKind::NeedsApproval, 1) => "needs 1 approval".to_owned(),
        (VerdictKind::NeedsApproval, needed) => format!("needs {needed} approvals"),
        (VerdictKind::Denied, _) => "denied".to_owned(),
    }
}

fn rules(verdict: &VerdictView) -> impl Iterator<Item = String> {
    verdict.rules.iter().map(|rule| format!("    {}: {}", clean(&rule.id), clean(&rule.reason)))
}

fn step_text(tried: &TriedStep, others: bool) -> String {
    let mut lines = vec![format!("{} {} [{}]", tried.incident, clean(&tried.title), tried.step)];
    lines.push(format!("  recorded: {}", kind(&tried.recorded)));
    lines.push(format!("  in force: {}", kind(&tried.now)));
    lines.extend(rules(&tried.now));
    if others {
        let mark = if tried.differs { "  differs" } else { "" };
        lines.push(format!("  these:    {}{mark}", kind(&tried.then)));
        lines.extend(rules(&tried.then));
    }
    lines.extend(tried.gaps.iter().map(|gap| format!("  not recorded, so not asked: {gap}")));
    lines.join("\n")
}

fn backtest_text(tried: &TriedPolicies) -> String {
    let differ: Vec<&TriedStep> = tried.steps.iter().filter(|step| step.differs).collect();
    let mut lines: Vec<String> = differ.iter().map(|step| step_text(step, true)).collect();
    lines.push(format!(
        "{} of {} recorded steps would differ; {} more never had calls to ask about",
        differ.len(),
        tried.steps.len(),
        tried.without_calls
    ));
    lines.push(format!("version {}", tried.version));
    lines.join("\n")
}
