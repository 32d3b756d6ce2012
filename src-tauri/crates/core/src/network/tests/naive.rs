//! The same questions answered the slow way: one pair, one protocol, one port at a time, straight
//! from the rules. Shares no arithmetic with what it judges.

use core::net::IpAddr;

use crate::network::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    No,
    Maybe,
    Yes,
}

use Said::{Maybe, No, Yes};

fn of(is: bool) -> Said {
    if is { Yes } else { No }
}

fn in_block(block: &Cidr, address: IpAddr) -> bool {
    let text = block.to_string();
    let (first, prefix) = text.split_once('/').unwrap();
    let octets = |address: IpAddr| match address {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    };
    let (first, address) = (octets(first.parse().unwrap()), octets(address));
    let bit = |bytes: &[u8], at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    first.len() == address.len()
        && (0..prefix.parse::<usize>().unwrap()).all(|at| bit(&first, at) == bit(&address, at))
}

pub struct Naive<'a>(pub &'a Region);

impl<'a> Naive<'a> {
    fn table(&self, one: &Interface) -> &'a RouteTable {
        let all = || self.0.tables.iter();
        all()
            .find(|table| table.subnets.contains(&one.subnet))
            .unwrap_or_else(|| all().find(|table| table.is_main && table.vpc == one.vpc).unwrap())
    }

    fn acl(&self, one: &Interface) -> &'a Acl {
        let all = || self.0.acls.iter();
        all()
            .find(|acl| acl.subnets.contains(&one.subnet))
            .unwrap_or_else(|| all().find(|acl| acl.is_default && acl.vpc == one.vpc).unwrap())
    }

    /// Which target an address is sent to.
    fn target(&self, one: &Interface, to: IpAddr) -> Option<Target> {
        let vpc = self.0.vpcs.iter().find(|vpc| vpc.id == one.vpc).unwrap();
        let mut fitting: Vec<(u8, bool, Target, bool)> = Vec::new();
        for route in &self.table(one).routes {
            let Destination::Block(block) = &route.to else { panic!("no lists here") };
            if in_block(block, to) {
                let rank = (block.prefix(), !route.is_propagated);
                fitting.push((rank.0, rank.1, route.target.clone(), route.is_live));
            }
        }
        for block in vpc.blocks.iter().filter(|block| in_block(block, to)) {
            let is_listed =
                self.table(one).routes.iter().any(
                    |route| matches!(&route.to, Destination::Block(listed) if listed == block),
                );
            if !is_listed {
                fitting.push((block.prefix(), true, Target::Local, true));
            }
        }
        fitting.sort_by_key(|(prefix, is_static, ..)| (*prefix, *is_static));
        let (_, _, target, is_live) = fitting.pop()?;
        is_live.then_some(target)
    }

    fn leads(&self, one: &Interface, to: IpAddr, other: &Interface) -> Said {
        match self.target(one, to) {
            None => No,
            Some(Target::Local) => of(one.vpc == other.vpc),
            Some(Target::Peering(id)) => {
                let peering = self.0.peerings.iter().find(|one| one.id == id).unwrap();
                let ends: Vec<&String> = peering.ends.iter().map(|end| &end.vpc).collect();
                let both = ends.contains(&&one.vpc) && ends.contains(&&other.vpc);
                of(peering.is_active && both && one.vpc != other.vpc)
            }
            // An appliance may use a peering that is in force.
            Some(Target::Appliance(_)) => {
                let mut peerings = self.0.peerings.iter().filter(|peering| peering.is_active);
                let has =
                    |vpc: &str, peering: &Peering| peering.ends.iter().any(|end| end.vpc == vpc);
                let is_joined = one.vpc == other.vpc
                    || peerings.any(|peering| has(&one.vpc, peering) && has(&other.vpc, peering));
                if is_joined { Maybe } else { No }
            }
            Some(Target::NatGateway(_)) if one.vpc == other.vpc => Maybe,
            Some(_) => No,
        }
    }

    fn group_allows(
        &self,
        one: &Interface,
        is_in: bool,
        (other, groups): (IpAddr, &[String]),
        (protocol, port): (u8, u16),
    ) -> Said {
        let mut said = No;
        for id in &one.groups {
            let group = self.0.groups.iter().find(|group| group.id == *id).unwrap();
            for rule in if is_in { &group.ingress } else { &group.egress } {
                if !rule.ports.has(protocol, port) {
                    continue;
                }
                said = said.max(match &rule.peer {
                    Peer::Block(block) => of(in_block(block, other)),
                    Peer::Group(id) => of(groups.contains(id)),
                    Peer::List(_) => Maybe,
                });
            }
        }
        said
    }

    fn acl_allows(rules: &[AclRule], other: IpAddr, (protocol, port): (u8, u16)) -> bool {
        let mut numbers: Vec<u32> = rules.iter().map(|rule| rule.number).collect();
        numbers.sort_unstable();
        for number in numbers {
            let rule = rules.iter().find(|rule| rule.number == number).unwrap();
            if in_block(&rule.block, other) && rule.ports.has(protocol, port) {
                return rule.allows;
            }
        }
        false
    }

    /// Where an answer can come back to. Of ports, only those next to one that a rule names can
    /// differ.
    fn answered(&self, protocol: u8, edges: &[u16], back: impl Fn(u16) -> bool) -> Said {
        match protocol {
            1 | 58 => Yes,
            6 | 17 if edges.iter().any(|port| *port >= 1024 && back(*port)) => Yes,
            6 | 17 => {
                if edges.iter().any(|port| *port > 0 && back(*port)) {
                    Maybe
                } else {
                    No
                }
            }
            _ => of(back(0)),
        }
    }

    pub fn connects(
        &self,
        (one, a): (&Interface, IpAddr),
        (two, b): (&Interface, IpAddr),
        (protocol, port): (u8, u16),
        edges: &[u16],
    ) -> Said {
        if a.is_ipv4() != b.is_ipv4() {
            return No;
        }
        let mut all = vec![
            self.group_allows(one, false, (b, &two.groups), (protocol, port)),
            self.group_allows(two, true, (a, &one.groups), (protocol, port)),
        ];
        if one.subnet != two.subnet {
            let (mine, its) = (self.acl(one), self.acl(two));
            all.push(of(Self::acl_allows(&mine.egress, b, (protocol, port))));
            all.push(of(Self::acl_allows(&its.ingress, a, (protocol, port))));
            all.push(self.answered(protocol, edges, |port| {
                Self::acl_allows(&its.egress, a, (protocol, port))
                    && Self::acl_allows(&mine.ingress, b, (protocol, port))
            }));
            all.push(self.leads(one, b, two));
            all.push(self.leads(two, a, one));
        }
        if one.managed.is_some() || two.managed.is_some() {
            all.push(Maybe);
        }
        all.into_iter().min().unwrap()
    }

    pub fn is_exposed(
        &self,
        (one, own): (&Interface, IpAddr),
        from: IpAddr,
        (protocol, port): (u8, u16),
        edges: &[u16],
    ) -> Said {
        let acl = self.acl(one);
        let route = match self.target(one, from) {
            Some(Target::InternetGateway(_)) => Yes,
            Some(Target::Appliance(_)) => Maybe,
            _ => No,
        };
        let has_address = match own {
            IpAddr::V4(four) => one.public.contains_key(&four),
            IpAddr::V6(_) => true,
        };
        let managed = if one.managed.is_some() { Maybe } else { Yes };
        [
            of(has_address),
            route,
            managed,
            self.group_allows(one, true, (from, &[]), (protocol, port)),
            of(Self::acl_allows(&acl.ingress, from, (protocol, port))),
            self.answered(protocol, edges, |port| {
                Self::acl_allows(&acl.egress, from, (protocol, port))
            }),
        ]
        .into_iter()
        .min()
        .unwrap()
    }
}
