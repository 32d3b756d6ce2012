//! OCSF Detection Findings: payloads of our own, true to the schema; Prowler's and the schema's own
//! model library where they can be had.

#[path = "ocsf/library.rs"]
mod library;
#[path = "ocsf/prowler.rs"]
mod prowler;

use firebreak_core::finding::{FindingDraft, FindingStatus, ResourceKind, Severity};
use firebreak_core::ports::{Normaliser, NotAnAlert, RawAlert};
use firebreak_sources::ocsf::OcsfNormaliser;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::{Value, json};

use crate::corpora::tame;
use crate::mutation::{any_json, places, set};
use crate::stand::folder;

const FIXTURES: &str = include_str!("ocsf/fixtures.json");

fn read_all(bytes: &[u8]) -> Vec<Result<FindingDraft, NotAnAlert>> {
    let alerts = OcsfNormaliser.split(bytes).unwrap();
    alerts.iter().map(|alert| OcsfNormaliser.normalise(alert)).collect()
}

fn read(value: &Value) -> FindingDraft {
    let mut read = read_all(value.to_string().as_bytes());
    assert_eq!(read.len(), 1);
    read.pop().unwrap().unwrap()
}

#[test]
fn a_posture_check_that_failed() {
    let findings = read_all(FIXTURES.as_bytes());
    let finding = findings[0].as_ref().unwrap();
    assert_eq!(
        (finding.kind.as_str(), finding.vendor_id.as_str()),
        ("detection_finding", "checker-1")
    );
    assert_eq!((finding.severity, finding.status), (Severity::High, FindingStatus::New));
    assert_eq!(finding.title, "Keys are rotated");
    assert_eq!(finding.rule_id.as_deref(), Some("iam_rotate_keys"));
    assert_eq!(finding.created_at.unwrap().to_rfc3339(), "2026-09-21T14:13:20+00:00");
    let resource = &finding.resource;
    assert_eq!(resource.native_id.as_deref(), Some("arn:aws:iam::123456789012:user/deploy"));
    assert_eq!(
        (resource.kind, resource.region.as_deref()),
        (Some(ResourceKind::User), Some("global"))
    );
    assert_eq!(
        (resource.account.as_deref(), resource.account_name.as_deref()),
        (Some("123456789012"), Some("shop"))
    );
    assert_eq!(
        (resource.platform.as_deref(), resource.tags["owner"].as_str()),
        (Some("AWS"), "platform")
    );
    assert_eq!(finding.observations.len(), 1, "message and detail are the same");
    assert_eq!(finding.unknowns, ["tactic or technique: not given"]);
}

#[test]
fn a_detection_with_actor_evidence_and_attack() {
    let findings = read_all(FIXTURES.as_bytes());
    let finding = findings[1].as_ref().unwrap();
    assert_eq!((finding.severity, finding.status), (Severity::Critical, FindingStatus::InProgress));
    assert_eq!(finding.resource.native_id.as_deref(), Some("i-0c0ffee0c0ffee001"));
    assert_eq!(finding.resource.tags["environment"], "staging");
    assert_eq!(
        (finding.tactics[0].id.as_str(), finding.techniques[0].id.as_str()),
        ("TA0040", "T1496")
    );
    assert_eq!(
        (finding.rule_id.as_deref(), finding.rule_name.as_deref()),
        (Some("rule-9"), Some("Cryptocurrency miner"))
    );
    assert_eq!(finding.updated_at.unwrap().to_rfc3339(), "2026-09-21T14:13:20.123+00:00");
    let actor = finding.actor.as_ref().unwrap();
    assert_eq!(actor.access_key_id.as_deref(), Some("AKIAEXAMPLEEXAMPLE12"));
    assert_eq!(
        (actor.name.as_deref(), actor.address.as_deref()),
        (Some("deploy"), Some("198.51.100.7"))
    );
    let lines: Vec<&str> = finding.observations.iter().map(|line| line.text.as_str()).collect();
    assert!(lines.contains(&"RunInstances (ec2.amazonaws.com); from 198.51.100.7"), "{lines:?}");
    assert!(lines.contains(&"program: xmrig; command line: /tmp/.x/xmrig -o pool.invalid"));
}

#[test]
fn severity_and_status_by_number_word_and_neither() {
    let check = |fields: Value, severity: Severity, status: FindingStatus| {
        let mut finding = json!({"class_uid": 2004, "finding_info": {"uid": "1"}});
        fields.as_object().unwrap().iter().for_each(|(key, value)| finding[key] = value.clone());
        let read = read(&finding);
        assert_eq!((read.severity, read.status), (severity, status), "{fields}");
    };
    use FindingStatus as F;
    check(json!({"severity_id": "5", "status_id": "4"}), Severity::Critical, F::Resolved);
    check(json!({"severity_id": 6, "status_id": 5}), Severity::Critical, F::Suppressed);
    check(json!({"severity": "Low", "status": "In Progress"}), Severity::Low, F::InProgress);
    check(
        json!({"severity_id": 99, "severity": "SEVERE", "status_id": 99, "status": "Odd"}),
        Severity::Unknown,
        F::Unknown,
    );
    check(json!({"severity_id": 77, "activity_id": 3}), Severity::Unknown, F::Resolved);
    check(
        json!({"severity_id": 2, "status_id": 1, "status_code": "PASS"}),
        Severity::Low,
        F::Resolved,
    );
    check(json!({"severity_id": null, "status_id": []}), Severity::Unknown, F::Unknown);
    let odd = read(&json!({"class_uid": 2004, "severity": "SEVERE", "finding_info": {}}));
    assert_eq!(odd.severity_as_given.as_deref(), Some("SEVERE"));
    assert!(odd.vendor_id.starts_with("sha256:"));
}

#[test]
fn lines_lists_and_wrappings() {
    let all: Vec<Value> = serde_json::from_str(FIXTURES).unwrap();
    let lines = format!("{}\n\n{}\nbroken\n", all[0], all[1]);
    let good: Vec<bool> = read_all(lines.as_bytes()).iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, true, false]);
    assert_eq!(read_all(json!({"findings": all}).to_string().as_bytes()).len(), 2);
    assert_eq!(read(&json!({"message": all[0].to_string()})).vendor_id, "checker-1");
    assert!(read_all(b"[]").is_empty());
    let alerts = OcsfNormaliser.split(all[0].to_string().as_bytes()).unwrap();
    assert_eq!(alerts[0].body, all[0].to_string().as_bytes(), "byte for byte");
}

#[test]
fn what_is_no_detection_finding_is_named() {
    let looks = |value: Value, words: &str| {
        let read = read_all(value.to_string().as_bytes());
        let error = read[0].as_ref().unwrap_err();
        assert!(error.0.contains(words), "{value}: {error}");
    };
    looks(json!({"class_uid": 2003, "finding_info": {}}), "class 2003 (Compliance Finding)");
    looks(json!({"class_uid": 6003, "class_name": "API Activity"}), "class 6003 (API Activity)");
    looks(json!({"hello": 1}), "an object with the keys hello");
    looks(json!({}), "an empty object");
    looks(json!(7), "a single value");
}

#[test]
fn json_test_suite() {
    let Some(folder) = folder("FIREBREAK_CORPORA") else { return };
    for file in std::fs::read_dir(folder.join("jsontestsuite/test_parsing")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = OcsfNormaliser.split(&std::fs::read(&path).unwrap());
        if let Ok(alerts) = &read {
            alerts.iter().for_each(|alert| drop(OcsfNormaliser.normalise(alert)));
        }
        match name.as_bytes()[0] {
            b'y' => assert!(read.is_ok(), "{name} is valid: {read:?}"),
            b'n' => assert!(read.is_err(), "{name} is not JSON"),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_finding_is_still_one(
        which in 0_usize..2,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let all: Vec<Value> = serde_json::from_str(FIXTURES).unwrap();
        let mut value = all[which].clone();
        for (at, fresh) in damage {
            let mut found = Vec::new();
            places(&value, &mut Vec::new(), &mut found);
            let place = at.get(&found).clone();
            // Not the root and not the class: another class is another thing.
            if !place.is_empty() && place != ["class_uid"] {
                set(&mut value, &place, fresh);
            }
        }
        let raw = RawAlert { kind: "detection_finding".into(), body: value.to_string().into_bytes() };
        tame(&OcsfNormaliser.normalise(&raw).unwrap());
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        for alert in OcsfNormaliser.split(value.to_string().as_bytes()).unwrap() {
            let _ = OcsfNormaliser.normalise(&alert);
        }
    }
}
