//! What Prisma's words for severity, status and kind of resource mean to us.

use firebreak_core::finding::{FindingStatus, ResourceKind, Severity};
use serde_json::Value;

use crate::fields::{Notes, text_of, title};

/// The OpenAPI names high, medium and low; real alerts are critical and informational too.
pub(super) fn severity(value: &Value, notes: &mut Notes) -> (Severity, Option<String>) {
    match severity_of(value) {
        Some(known) => (known, None),
        None => {
            notes.odd("severity", value);
            (Severity::Unknown, title(value))
        }
    }
}

/// The same without a note.
pub(super) fn severity_of(value: &Value) -> Option<Severity> {
    Some(match text_of(value)?.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" => Severity::High,
        "medium" => Severity::Medium,
        "low" => Severity::Low,
        "informational" | "info" => Severity::Informational,
        _ => return None,
    })
}

/// Statuses of an alert. Dismissed and snoozed alerts are out of sight by a person's wish.
pub(super) fn status(value: &Value, notes: &mut Notes) -> (FindingStatus, Option<String>) {
    let word = text_of(value).map(|word| word.to_ascii_lowercase());
    let known = match word.as_deref() {
        Some("open") => FindingStatus::New,
        Some("pending_resolution") => FindingStatus::InProgress,
        Some("dismissed" | "snoozed") => FindingStatus::Suppressed,
        Some("resolved") => FindingStatus::Resolved,
        _ => {
            notes.odd("status", value);
            return (FindingStatus::Unknown, title(value));
        }
    };
    (known, None)
}

/// `aws`, `gcp`, … as clouds are called everywhere else here.
pub(super) fn platform(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "aws" => "AWS".to_owned(),
        "gcp" => "GCP".to_owned(),
        "azure" => "Azure".to_owned(),
        _ => firebreak_core::text::line(word, firebreak_core::text::TITLE_CAP),
    }
}

/// Words that tell a kind, tried in order against a type's words: `IAM_ACCESS_KEY` is a key first.
const WORDS: [(&str, ResourceKind); 34] = [
    ("ACCESSKEY", ResourceKind::AccessKey),
    ("SECURITYGROUP", ResourceKind::Network),
    ("FIREWALL", ResourceKind::Network),
    ("LOADBALANCER", ResourceKind::Network),
    ("SUBNET", ResourceKind::Network),
    ("VPC", ResourceKind::Network),
    ("NETWORKINTERFACE", ResourceKind::Network),
    ("INTERNETGATEWAY", ResourceKind::Network),
    ("ROUTETABLE", ResourceKind::Network),
    ("NETWORK", ResourceKind::Network),
    ("STORAGEBUCKET", ResourceKind::Bucket),
    ("S3API", ResourceKind::Bucket),
    ("BUCKET", ResourceKind::Bucket),
    ("STORAGEACCOUNT", ResourceKind::Bucket),
    ("DBINSTANCE", ResourceKind::Database),
    ("MANAGEDDATABASE", ResourceKind::Database),
    ("DATABASE", ResourceKind::Database),
    ("RDS", ResourceKind::Database),
    ("DYNAMODB", ResourceKind::Database),
    ("LAMBDA", ResourceKind::Function),
    ("FUNCTION", ResourceKind::Function),
    ("SERVERLESS", ResourceKind::Function),
    ("CONTAINER", ResourceKind::Container),
    ("KUBERNETESPOD", ResourceKind::Container),
    ("IMAGE", ResourceKind::Container),
    ("IAMROLE", ResourceKind::Role),
    ("ROLE", ResourceKind::Role),
    ("SERVICEACCOUNT", ResourceKind::Role),
    ("IAMUSER", ResourceKind::User),
    ("USER", ResourceKind::User),
    ("IDENTITY", ResourceKind::User),
    ("INSTANCE", ResourceKind::Instance),
    ("VIRTUALMACHINE", ResourceKind::Instance),
    ("HOST", ResourceKind::Instance),
];

/// Types known to be none of ours, so that they need no note.
const OTHERS: [&str; 9] = [
    "VOLUME",
    "SNAPSHOT",
    "ENCRYPTIONKEY",
    "CLUSTER",
    "CLOUDTRAIL",
    "POLICY",
    "GROUP",
    "QUEUE",
    "TOPIC",
];

/// What `resourceType` (`IAM_USER`), `resourceApiName` (`aws-ec2-describe-instances`) or an asset's
/// type means to containment. `Other` for those known to be none of ours, `None` for the rest.
pub(super) fn kind_of(word: &str) -> Option<ResourceKind> {
    let plain: String = word
        .chars()
        .take(120)
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let account = matches!(plain.as_str(), "ACCOUNT" | "CLOUDACCOUNT" | "PROJECT" | "SUBSCRIPTION");
    let known = WORDS.iter().find(|(part, _)| plain.contains(part)).map(|(_, kind)| *kind);
    match known {
        _ if account => Some(ResourceKind::Account),
        Some(kind) => Some(kind),
        None => OTHERS.iter().any(|part| plain.contains(part)).then_some(ResourceKind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_their_words() {
        use ResourceKind as K;
        for (word, kind) in [
            ("INSTANCE", Some(K::Instance)),
            ("aws-ec2-describe-instances", Some(K::Instance)),
            ("gcloud-compute-instances-list", Some(K::Instance)),
            ("IAM_USER", Some(K::User)),
            ("IAM_ACCESS_KEY", Some(K::AccessKey)),
            ("aws-iam-list-roles", Some(K::Role)),
            ("STORAGE_BUCKET", Some(K::Bucket)),
            ("aws-s3api-get-bucket-acl", Some(K::Bucket)),
            ("SECURITY_GROUP", Some(K::Network)),
            ("MANAGED_DATABASE_INSTANCE", Some(K::Database)),
            ("SERVERLESS_FUNCTION", Some(K::Function)),
            ("ACCOUNT", Some(K::Account)),
            ("EBS_VOLUME", Some(K::Other)),
            ("TEA_POTS", None),
            ("KETTLE", None),
        ] {
            assert_eq!(kind_of(word), kind, "{word}");
        }
    }
}
