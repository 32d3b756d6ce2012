//! The connection test: one line for each thing that must be well.

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::ports::{CheckLine, Trouble};
use serde_json::{Value, json};

use super::client::Client;
use super::compute::Compute;
use super::fault::PrismaFault;
use super::session::value;
use crate::fields::{at, list, text_of};

// The vendor names permissions in its console only; the words are those of its permission groups.
/// What lists of alerts need.
pub(super) const ALERTS: &str = "Alerts: Overview (view)";
/// What assets and relationships need.
pub(super) const ASSETS: &str = "Asset Inventory: Overview and Investigate: Asset (view)";
/// What IAM queries need.
const IAM: &str = "Investigate: IAM (view)";
/// What incidents of Compute need.
pub(super) const RUNTIME: &str = "Compute: Monitor, Runtime results (read)";

/// Checks address, credentials and each permission. Stops at the first thing without which the
/// rest can't be known.
pub(super) async fn probe(
    client: &Client,
    compute: Option<&Compute>,
    now: Timestamp,
) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    match client.sign_in().await {
        Ok(()) => {
            lines.push(well("API address", "It answers."));
            lines.push(well("Credentials", "Prisma Cloud accepts the access key."));
        }
        Err(
            fault @ (PrismaFault::CredentialsRefused { .. }
            | PrismaFault::NoSecret(_)
            | PrismaFault::Keychain(_)),
        ) => return vec![ill("Credentials", fault, "")],
        Err(fault) => return vec![ill("API address", fault, "")],
    }
    let latest = match latest(client, now).await {
        Ok(latest) => {
            lines.push(well("Alerts", &format!("The access key has {ALERTS}.")));
            latest
        }
        Err(fault) => {
            let hopeless = fault.trouble() == Trouble::Passing
                || matches!(fault, PrismaFault::WebPage { .. } | PrismaFault::TokenRefused { .. });
            lines.push(ill("Alerts", fault, ALERTS));
            if hopeless {
                return lines;
            }
            None
        }
    };
    lines.push(asset(client, latest).await);
    lines.push(iam(client).await);
    if let Some(compute) = compute {
        lines.push(incidents(compute, now).await);
    }
    lines
}

/// Prisma's id of the asset of some alert of the last week.
async fn latest(client: &Client, now: Timestamp) -> Result<Option<String>, PrismaFault> {
    let range = json!({"startTime": (now - TimeDelta::days(7)).timestamp_millis(), "endTime": now.timestamp_millis()});
    let search =
        json!({"timeRange": {"type": "absolute", "value": range}, "filters": [], "limit": 1});
    let found = value(&client.alerts(&search).await?)?;
    if !at(&found, "items").is_array() {
        return Err(PrismaFault::Senseless("the list of alerts has no items".to_owned()));
    }
    Ok(list(at(&found, "items"))
        .iter()
        .find_map(|alert| text_of(at(alert, "resource.unifiedAssetId"))))
}

async fn asset(client: &Client, id: Option<String>) -> CheckLine {
    const NAME: &str = "Asset graph";
    let Some(id) = id else {
        return well(NAME, "Not checked: there is no alert of the last week to ask about.");
    };
    match client.asset(&id, "RELATIONSHIPS").await {
        Ok(_) => well(NAME, &format!("The access key has {ASSETS}.")),
        Err(fault) => ill(NAME, fault, ASSETS),
    }
}

async fn iam(client: &Client) -> CheckLine {
    const NAME: &str = "IAM query (optional)";
    let query = "config from iam where source.cloud.resource.id = 'firebreak-connection-test'";
    match client.permissions(query, 1).await {
        Ok(Value::Null) | Err(PrismaFault::Refused { status: 404, .. }) => {
            well(NAME, "It answers, and knows nothing of this tenant's identities yet.")
        }
        Ok(_) => well(NAME, &format!("The access key has {IAM}.")),
        Err(fault) => ill(NAME, fault, IAM),
    }
}

async fn incidents(compute: &Compute, now: Timestamp) -> CheckLine {
    const NAME: &str = "Compute incidents";
    if let Err(fault) = compute.sign_in().await {
        return ill("Compute address and sign-in", fault, RUNTIME);
    }
    match compute.incidents(now - TimeDelta::days(1), now, 0, 1).await {
        Ok(_) => well(NAME, &format!("The access key has {RUNTIME}.")),
        Err(fault) => ill(NAME, fault, RUNTIME),
    }
}

fn well(name: &str, text: &str) -> CheckLine {
    CheckLine { name: name.to_owned(), ok: true, text: text.to_owned(), remedy: None }
}

fn ill(name: &str, fault: PrismaFault, permission: &str) -> CheckLine {
    let error = fault.during("prisma test", permission);
    CheckLine { name: name.to_owned(), ok: false, text: error.message, remedy: error.remedy }
}
