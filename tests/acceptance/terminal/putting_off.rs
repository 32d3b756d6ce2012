//! Incidents put off and findings suppressed in the terminal, and all of it taken back.

use firebreak_sandbox::Options;

use super::said::{list, text};
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_off_or_suppressed_is_said_and_taken_back() {
    let options = Options { model: false, ..Options::default() };
    let Some(stage) = Stage::start("putting-off", options).await else { return };
    stage.run(&["poll"]).await.ended(0);
    let queue = stage.json(&["incidents", "list", "--limit", "200"]).await;
    let label = text(&list(&queue, "/rows")[0], "/label").to_owned();
    let state = async || {
        let shown = stage.json(&["incidents", "show", &label]).await;
        (text(&shown, "/row/state").to_owned(), shown["row"]["snoozed_until"].is_string())
    };
    let at_first = state().await;

    stage.run(&["incidents", "snooze", &label, "4h"]).await.ended(0).says("snoozed until");
    assert_eq!(state().await, ("snoozed".to_owned(), true));
    stage.refuses(&["incidents", "snooze", &label, "31d"], 1, "30 days at most").await;
    stage.refuses(&["incidents", "snooze", &label, "soon"], 2, "is no time ahead").await;
    stage.run(&["incidents", "wake", &label]).await.ended(0).says("awake again");
    assert_eq!(state().await, at_first);
    let low = ["incidents", "each", "--severity", "low", "--state", "new", "--snooze", "2d"];
    let done = stage.json(&low).await;
    let snoozed = stage.json(&["incidents", "list", "--state", "snoozed"]).await;
    assert_eq!(done["changed"], snoozed["matching"], "{done:#}");
    stage.run(&["incidents", "undo"]).await.ended(0).says("taken back: snoozed until");
    let snoozed = stage.json(&["incidents", "list", "--state", "snoozed"]).await;
    assert_eq!(snoozed["matching"], 0);

    let shown = stage.json(&["incidents", "show", &label]).await;
    let asset = text(&shown, "/findings/0/asset").to_owned();
    let preview = stage.json(&["suppress", "preview", "--asset", &asset]).await;
    assert_eq!(preview["days"], 30);
    assert!(preview["findings"].as_u64() >= Some(1), "{preview:#}");
    let closes = preview["open_count"].clone();
    stage.refuses(&["suppress", "preview"], 1, "say what to suppress").await;
    let nowhere = ["suppress", "add", "--asset", "i-none", "--reason", "x"];
    stage.refuses(&nowhere, 2, "give --up-to").await;
    let unending = [&nowhere[..], &["--up-to", "low", "--for", "400d"]].concat();
    stage.refuses(&unending, 1, "365 days at most").await;
    let add = ["suppress", "add", "--asset", &asset, "--reason", "our scanner", "--close"];
    let made = stage.json(&add).await;
    assert_eq!((&made["changed"], &made["refused_count"]), (&closes, &0.into()));
    let rules = stage.json(&["suppress", "list"]).await;
    let rule = text(&rules, "/0/id").to_owned();
    assert_eq!(text(&rules, "/0/reason"), "our scanner");
    stage.run(&["suppress", "renew", &rule, "90d"]).await.ended(0).says("until");
    stage.run(&["suppress", "end", &rule]).await.ended(0).says("ended the suppression");
    stage.refuses(&["suppress", "end", &rule], 3, "ended already").await;
    stage.run(&["suppress", "list"]).await.ended(0).says("nothing is suppressed");
    for said in ["taken back: ended", "taken back: suppression of", "taken back: suppressed asset"]
    {
        stage.run(&["incidents", "undo"]).await.ended(0).says(said);
    }
    assert_eq!(state().await, at_first);
    stage.audit_holds().await;
    stage.no_secret_leaked();
}
