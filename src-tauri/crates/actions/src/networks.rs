//! What is configured of a region's network, read in pages: interfaces and all that decides who can
//! open a connection to whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use aws_sdk_ec2::types::{
    InstanceStateName, NetworkInterface, NetworkInterfaceType, TransitGatewayAttachmentState,
    VpcPeeringConnection, VpcPeeringConnectionStateReasonCode,
};
use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use firebreak_core::network::{
    Attachment, Cidr, Destination, End, Interface, Peer, Peering, PrefixList, Region, Subnet, Vpc,
};
use firebreak_core::ports::{OutsideError, Trouble};
use firebreak_core::{AssetId, text};

use crate::account::AwsAccount;
use crate::connection::Clients;
use crate::failure::Failure;
use crate::observe_instance::tag_map;

mod rules;

/// Things of one kind in a region.
const MOST: usize = 20_000;
/// Prefix lists, and the blocks of one.
const MOST_LISTS: usize = 100;
const MOST_BLOCKS: usize = 1_000;
/// Longest description kept, in characters.
const DESCRIPTION_CAP: usize = 100;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of an instance besides its interfaces.
struct Machine {
    name: Option<String>,
    is_running: bool,
}

/// Reads a region. What its parts need: without interfaces, groups, ACLs, routes and peerings nothing
/// can be said, without the rest some of it is uncertain.
pub(crate) async fn read(
    clients: &Clients,
    account: &AwsAccount,
    region: &str,
) -> Result<Region, OutsideError> {
    let late =
        || OutsideError::new("ec2 network", Trouble::Passing, "it takes longer than a minute");
    let all = all(clients, account, region);
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| Err(late()))
}

async fn all(
    clients: &Clients,
    account: &AwsAccount,
    region: &str,
) -> Result<Region, OutsideError> {
    let ec2 = &clients.ec2;
    let interfaces = ec2.describe_network_interfaces().into_paginator().page_size(500);
    let groups = ec2.describe_security_groups().into_paginator().page_size(500);
    let acls = ec2.describe_network_acls().into_paginator().page_size(500);
    let tables = ec2.describe_route_tables().into_paginator().page_size(100);
    let subnets = ec2.describe_subnets().into_paginator().page_size(500);
    let vpcs = ec2.describe_vpcs().into_paginator().page_size(500);
    let peerings = ec2.describe_vpc_peering_connections().into_paginator().page_size(500);
    let (interfaces, groups, acls, tables, subnets, vpcs, peerings) = tokio::try_join!(
        gathered("ec2:DescribeNetworkInterfaces", interfaces.items().send()),
        gathered("ec2:DescribeSecurityGroups", groups.items().send()),
        gathered("ec2:DescribeNetworkAcls", acls.items().send()),
        gathered("ec2:DescribeRouteTables", tables.items().send()),
        gathered("ec2:DescribeSubnets", subnets.items().send()),
        gathered("ec2:DescribeVpcs", vpcs.items().send()),
        gathered("ec2:DescribeVpcPeeringConnections", peerings.items().send()),
    )?;
    let mut whole = Region {
        account: account.account_id.clone(),
        region: region.to_owned(),
        ..Region::default()
    };
    let machines = machines(clients, &mut whole).await;
    let interfaces = kept(&mut whole, "interfaces", interfaces).into_iter();
    whole.interfaces =
        interfaces.filter_map(|one| interface(one, &machines, account, region)).collect();
    whole.groups =
        kept(&mut whole, "security groups", groups).into_iter().filter_map(rules::group).collect();
    whole.acls =
        kept(&mut whole, "network ACLs", acls).into_iter().filter_map(rules::acl).collect();
    whole.tables =
        kept(&mut whole, "route tables", tables).into_iter().filter_map(rules::table).collect();
    whole.subnets = kept(&mut whole, "subnets", subnets).into_iter().filter_map(subnet).collect();
    whole.vpcs = kept(&mut whole, "VPCs", vpcs).into_iter().filter_map(vpc).collect();
    whole.peerings =
        kept(&mut whole, "peerings", peerings).into_iter().filter_map(peering).collect();
    attachments(clients, &mut whole).await;
    lists(clients, &mut whole).await;
    Ok(whole)
}

/// All of it, or the first of it: whether there is more is told.
struct Gathered<T> {
    items: Vec<T>,
    is_cut: bool,
}

async fn gathered<T, E>(
    operation: &str,
    mut items: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
) -> Result<Gathered<T>, OutsideError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(|error| Failure::read(operation, error).into_outside())?;
        if found.len() == MOST {
            return Ok(Gathered { items: found, is_cut: true });
        }
        found.push(item);
    }
    Ok(Gathered { items: found, is_cut: false })
}

/// What was gathered; that there is more is among the gaps.
fn kept<T>(whole: &mut Region, what: &str, gathered: Gathered<T>) -> Vec<T> {
    if gathered.is_cut {
        whole.gaps.push(format!("only the first {MOST} {what} of {} were read", whole.region));
    }
    gathered.items
}

/// Puts what could not be read among the gaps, with what to do about it.
fn missed(whole: &mut Region, what: &str, error: &OutsideError) {
    let remedy = error.remedy.as_deref().map(|remedy| format!("; {remedy}"));
    let remedy = remedy.unwrap_or_default();
    whole.gaps.push(format!("{what} of {} could not be read: {error}{remedy}", whole.region));
}

async fn machines(clients: &Clients, whole: &mut Region) -> HashMap<String, Machine> {
    let mut pages = clients.ec2.describe_instances().into_paginator().page_size(500).send();
    let mut found = HashMap::new();
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                let error = Failure::read("ec2:DescribeInstances", error).into_outside();
                missed(whole, "names of instances", &error);
                return found;
            }
        };
        let reservations = page.reservations.unwrap_or_default().into_iter();
        for instance in reservations.flat_map(|one| one.instances.unwrap_or_default()) {
            let Some(id) = instance.instance_id else { continue };
            let state = instance.state.and_then(|state| state.name);
            let is_running =
                matches!(state, Some(InstanceStateName::Running | InstanceStateName::Pending));
            let name = tag_map(instance.tags.as_deref().unwrap_or_default()).remove("Name");
            found.insert(id, Machine { name, is_running });
        }
        if found.len() > MOST {
            whole.gaps.push(format!("not all instances of {} were named", whole.region));
            return found;
        }
    }
    found
}

/// What takes part in connections: attached, and no gateway's own.
fn interface(
    described: NetworkInterface,
    machines: &HashMap<String, Machine>,
    account: &AwsAccount,
    region: &str,
) -> Option<Interface> {
    use NetworkInterfaceType as Type;
    let attachment = described.attachment.as_ref()?;
    let kind = described.interface_type.as_ref();
    if matches!(
        kind,
        Some(
            Type::NatGateway
                | Type::TransitGateway
                | Type::GatewayLoadBalancer
                | Type::GatewayLoadBalancerEndpoint
        )
    ) {
        return None;
    }
    let id = described.network_interface_id.clone()?;
    let groups = described.groups.as_deref().unwrap_or_default();
    let groups: Vec<String> = groups.iter().filter_map(|group| group.group_id.clone()).collect();
    let description = described.description.as_deref().unwrap_or_default();
    let description = text::line(description, DESCRIPTION_CAP);
    let owner = attachment.instance_owner_id.as_deref().unwrap_or_default();
    let is_managed = described.requester_managed == Some(true) || owner.starts_with("amazon");
    let machine = attachment.instance_id.as_ref();
    let balancer = if owner == "amazon-elb" { description.strip_prefix("ELB ") } else { None };
    let (asset, name, of) = match (machine, balancer) {
        (Some(machine), _) => {
            let name = machines.get(machine).and_then(|one| one.name.clone());
            (machine.clone(), name.unwrap_or_else(|| machine.clone()), "EC2 instance")
        }
        (None, Some(balancer)) => {
            let arn = balancer_arn(balancer, account, region);
            (arn, balancer.split('/').nth(1).unwrap_or(balancer).to_owned(), "load balancer")
        }
        (None, None) => {
            let name = if description.is_empty() { id.clone() } else { description.clone() };
            (id.clone(), name, "network interface")
        }
    };
    let is_unfiltered = kind == Some(&Type::NetworkLoadBalancer) && groups.is_empty();
    let is_stopped = machine
        .and_then(|machine| machines.get(machine))
        .is_some_and(|machine| !machine.is_running);
    Some(Interface {
        asset: AssetId::new(asset),
        name: text::line(&name, text::TITLE_CAP),
        kind: of.to_owned(),
        subnet: described.subnet_id.clone()?,
        vpc: described.vpc_id.clone()?,
        groups,
        addresses: addresses(&described),
        public: public(&described),
        managed: is_managed.then(|| match description.is_empty() {
            true => "it does not say for what".to_owned(),
            false => description,
        }),
        is_unfiltered,
        is_stopped,
        id,
    })
}

/// `ELB app/NAME/ID` is how a load balancer describes its interfaces; a classic one says its name
/// alone ("Elastic Load Balancing User Guide", network interfaces).
fn balancer_arn(described: &str, account: &AwsAccount, region: &str) -> String {
    let partition = match region {
        cn if cn.starts_with("cn-") => "aws-cn",
        gov if gov.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let account = &account.account_id;
    format!("arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{described}")
}

fn addresses(described: &NetworkInterface) -> Vec<IpAddr> {
    let four = described.private_ip_addresses.as_deref().unwrap_or_default();
    let four = four.iter().filter_map(|one| one.private_ip_address.as_deref());
    let four = four.chain(described.private_ip_address.as_deref());
    let six = described.ipv6_addresses.as_deref().unwrap_or_default();
    let six = six.iter().filter_map(|one| one.ipv6_address.as_deref());
    let all: BTreeSet<IpAddr> = four.chain(six).filter_map(|text| text.parse().ok()).collect();
    all.into_iter().collect()
}

fn public(described: &NetworkInterface) -> BTreeMap<Ipv4Addr, Ipv4Addr> {
    let each = described.private_ip_addresses.as_deref().unwrap_or_default().iter();
    let own = each.filter_map(|one| {
        let public = one.association.as_ref()?.public_ip.as_deref()?;
        Some((one.private_ip_address.as_deref()?.parse().ok()?, public.parse().ok()?))
    });
    let first = described.association.as_ref().and_then(|association| {
        let public = association.public_ip.as_deref()?;
        Some((described.private_ip_address.as_deref()?.parse().ok()?, public.parse().ok()?))
    });
    own.chain(first).collect()
}

fn subnet(described: aws_sdk_ec2::types::Subnet) -> Option<Subnet> {
    Some(Subnet { id: described.subnet_id?, vpc: described.vpc_id? })
}

fn vpc(described: aws_sdk_ec2::types::Vpc) -> Option<Vpc> {
    let four = described.cidr_block_association_set.unwrap_or_default().into_iter();
    let six = described.ipv6_cidr_block_association_set.unwrap_or_default().into_iter();
    let four = four.filter_map(|one| one.cidr_block).chain(described.cidr_block);
    let texts = four.chain(six.filter_map(|one| one.ipv6_cidr_block));
    let blocks: BTreeSet<Cidr> = texts.filter_map(|text| Cidr::parse(&text)).collect();
    Some(Vpc { id: described.vpc_id?, blocks: blocks.into_iter().collect() })
}

fn peering(described: VpcPeeringConnection) -> Option<Peering> {
    let code = described.status.and_then(|status| status.code);
    let end = |info: Option<aws_sdk_ec2::types::VpcPeeringConnectionVpcInfo>| {
        let info = info?;
        Some(End {
            vpc: info.vpc_id?,
            account: info.owner_id.unwrap_or_default(),
            region: info.region.unwrap_or_default(),
        })
    };
    Some(Peering {
        id: described.vpc_peering_connection_id?,
        is_active: code == Some(VpcPeeringConnectionStateReasonCode::Active),
        ends: [end(described.requester_vpc_info)?, end(described.accepter_vpc_info)?],
    })
}

async fn attachments(clients: &Clients, whole: &mut Region) {
    let request = clients.ec2.describe_transit_gateway_vpc_attachments();
    let items = request.into_paginator().page_size(500).items().send();
    match gathered("ec2:DescribeTransitGatewayVpcAttachments", items).await {
        Ok(found) => {
            let found = kept(whole, "transit gateway attachments", found).into_iter();
            let live = found
                .filter(|one| one.state == Some(TransitGatewayAttachmentState::Available))
                .filter_map(|one| {
                    Some(Attachment { gateway: one.transit_gateway_id?, vpc: one.vpc_id? })
                });
            whole.attachments = Some(live.collect());
        }
        Err(error) => missed(whole, "transit gateway attachments", &error),
    }
}

/// The prefix lists that rules and routes name.
async fn lists(clients: &Clients, whole: &mut Region) {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for rule in whole.groups.iter().flat_map(|group| group.ingress.iter().chain(&group.egress)) {
        if let Peer::List(id) = &rule.peer {
            ids.insert(id.clone());
        }
    }
    for route in whole.tables.iter().flat_map(|table| &table.routes) {
        if let Destination::List(id) = &route.to {
            ids.insert(id.clone());
        }
    }
    if ids.len() > MOST_LISTS {
        whole.gaps.push(format!("only {MOST_LISTS} prefix lists of {} were read", whole.region));
    }
    let operation = "ec2:GetManagedPrefixListEntries";
    for id in ids.into_iter().take(MOST_LISTS) {
        let request = clients.ec2.get_managed_prefix_list_entries().prefix_list_id(&id);
        let items = request.into_paginator().page_size(100).items().send();
        match gathered(operation, items).await {
            Ok(found) if !found.is_cut && found.items.len() <= MOST_BLOCKS => {
                let cidrs = found.items.into_iter().filter_map(|entry| entry.cidr);
                let blocks = cidrs.filter_map(|text| Cidr::parse(&text)).collect();
                whole.lists.insert(id, PrefixList { blocks });
            }
            Ok(_) => whole.gaps.push(format!("prefix list {id} is too long to be read")),
            Err(error) => missed(whole, &format!("prefix list {id}"), &error),
        }
    }
}

#[cfg(test)]
mod tests;
