//! The connection test: one line for each thing that must be well.

use firebreak_core::ports::{CheckLine, Trouble};
use serde_json::{Value, json};

use super::client::Client;
use super::fault::WizFault;
use super::queries;

/// The scope that issues need.
pub(super) const SCOPE_ISSUES: &str = "read:issues";
/// The scope that detections need.
pub(super) const SCOPE_DETECTIONS: &str = "read:detections";
/// The scope that the security graph needs.
pub(super) const SCOPE_GRAPH: &str = "read:resources";

/// Checks address, credentials and each scope. Stops at the first thing without which the rest
/// can't be known.
pub(super) async fn probe(client: &Client) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    match client.sign_in().await {
        Ok(()) => {
            lines.push(line("Authentication address", Ok("It answers.".to_owned())));
            lines.push(line("Credentials", Ok("Wiz accepts the client id and secret.".to_owned())));
        }
        Err(
            fault @ (WizFault::CredentialsRefused { .. }
            | WizFault::NoSecret(_)
            | WizFault::Keychain(_)),
        ) => {
            lines.push(line("Credentials", Err((fault, ""))));
            return lines;
        }
        Err(fault) => {
            lines.push(line("Authentication address", Err((fault, ""))));
            return lines;
        }
    }
    let any = json!({"query": {"type": ["CLOUD_RESOURCE"], "select": true}});
    let scopes = [
        ("Issues", SCOPE_ISSUES, queries::PROBE_ISSUES, Value::Null),
        ("Detections (optional)", SCOPE_DETECTIONS, queries::PROBE_DETECTIONS, Value::Null),
        ("Security graph", SCOPE_GRAPH, queries::PROBE_GRAPH, any),
    ];
    for (name, scope, query, variables) in scopes {
        let answer = client.ask(query, &variables).await;
        let unreachable = matches!(&answer, Err(fault @ (WizFault::Http(_) | WizFault::WebPage { .. } | WizFault::TokenRefused))
            if fault.trouble() != Trouble::Garbage || matches!(fault, WizFault::WebPage { .. }));
        match answer {
            Err(fault) if unreachable => {
                lines.push(line("API address", Err((fault, scope))));
                return lines;
            }
            Err(fault) => lines.push(line(name, Err((fault, scope)))),
            Ok(_) => lines.push(line(name, Ok(format!("The service account has {scope}.")))),
        }
    }
    lines
}

fn line(name: &str, outcome: Result<String, (WizFault, &str)>) -> CheckLine {
    let name = name.to_owned();
    match outcome {
        Ok(text) => CheckLine { name, ok: true, text, remedy: None },
        Err((fault, scope)) => {
            let error = fault.during("wiz test", scope);
            CheckLine { name, ok: false, text: error.message, remedy: error.remedy }
        }
    }
}
