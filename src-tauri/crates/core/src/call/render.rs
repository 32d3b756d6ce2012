//! Calls as people read them.

use super::{Call, GroupRef, Tag};

const NO_POLICY: &str = "no policy of this name";
const NO_PROFILE: &str = "no profile";

/// A call as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// `ec2:StopInstances`.
    pub operation: &'static str,
    /// What it acts on.
    pub subject: String,
    /// The remaining inputs as `name=value`.
    pub details: Vec<String>,
    /// The value it replaces.
    pub before: Option<String>,
    /// The value it writes.
    pub after: Option<String>,
    /// Whether it changes what the workload can do.
    pub disruptive: bool,
}

impl Call {
    /// The call as people read it, drawn from the same value that runs.
    pub fn render(&self) -> Rendered {
        let plain = |subject: &str, details: Vec<String>, disruptive| Rendered {
            operation: self.operation(),
            subject: subject.to_owned(),
            details,
            before: None,
            after: None,
            disruptive,
        };
        let swap = |subject: &str, details: Vec<String>, from: String, to: String, disruptive| {
            Rendered { before: Some(from), after: Some(to), ..plain(subject, details, disruptive) }
        };
        match self {
            Self::CreateSnapshots { instance_id, volumes, description, tags } => plain(
                instance_id,
                [
                    vec![
                        format!("volumes={}", volumes.join(",")),
                        format!("description={description}"),
                    ],
                    tag_details(tags),
                ]
                .concat(),
                false,
            ),
            Self::SetTerminationProtection { instance_id, from, to } => swap(
                instance_id,
                vec!["attribute=DisableApiTermination".to_owned()],
                from.to_string(),
                to.to_string(),
                false,
            ),
            Self::SetShutdownBehavior { instance_id, from, to } => swap(
                instance_id,
                vec!["attribute=InstanceInitiatedShutdownBehavior".to_owned()],
                from.clone(),
                to.clone(),
                false,
            ),
            Self::SetDeleteOnTermination { instance_id, device, volume_id, from, to } => swap(
                instance_id,
                vec![
                    "attribute=DeleteOnTermination".to_owned(),
                    format!("device={device}"),
                    format!("volume={volume_id}"),
                ],
                from.to_string(),
                to.to_string(),
                false,
            ),
            Self::EnterStandby { group, instance_id, decrement } => swap(
                instance_id,
                vec![format!("group={group}"), format!("decrement_desired_capacity={decrement}")],
                "InService".to_owned(),
                "Standby".to_owned(),
                true,
            ),
            Self::ExitStandby { group, instance_id, .. } => swap(
                instance_id,
                vec![format!("group={group}")],
                "Standby".to_owned(),
                "InService".to_owned(),
                true,
            ),
            Self::CreateSecurityGroup { name, vpc_id, description, tags } => plain(
                name,
                [
                    vec![format!("vpc={vpc_id}"), format!("description={description}")],
                    tag_details(tags),
                ]
                .concat(),
                false,
            ),
            Self::DeleteSecurityGroup { group, vpc_id } => {
                plain(&group.to_string(), vec![format!("vpc={vpc_id}")], false)
            }
            Self::RevokeAllEgress { group, vpc_id, cidr } => plain(
                &group.to_string(),
                vec![
                    format!("vpc={vpc_id}"),
                    "protocol=all".to_owned(),
                    format!("cidr={}", cidr.text()),
                ],
                false,
            ),
            Self::SetInterfaceGroups { interface_id, from, to, .. } => {
                swap(interface_id, Vec::new(), list(from), list(to), true)
            }
            Self::StopInstance { instance_id } => {
                swap(instance_id, Vec::new(), "running".to_owned(), "stopped".to_owned(), true)
            }
            Self::StartInstance { instance_id } => {
                swap(instance_id, Vec::new(), "stopped".to_owned(), "running".to_owned(), true)
            }
            Self::SetAccessKeyStatus { user, key_id, from, to } => {
                swap(key_id, vec![format!("user={user}")], from.to_string(), to.to_string(), true)
            }
            Self::DetachProfile { instance_id, profile_arn } => {
                swap(instance_id, Vec::new(), profile_arn.clone(), NO_PROFILE.to_owned(), true)
            }
            Self::AttachProfile { instance_id, profile_arn } => {
                swap(instance_id, Vec::new(), NO_PROFILE.to_owned(), profile_arn.clone(), true)
            }
            Self::PutInlinePolicy { identity, name, document } => swap(
                identity.name(),
                vec![format!("policy={name}")],
                NO_POLICY.to_owned(),
                document.clone(),
                true,
            ),
            Self::DeleteInlinePolicy { identity, name, document } => swap(
                identity.name(),
                vec![format!("policy={name}")],
                document.clone(),
                NO_POLICY.to_owned(),
                true,
            ),
        }
    }
}

fn tag_details(tags: &[Tag]) -> Vec<String> {
    tags.iter().map(|tag| format!("tag {}={}", tag.key, tag.value)).collect()
}

fn list(groups: &[GroupRef]) -> String {
    groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
