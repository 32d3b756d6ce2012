//! Payloads that public integrations of Orca ship with, read where they lie. None is kept here.

use firebreak_core::finding::{FindingDraft, ResourceKind};
use firebreak_core::{FindingStatus, Severity};

use super::reading::read_all;
use crate::stand::folder;

/// File name prefix, how many objects, and what they are.
const TABLE: &[(&str, usize, &str)] = &[
    ("chronicle-add_comment", 1, "a comment"),
    ("chronicle-get_asset_details", 1, "an asset"),
    ("chronicle-get_compliance_info", 1, "compliance frameworks"),
    ("chronicle-get_vulnerability_details", 1, "a vulnerability"),
    ("chronicle-scan_assets", 2, "the status of a scan"),
    ("chronicle-update_alert", 1, "alert"),
    ("defectdojo-many_vulns", 5, "alert"),
    ("defectdojo-one_vuln", 1, "alert"),
    ("demisto-rules-query-alerts-page", 1, "alert"),
    ("panther-webhook-alert", 1, "alert"),
    ("sentinel-legacy-alert", 1, "alert"),
];

fn each(mut look: impl FnMut(&str, &[u8])) {
    let Some(folder) = folder("FIREBREAK_SAMPLES") else { return };
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("orca")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 11, "the samples of Orca are 11 files");
    for file in files {
        look(file.file_stem().unwrap().to_str().unwrap(), &std::fs::read(&file).unwrap());
    }
}

fn all(wanted: &str) -> Vec<FindingDraft> {
    let mut found = Vec::new();
    each(|name, bytes| {
        if name.starts_with(wanted) {
            found.extend(read_all(bytes).into_iter().map(Result::unwrap));
        }
    });
    found
}

#[test]
fn every_file_is_findings_or_says_what_it_is() {
    each(|name, bytes| {
        let expected = TABLE.iter().find(|(prefix, ..)| name.starts_with(prefix));
        let (_, count, expected) = expected.unwrap_or_else(|| panic!("{name} is not in the table"));
        let read = read_all(bytes);
        assert_eq!(read.len(), *count, "{name}");
        for object in read {
            match object {
                Err(error) => assert!(error.0.contains(expected), "{name}: {error}"),
                Ok(finding) => {
                    assert_eq!(&finding.kind, expected, "{name}");
                    sound(name, &finding);
                }
            }
        }
    });
}

/// What every one of these files says, and that what it does not say is named.
fn sound(name: &str, finding: &FindingDraft) {
    assert_ne!(finding.severity, Severity::Unknown, "{name}");
    assert_eq!(finding.status == FindingStatus::Unknown, name.starts_with("sentinel"), "{name}");
    assert!(finding.created_at.is_some(), "{name}");
    assert!(finding.resource.name.is_some(), "{name}");
    for (field, given) in [
        ("updated", finding.updated_at.is_some()),
        ("status changed", finding.status_changed_at.is_some()),
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
fn an_alert_of_the_serving_layer() {
    let Some(finding) = all("chronicle-update_alert").pop() else { return };
    assert_eq!(finding.vendor_id, "orca-1263534");
    assert_eq!((finding.severity, finding.status), (Severity::Low, FindingStatus::New));
    assert_eq!(finding.updated_at.unwrap().to_rfc3339(), "2025-09-23T11:36:35+00:00");
    assert_eq!(finding.resource.name.as_deref(), Some("Armor-test/CE"));
    assert_eq!(finding.resource.kind, Some(ResourceKind::Other));
    assert_eq!(finding.resource.account.as_deref(), Some("fbn"));
    assert!(finding.observations.iter().any(|line| line.text.contains("user moved to done")));
}

#[test]
fn an_alert_of_the_rules_api() {
    let Some(finding) = all("demisto").pop() else { return };
    assert_eq!((finding.vendor_id.as_str(), finding.severity), ("orca-91523", Severity::Low));
    assert_eq!(finding.title, "Inactive User");
    assert_eq!(finding.tactics[0].id, "TA0001");
    assert_eq!(finding.techniques[0].id, "T1078");
    assert_eq!(finding.resource.kind, Some(ResourceKind::User));
    assert_eq!(finding.resource.region.as_deref(), Some("eu-central-1"));
    assert_eq!(finding.resource.native_id, None, "\"arn\" is no id of a cloud");
    assert_eq!(finding.status_changed_at.unwrap().to_rfc3339(), "2022-10-12T00:00:00+00:00");
}

#[test]
fn alerts_of_log_analytics() {
    let Some(finding) = all("sentinel-legacy-alert-1").pop() else { return };
    assert_eq!((finding.vendor_id.as_str(), finding.severity), ("orca-9423", Severity::High));
    assert_eq!(finding.resource.native_id.as_deref(), Some("i-06e71a2b20333b35e"));
    assert_eq!(finding.resource.account.as_deref(), Some("380102283719"));
    assert!(finding.observations[0].text.contains("EICAR-Test-File"));
    let weak = all("sentinel-legacy-alert-2").pop().unwrap();
    assert!(weak.observations.iter().all(|line| !line.text.contains("qw*")));
}

#[test]
fn severities_of_the_export() {
    let findings = all("defectdojo-many");
    if findings.is_empty() {
        return;
    }
    let severities: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    use Severity::{Critical, High, Informational, Low, Medium};
    assert_eq!(severities, [Low, Medium, High, Critical, Informational]);
    assert_eq!(findings[4].status, FindingStatus::Resolved);
    assert_eq!(findings[2].tactics[0].id, "TA0001");
}
