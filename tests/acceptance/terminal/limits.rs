//! What policy and phases hold back: production, phase 1; and the key that somebody stole.

use firebreak_sandbox::Options;

use super::account::Judge;
use super::said::{list, text};
use super::stage::Stage;

const WRITE_SECRET: &str = "cloud/123456789012/write";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_key_stops_working_and_works_again() {
    let Some(stage) = Stage::start("stolen_key", Options::everything()).await else { return };
    let mut judge = Judge::start(&stage).await;
    assert!(judge.stolen_key_works(&stage).await, "the thief can sign in");
    let before = judge.keys("deploy-bot").await;
    stage.run(&["poll"]).await.ended(0);
    let step = stage.planned("deploy-bot", "aws.iam.deactivate_access_key").await;
    let shown = stage.step(&step).await;
    assert_eq!(shown["mandatory"], true);
    assert_eq!(shown["verdict"]["approvals_needed"], 1, "the key is of its owner's environment");
    stage.json(&["step", "approve", &step]).await;
    assert!(judge.stolen_key_works(&stage).await, "a signature switches nothing off");
    assert_eq!(stage.json(&["step", "run", &step]).await["state"], "proven");
    assert!(!judge.stolen_key_works(&stage).await, "the thief is out");
    let stolen = &stage.sandbox.ready().aws.as_ref().unwrap().stolen_key_id;
    let mut expected = before.clone();
    expected.insert(stolen.clone(), "Inactive".to_owned());
    assert_eq!(judge.keys("deploy-bot").await, expected, "the pipeline's key was left alone");
    assert_eq!(stage.operations_after(0), ["iam:UpdateAccessKey"]);
    assert_eq!(stage.incident_about("deploy-bot").await["state"], "contained");

    stage.run(&["step", "undo", &step]).await.ended(0).says("undone");
    assert!(judge.stolen_key_works(&stage).await, "the key works again");
    assert_eq!(judge.keys("deploy-bot").await, before);
    assert_eq!(stage.operations_after(0), ["iam:UpdateAccessKey"; 2]);
    stage.audit_holds().await;
    production_needs_two(&stage).await;
    phase_one_changes_nothing(&stage, &mut judge).await;
    stage.no_secret_leaked();
}

/// One person is one signature, however often they sign.
async fn production_needs_two(stage: &Stage) {
    let from = stage.newest_request();
    let step = stage.planned("web-3", "aws.ec2.isolate").await;
    let shown = stage.step(&step).await;
    assert_eq!(shown["verdict"]["approvals_needed"], 2, "{:#}", shown["verdict"]);
    let rules = list(&shown, "/verdict/rules");
    assert!(rules.iter().any(|rule| rule["id"] == "production-two-approvals"), "{rules:#?}");
    stage.run(&["step", "approve", &step]).await.ended(0);
    assert_eq!(stage.step(&step).await["state"], "proposed", "one signature of two");
    stage.refuses(&["step", "run", &step], 3, "2").await;
    stage.refuses(&["step", "approve", &step], 3, "signed this already").await;
    let digest = text(&shown, "/digest");
    stage.refuses(&["step", "approve", &step, "--digest", digest], 3, "signed this already").await;
    stage.refuses(&["step", "run", &step], 3, "2").await;
    assert_eq!(list(&stage.step(&step).await, "/approvals").len(), 1);
    assert_eq!(stage.operations_after(from), [""; 0], "nothing of production was touched");
    stage.audit_holds().await;
}

/// In phase 1 there is nothing that could change a cloud, and nothing that would need its key.
async fn phase_one_changes_nothing(stage: &Stage, judge: &mut Judge) {
    let before = judge.instance(stage, "web-7").await;
    // Signed while that was allowed: the signature must not outlive the phase.
    let signed = stage.planned("web-7", "aws.ec2.isolate").await;
    stage.run(&["step", "approve", &signed]).await.ended(0);
    stage.run(&["phase", "1"]).await.ended(0).says("read-only");
    assert_eq!(stage.bus.forget(WRITE_SECRET), 1, "the write secret is gone from the keychain");
    let from = stage.newest_request();
    stage.refuses(&["step", "run", &signed], 3, "phase 1").await;
    stage.refuses(&["step", "approve", &signed], 3, "").await;

    stage.run(&["poll"]).await.ended(0);
    let row = stage.incident_about("web-7").await;
    let label = text(&row, "/label");
    let plan = stage.json(&["plan", label]).await;
    assert!(!list(&plan, "/steps").is_empty());
    for step in list(&plan, "/steps") {
        let id = text(step, "/id");
        let shown = stage.step(id).await;
        assert_eq!(shown["verdict"]["kind"], "denied", "{shown:#}");
        for can in ["approve", "run", "undo"] {
            assert_eq!(shown["can"][can], false, "{can} in {shown:#}");
        }
        stage.refuses(&["step", "approve", id], 3, "phase 1").await;
        stage.refuses(&["step", "run", id], 3, "").await;
        stage.refuses(&["step", "undo", id], 3, "").await;
    }
    for words in [
        &["incidents", "show", label][..],
        &["graph", label],
        &["cloud", "test", "acme"],
        &["stats"],
    ] {
        stage.json(words).await;
    }
    assert_eq!(stage.operations_after(from), [""; 0], "phase 1 sent a change");
    let asked = stage.sandbox.ledger().requests(Some("aws"), from);
    assert!(asked.iter().any(|call| call.operation == "ec2:DescribeInstances"), "it reads");
    let tried = asked.iter().find(|call| call.dry_run && !call.operation.contains(":Describe"));
    assert_eq!(tried.map(|call| &call.operation), None, "not even a dry run of a change");
    let assumed = asked.iter().find(|call| call.operation.contains("AssumeRole"));
    assert_eq!(assumed.map(|call| &call.operation), None, "no session that could change anything");
    assert_eq!(judge.instance(stage, "web-7").await, before);
    stage.audit_holds().await;
}
