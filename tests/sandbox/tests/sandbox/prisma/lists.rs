//! `/v2/alert`: what it shows of the scenarios, filters, times, pages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{empty, everything, said, tenant};

#[tokio::test]
async fn the_scenarios_are_told_in_prismas_words_about_the_same_account() {
    let session = tenant().await;
    let mining = session.alert(&session.id_of("web-7", "miner").await).await;
    assert_eq!(
        (&mining["status"], &mining["policy"]["severity"]),
        (&json!("open"), &json!("critical"))
    );
    let resource = &mining["resource"];
    assert_eq!(resource["resourceType"], "INSTANCE");
    assert!(resource["id"].as_str().unwrap().starts_with("i-"));
    assert_eq!(resource["resourceTags"]["environment"], "staging");
    assert_eq!(
        resource["data"]["arn"].as_str().unwrap().rsplit('/').next(),
        resource["id"].as_str()
    );
    assert_eq!(mining["policy"]["complianceMetadata"][0]["sectionId"], "T1496");
    let stolen = session.alert(&session.id_of("deploy-bot", "country").await).await;
    assert_eq!(stolen["resource"]["data"]["userIdentity"]["type"], "IAMUser");
    assert_eq!(
        (&stolen["policy"]["policyType"], &stolen["triggeredBy"]),
        (&json!("audit_event"), &json!("deploy-bot"))
    );
}

#[tokio::test]
async fn without_details_the_policys_name_is_not_told() {
    let session = tenant().await;
    let found = session.ask("/v2/alert", everything()).await;
    assert_eq!(found["items"][0]["policy"].get("name"), None);
    assert_eq!(found["items"][0]["resource"].get("data"), None);
}

async fn ids(session: &super::client::Session, limit: u64) -> (Vec<String>, usize) {
    let mut search = everything();
    search["limit"] = json!(limit);
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let found = session.ask("/v2/alert?detailed=true", search).await;
        pages += 1;
        let items = found["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match found["nextPageToken"].as_str() {
            Some(token) => search = json!({ "pageToken": token }),
            None => return (ids, pages),
        }
    }
}

#[tokio::test]
async fn pages_show_each_alert_once_and_a_full_last_page_is_followed_by_an_empty_one() {
    let session = empty().await;
    session.control("prisma/bulk", json!({"count": 130, "seed": 3})).await;
    let (all, pages) = ids(&session, 50).await;
    assert_eq!((all.len(), pages), (130, 3));
    assert_eq!(BTreeSet::from_iter(&all).len(), 130);
    assert_eq!(ids(&session, 65).await.1, 3, "two full pages and an empty one");
    assert_eq!(ids(&session, 10_000).await.1, 1);
}

#[tokio::test]
async fn changes_are_found_by_the_time_of_their_kind() {
    let session = tenant().await;
    let id = session.id_of("web-7", "miner").await;
    let before = chrono::Utc::now().timestamp_millis();
    let of = |clock: &str| {
        json!({"timeRange": {"type": "absolute", "value": {"startTime": before, "endTime": before + 86_400_000}},
               "filters": [{"name": "timeRange.type", "operator": "=", "value": clock}]})
    };
    let count = |found: Value| found["totalRows"].as_u64().unwrap();
    let (code, _) = session.control("prisma/alert", json!({"id": id, "severity": "medium"})).await;
    assert_eq!(code, 200);
    assert_eq!(count(session.ask("/v2/alert", of("ALERT_UPDATED")).await), 1);
    assert_eq!(count(session.ask("/v2/alert", of("ALERT_STATUS_UPDATED")).await), 0);
    session.control("prisma/alert", json!({"id": id, "status": "resolved"})).await;
    assert_eq!(count(session.ask("/v2/alert", of("ALERT_STATUS_UPDATED")).await), 1);
    assert_eq!(count(session.ask("/v2/alert", of("ALERT_OPENED")).await), 0);
    let shown = session.alert(&id).await;
    assert_eq!(
        (&shown["status"], &shown["policy"]["severity"]),
        (&json!("resolved"), &json!("medium"))
    );
}

#[tokio::test]
async fn filters_of_one_name_are_alternatives_and_of_different_names_conditions() {
    let session = tenant().await;
    let count = async |filters: Value| {
        let mut search = everything();
        search["filters"] = filters;
        session.ask("/v2/alert", search).await["totalRows"].as_u64().unwrap()
    };
    let is = |name: &str, value: &str| json!({"name": name, "operator": "=", "value": value});
    let critical = count(json!([is("policy.severity", "critical")])).await;
    let high = count(json!([is("policy.severity", "high")])).await;
    let both =
        count(json!([is("policy.severity", "critical"), is("policy.severity", "high")])).await;
    assert!(critical > 0 && both == critical + high);
    assert_eq!(
        count(json!([is("policy.severity", "critical"), is("alert.status", "resolved")])).await,
        0
    );
}

#[tokio::test]
async fn what_is_not_understood_is_refused_in_the_vendors_words() {
    let session = tenant().await;
    let refused = async |search: Value| {
        let response = session.post("/v2/alert", search).await;
        (response.status().as_u16(), said(&response))
    };
    let invalid = (400, "invalid_parameter_value".to_owned());
    assert_eq!(refused(json!({"limit": 10_001})).await, invalid);
    assert_eq!(refused(json!({"pageToken": "made up"})).await, invalid);
    assert_eq!(refused(json!({"timeRange": {"type": "someday"}})).await, invalid);
    assert_eq!(refused(json!({"sortBy": ["colour:asc"]})).await, invalid);
    assert_eq!(
        refused(json!({"filters": [{"name": "colour", "operator": "=", "value": "red"}]})).await,
        invalid
    );
    let found = session.post("/nowhere", json!({})).await;
    assert_eq!((found.status().as_u16(), said(&found).as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_scenario_can_be_published_again() {
    let session = tenant().await;
    let before = session.alerts().await.len();
    let (code, body) = session
        .control("prisma/publish", json!({"scenario": "crypto-mining-ec2", "copy": "2"}))
        .await;
    assert_eq!(code, 200);
    let fresh = body["alerts"].as_array().unwrap().len();
    assert!(fresh >= 2);
    assert_eq!(session.alerts().await.len(), before + fresh);
    assert_eq!(session.control("prisma/publish", json!({"scenario": "none"})).await.0, 422);
}
