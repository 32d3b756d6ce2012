//! Every page in both themes and at both sizes: it fits, and `cargo xtask shots` keeps the pictures.

use std::env;
use std::path::PathBuf;

use firebreak_sandbox::Options;
use serde_json::json;

use super::page::Page;
use super::rig::Rig;

/// Where pictures are kept; without it they are taken, measured and dropped.
const FOLDER_VARIABLE: &str = "FIREBREAK_SHOTS";
const SIZES: [(u32, u32); 2] = [(1440, 900), (1024, 700)];
const THEMES: [&str; 2] = ["dark", "light"];
/// A page that drew nothing compresses to less.
const LEAST_BYTES: usize = 12_000;
const MOST_BYTES: usize = 600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shots_every_page_fits_in_both_themes_and_sizes() {
    let options = Options { aws: true, model: true, ..Options::vendors() };
    let Some(mut rig) = Rig::start("shots", options).await else { return };
    let page = &rig.page;
    let row = "[...document.querySelectorAll('[data-testid=\"queue-row\"]')].find((row) => row.innerText.includes('web-7'))?.dataset.incident ?? null";
    let incident =
        page.until("the miner in the queue", row).await.as_str().unwrap_or_default().to_owned();
    settled(page, &incident).await;

    page.press(&['j']).await;
    shoot(page, "queue").await;
    page.now(&format!("(location.hash = '#/incident/{incident}')")).await;
    page.see("reach-canvas").await;
    page.see("step-card").await;
    shoot(page, "incident").await;
    page.click("step-review").await;
    page.see("step-digest").await;
    shoot(page, "step").await;

    page.click("step-approve").await;
    page.go_to_approval().await;
    page.see("approval-sign").await;
    for theme in THEMES {
        page.now(&format!("(document.documentElement.dataset.theme = '{theme}')")).await;
        keep(page, &format!("approval-{theme}")).await;
    }
    page.click_to_close("approval-not-now").await;
    page.only_main_is_open().await;

    page.press(&['g', 'a']).await;
    page.see("audit-row").await;
    page.click("audit-verify").await;
    page.until(
        "a verified log",
        "document.querySelector('[data-testid=\"audit-verdict\"]')?.dataset.anchor === 'agrees'",
    )
    .await;
    shoot(page, "audit").await;
    page.press(&['g', 'c']).await;
    page.see("commander-node").await;
    shoot(page, "commander").await;
    page.press(&['g', 's']).await;
    let all_well = "[...document.querySelectorAll('[data-testid=\"source-row\"]')].filter((row) => row.dataset.health === 'ok').length === 4";
    page.until("four sources that are well", all_well).await;
    shoot(page, "sources").await;
    page.press(&['a']).await;
    page.see("vendor-choice").await;
    shoot(page, "source-add").await;
    page.now("(location.hash = '#/settings/phase')").await;
    page.see("settings-phase").await;
    shoot(page, "settings-phase").await;
    rig.close().await;
}

/// Waits until the incident has its plan and the model's words, so that pictures show them.
async fn settled(page: &Page, incident: &str) {
    for _ in 0..200 {
        let view = page.invoke("get_incident", json!({ "id": incident })).await.unwrap();
        if view["plan"].is_object() && view["assessment"]["author"] == json!("model") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the incident has no plan, or the model never spoke");
}

async fn shoot(page: &Page, name: &str) {
    for (width, height) in SIZES {
        page.resize(width, height).await;
        for theme in THEMES {
            choose(page, theme).await;
            let narrow = if (width, height) == SIZES[0] { "" } else { "-narrow" };
            keep(page, &format!("{name}-{theme}{narrow}")).await;
        }
    }
    let (width, height) = SIZES[0];
    page.resize(width, height).await;
}

/// Clicks the toggle until the page has the theme.
async fn choose(page: &Page, theme: &str) {
    let shown = format!("document.documentElement.dataset.theme === '{theme}'");
    for _ in 0..3 {
        if page.now(&shown).await == json!(true) {
            return;
        }
        page.click("theme-toggle").await;
    }
    page.until(theme, &shown).await;
}

async fn keep(page: &Page, name: &str) {
    // Fonts and the graph's layout come a moment after the page.
    page.run_async("const done = arguments[0]; document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 250))));", Vec::new()).await;
    let overflow = page.now("[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]").await;
    assert_eq!(overflow, json!([0, 0]), "{name} is larger than its window");
    let picture = page.picture().await;
    assert!((LEAST_BYTES..MOST_BYTES).contains(&picture.len()), "{name}: {} bytes", picture.len());
    if let Some(folder) = env::var_os(FOLDER_VARIABLE).map(PathBuf::from) {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}
