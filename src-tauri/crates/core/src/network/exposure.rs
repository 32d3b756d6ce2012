//! What the Internet can open: stretch by stretch of its addresses, no two of which any rule treats
//! differently.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeMap;

use super::cidr::Cidr;
use super::class::Class;
use super::group::{Other, Side, is_about};
use super::link::{answers, is_doubtful, readable};
use super::path::{Hop, World};
use super::place::{Place, Places};
use super::ports::Ports;
use super::region::{Destination, Peer, Target};

/// A block so great counts as the Internet.
const GREAT_FOUR: u8 = 8;
const GREAT_SIX: u8 = 16;

/// IPv4 blocks that are not on the Internet (IANA's registry of special-purpose addresses).
const NOT_PUBLIC: [(Ipv4Addr, u8); 8] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// All of IPv6 that is given out so far.
const PUBLIC_SIX: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What one stretch of the Internet can open on one address: all of a block but the smaller ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) block: Cidr,
    /// One address of it.
    pub(super) point: IpAddr,
    /// The address that it gets to, as the interface knows it.
    pub(super) seat: IpAddr,
    pub(super) sure: Ports,
    pub(super) maybe: Ports,
}

/// Who can open what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exposure {
    /// `None` is the Internet; else a block, or a prefix list.
    pub(super) range: Option<String>,
    pub(super) sure: Ports,
    pub(super) maybe: Ports,
    pub(super) sure_at: Option<Place>,
    pub(super) maybe_at: Option<Place>,
}

/// What one range can open, as it is put together.
#[derive(Default)]
struct Found {
    sure: Places,
    maybe: Places,
}

/// Every stretch, with what it can open.
pub(super) fn stretches<'a>(world: &World<'a>, class: &Class<'a>) -> Vec<Stretch> {
    let mut found = Vec::new();
    for seat in class.seats.iter().filter(|seat| seat.is_public) {
        let blocks = blocks(world, class, seat.address);
        for block in &blocks {
            let Some(point) = block.outside(&blocks).filter(|point| is_public(*point)) else {
                continue;
            };
            let (sure, possible) = opens(world, class, seat.address, point);
            let maybe = possible.minus(&sure);
            found.push(Stretch { block: *block, point, seat: seat.address, sure, maybe });
        }
    }
    found
}

/// Who on the Internet can open what, the Internet itself first, each once.
pub(super) fn exposures<'a>(world: &World<'a>, class: &Class<'a>) -> Vec<Exposure> {
    let mut ranges: BTreeMap<Option<String>, Found> = BTreeMap::new();
    let (great, small): (Vec<Stretch>, Vec<Stretch>) =
        stretches(world, class).into_iter().partition(is_great);
    for stretch in great.into_iter().chain(small) {
        let (sure, maybe) = match ranges.get(&None) {
            Some(all) => {
                let sure = all.sure.ports();
                (stretch.sure.minus(&sure), stretch.maybe.minus(&sure.or(&all.maybe.ports())))
            }
            None => (stretch.sure.clone(), stretch.maybe.clone()),
        };
        if sure.is_empty() && maybe.is_empty() {
            continue;
        }
        let range = (!is_great(&stretch)).then(|| range(world, class, &stretch));
        let at = (stretch.point, stretch.seat);
        let one = ranges.entry(range).or_default();
        one.sure.add(sure, at);
        one.maybe.add(maybe, at);
    }
    ranges.into_iter().map(|(range, found)| found.exposure(range)).collect()
}

impl Found {
    fn exposure(self, range: Option<String>) -> Exposure {
        let (sure, maybe) = (self.sure.ports(), self.maybe.ports());
        // ICMP alone carries no connection: said, and said to be uncertain.
        let (sure, maybe) = match sure.is_icmp() {
            true => (Ports::default(), maybe.or(&sure)),
            false => (sure.clone(), maybe.minus(&sure)),
        };
        let maybe_at = self.maybe.of(&maybe).or_else(|| self.sure.of(&maybe));
        Exposure { sure_at: self.sure.of(&sure), maybe_at, range, sure, maybe }
    }
}

/// For certain, and at most.
fn opens<'a>(world: &World<'a>, class: &Class<'a>, seat: IpAddr, from: IpAddr) -> (Ports, Ports) {
    let (is_open, is_sure) = answered(world, class, seat, from);
    if !is_open {
        return Default::default();
    }
    let allowed = class.allows(Side::In, Other { address: from, groups: &[] }, &world.lists);
    let (mut sure, mut possible) = (allowed.sure.clone(), allowed.sure.or(&allowed.maybe));
    match readable(class) {
        Some(acl) => {
            let there = acl.lets_in(from);
            let back = answers(&acl.lets_out(from));
            sure = sure.and(&there).and(&back.sure);
            possible = possible.and(&there).and(&back.maybe);
        }
        None => sure = Ports::default(),
    }
    if !is_sure || is_doubtful(class) {
        sure = Ports::default();
    }
    (sure, possible)
}

/// Whether an answer leaves by the gateway that the question came through, and whether that is
/// certain.
fn answered<'a>(world: &World<'a>, class: &Class<'a>, seat: IpAddr, to: IpAddr) -> (bool, bool) {
    match world.hop(class, to) {
        Hop::Unread(_) => (may_lead_out(class), false),
        Hop::Via(via) => match via.target {
            Target::InternetGateway(id) => (true, detour(world, class, id, seat).is_none()),
            Target::Appliance(_) => (true, false),
            _ => (false, false),
        },
        Hop::Nowhere => (false, false),
    }
}

/// Whether some route of its table may lead to the Internet.
fn may_lead_out(class: &Class<'_>) -> bool {
    let out = |target: &Target| matches!(target, Target::InternetGateway(_) | Target::Appliance(_));
    class.table.is_none_or(|table| {
        table.unread.is_some() || table.routes.iter().any(|route| out(&route.target))
    })
}

/// What stands between a gateway and an address, in words: packets that come in may be routed too.
pub(super) fn detour<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    gateway: &str,
    seat: IpAddr,
) -> Option<String> {
    let table = world.edges.get(gateway)?;
    match world.lookup(table, class.blocks, seat) {
        Hop::Via(via) if *via.target == Target::Local => None,
        Hop::Via(via) => Some(format!("{via}, which decides for itself")),
        Hop::Nowhere => Some(format!("{} leads nowhere", table.id)),
        Hop::Unread(why) => Some(why),
    }
}

/// All blocks that anything on the way tells apart, sorted.
fn blocks<'a>(world: &World<'a>, class: &Class<'a>, like: IpAddr) -> Vec<Cidr> {
    let mut all = vec![Cidr::every(like), Cidr::around(PUBLIC_SIX.0.into(), PUBLIC_SIX.1)];
    all.extend(NOT_PUBLIC.map(|(first, prefix)| Cidr::around(first.into(), prefix)));
    for rule in class.groups.iter().flat_map(|group| &group.ingress) {
        match &rule.peer {
            Peer::Block(block) => all.push(*block),
            Peer::List(id) => all.extend(listed(world, id)),
            Peer::Group(_) => {}
        }
    }
    let acl = class.acl.iter().flat_map(|acl| acl.ingress.iter().chain(&acl.egress));
    all.extend(acl.map(|rule| rule.block));
    for route in class.table.iter().flat_map(|table| &table.routes) {
        match &route.to {
            Destination::Block(block) => all.push(*block),
            Destination::List(id) => all.extend(listed(world, id)),
        }
    }
    all.extend(class.blocks);
    all.retain(|block| block.is_ipv4() == like.is_ipv4());
    all.sort_unstable();
    all.dedup();
    all
}

fn listed(world: &World<'_>, id: &str) -> Vec<Cidr> {
    world.lists.get(id).map(|list| list.blocks.clone()).unwrap_or_default()
}

/// What a range is called: the prefix list that lets it in, or its block.
fn range<'a>(world: &World<'a>, class: &Class<'a>, stretch: &Stretch) -> String {
    let other = Other { address: stretch.point, groups: &[] };
    let mut rules = class.groups.iter().flat_map(|group| &group.ingress);
    let list = rules.find_map(|rule| match &rule.peer {
        Peer::List(id) if is_about(rule, other, &world.lists) == Some(true) => Some(id),
        _ => None,
    });
    list.cloned().unwrap_or_else(|| stretch.block.to_string())
}

fn is_great(stretch: &Stretch) -> bool {
    let least = if stretch.block.is_ipv4() { GREAT_FOUR } else { GREAT_SIX };
    stretch.block.prefix() <= least
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !NOT_PUBLIC
            .iter()
            .any(|(first, prefix)| Cidr::around((*first).into(), *prefix).has(address)),
        IpAddr::V6(_) => Cidr::around(PUBLIC_SIX.0.into(), PUBLIC_SIX.1).has(address),
    }
}
