use firebreak_wire::CloudAccountDraft;
use serde_json::json;

use crate::args::CloudCommand;
use crate::context::{Context, Failure};
use crate::output::clean;
use crate::{secret, workspace};

pub async fn run(context: &Context, command: CloudCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        CloudCommand::Add {
            name,
            account_id,
            regions,
            read_key_id,
            write_key_id,
            role_arn,
            external_id,
            endpoint,
        } => {
            let read_secret = secret::read("read secret access key")?;
            let write_secret = match &write_key_id {
                Some(_) => Some(secret::read("write secret access key")?),
                None => None,
            };
            let draft = CloudAccountDraft {
                name,
                account_id,
                regions,
                read_key_id,
                read_secret,
                write_key_id,
                write_secret,
                role_arn,
                external_id,
            };
            let view = desk.add_cloud_account(draft, endpoint).await?;
            context.print(&view, |view| {
                format!("added {}; try `firebreakctl cloud test {}`", view.name, view.name)
            });
        }
        CloudCommand::Test { name } => {
            workspace::test(context, &desk.test_cloud_account(&name).await?)?
        }
        CloudCommand::List => {
            let clouds = desk.clouds().await?;
            context.print(&clouds, |clouds| {
                let line = |cloud: &firebreak_wire::CloudAccountView| {
                    let rights = if cloud.can_write { "read and contain" } else { "read" };
                    format!(
                        "{:<20} {} {} ({rights})",
                        cloud.name,
                        cloud.account_id,
                        cloud.regions.join(",")
                    )
                };
                clouds.iter().map(line).collect::<Vec<_>>().join("\n")
            });
        }
        CloudCommand::Remove { name } => {
            desk.remove_cloud_account(&name).await?;
            context.print(&json!({ "removed": name }), |_| format!("removed {}", clean(&name)));
        }
    }
    Ok(())
}
