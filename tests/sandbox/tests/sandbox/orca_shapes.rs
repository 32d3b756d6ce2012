//! Somebody else's judgement of the Orca stand-in: every key that it answers with stands in a
//! payload that a public integration of Orca ships, or in the list here with the reason why not.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::orca::{alerts, organisation};

/// Key paths without a sample, and why they are answered all the same. A trailing `*` covers all below.
const REASONS: &[(&str, &str)] = &[
    ("from_cache", "XSOAR's event collector names it among the answer's keys"),
    ("total_items", "asked for by get_results_and_count; named so by the rules API's sample"),
    (
        "data[].data.Inventory.*",
        "additional_models nests the asset; its keys are compared on their own below",
    ),
    ("data[].data.Inventory", "the same"),
    (
        "data[].data.CloudAccount*",
        "additional_models; XSOAR selects CloudAccount.Name and .CloudProvider",
    ),
    (
        "data[].data.RiskFindings.value.events*",
        "the keys depend on the kind of alert; these are the scenarios' events",
    ),
    ("data[].data.AssetData.value.vm_id", "null in the sample"),
    (
        "data[].findings*",
        "flat webhooks have it, as the sample of Log Analytics shows (`findings_s`)",
    ),
    ("event_log", "XSOAR's integration reads the log from this key"),
    (
        "event_log[].details.status",
        "what was set; only `description` and `comment` are in the sample",
    ),
];

/// Where the samples' keys are looked for, by file name.
fn samples() -> Option<PathBuf> {
    let folder =
        std::env::var_os("FIREBREAK_SAMPLES").map(|folder| PathBuf::from(folder).join("orca"));
    if folder.is_none() {
        eprintln!(
            "skipped: FIREBREAK_SAMPLES is not set, so nobody judged the Orca stand-in's keys"
        );
    }
    folder
}

/// Every key path of a value; list elements are `[]`.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                found.insert(path.clone());
                keys(inner, &path, found);
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| keys(item, &format!("{path}[]"), found))
        }
        _ => {}
    }
}

/// Keys of the sample files, each below `under`.
fn sampled(files: &[(&str, &str)]) -> Option<BTreeSet<String>> {
    let folder = samples()?;
    let mut found = BTreeSet::new();
    for (file, under) in files {
        let text = std::fs::read(folder.join(file)).unwrap();
        let value: Value = serde_json::from_slice(&text).unwrap();
        let value = match (under.is_empty(), &value) {
            // The sample is a list of whole answers.
            (true, Value::Array(items)) => items[0].clone(),
            _ => value,
        };
        keys(&value, under, &mut found);
    }
    Some(found)
}

fn reasoned(path: &str) -> bool {
    REASONS.iter().any(|(known, _)| match known.strip_suffix('*') {
        Some(head) => path.starts_with(head),
        None => path == *known,
    })
}

/// Values of maps with free keys are not keys of the format.
fn is_free(path: &str) -> bool {
    path.contains(".Tags.value.")
}

fn judge(answer: &Value, sample: &BTreeSet<String>) {
    let mut answered = BTreeSet::new();
    keys(answer, "", &mut answered);
    let strange: Vec<&String> = answered
        .iter()
        .filter(|path| !sample.contains(*path) && !reasoned(path) && !is_free(path))
        .collect();
    assert!(strange.is_empty(), "keys that no sample has: {strange:#?}");
}

#[tokio::test]
async fn alerts_of_the_serving_layer() {
    let files = [
        ("chronicle-update_alert_JsonResult_example.json", "data[]"),
        ("chronicle-get_asset_details_JsonResult_example.json", ""),
    ];
    let Some(sample) = sampled(&files) else { return };
    let session = organisation().await;
    let mut body = alerts(Value::Null);
    body["additional_models[]"] = json!(["Inventory", "CloudAccount"]);
    body["get_results_and_count"] = json!(true);
    let answer = session.query(body).await;
    assert!(answer["data"].as_array().unwrap().len() > 40);
    judge(&answer, &sample);
}

#[tokio::test]
async fn assets_of_the_serving_layer() {
    let files = [("chronicle-get_asset_details_JsonResult_example.json", "")];
    let Some(mut sample) = sampled(&files) else { return };
    // The asset beside a vulnerability is the fullest one; there it is flat.
    let file = "chronicle-get_vulnerability_details_JsonResult_example.json";
    let text = std::fs::read(samples().unwrap().join(file)).unwrap();
    let value: Value = serde_json::from_slice(&text).unwrap();
    let rules =
        std::fs::read(samples().unwrap().join("demisto-rules-query-alerts-page.json")).unwrap();
    let rules: Value = serde_json::from_slice(&rules).unwrap();
    for inventory in
        [&value[0]["results"][0]["Inventory"], &rules["data"][0]["model"]["data"]["Inventory"]]
    {
        for key in inventory.as_object().unwrap().keys() {
            sample.insert(format!("data[].data.{key}"));
            sample.insert(format!("data[].data.{key}.value"));
        }
    }
    let session = organisation().await;
    let body = json!({"query": {"models": ["Inventory"], "type": "object_set"}, "limit": 1000});
    let answer = session.query(body).await;
    assert!(answer["data"].as_array().unwrap().len() > 10);
    judge(&answer, &sample);
}

#[tokio::test]
async fn alerts_of_the_rules_api() {
    let Some(mut sample) = sampled(&[("demisto-rules-query-alerts-page.json", "")]) else { return };
    let flat = std::fs::read(
        samples().unwrap().join("chronicle-get_vulnerability_details_JsonResult_example.json"),
    )
    .unwrap();
    let flat: Value = serde_json::from_slice(&flat).unwrap();
    for key in flat[0]["results"][0]["Inventory"].as_object().unwrap().keys() {
        sample.insert(format!("data[].model.data.Inventory.{key}"));
    }
    let session = organisation().await;
    let (_, answer) = session.rules(&[("limit", "1000")]).await;
    assert!(answer["data"].as_array().unwrap().len() > 40);
    judge(&answer, &sample);
}

#[tokio::test]
async fn comments_and_the_event_log() {
    let file = "chronicle-add_comment_to_alert_JsonResult_example.json";
    let Some(whole) = sampled(&[(file, "")]) else { return };
    let Some(listed) = sampled(&[(file, "event_log[]")]) else { return };
    let session = organisation().await;
    let name = session.alert_on("web-7").await;
    let comment = json!({"comment": "x"});
    let (_, answer) = session.put(&format!("alerts/{name}/comment"), Some(comment)).await;
    judge(&answer, &whole);
    session.put(&format!("alerts/{name}/status/in_progress"), None).await;
    judge(&session.get(&format!("alerts/{name}/event_log")).await.1, &listed);
}
