//! What burns, in the real window: the map and the list say the same, a wall has no controls, and the
//! clocks are the team's.

use firebreak_sandbox::Options;
use serde_json::json;

use super::page::{ESCAPE, Page};
use super::rig::Rig;

async fn roles(page: &Page, expression: &str) -> Vec<String> {
    let script = format!("JSON.stringify({expression}.sort())");
    serde_json::from_str(page.now(&script).await.as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commander_sees_what_burns() {
    let Some(mut rig) = Rig::start("commander", Options::default()).await else { return };
    let page = &rig.page;
    page.all_is_read().await;
    page.press(&['g', 'c']).await;
    page.see("commander-node").await;
    let open = page.invoke("queue_counts", json!({})).await.unwrap()["open"].as_u64().unwrap();
    let shown = format!(
        "document.querySelector('[data-testid=\"commander-numbers\"] b')?.textContent === '{open}'"
    );
    page.until("the number of open incidents", &shown).await;

    let drawn = "[...document.querySelectorAll('[data-testid=\"commander-node\"]')].map((node) => node.dataset.role)";
    let on_map = roles(page, drawn).await;
    assert!(on_map.iter().any(|role| role == "compromised"), "{on_map:?}");
    page.press(&['v']).await;
    page.see("commander-list").await;
    let said = "[...document.querySelectorAll('[data-testid=\"commander-list\"] li')].map((line) => line.firstElementChild.className.split(' ')[0])";
    let listed = roles(page, said).await;
    let burning = |roles: &[String]| roles.iter().filter(|role| *role == "compromised").count();
    assert!(burning(&listed) >= burning(&on_map), "the list leaves nothing out: {listed:?}");
    page.press(&['v']).await;
    page.see("commander-map").await;

    // One page of it, written by the program; the window names no path.
    page.press(&['p']).await;
    let said = "[...document.querySelectorAll('.toast')].map((toast) => toast.textContent).find((text) => text.includes('Saved as')) ?? null";
    page.until("where the page was saved", said).await;
    let exported = page.invoke("export_overview", json!({})).await;
    assert!(exported.is_err(), "a query is asked for");
    let exported = page.invoke("export_overview", json!({ "query": {} })).await.unwrap();
    let path = exported["path"].as_str().unwrap();
    assert!(path.ends_with(".pdf"), "{path}");
    assert!(std::fs::read(path).unwrap().starts_with(b"%PDF-"), "{path}");

    page.press(&['w']).await;
    let bare = "document.querySelector('nav.rail') === null && document.querySelector('[data-testid=\"commander-wall\"]') === null";
    page.until("a wall without controls", bare).await;
    page.see("commander-node").await;
    page.press(&[ESCAPE]).await;
    page.see("commander-wall").await;

    page.now("(location.hash = '#/settings/clocks', true)").await;
    page.see("clocks-save").await;
    page.clear("clock-acknowledge-critical").await;
    page.type_into("clock-acknowledge-critical", "5h").await;
    let refused = "document.querySelector('[data-testid=\"clocks-save\"]').disabled";
    page.until("a target that nobody can keep is not saved", refused).await;
    page.clear("clock-acknowledge-critical").await;
    page.type_into("clock-acknowledge-critical", "20m").await;
    page.click("clocks-save").await;
    let saved = "document.querySelector('.foot').textContent.includes('Nothing is changed')";
    page.until("it is saved", saved).await;
    let targets = page.invoke("get_clock_targets", json!({})).await.unwrap();
    assert_eq!(
        targets[0],
        json!({ "severity": "critical", "acknowledge": 20, "contain": 60 }),
        "{targets:#}"
    );

    page.press(&['g', 'q']).await;
    page.click("sort-clock").await;
    let dues = "(() => { const due = [...document.querySelectorAll('[data-testid=\"queue-row\"] .age time')].map((time) => time.dateTime).filter((_, at) => at % 2 === 0); return due.length > 2 && due.every((time, at) => at === 0 || due[at - 1] <= time); })()";
    page.until("what is due first is first", dues).await;
    rig.close().await;
}
