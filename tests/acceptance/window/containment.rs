//! The main job: from the alert to the proof and back, through the window, by keyboard.

use firebreak_sandbox::Options;
use serde_json::{Value, json};

use super::approval::{self, By};
use super::page::{ENTER, ESCAPE, Page, strings};
use super::rig::Rig;

const MINER: &str = "Cryptocurrency miner";
const ASSET: &str = "web-7";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_analyst_isolates_a_miner_sees_the_proof_and_undoes_it() {
    let Some(mut rig) = Rig::start("containment", Options::everything()).await else { return };
    let before = rig.connected("instance.web-7.id").await;
    assert_eq!(before.interfaces.len(), 3, "the scenario's instance has three interfaces");

    open_the_incident(&rig.page).await;
    read_the_context(&rig.page).await;
    let step = open_the_first_step(&rig.page).await;
    let planned = rig.page.attributes("call-row", "data-operation").await;
    let digest = rig.page.attributes("step-digest", "data-digest").await.concat();
    assert!(
        planned.len() >= 8,
        "snapshots, standby, protection, group and three interfaces: {planned:?}"
    );

    rig.page.press(&[ENTER]).await;
    rig.page.go_to_approval().await;
    rig.page.see("approval-sign").await;
    approval::assert_approval_can_only_confirm(&rig.page, &step.id).await;
    rig.page.go_to_main().await;
    approval::assert_main_cannot_confirm(&rig.page).await;
    assert_eq!(step_state(&rig.page).await, "proposed", "asking for a signature is none");
    assert_eq!(rig.changes_after(0), [], "nothing was changed before anybody signed");
    rig.page.go_to_approval().await;
    approval::sign(&rig.page, &planned, &digest, By::Pointer).await;
    until_state(&rig.page, "approved").await;
    assert_eq!(rig.changes_after(0), [], "a signature runs nothing");

    rig.page.press(&['r']).await;
    until_state(&rig.page, "proven").await;
    assert!(rig.page.text_of("proof-outcome").await.to_lowercase().contains("proven"));
    let outcomes = rig.page.attributes("proof-check", "data-outcome").await;
    assert!(
        !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome == "proven"),
        "{outcomes:?}"
    );
    let sent: Vec<String> = rig.changes_after(0).into_iter().map(|call| call.operation).collect();
    assert_eq!(
        sent, planned,
        "the cloud got exactly the calls that were shown, once each, in order"
    );
    let isolated = rig.connected("instance.web-7.id").await;
    assert_eq!(isolated.interfaces.len(), 3);
    for (interface, groups) in &isolated.interfaces {
        assert_eq!(groups.len(), 1, "{interface} keeps another group: {groups:?}");
        assert_eq!(isolated.rules[&groups[0]], 0, "{interface}'s group lets something through");
    }
    assert_eq!(isolated.scaling.as_deref(), Some("Standby"));
    assert!(isolated.protected, "protected from termination");

    see_that_it_is_held(&rig.page).await;
    undo(&rig).await;
    let after = rig.connected("instance.web-7.id").await;
    assert_eq!(after, before, "the undo brought everything back");

    read_the_audit_log(&rig.page).await;
    rig.close().await;
    let verified = rig.programs.firebreakctl(&rig.home(), &["audit", "verify"]).await;
    let said = String::from_utf8_lossy(&verified.stdout).into_owned()
        + &String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "firebreakctl audit verify: {said}");
}

/// Moves with `j` to the miner on the staging instance and opens it.
async fn open_the_incident(page: &Page) {
    let miner = format!(
        "[...document.querySelectorAll('[data-testid=\"queue-row\"]')].find((row) => row.innerText.includes('{MINER}') && row.innerText.includes('{ASSET}'))?.dataset.incident"
    );
    let wanted = page.until("the miner in the queue", &format!("{miner} ?? null")).await;
    let wanted = format!("row-{}", wanted.as_str().unwrap_or_default());
    let cursor =
        "document.querySelector('[role=listbox]')?.getAttribute('aria-activedescendant') ?? null";
    page.press(&['j']).await;
    page.press(&['k']).await;
    for _ in 0..20 {
        if page.until("a cursor", cursor).await == json!(wanted) {
            page.press(&[ENTER]).await;
            page.see("incident-title").await;
            return;
        }
        page.press(&['j']).await;
    }
    panic!("j never came to the miner");
}

/// What an analyst must know before acting.
async fn read_the_context(page: &Page) {
    assert!(page.text_of("incident-title").await.contains(MINER));
    // Wiz knows some of it; the read of AWS adds the rest a moment later.
    for known in [ASSET, "staging", "eu-central-1", "acme", "running"] {
        let says = format!(
            "document.querySelector('[data-testid=\"asset\"]')?.innerText.includes('{known}')"
        );
        page.until(&format!("{known} in the asset's strip"), &says).await;
    }
    assert!(!page.text_of("assessment").await.is_empty());
    // Its text is longer than the playbook's, so what is below moves when it comes.
    let by_model =
        "document.querySelector('[data-testid=\"assessment\"]')?.dataset.author === 'model'";
    page.until("the model's assessment", by_model).await;
    page.click("why-findings").await;
    page.see("finding").await;
    page.click("why-evidence").await;
    page.see("evidence").await;
    page.click("reach-list").await;
    let table = page.text_of("reach-table").await;
    assert!(table.contains("customer-exports"), "what the role can read is a neighbour: {table}");
    page.click("reach-graph").await;
    page.see("reach-canvas").await;
    // Back to the queue and in again: Enter would be the button's that was clicked last.
    page.press(&[ESCAPE]).await;
    page.see("queue-preview").await;
    page.press(&[ENTER]).await;
}

struct Opened {
    id: String,
}

/// The plan is ranked, isolating comes first; Enter opens it.
async fn open_the_first_step(page: &Page) -> Opened {
    page.see("step-card").await;
    let actions = page.attributes("step-card", "data-action").await;
    assert_eq!(actions.first().map(String::as_str), Some("aws.ec2.isolate"), "{actions:?}");
    assert!(actions.len() > 1, "a checklist, not one step: {actions:?}");
    page.press(&[ENTER]).await;
    page.see("step-detail").await;
    page.see("call-row").await;
    page.see("step-digest").await;
    assert_eq!(step_state(page).await, "proposed");
    Opened { id: page.attributes("step-detail", "data-step").await.concat() }
}

async fn step_state(page: &Page) -> String {
    page.attributes("step-detail", "data-state").await.concat()
}

async fn until_state(page: &Page, state: &str) {
    let shown = "document.querySelector('[data-testid=\"step-detail\"]')?.dataset.state";
    page.until(&format!("the step {state}"), &format!("{shown} === '{state}'")).await;
}

/// It stands on the board of what is held, can be read again, and leads back to its step.
async fn see_that_it_is_held(page: &Page) {
    page.press(&['g', 'h']).await;
    page.see("lease-row").await;
    assert_eq!(page.attributes("lease-row", "data-standing").await, ["holds"]);
    page.press(&['r']).await;
    page.until(
        "the read over",
        "document.querySelector('[data-testid=\"lease-prove\"]:not(:disabled)') !== null",
    )
    .await;
    assert_eq!(page.attributes("lease-row", "data-standing").await, ["holds"]);
    page.press(&['u']).await;
    until_state(page, "proven").await;
}

/// The undo is signed and run like the step itself.
async fn undo(rig: &Rig) {
    let page = &rig.page;
    let ran = rig.newest_request();
    page.press(&['u']).await;
    page.go_to_approval().await;
    page.see("approval-sign").await;
    // Drawn anew from the cloud as it is now, so this window says what will run, not the preview.
    let planned = page.attributes("approval-call", "data-operation").await;
    let digest = page.attributes("approval-digest", "data-digest").await.concat();
    assert!(planned.len() >= 4, "three interfaces and the Auto Scaling group: {planned:?}");
    approval::sign(page, &planned, &digest, By::Key).await;
    page.see("step-run-undo").await;
    page.press(&['r']).await;
    until_state(page, "undone").await;
    let sent: Vec<String> = rig.changes_after(ran).into_iter().map(|call| call.operation).collect();
    assert_eq!(sent, planned, "the undo sent exactly the calls that were shown");
}

/// All of it is on record, and the record holds.
async fn read_the_audit_log(page: &Page) {
    page.press(&['g', 'a']).await;
    page.see("audit-row").await;
    let told = page.invoke("list_audit", json!({ "before": null, "limit": 500 })).await.unwrap();
    let kinds: Vec<&str> = told["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["kind"].as_str())
        .collect();
    let shown = page.attributes("audit-row", "data-kind").await;
    let known = strings(&Value::from(kinds.clone()));
    assert_eq!(shown[..10], known[..10], "the window shows the log, newest first");
    for kind in [
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
        assert!(kinds.contains(&kind), "no record of {kind}: {kinds:?}");
    }
    page.press(&['v']).await;
    let size = kinds.len();
    let whole = format!(
        "document.querySelector('[data-testid=\"audit-verdict\"][data-ok=\"true\"][data-anchor=\"agrees\"]')?.dataset.size >= {size}"
    );
    page.until("the log verified, with the copy outside the database", &whole).await;
}
