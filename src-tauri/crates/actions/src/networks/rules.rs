//! Groups, ACLs and route tables. A rule that is not understood is said to be none of what is known,
//! and makes uncertain what it might decide.

use aws_sdk_ec2::types::{
    IpPermission, NetworkAcl, NetworkAclEntry, Route as DescribedRoute, RouteOrigin, RouteState,
    RouteTable as DescribedTable, RuleAction, SecurityGroup as DescribedGroup,
};
use firebreak_core::network::{
    Acl, AclRule, Cidr, Destination, Peer, Ports, Route, RouteTable, Rule, SecurityGroup, Target,
};
use firebreak_core::text;

/// Longest word of a rule told, in characters.
const WORD_CAP: usize = 60;

pub(super) fn group(described: DescribedGroup) -> Option<SecurityGroup> {
    let mut group = SecurityGroup { id: described.group_id?, ..SecurityGroup::default() };
    for permission in described.ip_permissions.unwrap_or_default() {
        take(&permission, &mut group.ingress, &mut group.unread);
    }
    for permission in described.ip_permissions_egress.unwrap_or_default() {
        take(&permission, &mut group.egress, &mut group.unread);
    }
    Some(group)
}

fn take(permission: &IpPermission, rules: &mut Vec<Rule>, unread: &mut Option<String>) {
    let protocol = permission.ip_protocol.as_deref().unwrap_or_default();
    let Some(ports) = Ports::read(protocol, permission.from_port, permission.to_port) else {
        let protocol = text::line(protocol, WORD_CAP);
        *unread = Some(format!("a rule for protocol {protocol} is not understood"));
        return;
    };
    let four = permission.ip_ranges.as_deref().unwrap_or_default().iter();
    let six = permission.ipv6_ranges.as_deref().unwrap_or_default().iter();
    let blocks = four
        .filter_map(|range| range.cidr_ip.as_deref())
        .chain(six.filter_map(|range| range.cidr_ipv6.as_deref()));
    let mut peers = Vec::new();
    for block in blocks {
        match Cidr::parse(block) {
            Some(block) => peers.push(Peer::Block(block)),
            None => *unread = Some(not_a_block(block)),
        }
    }
    let groups = permission.user_id_group_pairs.as_deref().unwrap_or_default().iter();
    peers.extend(groups.filter_map(|pair| pair.group_id.clone()).map(Peer::Group));
    let lists = permission.prefix_list_ids.as_deref().unwrap_or_default().iter();
    peers.extend(lists.filter_map(|list| list.prefix_list_id.clone()).map(Peer::List));
    rules.extend(peers.into_iter().map(|peer| Rule { ports: ports.clone(), peer }));
}

pub(super) fn acl(described: NetworkAcl) -> Option<Acl> {
    let subnets = described.associations.unwrap_or_default().into_iter();
    let mut acl = Acl {
        id: described.network_acl_id?,
        vpc: described.vpc_id?,
        is_default: described.is_default.unwrap_or(false),
        subnets: subnets.filter_map(|one| one.subnet_id).collect(),
        ..Acl::default()
    };
    for entry in described.entries.unwrap_or_default() {
        let rules = if entry.egress == Some(true) { &mut acl.egress } else { &mut acl.ingress };
        match acl_rule(&entry) {
            Some(rule) => rules.push(rule),
            None => {
                let number = entry.rule_number.unwrap_or_default();
                acl.unread = Some(format!("rule {number} is not understood"));
            }
        }
    }
    Some(acl)
}

fn acl_rule(entry: &NetworkAclEntry) -> Option<AclRule> {
    let protocol = entry.protocol.as_deref()?;
    let (from, to) = match (&entry.port_range, &entry.icmp_type_code) {
        (_, Some(icmp)) if matches!(protocol, "1" | "58" | "icmp" | "icmpv6") => {
            (icmp.r#type, icmp.code)
        }
        (Some(range), _) => (range.from, range.to),
        (None, _) => (None, None),
    };
    let block = entry.cidr_block.as_deref().or(entry.ipv6_cidr_block.as_deref())?;
    Some(AclRule {
        number: u32::try_from(entry.rule_number?).ok()?,
        allows: match entry.rule_action.as_ref()? {
            RuleAction::Allow => true,
            RuleAction::Deny => false,
            _ => return None,
        },
        ports: Ports::read(protocol, from, to)?,
        block: Cidr::parse(block)?,
    })
}

pub(super) fn table(described: DescribedTable) -> Option<RouteTable> {
    let associations = described.associations.unwrap_or_default();
    let subnets = associations.iter().filter_map(|one| one.subnet_id.clone());
    let gateways = associations.iter().filter_map(|one| one.gateway_id.clone());
    let mut table = RouteTable {
        id: described.route_table_id?,
        vpc: described.vpc_id?,
        is_main: associations.iter().any(|one| one.main == Some(true)),
        subnets: subnets.collect(),
        gateways: gateways.collect(),
        ..RouteTable::default()
    };
    for one in described.routes.unwrap_or_default() {
        match route(&one) {
            Ok(route) => table.routes.push(route),
            Err(why) => table.unread = Some(why),
        }
    }
    Some(table)
}

fn route(described: &DescribedRoute) -> Result<Route, String> {
    let block = described.destination_cidr_block.as_deref();
    let block = block.or(described.destination_ipv6_cidr_block.as_deref());
    let to = match (block, &described.destination_prefix_list_id) {
        (Some(block), _) => Cidr::parse(block).map(Destination::Block).ok_or(not_a_block(block))?,
        (None, Some(list)) => Destination::List(list.clone()),
        (None, None) => return Err("a route has no destination".to_owned()),
    };
    let to_list = matches!(to, Destination::List(_));
    let target = target(described, to_list).ok_or("a route leads to what is not known")?;
    Ok(Route {
        to,
        target,
        is_live: described.state != Some(RouteState::Blackhole),
        is_propagated: described.origin == Some(RouteOrigin::EnableVgwRoutePropagation),
    })
}

fn target(described: &DescribedRoute, to_list: bool) -> Option<Target> {
    let one = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
    let beyond = one(&described.local_gateway_id)
        .or_else(|| one(&described.carrier_gateway_id))
        .or_else(|| one(&described.core_network_arn))
        .or_else(|| one(&described.odb_network_arn));
    one(&described.vpc_peering_connection_id)
        .map(Target::Peering)
        .or_else(|| one(&described.transit_gateway_id).map(Target::TransitGateway))
        .or_else(|| one(&described.nat_gateway_id).map(Target::NatGateway))
        .or_else(|| one(&described.egress_only_internet_gateway_id).map(Target::EgressOnlyGateway))
        .or_else(|| one(&described.network_interface_id).map(Target::Appliance))
        .or_else(|| one(&described.instance_id).map(Target::Appliance))
        .or_else(|| beyond.map(Target::Beyond))
        .or_else(|| Some(gateway(one(&described.gateway_id)?, to_list)))
}

/// A gateway endpoint is for a prefix list; one to addresses is a Gateway Load Balancer's.
fn gateway(id: String, to_list: bool) -> Target {
    match id.split('-').next() {
        Some("local") => Target::Local,
        Some("igw") => Target::InternetGateway(id),
        Some("vpce") if to_list => Target::ServiceEndpoint(id),
        Some("vpce") => Target::Appliance(id),
        Some("eigw") => Target::EgressOnlyGateway(id),
        _ => Target::Beyond(id),
    }
}

fn not_a_block(text: &str) -> String {
    format!("{} is no block of addresses", text::line(text, WORD_CAP))
}
