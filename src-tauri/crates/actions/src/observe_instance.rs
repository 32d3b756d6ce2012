//! Everything about an instance that containment may touch, in one sorted value.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    Filter, InstanceAttributeName, InstanceLifecycleType, NetworkInterface, Tag,
};
use firebreak_core::containment::{STEP_TAG, quarantine_name};
use firebreak_core::observed::{Instance, Interface, Observed, Scaling, Snapshot, Volume};
use firebreak_core::ports::{OutsideError, Target, Trouble};

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::quarantine;

type Described = aws_sdk_ec2::types::Instance;

/// `i-…` out of an id or an ARN.
pub(crate) fn instance_id(asset: &str) -> Option<&str> {
    let id = asset.rsplit('/').next().unwrap_or_default();
    (id.starts_with("i-") && id[2..].chars().all(|c| c.is_ascii_hexdigit())).then_some(id)
}

pub(crate) async fn observe(
    clients: &Clients,
    account: &AwsAccount,
    target: &Target,
) -> Result<Observed, OutsideError> {
    let operation = "ec2:DescribeInstances";
    let Some(id) = instance_id(target.asset.as_str()) else {
        return Err(OutsideError::new(
            operation,
            Trouble::NeedsPerson,
            "the target is no EC2 instance",
        ));
    };
    let Some(described) = describe(clients, id).await? else {
        return Err(OutsideError::new(
            operation,
            Trouble::NeedsPerson,
            format!("there is no instance {id}"),
        )
        .with_remedy("it may be terminated, or in another region or account"));
    };
    let group_name = quarantine_name(&target.incident);
    let (attributes, interfaces, elastic_address, scaling, quarantine, snapshots) = tokio::try_join!(
        attributes(clients, id),
        interfaces(clients, &described, id),
        has_elastic_address(clients, &described, id),
        scaling(clients, id),
        quarantine::find(clients, described.vpc_id.as_deref(), &group_name, &target.incident),
        snapshots(clients, target),
    )?;
    let tags = tag_map(described.tags.as_deref().unwrap_or_default());
    Ok(Observed::Instance(Box::new(Instance {
        instance_id: id.to_owned(),
        account: account.account_id.clone(),
        region: target.region.clone(),
        state: state_of(&described)?,
        name: tags.get("Name").cloned(),
        tags,
        root_device_type: described
            .root_device_type
            .as_ref()
            .map_or_else(String::new, |kind| kind.as_str().to_owned()),
        spot: described.instance_lifecycle == Some(InstanceLifecycleType::Spot),
        public_address: described.public_ip_address.clone().filter(|address| !address.is_empty()),
        elastic_address,
        interfaces,
        volumes: volumes(&described),
        termination_protection: attributes.termination_protection,
        stop_protection: attributes.stop_protection,
        shutdown_behavior: attributes.shutdown_behavior,
        profile_arn: described.iam_instance_profile.and_then(|profile| profile.arn),
        vpc_id: described.vpc_id.filter(|vpc| !vpc.is_empty()),
        scaling,
        quarantine,
        snapshots,
    })))
}

/// The instance as EC2 describes it; `None` when EC2 knows no such id.
pub(crate) async fn describe(
    clients: &Clients,
    id: &str,
) -> Result<Option<Described>, OutsideError> {
    match clients.ec2.describe_instances().instance_ids(id).send().await {
        Ok(answer) => Ok(answer
            .reservations
            .unwrap_or_default()
            .into_iter()
            .flat_map(|reservation| reservation.instances.unwrap_or_default())
            .find(|instance| instance.instance_id.as_deref() == Some(id))),
        Err(error) => {
            let failure = Failure::read("ec2:DescribeInstances", error);
            if failure.is("InvalidInstanceID.NotFound") || failure.is("InvalidInstanceID.Malformed")
            {
                return Ok(None);
            }
            Err(failure.into_outside())
        }
    }
}

pub(crate) fn state_of(described: &Described) -> Result<String, OutsideError> {
    described
        .state
        .as_ref()
        .and_then(|state| state.name.as_ref())
        .map(|name| name.as_str().to_owned())
        .ok_or_else(|| garbage("ec2:DescribeInstances", "the instance has no state"))
}

pub(crate) fn tag_map(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
        .collect()
}

struct Attributes {
    termination_protection: bool,
    stop_protection: bool,
    shutdown_behavior: String,
}

async fn attributes(clients: &Clients, id: &str) -> Result<Attributes, OutsideError> {
    let operation = "ec2:DescribeInstanceAttribute";
    let ask = |attribute: InstanceAttributeName| {
        let request =
            clients.ec2.describe_instance_attribute().instance_id(id).attribute(attribute);
        async move {
            request.send().await.map_err(|error| Failure::read(operation, error).into_outside())
        }
    };
    let (termination, stop, shutdown) = tokio::try_join!(
        ask(InstanceAttributeName::DisableApiTermination),
        ask(InstanceAttributeName::DisableApiStop),
        ask(InstanceAttributeName::InstanceInitiatedShutdownBehavior),
    )?;
    let behavior = shutdown.instance_initiated_shutdown_behavior.and_then(|value| value.value);
    let protection = termination.disable_api_termination.and_then(|value| value.value);
    Ok(Attributes {
        termination_protection: protection
            .ok_or_else(|| garbage(operation, "DisableApiTermination has no value"))?,
        // Absent for types that can't be protected so.
        stop_protection: stop.disable_api_stop.and_then(|value| value.value).unwrap_or(false),
        shutdown_behavior: behavior
            .ok_or_else(|| garbage(operation, "the shutdown behaviour has no value"))?,
    })
}

/// Every interface that either description knows, so that none is missed while they disagree.
async fn interfaces(
    clients: &Clients,
    described: &Described,
    id: &str,
) -> Result<Vec<Interface>, OutsideError> {
    let mut found = Vec::new();
    let filter = Filter::builder().name("attachment.instance-id").values(id).build();
    let mut pages =
        clients.ec2.describe_network_interfaces().filters(filter).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            Failure::read("ec2:DescribeNetworkInterfaces", error).into_outside()
        })?;
        for interface in page.network_interfaces.unwrap_or_default() {
            found.push(read_interface(interface)?);
        }
    }
    for attached in described.network_interfaces.as_deref().unwrap_or_default() {
        let Some(id) = &attached.network_interface_id else { continue };
        if !found.iter().any(|known| known.id == *id) {
            let groups = attached.groups.as_deref().unwrap_or_default();
            let groups = groups.iter().filter_map(|group| group.group_id.clone()).collect();
            found.push(Interface {
                id: id.clone(),
                groups: sorted(groups),
                requester_managed: false,
            });
        }
    }
    Ok(sorted(found))
}

fn read_interface(interface: NetworkInterface) -> Result<Interface, OutsideError> {
    let groups = interface.groups.unwrap_or_default();
    let id = interface.network_interface_id;
    Ok(Interface {
        id: id.ok_or_else(|| garbage("ec2:DescribeNetworkInterfaces", "an interface has no id"))?,
        groups: sorted(groups.into_iter().filter_map(|group| group.group_id).collect()),
        requester_managed: interface.requester_managed.unwrap_or(false),
    })
}

fn volumes(described: &Described) -> Vec<Volume> {
    let mappings = described.block_device_mappings.as_deref().unwrap_or_default();
    sorted(
        mappings
            .iter()
            .filter_map(|mapping| {
                let disk = mapping.ebs.as_ref()?;
                Some(Volume {
                    device: mapping.device_name.clone()?,
                    volume_id: disk.volume_id.clone()?,
                    delete_on_termination: disk.delete_on_termination.unwrap_or(false),
                })
            })
            .collect(),
    )
}

/// Whether its public address is an Elastic IP. Asked only where there is an address.
async fn has_elastic_address(
    clients: &Clients,
    described: &Described,
    id: &str,
) -> Result<bool, OutsideError> {
    let Some(public) = described.public_ip_address.as_deref().filter(|ip| !ip.is_empty()) else {
        return Ok(false);
    };
    let filter = Filter::builder().name("instance-id").values(id).build();
    let answer = clients
        .ec2
        .describe_addresses()
        .filters(filter)
        .send()
        .await
        .map_err(|error| Failure::read("ec2:DescribeAddresses", error).into_outside())?;
    let mut addresses = answer.addresses.unwrap_or_default().into_iter();
    Ok(addresses.any(|address| address.public_ip.as_deref() == Some(public)))
}

async fn scaling(clients: &Clients, id: &str) -> Result<Option<Scaling>, OutsideError> {
    let answer = clients
        .autoscaling
        .describe_auto_scaling_instances()
        .instance_ids(id)
        .send()
        .await
        .map_err(|error| {
            Failure::read("autoscaling:DescribeAutoScalingInstances", error).into_outside()
        })?;
    let member = answer
        .auto_scaling_instances
        .unwrap_or_default()
        .into_iter()
        .find(|member| member.instance_id.as_deref() == Some(id));
    let Some((group, lifecycle)) =
        member.and_then(|member| Some((member.auto_scaling_group_name?, member.lifecycle_state?)))
    else {
        return Ok(None);
    };
    let operation = "autoscaling:DescribeAutoScalingGroups";
    let answer = clients
        .autoscaling
        .describe_auto_scaling_groups()
        .auto_scaling_group_names(&group)
        .send()
        .await
        .map_err(|error| Failure::read(operation, error).into_outside())?;
    let described = answer.auto_scaling_groups.unwrap_or_default().into_iter().next();
    let sizes = described.and_then(|group| Some((group.min_size?, group.desired_capacity?)));
    let (min_size, desired) =
        sizes.ok_or_else(|| garbage(operation, "the group's sizes are missing"))?;
    Ok(Some(Scaling { group, lifecycle, min_size: min_size.into(), desired: desired.into() }))
}

/// The snapshots that this step made, whenever it ran.
async fn snapshots(clients: &Clients, target: &Target) -> Result<Vec<Snapshot>, OutsideError> {
    let filter =
        Filter::builder().name(format!("tag:{STEP_TAG}")).values(target.step.as_str()).build();
    let mut found = Vec::new();
    let request = clients.ec2.describe_snapshots().owner_ids("self").filters(filter);
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| Failure::read("ec2:DescribeSnapshots", error).into_outside())?;
        found.extend(page.snapshots.unwrap_or_default().into_iter().filter_map(|snapshot| {
            Some(Snapshot {
                id: snapshot.snapshot_id?,
                volume_id: snapshot.volume_id?,
                state: snapshot.state?.as_str().to_owned(),
            })
        }));
    }
    Ok(sorted(found))
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

fn garbage(operation: &str, message: &str) -> OutsideError {
    OutsideError::new(operation, Trouble::Garbage, message)
}
