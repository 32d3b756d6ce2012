//! Payloads that public integrations of Wiz ship with, read where they lie. None is kept here.

use firebreak_core::finding::{FindingDraft, ResourceKind};
use firebreak_core::{FindingStatus, Severity};

use crate::reading::read_all;
use crate::stand::folder;

/// File name prefix and what its objects are.
const TABLE: &[(&str, &str)] = &[
    ("chronicle-add_comment", "a comment"),
    ("chronicle-get_blue_agent_analysis", "an AI analysis"),
    ("chronicle-get_issue_details", "issue"),
    ("chronicle-ignore_issue", "an update of an issue"),
    ("chronicle-list_resource_vulnerability_findings", "a vulnerability finding"),
    ("chronicle-reopen_issue", "an update of an issue"),
    ("chronicle-resolve_issue", "an update of an issue"),
    ("chronicle-response-add_comment", "\"createIssueNote\""),
    ("chronicle-response-get_issue_details", "issue"),
    ("chronicle-response-ignore_issue", "\"updateIssue\""),
    ("chronicle-response-invalid_alert", "an error answer (You do not have permission"),
    ("chronicle-response-invalid_close_alert", "an error answer (Invalid permissions)"),
    ("chronicle-response-invalid_issue", "a GraphQL error answer (BAD_USER_INPUT"),
    ("chronicle-response-invalid_token", "an error answer (Invalid token.)"),
    ("chronicle-response-re", "\"updateIssue\""),
    ("chronicle-response-valid_token", "a token request"),
    ("panther-issue", "issue"),
    ("sekoia-audit", "an audit log entry"),
    ("sekoia-configfinding", "a cloud configuration finding"),
    ("sekoia-detection", "detection"),
    ("sekoia-issue", "issue"),
    ("sekoia-vulnfinding", "a vulnerability finding"),
];

fn each(mut look: impl FnMut(&str, &[u8])) {
    let Some(folder) = folder("FIREBREAK_SAMPLES") else { return };
    let folder = if folder.join("wiz").is_dir() { folder.join("wiz") } else { folder };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "the samples of Wiz are 40 files");
    for file in files {
        look(file.file_stem().unwrap().to_str().unwrap(), &std::fs::read(&file).unwrap());
    }
}

fn one(wanted: &str) -> Option<FindingDraft> {
    let mut found = None;
    each(|name, bytes| {
        if name == wanted {
            found = read_all(bytes).pop().map(Result::unwrap);
        }
    });
    found
}

#[test]
fn every_file_is_a_finding_or_says_what_it_is() {
    each(|name, bytes| {
        let expected = TABLE.iter().find(|(prefix, _)| name.starts_with(prefix));
        let (_, expected) = expected.unwrap_or_else(|| panic!("{name} is not in the table"));
        let read = read_all(bytes);
        assert_eq!(read.len(), 1, "{name}");
        match &read[0] {
            Err(error) => assert!(error.0.contains(expected), "{name}: {error}"),
            Ok(finding) => {
                assert_eq!(&finding.kind, expected, "{name}");
                sound(name, finding);
            }
        }
    });
}

/// What every one of these files says.
fn sound(name: &str, finding: &FindingDraft) {
    assert_ne!(finding.severity, Severity::Unknown, "{name}");
    assert_eq!(finding.status == FindingStatus::Unknown, finding.kind == "detection", "{name}");
    assert!(finding.created_at.is_some() && finding.updated_at.is_some(), "{name}");
    assert!(!finding.vendor_id.is_empty() && !finding.vendor_id.starts_with("sha256:"), "{name}");
    assert!(finding.resource.name.is_some() && finding.resource.kind.is_some(), "{name}");
    for (field, given) in [
        ("native id", finding.resource.native_id.is_some()),
        ("account", finding.resource.account.is_some()),
        ("region", finding.resource.region.is_some()),
        ("tactic or technique", !finding.tactics.is_empty() || !finding.techniques.is_empty()),
    ] {
        let noted = finding.unknowns.contains(&format!("{field}: not given"));
        assert_eq!(noted, !given, "{name}: {field} is either there or named as missing");
    }
}

#[test]
fn a_detection_takes_its_resource_from_both_places() {
    let Some(finding) = one("sekoia-detection-test_detection_1") else { return };
    assert_eq!(finding.severity, Severity::High);
    let resource = &finding.resource;
    assert_eq!(
        resource.native_id.as_deref(),
        Some("arn:aws:rds:us-east-1:123456789012:db:production-database")
    );
    assert_eq!(resource.kind, Some(ResourceKind::Database));
    assert_eq!(
        (resource.account.as_deref(), resource.region.as_deref()),
        (Some("123456789012"), Some("us-east-1"))
    );
    assert_eq!(finding.title, "Suspicious Database Access");
    let actor = finding.actor.unwrap();
    assert_eq!(actor.native_id.as_deref(), Some("arn:aws:iam::123456789012:user/suspicious-user"));
    assert!(
        finding.observations.iter().any(|line| line.text == "DatabaseAccess" && line.at.is_some())
    );
}

#[test]
fn an_actor_that_is_nobody_is_none_and_names_find_their_ids() {
    let Some(finding) = one("sekoia-detection-test_detection_2") else { return };
    assert_eq!(finding.actor, None);
    assert_eq!(finding.tactics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["TA0001"]);
    assert_eq!(finding.techniques.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["T1190"]);
    assert_eq!(finding.resource.platform.as_deref(), Some("Kubernetes"));
    assert!(finding.observations.iter().all(|line| !line.text.contains(":cloud-resource[")));
}

#[test]
fn times_without_a_zone_and_ids_of_frameworks() {
    let Some(finding) = one("panther-issue-1-open_alert") else { return };
    assert_eq!(finding.created_at.unwrap().to_rfc3339(), "2024-06-04T02:28:06.763277+00:00");
    assert_eq!(finding.status_changed_at.unwrap().to_rfc3339(), "2024-06-04T02:28:06.597355+00:00");
    assert_eq!(finding.techniques[0].id, "T1190");
    assert_eq!(finding.techniques[0].name.as_deref(), Some("Exploit Public-Facing Application"));
    assert_eq!(finding.tactics[0].id, "TA0001");
    assert_eq!(finding.resource.native_id.as_deref(), Some("someExternalId"));
    let Some(resolved) = one("panther-issue-3-resolved_alert") else { return };
    assert_eq!(resolved.status, FindingStatus::Resolved);
}

#[test]
fn kinds_of_resources() {
    for (file, kind) in [
        ("sekoia-issue-gen_event2", ResourceKind::Instance),
        ("sekoia-issue-gen_event3", ResourceKind::Other),
        ("sekoia-issue-gen_event4", ResourceKind::Role),
        ("sekoia-issue-gen_event5", ResourceKind::User),
        ("sekoia-issue-gen_event6", ResourceKind::Function),
        ("sekoia-issue-gen_event7", ResourceKind::Bucket),
        ("sekoia-issue-gen_event8", ResourceKind::Container),
    ] {
        let Some(finding) = one(file) else { return };
        assert_eq!(finding.resource.kind, Some(kind), "{file}");
        assert_eq!(finding.resource.native_id, None, "{file}: a name is not an id");
    }
}
