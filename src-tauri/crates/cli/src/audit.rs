use firebreak_wire::AuditVerdict;

use crate::args::AuditCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, out_document, out_exact, short, word};

pub async fn run(context: &Context, command: AuditCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        AuditCommand::Verify => {
            let verdict = desk.verify_audit().await?;
            context.print(&verdict, verdict_text);
            if verdict.ok {
                Ok(())
            } else {
                Err(Failure::Failed(format!("the audit log is not whole: {}", verdict.text)))
            }
        }
        AuditCommand::Export => {
            let mut from = 0;
            let mut all = Vec::new();
            loop {
                let rows = desk.export_audit(from).await?;
                let Some(last) = rows.last() else { break };
                from = last.index + 1;
                if context.json {
                    all.extend(rows);
                } else {
                    rows.iter().for_each(|row| out_exact(&row.body));
                }
            }
            if context.json {
                let checkpoint = desk.newest_checkpoint().await?;
                out_document(&serde_json::json!({ "records": all, "checkpoint": checkpoint }));
            }
            Ok(())
        }
        AuditCommand::Show { limit } => {
            let page = desk.list_audit(None, limit).await?;
            context.print(&page, |page| {
                let line = |row: &firebreak_wire::AuditRow| {
                    format!(
                        "{:>6} {} {:<14} {:<18} {}",
                        row.index,
                        row.at.format("%Y-%m-%d %H:%M:%S"),
                        short(&row.actor, 14),
                        clean(&row.kind),
                        short(&row.text, 120)
                    )
                };
                page.rows.iter().rev().map(line).collect::<Vec<_>>().join("\n")
            });
            Ok(())
        }
    }
}

/// A verdict in a few lines.
pub fn verdict_text(verdict: &AuditVerdict) -> String {
    let mut lines =
        vec![format!("{} {}", if verdict.ok { "✓" } else { "✕" }, clean(&verdict.text))];
    if let Some(first) = verdict.first_bad {
        lines.push(format!("first bad record: {first}"));
    }
    lines.push(format!(
        "{} records, {} signed for; copy outside the database: {}",
        verdict.size,
        verdict.signed_size.unwrap_or(0),
        word(&verdict.anchor)
    ));
    lines.push(format!("root {}", verdict.root));
    if let Some(key) = &verdict.key {
        lines.push(format!("key {key}"));
    }
    lines.extend(verdict.problems.iter().map(|problem| format!("  {}", clean(problem))));
    lines.join("\n")
}
