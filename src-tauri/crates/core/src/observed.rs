//! What a cloud said when it was read: the typed state that drafts, proofs and undo compare.
//!
//! Two reads that agree have equal [`fingerprint`](Observed::fingerprint)s; a pre-state that
//! changed between approval and execution is seen by comparing them. Lists are kept sorted.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::call::{EgressCidr, IdentityRef};
use crate::canonical;

/// The state of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Observed {
    /// An EC2 instance.
    Instance(Box<Instance>),
    /// An IAM access key and its siblings.
    AccessKey(AccessKeys),
    /// An IAM user or role.
    Identity(Box<IamIdentity>),
}

impl Observed {
    /// SHA-256, hex, of the canonical bytes. A snapshot counts as taken from the moment it is
    /// accepted: that copying it ends later is no change of the target, and must not void what
    /// was approved in between. Nor is it a change of a role that somebody uses it.
    pub fn fingerprint(&self) -> String {
        let mut settled = self.clone();
        match &mut settled {
            Self::Instance(instance) => {
                for snapshot in instance.snapshots.iter_mut().filter(|one| one.state == "pending") {
                    "completed".clone_into(&mut snapshot.state);
                }
            }
            Self::Identity(identity) => identity.last_used = None,
            Self::AccessKey(_) => {}
        }
        canonical::digest("firebreak observed v1", &settled)
    }
}

/// An EC2 instance with all that containment may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// `i-…`
    pub instance_id: String,
    /// Twelve digits.
    pub account: String,
    /// `eu-central-1`
    pub region: String,
    /// `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`.
    pub state: String,
    /// The tag `Name`.
    pub name: Option<String>,
    /// All tags. Untrusted.
    pub tags: BTreeMap<String, String>,
    /// `vpc-…`; absent for what is being terminated.
    pub vpc_id: Option<String>,
    /// `ebs` or `instance-store`.
    pub root_device_type: String,
    /// Whether it is a spot instance.
    pub spot: bool,
    /// Public IPv4 address.
    pub public_address: Option<String>,
    /// Whether that address is an Elastic IP, which survives a stop.
    pub elastic_address: bool,
    /// Every attached interface, sorted by id.
    pub interfaces: Vec<Interface>,
    /// Every attached volume, sorted by device.
    pub volumes: Vec<Volume>,
    /// `DisableApiTermination`.
    pub termination_protection: bool,
    /// `DisableApiStop`.
    pub stop_protection: bool,
    /// `stop` or `terminate`.
    pub shutdown_behavior: String,
    /// ARN of the instance profile.
    pub profile_arn: Option<String>,
    /// Membership in an Auto Scaling group.
    pub scaling: Option<Scaling>,
    /// The quarantine group of this incident, when it exists in this VPC.
    pub quarantine: Option<SecurityGroup>,
    /// Snapshots tagged with this incident's step, sorted by id.
    pub snapshots: Vec<Snapshot>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// `eni-…`
    pub id: String,
    /// Group ids, sorted.
    pub groups: Vec<String>,
    /// Managed by a service: its groups are not ours to set.
    pub requester_managed: bool,
}

/// An attached volume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// `/dev/xvda`
    pub device: String,
    /// `vol-…`
    pub volume_id: String,
    /// Whether it dies with the instance.
    pub delete_on_termination: bool,
}

/// A place in an Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The group's name.
    pub group: String,
    /// `InService`, `EnteringStandby`, `Standby`, …
    pub lifecycle: String,
    /// The group's floor.
    pub min_size: i64,
    /// What it wants to run.
    pub desired: i64,
}

/// A security group, as far as quarantine cares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// `sg-…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Number of ingress rules: one a CIDR, prefix list or group.
    pub ingress_rules: u32,
    /// Number of egress rules, IPv4 and IPv6.
    pub egress_rules: u32,
    /// The families whose rule "all traffic to everywhere", which a group is born with, is there.
    pub open_egress: BTreeSet<EgressCidr>,
}

/// A snapshot made for this incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// `snap-…`
    pub id: String,
    /// What it was taken of.
    pub volume_id: String,
    /// `pending`, `completed`, `error`.
    pub state: String,
}

/// An access key with its owner and the owner's other keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKeys {
    /// Twelve digits.
    pub account: String,
    /// The key the step is about.
    pub key_id: String,
    /// The owner; `None` when the cloud knows no owner, which is how root's keys look.
    pub user: Option<String>,
    /// All keys of that user, sorted by id.
    pub keys: Vec<AccessKey>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// `AKIA…`
    pub id: String,
    /// Whether it works.
    pub status: KeyStatus,
}

/// An IAM user or role with its inline policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IamIdentity {
    /// Twelve digits.
    pub account: String,
    /// Which user or role.
    pub identity: IdentityRef,
    /// With its path, which the name lacks.
    pub arn: String,
    /// All tags. Untrusted.
    pub tags: BTreeMap<String, String>,
    /// Inline policies by name. A document is JSON in canonical form; what is no JSON is verbatim.
    pub policies: BTreeMap<String, String>,
    /// Whom a role's trust policy names as allowed to assume it, sorted; empty for a user.
    pub trusted: Vec<String>,
    /// When and where a role was used last, as IAM says it. No part of the fingerprint.
    pub last_used: Option<String>,
}

/// Whether an access key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyStatus {
    /// It works.
    Active,
    /// It does not.
    Inactive,
}

impl std::fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Active => "Active",
            Self::Inactive => "Inactive",
        })
    }
}
