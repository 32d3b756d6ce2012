//! When a playbook fits a finding, on what ground, and what its targets resolve to.

use firebreak_core::finding::{Actor, Attack, Finding, ResourceKind};
use firebreak_core::playbook::{Ground, Matcher, Playbook, TargetRule};
use firebreak_core::{AssetId, Severity};
use serde_json::json;

fn finding(change: impl FnOnce(&mut Finding)) -> Finding {
    let mut finding: Finding = serde_json::from_value(json!({
        "id": "fnd_1", "source": "wiz", "alert": "alr_1", "alert_sha256": "00", "received_at": "2026-11-22T10:00:00Z",
        "kind": "issue", "vendor_id": "v1", "title": "Unusual load on web-7", "severity": "high", "status": "new",
        "resource": { "native_id": "i-0c41f0b9", "kind": "instance", "tags": {} },
        "tactics": [], "techniques": [], "observations": [], "unknowns": [],
    }))
    .expect("the fixture is a finding");
    change(&mut finding);
    finding
}

fn technique(id: &str) -> Vec<Attack> {
    vec![Attack { id: id.to_owned(), name: None }]
}

fn matcher(techniques: &[&str], words: &[&str]) -> Matcher {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Matcher { techniques: own(techniques), words: own(words), ..Matcher::default() }
}

#[test]
fn a_technique_fits_itself_and_its_sub_techniques_only() {
    let fits = |wanted: &str, seen: &str| {
        matcher(&[wanted], &[])
            .fit(&finding(|finding| finding.draft.techniques = technique(seen)))
            .is_some()
    };
    assert!(fits("T1496", "T1496"));
    assert!(fits("T1496", "T1496.001"));
    assert!(!fits("T1496.001", "T1496"));
    assert!(!fits("T1496", "T14961"));
    assert!(!fits("T1496", "T1497"));
    assert!(!fits("T1496", ""));
}

#[test]
fn the_ground_says_who_chose_the_words() {
    let ground = |change: fn(&mut Finding)| {
        matcher(&["T1496"], &["Crypto"]).fit(&finding(change)).map(|fit| (fit.ground, fit.because))
    };
    assert_eq!(ground(|_| {}), None);
    assert_eq!(
        ground(|finding| finding.draft.title = "cRyPtO miner".to_owned()),
        Some((Ground::Title, "\u{201c}Crypto\u{201d} in its name".to_owned()))
    );
    assert_eq!(
        ground(|finding| finding.draft.rule_name = Some("crypto mining".to_owned()))
            .map(|found| found.0),
        Some(Ground::RuleName)
    );
    assert_eq!(
        ground(|finding| {
            finding.draft.rule_name = Some("crypto mining".to_owned());
            finding.draft.techniques = technique("T1496.001");
        }),
        Some((Ground::Technique, "technique T1496".to_owned()))
    );
    assert!(
        Ground::Technique > Ground::RuleName
            && Ground::RuleName > Ground::Title
            && Ground::Title > Ground::Kind
    );
}

#[test]
fn every_clause_must_hold_and_none_fits_nothing() {
    let both = Matcher {
        resource: vec![ResourceKind::Instance],
        at_least: Some(Severity::High),
        ..matcher(&["T1496"], &[])
    };
    let mining = |change: fn(&mut Finding)| {
        both.fit(&finding(|finding| {
            finding.draft.techniques = technique("T1496");
            change(finding);
        }))
    };
    let fit = mining(|_| {}).expect("all clauses hold");
    assert_eq!(
        (fit.clauses, fit.because.as_str()),
        (2, "technique T1496 and its kind of resource")
    );
    assert_eq!(mining(|finding| finding.draft.resource.kind = Some(ResourceKind::Bucket)), None);
    assert_eq!(mining(|finding| finding.draft.resource.kind = None), None);
    assert_eq!(mining(|finding| finding.draft.severity = Severity::Medium), None);
    assert!(
        mining(|finding| finding.draft.severity = Severity::Unknown).is_some(),
        "unknown is not low"
    );
    assert_eq!(Matcher::default().fit(&finding(|_| {})), None);
    assert_eq!(Matcher::default().explain(&finding(|_| {})), None);
}

#[test]
fn a_target_is_what_the_finding_names_or_nothing() {
    let actor_key = |actor: Option<&str>, resource: Option<(&str, ResourceKind)>| {
        TargetRule::ActorAccessKey.resolve(&finding(|finding| {
            finding.draft.actor =
                actor.map(|key| Actor { access_key_id: Some(key.to_owned()), ..Actor::default() });
            if let Some((id, kind)) = resource {
                finding.draft.resource.native_id = Some(id.to_owned());
                finding.draft.resource.kind = Some(kind);
            }
        }))
    };
    assert_eq!(actor_key(None, None), None);
    assert_eq!(actor_key(Some(""), None), None);
    assert_eq!(actor_key(Some("AKIA1"), None), Some(AssetId::new("AKIA1")));
    assert_eq!(
        actor_key(None, Some(("AKIA2", ResourceKind::AccessKey))),
        Some(AssetId::new("AKIA2"))
    );
    assert_eq!(
        actor_key(Some(""), Some(("AKIA2", ResourceKind::AccessKey))),
        Some(AssetId::new("AKIA2"))
    );
    assert_eq!(actor_key(None, Some(("deploy-bot", ResourceKind::User))), None);
    assert_eq!(TargetRule::Resource.resolve(&finding(|_| {})), Some(AssetId::new("i-0c41f0b9")));
    assert_eq!(
        TargetRule::Resource.resolve(&finding(|finding| finding.draft.resource.native_id = None)),
        None
    );
}

#[test]
fn a_playbook_survives_being_stored() {
    let playbook = Playbook {
        id: "p".to_owned(),
        version: 2,
        title: "P".to_owned(),
        threat: "t".to_owned(),
        matches: matcher(&["T1496"], &["word"]),
        summary: vec!["S".to_owned()],
        hypothesis: vec!["H".to_owned()],
        steps: Vec::new(),
    };
    let stored = serde_json::to_string(&playbook).expect("it is plain data");
    assert_eq!(serde_json::from_str::<Playbook>(&stored).expect("it was one"), playbook);
    let unknown = stored.replacen('{', "{\"colour\":1,", 1);
    assert!(serde_json::from_str::<Playbook>(&unknown).is_err(), "an unknown field is an error");
}
