//! S5: foreign JavaScript in the main window calls everything with anything.

use std::path::Path;
use std::sync::{Arc, Mutex};

use firebreak_sandbox::Options;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::page::Page;
use super::rig::Rig;

/// Calls one command with each set of arguments; what does not answer in time is said to hang.
const CALL_ALL: &str = "
    const [command, sets, done] = arguments;
    const limit = new Promise((resolve) => setTimeout(() => resolve({ command, hangs: true }), 60000));
    const one = (args) => Promise.race([limit,
        window.__TAURI_INTERNALS__.invoke(command, args)
            .then((ok) => ({ command, ok: ok ?? null }), (error) => ({ command, error: error ?? null }))]);
    Promise.all(sets.map(one)).then(done);";

/// Every way out of a page that we know, each to a listener that must not hear anything.
const WAYS_OUT: &str = "
    const [base, done] = arguments;
    const tried = [];
    const attempt = (name, way) => { try { way(); tried.push(name); } catch (error) { tried.push(name + ': ' + error.name); } };
    const add = (tag, set) => { const element = document.createElement(tag); Object.assign(element, set); document.body.append(element); return element; };
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(event.effectiveDirective));
    attempt('fetch', () => fetch(base + 'fetch').catch(() => {}));
    attempt('xhr', () => { const request = new XMLHttpRequest(); request.open('POST', base + 'xhr'); request.send('x'); });
    attempt('beacon', () => navigator.sendBeacon(base + 'beacon', 'x'));
    attempt('socket', () => new WebSocket(base.replace('http', 'ws') + 'socket'));
    attempt('events', () => new EventSource(base + 'events'));
    attempt('worker', () => new Worker(base + 'worker'));
    attempt('image', () => { new Image().src = base + 'image'; });
    attempt('script', () => add('script', { src: base + 'script' }));
    attempt('inline', () => add('script', { textContent: 'window.__pwned = \"inline\"' }));
    attempt('handler', () => { add('img', { src: 'x' }).setAttribute('onerror', 'window.__pwned = \"handler\"'); });
    attempt('eval', () => { (0, eval)('window.__pwned = \"eval\"'); });
    attempt('function', () => { new Function('window.__pwned = \"function\"')(); });
    attempt('javascript', () => add('a', { href: 'javascript:window.__pwned=\"link\"' }).click());
    attempt('data', () => add('script', { src: 'data:text/javascript,window.__pwned=\"data\"' }));
    attempt('blob', () => add('script', { src: URL.createObjectURL(new Blob(['window.__pwned = \"blob\"'])) }));
    attempt('import', () => import(base + 'import').catch(() => {}));
    attempt('style', () => add('link', { rel: 'stylesheet', href: base + 'style' }));
    attempt('inline style', () => add('style', { textContent: `body { background: url(${base}background) }` }));
    attempt('frame', () => add('iframe', { src: base + 'frame' }));
    attempt('document', () => add('iframe', { srcdoc: '<script>parent.__pwned = \"frame\"</script>' }));
    attempt('object', () => add('object', { data: base + 'object' }));
    attempt('video', () => add('video', { src: base + 'video' }));
    attempt('form', () => add('form', { action: base + 'form', method: 'post' }).submit());
    attempt('popup', () => window.open(base + 'popup'));
    attempt('link', () => add('a', { href: base + 'link', target: '_blank' }).click());
    attempt('leave', () => { location.href = base + 'leave'; });
    setTimeout(() => done({ tried, address: location.href, pwned: window.__pwned ?? null, violations: window.__violations }), 3000);";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn foreign_script_in_the_main_window_changes_no_cloud_and_learns_no_secret() {
    let Some(mut rig) = Rig::start("hostile_commands", Options::everything()).await else { return };
    let (incident, step) = planned_step(&rig.page).await;

    let mut answers = Vec::new();
    for command in commands() {
        let sets = hostile_arguments(&command, &incident, &step);
        let told = rig.page.run_async(CALL_ALL, vec![json!(command), json!(sets)]).await;
        let told = told.as_array().expect("one answer a call");
        assert_eq!(told.len(), sets.len(), "{command}");
        answers.extend(told.iter().cloned());
    }
    let silent: Vec<&Value> =
        answers.iter().filter(|answer| answer.get("hangs").is_some()).collect();
    assert!(silent.is_empty(), "calls that never answer: {silent:?}");
    let refused = answers.iter().filter(|answer| answer.get("error").is_some()).count();
    assert!(
        refused * 2 > answers.len(),
        "most of this is nonsense, but only {refused} of {} were refused",
        answers.len()
    );

    let read = all_that_can_be_read(&rig.page, &incident).await;
    let told = json!([answers, read]).to_string();
    for (what, secret) in secrets(&rig) {
        assert!(!told.contains(&secret), "an answer holds {what}");
    }

    let canary = Canary::start().await;
    let tried = rig.page.run_async(WAYS_OUT, vec![json!(canary.base)]).await;
    assert_eq!(tried["pwned"], Value::Null, "code that is not ours ran: {tried}");
    assert!(
        tried["address"].as_str().is_some_and(|address| address.starts_with("tauri://localhost#")),
        "{tried}"
    );
    assert!(
        !tried["violations"].as_array().unwrap().is_empty(),
        "the policy stopped nothing: {tried}"
    );
    canary.assert_silent(&tried).await;
    assert_eq!(
        rig.page.invoke("get_incident", json!({ "id": incident })).await.unwrap()["row"]["id"],
        json!(incident)
    );

    // Only when the program has ended can nothing more come.
    rig.close().await;
    assert_eq!(rig.changes_after(0), [], "nothing changed the cloud");
}

/// An incident with a plan, and its first step, as the window has them.
async fn planned_step(page: &Page) -> (String, String) {
    let row = "[...document.querySelectorAll('[data-testid=\"queue-row\"]')].find((row) => row.innerText.includes('Cryptocurrency miner') && row.innerText.includes('web-7'))?.dataset.incident ?? null";
    let incident =
        page.until("the miner in the queue", row).await.as_str().unwrap_or_default().to_owned();
    page.now(&format!("(location.hash = '#/incident/{incident}')")).await;
    page.see("step-card").await;
    let step = page.attributes("step-card", "data-step").await.remove(0);
    (incident, step)
}

/// Every command that the shell declares, read from where it declares them.
fn commands() -> Vec<String> {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/build.rs");
    let text = std::fs::read_to_string(build).unwrap();
    let list = text
        .split_once("COMMANDS: &[&str] = &[")
        .and_then(|(_, rest)| rest.split_once(']'))
        .unwrap()
        .0;
    let names: Vec<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 25 && names.contains(&"sign_approval".to_owned()), "{names:?}");
    // What rightly works comes last: a rejected step could not run anyway.
    let (rightful, mut first): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| name == "reject_step");
    first.extend(rightful);
    first
}

fn hostile_arguments(command: &str, incident: &str, step: &str) -> Vec<Value> {
    let deep = (0..200).fold(json!("deep"), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!({ "__proto__": { "polluted": true }, "constructor": { "prototype": {} } }),
        json!(""),
        json!("\u{0}"),
        json!("../../../../etc/passwd"),
        json!("file:///etc/passwd"),
        json!("http://169.254.169.254/latest/meta-data/iam/security-credentials/"),
        json!("' OR 1=1; DROP TABLE incidents; --"),
        json!("<img src=x onerror=\"window.__pwned='argument'\">"),
        json!("{{7*7}} ${7*7} %s%n"),
        json!("\u{202e}\u{200b}\u{e0041}"),
        json!("A".repeat(50_000)),
        json!(step),
        json!(incident),
        deep,
    ];
    let mut sets: Vec<Value> = values.iter().map(everywhere).collect();
    // As a caller who knows the house would ask.
    for direction in ["execute", "undo"] {
        let mut known = everywhere(&json!(step));
        known["direction"] = json!(direction);
        sets.push(known);
    }
    match command {
        "change_incidents" => {
            let wishes = ["contained", "containing", "closed"]
                .map(|to| json!({ "kind": "move", "to": to, "reason": "", "cause": null }));
            let others = [
                json!({ "kind": "merge", "into": incident }),
                json!({ "kind": "merge", "into": "../../etc/passwd" }),
                json!({ "kind": "unmerge" }),
                json!({ "kind": "hand_over", "to": "", "note": "x" }),
                json!({ "kind": "hand_over", "to": "eve", "note": "A".repeat(5_000) }),
                json!({ "kind": "relocate", "findings": ["' OR 1=1; --"], "into": null }),
                json!({ "kind": "delete" }),
            ];
            sets.extend(
                wishes
                    .into_iter()
                    .chain(others)
                    .map(|wish| json!({ "order": { "incidents": [incident], "wish": wish } })),
            );
        }
        "save_view" => {
            let draft = |name: &str, query: &str| json!({ "draft": { "id": null, "name": name, "query": query, "columns": null, "density": null } });
            sets.extend([
                draft("<img src=x onerror=alert(1)>\u{202e}", "' OR 1=1; --"),
                draft("", "in:open"),
                draft(&"A".repeat(61), "in:open"),
                draft("long", &"A".repeat(501)),
            ]);
        }
        "request_phase" => sets.extend([0, 3, 99].map(|phase| json!({ "phase": phase }))),
        _ => {}
    }
    sets
}

/// One value as every argument that any command has.
fn everywhere(value: &Value) -> Value {
    let names = [
        "id",
        "finding",
        "state",
        "reason",
        "owner",
        "step",
        "direction",
        "before",
        "limit",
        "source",
        "name",
        "polling",
        "draft",
        "phase",
        "query",
        "channel",
        "order",
        "change",
        "note",
        "to",
        "until",
        "all",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What an honest page reads: settings, an incident with its raw alert, the log.
async fn all_that_can_be_read(page: &Page, incident: &str) -> Value {
    let view = page.invoke("get_incident", json!({ "id": incident })).await.unwrap();
    let finding = view["findings"][0]["id"].clone();
    let raw = page.invoke("get_raw_alert", json!({ "finding": finding })).await.unwrap();
    let snapshot = page.invoke("get_snapshot", json!({})).await.unwrap();
    let log = page.invoke("list_audit", json!({ "before": null, "limit": 500 })).await.unwrap();
    let queue = page.invoke("list_incidents", json!({ "query": {} })).await.unwrap();
    assert_eq!(snapshot["sources"][0]["name"], json!("wiz-sandbox"), "the source is still there");
    json!([view, raw, snapshot, log, queue])
}

/// Everything that only the keychain may hold.
fn secrets(rig: &Rig) -> Vec<(&'static str, String)> {
    let ready = rig.sandbox.ready();
    let (wiz, aws, model) =
        (ready.wiz.as_ref().unwrap(), ready.aws.as_ref().unwrap(), ready.model.as_ref().unwrap());
    vec![
        ("the Wiz client secret", wiz.client_secret.clone()),
        ("the read key's secret", aws.read_secret.clone()),
        ("the write key's secret", aws.write_secret.clone()),
        ("the model's key", model.api_key.clone()),
        ("a private key", "PRIVATE KEY".to_owned()),
    ]
}

/// A listener that remembers what it is asked.
///
/// WebKit opens a connection ahead of a navigation that it is then not allowed to make; it carries
/// nothing. What counts is a request: that is how something would get in or out.
struct Canary {
    base: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Canary {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let list = Arc::clone(&list);
                tokio::spawn(async move {
                    let mut bytes = [0; 300];
                    if let Ok(read @ 1..) = stream.read(&mut bytes).await {
                        list.lock()
                            .unwrap()
                            .push(String::from_utf8_lossy(&bytes[..read]).into_owned());
                    }
                });
            }
        });
        Self { base, heard }
    }

    /// Nobody asked, and whoever had asked would have been heard.
    async fn assert_silent(&self, tried: &Value) {
        assert_eq!(
            *self.heard.lock().unwrap(),
            Vec::<String>::new(),
            "the page reached a server: {tried}"
        );
        let address = self.base.trim_start_matches("http://").trim_end_matches('/').to_owned();
        TcpStream::connect(address).await.unwrap().write_all(b"GET / HTTP/1.1").await.unwrap();
        while self.heard.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}
