//! The walk: from an incident's assets along what can be opened, and no farther than is asked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::class::{Class, classes, lists};
use super::exposure::{Exposure, exposures};
use super::link::{Link, link};
use super::path::World;
use super::region::{Interface, Region};
use super::words::{self, Ends};
use crate::asset::{Around, Edge, Neighbour, Neighbourhood};
use crate::{AssetId, text};

/// Edges between assets kept around one incident.
const MOST_EDGES: usize = 300;
/// Edges from outside kept besides.
const MOST_OUTSIDE: usize = 100;
/// Assets through which the Internet gets at where the walk begins.
const MOST_WAYS_IN: usize = 20;
/// Ranges of addresses told of one asset.
const MOST_RANGES: usize = 8;
/// Classes of which it is worked out what they can open.
const MOST_ROWS: usize = 200;

/// The regions that were read, ready to be walked.
pub struct Networks<'a> {
    pub(super) world: World<'a>,
    pub(super) classes: Vec<Class<'a>>,
    /// By asset, its interfaces with their classes.
    assets: HashMap<&'a str, Vec<Member<'a>>>,
}

#[derive(Clone, Copy)]
struct Member<'a> {
    class: usize,
    interface: &'a Interface,
}

/// What one asset can open on another: the best of what its interfaces can.
struct Lead<'a> {
    from: Member<'a>,
    to: Member<'a>,
    link: Link,
}

impl<'a> Networks<'a> {
    /// Over these regions.
    pub fn new(regions: &'a [Arc<Region>]) -> Self {
        let lists = lists(regions);
        let classes = classes(regions, &lists);
        let mut assets: HashMap<&str, Vec<Member<'a>>> = HashMap::new();
        for (class, its) in classes.iter().enumerate() {
            for interface in &its.members {
                let member = Member { class, interface };
                assets.entry(interface.asset.as_str()).or_default().push(member);
            }
        }
        Self { world: World::new(regions, lists), classes, assets }
    }

    /// Whether an asset has an interface here.
    pub fn knows(&self, asset: &AssetId) -> bool {
        self.assets.contains_key(asset.as_str())
    }

    /// Walks so many hops from the starts, along what is found and along what sources said already;
    /// says what of it the Internet can open, and by way of what it gets at the starts.
    pub fn around(&self, starts: &[AssetId], said: &[Edge], hops: u32) -> Around {
        let mut walk = Walk::new(self);
        for start in starts {
            walk.exposed(start.as_str());
            walk.ways_in(start.as_str());
        }
        let mut onward: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for edge in said {
            onward.entry(edge.from.as_str()).or_default().push(edge.to.as_str());
        }
        let mut seen: BTreeSet<String> =
            starts.iter().map(|start| start.as_str().to_owned()).collect();
        let mut frontier: Vec<String> = seen.iter().cloned().collect();
        let mut later = Vec::new();
        let mut alike: HashSet<Vec<usize>> = HashSet::new();
        for _ in 0..hops {
            let mut next = Vec::new();
            for from in std::mem::take(&mut frontier) {
                let told = onward.get(from.as_str()).into_iter().flatten();
                next.extend(told.map(|to| (*to).to_owned()));
                // What is alike leads to the same: one of each first, so that the walk gets far.
                match self.rank(&from) {
                    Some(rank) if !alike.contains(&rank) => {
                        alike.insert(rank);
                        next.extend(walk.leave(&from));
                    }
                    Some(_) => later.push(from),
                    None => {}
                }
            }
            next.retain(|id| seen.insert(id.clone()));
            frontier = next;
        }
        for from in later {
            walk.leave(&from);
        }
        for asset in &seen {
            walk.exposed(asset);
        }
        walk.drawn()
    }

    fn members(&self, asset: &str) -> &[Member<'a>] {
        self.assets.get(asset).map_or(&[], Vec::as_slice)
    }

    /// The classes of an asset's interfaces.
    fn rank(&self, asset: &str) -> Option<Vec<usize>> {
        let mut rank: Vec<usize> = self.members(asset).iter().map(|one| one.class).collect();
        rank.sort_unstable();
        (!rank.is_empty()).then_some(rank)
    }
}

/// What was found so far, and what was worked out for it.
struct Walk<'w, 'a> {
    networks: &'w Networks<'a>,
    rows: HashMap<usize, Arc<Vec<(usize, Link)>>>,
    exposures: HashMap<usize, Arc<Vec<Exposure>>>,
    nodes: BTreeMap<String, Neighbour>,
    edges: Vec<Edge>,
    outside: Vec<Edge>,
    told: HashSet<String>,
    is_cut: bool,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn new(networks: &'w Networks<'a>) -> Self {
        Self {
            networks,
            rows: HashMap::new(),
            exposures: HashMap::new(),
            nodes: BTreeMap::new(),
            edges: Vec::new(),
            outside: Vec::new(),
            told: HashSet::new(),
            is_cut: false,
        }
    }

    /// Keeps what an asset can open; answers where that leads.
    fn leave(&mut self, from: &str) -> Vec<String> {
        let mut ends = Vec::new();
        let leads = self.leads(from);
        for lead in &leads {
            if !self.draw(lead) {
                break;
            }
            ends.push(lead.to.interface.asset.as_str().to_owned());
        }
        self.leave_by_routes(from);
        ends
    }

    /// Best of what each other asset's interfaces let this one open: one of each class first, so that
    /// a crowd of machines that are alike doesn't hide the few others.
    fn leads(&mut self, from: &str) -> Vec<Lead<'a>> {
        let networks = self.networks;
        let mut best: BTreeMap<&str, (usize, Lead<'a>)> = BTreeMap::new();
        for member in networks.members(from) {
            for (class, link) in self.row(member.class).iter() {
                for (turn, interface) in networks.classes[*class].members.iter().enumerate() {
                    if interface.asset.as_str() == from {
                        continue;
                    }
                    let to = Member { class: *class, interface };
                    let lead = Lead { from: *member, to, link: link.clone() };
                    match best.get_mut(interface.asset.as_str()) {
                        Some((_, known)) => known.improve(lead),
                        None => {
                            best.insert(interface.asset.as_str(), (turn, lead));
                        }
                    }
                }
            }
        }
        let mut leads: Vec<(usize, Lead<'a>)> = best.into_values().collect();
        leads.sort_by_key(|(turn, lead)| (*turn, lead.to.class));
        leads.into_iter().map(|(_, lead)| lead).collect()
    }

    fn row(&mut self, from: usize) -> Arc<Vec<(usize, Link)>> {
        if let Some(row) = self.rows.get(&from) {
            return Arc::clone(row);
        }
        if self.rows.len() == MOST_ROWS {
            self.is_cut = true;
            return Arc::default();
        }
        let Networks { world, classes, .. } = self.networks;
        let links = classes.iter().map(|to| link(world, &classes[from], to)).enumerate();
        let row: Vec<(usize, Link)> = links.filter(|(_, link)| !link.is_empty()).collect();
        let row = Arc::new(row);
        self.rows.insert(from, Arc::clone(&row));
        row
    }

    fn exposures(&mut self, class: usize) -> Arc<Vec<Exposure>> {
        let networks = self.networks;
        let make = || Arc::new(exposures(&networks.world, &networks.classes[class]));
        Arc::clone(self.exposures.entry(class).or_insert_with(make))
    }

    /// Assets that the Internet can open something on, and that can open something on this one.
    fn ways_in(&mut self, to: &str) {
        let networks = self.networks;
        let mut found: BTreeMap<&str, Lead<'a>> = BTreeMap::new();
        for (index, class) in networks.classes.iter().enumerate() {
            if self.exposures(index).is_empty() {
                continue;
            }
            for to in networks.members(to) {
                let link = link(&networks.world, class, &networks.classes[to.class]);
                let others = class.members.iter().filter(|one| one.asset != to.interface.asset);
                for interface in others.filter(|_| !link.is_empty()).take(MOST_WAYS_IN) {
                    let from = Member { class: index, interface };
                    let lead = Lead { from, to: *to, link: link.clone() };
                    match found.get_mut(interface.asset.as_str()) {
                        Some(known) => known.improve(lead),
                        None => {
                            found.insert(interface.asset.as_str(), lead);
                        }
                    }
                }
            }
        }
        self.is_cut |= found.len() > MOST_WAYS_IN;
        for (asset, lead) in found.into_iter().take(MOST_WAYS_IN) {
            self.draw(&lead);
            self.exposed(asset);
        }
    }

    /// Whether there was room.
    fn draw(&mut self, lead: &Lead<'a>) -> bool {
        let networks = self.networks;
        let (from, to) = (lead.from.interface, lead.to.interface);
        if !self.told.insert(format!("{} {}", from.asset, to.asset)) {
            return true;
        }
        if self.edges.len() + 2 > MOST_EDGES {
            self.is_cut = true;
            return false;
        }
        let ends =
            Ends { from: &networks.classes[lead.from.class], to: &networks.classes[lead.to.class] };
        let edges = words::between(&networks.world, &ends, (from, to), &lead.link);
        self.edges.extend(edges);
        self.keep(from);
        self.keep(to);
        true
    }

    /// What is out of sight: networks that were not read, transit gateways, VPNs.
    fn leave_by_routes(&mut self, from: &str) {
        let networks = self.networks;
        for member in networks.members(from) {
            let class = &networks.classes[member.class];
            for beyond in words::beyond(&networks.world, class, member.interface) {
                if self.edges.len() >= MOST_EDGES {
                    self.is_cut = true;
                    return;
                }
                if self.told.insert(format!("{from} {}", beyond.edge.to)) {
                    self.keep(member.interface);
                    let node = node(beyond.edge.to.as_str(), &beyond.name, beyond.kind);
                    self.nodes.entry(node.id.as_str().to_owned()).or_insert(node);
                    self.edges.push(beyond.edge);
                }
            }
        }
    }

    /// What the Internet can open on an asset.
    fn exposed(&mut self, asset: &str) {
        let networks = self.networks;
        if !self.told.insert(format!("outside {asset}")) {
            return;
        }
        let mut ranges = 0;
        let mut told = BTreeSet::new();
        for member in networks.members(asset) {
            for exposure in self.exposures(member.class).iter() {
                if !told.insert(exposure.range.clone()) {
                    continue;
                }
                ranges += 1;
                if ranges > MOST_RANGES || self.outside.len() + 2 > MOST_OUTSIDE {
                    self.is_cut = true;
                    return;
                }
                let class = &networks.classes[member.class];
                let world = &networks.world;
                let (outside, edges) =
                    words::from_outside(world, class, member.interface, exposure);
                self.outside.extend(edges);
                self.nodes.entry(outside.id.as_str().to_owned()).or_insert(outside);
                self.keep(member.interface);
            }
        }
    }

    fn keep(&mut self, interface: &Interface) {
        let asset = &interface.asset;
        let make = || node(asset.as_str(), &interface.name, &interface.kind);
        self.nodes.entry(asset.as_str().to_owned()).or_insert_with(make);
    }

    fn drawn(self) -> Around {
        let mut edges = self.outside;
        edges.extend(self.edges);
        let uncertain = edges.iter().filter(|edge| edge.kind.starts_with("may_")).count();
        let found = Neighbourhood { nodes: self.nodes.into_values().collect(), edges };
        Around { found, uncertain, is_cut: self.is_cut }
    }
}

impl Lead<'_> {
    /// Takes what is certain before what is not, and the first of two alike.
    fn improve(&mut self, other: Self) {
        if self.link.sure.is_empty() && !other.link.sure.is_empty() {
            *self = other;
        }
    }
}

impl Link {
    pub(super) fn is_empty(&self) -> bool {
        self.sure.is_empty() && self.maybe.is_empty()
    }
}

fn node(id: &str, name: &str, kind: &str) -> Neighbour {
    Neighbour {
        id: AssetId::new(id),
        name: text::line(name, text::TITLE_CAP),
        kind: text::line(kind, text::TITLE_CAP),
        external: false,
        crown_jewel: false,
    }
}
