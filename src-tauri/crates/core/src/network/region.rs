//! What is configured in one region of one account, as one read of EC2 gives it.

use core::net::{IpAddr, Ipv4Addr};
use std::collections::BTreeMap;

use super::cidr::Cidr;
use super::ports::Ports;
use crate::AssetId;

/// What was read of a region. What was left out or could not be read is among the gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Region {
    /// Twelve digits.
    pub account: String,
    /// `eu-central-1`
    pub region: String,
    /// Networks.
    pub vpcs: Vec<Vpc>,
    /// Their subnets.
    pub subnets: Vec<Subnet>,
    /// What takes part: attached interfaces that can have connections.
    pub interfaces: Vec<Interface>,
    /// Security groups.
    pub groups: Vec<SecurityGroup>,
    /// Network ACLs.
    pub acls: Vec<Acl>,
    /// Route tables.
    pub tables: Vec<RouteTable>,
    /// Peerings that one of the VPCs has.
    pub peerings: Vec<Peering>,
    /// Which VPCs hang on which transit gateways; `None` when it could not be read.
    pub attachments: Option<Vec<Attachment>>,
    /// Prefix lists that could be read, by id.
    pub lists: BTreeMap<String, PrefixList>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

/// A network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// `vpc-…`
    pub id: String,
    /// IPv4 and IPv6.
    pub blocks: Vec<Cidr>,
}

/// A part of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`
    pub id: String,
    /// Its network.
    pub vpc: String,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// `eni-…`
    pub id: String,
    /// What it belongs to: an instance, a load balancer, or itself.
    pub asset: AssetId,
    /// What that is called. Untrusted.
    pub name: String,
    /// What that is: `EC2 instance`, `load balancer`, `network interface`.
    pub kind: String,
    /// Where it is.
    pub subnet: String,
    /// Its network.
    pub vpc: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its own addresses, IPv4 and IPv6.
    pub addresses: Vec<IpAddr>,
    /// Public addresses by the own address that they stand for.
    pub public: BTreeMap<Ipv4Addr, Ipv4Addr>,
    /// What of AWS's it is, where AWS manages it: what it does with connections is not read.
    pub managed: Option<String>,
    /// Nothing filters what comes and goes: a network load balancer without groups.
    pub is_unfiltered: bool,
    /// Its instance does not run.
    pub is_stopped: bool,
}

/// A security group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityGroup {
    /// `sg-…`
    pub id: String,
    /// What may come in.
    pub ingress: Vec<Rule>,
    /// What may go out.
    pub egress: Vec<Rule>,
    /// A rule that is not understood, in words.
    pub unread: Option<String>,
}

/// What a security group allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which ports of the end that is connected to.
    pub ports: Ports,
    /// From or to whom.
    pub peer: Peer,
}

/// Whom a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Addresses.
    Block(Cidr),
    /// Interfaces with this group, by their own addresses.
    Group(String),
    /// The addresses of a prefix list.
    List(String),
}

/// A network ACL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl {
    /// `acl-…`
    pub id: String,
    /// Its network.
    pub vpc: String,
    /// Subnets that no ACL names have it.
    pub is_default: bool,
    /// The subnets that it is for.
    pub subnets: Vec<String>,
    /// What may come into a subnet.
    pub ingress: Vec<AclRule>,
    /// What may leave it.
    pub egress: Vec<AclRule>,
    /// A rule that is not understood, in words.
    pub unread: Option<String>,
}

/// One rule of an ACL. The one with the lowest number that fits decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclRule {
    /// Its place.
    pub number: u32,
    /// Or denies.
    pub allows: bool,
    /// Which ports of the end that the packet goes to.
    pub ports: Ports,
    /// The other end.
    pub block: Cidr,
}

/// A route table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// `rtb-…`
    pub id: String,
    /// Its network.
    pub vpc: String,
    /// Subnets that no table names have it.
    pub is_main: bool,
    /// The subnets that it is for.
    pub subnets: Vec<String>,
    /// The gateways for whose incoming packets it is.
    pub gateways: Vec<String>,
    /// Where packets go. The longest prefix decides.
    pub routes: Vec<Route>,
    /// A route that is not understood, in words.
    pub unread: Option<String>,
}

/// Where packets for some addresses go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// For which addresses.
    pub to: Destination,
    /// By what.
    pub target: Target,
    /// Not a black hole.
    pub is_live: bool,
    /// Learnt from a virtual private gateway: a static route to the same addresses comes first.
    pub is_propagated: bool,
}

/// What a route is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Addresses.
    Block(Cidr),
    /// The addresses of a prefix list.
    List(String),
}

/// By what a route leads on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Inside the network.
    Local,
    /// To the Internet and from it.
    InternetGateway(String),
    /// To the Internet, by IPv6, and not from it.
    EgressOnlyGateway(String),
    /// To elsewhere under another address.
    NatGateway(String),
    /// To another network.
    Peering(String),
    /// To whatever hangs on it.
    TransitGateway(String),
    /// To something that decides for itself: an instance, a firewall's endpoint.
    Appliance(String),
    /// An endpoint for a service of AWS.
    ServiceEndpoint(String),
    /// A VPN, a private line, another kind of network: out of sight.
    Beyond(String),
}

/// A connection of two networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peering {
    /// `pcx-…`
    pub id: String,
    /// Accepted and in force.
    pub is_active: bool,
    /// Who asked for it and who accepted it.
    pub ends: [End; 2],
}

/// One end of a peering.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Its network.
    pub vpc: String,
    /// Whose that is.
    pub account: String,
    /// Where that is.
    pub region: String,
}

/// A network on a transit gateway.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// `tgw-…`
    pub gateway: String,
    /// The network.
    pub vpc: String,
}

/// Blocks under one id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixList {
    /// Its blocks.
    pub blocks: Vec<Cidr>,
}

impl Target {
    /// `local`, `igw-4`
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::InternetGateway(id)
            | Self::EgressOnlyGateway(id)
            | Self::NatGateway(id)
            | Self::Peering(id)
            | Self::TransitGateway(id)
            | Self::Appliance(id)
            | Self::ServiceEndpoint(id)
            | Self::Beyond(id) => id,
        }
    }
}

impl Peering {
    pub(super) fn joins(&self, one: &str, two: &str) -> bool {
        let [a, b] = &self.ends;
        self.is_active && ((a.vpc == one && b.vpc == two) || (a.vpc == two && b.vpc == one))
    }

    /// The other end of a network's peering.
    pub(super) fn beyond(&self, vpc: &str) -> Option<&End> {
        let [a, b] = &self.ends;
        let other = if a.vpc == vpc { b } else { a };
        (self.is_active && (a.vpc == vpc || b.vpc == vpc)).then_some(other)
    }
}

impl Region {
    /// Where else its networks lead by peerings: account and region.
    pub fn leads_to(&self) -> impl Iterator<Item = (&str, &str)> {
        let ends = self.peerings.iter().filter(|one| one.is_active).flat_map(|one| &one.ends);
        ends.map(|end| (end.account.as_str(), end.region.as_str()))
            .filter(|(account, region)| (*account, *region) != (&self.account, &self.region))
    }
}
