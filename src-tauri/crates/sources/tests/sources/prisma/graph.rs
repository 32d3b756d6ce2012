//! Neighbours from the inventory, the network and permissions.

use firebreak_core::asset::Neighbourhood;
use firebreak_core::ports::{AlertSource, Trouble};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::stand::{Tenant, ok, search};

fn instance() -> Value {
    json!({"id": "P-1", "status": "open", "policy": {"name": "R", "severity": "high"}, "resource": {
        "unifiedAssetId": "ua-press", "rrn": "rrn:press", "id": "i-0feedfacefeedface", "name": "press-2",
        "resourceType": "INSTANCE", "accountId": "210987654321", "regionId": "eu-west-1", "cloudType": "aws"}})
}

fn graph(request: &Request) -> ResponseTemplate {
    let asked = search(request);
    match (request.url.path(), asked["type"].as_str(), asked["assetId"].as_str()) {
        ("/uai/v1/asset", Some("RELATIONSHIPS"), Some("ua-press")) => {
            ok(json!({"data": {"asset": {"relationships": [
                {"assetId": "ua-sg", "relationshipType": "PROTECTED_BY", "assetType": "SECURITY_GROUP", "assetName": "press",
                 "externalAssetId": "sg-0aa11bb22", "region": "eu-west-1", "cloudAccountId": "210987654321", "pseudoAsset": false},
                {"assetId": "ua-role", "relationshipType": "USES", "assetType": "IAM_ROLE", "assetName": "press-node",
                 "externalAssetId": "arn:aws:iam::210987654321:role/press-node"},
                {"assetId": "ua-odd", "relationshipType": null, "assetType": "KETTLE", "assetName": null}, 7, null,
            ]}}}))
        }
        ("/uai/v1/asset", Some("NETWORK"), Some("ua-press")) => {
            ok(json!({"data": {"asset": {"network": [
                {"access": "ALLOW", "direction": "INBOUND", "ips": "0.0.0.0/0, 198.51.100.0/24", "ports": "443", "protocol": "tcp"},
                {"access": "DENY", "direction": "INBOUND", "ips": "203.0.113.0/24", "ports": "22"},
                {"access": "ALLOW", "direction": "OUTBOUND", "ips": "0.0.0.0/0", "ports": "all"},
            ]}}}))
        }
        ("/api/v1/permission", ..) => ok(json!({"data": {"items": [
            {"destCloudResourceRrn": "rrn:orders", "destResourceName": "paper-orders", "destResourceType": "bucket",
             "destCloudRegion": "eu-west-1", "effectiveActionName": "s3:GetObject", "grantedByCloudEntityName": "press-node",
             "grantedByCloudPolicyName": "orders-read"},
            {"destCloudResourceRrn": "rrn:orders", "destResourceName": "paper-orders", "destResourceType": "bucket",
             "effectiveActionName": "s3:ListBucket"},
            {"effectiveActionName": "nobody"},
        ], "totalRows": 3}})),
        ("/resource", ..) => {
            ok(json!({"assetId": "ua-orders", "tags": {"classification": "crown-jewel"}}))
        }
        other => panic!("not expected: {other:?}"),
    }
}

#[tokio::test]
async fn relationships_exposure_and_permissions_become_edges_with_reasons() {
    let tenant = Tenant::answering(graph).await;
    let found = tenant.source().neighbours(&tenant.finding(&instance())).await.unwrap();
    insta::assert_json_snapshot!(found);
    let asked = tenant.bodies("/api/v1/permission").await;
    assert_eq!(
        asked[0]["query"],
        "config from iam where source.cloud.resource.id = 'i-0feedfacefeedface'"
    );
}

#[tokio::test]
async fn without_its_id_the_asset_is_found_by_its_rrn() {
    let tenant = Tenant::answering(|request: &Request| match request.url.path() {
        "/resource" => ok(json!({"assetId": "ua-press"})),
        "/api/v1/permission" => ResponseTemplate::new(403),
        _ => graph(request),
    })
    .await;
    let mut alert = instance();
    alert["resource"]["unifiedAssetId"] = Value::Null;
    let found = tenant.source().neighbours(&tenant.finding(&alert)).await.unwrap();
    assert!(found.edges.len() >= 4, "what one part may not see, the others still tell");
    assert_eq!(tenant.bodies("/resource").await[0], json!({"rrn": "rrn:press"}));
}

#[tokio::test]
async fn nothing_to_ask_is_no_error_and_a_missing_permission_is_named() {
    let tenant = Tenant::answering(|_: &Request| ResponseTemplate::new(403)).await;
    let nameless = tenant.finding(&json!({"id": "P-1", "policyId": "p"}));
    assert_eq!(tenant.source().neighbours(&nameless).await.unwrap(), Neighbourhood::default());
    assert!(tenant.asked().await.is_empty());
    let error = tenant.source().neighbours(&tenant.finding(&instance())).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.remedy.unwrap().contains("Asset Inventory"));
}

#[tokio::test]
async fn odd_and_enormous_answers_are_kept_within_bounds() {
    let flood: Vec<Value> = (0..3_000)
        .map(|n| json!({"assetId": format!("a{n}"), "assetName": "\u{0}\n".repeat(200), "assetType": "x", "relationshipType": "y".repeat(300)}))
        .collect();
    for asset in [
        json!(null),
        json!([]),
        json!({"relationships": 7, "network": "x"}),
        json!({"relationships": flood}),
    ] {
        let answer = json!({"data": {"asset": asset, "items": asset}});
        let tenant = Tenant::answering(move |_: &Request| ok(answer.clone())).await;
        let found = tenant.source().neighbours(&tenant.finding(&instance())).await.unwrap();
        assert!(found.nodes.len() <= 200 && found.edges.len() <= 500);
        let known = |id| found.nodes.iter().any(|node| &node.id == id);
        assert!(found.edges.iter().all(|edge| known(&edge.from) && known(&edge.to)));
        assert!(found.nodes.iter().all(|node| !node.name.chars().any(char::is_control)));
    }
}
