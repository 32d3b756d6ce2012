//! A model that is down, slow, confused or hostile: the playbook's plan stands and the incident says
//! so; nothing leaves the menu and nothing mandatory leaves the plan.

use std::time::{Duration, Instant};

use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Mode, Target};
use serde_json::Value;

use super::said::{list, text};
use super::stage::Stage;

/// Answers of the hostile model that the program can't tell from honest ones are prose only.
const HOSTILE_TURNS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_model_takes_the_plan_away() {
    let Some(stage) = Stage::start("model_faults", Options::default()).await else { return };
    stage.run(&["poll"]).await.ended(0);
    let label = text(&stage.incident_about("web-7").await, "/label").to_owned();
    let row = stage.incident_about("web-7").await;
    let playbook = checklist(&stage.json(&["plan", &label, "--planner", "playbook"]).await);
    assert!(playbook.iter().any(|(_, _, mandatory)| *mandatory), "{playbook:?}");
    let asked = model_requests(&stage);
    assert_eq!(asked, 0, "the playbook alone asks no model");

    stage.run(&["plan", &label]).await.ended(0);
    let shown = stage.json(&["incidents", "show", &label]).await;
    assert_eq!(
        shown["assessment"]["author"], "model",
        "an honest model is heard: {:#}",
        shown["assessment"]
    );
    assert_eq!(checklist(&shown["plan"]), playbook, "and chooses from the menu");
    assert!(model_requests(&stage) > asked);

    let mut notes = Vec::new();
    for mode in [
        Mode::Cut,
        Mode::CutHalf,
        Mode::Unauthorized,
        Mode::TooMany,
        Mode::Quota,
        Mode::Internal,
        Mode::Html200,
        Mode::Garbage,
        Mode::Huge,
    ] {
        stage.fault(Target::Model, mode);
        notes.push(stands(&stage, &label, &row, &playbook, &format!("{mode:?}")).await);
        stage.heal(Target::Model);
    }
    for model in
        ["sandbox-garbage", "sandbox-refusal", "sandbox-truncated", "sandbox-slow", "no-such-model"]
    {
        choose(&stage, model).await;
        let begun = Instant::now();
        notes.push(stands(&stage, &label, &row, &playbook, model).await);
        assert!(
            begun.elapsed() < Duration::from_secs(25),
            "{model} was waited for: {:?}",
            begun.elapsed()
        );
    }
    notes.sort();
    notes.dedup();
    assert!(notes.len() >= 5, "the notes say what happened: {notes:#?}");

    choose(&stage, "sandbox-hostile").await;
    let mut rejected = 0;
    for turn in 0..HOSTILE_TURNS {
        stage.run(&["plan", &label]).await.ended(0);
        stage.run(&["incidents", "show", &label]).await.ended(0);
        let shown = stage.json(&["incidents", "show", &label]).await;
        assert_eq!(sorted(checklist(&shown["plan"])), sorted(playbook.clone()), "turn {turn}");
        unmoved(&stage, &row, &format!("turn {turn}")).await;
        rejected += usize::from(shown["assessment"]["author"] == "playbook");
    }
    assert!(
        rejected >= 4,
        "answers that break the schema or name what is not there are rejected: {rejected}"
    );
    stage.audit_holds().await;
    stage.no_secret_leaked();
}

/// The plan is the playbook's and the incident says why. Answers what it says.
async fn stands(stage: &Stage, label: &str, row: &Value, playbook: &[Line], fault: &str) -> String {
    let plan = stage.json(&["plan", label]).await;
    assert_eq!(checklist(&plan), playbook, "{fault}");
    let shown = stage.json(&["incidents", "show", label]).await;
    assert_eq!(shown["assessment"]["author"], "playbook", "{fault}: {:#}", shown["assessment"]);
    let note = text(&shown, "/assessment/model_note").to_owned();
    assert!(note.contains("the playbook's plan stands"), "{fault}: {note}");
    assert!(
        !list(&shown, "/assessment/summary").is_empty(),
        "{fault}: the playbook's words are there"
    );
    stage.run(&["incidents", "show", label]).await.ended(0).says("the playbook's plan stands");
    unmoved(stage, row, fault).await;
    note
}

/// No model moves an incident or changes how bad it is.
async fn unmoved(stage: &Stage, row: &Value, fault: &str) {
    let now = stage.incident_about("web-7").await;
    for field in ["severity", "state", "title", "owner", "finding_count"] {
        assert_eq!(now[field], row[field], "{fault}: {field}");
    }
}

type Line = (String, String, bool);

/// Action, target and whether it is mandatory, in order.
fn checklist(plan: &Value) -> Vec<Line> {
    let line = |step: &Value| {
        let mandatory = step["mandatory"].as_bool().unwrap();
        (text(step, "/action").to_owned(), text(step, "/target").to_owned(), mandatory)
    };
    list(plan, "/steps").iter().map(line).collect()
}

fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort();
    lines
}

pub async fn choose(stage: &Stage, model: &str) {
    let ready = stage.sandbox.ready().model.as_ref().expect("the sandbox has a model");
    let words = ["model", "set", "--base-url", &ready.base_url, "--model", model];
    stage.typed(&words, &ready.api_key).await.ended(0);
}

fn model_requests(stage: &Stage) -> usize {
    stage.sandbox.ledger().requests(Some("model"), 0).len()
}
