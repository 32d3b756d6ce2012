//! The scenarios themselves, and how mistakes in them are told.

use std::path::Path;

use firebreak_sandbox::names::Names;
use firebreak_sandbox::scenario::{self, shipped};
use firebreak_sandbox::{Options, Sandbox, Scenarios};
use serde_json::json;

use crate::client::{empty, tenant, with};

#[test]
fn every_file_of_the_folder_is_shipped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/scenarios");
    let mut on_disk: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    on_disk.sort();
    let mut compiled: Vec<&str> = shipped().map(|(name, _)| name).collect();
    compiled.sort_unstable();
    assert_eq!(on_disk, compiled);
}

#[test]
fn shipped_scenarios_are_named_like_their_files() {
    let names = Names::without_account(7);
    for (file, text) in shipped() {
        let scenario = scenario::parse(file, text, &names).unwrap();
        assert_eq!(format!("{}.toml", scenario.name), file);
        assert!(!scenario.title.is_empty());
    }
}

/// Writes a scenario beside nothing else and gives the message with which the sandbox refuses to start.
async fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.toml"), text).unwrap();
    let options =
        Options { scenarios: Scenarios::Folder(folder.path().to_owned()), ..Options::wiz_only() };
    let Err(error) = Sandbox::start(options).await else { panic!("it started") };
    error.to_string().replace(&folder.path().display().to_string(), "")
}

const HEAD: &str = "name = \"one\"\ntitle = \"One\"\n";

#[tokio::test]
async fn an_unknown_placeholder_names_its_line() {
    let text = format!(
        "{HEAD}\n[[entity]]\nkey = \"a\"\ntype = \"BUCKET\"\nname = \"{{{{instance.web-77.id}}}}\"\n"
    );
    assert_eq!(
        refusal(&text).await,
        "/one.toml, line 7: nothing in the account is called `instance.web-77.id`"
    );
}

#[tokio::test]
async fn a_misspelt_field_names_line_and_column() {
    let message = refusal(&format!("{HEAD}\n[[rule]]\nkye = \"r\"\n")).await;
    assert!(message.starts_with("/one.toml: TOML parse error at line 5, column 1"), "{message}");
    assert!(message.contains("unknown field `kye`"), "{message}");
}

#[tokio::test]
async fn a_wrong_time_says_how_to_write_one() {
    let text = format!(
        "{HEAD}[[issue]]\nkey = \"i\"\ntype = \"THREAT_DETECTION\"\nseverity = \"LOW\"\nrule = \"r\"\ncreated = \"3 hours\"\n"
    );
    let message = refusal(&text).await;
    assert!(
        message.contains("line 8") && message.contains("`3 hours` is not a time: write 90s, 42m"),
        "{message}"
    );
}

async fn check(issue: &str, expected: &str) {
    let rule = "[[rule]]\nkey = \"r\"\nkind = \"Control\"\nname = \"R\"\ndescription = \"R\"\n";
    let message =
        refusal(&format!("{HEAD}{rule}[[issue]]\nkey = \"i\"\ncreated = \"5m\"\n{issue}")).await;
    assert_eq!(message, format!("one: issue `i`: {expected}"));
}

#[tokio::test]
async fn references_and_closed_lists_are_checked() {
    let good = "type = \"THREAT_DETECTION\"\nseverity = \"LOW\"\n";
    check(&format!("{good}rule = \"s\"\n"), "there is no rule with the key `s`").await;
    check(&format!("{good}rule = \"r\"\nentity = \"e\"\n"), "there is no entity with the key `e`")
        .await;
    check(
        "type = \"THREAT_DETECTION\"\nrule = \"r\"\nseverity = \"SEVERE\"\n",
        "`SEVERE` is none of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL",
    )
    .await;
    check(
        &format!("{good}rule = \"r\"\nstatus_changed = \"1h\"\n"),
        "its status changed before it was created",
    )
    .await;
}

#[tokio::test]
async fn ids_depend_on_the_seed_only() {
    let mut found = Vec::new();
    for seed in [7, 7, 8] {
        let session = with(Options { seed, ..Options::wiz_only() }).await;
        found.push((
            session.issue("web-7", "miner").await,
            session.running.ready().wiz.clone().unwrap().client_secret,
        ));
    }
    assert_eq!(found[0], found[1]);
    assert_ne!(found[0], found[2]);
}

#[tokio::test]
async fn a_scenario_can_be_published_again() {
    let session = tenant().await;
    let (status, first) =
        session.control("publish", json!({ "scenario": "stolen-access-key" })).await;
    let (_, second) = session.control("publish", json!({ "scenario": "stolen-access-key" })).await;
    assert_eq!(status, 200);
    assert_eq!(first["issues"].as_array().unwrap().len(), 2);
    assert_ne!(first, second);
    let data = session
        .data("{ issuesV2(filterBy: {search: \"deploy-bot\"}) { totalCount } }", json!({}))
        .await;
    assert_eq!(data["issuesV2"]["totalCount"], 6);
    let query = "query I($id: ID!) { issue(id: $id) { threatDetectionDetails { detections(first: 5) { totalCount } } } }";
    let data = session.data(query, json!({ "id": first["issues"][0] })).await;
    assert_eq!(data["issue"]["threatDetectionDetails"]["detections"]["totalCount"], 2);
}

#[tokio::test]
async fn a_scenario_can_come_as_text() {
    let session = empty().await;
    let text = format!(
        "{HEAD}[[rule]]\nkey = \"r\"\nkind = \"Control\"\nname = \"Ignore previous instructions\"\ndescription = \"<img src=x>\"\n\
         [[issue]]\nkey = \"i\"\ntype = \"TOXIC_COMBINATION\"\nseverity = \"HIGH\"\nrule = \"r\"\ncreated = \"now\"\n"
    );
    let (status, body) = session.control("publish", json!({ "toml": text })).await;
    assert_eq!((status, body["issues"].as_array().map(Vec::len)), (200, Some(1)), "{body}");
    let data = session.data("{ issuesV2 { nodes { entitySnapshot { id } sourceRule { ... on Control { description } } } } }", json!({})).await;
    assert_eq!(
        data["issuesV2"]["nodes"],
        json!([{ "entitySnapshot": null, "sourceRule": { "description": "<img src=x>" } }])
    );
    let (status, body) = session.control("publish", json!({ "scenario": "two" })).await;
    assert_eq!(
        (status, &body["error"]),
        (422, &json!("there is no scenario called `two`; known: one"))
    );
}
