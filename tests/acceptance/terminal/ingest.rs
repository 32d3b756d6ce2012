//! Alerts from files: what other products recorded of the vendor, what is no alert at all, and what
//! was written to break whoever reads it.

use std::path::{Path, PathBuf};

use firebreak_sandbox::Options;
use serde_json::{Value, json};

use super::said::{Said, list, text};
use super::stage::Stage;

/// Files whose names begin like this hold issues or detections; every other file of the samples is
/// something else.
const ALERTS: [&str; 5] = [
    "chronicle-get_issue_details",
    "chronicle-response-get_issue_details",
    "panther-issue",
    "sekoia-detection",
    "sekoia-issue",
];

async fn workspace(test: &str) -> Option<Stage> {
    let stage =
        Stage::bare(test, Options { wiz: false, model: false, ..Options::default() }).await?;
    stage.run(&["init"]).await.ended(0);
    Some(stage)
}

async fn ingest(stage: &Stage, files: &[PathBuf]) -> Said {
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let mut words = vec!["ingest", "--vendor", "wiz", "--json"];
    words.extend(files.iter().map(String::as_str));
    stage.run(&words).await
}

fn material(variable: &str, below: &str) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(folder) => Some(Path::new(&folder).join(below)),
        None => {
            eprintln!("SKIPPED {variable} is not set");
            None
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_payloads_become_findings_and_the_rest_says_what_it_is() {
    let Some(folder) = material("FIREBREAK_SAMPLES", "wiz") else { return };
    let Some(stage) = workspace("samples").await else { return };
    let files = files(&folder);
    let said = ingest(&stage, &files).await.ended(1);
    let results = said.document();
    let mut alerts = 0;
    for (file, result) in files.iter().zip(list(&results, "")) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let problems = list(result, "/problems");
        if ALERTS.iter().any(|prefix| name.starts_with(prefix)) {
            assert_eq!((&result["received"], problems.len()), (&json!(1), 0), "{name}: {result:#}");
            assert_eq!(result["not_understood"], 0, "{name}");
            alerts += 1;
        } else {
            assert_eq!(problems.len(), 1, "{name}: {result:#}");
            assert!(
                problems[0].as_str().unwrap().len() > 10,
                "{name}: a clear error: {problems:?}"
            );
            assert!(said.err.contains(name), "{name}: it is named on standard error");
        }
    }
    let findings = findings(&stage).await;
    assert!(alerts >= 17, "{alerts} alerts");
    assert_eq!(findings.len(), 6, "they carry six ids between them");
    for finding in &findings {
        let detection = finding["status"] == "unknown";
        assert_ne!(finding["severity"], "unknown", "{finding:#}");
        assert!(detection || !text(finding, "/status").is_empty());
        for field in [
            "/created_at",
            "/updated_at",
            "/resource_name",
            "/resource_type",
            "/vendor_id",
            "/title",
        ] {
            assert!(!text(finding, field).is_empty(), "{field} of {finding:#}");
        }
        for (field, word) in
            [("resource", "native id"), ("account", "account"), ("region", "region")]
        {
            let named = list(finding, "/unknowns").contains(&json!(format!("{word}: not given")));
            assert!(
                finding[field].is_string() || named,
                "{word} is there or named as missing: {finding:#}"
            );
        }
    }
    let database = "arn:aws:rds:us-east-1:123456789012:db:production-database";
    let known = findings
        .iter()
        .find(|finding| finding["resource"] == database)
        .expect("the recorded detection");
    assert_eq!((&known["severity"], &known["region"]), (&json!("high"), &json!("us-east-1")));
    assert_eq!(known["account"], "123456789012");

    let again = ingest(&stage, &files).await.ended(1).document();
    let repeated: u64 =
        list(&again, "").iter().filter_map(|result| result["repeated"].as_u64()).sum();
    assert_eq!(repeated, alerts as u64, "each alert is known already");
    assert!(
        list(&again, "").iter().all(|result| result["findings"].as_u64().unwrap_or(0) == 0),
        "{again:#}"
    );
    assert_eq!(self::findings(&stage).await, findings, "nothing is doubled");
    stage.audit_holds().await;
}

/// All findings of all incidents.
async fn findings(stage: &Stage) -> Vec<Value> {
    let page = stage.json(&["incidents", "list", "--limit", "500"]).await;
    let mut found = Vec::new();
    for row in list(&page, "/rows") {
        let shown = stage.json(&["incidents", "show", text(row, "/label")]).await;
        found.extend(list(&shown, "/findings").iter().cloned());
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_is_refused_and_what_is_no_alert_is_named() {
    let Some(folder) = material("FIREBREAK_CORPORA", "jsontestsuite/test_parsing") else { return };
    let Some(stage) = workspace("jsontestsuite").await else { return };
    let files = files(&folder);
    assert!(files.len() >= 300);
    let said = ingest(&stage, &files).await.ended(1);
    let results = said.document();
    assert_eq!(list(&results, "").len(), files.len(), "one bad file does not stop the others");
    for result in list(&results, "") {
        let name = Path::new(text(result, "/file")).file_name().unwrap().to_str().unwrap();
        assert_eq!(result["received"].as_u64().unwrap_or(0), 0, "{name} is no alert");
        let refused = !list(result, "/problems").is_empty();
        assert!(refused || !name.starts_with("n_"), "{name} is no JSON: {result:#}");
    }
    assert_eq!(stage.json(&["incidents", "list"]).await["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_is_stored_and_steers_nothing() {
    let Some(stage) = workspace("hostile_text").await else { return };
    let strings = hostile_strings();
    let file = stage.folder().join("alerts \u{1b}[31m\u{202e}.jsonl");
    let alerts: Vec<String> =
        strings.iter().enumerate().map(|(at, text)| alert(at, text)).collect();
    std::fs::write(&file, alerts.join("\n")).unwrap();
    // Once for people, with the name of the file; what was said is looked at in `Said`.
    let path = file.display().to_string();
    stage
        .run(&["ingest", "--vendor", "wiz", &path])
        .await
        .ended(0)
        .says(&format!("{} alerts", strings.len()));
    let page = stage.json(&["incidents", "list", "--limit", "500"]).await;
    assert_eq!(page["total"], strings.len(), "not one is lost");
    stage.run(&["incidents", "list", "--limit", "500"]).await.ended(0);
    stage.run(&["audit", "show", "--limit", "200"]).await.ended(0);
    stage.json(&["audit", "export"]).await;
    for row in list(&page, "/rows").iter().step_by(strings.len().div_ceil(25)) {
        let label = text(row, "/label");
        stage.run(&["incidents", "show", label]).await.ended(0);
        let shown = stage.json(&["incidents", "show", label]).await;
        let finding = text(&shown, "/findings/0/id");
        stage.run(&["incidents", "raw", finding]).await.ended(0);
        stage.json(&["incidents", "raw", finding]).await;
        stage.run(&["plan", label]).await.ended(0);
        assert_eq!(shown["row"]["severity"], "high");
    }
    for text in strings.iter().filter(|text| !text.contains('\0')).take(12) {
        // As arguments too: an error that repeats what was typed must not steer either.
        stage.run(&["incidents", "list", &format!("--query={text}")]).await.ended(0);
        let wrong = stage.run(&["incidents", "show", &format!("INC-{text}")]).await;
        assert_ne!(wrong.code, 0);
    }
    stage.refuses(&["ingest", "--vendor", "wiz", "no \u{1b}[2J file"], 1, "can't be read").await;
    stage
        .refuses(
            &["ingest", "--vendor", "acme\u{1b}[2J", &path],
            1,
            "known: lacework, ocsf, orca, prisma, wiz",
        )
        .await;
    for (name, bytes) in broken() {
        let file = stage.folder().join(name);
        std::fs::write(&file, bytes).unwrap();
        stage.refuses(&["ingest", "--vendor", "wiz", &file.display().to_string()], 1, name).await;
    }
    assert_eq!(stage.json(&["incidents", "list"]).await["total"], strings.len());
    stage.audit_holds().await;
}

fn alert(at: usize, text: &str) -> String {
    json!({
        "id": format!("00000000-0000-4000-8000-{at:012}"), "type": "THREAT_DETECTION",
        "severity": "HIGH", "status": "OPEN",
        "createdAt": "2026-11-20T10:00:00Z", "updatedAt": "2026-11-20T10:00:00Z",
        "description": text, "sourceRule": { "id": "r", "name": text, "description": text },
        "entitySnapshot": {
            "id": format!("e-{at}"), "name": text, "type": "VIRTUAL_MACHINE",
            "externalId": format!("i-{at:017x}"), "tags": { text: text }, "subscriptionName": text,
        },
    })
    .to_string()
}

fn hostile_strings() -> Vec<String> {
    let mut strings: Vec<String> = [
        "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31m",
        "\u{9b}31m C1 \u{7f}",
        "\r\nfirebreakctl: all is well\r",
        "\u{202e}txt.exe\u{2066}",
        "zero\u{200b}width\u{feff} tag\u{e0041}",
        "'; DROP TABLE incident; --",
        "{{template}} %s %n ${jndi:ldap://127.0.0.1/a}",
        "<script>alert(1)</script>",
        "../../../etc/passwd\0",
    ]
    .map(str::to_owned)
    .to_vec();
    strings.push("long ".repeat(20_000));
    if let Some(folder) = material("FIREBREAK_CORPORA", "ui_strings.jsonl") {
        let corpus = std::fs::read_to_string(folder).unwrap();
        strings.extend(corpus.lines().step_by(40).map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            text(&line, "/text").to_owned()
        }));
    }
    strings
}

/// Files that are nothing at all, with the words of the error: their own names.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    vec![
        ("empty.json", Vec::new()),
        ("spaces.json", b" \n ".to_vec()),
        ("binary.json", (0..=255).cycle().take(70_000).collect()),
        ("deep.json", deep),
        ("half.json", br#"{"id":"1","severity":"HI"#.to_vec()),
        ("number.json", b"1e999999".to_vec()),
        ("escape.json", b"{\"\x1b[2J\":\"\x1b]0;x\x07\"}".to_vec()),
    ]
}
