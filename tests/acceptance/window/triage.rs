//! The queue worked through by keyboard in the real window: several selected, closed for one reason,
//! merged, and all of it taken back.

use firebreak_sandbox::Options;
use serde_json::json;

use super::page::{ENTER, Page};
use super::rig::Rig;

const ROWS: &str = "[...document.querySelectorAll('[data-testid=\"queue-row\"]')]";

async fn selected(page: &Page, count: usize) {
    let all = format!("{ROWS}.filter((row) => row.dataset.selected === 'true').length === {count}");
    page.until(&format!("{count} selected rows"), &all).await;
}

async fn open(page: &Page) -> u64 {
    page.invoke("queue_counts", json!({})).await.unwrap()["open"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_queue_is_cleared_by_keyboard_and_put_back() {
    let Some(mut rig) = Rig::start("triage", Options::default()).await else { return };
    let page = &rig.page;
    page.all_is_read().await;
    let before = open(page).await;
    assert!(before >= 5, "{before} incidents are too few for this");
    page.until("all of the queue", &format!("{ROWS}.length === {before}")).await;
    page.press(&['j']).await;

    page.press(&['x', 'J', 'J']).await;
    selected(page, 3).await;
    page.see("queue-selection").await;
    page.press(&['e']).await;
    page.see("close-dialog").await;
    page.click("close-false_positive").await;
    page.click("cause-test").await;
    page.type_into("close-reason", "our own scanner").await;
    page.press(&[ENTER]).await;
    let shut = "document.querySelector('[data-testid=\"close-dialog\"]') === null";
    page.until("the dialog is gone", shut).await;
    selected(page, 0).await;
    assert_eq!(open(page).await, before - 3);

    page.press(&['z']).await;
    page.until("all rows are back", &format!("{ROWS}.length === {before}")).await;
    let counted = "(await window.__TAURI_INTERNALS__.invoke('queue_counts')).open";
    let script = format!("const done = arguments[0]; (async () => done({counted}))();");
    assert_eq!(page.run_async(&script, Vec::new()).await, json!(before));

    page.press(&['k', 'k', 'k', 'k', 'x', 'J']).await;
    selected(page, 2).await;
    page.press(&['m']).await;
    page.see("merge-dialog").await;
    page.click("merge-confirm").await;
    let shut = "document.querySelector('[data-testid=\"merge-dialog\"]') === null";
    page.until("the dialog is gone", shut).await;
    assert_eq!(open(page).await, before - 1);
    page.press(&[ENTER]).await;
    page.see("incident-title").await;
    rig.close().await;
}
