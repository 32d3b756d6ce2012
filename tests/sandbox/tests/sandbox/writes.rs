//! Writing back, and changes from outside.

use serde_json::{Value, json};

use crate::client::tenant;

const UPDATE: &str = "mutation U($id: ID!, $patch: UpdateIssuePatch, $override: UpdateIssuePatch) {
  updateIssue(input: { id: $id, patch: $patch, override: $override }) {
    issue { id status note dueAt resolvedAt resolutionReason statusChangedAt updatedAt } } }";
const CHANGED: &str = "query C($after: DateTime) {
  issuesV2(first: 500, filterBy: { statusChangedAt: { after: $after } }) { nodes { id status } } }";

#[tokio::test]
async fn a_threat_can_be_resolved_and_shows_as_changed() {
    let session = tenant().await;
    let id = session.issue("web-7", "miner").await;
    let before = chrono::Utc::now().to_rfc3339();
    let patch = json!({ "status": "RESOLVED", "resolutionReason": "MALICIOUS_THREAT", "note": "contained" });
    let data = session.data(UPDATE, json!({ "id": id, "patch": patch })).await;
    let issue = &data["updateIssue"]["issue"];
    assert_eq!(
        (&issue["status"], &issue["resolutionReason"]),
        (&json!("RESOLVED"), &json!("MALICIOUS_THREAT"))
    );
    assert_eq!(
        (&issue["note"], &issue["resolvedAt"]),
        (&json!("contained"), &issue["statusChangedAt"])
    );
    let changed = session.data(CHANGED, json!({ "after": before })).await;
    assert_eq!(changed["issuesV2"]["nodes"], json!([{ "id": id, "status": "RESOLVED" }]));
}

async fn refused(entity: &str, rule: &str, patch: Value, argument: &str) {
    let session = tenant().await;
    let id = session.issue(entity, rule).await;
    let answer = session.ask(UPDATE, json!({ "id": id, "patch": patch })).await;
    assert_eq!(answer["data"], json!({ "updateIssue": null }));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(answer["errors"][0]["path"], json!(["updateIssue", "input", "patch", argument]));
    let unchanged =
        session.data("query I($id: ID!) { issue(id: $id) { status } }", json!({ "id": id })).await;
    assert_eq!(unchanged["issue"]["status"], "OPEN");
}

#[tokio::test]
async fn a_posture_issue_resolves_only_by_itself() {
    refused("customer-exports", "sensitive", json!({ "status": "RESOLVED" }), "status").await;
}

#[tokio::test]
async fn a_reason_must_fit_the_status() {
    let patch = json!({ "status": "RESOLVED", "resolutionReason": "WONT_FIX" });
    refused("web-7", "miner", patch, "resolutionReason").await;
    let patch = json!({ "status": "REJECTED", "resolutionReason": "MALICIOUS_THREAT" });
    refused("web-7", "miner", patch, "resolutionReason").await;
}

#[tokio::test]
async fn a_due_date_is_set_and_cleared() {
    let session = tenant().await;
    let id = session.issue("web-3", "miner").await;
    let due = "2031-05-01T00:00:00.000Z";
    let data = session.data(UPDATE, json!({ "id": id, "patch": { "dueAt": due } })).await;
    assert_eq!(data["updateIssue"]["issue"]["dueAt"], due);
    let data = session.data(UPDATE, json!({ "id": id, "override": { "dueAt": null } })).await;
    assert_eq!(data["updateIssue"]["issue"]["dueAt"], Value::Null);
}

#[tokio::test]
async fn notes_come_and_go() {
    let session = tenant().await;
    let id = session.issue("web-7", "miner").await;
    let create = "mutation N($input: CreateIssueNoteInput!) { createIssueNote(input: $input) { issueNote { id text createdAt } } }";
    let data =
        session.data(create, json!({ "input": { "issueId": id, "text": "isolated" } })).await;
    let note = &data["createIssueNote"]["issueNote"];
    assert_eq!(note["text"], "isolated");
    let read = "query I($id: ID!) { issue(id: $id) { notes { id serviceAccount { name } } } }";
    let data = session.data(read, json!({ "id": id })).await;
    assert_eq!(
        data["issue"]["notes"],
        json!([{ "id": note["id"], "serviceAccount": { "name": "firebreak" } }])
    );
    let delete = "mutation D($id: ID!) { deleteIssueNote(input: { id: $id }) { _stub } }";
    session.data(delete, json!({ "id": note["id"] })).await;
    assert_eq!(session.data(read, json!({ "id": id })).await["issue"]["notes"], json!([]));
    let again = session.ask(delete, json!({ "id": note["id"] })).await;
    assert_eq!(again["errors"][0]["path"], json!(["deleteIssueNote", "id"]));
}

#[tokio::test]
async fn a_ticket_is_linked() {
    let session = tenant().await;
    let id = session.issue("web-7", "miner").await;
    let link = "mutation T($input: AssociateServiceTicketInput!) { associateServiceTicket(input: $input) { serviceTicket { externalId url } } }";
    let input = json!({ "issueId": id, "ticketId": "SEC-12", "ticketUrl": "https://tickets.invalid/SEC-12" });
    let data = session.data(link, json!({ "input": input })).await;
    assert_eq!(data["associateServiceTicket"]["serviceTicket"]["externalId"], "SEC-12");
    let read = "query I($id: ID!) { issuesV2(filterBy: { id: [$id], hasServiceTicket: true }) { totalCount } }";
    assert_eq!(session.data(read, json!({ "id": id })).await["issuesV2"]["totalCount"], 1);
}

#[tokio::test]
async fn the_vendor_can_reopen_an_issue() {
    let session = tenant().await;
    let id = session.issue("db-1", "metadata").await;
    let before = chrono::Utc::now().to_rfc3339();
    let change = json!({ "issue": { "id": id, "status": "OPEN", "severity": "CRITICAL", "description": "again" } });
    assert_eq!(session.control("publish", change).await.0, 200);
    let changed = session.data(CHANGED, json!({ "after": before })).await;
    assert_eq!(changed["issuesV2"]["nodes"], json!([{ "id": id, "status": "OPEN" }]));
    let read = "query I($id: ID!) { issue(id: $id) { severity description } }";
    let data = session.data(read, json!({ "id": id })).await;
    assert_eq!(data["issue"], json!({ "severity": "CRITICAL", "description": "again" }));
}

#[tokio::test]
async fn a_change_of_nothing_is_refused() {
    let session = tenant().await;
    let (status, body) =
        session.control("publish", json!({ "issue": { "id": "nothing", "status": "OPEN" } })).await;
    assert_eq!((status, &body["error"]), (422, &json!("there is no issue nothing")));
}
