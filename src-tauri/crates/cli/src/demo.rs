//! The whole job without a window, on a sandbox: what the README's first command does where there
//! is no display.

use firebreak_wire::{Direction, IncidentView, QueueQuery, StepView};
use serde_json::json;

use crate::context::{Context, Failure};
use crate::output::{clean, out};
use crate::{audit, incidents, plan_text, steps};

/// Polls, plans, approves, runs, proves, undoes and verifies, printing each. Refused on a workspace
/// that is not a sandbox: nobody should run a demo with real credentials.
pub async fn run(context: &Context) -> Result<(), Failure> {
    let desk = &context.desk;
    if !desk.snapshot().await?.sandbox {
        return Err(firebreak_desk::DeskError::Refused(
            "demo works on a sandbox workspace only; `cargo xtask run` makes one".to_owned(),
        )
        .into());
    }
    let say = |text: &str| {
        if !context.json {
            out(text);
        }
    };

    say("# Poll");
    for (name, report) in desk.poll_now(None).await? {
        say(&format!(
            "{name}: {} pages, {} alerts, {} incidents opened",
            report.pages, report.ingest.received, report.ingest.opened
        ));
    }
    say("\n# Incidents");
    let page = desk.list_incidents(QueueQuery::default()).await?;
    for row in &page.rows {
        say(&incidents::row(row));
    }

    let (incident, step) = choose(context, &page).await?;
    // In the window the plan is there at once and the model's text follows; here it is waited for.
    let id = desk
        .engine()
        .find_incident(&incident.row.id)
        .await
        .map_err(firebreak_desk::DeskError::from)?;
    desk.ask_model(&id).await?;
    let incident = desk.incident(&incident.row.id).await?;
    say(&format!("\n# {}", clean(&incident.row.label)));
    say(&incidents::incident(&incident));
    say("\n# Approval");
    let sheet = steps::sign(context, &step.id, Direction::Execute, None).await?;
    say(&plan_text::sheet(&sheet));
    say(&format!("signed by {}", clean(&sheet.signer)));
    say("\n# Execution and proof");
    let run = desk.run_to_end(&step.id, Direction::Execute).await?;
    say(&plan_text::step(&run));
    steps::settled(&run, "proven")?;
    say("\n# Undo");
    let sheet = steps::sign(context, &step.id, Direction::Undo, None).await?;
    say(&format!("{} calls, digest {}", sheet.calls.len(), sheet.digest));
    let undone = desk.run_to_end(&step.id, Direction::Undo).await?;
    say(&plan_text::step(&undone));
    steps::settled(&undone, "undone")?;
    say("\n# Audit");
    let verdict = desk.verify_audit().await?;
    say(&audit::verdict_text(&verdict));
    context.print(
        &json!({ "incidents": page, "incident": incident, "approved": sheet, "run": run, "undone": undone, "audit": verdict }),
        |_| String::new(),
    );
    if verdict.ok { Ok(()) } else { Err(Failure::Failed(verdict.text)) }
}

/// The first incident, most severe first, whose plan has a step that one person may approve.
async fn choose(
    context: &Context,
    page: &firebreak_wire::QueuePage,
) -> Result<(IncidentView, StepView), Failure> {
    for row in &page.rows {
        let view = match context.desk.propose_plan(&row.id).await {
            Ok(view) => view,
            Err(error) => {
                tracing::warn!(incident = row.label, %error, "no plan could be proposed");
                continue;
            }
        };
        let found = view.plan.as_ref().and_then(|plan| {
            plan.steps
                .iter()
                .find(|step| step.can.approve && step.verdict.approvals_needed == 1)
                .cloned()
        });
        if let Some(step) = found {
            return Ok((view, step));
        }
    }
    Err(Failure::Failed("no incident has a step that one person may approve".to_owned()))
}
