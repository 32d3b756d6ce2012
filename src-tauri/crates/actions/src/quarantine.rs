//! The incident's quarantine group in a VPC: found by name, accepted only with our tag.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, IpPermission, SecurityGroup as Described};
use firebreak_core::IncidentId;
use firebreak_core::call::EgressCidr;
use firebreak_core::containment::INCIDENT_TAG;
use firebreak_core::observed::SecurityGroup;
use firebreak_core::ports::{OutsideError, Trouble};

use crate::connection::Clients;
use crate::failure::Failure;

const OPERATION: &str = "ec2:DescribeSecurityGroups";

/// The group, when it exists in this VPC.
pub(crate) async fn find(
    clients: &Clients,
    vpc_id: Option<&str>,
    name: &str,
    incident: &IncidentId,
) -> Result<Option<SecurityGroup>, OutsideError> {
    let Some(vpc_id) = vpc_id.filter(|vpc| !vpc.is_empty()) else { return Ok(None) };
    let by = |filter: &str, value: &str| Filter::builder().name(filter).values(value).build();
    let request = clients
        .ec2
        .describe_security_groups()
        .filters(by("group-name", name))
        .filters(by("vpc-id", vpc_id));
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Failure::read(OPERATION, error).into_outside())?;
        let mut groups = page.security_groups.unwrap_or_default().into_iter();
        if let Some(group) = groups.find(|group| group.group_name.as_deref() == Some(name)) {
            return read(group, name, incident).map(Some);
        }
    }
    Ok(None)
}

/// A group of our name without our tag is somebody else's, or a trap: interfaces put into it would
/// be open to whoever holds it.
fn read(
    group: Described,
    name: &str,
    incident: &IncidentId,
) -> Result<SecurityGroup, OutsideError> {
    let tags = crate::observe_instance::tag_map(group.tags.as_deref().unwrap_or_default());
    if tags.get(INCIDENT_TAG).map(String::as_str) != Some(incident.as_str()) {
        return Err(OutsideError::new(
            OPERATION,
            Trouble::NeedsPerson,
            format!("a group named {name} exists that does not carry the tag of this incident"),
        )
        .with_remedy("find out who made it; rename or delete it, then propose the step again"));
    }
    let id = group.group_id;
    Ok(SecurityGroup {
        id: id
            .ok_or_else(|| OutsideError::new(OPERATION, Trouble::Garbage, "a group has no id"))?,
        name: name.to_owned(),
        ingress_rules: count(group.ip_permissions.as_deref().unwrap_or_default()),
        egress_rules: count(group.ip_permissions_egress.as_deref().unwrap_or_default()),
        open_egress: open(group.ip_permissions_egress.as_deref().unwrap_or_default()),
    })
}

fn open(permissions: &[IpPermission]) -> BTreeSet<EgressCidr> {
    let all = permissions.iter().filter(|permission| permission.ip_protocol() == Some("-1"));
    let mut families = BTreeSet::new();
    for permission in all {
        let is = |cidr: Option<&str>, family: EgressCidr| cidr == Some(family.text());
        if permission.ip_ranges().iter().any(|range| is(range.cidr_ip(), EgressCidr::Ipv4)) {
            families.insert(EgressCidr::Ipv4);
        }
        if permission.ipv6_ranges().iter().any(|range| is(range.cidr_ipv6(), EgressCidr::Ipv6)) {
            families.insert(EgressCidr::Ipv6);
        }
    }
    families
}

/// One a CIDR, prefix list or group. A permission that lists none of them is counted as one: what
/// is not understood must not look like "no rule".
fn count(permissions: &[IpPermission]) -> u32 {
    let rules = permissions.iter().map(|permission| {
        let listed = permission.ip_ranges().len()
            + permission.ipv6_ranges().len()
            + permission.prefix_list_ids().len()
            + permission.user_id_group_pairs().len();
        listed.max(1)
    });
    u32::try_from(rules.sum::<usize>()).unwrap_or(u32::MAX)
}
