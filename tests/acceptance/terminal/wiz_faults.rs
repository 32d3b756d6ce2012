//! A source that misbehaves in the middle of a poll: nothing is lost, nothing comes twice.

use std::time::{Duration, Instant};

use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::Value;

use super::said::text;
use super::stage::Stage;

/// Longer than this nobody waits for an error in a terminal.
const PATIENCE: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_source_is_said_and_made_good() {
    let options = Options { bulk: 120, ..Options::wiz_only() };
    let Some(mut stage) = Stage::start("wiz_faults", options).await else { return };
    // What a tenant without faults gives.
    let there = undisturbed(&mut stage).await;
    // Each of these breaks one poll at another place; (mode, what it breaks, words of the message).
    let order = |mode, skip: u64| {
        let matches = Some("issuesV2".to_owned());
        Fault { skip, matches, ..Fault::new(Target::Wiz, mode) }
    };
    let token = |mode| Fault { matches: Some("token".to_owned()), ..Fault::new(Target::Wiz, mode) };
    for (fault, because) in [
        // In the middle of the first poll: pages before it are stored, those after it come later.
        (order(Mode::Cut, 1), "connection"),
        (token(Mode::Unauthorized), "client"),
        (token(Mode::Cut), "wiz"),
        (order(Mode::Forbidden, 0), "permission"),
        (order(Mode::Internal, 0), "500"),
        (Fault { retry_after: Some(3600), ..order(Mode::TooMany, 0) }, "too many"),
        (order(Mode::Cut, 0), "connection"),
        (order(Mode::CutHalf, 0), "connection"),
        (order(Mode::Html200, 0), "json"),
        (order(Mode::Garbage, 0), "json"),
        (order(Mode::Huge, 0), "large"),
        (order(Mode::Unauthorized, 0), "401"),
    ] {
        let (name, fault_mode) = (fault.name(), fault.mode);
        let before = source(&stage).await;
        let audited = stage.audit_holds().await;
        stage.sandbox.fault(fault);
        let begun = Instant::now();
        let said = stage.run(&["poll", "--json"]).await.ended(1);
        assert!(begun.elapsed() < PATIENCE, "{name}: {:?} until it said so", begun.elapsed());
        let message = text(&said.document(), "/error/message").to_lowercase();
        assert!(message.contains(because) || message.contains("wiz"), "{name}: {message}");
        let after = source(&stage).await;
        assert!(
            !text(&after, "/problem").is_empty(),
            "{name}: the source's health says it: {after:#}"
        );
        // What passes by itself needs nobody; what a person must mend says how.
        if matches!(fault_mode, Mode::Unauthorized | Mode::Forbidden) {
            assert!(text(&after, "/remedy").len() > 10, "{name}: and what to do: {after:#}");
            stage.run(&["source", "list"]).await.ended(0).says(text(&after, "/remedy"));
        }
        assert_ne!(after["health"], "ok", "{name}");
        stage.run(&["source", "list"]).await.ended(0).says(text(&after, "/health"));
        cursor_fits_what_is_stored(&name, &before, &after);
        assert!(audited["size"].as_u64() <= stage.audit_holds().await["size"].as_u64());
        stage.heal(Target::Wiz);
    }
    // One hiccup in the middle is none of the analyst's business.
    let once = Fault { count: 1, ..order(Mode::Internal, 0) };
    stage.sandbox.fault(once);
    stage.fault(Target::Wiz, Mode::Slow);
    stage.run(&["poll"]).await.ended(0);
    stage.heal(Target::Wiz);
    assert_eq!(source(&stage).await["health"], "ok", "the problem is forgotten once it is over");
    assert_eq!(stored(&stage).await, there, "nothing lost, nothing doubled");
    let again = stage.json(&["poll"]).await;
    assert_eq!(again[0]["findings"], 0, "a poll without changes brings nothing: {again:#}");
    assert_eq!(stored(&stage).await, there, "nothing lost, nothing doubled");
    stage.no_secret_leaked();
}

async fn source(stage: &Stage) -> Value {
    stage.json(&["source", "list"]).await[0].clone()
}

/// A poll that failed before it stored a page leaves the cursor where it was.
fn cursor_fits_what_is_stored(fault: &str, before: &Value, after: &Value) {
    if before["alerts_total"] == after["alerts_total"] {
        assert_eq!(
            before["cursor"], after["cursor"],
            "{fault}: the cursor passed what was not stored"
        );
    }
}

/// Ids of the issues in the alert records of the log, sorted.
async fn stored(stage: &Stage) -> Vec<String> {
    let told = stage.alerts_on_record().await;
    let issues = told.iter().filter(|told| told["kind"] == "issue");
    let mut stored: Vec<String> = issues.map(|told| text(told, "/vendor_id").to_owned()).collect();
    stored.sort();
    stored
}

/// What a workspace gets that never met a fault, each once.
async fn undisturbed(stage: &mut Stage) -> Vec<String> {
    let other = stage.folder().join("undisturbed");
    let home = std::mem::replace(&mut stage.home, other);
    let ready = stage.ready_file();
    stage.run(&["init", "--sandbox", &ready.display().to_string()]).await.ended(0);
    stage.run(&["poll"]).await.ended(0);
    let there = stored(stage).await;
    stage.home = home;
    let mut once = there.clone();
    once.dedup();
    assert!(
        there.len() > 100 && once == there,
        "{} issues, {} of them once",
        there.len(),
        once.len()
    );
    there
}
