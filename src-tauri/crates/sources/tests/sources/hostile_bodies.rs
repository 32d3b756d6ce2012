//! Bodies meant to harm, as answers to every vendor's client: JSON that is none, bombs, floods.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use firebreak_core::ports::{AlertSource, OutsideError, RawAlert, Trouble};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stand::folder;
use crate::vendors::{VENDORS, Vendor};

/// Answers to lists, changed by the test while the server runs.
type Answer = Arc<Mutex<ResponseTemplate>>;

/// A vendor whose list of alerts is whatever the test says.
async fn serving(vendor: &'static Vendor) -> (MockServer, Answer) {
    let server = MockServer::start().await;
    let answer: Answer = Arc::new(Mutex::new(ResponseTemplate::new(200)));
    let held = Arc::clone(&answer);
    let respond = move |request: &Request| {
        let said = (vendor.on_the_way)(request).or_else(|| (vendor.signs_in)(request));
        match said {
            Some(said) => ResponseTemplate::new(200).set_body_json(said),
            None if (vendor.lists)(request) => held.lock().unwrap().clone(),
            None => {
                ResponseTemplate::new(200).set_body_json((vendor.says)(request, &json!({}), "none"))
            }
        }
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    (server, answer)
}

/// Polls until an alert comes, an error, or the end.
async fn first(source: &dyn AlertSource) -> Result<Vec<RawAlert>, OutsideError> {
    let mut cursor = None;
    loop {
        let page = source.poll(cursor.as_ref()).await?;
        if !page.more || !page.alerts.is_empty() {
            return Ok(page.alerts);
        }
        cursor = Some(page.cursor);
    }
}

fn body(bytes: &[u8]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(bytes.to_vec(), "application/json")
}

/// As an answer a file that is no JSON is refused; as a part of an alert a file that is JSON is
/// kept, byte for byte.
#[tokio::test]
async fn json_test_suite_as_answers() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    let files = std::fs::read_dir(folder.join("jsontestsuite/test_parsing")).unwrap();
    let files: Vec<(String, Vec<u8>)> = files
        .map(|file| file.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    for vendor in &VENDORS {
        let (server, answer) = serving(vendor).await;
        let (source, _) = (vendor.client)(&server.uri());
        let (mut accepted, mut refused, mut either) = (0, 0, 0);
        for (name, bytes) in &files {
            let what = format!("{} {name}", vendor.name);
            match name.as_bytes()[0] {
                b'y' => {
                    let (before, after) = vendor.around;
                    let alert = [br#"{"id":"x","odd":"#, bytes.as_slice(), b"}"].concat();
                    let list = [before.as_bytes(), &alert, after.as_bytes()].concat();
                    *answer.lock().unwrap() = body(&list);
                    let alerts =
                        first(source.as_ref()).await.unwrap_or_else(|e| panic!("{what}: {e}"));
                    assert_eq!(alerts.len(), 1, "{what}");
                    assert_eq!(alerts[0].body, alert, "{what} is not kept as it came");
                    accepted += 1;
                }
                b'n' => {
                    *answer.lock().unwrap() = body(bytes);
                    let error = first(source.as_ref()).await.unwrap_err();
                    assert_eq!(error.trouble, Trouble::Garbage, "{what}: {error}");
                    // One of them takes no body at all for an answer that lacks something.
                    let blank = bytes.trim_ascii().is_empty();
                    assert!(blank || error.message.contains("can't be read"), "{what}: {error}");
                    refused += 1;
                }
                _ => {
                    *answer.lock().unwrap() = body(bytes);
                    let _ = first(source.as_ref()).await;
                    either += 1;
                }
            }
        }
        assert_eq!((accepted, refused, either), (95, 188, 35), "{}", vendor.name);
    }
}

const FLOOD: usize = 64 << 20;
/// What a client may grow by, in KiB: the cap of 16 MiB and a half.
const GROWTH: u64 = 24 << 10;
/// What it may take in a debug build on a busy machine, the sender's own time included.
const MILLISECONDS: u64 = 3_000;
/// Tells the child which vendor's client it is, and where it asks.
const CHILD: &str = "FIREBREAK_HOSTILE_BODY";

/// Each client meets each body in a process of its own, so that its memory is its own.
#[tokio::test]
async fn bombs_and_floods_are_refused_with_flat_memory() {
    if let Ok(told) = std::env::var(CHILD) {
        return meet(&told).await;
    }
    // 72 KB that inflate to 72 MB.
    let bomb = include_bytes!("fixtures/spaces.json.gz").repeat(3);
    let deep = "[".repeat(8 << 20);
    for vendor in &VENDORS {
        let (server, answer) = serving(vendor).await;
        for (name, hostile, words) in [
            (
                "bomb",
                body(&bomb).insert_header("content-encoding", "gzip"),
                "more than 16777216 bytes",
            ),
            ("flood", body(&vec![b' '; FLOOD]), "more than 16777216 bytes"),
            ("depth", body(deep.as_bytes()), "nested deeper"),
        ] {
            *answer.lock().unwrap() = hostile;
            let met = child(vendor, &server).await;
            eprintln!("{} {name}: {met}", vendor.name);
            let said = met["said"].as_str().unwrap();
            assert!(said.contains(words), "{} {name}: {met}", vendor.name);
            assert_eq!(met["garbage"], true, "{} {name}: {met}", vendor.name);
            assert!(
                met["milliseconds"].as_u64().unwrap() < MILLISECONDS,
                "{} {name}: {met}",
                vendor.name
            );
            assert!(met["grown"].as_u64().unwrap() < GROWTH, "{} {name}: {met}", vendor.name);
        }
    }
}

/// This very test once more, as the client.
async fn child(vendor: &Vendor, server: &MockServer) -> Value {
    let told = format!("{}|{}", vendor.name, server.uri());
    let name = "hostile_bodies::bombs_and_floods_are_refused_with_flat_memory";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(CHILD, told);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let met = text.lines().find_map(|line| line.split_once("MET ")).map(|(_, met)| met);
    let met = met.unwrap_or_else(|| panic!("{text} {}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(met).unwrap()
}

async fn meet(told: &str) {
    let (name, url) = told.split_once('|').unwrap();
    let vendor = VENDORS.iter().find(|vendor| vendor.name == name).unwrap();
    let (source, _) = (vendor.client)(url);
    let before = peak();
    let mut quickest = u128::MAX;
    let mut met = json!(null);
    for _ in 0..3 {
        let began = Instant::now();
        let error = first(source.as_ref()).await.unwrap_err();
        quickest = quickest.min(began.elapsed().as_millis());
        met = json!({"said": error.message, "garbage": error.trouble == Trouble::Garbage,
            "grown": peak() - before, "milliseconds": quickest as u64});
    }
    #[allow(clippy::print_stdout, reason = "the parent reads it")]
    {
        println!("\nMET {met}");
    }
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
