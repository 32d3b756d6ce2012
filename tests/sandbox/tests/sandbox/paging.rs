//! Lists: pages, filters, projection, and how wrong requests are told so.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Session, empty, tenant};

const PAGE: &str = "query Page($first: Int, $after: String, $filterBy: IssueFilters, $orderBy: IssueOrder) {
  issues: issuesV2(first: $first, after: $after, filterBy: $filterBy, orderBy: $orderBy) {
    nodes { id createdAt statusChangedAt severity status } pageInfo { hasNextPage endCursor } totalCount } }";

/// All nodes, page by page; the filter stays the same while the cursor moves.
async fn all(session: &Session, first: u32, filter: Value, order: Value) -> (Vec<Value>, usize) {
    let (mut nodes, mut pages, mut after) = (Vec::new(), 0, Value::Null);
    loop {
        let variables =
            json!({ "first": first, "after": after, "filterBy": filter, "orderBy": order });
        let mut data = session.data(PAGE, variables).await;
        nodes.append(data["issues"]["nodes"].as_array_mut().unwrap());
        pages += 1;
        let info = &data["issues"]["pageInfo"];
        if info["hasNextPage"] == false {
            return (nodes, pages);
        }
        after = info["endCursor"].clone();
    }
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let session = empty().await;
    let (status, added) = session.control("bulk", json!({ "count": 1203, "seed": 5 })).await;
    assert_eq!((status, &added["added"]), (200, &json!(1203)));
    let (nodes, pages) = all(&session, 500, json!({}), Value::Null).await;
    let ids: BTreeSet<&str> = nodes.iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!((nodes.len(), ids.len(), pages), (1203, 1203, 3));
}

#[tokio::test]
async fn bulk_is_repeatable() {
    let mut found = Vec::new();
    for _ in 0..2 {
        let session = empty().await;
        session.control("bulk", json!({ "count": 40, "seed": 9 })).await;
        let (nodes, _) = all(&session, 500, json!({}), Value::Null).await;
        found.push(
            nodes
                .into_iter()
                .map(|node| (node["id"].clone(), node["severity"].clone()))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(found[0], found[1]);
}

#[tokio::test]
async fn order_of_creation() {
    let session = tenant().await;
    for (direction, rising) in [("ASC", true), ("DESC", false)] {
        let order = json!({ "field": "CREATED_AT", "direction": direction });
        let (nodes, _) = all(&session, 7, json!({}), order).await;
        let times: Vec<&str> =
            nodes.iter().map(|node| node["createdAt"].as_str().unwrap()).collect();
        assert!(times.windows(2).all(|pair| if rising {
            pair[0] <= pair[1]
        } else {
            pair[0] >= pair[1]
        }));
    }
}

#[tokio::test]
async fn a_new_issue_between_two_pages_moves_nothing() {
    let session = tenant().await;
    let order = json!({ "field": "CREATED_AT", "direction": "DESC" });
    let first = session.data(PAGE, json!({ "first": 10, "orderBy": order })).await;
    session.control("publish", json!({ "scenario": "crypto-mining-ec2" })).await;
    let after = &first["issues"]["pageInfo"]["endCursor"];
    let second = session.data(PAGE, json!({ "first": 10, "orderBy": order, "after": after })).await;
    let ids = |page: &Value| -> BTreeSet<String> {
        page["issues"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].to_string())
            .collect()
    };
    assert!(ids(&first).is_disjoint(&ids(&second)));
}

async fn check(filter: Value, expected: usize) {
    let (nodes, _) = all(&tenant().await, 500, filter.clone(), Value::Null).await;
    assert_eq!(nodes.len(), expected, "{filter}");
}

#[tokio::test]
async fn filters() {
    check(json!({}), 50).await;
    check(json!({ "severity": ["CRITICAL"] }), 4).await;
    check(json!({ "type": ["TOXIC_COMBINATION", "CLOUD_CONFIGURATION"] }), 5).await;
    check(json!({ "status": ["REJECTED"] }), 1).await;
    check(json!({ "status": ["OPEN", "IN_PROGRESS"], "severity": ["LOW"] }), 41).await;
    check(json!({ "search": "web-7" }), 3).await;
    check(json!({ "relatedEntity": { "type": ["BUCKET"] } }), 2).await;
    check(json!({ "relatedEntity": { "subscriptionId": ["999999999999"] } }), 0).await;
    check(json!({ "statusChangedAt": { "after": "2999-01-01T00:00:00Z" } }), 0).await;
    check(json!({ "createdAt": { "after": "2001-01-01T00:00:00Z", "before": "2999-01-01T00:00:00Z" } }), 50).await;
    check(json!({ "resolvedAt": { "after": "2001-01-01T00:00:00Z" } }), 0).await;
    check(json!({ "hasNote": true }), 0).await;
    check(json!({ "id": ["00000000-0000-0000-0000-000000000000"] }), 0).await;
}

#[tokio::test]
async fn both_ends_of_a_time_filter_are_exclusive() {
    let session = tenant().await;
    let (nodes, _) = all(&session, 500, json!({ "severity": ["CRITICAL"] }), Value::Null).await;
    let id = nodes[0]["id"].as_str().unwrap();
    let changed = &nodes[0]["statusChangedAt"];
    let at = |end: &str| json!({ "id": [id], "statusChangedAt": { end: changed } });
    assert_eq!(all(&session, 5, at("after"), Value::Null).await.0.len(), 0);
    assert_eq!(all(&session, 5, at("before"), Value::Null).await.0.len(), 0);
}

async fn refused(query: &str, variables: Value, code: &str) -> Value {
    let answer = tenant().await.ask(query, variables).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
    answer
}

#[tokio::test]
async fn an_unknown_field_fails_validation_with_status_200() {
    let answer =
        refused("{ issuesV2 { nodes { id colour } } }", Value::Null, "GRAPHQL_VALIDATION_FAILED")
            .await;
    assert_eq!(answer.get("data"), None);
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("colour"));
}

#[tokio::test]
async fn what_does_not_parse_says_so() {
    refused("query { issuesV2 {", Value::Null, "GRAPHQL_PARSE_FAILED").await;
}

#[tokio::test]
async fn union_members_with_the_same_name_need_aliases() {
    let query = "{ issuesV2 { nodes { sourceRule { ... on Control { severity } ... on CloudEventRule { severity: risks } } } } }";
    refused(query, Value::Null, "GRAPHQL_VALIDATION_FAILED").await;
}

#[tokio::test]
async fn too_large_a_page_is_bad_input() {
    refused(PAGE, json!({ "first": 501 }), "BAD_USER_INPUT").await;
}

#[tokio::test]
async fn a_made_up_cursor_is_bad_input() {
    refused(PAGE, json!({ "after": "bm9uc2Vuc2U" }), "BAD_USER_INPUT").await;
}

#[tokio::test]
async fn a_variable_of_the_wrong_type_is_bad_input() {
    refused(PAGE, json!({ "first": "ten" }), "BAD_USER_INPUT").await;
}

#[tokio::test]
async fn a_time_that_is_none_is_bad_input() {
    refused(
        PAGE,
        json!({ "filterBy": { "createdAt": { "after": "yesterday" } } }),
        "BAD_USER_INPUT",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_issue_has_the_path_of_the_argument() {
    let answer = refused("{ issue(id: \"nothing\") { id } }", Value::Null, "BAD_USER_INPUT").await;
    assert_eq!(
        (&answer["data"], &answer["errors"][0]["path"]),
        (&json!({ "issue": null }), &json!(["issue", "id"]))
    );
    assert_eq!(answer["errors"][0].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn a_body_that_is_no_request_is_400() {
    let session = tenant().await;
    assert_eq!(session.post(json!(["query"])).await.unwrap().status(), 400);
}

#[tokio::test]
async fn aliases_fragments_typename_skip_and_include() {
    let query = "query Q($yes: Boolean!) {
      worst: issuesV2(filterBy: {search: \"web-7\"}, first: 1) { nodes { ...core kind: type status @skip(if: $yes) severity @include(if: $yes)
        sourceRule { __typename ... on CloudEventRule { what: name } } } } }
      fragment core on Issue { __typename id }";
    let data = tenant().await.data(query, json!({ "yes": true })).await;
    let node = data["worst"]["nodes"][0].as_object().unwrap();
    let fields: Vec<&str> = node.keys().map(String::as_str).collect();
    assert_eq!(fields, ["__typename", "id", "kind", "severity", "sourceRule"]);
    assert_eq!((&node["__typename"], &node["severity"]), (&json!("Issue"), &json!("CRITICAL")));
    assert_eq!(node["sourceRule"]["__typename"], "CloudEventRule");
    assert!(node["sourceRule"]["what"].as_str().unwrap().contains("miner"));
}
