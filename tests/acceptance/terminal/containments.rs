//! What was changed is held: read again, raised when somebody changes it back, ended with the undo.

use firebreak_sandbox::Options;

use super::account::Judge;
use super::said::text;
use super::stage::{Stage, step_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_back_is_found_and_told() {
    let Some(stage) = Stage::start("containments", Options::everything()).await else { return };
    let mut judge = Judge::start(&stage).await;
    let before = judge.instance(&stage, "web-7").await;
    stage.run(&["containments"]).await.ended(0).says("nothing is contained");
    stage.run(&["poll"]).await.ended(0);
    let label = text(&stage.incident_about("web-7").await, "/label").to_owned();
    let step = step_of(&stage.json(&["plan", &label]).await, "aws.ec2.isolate");
    stage.run(&["step", "approve", &step]).await.ended(0);
    stage.run(&["step", "run", &step]).await.ended(0).says("proven");

    let board = stage.json(&["containments"]).await;
    assert_eq!(board["counts"]["active"], 1);
    assert_eq!(text(&board, "/leases/0/standing"), "holds");
    assert_eq!(text(&board, "/leases/0/step"), step);
    assert!(board["leases"][0]["owner"].is_string(), "somebody's: {board:#}");
    let changes = stage.newest_request();
    stage.json(&["containments", "prove", &step]).await;
    assert_eq!(stage.operations_after(changes), [""; 0], "looking changes nothing");

    // Somebody, or their pipeline, puts one interface of three back.
    let (interface, groups) = before.interfaces.first_key_value().unwrap();
    let held = judge.instance(&stage, "web-7").await.interfaces[interface].clone();
    judge.regroup(interface, groups).await;
    let read = stage.json(&["containments", "prove", &step]).await;
    assert_eq!((text(&read, "/standing"), text(&read, "/step_state")), ("broken", "refuted"));
    assert!(text(&read, "/note").contains(interface), "{read:#}");
    assert_eq!(stage.incident_about("web-7").await["state"], "containing");
    stage.run(&["containments"]).await.ended(0).says("1 changed back").says("broken");
    judge.regroup(interface, &held).await;
    let read = stage.json(&["containments", "prove", &step]).await;
    assert_eq!((text(&read, "/standing"), text(&read, "/step_state")), ("holds", "proven"));
    assert_eq!(stage.incident_about("web-7").await["state"], "contained");

    stage.run(&["containments", "renew", &step, "3d"]).await.ended(0).says("review in");
    stage.refuses(&["containments", "renew", &step, "31d"], 1, "30 days").await;
    stage.run(&["containments", "hand", &step, "bo"]).await.ended(0).says("bo");
    stage.refuses(&["containments", "release", &step, "--reason", " "], 1, "reason").await;
    stage.refuses(&["containments", "prove", "stp_0"], 1, "stp_0").await;

    stage.run(&["step", "approve", &step, "--undo"]).await.ended(0);
    stage.run(&["step", "undo", &step]).await.ended(0).says("undone");
    assert_eq!(judge.instance(&stage, "web-7").await, before);
    stage.run(&["containments"]).await.ended(0).says("nothing is contained");
    stage.run(&["containments", "list", "--all"]).await.ended(0).says("over: undone");
    stage.refuses(&["containments", "prove", &step], 3, "over").await;
    stage.audit_holds().await;
}
