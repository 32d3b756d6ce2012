//! The operations that public clients of Wiz send, and the graph.

use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use crate::client::tenant;

/// The folder with the project's reconstruction of the vendor's schema, when the machine has it.
fn reference(file: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("FIREBREAK_SPECS") else {
        eprintln!("skipped: FIREBREAK_SPECS is not set, {file} cannot be compared");
        return None;
    };
    Some(std::fs::read_to_string(std::path::Path::new(&folder).join(file)).unwrap())
}

#[test]
fn the_schema_is_part_of_the_reconstruction() {
    let Some(reference) = reference("wiz-reconstructed.graphql") else { return };
    let theirs = Schema::parse(reference, "reconstruction").unwrap();
    let ours =
        Schema::parse_and_validate(include_str!("../../src/wiz/schema.graphql"), "ours").unwrap();
    for (name, ours) in &ours.types {
        if ours.is_built_in() {
            continue;
        }
        let theirs =
            theirs.types.get(name).unwrap_or_else(|| panic!("{name} is not in the reconstruction"));
        let fields = |found: &apollo_compiler::schema::ExtendedType| -> Vec<String> {
            match found {
                apollo_compiler::schema::ExtendedType::Object(found) => found
                    .fields
                    .values()
                    .map(|field| {
                        let arguments: Vec<String> = field
                            .arguments
                            .iter()
                            .map(|argument| format!("{}: {}", argument.name, argument.ty))
                            .collect();
                        format!("{name}.{}({}): {}", field.name, arguments.join(", "), field.ty)
                    })
                    .collect(),
                apollo_compiler::schema::ExtendedType::InputObject(found) => found
                    .fields
                    .values()
                    .map(|field| format!("{name}.{}: {}", field.name, field.ty))
                    .collect(),
                apollo_compiler::schema::ExtendedType::Enum(found) => {
                    found.values.keys().map(|value| format!("{name}.{value}")).collect()
                }
                apollo_compiler::schema::ExtendedType::Union(found) => {
                    found.members.iter().map(|member| format!("{name} = {}", member.name)).collect()
                }
                _ => Vec::new(),
            }
        };
        let known = fields(theirs);
        for field in fields(ours) {
            assert!(known.contains(&field), "{field} is not in the reconstruction");
        }
    }
}

/// Variables with which every operation of the reference can run.
fn variables(operation: &str, issue: &str) -> Value {
    match operation {
        "GraphSearch" => json!({
            "projectId": "*", "first": 5, "fetchTotalCount": true, "fetchPublicExposurePaths": true,
            "fetchLateralMovement": true, "query": { "type": ["VIRTUAL_MACHINE"], "select": true },
        }),
        "UpdateIssue" => json!({ "issueId": issue, "patch": { "status": "IN_PROGRESS" } }),
        "CreateIssueComment" => json!({ "input": { "issueId": issue, "text": "seen" } }),
        "AssociateServiceTicket" => {
            json!({ "input": { "issueId": issue, "ticketId": "T-1", "ticketUrl": "https://tickets.invalid/T-1" } })
        }
        _ => json!({ "first": 100, "filterBy": {} }),
    }
}

#[tokio::test]
async fn every_reference_operation_runs() {
    let Some(text) = reference("wiz-queries.graphql") else { return };
    let session = tenant().await;
    let issue = session.issue("web-7", "miner").await;
    let schema =
        Schema::parse_and_validate(include_str!("../../src/wiz/schema.graphql"), "ours").unwrap();
    let document = ExecutableDocument::parse_and_validate(&schema, &text, "reference").unwrap();
    let names: Vec<String> = document.operations.named.keys().map(ToString::to_string).collect();
    assert!(names.len() >= 6, "{names:?}");
    for name in names {
        let body =
            json!({ "query": text, "operationName": name, "variables": variables(&name, &issue) });
        let answer: Value = session.post(body).await.unwrap().json().await.unwrap();
        assert_eq!(answer.get("errors"), None, "{name}: {answer}");
        let filled = answer["data"].as_object().unwrap().values().all(|value| !value.is_null());
        assert!(filled, "{name}: {answer}");
    }
}

const SEARCH: &str = "query G($query: GraphEntityQueryInput, $paths: Boolean = false) {
  graphSearch(query: $query, projectId: \"*\", first: 50, quick: true) {
    totalCount nodes { entities { id name type providerUniqueId
      publicExposures(first: 10) @include(if: $paths) { nodes { portRange sourceIpRange path { name type } } }
      lateralMovementPaths(first: 10) @include(if: $paths) { nodes { pathEntities { entity { name type } } } }
      issues(filterBy: { status: [OPEN] }) { criticalSeverityCount highSeverityCount } } } } }";

fn names(rows: &Value) -> Vec<Vec<&str>> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| {
            row["entities"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entity| entity["name"].as_str().unwrap())
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn a_resource_is_found_by_its_provider_id_with_its_ways_in_and_on() {
    let session = tenant().await;
    let snapshot = session
        .data("{ issuesV2(filterBy: {search: \"web-7\"}, first: 1) { nodes { entitySnapshot { providerId } } } }", json!({}))
        .await;
    let provider = &snapshot["issuesV2"]["nodes"][0]["entitySnapshot"]["providerId"];
    let query = json!({ "type": ["CLOUD_RESOURCE"], "select": true, "where": { "providerUniqueId": { "EQUALS": [provider] } } });
    let data = session.data(SEARCH, json!({ "query": query, "paths": true })).await;
    assert_eq!(names(&data["graphSearch"]["nodes"]), [["web-7"]]);
    let entity = &data["graphSearch"]["nodes"][0]["entities"][0];
    assert_eq!(entity["issues"], json!({ "criticalSeverityCount": 1, "highSeverityCount": 2 }));
    assert_eq!(
        entity["publicExposures"]["nodes"][0]["path"][0],
        json!({ "name": "Internet", "type": "ENDPOINT" })
    );
    let paths = entity["lateralMovementPaths"]["nodes"].as_array().unwrap();
    let ends: Vec<&Value> = paths
        .iter()
        .map(|path| &path["pathEntities"].as_array().unwrap().last().unwrap()["entity"]["name"])
        .collect();
    assert_eq!(ends, ["customer-exports", "db-1"]);
}

#[tokio::test]
async fn paths_are_left_out_unless_asked_for() {
    let query = json!({ "type": ["BUCKET"], "select": true });
    let data = tenant().await.data(SEARCH, json!({ "query": query })).await;
    assert_eq!(data["graphSearch"]["nodes"][0]["entities"][0].get("publicExposures"), None);
}

#[tokio::test]
async fn an_evidence_query_leads_along_the_graph() {
    let session = tenant().await;
    let id = session.issue("web-7", "sensitive").await;
    let read = "query I($id: ID!) { issue(id: $id) { evidenceQuery } }";
    let evidence = session.data(read, json!({ "id": id })).await["issue"]["evidenceQuery"].clone();
    let data = session.data(SEARCH, json!({ "query": evidence })).await;
    assert_eq!(names(&data["graphSearch"]["nodes"]), [["web-7", "web-node", "customer-exports"]]);
}

async fn check(query: Value, expected: &[&[&str]]) {
    let data = tenant().await.data(SEARCH, json!({ "query": query })).await;
    assert_eq!(
        names(&data["graphSearch"]["nodes"]).into_iter().collect::<std::collections::BTreeSet<_>>(),
        expected.iter().map(|row| row.to_vec()).collect()
    );
}

#[tokio::test]
async fn relationships() {
    let acting = |more: Value| {
        let mut relationship =
            json!({ "type": [{ "type": "ACTING_AS" }], "with": { "type": ["SERVICE_ACCOUNT"] } });
        relationship.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "type": ["VIRTUAL_MACHINE"], "select": true, "relationships": [relationship] })
    };
    check(acting(json!({})), &[&["web-7"], &["web-3"]]).await;
    check(acting(json!({ "negate": true })), &[&["web-8"], &["db-1"], &["mon-1"], &["build-2"]])
        .await;
    let reverse = json!({ "type": ["SERVICE_ACCOUNT"], "relationships": [
        { "type": [{ "type": "ACTING_AS", "reverse": true }], "with": { "type": ["VIRTUAL_MACHINE"], "select": true } }] });
    check(reverse, &[&["web-7"], &["web-3"]]).await;
    let named = json!({ "type": ["ANY"], "select": true, "where": { "name": { "STARTS_WITH": "storefront" } } });
    check(named, &[&["storefront"], &["storefront-logs"]]).await;
}

#[tokio::test]
async fn cloud_resources_by_text() {
    let query = "{ cloudResources(filterBy: { search: \"customer\" }) { nodes { name type subscriptionExternalId graphEntity { name } } } }";
    let data = tenant().await.data(query, json!({})).await;
    let expected = json!([{ "name": "customer-exports", "type": "BUCKET", "subscriptionExternalId": "123456789012",
        "graphEntity": { "name": "customer-exports" } }]);
    assert_eq!(data["cloudResources"]["nodes"], expected);
}

#[tokio::test]
async fn detections_are_listed_by_creation() {
    let session = tenant().await;
    let query = "query D($f: DetectionFilters, $first: Int, $after: String) {
      detections(filterBy: $f, first: $first, after: $after, orderBy: { field: CREATED_AT, direction: ASC }) {
        nodes { createdAt severity description(format: MARKDOWN) primaryResource { externalId providerUniqueId }
          primaryActor { accessKeyId } ruleMatch { rule { name securitySubCategories { title } } }
          triggeringEvents(first: 50) { totalCount nodes { actorIP commandLine rawAuditLogRecord } } }
        pageInfo { hasNextPage endCursor } totalCount } }";
    let first = session.data(query, json!({ "first": 4 })).await;
    assert_eq!(first["detections"]["totalCount"], 6);
    let after = &first["detections"]["pageInfo"]["endCursor"];
    let second = session.data(query, json!({ "first": 4, "after": after })).await;
    assert_eq!(second["detections"]["nodes"].as_array().unwrap().len(), 2);
    let nodes = first["detections"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .chain(second["detections"]["nodes"].as_array().unwrap());
    let times: Vec<&str> = nodes.map(|node| node["createdAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted());
    let later = session.data(query, json!({ "f": { "createdAt": { "after": times[3] } } })).await;
    assert_eq!(later["detections"]["totalCount"], 2);
    let oldest = &first["detections"]["nodes"][0];
    assert!(oldest["primaryActor"]["accessKeyId"].as_str().unwrap().starts_with("AKIA"));
    assert_eq!(
        oldest["triggeringEvents"]["nodes"][0]["rawAuditLogRecord"]["eventName"],
        "GetCallerIdentity"
    );
}
