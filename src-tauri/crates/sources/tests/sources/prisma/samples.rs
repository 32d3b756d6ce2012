//! Payloads that public integrations of Prisma Cloud ship with, read where they lie. None is kept here.

use firebreak_core::finding::{FindingDraft, ResourceKind};
use firebreak_core::{FindingStatus, Severity};

use super::reading::read_all;
use crate::stand::folder;

/// File name prefix and what its objects are.
const TABLE: &[(&str, &str)] = &[
    ("demisto-compute-alert", "audit"),
    ("demisto-redlock-alert_raw", "alert"),
    ("demisto-redlock-v2alert-page", "alert"),
    ("elastic-alert-network", "alert"),
    ("elastic-html-200-response", "a recorded HTTP answer"),
    ("elastic-resource-s3", "a description of a resource"),
];

fn each(mut look: impl FnMut(&str, &[u8])) {
    let Some(folder) = folder("FIREBREAK_SAMPLES") else { return };
    let folder = if folder.join("prisma").is_dir() { folder.join("prisma") } else { folder };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "the samples of Prisma are 10 files");
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

/// What is not there is named as missing.
fn sound(name: &str, finding: &FindingDraft) {
    assert!(finding.created_at.is_some(), "{name}");
    assert!(!finding.vendor_id.is_empty() && !finding.vendor_id.starts_with("sha256:"), "{name}");
    assert!(!finding.title.is_empty(), "{name}");
    let noted = |field: &str| finding.unknowns.iter().any(|note| note.starts_with(field));
    for (field, given) in [
        ("severity", finding.severity != Severity::Unknown),
        ("status:", finding.status != FindingStatus::Unknown),
        ("updated", finding.updated_at.is_some()),
        ("status changed", finding.status_changed_at.is_some()),
        ("resource name", finding.resource.name.is_some()),
        ("native id", finding.resource.native_id.is_some()),
        ("account", finding.resource.account.is_some()),
        ("region", finding.resource.region.is_some()),
        ("rule", finding.rule_name.is_some()),
        ("tactic or technique", !finding.tactics.is_empty() || !finding.techniques.is_empty()),
    ] {
        assert_eq!(
            noted(field),
            !given,
            "{name}: {field} is either there or named: {:?}",
            finding.unknowns
        );
    }
}

#[test]
fn an_alert_without_its_policys_name_is_read_as_far_as_it_goes() {
    let Some(finding) = one("demisto-redlock-alert_raw") else { return };
    assert_eq!((finding.severity, finding.status), (Severity::Unknown, FindingStatus::Resolved));
    assert_eq!(finding.title, "Prisma Cloud alert P-1496074");
    let resource = &finding.resource;
    assert_eq!(resource.kind, Some(ResourceKind::Instance));
    assert_eq!(
        resource.native_id.as_deref(),
        Some("projects/gcp-demo1/zones/us-central1-b/instances/vm-series-demo")
    );
    assert_eq!(resource.platform.as_deref(), Some("GCP"));
    assert_eq!(resource.account.as_deref(), Some("gcp-demo1"));
    assert_eq!(resource.region.as_deref(), Some("us-central1"));
    assert_eq!(finding.created_at.unwrap().timestamp_millis(), 1_668_769_934_085);
    assert_eq!(finding.status_changed_at.unwrap().timestamp_millis(), 1_668_855_894_492);
}

#[test]
fn a_page_is_split_and_what_an_alert_lacks_is_unknown() {
    let Some(finding) = one("demisto-redlock-v2alert-page") else { return };
    assert_eq!((finding.severity, finding.status), (Severity::Low, FindingStatus::New));
    assert_eq!(finding.resource.native_id, None);
    assert!(finding.title.starts_with("AWS CloudTrail is not enabled"));
}

#[test]
fn a_time_as_text_and_null_data_lose_nothing() {
    let Some(finding) = one("elastic-alert-network") else { return };
    assert_eq!((finding.severity, finding.status), (Severity::High, FindingStatus::New));
    assert_eq!(finding.resource.native_id.as_deref(), Some("i-04578e97170000047"));
    assert_eq!(finding.resource.account_name.as_deref(), Some("AWS Cloud Account"));
    assert!(finding.observations.iter().any(|line| {
        line.at.is_some_and(|at| at.timestamp_millis() == 1_694_003_441_966)
            && line.text.starts_with("Alert open")
    }));
}

#[test]
fn records_of_compute() {
    let Some(audit) = one("demisto-compute-alert-01-audit") else { return };
    assert_eq!(audit.title, "unexpected ls was spawned");
    assert_eq!(audit.rule_name.as_deref(), Some("koko"));
    assert_eq!(audit.resource.kind, Some(ResourceKind::Instance));
    assert_eq!(audit.resource.vendor_id.as_deref(), Some("devbox"));
    let Some(found) = one("demisto-compute-alert-03-cloudDiscovery") else { return };
    assert_eq!(found.title, "aws-ecr: 0 of 4 protected");
    assert_eq!(found.resource.account.as_deref(), Some("123456789"));
    assert_eq!(found.resource.region.as_deref(), Some("us-east-1"));
    let Some(rules) = one("demisto-compute-alert-04-compliance") else { return };
    assert_eq!(rules.observations.len(), 3);
    assert_eq!(rules.resource.kind, Some(ResourceKind::Container));
}
