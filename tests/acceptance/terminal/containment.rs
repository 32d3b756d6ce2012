//! The main job from the alert to the proof and back, on the terminal.

use firebreak_sandbox::Options;
use serde_json::Value;

use super::account::{Judge, planned_operations};
use super::said::{list, text};
use super::stage::{Stage, step_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miner_is_isolated_proven_and_let_go_again() {
    let Some(mut stage) = Stage::start("containment", Options::everything()).await else { return };
    // Whatever is logged must not hold a secret, so log a lot.
    stage.log = "debug";
    let mut judge = Judge::start(&stage).await;
    let before = judge.instance(&stage, "web-7").await;
    assert_eq!(before.interfaces.len(), 3, "the scenario's instance has three interfaces");

    let polled = stage.json(&["poll", "--once"]).await;
    assert!(
        polled[0]["findings"].as_u64() > Some(4) && polled[0]["not_understood"] == 0,
        "{polled:#}"
    );
    let label = read_the_incident(&stage).await;

    let plan = stage.json(&["plan", &label]).await;
    let step = step_of(&plan, "aws.ec2.isolate");
    assert_eq!(text(&plan, "/steps/0/id"), step, "isolating is ranked first");
    let steps = plan["steps"].as_array().map_or(0, Vec::len);
    assert_eq!(plan["cut"]["steps"].as_array().map(Vec::len), Some(steps), "all are weighed");
    let said = text(&plan, "/cut/said").to_owned();
    stage.run(&["plan", &label]).await.ended(0).says("mandatory").says(&said);
    // A new plan has new steps.
    let step =
        step_of(&stage.json(&["incidents", "show", &label]).await["plan"], "aws.ec2.isolate");
    let shown = stage.step(&step).await;
    let planned = planned_operations(&shown, "/calls");
    let digest = text(&shown, "/digest").to_owned();
    stage.run(&["step", "show", &step]).await.ended(0).says(&digest).says("exactly these calls");
    stage.run(&["policy", "explain", &step]).await.ended(0).says("1 approvals").says("cap: 0 of ");
    stage.run(&["policy", "test", &step]).await.ended(0).says("in force: needs 1 approval");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/policies");
    let tried = stage.json(&["policy", "backtest", "--policies", shipped]).await;
    assert!(tried["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{tried:#}");
    let differs = |step: &Value| step["differs"] == true;
    assert!(!tried["steps"].as_array().is_some_and(|steps| steps.iter().any(differs)), "{tried:#}");

    stage.refuses(&["step", "run", &step], 3, "0 of 1 approvals").await;
    stage.refuses(&["step", "undo", &step], 3, "undone").await;
    stage.refuses(&["step", "reconcile", &step], 3, "nothing is unknown").await;
    stage.refuses(&["step", "approve", &step, "--digest", &"0".repeat(64)], 3, "changed").await;
    assert_eq!(stage.operations_after(0), [""; 0], "nothing was changed before anybody signed");
    let signed = stage.json(&["step", "approve", &step, "--digest", &digest]).await;
    assert_eq!(signed["digest"], digest.as_str());
    assert_eq!(stage.operations_after(0), [""; 0], "a signature runs nothing");

    let ran = stage.json(&["step", "run", &step]).await;
    assert_eq!(ran["state"], "proven");
    assert_proven(&ran);
    assert_eq!(
        stage.operations_after(0),
        planned,
        "exactly the calls that were shown, once each, in order"
    );
    let isolated = judge.instance(&stage, "web-7").await;
    isolated.assert_cut_off(3);
    assert_eq!(isolated.scaling.as_deref(), Some("Standby"));
    assert_eq!(isolated.state, "running", "memory stays for the investigation");
    assert_eq!(judge.snapshots(&before.volumes).await, before.volumes, "one snapshot of each disk");
    assert_eq!(stage.incident_about("web-7").await["state"], "contained");
    let view = stage.json(&["overview"]).await;
    assert_eq!(view["contained"], 1, "the commander sees it: {view:#}");
    stage.refuses(&["step", "run", &step], 3, "proven").await;
    stage.refuses(&["step", "approve", &step], 3, "can't be approved").await;
    stage.refuses(&["plan", &label], 3, "undo it").await;

    let ran_until = stage.newest_request();
    let signed = stage.json(&["step", "approve", &step, "--undo"]).await;
    assert_eq!(stage.operations_after(ran_until), [""; 0], "a signature runs nothing");
    let undone = stage.json(&["step", "undo", &step]).await;
    assert_eq!(undone["state"], "undone");
    assert_eq!(stage.operations_after(ran_until), planned_operations(&signed, "/document/calls"));
    assert_eq!(judge.instance(&stage, "web-7").await, before, "the undo brought everything back");
    stage.refuses(&["step", "undo", &step], 3, "undone").await;

    read_the_log(&stage).await;
    stage.json(&["stats"]).await;
    stage.run(&["demo"]).await.ended(0).says("proven").says("undone");
    assert_eq!(judge.instance(&stage, "web-7").await, before, "the demo leaves nothing behind");
    let sentence = stage.json(&["demo"]).await;
    assert_eq!(
        (&sentence["run"]["state"], &sentence["audit"]["ok"]),
        (&"proven".into(), &true.into())
    );
    stage.audit_holds().await;
    // The ready file is the sandbox's, not the product's, and lies outside the workspace.
    stage.no_secret_leaked();
}

/// What an analyst must know, in both kinds of output. Answers the incident's label.
async fn read_the_incident(stage: &Stage) -> String {
    let row = stage.incident_about("web-7").await;
    assert_eq!((&row["severity"], &row["state"]), (&"critical".into(), &"new".into()));
    let label = text(&row, "/label").to_owned();
    let listed =
        stage.json(&["incidents", "list", "--severity", "critical", "--query", "miner"]).await;
    assert!(list(&listed, "/rows").iter().any(|row| row["label"] == label.as_str()), "{listed:#}");
    stage.run(&["incidents", "list", "--severity", "worse"]).await.ended(2).says("severity");
    stage.run(&["incidents", "sing"]).await.ended(2);
    stage.refuses(&["incidents", "show", "INC-999"], 1, "INC-999").await;
    stage.refuses(&["step", "show", "stp_0"], 1, "stp_0").await;
    stage.run(&["incidents", "list"]).await.ended(0).says(&label);

    // The plan's first step is to gather context.
    stage.json(&["plan", &label, "--planner", "playbook"]).await;
    stage.run(&["plan", &label, "--planner", "oracle"]).await.ended(2).says("oracle");
    let shown = stage.json(&["incidents", "show", &label]).await;
    for (pointer, wanted) in [
        ("/asset/environment", "staging"),
        ("/asset/region", "eu-central-1"),
        ("/asset/account", "123456789012"),
        ("/asset/cloud_state", "running"),
    ] {
        assert!(text(&shown, pointer).contains(wanted), "{pointer}: {:#}", shown["asset"]);
    }
    assert!(list(&shown, "/findings").len() >= 3, "the issues of one instance are one incident");
    stage.run(&["incidents", "show", &label]).await.ended(0).says("staging").says("timeline");
    let finding = text(&shown, "/findings/0/id");
    let raw = stage.json(&["incidents", "raw", finding]).await;
    assert!(
        text(&raw, "/body").contains(text(&shown, "/findings/0/vendor_id")),
        "the alert, verbatim"
    );

    let graph = stage.json(&["graph", &label]).await;
    let edges = list(&graph, "/edges");
    assert!(
        !edges.is_empty() && edges.iter().all(|edge| !text(edge, "/reason").is_empty()),
        "{graph:#}"
    );
    stage.run(&["graph", &label]).await.ended(0).says("customer-exports");
    label
}

fn assert_proven(step: &Value) {
    assert_eq!(step["proof"]["outcome"], "proven");
    let checks = list(step, "/proof/checks");
    assert!(
        !checks.is_empty() && checks.iter().all(|check| check["outcome"] == "proven"),
        "{checks:#?}"
    );
}

/// All of it is on record, and the record holds.
async fn read_the_log(stage: &Stage) {
    let kinds = stage.records().await;
    for kind in [
        "policy_changed",
        "alerts_stored",
        "incident_opened",
        "plan_proposed",
        "step_approved",
        "intent_written",
        "call_sending",
        "call_answered",
        "intent_ended",
        "proof_read",
        "undo_drafted",
    ] {
        assert!(kinds.iter().any(|known| known == kind), "no record of {kind}: {kinds:?}");
    }
    let verdict = stage.audit_holds().await;
    assert_eq!(verdict["anchor"], "agrees");
    assert_eq!(verdict["size"], kinds.len());
    stage.run(&["audit", "show"]).await.ended(0).says("proof_read");
}
