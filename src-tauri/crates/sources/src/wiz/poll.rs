//! One page of issues or detections.

use chrono::SecondsFormat;
use firebreak_core::Timestamp;
use firebreak_core::ports::RawAlert;
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::cursor::Phase;
use super::fault::WizFault;
use super::queries;
use super::shape::{DETECTION, ISSUE};
use crate::fields::at;
use crate::instant::instant;
use crate::json::{self, Members};
use crate::sweep::Sweep;

/// A page, read but not yet judged as a step of the sweep.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) alerts: Vec<RawAlert>,
    /// `statusChangedAt` or `createdAt` of those that have one.
    pub(super) times: Vec<Timestamp>,
    /// `endCursor` when there is a next page.
    pub(super) next: Option<String>,
}

/// Asks for the page that `sweep` points to. `details` asks issues for their detections too.
pub(super) async fn fetch(
    client: &Client,
    phase: Phase,
    sweep: &Sweep,
    page_size: u32,
    details: bool,
) -> Result<Batch, WizFault> {
    let after = sweep.after.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut variables = json!({
        "first": page_size.clamp(1, 500),
        "after": sweep.page,
        "orderBy": {"field": "CREATED_AT", "direction": "ASC"},
    });
    let (query, root) = match phase {
        Phase::Issues => {
            variables["filterBy"] = json!({"statusChangedAt": {"after": after}});
            variables["details"] = Value::Bool(details);
            (queries::ISSUES, "issues")
        }
        Phase::Detections => {
            variables["filterBy"] = json!({"createdAt": {"after": after}});
            (queries::DETECTIONS, "detections")
        }
    };
    batch(&client.ask(query, &variables).await?, phase, root)
}

fn batch(answer: &Answer, phase: Phase, root: &str) -> Result<Batch, WizFault> {
    let senseless = |what: &str| WizFault::Senseless(format!("data.{root} {what}"));
    let connection = Members::of(answer.member(root)?).ok_or_else(|| senseless("is no object"))?;
    let nodes =
        connection.get("nodes").and_then(json::items).ok_or_else(|| senseless("has no nodes"))?;
    let page = connection.get("pageInfo").map(|info| json::value(info).0).unwrap_or_default();
    let (kind, clock) = match phase {
        Phase::Issues => (ISSUE, "statusChangedAt"),
        Phase::Detections => (DETECTION, "createdAt"),
    };
    let next = match at(&page, "hasNextPage") {
        Value::Bool(false) => None,
        Value::Bool(true) => {
            let next = at(&page, "endCursor")
                .as_str()
                .filter(|next| !next.is_empty() && next.len() <= 8_192);
            Some(
                next.ok_or_else(|| senseless("promises a next page and does not say where"))?
                    .to_owned(),
            )
        }
        // Taking silence for "no" could pass over pages that are there.
        _ => return Err(senseless("does not say whether there is a next page")),
    };
    let nodes: Vec<_> = nodes.into_iter().filter(|node| node.get() != "null").collect();
    let times = nodes.iter().filter_map(|node| {
        let moment = Members::of(node)?.get(clock)?;
        instant(&json::value(moment).0)
    });
    Ok(Batch {
        times: times.collect(),
        alerts: nodes
            .iter()
            .map(|node| RawAlert { kind: kind.to_owned(), body: node.get().as_bytes().to_vec() })
            .collect(),
        next,
    })
}
