//! What a payload becomes. The payloads are our own; shapes follow those of Wiz's API.

use firebreak_core::finding::FindingDraft;
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_sources::wiz::WizNormaliser;
use serde_json::json;

pub fn read_all(bytes: &[u8]) -> Vec<Result<FindingDraft, NotAnAlert>> {
    let alerts = WizNormaliser.split(bytes).unwrap();
    alerts.iter().map(|alert| WizNormaliser.normalise(alert)).collect()
}

fn read(bytes: &[u8]) -> FindingDraft {
    let mut findings = read_all(bytes);
    assert_eq!(findings.len(), 1);
    findings.pop().unwrap().unwrap()
}

macro_rules! snapshot {
    ($test:ident, $file:literal) => {
        #[test]
        fn $test() {
            insta::assert_json_snapshot!(read(include_bytes!(concat!("fixtures/", $file))));
        }
    };
}

snapshot!(issue_crypto_mining, "issue_crypto_mining.json");
snapshot!(issue_other_cloud, "issue_other_cloud.json");
snapshot!(issue_bare, "issue_bare.json");
snapshot!(detection_stolen_key, "detection_stolen_key.json");
snapshot!(webhook_public_bucket, "webhook_public_bucket.json");

const ISSUE: &str =
    r#"{"id" : "a1",  "sourceRule": {"name":"R"}, "severity":"LOW", "status":"OPEN"}"#;
const DETECTION: &str = r#"{"id": "d1", "severity":"HIGH", "ruleMatch": {"rule": {"name": "D"}}}"#;

fn check(text: &str, expected: &[(&str, &str)]) {
    let alerts = WizNormaliser.split(text.as_bytes()).unwrap();
    let got: Vec<(&str, &str)> = alerts
        .iter()
        .map(|alert| (alert.kind.as_str(), std::str::from_utf8(&alert.body).unwrap()))
        .collect();
    assert_eq!(got, expected, "{text}");
}

#[test]
fn every_wrapping_comes_off_and_bytes_stay_as_they_were() {
    let (issue, detection) = (("issue", ISSUE), ("detection", DETECTION));
    check(ISSUE, &[issue]);
    check(&format!("\u{feff} {ISSUE}\n"), &[issue]);
    check(&format!("[{ISSUE}, {DETECTION} ]"), &[issue, detection]);
    check(&format!("{ISSUE}\r\n\r\n{DETECTION}\n"), &[issue, detection]);
    check(&format!(r#"{{"data":{{"issues":{{"nodes":[{ISSUE},null]}}}}}}"#), &[issue]);
    check(
        &format!(
            r#"{{"data":{{"issuesV2":{{"nodes":[{ISSUE}]}},"detections":{{"nodes":[{DETECTION}]}}}}}}"#
        ),
        &[issue, detection],
    );
    check(&format!(r#"{{"data":{{"issue":{ISSUE}}}}}"#), &[issue]);
    check(&format!(r#"{{"nodes":[{DETECTION}]}}"#), &[detection]);
    check(&format!(r#"{{"issues":[{ISSUE}]}}"#), &[issue]);
    let wrapped = json!({"input": {"message": ISSUE}, "expected": {}}).to_string();
    check(&wrapped, &[issue]);
    check(&json!({"message": format!("[{ISSUE},{DETECTION}]")}).to_string(), &[issue, detection]);
    check("[]", &[]);
    check(r#"{"data":{"issues":{"nodes":[]}}}"#, &[]);
}

#[test]
fn a_node_of_the_issues_list_is_an_issue_whatever_it_looks_like() {
    let odd = r#"{"data":{"issues":{"nodes":[{"id":"x","brandNew":{"a":1}}]}}}"#;
    let finding = read(odd.as_bytes());
    assert_eq!((finding.kind.as_str(), finding.vendor_id.as_str()), ("issue", "x"));
}

#[test]
fn one_broken_line_does_not_lose_the_others() {
    let text = format!("{ISSUE}\n{{\"id\": \n{DETECTION}\n\u{1}\n{{\"a\":\"\\x\"}}\n");
    let read = read_all(text.as_bytes());
    let good: Vec<bool> = read.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, true, false, false]);
    let mut bytes = format!("{ISSUE}\n").into_bytes();
    bytes.extend(b"{\"id\":\"\xff\"}\n");
    bytes.extend(DETECTION.as_bytes());
    let good: Vec<bool> = read_all(&bytes).iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, true]);
}

#[test]
fn partial_answers_give_the_issues_and_the_error() {
    let text = format!(
        r#"{{"data":{{"issues":{{"nodes":[{ISSUE}]}}}},"errors":[{{"message":"half","extensions":{{"code":"X"}}}}]}}"#
    );
    let read = read_all(text.as_bytes());
    assert!(read[0].is_ok());
    assert!(read[1].as_ref().unwrap_err().0.contains("GraphQL error answer (X: half)"));
}

#[test]
fn what_is_no_alert_is_named() {
    let looks = |text: &str, words: &str| {
        let read = read_all(text.as_bytes());
        let error = read[0].as_ref().unwrap_err();
        assert!(error.0.contains(words), "{text}: {error}");
    };
    looks(
        r#"{"id":"1","action":"Login","requestId":"1","status":"SUCCESS"}"#,
        "an audit log entry",
    );
    looks(r#"{"id":"1","name":"CVE-1","CVSSSeverity":"LOW"}"#, "a vulnerability finding");
    looks(r#"{"id":"1","rule":{},"resource":{},"result":"FAIL"}"#, "a cloud configuration finding");
    looks(r#"{"access_token":"tok-123"}"#, "the answer to a token request");
    looks(r#"{"errors":[{"message":"no"}],"data":null}"#, "a GraphQL error answer");
    looks(r#"{"data":{"updateIssue":{"issue":{"id":"x"}}}}"#, "\"updateIssue\"");
    looks(r#"{"id":"1","text":"hello","createdAt":"2026-01-01T00:00:00Z"}"#, "a comment");
    looks(
        r#"{"id":"1","status":"OPEN","dueAt":null,"resolutionReason":null}"#,
        "an update of an issue",
    );
    looks(r#"{"detail":"Invalid token."}"#, "an error answer");
    looks(r#"{"hello":"world"}"#, "an object with the keys hello");
    looks("{}", "an empty object");
    looks("7", "a single value");
    assert!(
        !read_all(br#"{"access_token":"tok-123"}"#)[0].as_ref().unwrap_err().0.contains("tok-123")
    );
}

#[test]
fn what_is_no_json_is_refused_with_the_reason() {
    let why = |bytes: &[u8], words: &str| {
        let error = WizNormaliser.split(bytes).unwrap_err();
        assert!(error.0.contains(words), "{error}");
    };
    why(b"", "empty");
    why(b" \n\t", "empty");
    why(b"<html>", "not valid JSON");
    why(br#"{"id": "1""#, "not valid JSON");
    why(b"\xff\xfe{\0}\0", "UTF-16");
    why(b"{\"id\":\"\xff\"}", "not UTF-8");
    why("[".repeat(100_000).as_bytes(), "nested deeper");
    why(format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200)).as_bytes(), "nested deeper");
}

#[test]
fn a_lone_surrogate_or_a_huge_number_does_not_lose_the_alert() {
    let finding = read(br#"{"id":"a\ud800","sourceRule":{"name":"R \udfff x","n":1e999},"severity":"HIGH","status":"OPEN","createdAt":-1e400}"#);
    assert_eq!(finding.severity, firebreak_core::Severity::High);
    assert!(finding.title.starts_with("R ") && finding.title.ends_with(" x"));
    assert!(finding.unknowns.iter().any(|note| note.contains("not valid and were replaced")));
}

#[test]
fn the_same_alert_without_an_id_is_the_same_finding() {
    let id = |text: &str| read(text.as_bytes()).vendor_id;
    let bare = r#"{"sourceRule":{"name":"R"},"status":"OPEN"}"#;
    assert_eq!(id(bare), id(bare));
    assert!(id(bare).starts_with("sha256:"));
    assert_ne!(id(bare), id(r#"{"sourceRule":{"name":"S"},"status":"OPEN"}"#));
}

#[test]
fn kinds_of_unknown_origin_are_told_by_their_shape() {
    let read = |kind: &str, body: &str| {
        WizNormaliser.normalise(&RawAlert { kind: kind.to_owned(), body: body.as_bytes().to_vec() })
    };
    assert_eq!(read("", ISSUE).unwrap().kind, "issue");
    assert_eq!(read("webhook", DETECTION).unwrap().kind, "detection");
    assert!(read("issue", "[]").is_err());
    assert!(read("issue", "not json").is_err());
}
