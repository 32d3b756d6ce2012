use firebreak_wire::{Direction, StepDocument, StepView};
use serde_json::json;

use crate::args::StepCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, err, word};
use crate::plan_text;

pub async fn plan(context: &Context, id: &str, planner: Option<&str>) -> Result<(), Failure> {
    let desk = &context.desk;
    let incident =
        desk.engine().find_incident(id).await.map_err(firebreak_desk::DeskError::from)?;
    let model = desk.snapshot().await?.model;
    if let Some(name) =
        planner.filter(|name| *name != "playbook" && Some(*name) != model.model.as_deref())
    {
        return Err(Failure::Usage(format!(
            "planner {name:?} is not known; playbook{}",
            model.model.as_deref().map(|model| format!(", {model}")).unwrap_or_default()
        )));
    }
    desk.engine().enrich(&incident).await.map_err(firebreak_desk::DeskError::from)?;
    desk.engine().propose(&incident, desk.me()).await.map_err(firebreak_desk::DeskError::from)?;
    if planner != Some("playbook") {
        desk.ask_model(&incident).await?;
    }
    let view = desk.incident(incident.as_str()).await?;
    context.print(&view.plan, |plan| plan.as_ref().map(plan_text::plan).unwrap_or_default());
    Ok(())
}

pub async fn run(context: &Context, command: StepCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        StepCommand::Show { id } => {
            let view = desk.step(&id).await?;
            context.print(&view, plan_text::step);
        }
        StepCommand::Approve { id, undo, digest } => {
            let direction = if undo { Direction::Undo } else { Direction::Execute };
            let sheet = sign(context, &id, direction, digest.as_deref()).await?;
            context
                .print(&json!({ "step": id, "digest": sheet.digest, "document": sheet }), |_| {
                    format!("{}\nsigned.", plan_text::sheet(&sheet))
                });
        }
        StepCommand::Reject { id, reason } => {
            desk.reject_step(&id, &reason).await?;
            let view = desk.step(&id).await?;
            context.print(&view, plan_text::step);
        }
        StepCommand::Run { id } => finish(context, &id, Direction::Execute).await?,
        StepCommand::Undo { id } => {
            let sheet = desk.sheet(&id, Direction::Undo).await?;
            if sheet.signed.len() < usize::try_from(sheet.approvals_needed).unwrap_or(usize::MAX) {
                let sheet = sign(context, &id, Direction::Undo, None).await?;
                err(&format!("{}\nsigned.", plan_text::sheet(&sheet)));
            }
            finish(context, &id, Direction::Undo).await?;
        }
        StepCommand::Reconcile { id } => {
            let view = desk.reconcile_step(&id).await?;
            context.print(&view, plan_text::step);
        }
    }
    Ok(())
}

/// Reads, shows and signs one digest. With a digest given, signs only that one.
pub async fn sign(
    context: &Context,
    id: &str,
    direction: Direction,
    digest: Option<&str>,
) -> Result<StepDocument, Failure> {
    let desk = &context.desk;
    let sheet = desk.sheet(id, direction).await?;
    if let Some(blocked) = &sheet.blocked_because {
        return Err(firebreak_desk::DeskError::Refused(clean(blocked)).into());
    }
    let digest = digest.unwrap_or(&sheet.digest);
    desk.sign_step(id, direction, digest).await?;
    Ok(sheet)
}

/// Runs to the end; anything but the state that was wanted is a failure, with the step printed.
async fn finish(context: &Context, id: &str, direction: Direction) -> Result<(), Failure> {
    let view = context.desk.run_to_end(id, direction).await?;
    context.print(&view, plan_text::step);
    let wanted = match direction {
        Direction::Execute => "proven",
        Direction::Undo => "undone",
    };
    settled(&view, wanted)
}

/// Whether a step ended as wanted.
pub fn settled(view: &StepView, wanted: &str) -> Result<(), Failure> {
    let state = word(&view.state);
    if state == wanted {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "the step is {state}, not {wanted}: {}",
        view.state_note.as_deref().unwrap_or("see the audit log")
    )))
}
