//! Findings that somebody else's code wrote: `py-ocsf-models` (PyPI), the library with which Prowler
//! writes its output. Skips itself, and says so, where FIREBREAK_PYTHON has no such module.

use std::process::Command;

use firebreak_core::finding::{FindingStatus, Severity};

use super::read_all;

/// The same objects and arguments as Prowler's OCSF writer.
const PROGRAM: &str = r#"
from datetime import datetime, timezone
from py_ocsf_models.events.base_event import SeverityID, StatusID
from py_ocsf_models.events.findings.detection_finding import DetectionFinding, DetectionFindingTypeID
from py_ocsf_models.events.findings.finding import ActivityID, FindingInformation
from py_ocsf_models.objects.account import Account, TypeID
from py_ocsf_models.objects.cloud import Cloud
from py_ocsf_models.objects.group import Group
from py_ocsf_models.objects.metadata import Metadata
from py_ocsf_models.objects.organization import Organization
from py_ocsf_models.objects.product import Product
from py_ocsf_models.objects.resource_details import ResourceDetails
at = datetime(2026, 9, 21, 14, 13, 20, tzinfo=timezone.utc)
def finding(code):
    return DetectionFinding(message="m", activity_id=ActivityID.Create.value, activity_name=ActivityID.Create.name,
        finding_info=FindingInformation(created_time_dt=at, created_time=int(at.timestamp()), desc="d",
            title="Buckets are not public", uid="u-" + code, name="ledger", types=["Data"]),
        time_dt=at, time=int(at.timestamp()), severity_id=SeverityID.Critical.value, severity=SeverityID.Critical.name,
        status_id=StatusID.New.value, status=StatusID.New.name, status_code=code, status_detail="open to everyone",
        resources=[ResourceDetails(labels=["env:prod"], name="ledger", uid="arn:aws:s3:::ledger", group=Group(name="s3"),
            type="AwsS3Bucket", cloud_partition="aws", region="eu-west-1", data={"details": "", "metadata": {}})],
        metadata=Metadata(event_code="s3_bucket_public", version="1.4.0", profiles=["cloud", "datetime"],
            product=Product(uid="x", name="X", vendor_name="X", version="1")),
        type_uid=DetectionFindingTypeID.Create, type_name="Detection Finding: Create", unmapped={"compliance": {}},
        cloud=Cloud(account=Account(name="shop", type_id=TypeID.AWS_Account.value, type="AWS Account", uid="123456789012"),
            org=Organization(uid="o", name="o"), provider="aws", region="eu-west-1"))
print("[" + ",".join(finding(code).model_dump_json(exclude_none=True, indent=4) for code in ["FAIL", "PASS"]) + "]")
"#;

#[test]
fn findings_of_prowlers_own_library() {
    let python = std::env::var_os("FIREBREAK_PYTHON");
    let has = |python: &std::ffi::OsString| {
        let look = Command::new(python).args(["-c", "import py_ocsf_models"]).output();
        look.is_ok_and(|output| output.status.success())
    };
    let Some(python) = python.filter(has) else {
        eprintln!(
            "SKIPPED: FIREBREAK_PYTHON has no py_ocsf_models, so nobody else wrote a finding"
        );
        return;
    };
    let output = Command::new(python).args(["-B", "-c", PROGRAM]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<_> = read_all(&output.stdout).into_iter().map(Result::unwrap).collect();
    let [failed, passed] = read.as_slice() else { panic!("two findings: {read:?}") };
    assert_eq!((failed.severity, failed.status), (Severity::Critical, FindingStatus::New));
    assert_eq!(failed.created_at.unwrap().timestamp(), 1_790_000_000);
    assert_eq!(failed.resource.native_id.as_deref(), Some("arn:aws:s3:::ledger"));
    assert_eq!(failed.resource.region.as_deref(), Some("eu-west-1"));
    assert_eq!(failed.resource.account.as_deref(), Some("123456789012"));
    assert_eq!(failed.resource.tags["env"], "prod");
    assert_eq!(failed.rule_id.as_deref(), Some("s3_bucket_public"));
    assert_eq!(failed.unknowns, ["tactic or technique: not given"]);
    assert_eq!(passed.status, FindingStatus::Resolved);
}
