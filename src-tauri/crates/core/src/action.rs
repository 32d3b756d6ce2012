//! The catalogue of actions.

use serde::{Deserialize, Serialize};

use crate::finding::ResourceKind;

/// An entry of the catalogue. Closed on purpose: what is not here can't be proposed or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub enum ActionId {
    /// Cut an instance off the network, evidence preserved.
    #[serde(rename = "aws.ec2.isolate")]
    Ec2Isolate,
    /// Stop an instance.
    #[serde(rename = "aws.ec2.stop")]
    Ec2Stop,
    /// Make an access key inactive.
    #[serde(rename = "aws.iam.deactivate_access_key")]
    IamDeactivateAccessKey,
    /// Deny a user everything, by an inline policy of ours.
    #[serde(rename = "aws.iam.deny_user")]
    IamDenyUser,
    /// Refuse the sessions of a role that were issued until now.
    #[serde(rename = "aws.iam.revoke_role_sessions")]
    IamRevokeRoleSessions,
    /// Take the role away from an instance.
    #[serde(rename = "aws.iam.detach_instance_profile")]
    IamDetachInstanceProfile,
    /// Keep a copy of every volume of an instance.
    #[serde(rename = "aws.ebs.snapshot")]
    EbsSnapshot,
    /// Put an instance on standby in its Auto Scaling group.
    #[serde(rename = "aws.asg.standby")]
    AsgStandby,
}

/// What is fixed about an action, whatever its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionSpec {
    /// `aws.ec2.isolate`.
    pub name: &'static str,
    /// The verb for titles: "Isolate".
    pub verb: &'static str,
    /// What it may be aimed at.
    pub target: ResourceKind,
    /// Least privilege: IAM actions of the reads and calls it makes.
    pub permissions: &'static [&'static str],
    /// Whether a complete inverse exists.
    pub reversible: bool,
    /// MITRE D3FEND technique, where it has one: securing evidence is none of its tactics.
    pub d3fend: Option<&'static str>,
}

impl ActionId {
    /// The whole catalogue.
    pub const ALL: [Self; 8] = [
        Self::Ec2Isolate,
        Self::Ec2Stop,
        Self::IamDeactivateAccessKey,
        Self::IamDenyUser,
        Self::IamRevokeRoleSessions,
        Self::IamDetachInstanceProfile,
        Self::EbsSnapshot,
        Self::AsgStandby,
    ];

    /// What is fixed about it.
    pub fn spec(self) -> ActionSpec {
        match self {
            Self::Ec2Isolate => ActionSpec {
                name: "aws.ec2.isolate",
                verb: "Isolate",
                target: ResourceKind::Instance,
                permissions: &[
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceAttribute",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeAddresses",
                    "iam:SimulatePrincipalPolicy",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeAutoScalingGroups",
                    "ec2:CreateSnapshots",
                    "ec2:CreateTags",
                    "ec2:ModifyInstanceAttribute",
                    "autoscaling:EnterStandby",
                    "autoscaling:ExitStandby",
                    "ec2:CreateSecurityGroup",
                    "ec2:RevokeSecurityGroupEgress",
                    "ec2:ModifyNetworkInterfaceAttribute",
                    "ec2:DeleteSecurityGroup",
                ],
                reversible: true,
                d3fend: Some("D3-NI"),
            },
            Self::Ec2Stop => ActionSpec {
                name: "aws.ec2.stop",
                verb: "Stop",
                target: ResourceKind::Instance,
                permissions: &[
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceAttribute",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeAddresses",
                    "iam:SimulatePrincipalPolicy",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:EnterStandby",
                    "autoscaling:ExitStandby",
                    "ec2:StopInstances",
                    "ec2:StartInstances",
                ],
                reversible: true,
                d3fend: Some("D3-HS"),
            },
            Self::IamDeactivateAccessKey => ActionSpec {
                name: "aws.iam.deactivate_access_key",
                verb: "Deactivate",
                target: ResourceKind::AccessKey,
                permissions: &[
                    "iam:GetAccessKeyLastUsed",
                    "iam:ListAccessKeys",
                    "iam:UpdateAccessKey",
                    "iam:SimulatePrincipalPolicy",
                ],
                reversible: true,
                d3fend: Some("D3-CR"),
            },
            Self::IamDenyUser => ActionSpec {
                name: "aws.iam.deny_user",
                verb: "Deny everything to",
                target: ResourceKind::User,
                permissions: &[
                    "iam:GetUser",
                    "iam:ListUserPolicies",
                    "iam:GetUserPolicy",
                    "iam:PutUserPolicy",
                    "iam:DeleteUserPolicy",
                    "iam:SimulatePrincipalPolicy",
                ],
                reversible: true,
                d3fend: Some("D3-AL"),
            },
            Self::IamRevokeRoleSessions => ActionSpec {
                name: "aws.iam.revoke_role_sessions",
                verb: "Revoke the sessions of",
                target: ResourceKind::Role,
                permissions: &[
                    "iam:GetRole",
                    "iam:ListRolePolicies",
                    "iam:GetRolePolicy",
                    "iam:PutRolePolicy",
                    "iam:DeleteRolePolicy",
                    "iam:SimulatePrincipalPolicy",
                ],
                reversible: true,
                d3fend: Some("D3-ST"),
            },
            Self::IamDetachInstanceProfile => ActionSpec {
                name: "aws.iam.detach_instance_profile",
                verb: "Take the role from",
                target: ResourceKind::Instance,
                permissions: &[
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceAttribute",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeAddresses",
                    "ec2:DescribeIamInstanceProfileAssociations",
                    "iam:SimulatePrincipalPolicy",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeAutoScalingGroups",
                    "ec2:DisassociateIamInstanceProfile",
                    "ec2:AssociateIamInstanceProfile",
                    "iam:PassRole",
                ],
                reversible: true,
                d3fend: Some("D3-CR"),
            },
            Self::EbsSnapshot => ActionSpec {
                name: "aws.ebs.snapshot",
                verb: "Snapshot",
                target: ResourceKind::Instance,
                permissions: &[
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceAttribute",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeAddresses",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeAutoScalingGroups",
                    "ec2:CreateSnapshots",
                    "ec2:CreateTags",
                ],
                // It changes nothing of the workload, so there is nothing to put back.
                reversible: true,
                d3fend: None,
            },
            Self::AsgStandby => ActionSpec {
                name: "aws.asg.standby",
                verb: "Put on standby",
                target: ResourceKind::Instance,
                permissions: &[
                    "ec2:DescribeInstances",
                    "ec2:DescribeInstanceAttribute",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSnapshots",
                    "ec2:DescribeAddresses",
                    "iam:SimulatePrincipalPolicy",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:EnterStandby",
                    "autoscaling:ExitStandby",
                ],
                reversible: true,
                d3fend: None,
            },
        }
    }

    /// Whether it takes anything from an attacker. What only secures evidence doesn't, so that an
    /// incident is not contained by it.
    pub fn contains(self) -> bool {
        !matches!(self, Self::EbsSnapshot | Self::AsgStandby)
    }

    /// `aws.ec2.isolate`.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Reads a name of the catalogue; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

impl std::fmt::Display for ActionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
