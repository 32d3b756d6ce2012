//! A source's life: read, written back to, filled up, reset; nothing lost, nothing doubled.

use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::Value;

use super::said::{list, text};
use super::stage::Stage;

const SOURCE: &str = "wiz-sandbox";

async fn source(stage: &Stage) -> Value {
    let sources = stage.json(&["source", "list"]).await;
    list(&sources, "").iter().find(|source| source["name"] == SOURCE).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_can_be_read_again_and_changes_nothing() {
    let Some(stage) = Stage::start("sources", Options::wiz_only()).await else { return };
    stage.run(&["poll"]).await.ended(0);
    let before = source(&stage).await;
    let alerts = before["alerts_total"].as_u64().unwrap();
    let hours: u64 = list(&before, "/per_hour").iter().map(|n| n.as_u64().unwrap()).sum();
    assert!(alerts > 10);
    assert_eq!((hours, list(&before, "/per_hour").len()), (alerts, 24), "{before:#}");

    let filled = stage.json(&["source", "backfill", SOURCE, "--days", "30"]).await;
    assert!(filled["received"].as_u64().unwrap() >= alerts, "{filled}");
    let older = filled["findings"].as_u64().unwrap();
    assert!(older > 0 && older < alerts, "what is older than the look-back, and nothing else");
    let again = stage.json(&["source", "backfill", SOURCE, "--days", "30"]).await;
    assert_eq!((&again["findings"], &again["incidents_opened"]), (&0.into(), &0.into()));
    let queue = stage.json(&["incidents", "list"]).await;
    let after = source(&stage).await;
    assert_eq!(text(&after, "/backfill/outcome"), "complete");
    assert_eq!(after["cursor"], before["cursor"], "a back-fill moves no cursor");
    stage.refuses(&["source", "backfill", SOURCE], 3, "no unfinished back-fill").await;
    stage.refuses(&["source", "backfill", SOURCE, "--days", "900"], 1, "366").await;

    stage.run(&["source", "reset", SOURCE]).await.ended(0);
    assert_eq!(source(&stage).await["cursor"], Value::Null);
    let again = stage.json(&["poll"]).await;
    assert_eq!(again[0]["findings"], 0, "all of it was known: {again}");
    assert_eq!(source(&stage).await["alerts_total"], after["alerts_total"]);
    let ids = |queue: &Value| -> Vec<String> {
        list(queue, "/rows").iter().map(|row| text(row, "/id").to_owned()).collect()
    };
    assert_eq!(ids(&stage.json(&["incidents", "list"]).await), ids(&queue));

    stage.run(&["source", "pause", SOURCE]).await.ended(0);
    assert_eq!(source(&stage).await["polling"], false);
    stage.run(&["source", "resume", SOURCE]).await.ended(0);
    assert_eq!(source(&stage).await["polling"], true);
    let kinds = stage.records().await;
    for kind in ["backfill_begun", "backfill_ended", "source_reset", "source_changed"] {
        assert!(kinds.iter().any(|known| known == kind), "no record of {kind}");
    }
    stage.audit_holds().await;
    stage.no_secret_leaked();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_an_alert_is_told_to_its_source_once() {
    let Some(stage) = Stage::start("write_back", Options::wiz_only()).await else { return };
    stage.run(&["poll"]).await.ended(0);
    let row = stage.incident_about("web-7").await;
    let label = text(&row, "/label");
    let ask = ["write-back", "ask", label, "--comment", "Isolated, proven."];
    let taken = stage.json(&[ask.as_slice(), &["--status", "in_progress"]].concat()).await;
    let orders = list(&taken, "");
    assert!(!orders.is_empty());
    let issue = orders.iter().find(|order| order["state"] == "written");
    let issue = issue.unwrap_or_else(|| panic!("nothing was written: {taken:#}"));
    // The vendor shows it at the next poll: that, not its answer, is the proof.
    stage.run(&["poll"]).await.ended(0);
    let shown = stage.json(&["incidents", "show", label]).await;
    let findings = list(&shown, "/findings");
    let finding = findings.iter().find(|finding| finding["vendor_id"] == issue["vendor_id"]);
    assert_eq!(finding.unwrap()["status"], "in_progress", "{finding:#?}");

    // A vendor that is down: the order waits, and can be taken back.
    stage.fault(Target::Wiz, Mode::Internal);
    let waiting = stage.json(&ask).await;
    let order = &list(&waiting, "")[0];
    assert_eq!((text(order, "/state"), order["attempts"].as_u64()), ("waiting", Some(1)));
    assert!(order["next_try"].is_string(), "{order:#}");
    stage.heal(Target::Wiz);
    let gone = stage.json(&["write-back", "withdraw", label, text(order, "/id")]).await;
    assert_eq!(text(&list(&gone, "")[0], "/state"), "withdrawn");
    stage.refuses(&["write-back", "withdraw", label, text(order, "/id")], 3, "already").await;

    // A scope that is missing is a person's turn.
    let matches = Some("createIssueNote".to_owned());
    stage.sandbox.fault(Fault { matches, ..Fault::new(Target::Wiz, Mode::Forbidden) });
    let failed = stage.json(&ask).await;
    let order = list(&failed, "").iter().find(|order| order["state"] == "failed");
    let note = text(order.unwrap_or_else(|| panic!("{failed:#}")), "/note");
    assert!(note.contains("update:issues"), "{note}");
    stage.heal(Target::Wiz);

    stage.run(&["phase", "1"]).await.ended(0);
    stage.refuses(&ask, 3, "phase 1").await;
    stage.audit_holds().await;
}
