//! What a payload becomes. The payloads are our own; shapes follow those of Orca's API.

use firebreak_core::finding::{FindingDraft, FindingStatus, ResourceKind, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_sources::orca::OrcaNormaliser;
use serde_json::{Value, json};

pub const SERVING: &str = include_str!("fixtures/serving.json");
pub const RULES: &str = include_str!("fixtures/rules.json");
pub const LEGACY: &str = include_str!("fixtures/legacy.json");
pub const EXPORT: &str = include_str!("fixtures/export.json");

pub fn read_all(bytes: &[u8]) -> Vec<Result<FindingDraft, NotAnAlert>> {
    let alerts = OrcaNormaliser.split(bytes).unwrap();
    alerts.iter().map(|alert| OrcaNormaliser.normalise(alert)).collect()
}

pub fn read(text: &str) -> FindingDraft {
    let mut findings = read_all(text.as_bytes());
    assert_eq!(findings.len(), 1);
    findings.pop().unwrap().unwrap()
}

fn times(finding: &FindingDraft) -> [Option<String>; 3] {
    [finding.created_at, finding.updated_at, finding.status_changed_at]
        .map(|at| at.map(|at| at.to_rfc3339()))
}

#[test]
fn an_alert_of_the_serving_layer() {
    let finding = read(SERVING);
    assert_eq!((finding.kind.as_str(), finding.vendor_id.as_str()), ("alert", "orca-40017"));
    assert_eq!(finding.title, "A miner runs on render-worker-3");
    assert_eq!(finding.rule_name.as_deref(), Some("Cryptocurrency miner detected"));
    assert_eq!((finding.severity, finding.status), (Severity::Critical, FindingStatus::InProgress));
    assert_eq!(
        times(&finding),
        ["08:00", "08:05", "08:04"].map(|t| Some(format!("2026-10-01T{t}:00+00:00")))
    );
    let resource = &finding.resource;
    assert_eq!(resource.native_id.as_deref(), Some("i-0c0ffee0c0ffee001"));
    assert_eq!(resource.kind, Some(ResourceKind::Instance));
    assert_eq!(
        resource.vendor_id.as_deref(),
        Some("AwsEc2Instance_123456789012_0b8c51d2-0000-4000-8000-000000000001")
    );
    assert_eq!(
        (resource.account.as_deref(), resource.account_name.as_deref()),
        (Some("123456789012"), Some("render-farm"))
    );
    assert_eq!(
        (resource.region.as_deref(), resource.platform.as_deref()),
        (Some("eu-central-1"), Some("AWS"))
    );
    assert_eq!(resource.tags["environment"], "staging");
    let ids = |attacks: &[firebreak_core::finding::Attack]| {
        attacks.iter().map(|a| a.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&finding.tactics), ids(&finding.techniques)),
        (vec!["TA0040".into()], vec!["T1496".into()])
    );
    assert_eq!(finding.observations.len(), 1);
    let seen = &finding.observations[0].text;
    assert!(
        seen.starts_with("malware: ") && seen.contains("XMRig") && !seen.contains("hunter2"),
        "{seen}"
    );
    assert_eq!(finding.unknowns, Vec::<String>::new());
}

#[test]
fn an_alert_of_the_rules_api_and_of_a_webhook() {
    let finding = read(RULES);
    assert_eq!((finding.vendor_id.as_str(), finding.severity), ("orca-7003", Severity::High));
    assert_eq!(finding.status, FindingStatus::Suppressed);
    assert_eq!(finding.title, "Public bucket");
    assert_eq!(finding.resource.native_id.as_deref(), Some("arn:aws:s3:::ledger-exports"));
    assert_eq!(
        (finding.resource.account.as_deref(), finding.resource.region.as_deref()),
        (Some("123456789012"), Some("eu-west-1"))
    );
    assert_eq!(finding.resource.tags["classification"], "crown-jewel");
    assert_eq!(
        (finding.tactics[0].id.as_str(), finding.techniques[0].id.as_str()),
        ("TA0009", "T1530")
    );
    assert!(finding.observations[0].text.contains("blast radius"));
    let hook = json!({"alert": serde_json::from_str::<Value>(RULES).unwrap()}).to_string();
    assert_eq!(read(&hook).vendor_id, "orca-7003");
}

#[test]
fn the_old_form_and_the_export() {
    let finding = read(LEGACY);
    assert_eq!((finding.vendor_id.as_str(), finding.severity), ("orca-311", Severity::High));
    assert_eq!(finding.status, FindingStatus::Unknown);
    assert!(finding.unknowns.contains(&"status: not given".to_owned()));
    assert_eq!(finding.resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
    assert_eq!(finding.tactics[0].id, "TA0006");
    assert!(finding.observations[0].text.contains("username: deploy"));
    let finding = read(EXPORT);
    assert_eq!((finding.severity, finding.status), (Severity::Medium, FindingStatus::New));
    assert!(finding.vendor_id.starts_with("sha256:"));
    let later = EXPORT.replace("2026-02-01T12", "2026-03-01T12").replace("\"open\"", "\"closed\"");
    assert_eq!(read(&later).vendor_id, finding.vendor_id, "the next export is the same finding");
    assert_ne!(read(&EXPORT.replace("role-1", "role-2")).vendor_id, finding.vendor_id);
}

#[test]
fn severity_follows_what_orca_says_in_this_order() {
    let check = |fields: Value, expected: Severity, given: Option<&str>| {
        let mut alert = json!({"AlertId": "orca-1"});
        fields.as_object().unwrap().iter().for_each(|(key, value)| alert[key] = value.clone());
        let finding = read(&alert.to_string());
        assert_eq!(
            (finding.severity, finding.severity_as_given.as_deref()),
            (expected, given),
            "{fields}"
        );
    };
    check(json!({"RiskLevel": "Low", "OrcaScore": 9.9}), Severity::Low, None);
    check(
        json!({"RiskLevel": "apocalyptic", "OrcaScore": "9.9"}),
        Severity::Critical,
        Some("apocalyptic"),
    );
    check(json!({"RiskLevel": null, "OrcaScore": 0}), Severity::Informational, None);
    check(json!({"Severity": "hazardous", "Score": 1}), Severity::Medium, None);
    check(json!({"Score": "4"}), Severity::Informational, None);
    check(
        json!({"RiskLevel": "apocalyptic", "OrcaScore": 11, "Score": 9}),
        Severity::Unknown,
        Some("apocalyptic"),
    );
    check(json!({}), Severity::Unknown, None);
}

#[test]
fn status_words() {
    for (word, expected) in [
        ("open", FindingStatus::New),
        ("In Progress", FindingStatus::InProgress),
        ("snoozed", FindingStatus::Suppressed),
        ("dismissed", FindingStatus::Suppressed),
        ("closed", FindingStatus::Resolved),
        ("frozen", FindingStatus::Unknown),
    ] {
        let finding = read(&json!({"AlertId": "orca-1", "Status": word}).to_string());
        assert_eq!(finding.status, expected, "{word}");
        assert_eq!(finding.status_as_given.is_some(), expected == FindingStatus::Unknown);
    }
}

fn check(text: &str, expected: &[(&str, &str)]) {
    let alerts = OrcaNormaliser.split(text.as_bytes()).unwrap();
    let got: Vec<(&str, &str)> = alerts
        .iter()
        .map(|alert| (alert.kind.as_str(), std::str::from_utf8(&alert.body).unwrap()))
        .collect();
    assert_eq!(got, expected, "{text}");
}

#[test]
fn every_wrapping_comes_off_and_bytes_stay_as_they_were() {
    let one = r#"{"id" : "u",  "type": "Alert", "data": {"AlertId": {"value":"orca-1"}}}"#;
    let two = r#"{"state":{"alert_id": "orca-2"}, "type":"t"}"#;
    let (first, second) = (("alert", one), ("alert", two));
    check(one, &[first]);
    check(&format!("\u{feff} {one}\n"), &[first]);
    check(&format!("[{one}, null, {two} ]"), &[first, second]);
    check(&format!("{one}\r\n\r\n{two}\n"), &[first, second]);
    check(&format!(r#"{{"status":"success","data":[{one},{two}]}}"#), &[first, second]);
    check(&format!(r#"[{{"status":"success","data":[{one}]}}]"#), &[first]);
    check(&format!(r#"{{"alerts":[{two}]}}"#), &[second]);
    check(&json!({"message": format!("[{one},{two}]")}).to_string(), &[first, second]);
    check(r#"{"status":"success","data":[]}"#, &[]);
    check("[]", &[]);
    check(&format!("{one}\n{{\"id\": \n{two}\n"), &[first, ("other", "{\"id\":"), second]);
}

#[test]
fn what_is_no_alert_is_named() {
    let looks = |value: Value, words: &str| {
        let read = read_all(value.to_string().as_bytes());
        let error = read[0].as_ref().unwrap_err();
        assert!(error.0.contains(words), "{value}: {error}");
    };
    looks(
        json!({"unique_id": "1", "alert_id": "orca-1", "type": "comment", "details": {"comment": "x"}}),
        "a comment",
    );
    looks(json!({"scan_unique_id": "1", "status": "done"}), "the status of a scan");
    looks(json!({"frameworks": []}), "compliance frameworks");
    looks(json!({"cve_id": "CVE-1", "results": [{}]}), "a vulnerability");
    looks(json!({"id": "a", "type": "Vm", "data": {"AssetUniqueId": {"value": "x"}}}), "an asset");
    looks(
        json!({"status": "failure", "error": "no such thing"}),
        "an error answer (no such thing)",
    );
    looks(json!({"detail": "x", "hello": 1}), "an object with the keys");
    looks(json!({}), "an empty object");
    looks(json!(7), "a single value");
    let jwt = read_all(br#"{"jwt":{"access":"tok-123"}}"#);
    assert!(!jwt[0].as_ref().unwrap_err().0.contains("tok-123"));
}

#[test]
fn what_is_no_json_is_refused_with_the_reason() {
    let why = |bytes: &[u8], words: &str| {
        let error = OrcaNormaliser.split(bytes).unwrap_err();
        assert!(error.0.contains(words), "{error}");
    };
    why(b"", "empty");
    why(b"<html>", "not valid JSON");
    why(b"\xff\xfe{\0}\0", "UTF-16");
    why("[".repeat(100_000).as_bytes(), "nested deeper");
}

#[test]
fn an_object_that_the_api_listed_is_an_alert_whatever_it_looks_like() {
    let raw = |body: &str| RawAlert { kind: "alert".into(), body: body.as_bytes().to_vec() };
    let finding = OrcaNormaliser.normalise(&raw(r#"{"brandNew":{"a":1}}"#)).unwrap();
    assert!(finding.vendor_id.starts_with("sha256:"));
    assert!(OrcaNormaliser.normalise(&raw("[]")).is_err());
}
