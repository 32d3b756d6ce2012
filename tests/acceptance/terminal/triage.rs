//! Incidents closed, assigned, put together and taken apart in the terminal, and all of it taken back.

use firebreak_sandbox::Options;
use serde_json::Value;

use super::said::{list, text};
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_change_is_recorded_and_taken_back() {
    let options = Options { model: false, ..Options::default() };
    let Some(stage) = Stage::start("triage", options).await else { return };
    stage.run(&["poll"]).await.ended(0);
    let queue = stage.json(&["incidents", "list", "--limit", "200"]).await;
    let rows = list(&queue, "/rows");
    let label = |at: usize| text(&rows[at], "/label").to_owned();
    let (kept, other) = (label(0), label(1));
    let findings = async |label: &str| {
        let shown = stage.json(&["incidents", "show", label]).await;
        list(&shown, "/findings").len()
    };
    let (of_kept, of_other) = (findings(&kept).await, findings(&other).await);

    let merged = stage.json(&["incidents", "merge", &kept, &other]).await;
    assert_eq!((&merged["changed"], &merged["refused_count"]), (&1.into(), &0.into()));
    assert_eq!(findings(&kept).await, of_kept + of_other);
    let shown = stage.json(&["incidents", "show", &kept]).await;
    assert_eq!(text(&shown, "/merged/0/label"), other);
    let gone = stage.json(&["incidents", "show", &other]).await;
    assert_eq!((text(&gone, "/merged_into/label"), text(&gone, "/row/state")), (&*kept, "closed"));
    let state = ["incidents", "state", &other, "triaged"];
    stage.refuses(&state, 3, "is merged into another").await;

    stage.run(&["incidents", "unmerge", &other]).await.ended(0).says("taken out again");
    assert_eq!((findings(&kept).await, findings(&other).await), (of_kept, of_other));

    // One finding of another's goes off on its own and comes back.
    stage.run(&["incidents", "merge", &kept, &other]).await.ended(0);
    let shown = stage.json(&["incidents", "show", &kept]).await;
    let finding = text(&shown, "/findings/0/id").to_owned();
    stage
        .run(&["incidents", "split", &kept, "--finding", &finding])
        .await
        .ended(0)
        .says("put into");
    assert_eq!(findings(&kept).await, of_kept + of_other - 1);
    stage.run(&["incidents", "undo"]).await.ended(0).says("taken back: 1 finding of");
    stage.run(&["incidents", "undo"]).await.ended(0).says("taken back: merged into");
    assert_eq!((findings(&kept).await, findings(&other).await), (of_kept, of_other));

    // Everything of one severity at once; what lacks a cause is refused before anything is changed.
    let uncaused =
        ["incidents", "each", "--severity", "low", "--to", "false_positive", "--reason", "x"];
    stage.run(&uncaused).await.ended(1).says("needs its cause");
    let open = |queue: &Value| queue["matching"].clone();
    let low = ["incidents", "list", "--severity", "low", "--state", "new"];
    let before = open(&stage.json(&low).await);
    let mut each = uncaused.to_vec();
    each.extend(["--cause", "rule_too_broad", "--state", "new"]);
    let done = stage.json(&each).await;
    assert_eq!(done["changed"], before, "{done:#}");
    assert_eq!(open(&stage.json(&low).await), 0);
    let counted = stage.json(&["incidents", "false-positives"]).await;
    assert!(!list(&counted, "").is_empty(), "rules are counted");
    stage.run(&["incidents", "undo"]).await.ended(0).says("taken back: false_positive: x");
    assert_eq!(open(&stage.json(&low).await), before);
    let changes = stage.json(&["incidents", "changes"]).await;
    assert!(list(&changes, "").iter().filter(|change| !change["undone_by"].is_null()).count() >= 3);
    stage.refuses(&["incidents", "undo", text(&changes, "/0/id")], 3, "took this back").await;
    stage.run(&["incidents", "note", &kept, "Called the owner."]).await.ended(0);
    stage.run(&["incidents", "show", &kept]).await.ended(0).says("Called the owner.");
    stage.run(&["incidents", "note", &kept, "  "]).await.ended(1).says("1 to 4000 characters");
    let over =
        ["incidents", "handover", &kept, "--to", "ben", "--note", "Isolated. **Next:** the key"];
    stage.run(&over).await.ended(0).says("handed over to ben");
    let shown = stage.json(&["incidents", "show", &kept]).await;
    assert_eq!((text(&shown, "/row/owner"), text(&shown, "/handover/to")), ("ben", "ben"));
    stage.refuses(&["incidents", "got-it", &kept], 3, "who alone can say").await;
    let document = stage.json(&["incidents", "show", &kept, "--markdown"]).await;
    let document = text(&document, "/markdown").to_owned();
    assert!(document.starts_with(&format!("# {kept}: ")), "{document}");
    assert!(document.contains("> Isolated. \\*\\*Next:\\*\\* the key"), "{document}");
    stage.run(&["incidents", "show", &kept, "--markdown"]).await.ended(0).says("## Handover");
    stage.run(&["incidents", "undo"]).await.ended(0).says("taken back: handed over to ben");
    let shown = stage.json(&["incidents", "show", &kept]).await;
    assert!(shown["handover"].is_null(), "{shown:#}");
    stage.audit_holds().await;
    stage.no_secret_leaked();
}
