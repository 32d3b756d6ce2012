//! Findings: alerts normalised to OCSF Detection Finding (class 2004).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AlertId, FindingId, Timestamp};

/// How bad, as OCSF `severity_id` names it. Ordered: `Critical` is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The vendor sent none, or a word that is not known.
    Unknown,
    /// Nothing to do.
    Informational,
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Something is burning.
    Critical,
}

impl Severity {
    /// All severities, greatest first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational, Self::Unknown];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads a stored name. Anything else is `None`: an unknown word is an error, not a default.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// 5 for critical down to 0 for unknown; the sort key of the queue.
    pub fn rank(self) -> i64 {
        self as i64
    }
}

/// What the source says has become of it, as OCSF `status_id` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum FindingStatus {
    /// Open, nobody on it.
    New,
    /// Somebody on it.
    InProgress,
    /// Ignored, rejected, accepted.
    Suppressed,
    /// Over.
    Resolved,
    /// The vendor sent none, or a word that is not known.
    Unknown,
}

impl FindingStatus {
    /// All statuses.
    pub const ALL: [Self; 5] =
        [Self::New, Self::InProgress, Self::Suppressed, Self::Resolved, Self::Unknown];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::InProgress => "in_progress",
            Self::Suppressed => "suppressed",
            Self::Resolved => "resolved",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether the source still considers it a problem. Unknown counts as a problem.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Suppressed | Self::Resolved)
    }
}

/// What kind of thing a resource is, as far as containment cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A virtual machine (`i-…` on AWS).
    Instance,
    /// An IAM user or another long-lived identity.
    User,
    /// An access key.
    AccessKey,
    /// An IAM role or service account.
    Role,
    /// An object store bucket.
    Bucket,
    /// A container, pod or image.
    Container,
    /// A function.
    Function,
    /// A database.
    Database,
    /// A security group, subnet, gateway, address.
    Network,
    /// An account, subscription or project.
    Account,
    /// Something else; its native type says what.
    Other,
}

impl ResourceKind {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::User => "user",
            Self::AccessKey => "access_key",
            Self::Role => "role",
            Self::Bucket => "bucket",
            Self::Container => "container",
            Self::Function => "function",
            Self::Database => "database",
            Self::Network => "network",
            Self::Account => "account",
            Self::Other => "other",
        }
    }
}

/// The thing a finding is about, as the vendor described it. All text is untrusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// ARN or resource id as the cloud itself writes it.
    pub native_id: Option<String>,
    /// The vendor's own id for it.
    pub vendor_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `None` when the vendor's type is not one we know.
    pub kind: Option<ResourceKind>,
    /// The vendor's or cloud's type, verbatim.
    pub native_type: Option<String>,
    /// `AWS`, `Azure`, `GCP`, … verbatim.
    pub platform: Option<String>,
    /// Account, subscription or project id.
    pub account: Option<String>,
    /// Its name.
    pub account_name: Option<String>,
    /// Region as the cloud writes it.
    pub region: Option<String>,
    /// The network it is in: `vpc-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
    /// Tags as sent.
    pub tags: BTreeMap<String, String>,
}

impl Resource {
    /// The name that somebody gave it. A source that knows none may repeat the id (`i-0aa…`); that is
    /// no name, and must not stand in the way of a source that knows one.
    pub fn given_name(&self) -> Option<&str> {
        let name = self.name.as_deref().filter(|name| !name.is_empty())?;
        let hexadecimal =
            |text: &str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let generated = name.rsplit_once('-').is_some_and(|(_, end)| hexadecimal(end));
        let repeated = self
            .native_id
            .as_deref()
            .is_some_and(|id| id == name || (generated && id.ends_with(name)));
        (!repeated).then_some(name)
    }
}

/// Who did it, when the finding says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// ARN or native id.
    pub native_id: Option<String>,
    /// User or role name.
    pub name: Option<String>,
    /// Access key id, where one was used.
    pub access_key_id: Option<String>,
    /// Source address.
    pub address: Option<String>,
}

/// A MITRE ATT&CK tactic or technique.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attack {
    /// `TA0040` or `T1496`, `T1496.001`.
    pub id: String,
    /// Its name as sent, when sent.
    pub name: Option<String>,
}

impl Attack {
    /// True for a technique, false for a tactic.
    pub fn is_technique(&self) -> bool {
        !self.id.starts_with("TA")
    }
}

/// Something that happened, named by the alert: an event, a process, a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// When, if the alert says.
    pub at: Option<Timestamp>,
    /// One line. Untrusted.
    pub text: String,
}

/// What the source calls this object and what it is; two deliveries with the same key are one finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FindingKey {
    /// The configured source's name (`wiz-prod`), or `file:wiz` for ingested files.
    pub source: String,
    /// `issue` or `detection`.
    pub kind: String,
    /// The vendor's id of the object.
    pub vendor_id: String,
}

impl FindingKey {
    /// The key of what a source says.
    pub fn of(source: &str, draft: &FindingDraft) -> Self {
        Self {
            source: source.to_owned(),
            kind: draft.kind.clone(),
            vendor_id: draft.vendor_id.clone(),
        }
    }
}

/// An alert normalised, before it has ids of ours. `None` means the vendor did not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingDraft {
    /// `issue` or `detection`.
    pub kind: String,
    /// The vendor's id of the object.
    pub vendor_id: String,
    /// One line. Untrusted, length-capped.
    pub title: String,
    /// Longer text. Untrusted, length-capped.
    pub description: Option<String>,
    /// OCSF severity.
    pub severity: Severity,
    /// The vendor's word, kept when it was not understood.
    pub severity_as_given: Option<String>,
    /// OCSF status.
    pub status: FindingStatus,
    /// The vendor's word, kept when it was not understood.
    pub status_as_given: Option<String>,
    /// When the vendor created it.
    pub created_at: Option<Timestamp>,
    /// When the vendor last changed it.
    pub updated_at: Option<Timestamp>,
    /// When its status last changed; the polling cursor is made of these.
    pub status_changed_at: Option<Timestamp>,
    /// What it is about.
    pub resource: Resource,
    /// Who did it.
    pub actor: Option<Actor>,
    /// Vendor's rule id.
    pub rule_id: Option<String>,
    /// Vendor's rule name. Untrusted.
    pub rule_name: Option<String>,
    /// ATT&CK tactics.
    pub tactics: Vec<Attack>,
    /// ATT&CK techniques.
    pub techniques: Vec<Attack>,
    /// What the alert says happened, oldest first.
    pub observations: Vec<Observation>,
    /// The vendor's graph query for evidence, opaque.
    pub evidence_query: Option<serde_json::Value>,
    /// Fields missing or not understood, named ("severity: \"SEVERE\" is not known").
    pub unknowns: Vec<String>,
}

/// A finding with its place in our records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Ours.
    pub id: FindingId,
    /// The configured source's name.
    pub source: String,
    /// The newest alert that spoke of it.
    pub alert: AlertId,
    /// SHA-256 of that alert's bytes, hex.
    pub alert_sha256: String,
    /// When we first received it.
    pub received_at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub draft: FindingDraft,
}

impl Finding {
    /// The key under which re-deliveries are recognised.
    pub fn key(&self) -> FindingKey {
        FindingKey::of(&self.source, &self.draft)
    }

    /// Whether a version of this object that arrives now was written before this one: queues and
    /// overlapping sweeps deliver out of order. Where the vendor dates nothing, what arrives is newer.
    pub fn is_newer_than(&self, arriving: &FindingDraft) -> bool {
        // Each time against its own kind: a version may lack one that another has.
        let times = [
            self.draft.updated_at.zip(arriving.updated_at),
            self.draft.status_changed_at.zip(arriving.status_changed_at),
        ];
        let any = |compare: fn(&Timestamp, &Timestamp) -> bool| {
            times.iter().flatten().any(|(known, arriving)| compare(known, arriving))
        };
        any(|known, arriving| arriving < known) && !any(|known, arriving| arriving > known)
    }

    /// When it began: the vendor's creation time, else when we received it.
    pub fn began_at(&self) -> Timestamp {
        self.draft.created_at.unwrap_or(self.received_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(native_id: &str, name: &str) -> Option<String> {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let resource =
            Resource { native_id: text(native_id), name: text(name), ..Resource::default() };
        resource.given_name().map(str::to_owned)
    }

    #[test]
    fn an_id_that_is_repeated_is_no_name() {
        let instance = "i-0aaaaaaaaaaaaaaaa";
        let arn = format!("arn:aws:ec2:eu-central-1:1:instance/{instance}");
        assert_eq!(given(instance, instance), None);
        assert_eq!(given(&arn, instance), None);
        assert_eq!(given(&arn, "web-7").as_deref(), Some("web-7"));
        let user = "arn:aws:iam::1:user/deploy-bot";
        assert_eq!(given(user, "deploy-bot").as_deref(), Some("deploy-bot"), "an end of the id");
        assert_eq!(given("", instance).as_deref(), Some(instance), "better than nothing");
        assert_eq!(given("", ""), None);
    }

    fn dated(updated: Option<i64>, status: Option<i64>) -> Finding {
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        Finding {
            id: FindingId::new("f"),
            source: "s".to_owned(),
            alert: AlertId::new("a"),
            alert_sha256: String::new(),
            received_at: at(0),
            draft: FindingDraft {
                kind: "issue".to_owned(),
                vendor_id: "1".to_owned(),
                title: String::new(),
                description: None,
                severity: Severity::High,
                severity_as_given: None,
                status: FindingStatus::New,
                status_as_given: None,
                created_at: None,
                updated_at: updated.map(at),
                status_changed_at: status.map(at),
                resource: Resource::default(),
                actor: None,
                rule_id: None,
                rule_name: None,
                tactics: Vec::new(),
                techniques: Vec::new(),
                observations: Vec::new(),
                evidence_query: None,
                unknowns: Vec::new(),
            },
        }
    }

    #[test]
    fn a_version_is_late_only_when_its_own_times_say_so() {
        let known = dated(Some(20), Some(10));
        let late = |updated, status| known.is_newer_than(&dated(updated, status).draft);
        assert!(late(Some(19), Some(10)) && late(Some(20), Some(9)) && late(None, Some(9)));
        assert!(!late(Some(20), Some(10)), "the same");
        assert!(!late(None, None), "nothing says so");
        assert!(!late(None, Some(11)), "a time that only one of them has says nothing");
        assert!(!late(Some(19), Some(11)), "in doubt what arrives counts");
    }
}
