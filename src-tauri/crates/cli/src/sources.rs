use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use firebreak_desk::{DeskError, IngestReport};
use firebreak_wire::{SourceDraft, SourceView, VendorForm};
use serde_json::{Value, json};

use crate::args::SourceCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, err, moment, word};
use crate::{mapping, secret, workspace};

/// Largest file taken, in bytes.
const FILE_CAP: u64 = 512 * 1024 * 1024;

pub async fn run(context: &Context, command: SourceCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        SourceCommand::Add { name, vendor, api_url, auth_url, client_id, set, mapping } => {
            let mut values = fields(&set)?;
            if let Some(path) = mapping {
                values.insert("mapping".to_owned(), mapping::read(&path)?);
            }
            for (field, value) in
                [("api_url", api_url), ("auth_url", auth_url), ("client_id", client_id)]
            {
                values.extend(value.map(|value| (field.to_owned(), value)));
            }
            let secret = secret::read(&secret_label(context, &vendor))?;
            let view = desk.add_source(SourceDraft { name, vendor, values, secret }).await?;
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
        SourceCommand::Vendors => {
            context.print(&desk.vendors(), |forms| {
                forms.iter().map(form).collect::<Vec<_>>().join("\n\n")
            });
        }
        SourceCommand::Pause { name } => {
            let view = desk.set_source_polling(&name, false).await?;
            context.print(&view, |view| format!("{} is paused", view.name));
        }
        SourceCommand::Resume { name } => {
            let view = desk.set_source_polling(&name, true).await?;
            context.print(&view, |view| format!("{} is polled again", view.name));
        }
        SourceCommand::Reset { name } => {
            let view = desk.reset_source(&name).await?;
            context.print(&view, |view| {
                format!("{} is read from its look-back again at the next poll", view.name)
            });
        }
        SourceCommand::Backfill { name, days } => {
            let report = desk.backfill(&name, days).await?;
            context.print(&numbers(&report), |_| format!("{}: {}", clean(&name), words(&report)));
        }
        // Answered before a workspace was opened.
        SourceCommand::Preview { .. } | SourceCommand::Mappings { .. } => {}
        SourceCommand::Remove { name } => {
            desk.remove_source(&name).await?;
            context.print(&json!({ "removed": name }), |_| format!("removed {}", clean(&name)));
        }
    }
    Ok(())
}

/// `FIELD=VALUE` pairs.
fn fields(set: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    set.iter()
        .map(|pair| match pair.split_once('=') {
            Some((field, value)) => Ok((field.trim().to_owned(), value.to_owned())),
            None => Err(Failure::Usage(format!("--set wants FIELD=VALUE, not {:?}", clean(pair)))),
        })
        .collect()
}

fn secret_label(context: &Context, vendor: &str) -> String {
    let forms = context.desk.vendors();
    let form = forms.into_iter().find(|form| form.vendor == vendor);
    form.map_or_else(|| "secret".to_owned(), |form| form.secret_label.to_lowercase())
}

fn form(form: &VendorForm) -> String {
    let mut lines = vec![format!("{} ({})", form.title, form.vendor), format!("  {}", form.help)];
    for field in &form.fields {
        let needed = match (&field.fallback, field.required) {
            (Some(fallback), _) => format!("[{fallback}]"),
            (None, true) => "required".to_owned(),
            (None, false) => "optional".to_owned(),
        };
        let only =
            field.when.as_ref().map(|when| format!(" Only with {}={}.", when.field, when.value));
        let only = only.unwrap_or_default();
        lines.push(format!(
            "  {:<22} {needed:<12} {}. {}{only}",
            field.name, field.label, field.help
        ));
        for choice in &field.choices {
            lines.push(format!("  {:<22} {:<12} {} ({})", "", "", choice.value, choice.label));
        }
    }
    lines.push(format!(
        "  {:<22} {:<12} from standard input or a prompt",
        "secret", form.secret_label
    ));
    lines.extend(form.unconfirmed.iter().map(|text| format!("  unconfirmed: {text}")));
    lines.join("\n")
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
        source.cursor.map_or_else(|| "never".to_owned(), moment),
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
        "incidents_opened": report.opened,
        "incidents_changed": report.changed,
        "findings_suppressed": report.hidden,
    })
}

fn words(report: &IngestReport) -> String {
    format!(
        "{} alerts ({} seen before, {} not understood), {} findings, {} incidents opened, {} changed",
        report.received,
        report.repeated,
        report.unread,
        report.findings,
        report.opened,
        report.changed,
    )
}
