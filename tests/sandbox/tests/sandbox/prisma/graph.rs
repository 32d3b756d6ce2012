//! Assets, relationships, exposure, permissions.

use serde_json::{Value, json};

use super::client::{Session, tenant};

async fn asset(session: &Session, id: &Value, aspect: &str) -> Value {
    session.ask("/uai/v1/asset", json!({"assetId": id, "type": aspect})).await["data"]["asset"]
        .take()
}

#[tokio::test]
async fn an_instance_is_connected_exposed_and_may_read_a_bucket() {
    let session = tenant().await;
    let alert = session.alert(&session.id_of("web-7", "miner").await).await;
    let id = &alert["resource"]["unifiedAssetId"];
    let found = asset(&session, id, "RELATIONSHIPS").await;
    let related: Vec<(&str, &str)> = found["relationships"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["relationshipType"].as_str().unwrap(), one["assetName"].as_str().unwrap()))
        .collect();
    assert!(
        related.contains(&("ACTING_AS", "web-node"))
            && related.contains(&("PROTECTED_BY", "sg-web"))
    );
    let found = asset(&session, id, "NETWORK").await;
    assert_eq!(
        (&found["network"][0]["ips"], &found["network"][0]["ports"]),
        (&json!("0.0.0.0/0"), &json!("443"))
    );
    let query = format!(
        "config from iam where source.cloud.resource.id = '{}'",
        alert["resource"]["id"].as_str().unwrap()
    );
    let found = session.ask("/api/v1/permission", json!({"query": query, "limit": 100})).await;
    let item = &found["data"]["items"][0];
    assert_eq!(
        (&item["destResourceName"], &item["grantedByCloudEntityName"]),
        (&json!("customer-exports"), &json!("web-node"))
    );
    let bucket = session.ask("/resource", json!({"rrn": item["destCloudResourceRrn"]})).await;
    assert_eq!(bucket["tags"]["classification"], "crown-jewel");
}

#[tokio::test]
async fn unknown_assets_and_queries_are_refused() {
    let session = tenant().await;
    let status = async |path: &str, body: Value| session.post(path, body).await.status().as_u16();
    assert_eq!(status("/uai/v1/asset", json!({"assetId": "none", "type": "ASSET"})).await, 404);
    assert_eq!(status("/uai/v1/asset", json!({"type": "ASSET"})).await, 400);
    assert_eq!(status("/resource", json!({"rrn": "none"})).await, 404);
    let query = "config from iam where source.cloud.resource.id = 'x' or action.name = 'y'";
    assert_eq!(status("/api/v1/permission", json!({"query": query, "limit": 1})).await, 400);
}
