//! Networks written for the purpose, and what is found in them.

mod cases;
mod hostile;
mod naive;
mod properties;
mod routes;

use core::net::IpAddr;
use std::sync::Arc;

use super::link::{Link, link};
use super::ports::TCP;
use super::*;
use crate::AssetId;
use crate::asset::{Around, Edge};

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "123456789012";

fn cidr(text: &str) -> Cidr {
    Cidr::parse(text).unwrap()
}

fn tcp(from: u16, to: u16) -> Ports {
    Ports::of(TCP, from, to)
}

fn from_block(ports: Ports, block: &str) -> Rule {
    Rule { ports, peer: Peer::Block(cidr(block)) }
}

fn from_group(ports: Ports, id: &str) -> Rule {
    Rule { ports, peer: Peer::Group(id.to_owned()) }
}

fn anything() -> Vec<Rule> {
    ["0.0.0.0/0", "::/0"].map(|block| from_block(Ports::all(), block)).into()
}

fn group(id: &str, ingress: Vec<Rule>) -> SecurityGroup {
    SecurityGroup { id: id.to_owned(), ingress, egress: anything(), unread: None }
}

fn allow(number: u32, ports: Ports, block: &str) -> AclRule {
    AclRule { number, allows: true, ports, block: cidr(block) }
}

fn deny(number: u32, ports: Ports, block: &str) -> AclRule {
    AclRule { allows: false, ..allow(number, ports, block) }
}

fn open_acl(id: &str, vpc: &str) -> Acl {
    let all = || vec![allow(100, Ports::all(), "0.0.0.0/0"), allow(101, Ports::all(), "::/0")];
    Acl {
        id: id.to_owned(),
        vpc: vpc.to_owned(),
        is_default: true,
        ingress: all(),
        egress: all(),
        ..Acl::default()
    }
}

fn route(block: &str, target: Target) -> Route {
    let to = Destination::Block(cidr(block));
    Route { to, target, is_live: true, is_propagated: false }
}

fn igw() -> Target {
    Target::InternetGateway("igw-1".to_owned())
}

fn peering(id: &str, one: &str, two: &str) -> Peering {
    let end = |vpc: &str| End {
        vpc: vpc.to_owned(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
    };
    Peering { id: id.to_owned(), is_active: true, ends: [end(one), end(two)] }
}

/// An instance `i-NAME` with one interface `eni-NAME`.
fn machine(name: &str, subnet: &str, groups: &[&str], addresses: &[&str]) -> Interface {
    Interface {
        id: format!("eni-{name}"),
        asset: AssetId::new(format!("i-{name}")),
        name: name.to_owned(),
        kind: "EC2 instance".to_owned(),
        subnet: format!("subnet-{subnet}"),
        vpc: format!("vpc-{}", &subnet[..1]),
        groups: groups.iter().map(|id| (*id).to_owned()).collect(),
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        public: [].into(),
        managed: None,
        is_unfiltered: false,
        is_stopped: false,
    }
}

fn with_public(mut interface: Interface, public: &str) -> Interface {
    let IpAddr::V4(own) = interface.addresses[0] else { panic!("no IPv4") };
    interface.public = [(own, public.parse().unwrap())].into();
    interface
}

/// Networks `vpc-a` (10.1.0.0/16, 2600:1::/56) and `vpc-b` (10.2.0.0/16), each with subnets 1 and 2,
/// an open ACL and a table with the local route alone.
fn two_networks() -> Region {
    let vpc = |letter: &str, blocks: &[&str]| Vpc {
        id: format!("vpc-{letter}"),
        blocks: blocks.iter().map(|block| cidr(block)).collect(),
    };
    let subnets = ["a1", "a2", "b1", "b2"]
        .map(|name| Subnet { id: format!("subnet-{name}"), vpc: format!("vpc-{}", &name[..1]) });
    let table = |letter: &str| RouteTable {
        id: format!("rtb-{letter}"),
        vpc: format!("vpc-{letter}"),
        is_main: true,
        ..RouteTable::default()
    };
    Region {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        vpcs: vec![vpc("a", &["10.1.0.0/16", "2600:1::/56"]), vpc("b", &["10.2.0.0/16"])],
        subnets: subnets.into(),
        acls: vec![open_acl("acl-a", "vpc-a"), open_acl("acl-b", "vpc-b")],
        tables: vec![table("a"), table("b")],
        attachments: Some(Vec::new()),
        ..Region::default()
    }
}

/// `web` in a1 may open tcp 5432 on `db` in a2, by group; everybody may open tcp 443 on `web`. `db`
/// may open nothing.
fn storefront() -> Region {
    Region {
        interfaces: vec![
            machine("web", "a1", &["sg-web"], &["10.1.1.5", "2600:1::5"]),
            machine("db", "a2", &["sg-db"], &["10.1.2.5"]),
        ],
        groups: vec![
            group(
                "sg-web",
                vec![from_block(tcp(443, 443), "0.0.0.0/0"), from_block(tcp(443, 443), "::/0")],
            ),
            SecurityGroup {
                egress: Vec::new(),
                ..group("sg-db", vec![from_group(tcp(5432, 5432), "sg-web")])
            },
        ],
        ..two_networks()
    }
}

/// `storefront` with `web` on the Internet.
fn shop() -> Region {
    let mut region = storefront();
    region.interfaces[0] = with_public(region.interfaces[0].clone(), "203.0.113.9");
    region.tables[0].routes = vec![route("0.0.0.0/0", igw())];
    region
}

fn around(region: Region, from: &str) -> Around {
    Networks::new(&[Arc::new(region)]).around(&[AssetId::new(from)], &[], 4)
}

/// `from kind to: ports`, in the order found.
fn ways(region: Region, from: &str) -> Vec<String> {
    around(region, from).found.edges.iter().map(line).collect()
}

fn line(edge: &Edge) -> String {
    let reason = &edge.reason;
    let told = match reason.strip_prefix("Uncertain (") {
        Some(rest) => rest.split_once("): ").unwrap().1,
        None => reason,
    };
    let ports = told.split(": ").next().unwrap();
    let short = |id: &AssetId| {
        let id = id.as_str();
        id.strip_prefix("i-").or(id.strip_prefix("address:")).unwrap_or(id).to_owned()
    };
    format!("{} {} {}: {ports}", short(&edge.from), edge.kind, short(&edge.to))
}

#[track_caller]
fn check(region: Region, from: &str, expected: &[&str]) {
    assert_eq!(ways(region, from), expected);
}

impl<'a> Networks<'a> {
    /// What one interface can open on another.
    fn between(&self, from: &str, to: &str) -> Link {
        let class = |id: &str| {
            let mut classes = self.classes.iter();
            classes.find(|class| class.members.iter().any(|one| one.id == id)).unwrap()
        };
        link(&self.world, class(from), class(to))
    }
}
