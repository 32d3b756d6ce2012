//! Lists, details, searches and writes.

use std::collections::BTreeSet;

use chrono::Utc;
use firebreak_sandbox::names::{ACCOUNT, Names};
use serde_json::{Value, json};

use super::client::{empty, last_hours, shipped, stamp};

#[tokio::test]
async fn lists_say_what_lists_say_and_details_what_it_is_about() {
    let session = shipped().await;
    let id = session.of_type("MaliciousFile").await;
    let (_, list) = session.get(&last_hours(160)).await;
    let listed = list["data"].as_array().unwrap().iter().find(|alert| alert["alertId"] == id);
    let listed = listed.unwrap();
    assert_eq!(listed.get("entityMap"), None);
    assert_eq!((&listed["severity"], &listed["status"]), (&json!("Critical"), &json!("Open")));
    assert!(listed["startTime"].as_str().unwrap().ends_with(":00:00.000Z"));
    let (status, details) = session.get(&format!("/{id}?scope=Details")).await;
    assert_eq!(status, 200);
    let machine = &details["data"]["entityMap"]["Machine"][0]["PROPS"];
    assert_eq!(machine["tags"]["Account"], ACCOUNT);
    let names = Names::without_account(7).into_map();
    let instances = ["web-7", "web-3"].map(|name| names[&format!("instance.{name}.id")].clone());
    let instance = machine["tags"]["InstanceId"].as_str().unwrap().to_owned();
    assert!(instances.contains(&instance), "the same machine as in AWS: {instance}");
    assert!(details["data"]["entityMap"]["Process"][0]["PROPS"]["cmdline"].is_string());
    let (_, seen) = session.get(&format!("/{id}?scope=ObservationTimeline")).await;
    assert_eq!(seen["data"][0]["formalTags"][0]["id"], "T1496");
}

#[tokio::test]
async fn an_identity_has_its_events() {
    let session = shipped().await;
    let id = session.of_type("LoginFromSourceUsingCalltype").await;
    let (_, details) = session.get(&format!("/{id}?scope=Details")).await;
    let map = &details["data"]["entityMap"];
    assert_eq!(map["CT_User"][0]["KEY"]["username"], "deploy-bot");
    assert_eq!(map["SourceIpAddress"][0]["KEY"]["ip_addr"], "198.51.100.23");
    let (_, events) = session.get(&format!("/{id}?scope=Events")).await;
    let identity = events["data"][0]["userIdentity"].as_str().unwrap();
    let identity: Value = serde_json::from_str(identity).unwrap();
    assert_eq!(identity["arn"], format!("arn:aws:iam::{ACCOUNT}:user/deploy-bot"));
    let (_, related) = session.get(&format!("/{id}?scope=RelatedAlerts")).await;
    assert!(
        related["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|alert| alert["eventType"] == "ServiceCalledApi")
    );
    assert_eq!(session.get(&format!("/{id}?scope=Everything")).await.0, 400);
    assert_eq!(session.get("/5?scope=Details").await.0, 404);
}

#[tokio::test]
async fn a_bucket_is_a_violation() {
    let session = shipped().await;
    let id = session.of_type("NewViolations").await;
    let (_, details) = session.get(&format!("/{id}?scope=Details")).await;
    let map = &details["data"]["entityMap"];
    assert_eq!(map["RecId"][0]["PROPS"]["account_id"], ACCOUNT);
    assert!(map["NewViolation"][0]["KEY"]["resource"].as_str().unwrap().starts_with("arn:aws:"));
}

#[tokio::test]
async fn windows_have_an_end() {
    let session = empty().await;
    assert_eq!(session.get(&last_hours(168)).await.0, 200);
    let (status, body) = session.get(&last_hours(169)).await;
    assert_eq!((status, body["message"].as_str().unwrap().contains("7 days")), (400, true));
    assert_eq!(session.get("?startTime=yesterday").await.0, 400);
    assert_eq!(session.get("").await.1["paging"]["urls"]["nextPage"], Value::Null);
}

#[tokio::test]
async fn pages_are_followed_to_the_end_and_each_alert_comes_once() {
    let session = empty().await;
    let (status, _) = session.control(json!({"bulk": 2_300, "seed": 3})).await;
    assert_eq!(status, 200);
    let (_, mut page) = session.get(&last_hours(168)).await;
    let (mut ids, mut pages) = (BTreeSet::new(), 1);
    assert_eq!(page["paging"]["totalRows"], 2_300);
    loop {
        let rows = page["data"].as_array().unwrap();
        assert!(rows.iter().all(|row| ids.insert(row["alertId"].as_u64().unwrap())));
        let Some(next) = page["paging"]["urls"]["nextPage"].as_str() else { break };
        assert!(
            next.starts_with(&session.ready().address),
            "the address it was reached by: {next}"
        );
        let rest = next.split("/api/v2/Alerts").nth(1).unwrap().to_owned();
        page = session.get(&rest).await.1;
        assert_eq!(session.get(&rest).await.1["data"], page["data"], "asked again, the same");
        pages += 1;
    }
    assert_eq!((ids.len(), pages), (2_300, 3));
    assert_eq!(session.get("/0123456789abcdef").await.0, 404);
}

#[tokio::test]
async fn searches_filter_and_choose() {
    let session = shipped().await;
    let now = Utc::now();
    let filter =
        json!({"startTime": stamp(now - chrono::TimeDelta::days(6)), "endTime": stamp(now)});
    let search = |filters: Value| {
        let order =
            json!({"timeFilter": filter, "filters": filters, "returns": ["alertId", "severity"]});
        session.post("/search", order)
    };
    let (status, found) = search(json!([
        {"field": "severity", "expression": "in", "values": ["Critical", "High"]},
        {"field": "status", "expression": "eq", "value": "Open"},
        {"field": "alertInfo.subject", "expression": "ilike", "value": "%MINER%"}]))
    .await;
    assert_eq!(status, 200, "{found}");
    let rows = found["data"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.as_object().unwrap().len() == 2));
    let nobody = json!([{"field": "status", "expression": "eq", "value": "Asleep"}]);
    assert_eq!(search(nobody).await, (204, Value::Null));
    assert_eq!(search(json!([{"field": "status", "expression": "is", "value": "x"}])).await.0, 400);
}

#[tokio::test]
async fn comments_and_closing_change_the_alert_and_there_is_no_way_back() {
    let session = shipped().await;
    let id = session.of_type("MaliciousFile").await;
    let (status, comment) =
        session.post(&format!("/{id}/comment"), json!({"comment": "isolated"})).await;
    assert_eq!((status, &comment["data"]["alertId"]), (201, &json!(id)));
    for (body, status) in [
        (json!({"reason": 9}), 400),
        (json!({"reason": 0}), 400),
        (json!({"reason": 3}), 200),
        (json!({"reason": 3}), 400),
    ] {
        assert_eq!(session.post(&format!("/{id}/close"), body.clone()).await.0, status, "{body}");
    }
    let (_, details) = session.get(&format!("/{id}?scope=Details")).await;
    assert_eq!(details["data"]["status"], "Closed");
    assert!(details["data"]["lastUserUpdatedTime"].as_str().unwrap().ends_with('Z'));
    let (_, timeline) = session.get(&format!("/{id}?scope=Timeline")).await;
    assert_eq!(timeline["data"][1]["message"]["value"], "isolated");
    assert_eq!(session.post(&format!("/{id}/open"), json!({})).await.0, 404);
    assert_eq!(session.post("/5/comment", json!({"comment": "x"})).await.0, 404);
    assert_eq!(session.post(&format!("/{id}/comment"), json!({"comment": " "})).await.0, 400);
}

#[tokio::test]
async fn the_console_changes_alerts_and_publishes_copies() {
    let session = shipped().await;
    let id = session.of_type("MaliciousFile").await;
    let order = json!({"alert": id, "fields": {"severity": "Low", "status": "Closed"}});
    assert_eq!(session.control(order).await.0, 200);
    let (_, details) = session.get(&format!("/{id}?scope=Details")).await;
    assert_eq!(
        (&details["data"]["severity"], &details["data"]["status"]),
        (&json!("Low"), &json!("Closed"))
    );
    let (status, copies) =
        session.control(json!({"scenario": "crypto-mining-ec2", "copy": "again"})).await;
    assert_eq!((status, copies["alerts"].as_array().unwrap().is_empty()), (200, false));
    assert_eq!(session.control(json!({"scenario": "no-such"})).await.0, 422);
    assert_eq!(session.control(json!({"alert": 5, "fields": {}})).await.0, 422);
}
