//! The connection test: one line for each thing that must be well.

use firebreak_core::ports::CheckLine;

use super::client::{Ask, Client, Load};
use super::config::OrcaApi;
use super::fault::OrcaFault;
use super::poll::serving_layer;
use super::query::{self, RULES};
use crate::http::Verb;

/// What alerts need, in the words of Orca's role editor as far as they are known.
pub(super) const VIEW_ALERTS: &str = "to view alerts";
/// What the inventory needs.
pub(super) const VIEW_ASSETS: &str = "to view assets (Inventory)";
/// What writing back needs.
pub(super) const CHANGE_ALERTS: &str = "to change and comment alerts";

/// Checks token, address and each permission. Stops at the first thing without which the rest can't
/// be known.
pub(super) async fn probe(client: &Client, api: OrcaApi) -> Vec<CheckLine> {
    if let Err(fault) = client.has_token().await {
        return vec![line("API token", Err((fault, "")))];
    }
    let (alerts, rules) = match alerts(client, api).await {
        Err(
            fault @ (OrcaFault::TokenRefused { .. }
            | OrcaFault::Http(_)
            | OrcaFault::WebPage { .. }),
        ) => {
            let name = match fault {
                OrcaFault::TokenRefused { .. } => "API token",
                _ => "API address",
            };
            return vec![line(name, Err((fault, "")))];
        }
        answer => answer.map_or_else(|fault| (Err(fault), false), |rules| (Ok(()), rules)),
    };
    let token = match &alerts {
        Ok(()) | Err(OrcaFault::NotAllowed { .. }) => "Orca accepts the token.",
        Err(_) => "Orca answers, but whether it accepts the token is not known.",
    };
    let mut lines = vec![line("API token", Ok(token.to_owned()))];
    let found = if rules {
        "Alerts can be read, through the older rules API."
    } else {
        "Alerts can be read."
    };
    lines.push(line("Alerts", alerts.map(|()| found.to_owned()).map_err(|f| (f, VIEW_ALERTS))));
    if rules {
        let text = "The serving layer is not there; assets are asked for one by one.".to_owned();
        lines.push(line("Inventory", Ok(text)));
        return lines;
    }
    let inventory = serving_layer(client, query::probe("Inventory")).await;
    let inventory = inventory.map(|_| "Assets can be read.".to_owned());
    lines.push(line("Inventory", inventory.map_err(|fault| (fault, VIEW_ASSETS))));
    lines
}

/// Whether alerts can be read, and whether that is through the rules API.
async fn alerts(client: &Client, api: OrcaApi) -> Result<bool, OrcaFault> {
    if api != OrcaApi::Rules {
        match serving_layer(client, query::probe("Alert")).await {
            Err(OrcaFault::NotThere { .. }) if api == OrcaApi::Auto => {}
            answer => return answer.and_then(|answer| answer.rows().map(|_| false)),
        }
    }
    let form = vec![("limit", "1".to_owned())];
    let ask = Ask { verb: Verb::Post, path: &RULES, query: vec![], body: Load::Form(form) };
    client.ask(&ask).await.and_then(|answer| answer.rows().map(|_| true))
}

fn line(name: &str, outcome: Result<String, (OrcaFault, &str)>) -> CheckLine {
    let name = name.to_owned();
    match outcome {
        Ok(text) => CheckLine { name, ok: true, text, remedy: None },
        Err((fault, permission)) => {
            let error = fault.during("orca test", permission);
            CheckLine { name, ok: false, text: error.message, remedy: error.remedy }
        }
    }
}
