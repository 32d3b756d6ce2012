//! The sources page in the real window: every vendor polled, one added by its form, an alert beside
//! what was read from it, and a source told what became of it.

use std::collections::BTreeSet;

use firebreak_sandbox::Options;
use serde_json::json;

use super::page::Page;
use super::rig::Rig;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sources_are_seen_added_filled_up_and_told() {
    let Some(mut rig) = Rig::start("sources", Options::vendors()).await else { return };
    let page = &rig.page;
    page.press(&['g', 's']).await;
    page.see("sources-page").await;
    let all_well = "[...document.querySelectorAll('[data-testid=\"source-row\"]')].filter((row) => row.dataset.health === 'ok').length === 4";
    page.until("four sources that are well", all_well).await;

    add_the_same_tenant_again(&rig).await;
    fill_up(page).await;
    read_an_alert(page).await;
    tell_the_sources(page).await;
    rig.close().await;
}

/// By the form that the vendor's own facts draw; it is tested at once.
async fn add_the_same_tenant_again(rig: &Rig) {
    let page = &rig.page;
    let wiz = rig.sandbox.ready().wiz.clone().unwrap();
    page.press(&['a']).await;
    page.see("source-add-page").await;
    let vendors: BTreeSet<String> =
        page.attributes("vendor-choice", "data-vendor").await.into_iter().collect();
    let known = ["lacework", "orca", "prisma", "sqs", "wiz"].map(str::to_owned);
    assert_eq!(vendors, BTreeSet::from(known));
    page.click("vendor-choice").await;
    page.see("source-form").await;
    page.type_into("source-field-api_url", &wiz.api_url).await;
    page.type_into("source-field-client_id", &wiz.client_id).await;
    page.now("(document.querySelector('[data-testid=\"source-more\"] summary').click(), true)")
        .await;
    page.clear("source-field-auth_url").await;
    page.type_into("source-field-auth_url", &wiz.auth_url).await;
    page.type_into("source-secret", &wiz.client_secret).await;
    page.clear("source-name").await;
    page.type_into("source-name", "wiz-again").await;
    page.click("source-submit").await;
    let well = "document.querySelector('[data-testid=\"source-added\"] [data-testid=\"source-checks\"], [data-testid=\"source-checks\"]')?.dataset.ok === 'true'";
    page.until("its checks are all well", well).await;
    let shown = page.now("document.documentElement.outerHTML").await;
    let shown = shown.as_str().unwrap_or_default().to_owned();
    assert!(!shown.contains(&wiz.client_secret), "a secret is never shown");
    page.click("source-done").await;
    page.see("sources-page").await;
}

async fn fill_up(page: &Page) {
    page.press(&['b']).await;
    page.see("backfill-dialog").await;
    page.click("backfill-start").await;
    let done = "document.querySelector('[data-testid=\"source-panel\"]')?.innerText.includes('back-filled')";
    page.until("a back-fill that is complete", done).await;
}

/// A finding's fields stand beside the bytes they were read from.
async fn read_an_alert(page: &Page) {
    let row = "(await window.__TAURI_INTERNALS__.invoke('list_incidents', { query: { limit: 50 } })).rows.find((row) => row.asset_name === 'web-7')?.id ?? null";
    let script = format!("const done = arguments[0]; (async () => done({row}))();");
    let incident = page.run_async(&script, Vec::new()).await;
    let incident = incident.as_str().expect("an incident about web-7").to_owned();
    page.now(&format!("(location.hash = '#/incident/{incident}')")).await;
    page.see("incident-title").await;
    page.click("why-findings").await;
    // By keyboard: the button may lie below the fold of its column.
    page.see("finding-raw").await;
    page.now("(document.querySelector('[data-testid=\"finding-raw\"]').focus(), true)").await;
    page.press(&[super::page::ENTER]).await;
    page.see("raw-json").await;
    page.see("raw-field").await;
    let said = page.attributes("raw-field", "data-said").await;
    assert!(said.iter().filter(|said| *said == "found").count() > 5, "{said:?}");
    page.press(&[super::page::ESCAPE]).await;
    page.until(
        "the alert is put away",
        "document.querySelector('[data-testid=\"raw-alert\"]') === null",
    )
    .await;
}

/// In phase 2, which the sandbox is in; every order ends as the vendor says.
async fn tell_the_sources(page: &Page) {
    page.click("write-back").await;
    page.see("write-back-dialog").await;
    page.click("write-back-status-in_progress").await;
    page.type_into("write-back-comment", "Isolated; the image is being looked at.").await;
    page.click("write-back-send").await;
    let settled = "(() => { const orders = [...document.querySelectorAll('[data-testid=\"write-back-order\"]')]; return orders.length > 0 && orders.every((order) => ['written', 'already_so', 'impossible'].includes(order.dataset.state)) && orders.some((order) => order.dataset.state === 'written'); })()";
    page.until("every order is settled", settled).await;
    let told = page.invoke("list_audit", json!({ "before": null, "limit": 200 })).await.unwrap();
    let kinds: Vec<&str> = told["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["kind"].as_str())
        .collect();
    assert!(
        kinds.contains(&"write_back_asked") && kinds.contains(&"write_back_settled"),
        "{kinds:?}"
    );
}
