//! What alerts become.

use firebreak_core::finding::{FindingDraft, ResourceKind};
use firebreak_core::ports::{Normaliser, NotAnAlert};
use firebreak_core::{FindingStatus, Severity};
use firebreak_sources::lacework::LaceworkNormaliser;
use serde_json::{Value, json};

pub const PARTS: &str = include_str!("../fixtures/lacework_miner_parts.json");
pub const LISTED: &str = include_str!("../fixtures/lacework_key_list.json");
pub const ENVELOPE: &str = include_str!("../fixtures/lacework_eventbridge.json");
pub const WEBHOOK: &str = include_str!("../fixtures/lacework_webhook.json");

/// Splits and reads.
pub fn read_all(bytes: &[u8]) -> Vec<Result<FindingDraft, NotAnAlert>> {
    let alerts = LaceworkNormaliser.split(bytes).unwrap();
    alerts.iter().map(|alert| LaceworkNormaliser.normalise(alert)).collect()
}

fn one(text: &str) -> FindingDraft {
    let mut read = read_all(text.as_bytes());
    assert_eq!(read.len(), 1);
    read.pop().unwrap().unwrap()
}

fn ids(attacks: &[firebreak_core::finding::Attack]) -> Vec<&str> {
    attacks.iter().map(|attack| attack.id.as_str()).collect()
}

fn says(finding: &FindingDraft, part: &str) {
    let lines: Vec<&str> = finding.observations.iter().map(|line| line.text.as_str()).collect();
    assert!(lines.iter().any(|line| line.contains(part)), "{part:?} is not in {lines:#?}");
}

#[test]
fn an_alert_with_its_scopes_is_read_whole() {
    let finding = one(PARTS);
    assert_eq!((finding.kind.as_str(), finding.vendor_id.as_str()), ("alert", "482017"));
    assert_eq!(finding.title, "Miner started on a web server");
    assert_eq!((finding.severity, finding.status), (Severity::Critical, FindingStatus::New));
    assert_eq!(finding.created_at.unwrap().to_rfc3339(), "2026-09-12T08:00:00+00:00");
    assert_eq!(finding.updated_at.unwrap().to_rfc3339(), "2026-09-12T09:00:00+00:00");
    assert_eq!(finding.status_changed_at, None);
    let resource = &finding.resource;
    assert_eq!(resource.native_id.as_deref(), Some("i-0aa11bb22cc33dd44"));
    assert_eq!(resource.kind, Some(ResourceKind::Instance));
    assert_eq!(
        (resource.account.as_deref(), resource.region.as_deref(), resource.platform.as_deref()),
        (Some("123456789012"), Some("eu-central-1"), Some("AWS"))
    );
    assert_eq!(resource.tags["owner"], "storefront");
    assert_eq!((ids(&finding.tactics), ids(&finding.techniques)), (vec!["TA0040"], vec!["T1496"]));
    for part in [
        "Execution: xmrig was run by www-data",
        "process on web-7: /tmp/.x/xmrig -o pool.invalid:4444",
        "executable: /tmp/.x/xmrig",
        "talks to pool.invalid",
        "in the last 60 days? No",
        "A process known to mine coins was started (web-7, /tmp/.x/xmrig)",
        "Lacework relates alert 482003 (severity High) to this one: New external server contacted",
        "Comment by dora@example.com: looking at it",
        "Sent to the WEBHOOK channel soc; its last delivery failed: HTTP 503",
    ] {
        says(&finding, part);
    }
    assert_eq!(finding.unknowns, Vec::<String>::new());
}

#[test]
fn a_closed_alert_about_an_identity() {
    let finding = one(LISTED);
    assert_eq!((finding.severity, finding.status), (Severity::High, FindingStatus::Resolved));
    assert_eq!(finding.status_changed_at.unwrap().to_rfc3339(), "2026-09-12T12:30:00+00:00");
    let arn = Some("arn:aws:iam::123456789012:user/deploy-bot");
    assert_eq!(finding.resource.native_id.as_deref(), arn);
    assert_eq!(finding.resource.kind, Some(ResourceKind::User));
    let actor = finding.actor.unwrap();
    assert_eq!(
        (actor.native_id.as_deref(), actor.address.as_deref()),
        (arn, Some("198.51.100.23"))
    );
    assert_eq!(ids(&finding.techniques), ["T1078.004"]);
    assert!(finding.unknowns.iter().any(|note| note.starts_with("native id: made from account")));
}

#[test]
fn older_words_and_channels_are_the_same_alert() {
    let (envelope, webhook) = (one(ENVELOPE), one(WEBHOOK));
    let detail: Value = serde_json::from_str(ENVELOPE).unwrap();
    let bare = one(&detail["detail"].to_string());
    for finding in [&envelope, &webhook, &bare] {
        assert_eq!((finding.kind.as_str(), finding.vendor_id.as_str()), ("alert", "482200"));
        assert_eq!(finding.severity, Severity::High);
        assert_eq!(finding.status, FindingStatus::Unknown);
        assert!(finding.unknowns.contains(&"status: not given".to_owned()));
        assert_eq!(finding.created_at.unwrap().to_rfc3339(), "2026-09-12T10:00:00+00:00");
        assert_eq!(finding.rule_id.as_deref(), Some("lacework-global-130"));
    }
    assert_eq!(envelope.resource.native_id.as_deref(), Some("arn:aws:s3:::customer-exports"));
    assert_eq!(envelope.resource.account.as_deref(), Some("123456789012"));
    assert_eq!(envelope.rule_name.as_deref(), Some("Buckets are not public"));
    assert_eq!(webhook.resource.native_id, None);
}

#[test]
fn every_wrapping_comes_off() {
    let alert: Value = serde_json::from_str(LISTED).unwrap();
    let paging = json!({"rows": 1, "totalRows": 1, "urls": {"nextPage": null}});
    let message = json!({"input": {"message": alert.to_string()}});
    for wrapped in [
        json!({"paging": paging, "data": [alert]}),
        json!({"data": alert}),
        json!([alert]),
        message,
        json!({"message": json!([alert]).to_string()}),
    ] {
        assert_eq!(one(&wrapped.to_string()).vendor_id, "482100");
    }
    let lines = format!("{alert}\n\n{{broken\n{alert}\n");
    let read = read_all(lines.as_bytes());
    assert_eq!((read.len(), read.iter().filter(|read| read.is_ok()).count()), (3, 2));
}

#[test]
fn what_is_not_understood_is_named_and_nothing_is_lost() {
    let odd = json!({"alertId": "77", "severity": "SEVERE", "status": ["Open"], "startTime": 12,
        "endTime": null, "lastUserUpdatedTime": {"x": 1}, "alertInfo": "none",
        "entityMap": {"Machine": "{object}", "CT_User": [null, 3]}, "derivedFields": 7});
    let finding = one(&odd.to_string());
    assert_eq!((finding.vendor_id.as_str(), finding.severity), ("77", Severity::Unknown));
    assert_eq!(finding.severity_as_given.as_deref(), Some("SEVERE"));
    assert_eq!(finding.title, "Lacework alert 77");
    for note in [
        "severity: \"SEVERE\" is not known",
        "status: a list where a single value belongs",
        "created: 12 is not known",
        "updated: not given",
        "status changed: an object where a single value belongs",
        "entity map: it holds no entity",
        "native id: not given",
        "account: not given",
        "rule: not given",
    ] {
        assert!(finding.unknowns.contains(&note.to_owned()), "{note}: {:#?}", finding.unknowns);
    }
}

#[test]
fn numbers_for_severities_and_numbers_as_texts() {
    for (given, severity) in [
        (json!(1), Severity::Critical),
        (json!("3"), Severity::Medium),
        (json!("info"), Severity::Informational),
        (json!(6), Severity::Unknown),
    ] {
        let event = json!({"EVENT_ID": 5, "EVENT_TYPE": "x", "SEVERITY": given});
        assert_eq!(one(&event.to_string()).severity, severity);
    }
}

#[test]
fn what_is_no_alert_says_what_it_is() {
    for (body, what) in [
        (json!({"token": "secret-token", "expiresAt": "x"}), "a token request"),
        (json!({"message": "No such alert"}), "an error answer (No such alert)"),
        (json!({"data": {"ErrorMsg": "nope"}, "ok": true, "message": "SUCCESS"}), "(nope)"),
        (json!({"id": 1, "alertId": 7, "entryType": "Comment", "message": {}}), "a timeline entry"),
        (json!({"data": [{"question": "q", "answer": "a"}]}), "investigation"),
        (json!({"colour": "red"}), "an object with the keys colour"),
        (json!(7), "a single value"),
    ] {
        let read = read_all(body.to_string().as_bytes());
        let error = read[0].as_ref().unwrap_err();
        assert!(error.0.contains(what) && !error.0.contains("secret-token"), "{body}: {error}");
    }
}

#[test]
fn techniques_are_read_wherever_the_alert_has_them_and_never_made_up() {
    let check = |path: &str, value: Value, expected: &[&str]| {
        let mut alert = json!({"alertId": 7, "alertType": "X", "severity": "Medium", "status": "Open",
            "alertInfo": {"subject": "s", "description": "d"}});
        let (outer, inner) = path.split_once('.').unwrap_or((path, ""));
        match inner {
            "" => alert[outer] = value,
            inner => alert[outer][inner] = value,
        }
        let finding = one(&alert.to_string());
        let both = [ids(&finding.tactics), ids(&finding.techniques)].concat();
        assert_eq!(both, expected, "{alert}");
        let noted = finding.unknowns.contains(&"tactic or technique: not given".to_owned());
        assert_eq!(noted, expected.is_empty(), "{alert}");
    };
    check("alertInfo.description", json!("as T1110 describes"), &["T1110"]);
    check(
        "alertInfo.supportingFacts",
        json!([{"supportingFactText": "Brute force (T1110)",
                "subElements": [{"supportingFactText": "T1078.004: cloud accounts"}, 3, null]}]),
        &["T1110", "T1078.004"],
    );
    check("alertInfo.formalTags", json!([{"id": "TA0007", "name": "Discovery"}]), &["TA0007"]);
    check("formalTags", json!([{"customer_facing_id": "T1018", "id": "T1018"}]), &["T1018"]);
    check("policyTags", json!(["domain:AWS", "mitre:t1078", "T1530"]), &["T1078", "T1530"]);
    check("policyTags", json!(["tactic:Credential Access"]), &["TA0006"]);
    check("tagMetadata", json!([{"key": "mitre", "value": "T1098"}]), &["T1098"]);
    check("tagMetadata", json!(["Resource Hijacking"]), &["T1496"]);
    check("policy", json!({"tags": ["T1190"]}), &["T1190"]);
    check(
        "entityMap",
        json!({"RulesTriggered": [{"KEY": {"rule_title": "Root used (T1078)"}}]}),
        &["T1078"],
    );
    // Names within words, other numbers, odd types.
    check("alertInfo.description", json!("discovery of impact on T10 and xT1110 by t1110"), &[]);
    check("policyTags", json!(["domain:AWS", "subdomain:Cloudtrail", "discovery-team"]), &[]);
    check("policyTags", json!("T1078"), &[]);
    check("tagMetadata", json!([null, 7, [], {"value": {"T1078": 1}}]), &[]);
}

#[test]
fn related_alerts_are_told_with_their_numbers() {
    let listed: Value = serde_json::from_str(PARTS).unwrap();
    let parts = json!({"alert": listed["alert"], "RelatedAlerts": [
        {"alertId": 11, "alertName": "Another", "severity": "Low"}, {"eventId": "12"}, {"eventName": "no number"}, 7]});
    let finding = one(&parts.to_string());
    says(&finding, "Lacework relates alert 11 (severity Low) to this one: Another");
    says(&finding, "Lacework relates alert 12 to this one");
    assert!(finding.observations.iter().all(|line| !line.text.contains("no number")));
}

#[test]
fn who_acted_is_read_from_words_where_there_is_nothing_else() {
    let check = |description: &str, expected: Option<(&str, ResourceKind, &str)>| {
        let alert = json!({"alertId": 7, "alertType": "X", "severity": "Medium", "status": "Open",
            "derivedFields": {"source": "AWS"}, "alertInfo": {"description": description}});
        let finding = one(&alert.to_string());
        let actor = finding.actor.and_then(|actor| actor.name);
        assert_eq!(actor.as_deref(), expected.map(|(name, ..)| name), "{description}");
        let resource = finding.resource;
        let read = resource.name.zip(resource.kind).zip(resource.vendor_id);
        let read = read.map(|((name, kind), id)| (name, kind, id));
        let expected = expected.map(|(name, kind, id)| (name.to_owned(), kind, id.to_owned()));
        assert_eq!(read, expected, "{description}");
        assert_eq!(resource.native_id, None, "{description}");
    };
    let (user, role) = (ResourceKind::User, ResourceKind::Role);
    check(
        " For account: 123456789012  : API call was refused 9 times  by user  deploy-bot    ",
        Some(("deploy-bot", user, "user:deploy-bot")),
    );
    check(
        "For account: 123456789012 : Root account was used by user  123456789012",
        Some(("root", user, "user:123456789012:root")),
    );
    check(
        "For account: 123456789012 : x by user AROAEXAMPLEEXAMPLE123:web.",
        Some(("AROAEXAMPLEEXAMPLE123:web", role, "user:AROAEXAMPLEEXAMPLE123:web")),
    );
    check(
        "For account:  123456789012  : User    AssumedRole/123456789012:Guard     using Aws",
        Some(("AssumedRole/123456789012:Guard", role, "user:AssumedRole/123456789012:Guard")),
    );
    check("a file was changed by user root", None);
    check("For account: 123456789012 : x by user ", None);
    check("for ACCOUNT: \u{130}\u{130} by user", None);
}
