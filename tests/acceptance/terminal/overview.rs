//! What burns, and until when, in the terminal.

use std::collections::BTreeSet;

use firebreak_sandbox::Options;
use serde_json::Value;

use super::said::{list, text};
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_burns_and_until_when_is_said() {
    let options = Options { model: false, ..Options::default() };
    let Some(stage) = Stage::start("overview", options).await else { return };
    let nothing = stage.json(&["overview"]).await;
    assert_eq!((&nothing["open"], &nothing["incidents"]), (&0.into(), &Value::Array(vec![])));
    stage.run(&["poll"]).await.ended(0);
    let counts = stage.json(&["stats"]).await;
    let view = stage.json(&["overview", "--since", "1h"]).await;
    assert_eq!(view["open"], counts["incidents"]["open"]);
    let incidents = list(&view, "/incidents");
    assert_eq!(view["shown"], incidents.len());
    let burning: BTreeSet<&str> =
        incidents.iter().filter_map(|incident| incident["row"]["asset"].as_str()).collect();
    let nodes: Vec<&Value> =
        list(&view, "/accounts").iter().flat_map(|account| list(account, "/nodes")).collect();
    let drawn: BTreeSet<&str> = nodes
        .iter()
        .filter(|node| node["role"] == "compromised")
        .map(|node| text(node, "/id"))
        .collect();
    assert_eq!(drawn, burning, "every asset that an incident names is drawn as compromised");
    assert_eq!(view["compromised"], burning.len());
    stage.run(&["overview"]).await.ended(0).says("compromised assets proven contained");

    // On one page; written once, readable by nobody else, and on record.
    let page = stage.folder().join("what-burns.pdf");
    let words = ["overview", "--since", "1h", "--export", page.to_str().unwrap()];
    let written = stage.json(&words).await;
    let bytes = std::fs::read(&page).unwrap();
    assert!(bytes.starts_with(b"%PDF-") && bytes.ends_with(b"%%EOF"), "a whole document");
    assert_eq!(written["bytes"], bytes.len());
    let mode = std::os::unix::fs::PermissionsExt::mode(&page.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let log = stage.json(&["audit", "export"]).await;
    let bodies: Vec<&str> =
        list(&log, "/records").iter().map(|record| text(record, "/body")).collect();
    let on_record = |body: &&&str| body.contains("view_exported");
    let record = bodies.iter().find(on_record).expect("the export is on record");
    assert!(record.contains(text(&written, "/sha256")), "{record}");
    stage.run(&words).await.ended(1).says("nothing is written over");
    assert_eq!(std::fs::read(&page).unwrap(), bytes);
    stage.run(&["overview", "--export", "/nowhere/a.pdf"]).await.ended(1).says("does not exist");

    // What is due first, first; a target that can't be kept changes nothing.
    let before = stage.json(&["clocks"]).await;
    let set = ["clocks", "set", "critical", "--acknowledge", "2h", "--contain", "1h"];
    stage.run(&set).await.ended(1).says("before anybody takes it on");
    assert_eq!(stage.json(&["clocks"]).await, before);
    let set = ["clocks", "set", "critical", "--acknowledge", "30d", "--contain", "60d"];
    stage.run(&set).await.ended(0).says("contained within     60 d");
    let mut dues = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut asked = vec!["incidents", "list", "--sort", "clock", "--limit", "2"];
        if let Some(after) = &after {
            asked.extend(["--after", after]);
        }
        let page = stage.json(&asked).await;
        dues.extend(list(&page, "/rows").iter().map(|row| text(row, "/clock/due").to_owned()));
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(dues.len() as u64, view["open"].as_u64().unwrap());
    assert!(dues.is_sorted(), "{dues:#?}");
    let label = text(&incidents[0], "/row/label");
    stage.run(&["incidents", "assign", label, "me"]).await.ended(0);
    let stats = stage.json(&["stats", "--days", "1"]).await;
    assert_eq!(stats["clocks"]["taken_on"], 1);
    let since = stage.json(&["overview", "--since", "1h"]).await;
    let deeds = list(&since, "/since/deeds");
    assert!(
        deeds.iter().any(|deed| deed["label"] == label && text(deed, "/text").contains("assigned")),
        "{deeds:#?}"
    );
    stage.run(&["audit", "verify"]).await.ended(0);
}
