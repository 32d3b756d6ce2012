use serde_json::json;

use crate::args::PolicyCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, word};
use crate::plan_text;

pub async fn run(context: &Context, command: PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check => {
            let check = context.desk.check_policies()?;
            let value = json!({ "version": check.version, "rules": check.rules, "problems": check.problems });
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
                Err(Failure::Failed("the policies don't load, so everything is denied".to_owned()))
            }
        }
        PolicyCommand::Explain { step } => {
            let view = context.desk.step(&step).await?;
            let mut value = json!(view.verdict);
            value["caps"] = json!(view.caps);
            context.print(&value, |_| {
                let verdict = &view.verdict;
                let mut lines = vec![format!(
                    "{} ({} approvals)",
                    word(&verdict.kind),
                    verdict.approvals_needed
                )];
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
    }
}
