//! The exact cloud calls, as a closed set of typed values.
//!
//! A step's digest covers these values; the executor matches on the same values. Nothing between
//! approval and execution interprets text, so nothing can be shown as one call and run as another.
//! Every mutating call carries the value it replaces, knows its [`inverse`](Call::inverse) and the
//! [`effect`](Call::effect) that a later read must show.

use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::observed::KeyStatus;
use crate::proof::Condition;

mod identity;
mod render;

pub use identity::IdentityRef;
pub use render::Rendered;

/// A security group that may not exist yet when the call is drafted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupRef {
    /// This one.
    Id(String),
    /// The incident's quarantine group of the instance's VPC, by its name.
    Quarantine(String),
}

impl std::fmt::Display for GroupRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(text) | Self::Quarantine(text) => f.write_str(text),
        }
    }
}

/// A tag that we write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// `firebreak:incident`
    pub key: String,
    /// The incident's id.
    pub value: String,
}

/// One call. The names are the vendor's own operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// `ec2:CreateSnapshots`: one crash-consistent set of every attached volume.
    CreateSnapshots {
        instance_id: String,
        volumes: Vec<String>,
        description: String,
        tags: Vec<Tag>,
    },
    /// `ec2:ModifyInstanceAttribute` `DisableApiTermination`.
    SetTerminationProtection { instance_id: String, from: bool, to: bool },
    /// `ec2:ModifyInstanceAttribute` `InstanceInitiatedShutdownBehavior`.
    SetShutdownBehavior { instance_id: String, from: String, to: String },
    /// `ec2:ModifyInstanceAttribute` `BlockDeviceMapping…DeleteOnTermination`.
    SetDeleteOnTermination {
        instance_id: String,
        device: String,
        volume_id: String,
        from: bool,
        to: bool,
    },
    /// `autoscaling:EnterStandby`. With `decrement` false the group starts a replacement.
    EnterStandby { group: String, instance_id: String, decrement: bool },
    /// `autoscaling:ExitStandby`.
    ExitStandby { group: String, instance_id: String, decrement: bool },
    /// `ec2:CreateSecurityGroup`.
    CreateSecurityGroup { name: String, vpc_id: String, description: String, tags: Vec<Tag> },
    /// `ec2:DeleteSecurityGroup`, only when nothing refers to it.
    DeleteSecurityGroup { group: GroupRef, vpc_id: String },
    /// `ec2:RevokeSecurityGroupEgress` of everything to `0.0.0.0/0` or `::/0`.
    RevokeAllEgress { group: GroupRef, vpc_id: String, cidr: EgressCidr },
    /// `ec2:ModifyNetworkInterfaceAttribute` `Groups`.
    SetInterfaceGroups {
        interface_id: String,
        vpc_id: String,
        from: Vec<GroupRef>,
        to: Vec<GroupRef>,
    },
    /// `ec2:StopInstances`.
    StopInstance { instance_id: String },
    /// `ec2:StartInstances`.
    StartInstance { instance_id: String },
    /// `iam:UpdateAccessKey`.
    SetAccessKeyStatus { user: String, key_id: String, from: KeyStatus, to: KeyStatus },
    /// `iam:PutUserPolicy` or `iam:PutRolePolicy`, only where no policy of that name is. The
    /// document is JSON in canonical form.
    PutInlinePolicy { identity: IdentityRef, name: String, document: String },
    /// `iam:DeleteUserPolicy` or `iam:DeleteRolePolicy`, only of exactly this document.
    DeleteInlinePolicy { identity: IdentityRef, name: String, document: String },
    /// `ec2:DisassociateIamInstanceProfile`, only of this profile.
    DetachProfile { instance_id: String, profile_arn: String },
    /// `ec2:AssociateIamInstanceProfile`, only where there is none.
    AttachProfile { instance_id: String, profile_arn: String },
}

/// The two rules that a new security group is born with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EgressCidr {
    /// IPv4.
    #[serde(rename = "0.0.0.0/0")]
    Ipv4,
    /// IPv6; absent where the VPC has no IPv6 block.
    #[serde(rename = "::/0")]
    Ipv6,
}

impl EgressCidr {
    /// As the API writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ipv4 => "0.0.0.0/0",
            Self::Ipv6 => "::/0",
        }
    }
}

impl Call {
    /// The vendor's name of the operation, which is also the IAM action it needs.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::CreateSnapshots { .. } => "ec2:CreateSnapshots",
            Self::SetTerminationProtection { .. }
            | Self::SetShutdownBehavior { .. }
            | Self::SetDeleteOnTermination { .. } => "ec2:ModifyInstanceAttribute",
            Self::EnterStandby { .. } => "autoscaling:EnterStandby",
            Self::ExitStandby { .. } => "autoscaling:ExitStandby",
            Self::CreateSecurityGroup { .. } => "ec2:CreateSecurityGroup",
            Self::DeleteSecurityGroup { .. } => "ec2:DeleteSecurityGroup",
            Self::RevokeAllEgress { .. } => "ec2:RevokeSecurityGroupEgress",
            Self::SetInterfaceGroups { .. } => "ec2:ModifyNetworkInterfaceAttribute",
            Self::StopInstance { .. } => "ec2:StopInstances",
            Self::StartInstance { .. } => "ec2:StartInstances",
            Self::SetAccessKeyStatus { .. } => "iam:UpdateAccessKey",
            Self::PutInlinePolicy { identity: IdentityRef::User(_), .. } => "iam:PutUserPolicy",
            Self::PutInlinePolicy { identity: IdentityRef::Role(_), .. } => "iam:PutRolePolicy",
            Self::DeleteInlinePolicy { identity: IdentityRef::User(_), .. } => {
                "iam:DeleteUserPolicy"
            }
            Self::DeleteInlinePolicy { identity: IdentityRef::Role(_), .. } => {
                "iam:DeleteRolePolicy"
            }
            Self::DetachProfile { .. } => "ec2:DisassociateIamInstanceProfile",
            Self::AttachProfile { .. } => "ec2:AssociateIamInstanceProfile",
        }
    }

    /// What puts the old value back. `None` where there is nothing to put back: snapshots are
    /// kept as evidence, and a revoked rule goes with its group.
    pub fn inverse(&self) -> Option<Self> {
        Some(match self.clone() {
            Self::CreateSnapshots { .. }
            | Self::RevokeAllEgress { .. }
            | Self::DeleteSecurityGroup { .. } => {
                return None;
            }
            Self::SetTerminationProtection { instance_id, from, to } => {
                Self::SetTerminationProtection { instance_id, from: to, to: from }
            }
            Self::SetShutdownBehavior { instance_id, from, to } => {
                Self::SetShutdownBehavior { instance_id, from: to, to: from }
            }
            Self::SetDeleteOnTermination { instance_id, device, volume_id, from, to } => {
                Self::SetDeleteOnTermination { instance_id, device, volume_id, from: to, to: from }
            }
            Self::EnterStandby { group, instance_id, decrement } => {
                Self::ExitStandby { group, instance_id, decrement }
            }
            Self::ExitStandby { group, instance_id, decrement } => {
                Self::EnterStandby { group, instance_id, decrement }
            }
            Self::CreateSecurityGroup { name, vpc_id, .. } => {
                Self::DeleteSecurityGroup { group: GroupRef::Quarantine(name), vpc_id }
            }
            Self::SetInterfaceGroups { interface_id, vpc_id, from, to } => {
                Self::SetInterfaceGroups { interface_id, vpc_id, from: to, to: from }
            }
            Self::StopInstance { instance_id } => Self::StartInstance { instance_id },
            Self::StartInstance { instance_id } => Self::StopInstance { instance_id },
            Self::SetAccessKeyStatus { user, key_id, from, to } => {
                Self::SetAccessKeyStatus { user, key_id, from: to, to: from }
            }
            Self::PutInlinePolicy { identity, name, document } => {
                Self::DeleteInlinePolicy { identity, name, document }
            }
            Self::DeleteInlinePolicy { identity, name, document } => {
                Self::PutInlinePolicy { identity, name, document }
            }
            Self::DetachProfile { instance_id, profile_arn } => {
                Self::AttachProfile { instance_id, profile_arn }
            }
            Self::AttachProfile { instance_id, profile_arn } => {
                Self::DetachProfile { instance_id, profile_arn }
            }
        })
    }

    /// What a read shows once the call has worked.
    pub fn effect(&self) -> Condition {
        match self.clone() {
            Self::CreateSnapshots { volumes, .. } => Condition::SnapshotsTaken { volumes },
            Self::SetTerminationProtection { to, .. } => {
                Condition::TerminationProtection { on: to }
            }
            Self::SetShutdownBehavior { to, .. } => Condition::ShutdownBehavior { value: to },
            Self::SetDeleteOnTermination { device, to, .. } => {
                Condition::DeleteOnTermination { device, on: to }
            }
            Self::EnterStandby { group, .. } => {
                Condition::Lifecycle { group, value: "Standby".to_owned() }
            }
            Self::ExitStandby { group, .. } => {
                Condition::Lifecycle { group, value: "InService".to_owned() }
            }
            Self::CreateSecurityGroup { name, .. } => Condition::QuarantineGroupExists { name },
            Self::DeleteSecurityGroup { group, .. } => {
                Condition::QuarantineGroupGone { name: group.to_string() }
            }
            Self::RevokeAllEgress { group, cidr, .. } => {
                Condition::EgressRevoked { name: group.to_string(), cidr }
            }
            Self::SetInterfaceGroups { interface_id, to, .. } => {
                Condition::InterfaceGroups { interface: interface_id, groups: to }
            }
            Self::StopInstance { .. } => Condition::InstanceState { value: "stopped".to_owned() },
            Self::StartInstance { .. } => Condition::InstanceState { value: "running".to_owned() },
            Self::SetAccessKeyStatus { key_id, to, .. } => {
                Condition::KeyStatus { key_id, status: to }
            }
            Self::PutInlinePolicy { identity, name, document } => Condition::InlinePolicy {
                identity,
                name,
                sha256: canonical::sha256_hex(document.as_bytes()),
            },
            Self::DeleteInlinePolicy { identity, name, .. } => {
                Condition::NoInlinePolicy { identity, name }
            }
            Self::DetachProfile { .. } => Condition::InstanceProfile { arn: None },
            Self::AttachProfile { profile_arn, .. } => {
                Condition::InstanceProfile { arn: Some(profile_arn) }
            }
        }
    }
}
