//! A keychain that is locked, absent or lost an item: each says so and what to do, nothing is
//! written to a file instead, and it goes on where it was.

use std::time::{Duration, Instant};

use firebreak_sandbox::Options;

use super::said::{Said, text};
use super::stage::Stage;

/// A person must not wonder whether it hangs.
const PATIENCE: Duration = Duration::from_secs(10);
const SECRET: &str = "a-client-secret-that-must-not-be-found";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_state_of_the_keychain_has_its_own_way_on() {
    let Some(mut stage) = Stage::start("keychain", Options::wiz_only()).await else { return };
    stage.run(&["keychain"]).await.ended(0).says("unlocked");
    stage.run(&["poll"]).await.ended(0);
    let whole = stage.incident_about("web-7").await;

    stage.bus.lock().unwrap();
    let locked = fails(&stage, true).await;
    stage.run(&["keychain"]).await.ended(0).says("locked").says("unlock");
    works_without(&stage, true).await;
    stage.bus.unlock().unwrap();
    stage.run(&["poll"]).await.ended(0);

    let absent = fails(&stage, false).await;
    without_bus(&stage, &["keychain"])
        .await
        .ended(0)
        .says("no keychain answers")
        .says("secret service");
    works_without(&stage, false).await;
    stage.run(&["poll"]).await.ended(0);

    assert_eq!(stage.bus.forget("source/wiz-sandbox"), 1);
    let error = stage.refuses(&["poll"], 1, "").await;
    let lost = text(&error, "/error/message").to_owned();
    assert!(locked != absent && absent != lost && lost != locked, "{locked}\n{absent}\n{lost}");
    assert_eq!(stage.incident_about("web-7").await, whole, "nothing was lost meanwhile");

    // A way back without a new workspace.
    stage.run(&["source", "remove", "wiz-sandbox"]).await.ended(0);
    let wiz = stage.sandbox.ready().wiz.clone().unwrap();
    stage
        .typed(&add(&wiz.api_url, &wiz.auth_url, &wiz.client_id), &wiz.client_secret)
        .await
        .ended(0);
    stage.run(&["poll"]).await.ended(0);
    stage.audit_holds().await;
    stage.no_secret_leaked();
    assert_eq!(
        stage.found(SECRET.as_bytes()),
        None,
        "a secret that could not be kept was written down"
    );
}

fn add<'a>(api: &'a str, auth: &'a str, id: &'a str) -> [&'a str; 9] {
    ["source", "add", "again", "--api-url", api, "--auth-url", auth, "--client-id", id]
}

/// What needs a secret fails at once with words and a remedy. Answers the words.
async fn fails(stage: &Stage, bus: bool) -> String {
    let begun = Instant::now();
    let polled = said(stage, bus, &["poll", "--json"]).await.ended(1);
    assert!(begun.elapsed() < PATIENCE, "{:?} until it said so", begun.elapsed());
    let document = polled.document();
    let message = text(&document, "/error/message").to_owned();
    assert!(message.to_lowercase().contains("keychain"), "{message}");
    assert!(message.contains(". "), "what is so, and what to do: {message}");

    let words =
        add("https://api.eu1.app.wiz.io/graphql", "https://auth.app.wiz.io/oauth/token", "id");
    let mut command = stage.command(&words);
    if !bus {
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    }
    stage.type_into(&words, command, SECRET).await.ended(1).says("keychain");
    let list = stage.json(&["source", "list"]).await;
    assert_eq!(list.as_array().map(Vec::len), Some(1), "a source without its secret was not added");
    message
}

/// Reading, and taking alerts from files, need no secret.
async fn works_without(stage: &Stage, bus: bool) {
    for words in [
        &["incidents", "list"][..],
        &["incidents", "show", "INC-1"],
        &["stats"],
        &["audit", "show"],
    ] {
        said(stage, bus, words).await.ended(0);
    }
    let file = stage.folder().join("alert.json");
    std::fs::write(&file, ALERT).unwrap();
    said(stage, bus, &["ingest", "--vendor", "wiz", &file.display().to_string()]).await.ended(0);
}

const ALERT: &str = r#"{"id":"11111111-2222-4333-8444-555555555555","type":"THREAT_DETECTION",
"severity":"LOW","status":"OPEN","createdAt":"2026-11-20T10:00:00Z","updatedAt":"2026-11-20T10:00:00Z",
"sourceRule":{"id":"r","name":"A rule"},"entitySnapshot":{"id":"e","name":"other","type":"VIRTUAL_MACHINE"}}"#;

async fn said(stage: &Stage, bus: bool, words: &[&str]) -> Said {
    if bus { stage.run(words).await } else { without_bus(stage, words).await }
}

async fn without_bus(stage: &Stage, words: &[&str]) -> Said {
    let mut command = stage.command(words);
    command.env_remove("DBUS_SESSION_BUS_ADDRESS");
    stage.finish(words, command).await
}
