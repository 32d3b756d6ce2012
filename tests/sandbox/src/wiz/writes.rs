//! Mutations, and what the control API changes.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::describe;
use super::filter::time;
use super::refuse::Refusal;
use super::tenant::{Issue, Tenant, severity_rank, stamp};

/// Reasons with which a client may set a status.
const REJECTING: [&str; 3] = ["FALSE_POSITIVE", "EXCEPTION", "WONT_FIX"];
const RESOLVING: [&str; 5] = [
    "MALICIOUS_THREAT",
    "NOT_MALICIOUS_THREAT",
    "SECURITY_TEST_THREAT",
    "PLANNED_ACTION_THREAT",
    "INCONCLUSIVE_THREAT",
];

/// Answers a root field of a mutation.
pub(crate) fn resolve(
    tenant: &mut Tenant,
    field: &str,
    arguments: &Value,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let input = &arguments["input"];
    match field {
        "updateIssue" => update_issue(tenant, input, now),
        "createIssueNote" => create_note(tenant, input, now),
        "deleteIssueNote" => delete_note(tenant, input, now),
        "associateServiceTicket" => associate_ticket(tenant, input, now),
        _ => Err(Refusal {
            message: format!("{field} is not served"),
            code: "INTERNAL_SERVER_ERROR",
            path: vec![],
        }),
    }
}

fn update_issue(tenant: &mut Tenant, input: &Value, now: DateTime<Utc>) -> Result<Value, Refusal> {
    let id = input["id"].as_str().unwrap_or_default();
    let issue = tenant.issues.get_mut(id).ok_or_else(|| Refusal::unknown("issue", "id"))?;
    let patch = &input["patch"];
    permitted(issue, patch)?;
    if let Some(status) = patch["status"].as_str() {
        set_status(issue, status, now);
    }
    for (name, slot) in [
        ("resolutionReason", &mut issue.resolution_reason),
        ("resolutionNote", &mut issue.resolution_note),
    ] {
        if let Some(text) = patch[name].as_str() {
            *slot = Some(text.to_owned());
        }
    }
    if let Some(note) = patch["note"].as_str() {
        note.clone_into(&mut issue.note);
    }
    if let Some(due) = patch["dueAt"].as_str() {
        issue.due = Some(due.to_owned());
    }
    if input["override"]
        .as_object()
        .is_some_and(|fields| fields.get("dueAt").is_some_and(Value::is_null))
    {
        issue.due = None;
    }
    issue.updated = now;
    let issue = issue.clone();
    Ok(json!({ "issue": describe::issue(tenant, &issue) }))
}

/// What Wiz lets a client do: posture issues resolve by themselves once the cause is gone.
fn permitted(issue: &Issue, patch: &Value) -> Result<(), Refusal> {
    if let Some(due) = patch["dueAt"].as_str()
        && time(due).is_none()
    {
        return Err(Refusal::input(
            "dueAt must be an RFC 3339 date-time",
            &["input", "patch", "dueAt"],
        ));
    }
    let reason = patch["resolutionReason"].as_str();
    let fits = |allowed: &[&str]| reason.is_none_or(|reason| allowed.contains(&reason));
    match patch["status"].as_str() {
        Some("RESOLVED") if issue.kind != "THREAT_DETECTION" => Err(Refusal::input(
            "only issues of type THREAT_DETECTION can be resolved by a client",
            &["input", "patch", "status"],
        )),
        Some("RESOLVED") if !fits(&RESOLVING) => Err(Refusal::input(
            format!(
                "resolutionReason of a resolved threat must be one of {}",
                RESOLVING.join(", ")
            ),
            &["input", "patch", "resolutionReason"],
        )),
        Some("REJECTED") if !fits(&REJECTING) => Err(Refusal::input(
            format!("resolutionReason of a rejected issue must be one of {}", REJECTING.join(", ")),
            &["input", "patch", "resolutionReason"],
        )),
        _ => Ok(()),
    }
}

fn set_status(issue: &mut Issue, status: &str, now: DateTime<Utc>) {
    if issue.status == status {
        return;
    }
    status.clone_into(&mut issue.status);
    issue.status_changed = now;
    issue.updated = now;
    issue.resolved = (status == "RESOLVED").then_some(now);
    if matches!(status, "OPEN" | "IN_PROGRESS") {
        issue.resolution_reason = None;
    }
}

fn create_note(tenant: &mut Tenant, input: &Value, now: DateTime<Utc>) -> Result<Value, Refusal> {
    let text = input["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Refusal::input("text must not be empty", &["input", "text"]));
    }
    let note = json!({
        "id": tenant.fresh_id("note"),
        "text": text,
        "createdAt": stamp(now),
        "updatedAt": stamp(now),
        "user": null,
        "serviceAccount": { "id": "sandbox-service-account", "name": "firebreak", "email": null },
    });
    let issue = changed(tenant, input["issueId"].as_str(), now)?;
    issue.notes.push(note.clone());
    Ok(json!({ "issueNote": note }))
}

fn delete_note(tenant: &mut Tenant, input: &Value, now: DateTime<Utc>) -> Result<Value, Refusal> {
    let id = &input["id"];
    let issue = tenant
        .issues
        .values_mut()
        .find(|issue| issue.notes.iter().any(|note| note["id"] == *id))
        .ok_or_else(|| Refusal::unknown("note", "id"))?;
    issue.notes.retain(|note| note["id"] != *id);
    issue.updated = now;
    Ok(json!({ "_stub": "ok" }))
}

fn associate_ticket(
    tenant: &mut Tenant,
    input: &Value,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let ticket = json!({
        "id": tenant.fresh_id("ticket"),
        "externalId": input["ticketId"],
        "name": input["ticketId"],
        "url": input["ticketUrl"],
    });
    let issue = changed(tenant, input["issueId"].as_str(), now)?;
    issue.tickets.push(ticket.clone());
    Ok(json!({ "serviceTicket": ticket }))
}

fn changed<'t>(
    tenant: &'t mut Tenant,
    id: Option<&str>,
    now: DateTime<Utc>,
) -> Result<&'t mut Issue, Refusal> {
    let issue = id
        .and_then(|id| tenant.issues.get_mut(id))
        .ok_or_else(|| Refusal::unknown("issue", "issueId"))?;
    issue.updated = now;
    Ok(issue)
}

/// Changes an issue from outside, as if Wiz itself had: status, severity and any other field by name.
/// A new status moves `statusChangedAt` to now unless that is given too.
pub(crate) fn overlay(
    tenant: &mut Tenant,
    id: &str,
    fields: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let issue = tenant.issues.get_mut(id).ok_or_else(|| format!("there is no issue {id}"))?;
    let moment = |value: &Value| {
        value.as_str().and_then(time).ok_or_else(|| format!("{value} is not an RFC 3339 date-time"))
    };
    for (name, value) in fields {
        match name.as_str() {
            "status" => set_status(issue, value.as_str().ok_or("status must be a string")?, now),
            "severity" => {
                let rank = value.as_str().and_then(severity_rank);
                issue.severity = rank.ok_or_else(|| format!("{value} is not a severity"))?;
            }
            "createdAt" => issue.created = moment(value)?,
            "statusChangedAt" => {}
            other => {
                issue.overlay.insert(other.to_owned(), value.clone());
            }
        }
    }
    if let Some(value) = fields.get("statusChangedAt") {
        issue.status_changed = moment(value)?;
    }
    issue.updated = now;
    Ok(())
}
