//! The connection test: one line for each thing that must be well.

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::ports::{CheckLine, Trouble};

use super::client::{Client, member};
use super::fault::LaceworkFault;
use super::scope::Scope;
use crate::fields::text_of;

/// The permission that reading alerts needs. Lacework's list of permissions is behind a login: the
/// name is how its roles page is quoted.
pub(super) const RIGHT_ALERTS: &str = "Alerts: read";
/// The permission that writing back needs.
pub(super) const RIGHT_WRITE: &str = "Alerts: write";

/// Checks address, credentials and each right. Stops at the first thing without which the rest
/// can't be known.
pub(super) async fn probe(
    client: &Client,
    sub_account: Option<&str>,
    now: Timestamp,
) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    match client.wire.sign_in().await {
        Ok(()) => {
            lines.push(well("Address", "It answers.".to_owned()));
            lines.push(well(
                "Credentials",
                "Lacework accepts the key id and secret key.".to_owned(),
            ));
        }
        Err(
            fault @ (LaceworkFault::CredentialsRefused { .. }
            | LaceworkFault::NoSecret(_)
            | LaceworkFault::Keychain(_)),
        ) => return vec![ill("Credentials", fault)],
        Err(fault) => return vec![ill("Address", fault)],
    }
    let day = now - TimeDelta::hours(24);
    let listed = match client.list(day, now).await {
        Ok(batch) => batch.alerts,
        Err(fault) => {
            lines.push(ill("Alerts", fault));
            return lines;
        }
    };
    let whose = sub_account.map(|name| format!(" of sub-account {name}")).unwrap_or_default();
    let text = format!("The key lists alerts{whose}; {} began in the last day.", listed.len());
    lines.push(well("Alerts", text));
    lines.push(match client.search(day, now).await {
        Ok(_) => well("Search (optional)", "The key may search alerts.".to_owned()),
        Err(fault) => ill("Search (optional)", fault),
    });
    let id = listed.first().and_then(|alert| text_of(&member(alert, "alertId")));
    lines.push(match id {
        None => well("Alert details", "No alert is there to try it on.".to_owned()),
        Some(id) => match client.scope(&id, Scope::Details).await {
            Ok(_) => well("Alert details", "The key reads what alerts are about.".to_owned()),
            Err(fault) => ill("Alert details", fault),
        },
    });
    lines
}

fn well(name: &str, text: String) -> CheckLine {
    CheckLine { name: name.to_owned(), ok: true, text, remedy: None }
}

fn ill(name: &str, fault: LaceworkFault) -> CheckLine {
    let passing = fault.trouble() == Trouble::Passing;
    let error = fault.during("lacework test", RIGHT_ALERTS);
    let remedy = if passing { Some("Try again in a while.".to_owned()) } else { error.remedy };
    CheckLine { name: name.to_owned(), ok: false, text: error.message, remedy }
}
