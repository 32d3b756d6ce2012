use std::path::Path;

use firebreak_desk::{Access, Desk, Home, SandboxReady};
use firebreak_wire::{ConnectionTest, ModelDraft};
use serde_json::json;

use crate::args::ModelCommand;
use crate::clocks;
use crate::context::{Context, Failure};
use crate::output::{clean, out, out_document};
use crate::secret;

/// Makes a workspace; with a ready file, configures it for the sandbox.
pub async fn init(home: &Home, sandbox: Option<&Path>, json: bool) -> Result<(), Failure> {
    Desk::init(home).await?;
    if let Some(path) = sandbox {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Failed(format!("can't read {}: {error}", path.display())))?;
        let ready = SandboxReady::parse(&text)?;
        let desk = Desk::open(home.clone(), Access::Owner).await?;
        let configured = desk.use_sandbox(ready).await;
        desk.close().await;
        configured?;
    }
    let path = home.path().display().to_string();
    if json {
        out_document(&json!({ "home": path, "sandbox": sandbox.is_some() }));
    } else {
        out(&format!("workspace in {}", clean(&path)));
    }
    Ok(())
}

pub async fn model(context: &Context, command: ModelCommand) -> Result<(), Failure> {
    match command {
        ModelCommand::Set { base_url, model, no_key } => {
            let api_key = if no_key { None } else { Some(secret::read("API key")?) };
            let view = context.desk.set_model(ModelDraft { base_url, model, api_key }).await?;
            context.print(&view, |view| {
                format!("model {}", clean(view.model.as_deref().unwrap_or("none")))
            });
        }
        ModelCommand::Test => test(context, &context.desk.test_model().await?)?,
        ModelCommand::Remove => {
            let view = context.desk.remove_model().await?;
            context.print(&view, |_| "model removed".to_owned());
        }
    }
    Ok(())
}

/// Prints a connection test; a check that is not well is a failure.
pub fn test(context: &Context, test: &ConnectionTest) -> Result<(), Failure> {
    context.print(test, |test| {
        let line = |check: &firebreak_wire::ConnectionCheck| {
            let mark = if check.ok { "✓" } else { "✕" };
            let remedy = check
                .remedy
                .as_deref()
                .filter(|_| !check.ok)
                .map(|text| format!(" {}", clean(text)));
            format!(
                "{mark} {}: {}{}",
                clean(&check.name),
                clean(&check.text),
                remedy.unwrap_or_default()
            )
        };
        test.checks.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    if test.ok { Ok(()) } else { Err(Failure::Failed("the connection is not well".to_owned())) }
}

pub async fn phase(context: &Context, to: Option<u32>) -> Result<(), Failure> {
    if let Some(to) = to {
        context.desk.confirm_phase(to).await?;
    }
    let phase = context.desk.engine().phase();
    context.print(&json!({ "phase": phase }), |_| {
        format!(
            "phase {phase}: {}",
            if phase < 2 { "read-only triage" } else { "recommended playbooks" }
        )
    });
    Ok(())
}

pub async fn keychain(context: &Context, unlock: bool) -> Result<(), Failure> {
    let view =
        if unlock { context.desk.retry_keychain().await? } else { context.desk.keychain().await };
    context.print(&view, |view| {
        format!("{} {}", view.text, view.remedy.as_deref().unwrap_or_default())
    });
    Ok(())
}

pub async fn stats(context: &Context, days: u32) -> Result<(), Failure> {
    let snapshot = context.desk.snapshot().await?;
    let stats = context.desk.stats(days).await?;
    let value = json!({
        "phase": snapshot.phase,
        "clocks": stats,
        "incidents": snapshot.counts,
        "alerts": snapshot.sources.iter().map(|source| (source.name.clone(), source.alerts_total)).collect::<std::collections::BTreeMap<_, _>>(),
        "audit": { "records": snapshot.audit.size, "signed": snapshot.audit.signed_size },
    });
    context.print(&value, |_| {
        let counts = &snapshot.counts;
        format!(
            "{} incidents: {} open, {} of them critical, {} unowned; {} containing, {} contained\n{} past their clock; in {days} days {} taken on after {}, {} contained after {} (medians)\n{} audit records, {} signed for",
            counts.all,
            counts.open,
            counts.critical,
            counts.unowned,
            counts.containing,
            counts.contained,
            stats.past_due,
            stats.taken_on,
            clocks::taken(stats.to_acknowledge),
            stats.contained,
            clocks::taken(stats.to_contain),
            snapshot.audit.size,
            snapshot.audit.signed_size.unwrap_or(0),
        )
    });
    Ok(())
}
