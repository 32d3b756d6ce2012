//! kill -9 while a step runs: nothing is sent twice, what is unknown is called unknown.

use std::process::Stdio;
use std::time::{Duration, Instant};

use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::Value;
use tokio::process::Child;

use super::account::{Judge, planned_operations};
use super::said::{list, text};
use super::stage::Stage;

const ISOLATE: &str = "aws.ec2.isolate";
/// How long the cloud takes over the call in which the program dies.
const DELAY: u64 = 1500;
const PATIENCE: Duration = Duration::from_secs(60);

/// When the program is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The call is on its way.
    UnderWay,
    /// The cloud did it and answered; the program did not hear it.
    Done,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_it_never_repeats_a_call() {
    let options = Options { model: false, ..Options::everything() };
    let Some(stage) = Stage::start("kill", options).await else { return };
    let mut judge = Judge::start(&stage).await;
    stage.run(&["poll"]).await.ended(0);
    let before = judge.instance(&stage, "web-7").await;
    let step = stage.planned("web-7", ISOLATE).await;
    let last = list(&stage.step(&step).await, "/calls").len() - 1;
    for (index, moment) in [
        (0, Moment::UnderWay),
        (1, Moment::Done),
        (4, Moment::UnderWay),
        (4, Moment::Done),
        (5, Moment::Done),
        (7, Moment::UnderWay),
        (8, Moment::Done),
        (last, Moment::UnderWay),
        (last, Moment::Done),
    ] {
        dies_at(&stage, index, moment).await;
        let mut after = judge.instance(&stage, "web-7").await;
        after.rules.retain(|group, _| before.rules.contains_key(group));
        assert_eq!(after, before, "call {index} {moment:?}: the undo brought everything back");
    }
    dies_before_anything_is_sent(&stage).await;
    let kinds = stage.records().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "run_interrupted").count(), 10, "{kinds:?}");
    stage.audit_holds().await;
    stage.no_secret_leaked();
}

async fn dies_at(stage: &Stage, index: usize, moment: Moment) {
    let place = format!("call {} {moment:?}", index + 1);
    let step = stage.planned("web-7", ISOLATE).await;
    let planned = planned_operations(&stage.step(&step).await, "/calls");
    stage.run(&["step", "approve", &step]).await.ended(0);
    let from = stage.newest_request();
    let skip =
        planned[..index].iter().filter(|operation| **operation == planned[index]).count() as u64;
    let matches = Some(planned[index].clone());
    let slow =
        Fault { matches, skip, count: 1, delay_ms: DELAY, ..Fault::new(Target::Aws, Mode::Slow) };
    stage.sandbox.fault(slow);
    let mut running = start(stage, &step);
    fault_is_played(stage).await;
    if moment == Moment::Done {
        // It sleeps through the answer.
        signal(&running, "-STOP");
        let deadline = Instant::now() + PATIENCE;
        while stage.operations_after(from).len() <= index {
            assert!(Instant::now() < deadline, "{place}: the call never ends");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    running.kill().await.unwrap();
    // Whatever was still on its way has arrived by now, or never will.
    tokio::time::sleep(Duration::from_millis(if moment == Moment::Done { 0 } else { DELAY + 200 }))
        .await;
    let reached = stage.operations_after(from);
    assert_eq!(reached[..], planned[..reached.len()], "{place}");
    assert!(reached.len() >= index && reached.len() <= index + 1, "{place}: {reached:?}");
    let happened = reached.len() == index + 1;
    assert!(happened || moment == Moment::UnderWay);

    let shown = restarted(stage, &step).await;
    assert_eq!(shown["state"], "unknown", "{place}: {:#}", shown["state_note"]);
    assert!(
        text(&shown, "/state_note").contains(&format!("call {}", index + 1)),
        "{:#}",
        shown["state_note"]
    );
    stage.refuses(&["step", "run", &step], 3, "").await;
    stage.refuses(&["step", "undo", &step], 3, "reconcile").await;
    stage.refuses(&["step", "approve", &step], 3, "").await;
    assert_eq!(stage.operations_after(from), reached, "{place}: nothing more was sent");
    let settled = stage.json(&["step", "reconcile", &step]).await;
    let wanted = if happened && reached.len() == planned.len() { "proven" } else { "failed" };
    assert_eq!(settled["state"], wanted, "{place}: {settled:#}");
    let status = text(&list(&settled, "/run")[index], "/status");
    assert_eq!(
        status,
        if happened { "dispatched" } else { "failed" },
        "{place}: reading found the truth"
    );
    assert_eq!(stage.operations_after(from), reached, "{place}: reconciling only reads");
    stage.refuses(&["step", "run", &step], 3, "").await;
    stage.audit_holds().await;
    if reached.iter().any(|operation| !operation.starts_with("ec2:CreateSnapshot")) {
        assert_eq!(stage.json(&["step", "undo", &step]).await["state"], "undone", "{place}");
    }
}

/// Killed after the intent was written and before the first call: nothing was sent, and it says so.
async fn dies_before_anything_is_sent(stage: &Stage) {
    let step = stage.planned("web-7", ISOLATE).await;
    stage.run(&["step", "approve", &step]).await.ended(0);
    let from = stage.newest_request();
    // Between intent and first call the role is assumed.
    let matches = Some("sts:AssumeRole".to_owned());
    let slow = Fault { matches, count: 1, delay_ms: DELAY, ..Fault::new(Target::Aws, Mode::Slow) };
    stage.sandbox.fault(slow);
    let mut running = start(stage, &step);
    fault_is_played(stage).await;
    running.kill().await.unwrap();
    let shown = restarted(stage, &step).await;
    assert_eq!(shown["state"], "failed", "{:#}", shown["state_note"]);
    stage.refuses(&["step", "run", &step], 3, "").await;
    assert_eq!(stage.operations_after(from), [""; 0]);
    // A new plan may try again.
    stage.planned("web-7", ISOLATE).await;
}

/// A command that takes the workspace over marks what was interrupted; then the step is shown.
async fn restarted(stage: &Stage, step: &str) -> Value {
    stage.json(&["incidents", "assign", "INC-1", "me"]).await;
    stage.step(step).await
}

fn start(stage: &Stage, step: &str) -> Child {
    let mut command = stage.command(&["step", "run", step]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until the ordered fault has met its request.
async fn fault_is_played(stage: &Stage) {
    let url = format!("{}/fault", stage.sandbox.ready().control_url);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
        if list(&said, "/faults").is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "the call was never sent");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn signal(child: &Child, signal: &str) {
    let id = child.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
}
