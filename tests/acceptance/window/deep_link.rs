//! A link to an incident opens the console there, the one that runs if one does; a link to anything else
//! opens it with a sentence.

use firebreak_sandbox::Options;

use super::page::{ESCAPE, Page};
use super::rig::Rig;

async fn shows_incident(page: &Page, id: &str) {
    let there = format!("location.hash === '#/incident/{id}'");
    page.until("the incident of the link", &there).await;
    page.see("incident-title").await;
}

async fn shows_queue(page: &Page) {
    page.press(&[ESCAPE]).await;
    page.until("the queue", "location.hash === '#/queue'").await;
}

async fn says(page: &Page, words: &str) {
    let said = format!(
        "[...document.querySelectorAll('.toast')].some((toast) => toast.textContent.includes('{words}'))"
    );
    page.until(words, &said).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_opens_its_incident_and_nothing_else() {
    let Some((mut rig, id)) = Rig::linked("deep_link", Options::default()).await else { return };
    let page = &rig.page;
    let link = format!("firebreak://incident/{id}");
    shows_incident(page, &id).await;
    shows_queue(page).await;

    let again = rig.start_again(&[&link]).await;
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    shows_incident(page, &id).await;
    shows_queue(page).await;

    rig.start_again(&["firebreak://incident/inc_00000000000070008000000000000000"]).await;
    says(page, "this workspace does not have").await;
    for hostile in [
        format!("{link}?approve=1"),
        format!("{link}/step/stp_1"),
        "firebreak://settings/phase".to_owned(),
        "firebreak://incident/inc_'-alert(1)-'".to_owned(),
        "javascript:alert(1)".to_owned(),
    ] {
        rig.start_again(&[&hostile]).await;
        says(page, "That link leads nowhere").await;
        let toasts = "document.querySelectorAll('.toast').length === 0";
        page.until("what was said is gone", toasts).await;
        page.until("the queue, still", "location.hash === '#/queue'").await;
    }
    rig.close().await;
}
