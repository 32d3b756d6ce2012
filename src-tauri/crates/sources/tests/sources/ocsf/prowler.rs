//! Prowler's output. The fixture is ours; its fields, their types and their quirks are those of what
//! Prowler 5.46 wrote about a simulated account: times without a zone in the scanner's own time, the
//! same in seconds beside them, empty names, tactics without ids, checks that passed.

use firebreak_core::finding::{FindingDraft, FindingStatus, ResourceKind, Severity};

use super::read_all;

fn findings() -> Vec<FindingDraft> {
    let read = read_all(include_bytes!("prowler.json"));
    read.into_iter().map(Result::unwrap).collect()
}

#[test]
fn checks_that_failed_passed_were_muted_or_are_for_people() {
    let statuses: Vec<FindingStatus> = findings().iter().map(|finding| finding.status).collect();
    use FindingStatus::{New, Resolved, Suppressed};
    assert_eq!(statuses, [New, Suppressed, Resolved, New]);
}

#[test]
fn a_time_without_a_zone_gives_way_to_the_seconds_beside_it() {
    for finding in findings() {
        let moment = Some(1_790_000_000);
        assert_eq!(finding.created_at.map(|at| at.timestamp()), moment, "{}", finding.title);
        assert_eq!(finding.updated_at.map(|at| at.timestamp()), moment, "{}", finding.title);
    }
}

#[test]
fn resource_account_rule_and_attack() {
    let findings = findings();
    let bucket = &findings[0];
    assert_eq!(bucket.severity, Severity::High);
    assert_eq!(bucket.title, "Buckets block public access");
    assert_eq!(bucket.rule_id.as_deref(), Some("bucket_blocks_public_access"));
    assert_eq!(
        bucket.vendor_id,
        "prowler-aws-bucket_blocks_public_access-123456789012-eu-west-1-ledger-of-the-shop"
    );
    let resource = &bucket.resource;
    assert_eq!(resource.native_id.as_deref(), Some("arn:aws:s3:::ledger-of-the-shop"));
    assert_eq!(resource.kind, Some(ResourceKind::Bucket));
    assert_eq!(
        (resource.account.as_deref(), resource.account_name.as_deref()),
        (Some("123456789012"), None)
    );
    assert_eq!(resource.region.as_deref(), Some("eu-west-1"));
    assert_eq!((&*resource.tags["env"], &*resource.tags["owner"]), ("prod", "books"));
    assert_eq!((&*bucket.tactics[0].id, &*bucket.techniques[0].id), ("TA0009", "T1530"));
    assert_eq!(bucket.unknowns, Vec::<String>::new());
    let instance = &findings[1].resource;
    assert_eq!(instance.native_id.as_deref(), Some("i-0c0ffee0c0ffee002"));
    assert_eq!(instance.kind, Some(ResourceKind::Instance));
    let user = &findings[2];
    assert_eq!((user.tactics.len(), user.techniques.len()), (2, 1));
    assert_eq!(user.resource.kind, Some(ResourceKind::User));
}

/// What a real Prowler wrote about AWS, where somebody has a file of it.
#[test]
fn a_real_scan() {
    let Some(file) = std::env::var_os("FIREBREAK_PROWLER_OUTPUT") else {
        eprintln!(
            "SKIPPED: FIREBREAK_PROWLER_OUTPUT names no file that `prowler aws --output-formats json-ocsf` wrote"
        );
        return;
    };
    let read = read_all(&std::fs::read(file).unwrap());
    assert!(!read.is_empty());
    for finding in read.into_iter().map(Result::unwrap) {
        let resource = &finding.resource;
        let complete = finding.severity != Severity::Unknown
            && finding.status != FindingStatus::Unknown
            && finding.created_at.is_some()
            && finding.rule_id.is_some()
            && resource.native_id.is_some()
            && resource.kind.is_some()
            && resource.account.is_some()
            && resource.region.is_some();
        assert!(complete, "{finding:#?}");
    }
}
