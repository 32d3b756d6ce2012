//! What a payload becomes. The payloads are our own; shapes follow those of the vendor's OpenAPI.

use firebreak_core::finding::{FindingDraft, ResourceKind};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_core::{FindingStatus, Severity};
use firebreak_sources::prisma::PrismaNormaliser;
use serde_json::{Value, json};

pub fn read_all(bytes: &[u8]) -> Vec<Result<FindingDraft, NotAnAlert>> {
    let alerts = PrismaNormaliser.split(bytes).unwrap();
    alerts.iter().map(|alert| PrismaNormaliser.normalise(alert)).collect()
}

fn read(bytes: &[u8]) -> FindingDraft {
    let mut findings = read_all(bytes);
    assert_eq!(findings.len(), 1);
    findings.pop().unwrap().unwrap()
}

macro_rules! snapshot {
    ($test:ident) => {
        #[test]
        fn $test() {
            let bytes = include_bytes!(concat!("../fixtures/prisma_", stringify!($test), ".json"));
            insta::assert_json_snapshot!(read(bytes));
        }
    };
}

snapshot!(stolen_key);
snapshot!(public_bucket);
snapshot!(notification);
snapshot!(miner_incident);

const ALERT: &str = r#"{"id" : "P-1",  "policy": {"name":"R","severity":"low"}, "status":"open"}"#;
const INCIDENT: &str = r#"{"_id": "5e", "acknowledged": false, "category": "cryptoMiner"}"#;
const AUDIT: &str = r#"{"_id": "6e", "kind": "audit", "message": "m"}"#;

fn check(text: &str, expected: &[(&str, &str)]) {
    let alerts = PrismaNormaliser.split(text.as_bytes()).unwrap();
    let got: Vec<(&str, &str)> = alerts
        .iter()
        .map(|alert| (alert.kind.as_str(), std::str::from_utf8(&alert.body).unwrap()))
        .collect();
    assert_eq!(got, expected, "{text}");
}

#[test]
fn every_wrapping_comes_off_and_bytes_stay_as_they_were() {
    let (alert, incident, audit) = (("alert", ALERT), ("incident", INCIDENT), ("audit", AUDIT));
    check(ALERT, &[alert]);
    check(&format!("\u{feff} {ALERT}\n"), &[alert]);
    check(&format!("[{ALERT}, {INCIDENT}, {AUDIT} ]"), &[alert, incident, audit]);
    check(&format!("{ALERT}\r\n\r\n{INCIDENT}\n"), &[alert, incident]);
    check(&format!(r#"{{"totalRows":1,"items":[{ALERT},null]}}"#), &[alert]);
    check(r#"{"items":[{"odd":1}],"nextPageToken":null}"#, &[("alert", r#"{"odd":1}"#)]);
    check(&json!({"message": format!("[{ALERT},{AUDIT}]")}).to_string(), &[alert, audit]);
    check("[]", &[]);
    check(r#"{"totalRows":0,"items":[]}"#, &[]);
}

#[test]
fn what_is_no_alert_is_named() {
    let looks = |text: &str, words: &str| {
        let read = read_all(text.as_bytes());
        let error = read[0].as_ref().unwrap_err();
        assert!(error.0.contains(words), "{text}: {error}");
        assert!(!error.0.contains("jwt-secret"));
    };
    looks(r#"{"token":"jwt-secret","message":"login_successful"}"#, "the answer to a login");
    looks(r#"{"resource":{"rrn":"r"}}"#, "a description of a resource");
    looks(r#"{"data":{"asset":{}}}"#, "a description of an asset");
    looks(r#"{"policyId":"x","rule":{}}"#, "a policy");
    looks(r#"{"error":{"code":"bad_request","message":"no"}}"#, "an error answer (no)");
    looks(r#"{"hello":"world"}"#, "an object with the keys hello");
    looks("{}", "an empty object");
    looks("7", "a single value");
}

#[test]
fn words_that_are_not_known_are_kept_and_named() {
    let finding = read(
        br#"{"id":"P-2","policy":{"policyType":"config","severity":"apocalyptic"},"status":"melted",
             "firstSeen":"soon","resource":{"resourceType":"KETTLE","cloudType":"aws"}}"#,
    );
    assert_eq!((finding.severity, finding.status), (Severity::Unknown, FindingStatus::Unknown));
    assert_eq!(finding.severity_as_given.as_deref(), Some("apocalyptic"));
    assert_eq!(finding.status_as_given.as_deref(), Some("melted"));
    for note in [
        "severity: \"apocalyptic\" is not known",
        "created: \"soon\" is not known",
        "resource type: \"KETTLE\" is not known",
    ] {
        assert!(finding.unknowns.iter().any(|said| said == note), "{note}: {:?}", finding.unknowns);
    }
}

#[test]
fn severities_and_statuses_beyond_the_vendors_description() {
    let of = |severity: &str, status: &str| {
        let alert = json!({"id": "P-1", "policy": {"severity": severity}, "status": status});
        let finding = read(alert.to_string().as_bytes());
        (finding.severity, finding.status)
    };
    assert_eq!(of("critical", "OPEN"), (Severity::Critical, FindingStatus::New));
    assert_eq!(
        of("informational", "snoozed"),
        (Severity::Informational, FindingStatus::Suppressed)
    );
    assert_eq!(of("MEDIUM", "dismissed"), (Severity::Medium, FindingStatus::Suppressed));
    assert_eq!(of("low", "pending_resolution"), (Severity::Low, FindingStatus::InProgress));
    assert_eq!(of("high", "resolved"), (Severity::High, FindingStatus::Resolved));
}

#[test]
fn numbers_as_text_and_times_in_seconds() {
    let finding = read(br#"{"id":7,"policyId":9,"firstSeen":"1694003441966","lastSeen":1694003441,"status":"open"}"#);
    assert_eq!(finding.vendor_id, "7");
    assert_eq!(finding.rule_id.as_deref(), Some("9"));
    assert_eq!(finding.created_at.unwrap().timestamp_millis(), 1_694_003_441_966);
    assert_eq!(finding.status_changed_at.unwrap().timestamp(), 1_694_003_441);
}

#[test]
fn techniques_of_compute_in_its_own_casing() {
    let incident = json!({"_id": "1", "acknowledged": true, "type": "container", "containerID": "c", "audits": [
        {"attackTechniques": ["resourceHijacking", "resourceHijacking", "cloudInstanceMetadataAPI", "teaMaking"], "severity": "medium"},
        {"severity": "high"}]});
    let finding = read(incident.to_string().as_bytes());
    let ids: Vec<&str> = finding.techniques.iter().map(|known| known.id.as_str()).collect();
    assert_eq!(ids, ["T1496", "T1552.005"]);
    assert_eq!((finding.severity, finding.status), (Severity::High, FindingStatus::Suppressed));
    assert_eq!(finding.resource.kind, Some(ResourceKind::Container));
    assert!(finding.unknowns.iter().any(|note| note.contains("teaMaking")));
}

#[test]
fn the_same_alert_without_an_id_is_the_same_finding() {
    let id = |alert: Value| {
        let body = alert.to_string().into_bytes();
        PrismaNormaliser.normalise(&RawAlert { kind: "alert".into(), body }).unwrap().vendor_id
    };
    assert_eq!(id(json!({"status": "open"})), id(json!({"status": "open"})));
    assert!(id(json!({"status": "open"})).starts_with("sha256:"));
}
