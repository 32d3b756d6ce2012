//! Neighbours from the security graph.

use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, Clock, Normaliser, RawAlert, Trouble};
use firebreak_core::{AlertId, FindingId};
use firebreak_sources::wiz::WizNormaliser;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::stand::{Tenant, data, gql_error, query, variables};

fn finding(tenant: &Tenant, source: &str, change: impl Fn(&mut Value)) -> Finding {
    let mut issue: Value =
        serde_json::from_str(include_str!("fixtures/issue_crypto_mining.json")).unwrap();
    change(&mut issue);
    let raw = RawAlert { kind: "issue".into(), body: issue.to_string().into_bytes() };
    Finding {
        id: FindingId::new("fnd"),
        source: source.to_owned(),
        alert: AlertId::new("alr"),
        alert_sha256: String::new(),
        received_at: tenant.clock.now(),
        draft: WizNormaliser.normalise(&raw).unwrap(),
    }
}

fn rows() -> Value {
    json!([{"entities": [
        {"id": "7f0d2a90-entity", "name": "render-worker-3", "type": "VIRTUAL_MACHINE",
         "properties": {"providerUniqueId": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0c0ffee0c0ffee001"},
         "publicExposures": {"nodes": [{
            "portRange": "443", "sourceIpRange": "0.0.0.0/0", "destinationIpRange": "10.0.0.4/32",
            "path": [{"id": "net", "name": "Internet", "type": "ENDPOINT"}, {"id": "sg", "name": "web", "type": "SECURITY_GROUP",
                      "properties": {"providerUniqueId": "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0aa11bb22"}},
                     {"id": "7f0d2a90-entity", "name": "render-worker-3", "type": "VIRTUAL_MACHINE"}]}]},
         "lateralMovementPaths": {"nodes": [{"pathEntities": [
            {"entity": {"id": "7f0d2a90-entity", "type": "VIRTUAL_MACHINE", "name": "render-worker-3"}},
            {"entity": {"id": "r", "type": "SERVICE_ACCOUNT", "name": "render-node",
                        "properties": {"providerUniqueId": "arn:aws:iam::123456789012:role/render-node"}}},
            {"entity": {"id": "b", "type": "BUCKET", "name": "customer-exports",
                        "properties": {"externalId": "arn:aws:s3:::customer-exports", "tags": {"classification": "Crown-Jewel"}}}}]}]}},
        {"id": "vol", "name": "root-disk", "type": "VOLUME", "properties": {}},
    ]}])
}

fn graph(_: &Request) -> ResponseTemplate {
    data(json!({"data": {"graphSearch": {"nodes": rows()}}}))
}

#[tokio::test]
async fn exposure_movement_and_company_become_edges_with_reasons() {
    let tenant = Tenant::answering(graph).await;
    let query = json!({"type": ["VIRTUAL_MACHINE"], "select": true,
        "relationships": [{"type": [{"type": "USES", "reverse": false}], "with": {"type": ["VOLUME"], "select": true}}]});
    let finding = finding(&tenant, "wiz-test", |issue| issue["evidenceQuery"] = query.clone());
    let found = tenant.source().neighbours(&finding).await.unwrap();
    insta::assert_json_snapshot!(found);
    assert_eq!(
        tenant.asked().await[0]["query"],
        query,
        "the issue's own evidence query is what is asked"
    );
}

#[tokio::test]
async fn without_an_evidence_query_wiz_is_asked_for_it_and_then_by_id() {
    let tenant =
        Tenant::answering(|request: &Request| match query(request).contains("evidenceQuery") {
            true => {
                data(json!({"data": {"issues": {"nodes": [{"id": "x", "evidenceQuery": null}]}}}))
            }
            false => graph(request),
        })
        .await;
    let found = tenant.source().neighbours(&finding(&tenant, "wiz-test", |_| ())).await.unwrap();
    assert_eq!(
        found.nodes[0].id.as_str(),
        "i-0c0ffee0c0ffee001",
        "the finding's own asset, by its own id"
    );
    let asked = tenant.asked().await;
    assert_eq!(asked[0]["filterBy"], json!({"id": ["5b6f0c1e-0f55-4d0e-9a51-3d2f4c0a1b01"]}));
    assert_eq!(
        asked[1]["query"]["where"]["providerUniqueId"]["EQUALS"],
        json!([
            "arn:aws:ec2:eu-central-1:123456789012:instance/i-0c0ffee0c0ffee001",
            "i-0c0ffee0c0ffee001"
        ])
    );
}

#[tokio::test]
async fn a_refused_or_fruitless_evidence_query_falls_back_to_the_id() {
    for refuse in [true, false] {
        let tenant = Tenant::answering(move |request: &Request| {
            let by_id = variables(request)["query"]["where"].is_object();
            match (by_id, refuse) {
                (true, _) => graph(request),
                (false, true) => gql_error("BAD_USER_INPUT", "this query is not valid"),
                (false, false) => data(json!({"data": {"graphSearch": {"nodes": []}}})),
            }
        })
        .await;
        let finding =
            finding(&tenant, "file:wiz", |issue| issue["evidenceQuery"] = json!({"type": ["X"]}));
        let found = tenant.source().neighbours(&finding).await.unwrap();
        assert!(found.nodes.len() > 3);
    }
}

#[tokio::test]
async fn a_file_is_not_looked_up_as_an_issue_and_nothing_to_ask_is_no_error() {
    let tenant = Tenant::answering(graph).await;
    let finding = finding(&tenant, "file:wiz", |issue| issue["entitySnapshot"] = Value::Null);
    let mut nameless = finding;
    nameless.draft.resource.native_id = None;
    assert_eq!(tenant.source().neighbours(&nameless).await.unwrap(), Neighbourhood::default());
    assert!(tenant.asked().await.is_empty());
}

#[tokio::test]
async fn the_missing_scope_for_the_graph_is_named() {
    let tenant = Tenant::answering(|_: &Request| gql_error("FORBIDDEN", "no")).await;
    let error =
        tenant.source().neighbours(&finding(&tenant, "file:wiz", |_| ())).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.remedy.unwrap().contains("read:resources"));
}

#[tokio::test]
async fn odd_and_enormous_answers_are_kept_within_bounds() {
    let odd = [
        json!(null),
        json!([]),
        json!({"nodes": 7}),
        json!([{"entities": [1, null, {"id": null}, {"id": {}, "name": []}]}]),
    ];
    let flood: Vec<Value> = (0..3_000)
        .map(|n| json!({"id": format!("e{n}"), "name": "\u{0}\n".repeat(200), "type": "x", "lateralMovementPaths": rows()[0]["entities"][0]["lateralMovementPaths"]}))
        .collect();
    let flood = json!(flood.chunks(40).map(|chunk| json!({"entities": chunk})).collect::<Vec<_>>());
    for rows in odd.into_iter().chain([flood]) {
        let nodes = rows.clone();
        let tenant = Tenant::answering(move |_: &Request| {
            data(json!({"data": {"graphSearch": {"nodes": nodes}}}))
        })
        .await;
        let found =
            tenant.source().neighbours(&finding(&tenant, "file:wiz", |_| ())).await.unwrap();
        assert!(found.nodes.len() <= 200 && found.edges.len() <= 500);
        assert!(found.nodes.iter().all(
            |node| node.name.chars().count() <= 300 && !node.name.chars().any(char::is_control)
        ));
        let known = |id| found.nodes.iter().any(|node| &node.id == id);
        let root = "i-0c0ffee0c0ffee001";
        assert!(
            found
                .edges
                .iter()
                .all(|edge| (known(&edge.from) || edge.from.as_str() == root) && known(&edge.to))
        );
    }
}
