//! Root fields of queries.

use serde_json::{Value, json};

use super::filter::{IssueFilter, created_within};
use super::paging::{Key, Page};
use super::refuse::Refusal;
use super::tenant::{Detection, Issue, Tenant};
use super::{describe, graph};

/// Answers a root field.
pub(crate) fn resolve(tenant: &Tenant, field: &str, arguments: &Value) -> Result<Value, Refusal> {
    match field {
        "issue" => issue(tenant, arguments),
        "issuesV2" => issues(tenant, arguments),
        "detections" => detections(tenant, arguments),
        "cloudResources" => graph::cloud_resources(tenant, arguments),
        "graphSearch" => graph::search(tenant, arguments),
        _ => Err(Refusal {
            message: format!("{field} is not served"),
            code: "INTERNAL_SERVER_ERROR",
            path: vec![],
        }),
    }
}

fn issue(tenant: &Tenant, arguments: &Value) -> Result<Value, Refusal> {
    let id = arguments["id"].as_str().unwrap_or_default();
    let found = tenant.issues.get(id).ok_or_else(|| Refusal::unknown("issue", "id"))?;
    Ok(describe::issue(tenant, found))
}

fn issues<'t>(tenant: &'t Tenant, arguments: &Value) -> Result<Value, Refusal> {
    let page = Page::read(arguments)?;
    let found = IssueFilter::new(&arguments["filterBy"]).select(tenant.issues.values())?;
    let order = &arguments["orderBy"];
    let descending = order["direction"] == "DESC";
    let by_creation = order["field"] == "CREATED_AT";
    let key = |issue: &&'t Issue| -> Key<'t> {
        let value =
            if by_creation { issue.created.timestamp_micros() } else { i64::from(issue.severity) };
        // Unordered lists come worst first: no client may take them to be in order of time.
        let turned = if order.is_null() || descending { -value } else { value };
        (turned, issue.id.as_str())
    };
    Ok(page.cut(found, key, |issue| describe::issue(tenant, issue)))
}

fn detections<'t>(tenant: &'t Tenant, arguments: &Value) -> Result<Value, Refusal> {
    let page = Page::read(arguments)?;
    let within = created_within(&arguments["filterBy"])?;
    let everything = arguments["filterBy"]["createdAt"].is_null();
    let found: Vec<&'t Detection> = tenant
        .detections
        .values()
        .map(AsRef::as_ref)
        .filter(|detection| everything || within(detection.created))
        .collect();
    let descending = arguments["orderBy"]["direction"] == "DESC";
    let key = |detection: &&'t Detection| -> Key<'t> {
        let created = detection.created.timestamp_micros();
        (if descending { -created } else { created }, detection.id.as_str())
    };
    Ok(page.cut(found, key, |detection| json!(detection.value)))
}
