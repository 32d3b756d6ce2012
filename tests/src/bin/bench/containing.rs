//! Approve to first API call, on the sandbox's AWS, with what moto itself takes beside it.

use std::time::Instant;

use firebreak_desk::{Access, Desk, Home, SandboxReady};
use firebreak_sandbox::{Options, Sandbox};
use firebreak_wire::{Direction, QueueQuery, StepView};

use crate::Failure;
use crate::stats::Samples;
use crate::table::Table;

const WHAT: &str = "run pressed to first mutating API call";

pub async fn measure(table: &mut Table) -> Result<(), Failure> {
    let options = Options {
        python: std::env::var_os("FIREBREAK_PYTHON").map(Into::into),
        ..Options::everything()
    };
    let sandbox = match Sandbox::start(options).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            table.row(WHAT, "SKIPPED", format!("no sandbox: {error}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let home = Home::choose(Some(folder.path().join("contain")));
    Desk::init(&home).await?;
    let desk = Desk::open(home, Access::Owner).await?;
    if desk.keychain().await.state != firebreak_wire::KeychainStateView::Unlocked {
        table.row(
            WHAT,
            "SKIPPED",
            "the keychain is not unlocked; run it through `cargo xtask bench`",
        );
        return Ok(());
    }
    let ready = serde_json::to_string(sandbox.ready())?;
    desk.use_sandbox(SandboxReady::parse(&ready)?).await?;
    desk.poll_now(None).await?;
    let control = sandbox.ready().control_url.clone();
    let (mut first_call, mut moto, mut whole) =
        (Samples::default(), Samples::default(), Samples::default());
    let mut rounds = 0;
    for _ in 0..5 {
        let Some(step) = approvable(&desk).await? else { break };
        let sheet = desk.sheet(&step.id, Direction::Execute).await?;
        desk.sign_step(&step.id, Direction::Execute, &sheet.digest).await?;
        let before = requests(&control).await?.len();
        let pressed = chrono::Utc::now();
        let began = Instant::now();
        desk.run_to_end(&step.id, Direction::Execute).await?;
        whole.push(began.elapsed());
        for request in requests(&control).await?.iter().skip(before) {
            if is_mutating(request) {
                let at: chrono::DateTime<chrono::Utc> =
                    request["at"].as_str().unwrap_or_default().parse()?;
                let upstream = request["upstream_ms"].as_u64().unwrap_or(0);
                let elapsed = request["elapsed_ms"].as_u64().unwrap_or(0);
                let sent = at - chrono::Duration::milliseconds(i64::try_from(elapsed)?);
                first_call.push((sent - pressed).to_std().unwrap_or_default());
                moto.push(std::time::Duration::from_millis(upstream));
                break;
            }
        }
        let sheet = desk.sheet(&step.id, Direction::Undo).await?;
        desk.sign_step(&step.id, Direction::Undo, &sheet.digest).await?;
        desk.run_to_end(&step.id, Direction::Undo).await?;
        rounds += 1;
    }
    table.row(
        WHAT,
        first_call.to_string(),
        format!("{rounds} runs; re-read, policy, permit and fsynced intent included"),
    );
    table.row("  moto's own time for that call", moto.to_string(), "of these runs");
    table.row("run pressed to proven", whole.to_string(), "all calls and the proof");
    desk.close().await;
    sandbox.stop().await;
    Ok(())
}

/// A fresh plan's first step that one person may approve.
async fn approvable(desk: &std::sync::Arc<Desk>) -> Result<Option<StepView>, Failure> {
    for row in desk.list_incidents(QueueQuery::default()).await?.rows {
        let Ok(view) = desk.propose_plan(&row.id).await else { continue };
        let steps = view.plan.map(|plan| plan.steps).unwrap_or_default();
        if let Some(step) =
            steps.into_iter().find(|step| step.can.approve && step.verdict.approvals_needed == 1)
        {
            return Ok(Some(step));
        }
    }
    Ok(None)
}

async fn requests(control: &str) -> Result<Vec<serde_json::Value>, Failure> {
    let answer: serde_json::Value =
        reqwest::get(format!("{control}/requests?target=aws")).await?.json().await?;
    let list = answer.as_array().or_else(|| answer["requests"].as_array());
    Ok(list.cloned().unwrap_or_default())
}

fn is_mutating(request: &serde_json::Value) -> bool {
    let operation = request["operation"].as_str().unwrap_or_default();
    let name = operation.rsplit(':').next().unwrap_or_default();
    let reads = ["Describe", "Get", "List", "Simulate", "AssumeRole"];
    !request["dry_run"].as_bool().unwrap_or(false)
        && !reads.iter().any(|read| name.starts_with(read))
}
