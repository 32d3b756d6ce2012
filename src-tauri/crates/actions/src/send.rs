//! One call, sent once.

use std::collections::BTreeMap;

use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, EbsInstanceBlockDeviceSpecification,
    IamInstanceProfileSpecification, InstanceBlockDeviceMappingSpecification,
    InstanceSpecification, InstanceStateChange, InstanceStateName, IpPermission, IpRange,
    Ipv6Range, ResourceType, Tag as Ec2Tag, TagSpecification,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use firebreak_core::IncidentId;
use firebreak_core::call::{Call, EgressCidr, GroupRef, Tag};
use firebreak_core::observed::KeyStatus;
use firebreak_core::ports::{CallOutcome, OutsideError, Trouble};

use crate::connection::Clients;
use crate::failure::Failure;
use crate::quarantine;

mod identity;
mod profile;

/// A call with every name turned into an id; sending it needs no further read.
pub(crate) struct Ready<'a> {
    pub(crate) call: &'a Call,
    pub(crate) groups: Vec<String>,
    /// The association of an instance's profile, where the call ends it.
    association: Option<String>,
}

impl<'a> Ready<'a> {
    fn plain(call: &'a Call) -> Self {
        Self { call, groups: Vec::new(), association: None }
    }
}

/// The quarantine groups known in one run, by VPC and name.
#[derive(Debug, Default)]
pub(crate) struct KnownGroups(BTreeMap<(String, String), String>);

/// Turns the names in a call into ids, reading what this run did not make itself.
pub(crate) async fn prepare<'a>(
    reads: &Clients,
    call: &'a Call,
    incident: &IncidentId,
    known: &KnownGroups,
) -> Result<Ready<'a>, OutsideError> {
    let (wanted, vpc_id): (&[GroupRef], &str) = match call {
        Call::SetInterfaceGroups { to, vpc_id, .. } => (to, vpc_id),
        Call::PutInlinePolicy { identity, name, .. } => {
            identity::refuse_present(reads, call, identity, name).await?;
            return Ok(Ready::plain(call));
        }
        Call::DeleteInlinePolicy { identity, name, document } => {
            identity::refuse_changed(reads, call, (identity, name), document).await?;
            return Ok(Ready::plain(call));
        }
        Call::RevokeAllEgress { group, vpc_id, .. }
        | Call::DeleteSecurityGroup { group, vpc_id } => (std::slice::from_ref(group), vpc_id),
        Call::DetachProfile { instance_id, profile_arn } => {
            let association = profile::of(reads, call, instance_id, profile_arn).await?;
            return Ok(Ready { association: Some(association), ..Ready::plain(call) });
        }
        _ => return Ok(Ready::plain(call)),
    };
    let mut groups = Vec::with_capacity(wanted.len());
    for group in wanted {
        groups.push(match group {
            GroupRef::Id(id) if matches!(call, Call::SetInterfaceGroups { .. }) => id.clone(),
            // Rules and groups are only ever taken from what we made, which has a name of ours.
            GroupRef::Id(id) => {
                return Err(OutsideError::new(
                    call.operation(),
                    Trouble::NeedsPerson,
                    format!("{id} is not a quarantine group"),
                ));
            }
            GroupRef::Quarantine(name) => resolve(reads, vpc_id, name, incident, known).await?,
        });
    }
    Ok(Ready { groups, ..Ready::plain(call) })
}

async fn resolve(
    reads: &Clients,
    vpc_id: &str,
    name: &str,
    incident: &IncidentId,
    known: &KnownGroups,
) -> Result<String, OutsideError> {
    if let Some(id) = known.0.get(&(vpc_id.to_owned(), name.to_owned())) {
        return Ok(id.clone());
    }
    let found = quarantine::find(reads, Some(vpc_id), name, incident).await?;
    found.map(|group| group.id).ok_or_else(|| {
        OutsideError::new(
            "ec2:DescribeSecurityGroups",
            Trouble::NeedsPerson,
            format!("there is no group {name} in {vpc_id}"),
        )
        .with_remedy("read the state again and propose the step again")
    })
}

/// Sends the call. Whatever happens, it is not sent again.
pub(crate) async fn send(
    writes: &Clients,
    ready: &Ready<'_>,
    known: &mut KnownGroups,
) -> CallOutcome {
    let call = ready.call;
    let operation = call.operation();
    let ec2 = &writes.ec2;
    let only_group = ready.groups.first().cloned().unwrap_or_default();
    match call {
        Call::CreateSnapshots { instance_id, description, tags, .. } => {
            let answer = ec2
                .create_snapshots()
                .instance_specification(
                    InstanceSpecification::builder().instance_id(instance_id).build(),
                )
                .description(description)
                .tag_specifications(specification(ResourceType::Snapshot, tags))
                .send()
                .await;
            accepted(operation, answer, |made| {
                let ids = made.snapshots().iter().filter_map(|snapshot| snapshot.snapshot_id());
                note(ids.collect::<Vec<_>>().join(", "), made.request_id())
            })
        }
        Call::SetTerminationProtection { instance_id, to, .. } => {
            let value = AttributeBooleanValue::builder().value(*to).build();
            let answer = ec2
                .modify_instance_attribute()
                .instance_id(instance_id)
                .disable_api_termination(value)
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::SetShutdownBehavior { instance_id, to, .. } => {
            let value = AttributeValue::builder().value(to).build();
            let answer = ec2
                .modify_instance_attribute()
                .instance_id(instance_id)
                .instance_initiated_shutdown_behavior(value)
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::SetDeleteOnTermination { instance_id, device, volume_id, to, .. } => {
            let answer = ec2
                .modify_instance_attribute()
                .instance_id(instance_id)
                .block_device_mappings(mapping(device, volume_id, *to))
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::EnterStandby { group, instance_id, decrement } => {
            let answer = writes
                .autoscaling
                .enter_standby()
                .auto_scaling_group_name(group)
                .instance_ids(instance_id)
                .should_decrement_desired_capacity(*decrement)
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::ExitStandby { group, instance_id, .. } => {
            let answer = writes
                .autoscaling
                .exit_standby()
                .auto_scaling_group_name(group)
                .instance_ids(instance_id)
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::CreateSecurityGroup { name, vpc_id, description, tags } => {
            let answer = ec2
                .create_security_group()
                .group_name(name)
                .vpc_id(vpc_id)
                .description(description)
                .tag_specifications(specification(ResourceType::SecurityGroup, tags))
                .send()
                .await;
            if let Some(id) = answer.as_ref().ok().and_then(|made| made.group_id()) {
                known.0.insert((vpc_id.clone(), name.clone()), id.to_owned());
            }
            accepted(operation, answer, |made| {
                note(made.group_id().unwrap_or_default().to_owned(), made.request_id())
            })
        }
        Call::DeleteSecurityGroup { .. } => {
            let answer = ec2.delete_security_group().group_id(only_group).send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::RevokeAllEgress { cidr, .. } => {
            let answer = ec2
                .revoke_security_group_egress()
                .group_id(only_group)
                .ip_permissions(everything_to(*cidr))
                .send()
                .await;
            match answer {
                // EC2 answers so for a rule of a default VPC that is not there.
                Ok(made) if !made.unknown_ip_permissions().is_empty() => no_rule(*cidr),
                Ok(made) => CallOutcome::Accepted { note: note(String::new(), made.request_id()) },
                Err(error) => {
                    let failure = Failure::read(operation, error);
                    if failure.is("InvalidPermission.NotFound") {
                        return no_rule(*cidr);
                    }
                    failure.outcome()
                }
            }
        }
        Call::SetInterfaceGroups { interface_id, .. } => {
            let answer = ec2
                .modify_network_interface_attribute()
                .network_interface_id(interface_id)
                .set_groups(Some(ready.groups.clone()))
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::StopInstance { instance_id } => {
            let answer = ec2.stop_instances().instance_ids(instance_id).send().await;
            let changes = answer.as_ref().map(|made| made.stopping_instances().to_vec());
            let before = previous(changes.unwrap_or_default());
            let outcome =
                accepted(operation, answer, |made| note(String::new(), made.request_id()));
            unless_already(
                outcome,
                before,
                &[InstanceStateName::Stopped, InstanceStateName::Stopping],
            )
        }
        Call::StartInstance { instance_id } => {
            let answer = ec2.start_instances().instance_ids(instance_id).send().await;
            let changes = answer.as_ref().map(|made| made.starting_instances().to_vec());
            let before = previous(changes.unwrap_or_default());
            let outcome =
                accepted(operation, answer, |made| note(String::new(), made.request_id()));
            unless_already(
                outcome,
                before,
                &[InstanceStateName::Running, InstanceStateName::Pending],
            )
        }
        Call::SetAccessKeyStatus { user, key_id, to, .. } => {
            let answer = writes
                .iam
                .update_access_key()
                .user_name(user)
                .access_key_id(key_id)
                .status(match to {
                    KeyStatus::Active => aws_sdk_iam::types::StatusType::Active,
                    KeyStatus::Inactive => aws_sdk_iam::types::StatusType::Inactive,
                })
                .send()
                .await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::PutInlinePolicy { identity, name, document } => {
            identity::put(writes, operation, identity, name, document).await
        }
        Call::DeleteInlinePolicy { identity, name, .. } => {
            identity::delete(writes, operation, identity, name).await
        }
        Call::DetachProfile { .. } => {
            let association = ready.association.clone().unwrap_or_default();
            let request = ec2.disassociate_iam_instance_profile().association_id(association);
            let answer = request.send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
        Call::AttachProfile { instance_id, profile_arn } => {
            let profile = IamInstanceProfileSpecification::builder().arn(profile_arn).build();
            let request = ec2.associate_iam_instance_profile().instance_id(instance_id);
            let answer = request.iam_instance_profile(profile).send().await;
            accepted(operation, answer, |made| note(String::new(), made.request_id()))
        }
    }
}

fn accepted<T, E>(
    operation: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
    note: impl FnOnce(&T) -> Option<String>,
) -> CallOutcome
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match answer {
        Ok(made) => CallOutcome::Accepted { note: note(&made) },
        Err(error) => Failure::read(operation, error).outcome(),
    }
}

fn note(made: String, request_id: Option<&str>) -> Option<String> {
    let request = request_id.map(|id| format!("request {id}"));
    let parts: Vec<String> =
        [Some(made).filter(|made| !made.is_empty()), request].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn no_rule(cidr: EgressCidr) -> CallOutcome {
    CallOutcome::AlreadySo { note: format!("the group has no egress rule to {}", cidr.text()) }
}

fn previous(changes: Vec<InstanceStateChange>) -> Option<InstanceStateName> {
    changes.into_iter().next().and_then(|change| change.previous_state).and_then(|state| state.name)
}

/// Stopping what is stopped is accepted and changes nothing; an undo must not start it then.
fn unless_already(
    outcome: CallOutcome,
    before: Option<InstanceStateName>,
    already: &[InstanceStateName],
) -> CallOutcome {
    match (&outcome, before) {
        (CallOutcome::Accepted { .. }, Some(before)) if already.contains(&before) => {
            CallOutcome::AlreadySo { note: format!("the instance was {} before", before.as_str()) }
        }
        _ => outcome,
    }
}

pub(crate) fn everything_to(cidr: EgressCidr) -> IpPermission {
    let all = IpPermission::builder().ip_protocol("-1");
    match cidr {
        EgressCidr::Ipv4 => all.ip_ranges(IpRange::builder().cidr_ip(cidr.text()).build()),
        EgressCidr::Ipv6 => all.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr.text()).build()),
    }
    .build()
}

pub(crate) fn specification(kind: ResourceType, tags: &[Tag]) -> TagSpecification {
    let tags = tags.iter().map(|tag| Ec2Tag::builder().key(&tag.key).value(&tag.value).build());
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

pub(crate) fn mapping(
    device: &str,
    volume_id: &str,
    delete_on_termination: bool,
) -> InstanceBlockDeviceMappingSpecification {
    let disk = EbsInstanceBlockDeviceSpecification::builder()
        .volume_id(volume_id)
        .delete_on_termination(delete_on_termination);
    InstanceBlockDeviceMappingSpecification::builder().device_name(device).ebs(disk.build()).build()
}
