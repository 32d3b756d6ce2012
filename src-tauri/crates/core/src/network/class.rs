//! Interfaces that no rule tells apart: same subnet, same groups, addresses in the same blocks.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::cidr::Cidr;
use super::group::{Allowed, Other, Side, allows};
use super::ports::Ports;
use super::region::{
    Acl, Destination, Interface, Peer, PrefixList, Region, RouteTable, Rule, SecurityGroup,
};

/// One address of a class, which stands for all that are in the same blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) address: IpAddr,
    /// Whether the Internet knows it: it is IPv6, or has a public address.
    pub(super) is_public: bool,
}

/// Interfaces that are alike.
#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) vpc: &'a str,
    pub(super) subnet: &'a str,
    pub(super) table: Option<&'a RouteTable>,
    pub(super) acl: Option<&'a Acl>,
    pub(super) blocks: &'a [Cidr],
    pub(super) groups: Vec<&'a SecurityGroup>,
    pub(super) group_ids: Vec<&'a str>,
    pub(super) is_unfiltered: bool,
    pub(super) seats: Vec<Seat>,
    pub(super) members: Vec<&'a Interface>,
}

/// What tells interfaces apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Mark<'a> {
    subnet: &'a str,
    groups: Vec<&'a str>,
    is_managed: bool,
    is_stopped: bool,
    is_unfiltered: bool,
    seats: BTreeSet<(Vec<Cidr>, bool)>,
}

impl Class<'_> {
    /// What its groups allow to or from somebody.
    pub(super) fn allows(
        &self,
        side: Side,
        other: Other<'_>,
        lists: &HashMap<&str, &PrefixList>,
    ) -> Allowed {
        if self.is_unfiltered {
            return Allowed { sure: Ports::all(), maybe: Ports::default() };
        }
        let rules = self.groups.iter().flat_map(|group| group.rules(side));
        let mut allowed = allows(rules, other, lists);
        if self.unread_group().is_some() {
            allowed.maybe = Ports::all().minus(&allowed.sure);
        }
        allowed
    }

    /// A group of which not everything is known, or that there is none at all, in words.
    pub(super) fn unread_group(&self) -> Option<String> {
        let missing = || {
            let known = |id: &&&str| !self.groups.iter().any(|group| group.id == **id);
            self.group_ids.iter().find(known).map(|id| format!("{id} was not read"))
        };
        let unread = || {
            let mut groups = self.groups.iter();
            groups.find_map(|group| Some(format!("{}: {}", group.id, group.unread.as_ref()?)))
        };
        let none = || self.group_ids.is_empty().then(|| "it has no security group".to_owned());
        if self.is_unfiltered { None } else { missing().or_else(unread).or_else(none) }
    }

    pub(super) fn is_managed(&self) -> bool {
        self.members.iter().any(|one| one.managed.is_some())
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.members.iter().any(|one| one.is_stopped)
    }
}

/// Prefix lists of all regions by id.
pub(super) fn lists(regions: &[Arc<Region>]) -> HashMap<&str, &PrefixList> {
    let each = regions.iter().flat_map(|region| &region.lists);
    each.map(|(id, list)| (id.as_str(), list)).collect()
}

/// Puts what is alike together. In the order in which the first of each was read.
pub(super) fn classes<'a>(
    regions: &'a [Arc<Region>],
    lists: &HashMap<&str, &PrefixList>,
) -> Vec<Class<'a>> {
    let told = Told::new(regions, lists);
    let groups: HashMap<&str, &SecurityGroup> = regions
        .iter()
        .flat_map(|region| &region.groups)
        .map(|one| (one.id.as_str(), one))
        .collect();
    let mut classes = Vec::new();
    for region in regions {
        let mut known: BTreeMap<Mark<'a>, usize> = BTreeMap::new();
        let places = Places::new(region);
        for interface in &region.interfaces {
            let mark = mark(interface, &told);
            if let Some(index) = known.get(&mark) {
                let class: &mut Class<'a> = &mut classes[*index];
                class.members.push(interface);
                continue;
            }
            classes.push(Class {
                vpc: &interface.vpc,
                subnet: &interface.subnet,
                table: places.table(interface),
                acl: places.acl(interface),
                blocks: places.blocks(interface),
                groups: mark.groups.iter().filter_map(|id| groups.get(id).copied()).collect(),
                group_ids: mark.groups.clone(),
                is_unfiltered: interface.is_unfiltered,
                seats: seats(interface, &told),
                members: vec![interface],
            });
            known.insert(mark, classes.len() - 1);
        }
    }
    classes
}

fn mark<'a>(interface: &'a Interface, told: &Told) -> Mark<'a> {
    let groups: BTreeSet<&str> = interface.groups.iter().map(String::as_str).collect();
    let addresses = interface.addresses.iter();
    Mark {
        subnet: &interface.subnet,
        groups: groups.into_iter().collect(),
        is_managed: interface.managed.is_some(),
        is_stopped: interface.is_stopped,
        is_unfiltered: interface.is_unfiltered,
        seats: addresses.map(|one| (told.around(*one), is_public(interface, *one))).collect(),
    }
}

fn seats(interface: &Interface, told: &Told) -> Vec<Seat> {
    let mut seen = BTreeSet::new();
    let mut seats = Vec::new();
    for address in interface.addresses.iter().copied() {
        let is_public = is_public(interface, address);
        if seen.insert((told.around(address), is_public)) {
            seats.push(Seat { address, is_public });
        }
    }
    seats
}

fn is_public(interface: &Interface, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => interface.public.contains_key(&four),
        IpAddr::V6(_) => true,
    }
}

/// All blocks that any rule names: addresses in the same ones are the same to all of them.
struct Told {
    blocks: HashSet<Cidr>,
    four: BTreeSet<u8>,
    six: BTreeSet<u8>,
}

impl Told {
    fn new(regions: &[Arc<Region>], lists: &HashMap<&str, &PrefixList>) -> Self {
        let mut blocks: HashSet<Cidr> = HashSet::new();
        for region in regions {
            let groups = region.groups.iter().flat_map(|one| one.ingress.iter().chain(&one.egress));
            blocks.extend(groups.filter_map(block_of));
            let acls = region.acls.iter().flat_map(|acl| acl.ingress.iter().chain(&acl.egress));
            blocks.extend(acls.map(|rule| rule.block));
            for route in region.tables.iter().flat_map(|table| &table.routes) {
                if let Destination::Block(block) = route.to {
                    blocks.insert(block);
                }
            }
            blocks.extend(region.vpcs.iter().flat_map(|vpc| vpc.blocks.iter().copied()));
        }
        blocks.extend(lists.values().flat_map(|list| list.blocks.iter().copied()));
        let lengths = |is_ipv4: bool| {
            let like = blocks.iter().filter(move |block| block.is_ipv4() == is_ipv4);
            like.map(|block| block.prefix()).collect()
        };
        Self { four: lengths(true), six: lengths(false), blocks }
    }

    fn around(&self, address: IpAddr) -> Vec<Cidr> {
        let lengths = if address.is_ipv4() { &self.four } else { &self.six };
        let blocks = lengths.iter().map(|length| Cidr::around(address, *length));
        blocks.filter(|block| self.blocks.contains(block)).collect()
    }
}

fn block_of(rule: &Rule) -> Option<Cidr> {
    match rule.peer {
        Peer::Block(block) => Some(block),
        Peer::Group(_) | Peer::List(_) => None,
    }
}

/// Which table and which ACL a subnet has: its own, or else its network's.
struct Places<'a> {
    region: &'a Region,
    tables: HashMap<&'a str, &'a RouteTable>,
    acls: HashMap<&'a str, &'a Acl>,
}

impl<'a> Places<'a> {
    fn new(region: &'a Region) -> Self {
        let tables =
            region.tables.iter().flat_map(|one| one.subnets.iter().map(move |id| (id, one)));
        let acls = region.acls.iter().flat_map(|one| one.subnets.iter().map(move |id| (id, one)));
        Self {
            region,
            tables: tables.map(|(id, one)| (id.as_str(), one)).collect(),
            acls: acls.map(|(id, one)| (id.as_str(), one)).collect(),
        }
    }

    fn table(&self, interface: &Interface) -> Option<&'a RouteTable> {
        let main = || {
            let mut tables = self.region.tables.iter();
            tables.find(|table| table.is_main && table.vpc == interface.vpc)
        };
        self.tables.get(interface.subnet.as_str()).copied().or_else(main)
    }

    fn acl(&self, interface: &Interface) -> Option<&'a Acl> {
        let default = || {
            let mut acls = self.region.acls.iter();
            acls.find(|acl| acl.is_default && acl.vpc == interface.vpc)
        };
        self.acls.get(interface.subnet.as_str()).copied().or_else(default)
    }

    fn blocks(&self, interface: &Interface) -> &'a [Cidr] {
        let vpc = self.region.vpcs.iter().find(|vpc| vpc.id == interface.vpc);
        vpc.map_or(&[], |vpc| &vpc.blocks)
    }
}
