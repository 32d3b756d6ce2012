//! AWS fails at each call that changes something: refused, cut before it arrived, answer lost after
//! it took effect. Never proven, never repeated, found out by reading, undone.

use firebreak_sandbox::Options;
use firebreak_sandbox::faults::{Fault, Mode, Target};
use serde_json::Value;

use super::account::{Connected, Judge, planned_operations};
use super::said::{list, text};
use super::stage::Stage;

const ISOLATE: &str = "aws.ec2.isolate";
/// Refused with certainty; never arrived; took effect, but nobody was told.
const WAYS: [Mode; 3] = [Mode::Forbidden, Mode::Cut, Mode::Lost];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_half_of_an_isolation_may_fail_anywhere() {
    half("aws_faults_first_half", |index, count| index < count / 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_half_of_an_isolation_may_fail_anywhere() {
    half("aws_faults_second_half", |index, count| index >= count / 2).await;
}

async fn half(test: &str, mine: impl Fn(usize, usize) -> bool) {
    let Some(stage) = Stage::start(test, Options { model: false, ..Options::everything() }).await
    else {
        return;
    };
    let mut judge = Judge::start(&stage).await;
    stage.run(&["poll"]).await.ended(0);
    let before = judge.instance(&stage, "web-7").await;
    let step = stage.step(&stage.planned("web-7", ISOLATE).await).await;
    let count = list(&step, "/calls").len();
    assert!(count >= 9, "the calls of an isolation: {step:#}");
    for index in (0..count).filter(|index| mine(*index, count)) {
        // A lost answer is the hard case and is tried at each call; the other two take turns.
        let all = std::env::var("FIREBREAK_FAULTS").is_ok_and(|wanted| wanted == "all");
        for way in WAYS {
            if !all && way == WAYS[index % 2] {
                continue;
            }
            fails_at(&stage, &mut judge, &before, index, way).await;
        }
    }
    stage.audit_holds().await;
    stage.no_secret_leaked();
}

async fn fails_at(stage: &Stage, judge: &mut Judge, before: &Connected, index: usize, way: Mode) {
    let place = format!("call {} {way:?}", index + 1);
    let step = stage.planned("web-7", ISOLATE).await;
    let planned = planned_operations(&stage.step(&step).await, "/calls");
    stage.run(&["step", "approve", &step]).await.ended(0);
    let from = stage.newest_request();
    // The n-th request of this operation that is no dry run.
    let skip = planned[..index].iter().filter(|operation| **operation == planned[index]).count();
    let matches = Some(planned[index].clone());
    stage.sandbox.fault(Fault { matches, skip: skip as u64, ..Fault::new(Target::Aws, way) });

    let said = stage.run(&["step", "run", &step, "--json"]).await.ended(1);
    stage.heal(Target::Aws);
    assert!(
        said.err.contains(&format!("call {}", index + 1)),
        "{place}: it says which call: {said}"
    );
    let ran = said.document();
    assert_eq!(
        sent(stage, from),
        planned[..=index],
        "{place}: each once, the later ones not at all"
    );
    let certain = way == Mode::Forbidden;
    assert_eq!(ran["state"], if certain { "failed" } else { "unknown" }, "{place}");
    for (later, call) in list(&ran, "/run").iter().enumerate().skip(index) {
        let wanted = match (later == index, certain) {
            (false, _) => "not_sent",
            (true, true) => "failed",
            (true, false) => "unknown",
        };
        assert_eq!(call["status"], wanted, "{place}: {call:#}");
    }
    let shown = stage.step(&step).await;
    assert_eq!(shown["state"], ran["state"], "{place}: after a restart as well");
    stage.refuses(&["step", "run", &step], 3, "").await;
    if !certain {
        stage.refuses(&["step", "undo", &step], 3, "reconcile").await;
        assert_settled(stage, &step, index, planned.len(), way, &place).await;
    }
    let stopped = stage.newest_request();
    let happened = index + usize::from(way == Mode::Lost);
    if happened == 0 {
        stage.refuses(&["step", "undo", &step], 3, "nothing to undo").await;
    } else if planned[..happened]
        .iter()
        .all(|operation| operation.starts_with("ec2:CreateSnapshot"))
    {
        // Snapshots are evidence and stay; there is nothing to put back.
        stage.refuses(&["step", "undo", &step], 3, "nothing to undo").await;
    } else {
        let undone = stage.json(&["step", "undo", &step]).await;
        assert_eq!(undone["state"], "undone", "{place}");
    }
    assert!(!sent(stage, stopped).contains(&planned[0]), "{place}: an undo does not run the step");
    let mut after = judge.instance(stage, "web-7").await;
    after.rules.retain(|group, _| before.rules.contains_key(group));
    assert_eq!(&after, before, "{place}: everything is as it was");
}

/// Reading finds out what happened, and sends nothing to do so.
async fn assert_settled(
    stage: &Stage,
    step: &str,
    index: usize,
    count: usize,
    way: Mode,
    place: &str,
) {
    let from = stage.newest_request();
    let settled = stage.json(&["step", "reconcile", step]).await;
    assert_eq!(sent(stage, from), [""; 0], "{place}: reconciling only reads");
    let all_happened = way == Mode::Lost && index + 1 == count;
    assert_eq!(
        settled["state"],
        if all_happened { "proven" } else { "failed" },
        "{place}: {settled:#}"
    );
    let call = &list(&settled, "/run")[index];
    let status = text(call, "/status");
    let wanted = if way == Mode::Lost { "dispatched" } else { "failed" };
    // A group whose rules of one family are gone is told from one that nobody touched only once
    // both are: until then reading takes the safe side and says that it did not happen.
    if call["operation"] != "ec2:RevokeSecurityGroupEgress" {
        assert_eq!(status, wanted, "{place}: what became of it was read: {:#}", note(&settled));
    }
    stage.refuses(&["step", "run", step], 3, "").await;
}

fn note(step: &Value) -> &Value {
    &step["state_note"]
}

fn sent(stage: &Stage, from: u64) -> Vec<String> {
    stage.operations_after(from)
}
