use std::io::Read;
use std::path::{Path, PathBuf};

use firebreak_desk::{DeskError, IngestReport};
use firebreak_wire::{SourceDraft, SourceView};
use serde_json::{Value, json};

use crate::args::SourceCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, err, word};
use crate::{secret, workspace};

/// Largest file taken, in bytes.
const FILE_CAP: u64 = 512 * 1024 * 1024;

pub async fn run(context: &Context, command: SourceCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        SourceCommand::Add { name, vendor, api_url, auth_url, client_id } => {
            let client_secret = secret::read("client secret")?;
            let draft = SourceDraft { name, vendor, api_url, auth_url, client_id, client_secret };
            let view = desk.add_source(draft).await?;
            context.print(&view, |view| {
                format!("added {}; try `firebreakctl source test {}`", view.name, view.name)
            });
        }
        SourceCommand::Test { name } => workspace::test(context, &desk.test_source(&name).await?)?,
        SourceCommand::List => {
            let sources = desk.snapshot().await?.sources;
            context.print(&sources, |sources| {
                if sources.is_empty() {
                    return "no source yet; add one with `firebreakctl source add`".to_owned();
                }
                sources.iter().map(line).collect::<Vec<_>>().join("\n")
            });
        }
        SourceCommand::Remove { name } => {
            desk.remove_source(&name).await?;
            context.print(&json!({ "removed": name }), |_| format!("removed {}", clean(&name)));
        }
    }
    Ok(())
}

fn line(source: &SourceView) -> String {
    let problem = source
        .problem
        .as_deref()
        .map(|problem| format!("  {}", clean(problem)))
        .unwrap_or_default();
    let remedy =
        source.remedy.as_deref().map(|remedy| format!(" {}", clean(remedy))).unwrap_or_default();
    format!(
        "{:<20} {:<12} {} alerts, changes stored up to {}{problem}{remedy}",
        source.name,
        word(&source.health),
        source.alerts_total,
        source.cursor.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339()),
    )
}

pub async fn poll(context: &Context, source: Option<&str>) -> Result<(), Failure> {
    let reports = context.desk.poll_now(source).await?;
    let value: Value = reports
        .iter()
        .map(|(name, report)| {
            let mut value = numbers(&report.ingest);
            value["source"] = json!(name);
            value["pages"] = json!(report.pages);
            value
        })
        .collect();
    context.print(&value, |_| {
        let lines: Vec<String> = reports
            .iter()
            .map(|(name, report)| {
                format!("{name}: {} pages, {}", report.pages, words(&report.ingest))
            })
            .collect();
        if lines.is_empty() { "no source to poll".to_owned() } else { lines.join("\n") }
    });
    Ok(())
}

pub async fn ingest(context: &Context, vendor: &str, files: &[PathBuf]) -> Result<(), Failure> {
    let desk = &context.desk;
    let mut results = Vec::new();
    let mut bad = 0_usize;
    for path in files {
        let name = path.display().to_string();
        let shown = clean(&name);
        let taken = match read(path) {
            Ok(bytes) => desk
                .engine()
                .ingest_file(vendor, &bytes, desk.me())
                .await
                .map_err(|error| DeskError::from(error).to_wire().message),
            Err(problem) => Err(problem),
        };
        match taken {
            Ok(taken) => {
                bad += taken.problems.len();
                for problem in &taken.problems {
                    err(&format!("{shown}: {}", clean(problem)));
                }
                let mut value = numbers(&taken.report);
                value["file"] = json!(name);
                value["problems"] = json!(taken.problems);
                results.push((value, format!("{shown}: {}", words(&taken.report))));
            }
            Err(problem) => {
                bad += 1;
                err(&format!("{shown}: {}", clean(&problem)));
                results.push((
                    json!({ "file": name, "problems": [problem] }),
                    format!("{shown}: nothing taken"),
                ));
            }
        }
    }
    let value: Value = results.iter().map(|(value, _)| value.clone()).collect();
    context.print(&value, |_| {
        results.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    });
    match bad {
        0 => Ok(()),
        bad => Err(Failure::Failed(format!(
            "{bad} objects or files were no {vendor} alerts; the rest is stored"
        ))),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(FILE_CAP + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(FILE_CAP + 1).read_to_end(&mut bytes))
    };
    match read {
        Ok(length) if length as u64 > FILE_CAP => {
            Err("it is larger than 512 MiB; split it".to_owned())
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("it can't be read: {error}")),
    }
}

fn numbers(report: &IngestReport) -> Value {
    json!({
        "received": report.received,
        "repeated": report.repeated,
        "not_understood": report.unread,
        "findings": report.findings,
        "incidents_opened": report.opened.len(),
        "incidents_changed": report.changed.len() - report.opened.len(),
    })
}

fn words(report: &IngestReport) -> String {
    format!(
        "{} alerts ({} seen before, {} not understood), {} findings, {} incidents opened, {} changed",
        report.received,
        report.repeated,
        report.unread,
        report.findings,
        report.opened.len(),
        report.changed.len() - report.opened.len(),
    )
}
