//! S6: hostile strings as titles, names, tags and descriptions of alerts: shown, never run.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use firebreak_sandbox::Options;
use serde_json::{Value, json};

use super::page::{Page, strings};
use super::rig::Rig;

/// Strings of one alert: its rule's name, its machine's name, a tag's key and value, its description.
const PER_ALERT: usize = 5;
/// A publishing request holds at most 2 MB.
const PER_REQUEST: usize = 400;
const POLL_PATIENCE: Duration = Duration::from_secs(180);
/// Incidents that are opened as well; the queue shows all of them.
const OPENED: usize = 40;

/// Runs down the list by its scroll bar and remembers every row that was drawn. It goes on by
/// itself in the page, which no driver's time limit ends, until it has stood still at the end.
const SCROLL_THROUGH: &str = "(() => {
    const list = document.querySelector('[role=listbox]');
    const drawn = new Set();
    let still = 0;
    const turn = () => {
        for (const row of document.querySelectorAll('[data-testid=\"queue-row\"]')) drawn.add(row.dataset.incident);
        const before = list.scrollTop;
        list.scrollTop = before + list.clientHeight * 0.8;
        still = list.scrollTop === before ? still + 1 : 0;
        if (still > 60) window.__drawn = [...drawn];
        // Two frames: the list draws the rows that came into view in the first.
        else requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(turn, still === 0 ? 0 : 50)));
    };
    list.scrollTop = 0;
    setTimeout(turn, 500);
    return true;
})()";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hostile_text_is_shown_and_never_runs() {
    let Some(corpora) = env::var_os("FIREBREAK_CORPORA").map(PathBuf::from) else {
        eprintln!("SKIPPED window::hostile_text: FIREBREAK_CORPORA is not set");
        return;
    };
    // Neither account nor model: the text alone is what matters here.
    let options = Options { model: false, rate_limit: None, ..Options::default() };
    let Some(mut rig) = Rig::start("hostile_text", options).await else { return };
    watch(&rig.page).await;
    let hostile = hostile_strings(&corpora);
    assert!(hostile.len() > 5000, "{} strings", hostile.len());

    rig.page.invoke("poll_now", json!({ "source": null })).await.expect("the first poll");
    let before = rows(&rig.page).await;
    let alerts: Vec<&[String]> = hostile.chunks(PER_ALERT).collect();
    publish(&rig, &alerts).await;
    let after = polled(&rig.page, before.len() + alerts.len()).await;

    // The page asks anew, then shows the whole list.
    rig.page.press(&['g', 'a']).await;
    rig.page.see("audit-verify").await;
    rig.page.press(&['g', 'q']).await;
    rig.page.see("queue-row").await;
    rig.page.now(SCROLL_THROUGH).await;
    let drawn = strings(&rig.page.until("the end of the list", "window.__drawn ?? null").await);
    let drawn: BTreeSet<String> = drawn.into_iter().collect();
    let listed: BTreeSet<String> = after.into_iter().collect();
    assert_eq!(listed.difference(&drawn).count(), 0, "rows that were never drawn");
    assert_untouched(&rig.page).await;

    let known: BTreeSet<String> = before.into_iter().collect();
    for incident in listed.difference(&known).step_by(alerts.len() / OPENED) {
        rig.page.now(&format!("(location.hash = '#/incident/{incident}')")).await;
        rig.page.see("incident-title").await;
        rig.page.see("assessment").await;
        rig.page.click("why-findings").await;
        rig.page.see("finding").await;
    }
    assert_untouched(&rig.page).await;
    rig.close().await;
}

/// Polls, and waits until there are so many incidents: every alert is one.
async fn polled(page: &Page, wanted: usize) -> Vec<String> {
    page.now("(void window.__TAURI_INTERNALS__.invoke('poll_now', { source: null }), true)").await;
    let deadline = Instant::now() + POLL_PATIENCE;
    loop {
        let found = rows(page).await;
        if found.len() >= wanted || Instant::now() > deadline {
            assert_eq!(found.len(), wanted, "every alert is an incident, and none is lost");
            return found;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Ids of every incident, page by page.
async fn rows(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut query = json!({ "limit": 500 });
        if !after.is_null() {
            query["after"] = after;
        }
        let mut answer = page.invoke("list_incidents", json!({ "query": query })).await.unwrap();
        found.extend(
            answer["rows"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|row| row["id"].as_str().unwrap_or_default().to_owned()),
        );
        after = answer["next"].take();
        if after.is_null() {
            return found;
        }
    }
}

/// From here on the page remembers what must not happen.
async fn watch(page: &Page) {
    page.now(
        "(() => {
            window.__violations = [];
            document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(event.blockedURI + ' ' + event.effectiveDirective));
            for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = () => { window.__pwned = name; };
            window.__scripts = document.scripts.length;
            return true;
        })()",
    )
    .await;
}

async fn assert_untouched(page: &Page) {
    let found = page
        .now(
            "({
                pwned: window.__pwned ?? null,
                violations: window.__violations,
                scripts: document.scripts.length - window.__scripts,
                foreign: [...document.querySelectorAll('main :is(script, iframe, object, embed, img, video, audio, form, base, link, meta, style)')].map((element) => element.outerHTML.slice(0, 200)),
                loaded: performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => !name.startsWith('tauri://localhost/') && !name.startsWith('ipc://localhost/')),
                handlers: [...document.querySelectorAll('main *')].flatMap((element) => [...element.attributes]).filter((attribute) => attribute.name.startsWith('on')).length,
                address: location.protocol + '//' + location.host,
            })",
        )
        .await;
    let clean = json!({
        "pwned": null, "violations": [], "scripts": 0, "foreign": [], "loaded": [], "handlers": 0,
        "address": "tauri://localhost",
    });
    assert_eq!(found, clean, "hostile text did something");
}

fn hostile_strings(corpora: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(corpora.join("ui_strings.jsonl")).unwrap();
    let parsed = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed.map(|entry| entry["text"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn publish(rig: &Rig, alerts: &[&[String]]) {
    let url = format!("{}/publish", rig.sandbox.ready().control_url);
    let client = reqwest::Client::new();
    for (at, chunk) in alerts.chunks(PER_REQUEST).enumerate() {
        let mut scenario = format!("name = \"hostile-{at}\"\ntitle = \"Hostile text\"\n");
        for (within, strings) in chunk.iter().enumerate() {
            describe(&mut scenario, at * PER_REQUEST + within, strings);
        }
        let answer = client.post(&url).json(&json!({ "toml": scenario })).send().await.unwrap();
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        assert!(
            status.is_success(),
            "publish: {status} {}",
            said.chars().take(600).collect::<String>()
        );
    }
}

/// One alert on a machine of its own. Low: thousands of them must not keep triage busy.
fn describe(scenario: &mut String, number: usize, strings: &[String]) {
    let text = |at: usize| quoted(strings.get(at).unwrap_or(&strings[0]));
    let (title, name, key, value, prose) = (text(0), text(1), text(2), text(3), text(4));
    let written = write!(
        scenario,
        "[[rule]]\nkey = \"hostile-{number}\"\nkind = \"CloudEventRule\"\nname = {title}\ndescription = {prose}\n\
         [[entity]]\nkey = \"hostile-{number}\"\ntype = \"VIRTUAL_MACHINE\"\nname = {name}\nnative_type = \"virtualMachine\"\n\
         external_id = \"i-hostile-{number}\"\nregion = \"eu-central-1\"\nsubscription = \"storefront\"\ntags = {{ {key} = {value} }}\n\
         [[issue]]\nkey = \"hostile-{number}\"\ntype = \"THREAT_DETECTION\"\nseverity = \"LOW\"\nrule = \"hostile-{number}\"\n\
         entity = \"hostile-{number}\"\ndescription = {prose}\ncreated = \"5m\"\n"
    );
    written.expect("text can be written to text");
}

/// As a TOML string. Braces are escaped too: two of them would be a placeholder of the scenario.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        if !character.is_control() && !matches!(character, '"' | '\\' | '{' | '}') {
            out.push(character);
        } else {
            write!(out, "\\U{:08X}", u32::from(character)).expect("text can be written to text");
        }
    }
    out + "\""
}
