//! Routes: whether packets get from one interface to another, and by what.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::cidr::Cidr;
use super::class::Class;
use super::region::{Destination, Peering, PrefixList, Region, Route, RouteTable, Target};

/// What lies between networks, of all regions that were read.
pub(super) struct World<'a> {
    pub(super) lists: HashMap<&'a str, &'a PrefixList>,
    pub(super) peerings: HashMap<&'a str, &'a Peering>,
    /// Tables for what comes in through a gateway.
    pub(super) edges: HashMap<&'a str, &'a RouteTable>,
    pub(super) read: HashSet<&'a str>,
    regions: HashMap<&'a str, &'a str>,
    attachments: BTreeMap<&'a str, BTreeSet<&'a str>>,
    are_attachments_read: bool,
}

/// Where a table sends an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hop<'a> {
    Via(Via<'a>),
    Nowhere,
    /// It can't be known, in words.
    Unread(String),
}

/// The route that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Via<'a> {
    pub(super) table: &'a str,
    pub(super) to: Cidr,
    pub(super) target: &'a Target,
    is_live: bool,
    is_static: bool,
    is_block: bool,
}

/// How packets get there and back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// Whether they leave a subnet, so that ACLs are asked.
    pub(super) crosses: bool,
    /// Whether rules that name groups apply.
    pub(super) by_group: bool,
    pub(super) via: Option<Via<'a>>,
    pub(super) doubt: Option<String>,
}

enum Leg {
    No,
    Yes,
    Maybe(String),
}

impl<'a> World<'a> {
    pub(super) fn new(regions: &'a [Arc<Region>], lists: HashMap<&'a str, &'a PrefixList>) -> Self {
        let each = || regions.iter().map(Arc::as_ref);
        let peerings = each().flat_map(|region| &region.peerings);
        let tables = each().flat_map(|region| &region.tables);
        let edges =
            tables.flat_map(|table| table.gateways.iter().map(move |id| (id.as_str(), table)));
        let vpcs = || each().flat_map(|region| region.vpcs.iter().map(move |vpc| (vpc, region)));
        let mut attachments: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for one in each().filter_map(|region| region.attachments.as_ref()).flatten() {
            attachments.entry(&one.gateway).or_default().insert(&one.vpc);
        }
        Self {
            lists,
            peerings: peerings.map(|one| (one.id.as_str(), one)).collect(),
            edges: edges.collect(),
            read: vpcs().map(|(vpc, _)| vpc.id.as_str()).collect(),
            regions: vpcs()
                .map(|(vpc, region)| (vpc.id.as_str(), region.region.as_str()))
                .collect(),
            attachments,
            are_attachments_read: each().all(|region| region.attachments.is_some()),
        }
    }

    /// Which route of a class an address takes.
    pub(super) fn hop(&self, from: &Class<'a>, to: IpAddr) -> Hop<'a> {
        match from.table {
            Some(table) => self.lookup(table, from.blocks, to),
            None => Hop::Unread(format!("no route table of {} was read", from.subnet)),
        }
    }

    /// The longest prefix decides; of two alike, a static route to a block comes before one to a
    /// prefix list, and that before one that was learnt.
    pub(super) fn lookup(&self, table: &'a RouteTable, local: &[Cidr], to: IpAddr) -> Hop<'a> {
        if let Some(why) = &table.unread {
            return Hop::Unread(format!("{}: {why}", table.id));
        }
        let mut unread = None;
        let mut found: Vec<Via<'a>> = Vec::new();
        for route in &table.routes {
            match self.block(route, to) {
                Some(Some(block)) => found.push(via(table, route, block)),
                Some(None) => {}
                None => unread = Some(route),
            }
        }
        // Every table has a local route for each of its network's blocks, listed or not.
        for block in local.iter().filter(|block| block.has(to)) {
            if !found.iter().any(|known| known.to == *block) {
                let (table, to) = (table.id.as_str(), *block);
                let (is_live, is_static, is_block) = (true, true, true);
                found.push(Via { table, to, target: &Target::Local, is_live, is_static, is_block });
            }
        }
        let best =
            found.into_iter().max_by_key(|one| (one.to.prefix(), one.is_static, one.is_block));
        match (best, unread) {
            (best, Some(route)) if best.as_ref().map(|one| one.target) != Some(&route.target) => {
                let Destination::List(list) = &route.to else { return Hop::Nowhere };
                let target = route.target.name();
                Hop::Unread(format!("{} routes {list}, which was not read, to {target}", table.id))
            }
            (Some(best), _) if best.is_live => Hop::Via(best),
            _ => Hop::Nowhere,
        }
    }

    /// The block of a route that an address is in. The outer `None` says that it can't be known.
    fn block(&self, route: &Route, to: IpAddr) -> Option<Option<Cidr>> {
        match &route.to {
            Destination::Block(block) => Some(block.has(to).then_some(*block)),
            Destination::List(id) => match self.lists.get(id.as_str()) {
                Some(list) => {
                    let blocks = list.blocks.iter().filter(|block| block.has(to));
                    Some(blocks.max_by_key(|block| block.prefix()).copied())
                }
                // AWS's own services, which are no interfaces.
                None if matches!(route.target, Target::ServiceEndpoint(_)) => Some(None),
                None => None,
            },
        }
    }

    /// How packets get from one class to another and back; `None` where they don't.
    pub(super) fn path(
        &self,
        (from, a): (&Class<'a>, IpAddr),
        (to, b): (&Class<'a>, IpAddr),
    ) -> Option<Path<'a>> {
        let is_inside = from.vpc == to.vpc;
        if is_inside && from.subnet == to.subnet {
            return Some(Path { by_group: true, ..Path::default() });
        }
        let (there, back) = (self.hop(from, b), self.hop(to, a));
        let doubt = match (self.leg(&there, from, to), self.leg(&back, to, from)) {
            (Leg::No, _) | (_, Leg::No) => return None,
            (Leg::Yes, Leg::Yes) => None,
            (Leg::Maybe(why), _) => Some(why),
            (Leg::Yes, Leg::Maybe(why)) => Some(format!("for the answer, {why}")),
        };
        let via = if let Hop::Via(via) = there { Some(via) } else { None };
        // "You can't reference the security group of a peer VPC that's in a different Region."
        let is_near = self.regions.get(from.vpc) == self.regions.get(to.vpc);
        Some(Path { crosses: true, by_group: is_inside || is_near, via, doubt })
    }

    fn leg(&self, hop: &Hop<'a>, from: &Class<'a>, to: &Class<'a>) -> Leg {
        let via = match hop {
            Hop::Nowhere => return Leg::No,
            Hop::Unread(why) => return Leg::Maybe(why.clone()),
            Hop::Via(via) => via,
        };
        let decides = || Leg::Maybe(format!("{via}, which decides for itself"));
        match via.target {
            Target::Local if from.vpc == to.vpc => Leg::Yes,
            Target::Appliance(_) | Target::NatGateway(_) if from.vpc == to.vpc => decides(),
            _ if from.vpc == to.vpc => Leg::No,
            Target::Peering(id) => match self.peerings.get(id.as_str()) {
                Some(peering) if peering.joins(from.vpc, to.vpc) => Leg::Yes,
                _ => Leg::No,
            },
            Target::TransitGateway(id) if self.hangs_on(id, to.vpc) => decides(),
            Target::Appliance(_) if self.joined(from.vpc, to.vpc) => decides(),
            Target::Beyond(_) => Leg::Maybe(format!("{via}, which leads out of sight")),
            _ => Leg::No,
        }
    }

    fn hangs_on(&self, gateway: &str, vpc: &str) -> bool {
        let known = self.attachments.get(gateway).is_some_and(|all| all.contains(vpc));
        known || !self.are_attachments_read
    }

    /// Whether something known lies between two networks, that an appliance may use.
    fn joined(&self, one: &str, two: &str) -> bool {
        let peered = self.peerings.values().any(|peering| peering.joins(one, two));
        let hubs = || self.attachments.values();
        peered || hubs().any(|all| all.contains(one) && all.contains(two))
    }
}

impl core::fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} routes {} to {}", self.table, self.to, self.target.name())
    }
}

fn via<'a>(table: &'a RouteTable, route: &'a Route, to: Cidr) -> Via<'a> {
    Via {
        table: &table.id,
        to,
        target: &route.target,
        is_live: route.is_live,
        is_static: !route.is_propagated,
        is_block: matches!(route.to, Destination::Block(_)),
    }
}
