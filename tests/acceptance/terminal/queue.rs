//! A queue whose messages have the customer's own shape, read by the customer's own mapping.

use firebreak_sandbox::Options;
use serde_json::{Value, json};

use super::account::Judge;
use super::said::{list, text};
use super::stage::Stage;

const SOURCE: &str = "soc-queue";
const INSTANCE: &str = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44";

fn mapping() -> Value {
    json!({
        "version": 1,
        "about": "What our own forwarder writes.",
        "items": "/batch",
        "fields": {
            "vendor_id": "/ref",
            "title": ["/headline", "/what"],
            "severity": "/prio",
            "status": "/phase",
            "created_at": "/when",
            "resource_id": "/thing/arn",
            "resource_name": "/thing/label",
            "resource_type": {"const": "AwsEc2Instance"},
            "techniques": "/attack",
        },
        "severities": {"P1": "critical"},
        "statuses": {"Triage": "new"},
    })
}

fn alert(reference: &str) -> Value {
    json!({
        "ref": reference, "what": "Miner on web-41", "prio": "p1", "phase": "triage",
        "when": "2026-09-12T10:00:00Z", "attack": "T1496 Resource Hijacking",
        "thing": {"arn": INSTANCE, "label": "web-41"},
    })
}

fn write(stage: &Stage, name: &str, text: &str) -> String {
    let path = stage.folder().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

async fn source(stage: &Stage) -> Value {
    let sources = stage.json(&["source", "list"]).await;
    list(&sources, "").iter().find(|source| source["name"] == SOURCE).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_any_shape_become_incidents_by_a_mapping() {
    let options = Options { wiz: false, model: false, ..Options::everything() };
    let Some(stage) = Stage::bare("queue", options).await else { return };
    let aws = stage.sandbox.ready().aws.clone().expect("the sandbox has an account");

    // Before there is even a workspace: what does the mapping make of a message?
    let good = write(&stage, "mapping.json", &serde_json::to_string_pretty(&mapping()).unwrap());
    let bad = write(
        &stage,
        "bad.json",
        "{\n\"version\": 1,\n\"fields\": {\"vendor_id\": \"ref\", \"title\": \"/what\"}}",
    );
    let body = json!({ "batch": [alert("A-1")] }).to_string();
    let message = write(&stage, "message.json", &body);
    let preview = ["source", "preview", "--mapping", &good, "--message", &message];
    stage.run(&preview).await.ended(0).says("/thing/arn").says("i-0aa11bb22cc33dd44");
    let faulty = ["source", "preview", "--mapping", &bad, "--message", &message];
    stage.run(&faulty).await.ended(1).says("line 3: fields.vendor_id").says("Write \"/ref\"");

    stage.run(&["init"]).await.ended(0);
    let endpoint = format!("endpoint={}", aws.endpoint);
    let region = format!("region={}", aws.region);
    let url = stage.name("queue.alerts.url");
    let add = |mapping| {
        vec![
            "source",
            "add",
            SOURCE,
            "--vendor",
            "sqs",
            "--api-url",
            &url,
            "--client-id",
            &aws.listen_key_id,
            "--set",
            &region,
            "--set",
            &endpoint,
            "--set",
            "format=mapped",
            "--set",
            "wait_seconds=1",
            "--mapping",
            mapping,
        ]
    };
    stage.typed(&add(bad.as_str()), &aws.listen_secret).await.ended(1).says("line 3");
    stage.typed(&add(good.as_str()), &aws.listen_secret).await.ended(0).says("added");
    stage.run(&["source", "test", SOURCE]).await.ended(0);

    // One as the forwarder writes it, one through SNS, one that lacks what every finding must have.
    let mut judge = Judge::start(&stage).await;
    let wrapped = json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-central-1:123456789012:soc",
        "Message": json!({ "batch": [alert("A-2")] }).to_string()});
    let nameless = json!({"batch": [{"what": "Nobody knows which"}]}).to_string();
    judge.send(&stage, &[body, wrapped.to_string(), nameless.clone()]).await;
    let polled = stage.json(&["poll", "--once"]).await;
    assert_eq!(
        (&polled[0]["received"], &polled[0]["findings"], &polled[0]["not_understood"]),
        (&3.into(), &2.into(), &1.into()),
        "{polled:#}"
    );
    assert_eq!(polled[0]["incidents_opened"], 1, "one asset, one incident: {polled:#}");

    let row = stage.incident_about("web-41").await;
    assert_eq!((text(&row, "/title"), text(&row, "/severity")), ("Miner on web-41", "critical"));
    assert_eq!(row["techniques"], json!(["T1496"]));
    let shown = stage.json(&["incidents", "show", text(&row, "/label")]).await;
    let finding = &list(&shown, "/findings")[0];
    assert_eq!(finding["resource"], "i-0aa11bb22cc33dd44");
    assert_eq!((text(finding, "/status"), text(finding, "/account")), ("new", "123456789012"));

    // The raw alert tells the mapping's own places, also of a word that was translated.
    let raw = stage.json(&["incidents", "raw", text(finding, "/id")]).await;
    let field = |name: &str| {
        list(&raw, "/fields").iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(field("severity")["value"], "critical");
    assert_eq!(field("severity")["found_at"], json!(["prio"]));
    assert_eq!(field("resources[].uid")["found_at"], json!(["thing.arn"]));

    let after = source(&stage).await;
    assert_eq!((&after["alerts_total"], &after["alerts_unread"]), (&3.into(), &1.into()));
    assert_eq!((&after["can_backfill"], &after["can_reset"]), (&false.into(), &false.into()));
    stage.refuses(&["source", "backfill", SOURCE, "--days", "7"], 3, "can't be back-filled").await;
    stage.refuses(&["source", "reset", SOURCE], 3, "keeps no place").await;
    assert_eq!(stage.json(&["poll", "--once"]).await[0]["received"], 0, "each message once");

    stage.audit_holds().await;
    assert_eq!(stage.found(aws.listen_secret.as_bytes()), None, "a secret was written down");
}
