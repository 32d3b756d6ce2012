//! Neighbours out of an alert's scopes.

use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, Normaliser};
use firebreak_core::{AlertId, FindingId};
use firebreak_sources::lacework::LaceworkNormaliser;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::reading::{LISTED, PARTS};
use super::stand::Account;

fn finding(text: &str) -> Finding {
    let alert = LaceworkNormaliser.split(text.as_bytes()).unwrap().remove(0);
    Finding {
        id: FindingId::new("fnd"),
        source: "lacework-test".to_owned(),
        alert: AlertId::new("alr"),
        alert_sha256: String::new(),
        received_at: chrono::DateTime::UNIX_EPOCH,
        draft: LaceworkNormaliser.normalise(&alert).unwrap(),
    }
}

async fn around(text: &str, scopes: Value) -> Vec<String> {
    let account = Account::with([]).await;
    account.instead(move |request| {
        let scope = request.url.query()?.strip_prefix("scope=")?.to_owned();
        Some(match &scopes[scope.as_str()] {
            Value::Null => ResponseTemplate::new(404).set_body_json(json!({"message": "none"})),
            data => ResponseTemplate::new(200).set_body_json(json!({ "data": data })),
        })
    });
    let found = account.source().neighbours(&finding(text)).await.unwrap();
    let external = found.nodes.iter().filter(|node| node.external).map(|node| node.name.clone());
    let mut lines: Vec<String> = external.map(|name| format!("outside: {name}")).collect();
    lines.extend(
        found
            .edges
            .iter()
            .map(|edge| format!("{} -{}-> {}: {}", edge.from, edge.kind, edge.to, edge.reason)),
    );
    lines
}

#[tokio::test]
async fn an_identity_its_key_its_addresses_and_what_it_touched() {
    let mut details: Value = serde_json::from_str(LISTED).unwrap();
    details["entityMap"]["Resource"] =
        json!([{"KEY": {"name": "bucketName", "value": "customer-exports"}}]);
    let identity =
        json!({"arn": "arn:aws:iam::123456789012:user/deploy-bot", "userName": "deploy-bot",
        "accessKeyId": "AKIAEXAMPLEEXAMPLE12"})
        .to_string();
    let lines = around(
        LISTED,
        json!({"Details": details, "Events": [
        {"eventName": "GetObject", "sourceIpAddress": "198.51.100.23", "userIdentity": identity}]}),
    )
    .await;
    let user = "arn:aws:iam::123456789012:user/deploy-bot";
    for line in [
        "outside: 198.51.100.23".to_owned(),
        format!(
            "{user} -touches-> arn:aws:s3:::customer-exports: the events of the alert touch customer-exports"
        ),
        format!("address:198.51.100.23 -calls-> {user}: calls came from 198.51.100.23 (Elsewhere)"),
        format!(
            "AKIAEXAMPLEEXAMPLE12 -signs_as-> {user}: GetObject was signed with AKIAEXAMPLEEXAMPLE12"
        ),
        "address:198.51.100.23 -calls-> AKIAEXAMPLEEXAMPLE12: GetObject came from 198.51.100.23"
            .to_owned(),
    ] {
        assert!(lines.contains(&line), "{line} is not in {lines:#?}");
    }
}

#[tokio::test]
async fn a_machine_what_it_talks_to_and_what_runs_on_it() {
    let parts: Value = serde_json::from_str(PARTS).unwrap();
    let mut seen = parts["ObservationTimeline"].clone();
    seen[0]["relationships"] = json!([
        {"srcEntityType": "process", "srcEntityText": "/tmp/.x/xmrig", "srcEntityUuid": "u-2",
         "dstEntityType": "machine", "dstEntityText": "web-7", "dstEntityUuid": "u-1",
         "relationshipDescriptor": "runs on machine"}]);
    let lines = around(
        PARTS,
        json!({"Details": parts["alert"], "ObservationTimeline": seen,
        "RelatedAlerts": parts["RelatedAlerts"]}),
    )
    .await;
    for line in [
        "outside: pool.invalid",
        "i-0aa11bb22cc33dd44 -network-> address:pool.invalid: web-7 talks to pool.invalid",
        "lacework-test:entity:u-2 -observed-> i-0aa11bb22cc33dd44: /tmp/.x/xmrig runs on machine web-7",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
    }
    // Related alerts are no assets: `reading` has them among the observations.
    assert!(lines.iter().all(|line| !line.contains("482003")), "{lines:#?}");
}

#[tokio::test]
async fn an_alert_that_is_gone_has_no_neighbours() {
    assert_eq!(around(PARTS, json!({})).await, Vec::<String>::new());
}
