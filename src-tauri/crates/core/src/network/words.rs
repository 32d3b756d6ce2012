//! What was found becomes edges, with the rules that let it through.

use core::net::IpAddr;

use super::acl::passing;
use super::class::Class;
use super::exposure::{Exposure, detour};
use super::group::{Other, Side, is_about};
use super::link::{ANYBODYS, Link, answers};
use super::path::{Hop, World};
use super::place::Place;
use super::ports::Ports;
use super::region::{Destination, Interface, Peer, Rule, Target};
use crate::asset::{Edge, Neighbour};
use crate::{AssetId, text};

/// Longest id told in a reason, in characters.
const ID_CAP: usize = 60;
/// Longest doubt told in a reason, in characters.
const DOUBT_CAP: usize = 200;

/// Two classes.
pub(super) struct Ends<'w, 'a> {
    pub(super) from: &'w Class<'a>,
    pub(super) to: &'w Class<'a>,
}

/// Somewhere that nobody can see from here.
pub(super) struct Beyond {
    pub(super) edge: Edge,
    pub(super) name: String,
    pub(super) kind: &'static str,
}

/// The edges from one asset to another: what is certain, and what is not.
pub(super) fn between<'a>(
    world: &World<'a>,
    ends: &Ends<'_, 'a>,
    (from, to): (&Interface, &Interface),
    link: &Link,
) -> Vec<Edge> {
    let told = |ports: &Ports, at: Option<Place>, is_sure: bool| {
        let at = at?;
        let reason = format!("{ports}: {}", clauses(world, ends, at));
        let doubt = (!is_sure).then(|| doubts(world, ends, (from, to), at));
        let (kind, reason) = worded(("can_connect", "may_connect"), &reason, doubt);
        Some(edge(from.asset.as_str(), to.asset.as_str(), kind, &reason))
    };
    let sure = told(&link.sure, link.sure_at, true);
    sure.into_iter().chain(told(&link.maybe, link.maybe_at, false)).collect()
}

/// Which rules let it through: groups, ACLs, routes, addresses.
fn clauses<'a>(
    world: &World<'a>,
    ends: &Ends<'_, 'a>,
    Place { ends: (a, b), port: sample }: Place,
) -> String {
    let Ends { from, to } = ends;
    let path = world.path((from, a), (to, b)).unwrap_or_default();
    let named =
        |class: &Class<'a>| if path.by_group { class.group_ids.clone() } else { Vec::new() };
    let (ours, theirs) = (named(from), named(to));
    let mut said = vec![
        allowing(world, to, Side::In, Other { address: a, groups: &ours }, sample),
        allowing(world, from, Side::Out, Other { address: b, groups: &theirs }, sample),
    ];
    if path.crosses {
        said.push(passed(from, to, (a, b), sample));
    }
    said.push(path.via.map(|via| via.to_string()));
    said.push(Some(format!("address {b}")));
    said.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `sg-1 allows tcp 22 from 0.0.0.0/0`
fn allowing<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    side: Side,
    other: Other<'_>,
    (protocol, port): (u8, u16),
) -> Option<String> {
    let rules = class
        .groups
        .iter()
        .flat_map(|group| group.rules(side).iter().map(move |rule| (group, rule)));
    let fits = |rule: &Rule| rule.ports.has(protocol, port);
    let about = |rule: &Rule| is_about(rule, other, &world.lists);
    let sure = rules.clone().find(|(_, rule)| fits(rule) && about(rule) == Some(true));
    let (group, rule) = sure.or_else(|| {
        let mut rules = rules;
        rules.find(|(_, rule)| fits(rule) && about(rule).is_none())
    })?;
    let word = if side == Side::In { "from" } else { "to" };
    let peer = match &rule.peer {
        Peer::Block(block) => block.to_string(),
        Peer::Group(id) | Peer::List(id) => short(id),
    };
    Some(format!("{} allows {} {word} {peer}", short(&group.id), rule.ports))
}

/// The ACL rules, there and back.
fn passed(
    from: &Class<'_>,
    to: &Class<'_>,
    (a, b): (IpAddr, IpAddr),
    sample: (u8, u16),
) -> Option<String> {
    let (mine, its) = (from.acl?, to.acl?);
    let out = passing(&mine.egress, b, sample)?.number;
    let into = passing(&its.ingress, a, sample)?.number;
    let (mine, its) = (short(&mine.id), short(&its.id));
    Some(match (mine == its, out == into) {
        (true, true) => format!("{mine} rule {out} allows it out and in"),
        _ => format!("{mine} rule {out} allows it out, {its} rule {into} in"),
    })
}

/// Why it is uncertain.
fn doubts<'a>(
    world: &World<'a>,
    ends: &Ends<'_, 'a>,
    (mine, its): (&Interface, &Interface),
    Place { ends: (a, b), port: sample }: Place,
) -> String {
    let Ends { from, to } = ends;
    let path = world.path((from, a), (to, b)).unwrap_or_default();
    let mut why: Vec<String> = path.doubt.into_iter().collect();
    why.extend([mine, its].into_iter().filter_map(of_its_own));
    for (class, side, address, other) in [(to, Side::In, a, from), (from, Side::Out, b, to)] {
        let groups: &[&str] = if path.by_group { &other.group_ids } else { &[] };
        why.extend(unread(world, class, side, Other { address, groups }, sample));
    }
    if path.crosses {
        why.extend([from, to].into_iter().filter_map(|class| acl_unread(class)));
        let back = from.acl.zip(to.acl).map(|(mine, its)| its.lets_out(a).and(&mine.lets_in(b)));
        why.extend(back.and_then(|back| low(&back, sample)));
    }
    one_line(why)
}

/// What only root could receive an answer on.
fn low(back: &Ports, (protocol, port): (u8, u16)) -> Option<String> {
    let is_low = !answers(back).sure.has(protocol, port);
    is_low.then(|| format!("the answer comes back to source ports below {} only", ANYBODYS.0))
}

fn acl_unread(class: &Class<'_>) -> Option<String> {
    match class.acl {
        Some(acl) => acl.unread.as_ref().map(|why| format!("{}: {why}", acl.id)),
        None => Some(format!("no network ACL of {} was read", class.subnet)),
    }
}

fn unread<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    side: Side,
    other: Other<'_>,
    (protocol, port): (u8, u16),
) -> Option<String> {
    let allowed = class.allows(side, other, &world.lists);
    if allowed.sure.has(protocol, port) {
        return None;
    }
    let mut rules = class.groups.iter().flat_map(|group| group.rules(side));
    let list = rules.find_map(|rule| match &rule.peer {
        Peer::List(id) if rule.ports.has(protocol, port) => {
            (!world.lists.contains_key(id.as_str())).then_some(id)
        }
        _ => None,
    });
    list.map(|id| format!("prefix list {} was not read", short(id)))
        .or_else(|| class.unread_group())
}

fn of_its_own(interface: &Interface) -> Option<String> {
    let id = short(&interface.id);
    let managed = interface.managed.as_ref().map(|what| format!("AWS manages {id}: {what}"));
    managed.or_else(|| interface.is_stopped.then(|| format!("{} does not run", interface.asset)))
}

/// Where the walk can't follow: what routes lead to that was not read.
pub(super) fn beyond<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    interface: &Interface,
) -> Vec<Beyond> {
    let routes = class.table.iter().flat_map(|table| &table.routes).filter(|route| route.is_live);
    let mut found = Vec::new();
    for route in routes {
        let (to, name, kind) = match &route.target {
            Target::Peering(id) => {
                let end = world.peerings.get(id.as_str()).and_then(|one| one.beyond(class.vpc));
                let Some(end) = end.filter(|end| !world.read.contains(end.vpc.as_str())) else {
                    continue;
                };
                (end.vpc.clone(), format!("{} of account {}", end.vpc, end.account), "VPC")
            }
            Target::TransitGateway(id) => (id.clone(), id.clone(), "transit gateway"),
            Target::Beyond(id) => (id.clone(), id.clone(), "private gateway"),
            _ => continue,
        };
        let Some(ports) = leaving(world, class, &route.to) else { continue };
        let block = match &route.to {
            Destination::Block(block) => block.to_string(),
            Destination::List(id) => short(id),
        };
        let table = class.table.map(|table| short(&table.id)).unwrap_or_default();
        let reason = format!("{ports}: {table} routes {block} to {}", short(route.target.name()));
        let doubt = Some("what is there is not read".to_owned());
        let (kind_of_edge, reason) = worded(("can_connect", "may_connect"), &reason, doubt);
        let edge = edge(interface.asset.as_str(), &to, kind_of_edge, &reason);
        found.push(Beyond { edge, name, kind });
    }
    found
}

/// What its groups let out to some part of a route's addresses.
fn leaving<'a>(world: &World<'a>, class: &Class<'a>, to: &Destination) -> Option<Ports> {
    let blocks = match to {
        Destination::Block(block) => vec![*block],
        Destination::List(id) => world.lists.get(id.as_str()).map(|list| list.blocks.clone())?,
    };
    let meets = |rule: &&Rule| match &rule.peer {
        Peer::Block(allowed) => blocks.iter().any(|block| block.overlaps(*allowed)),
        Peer::Group(_) | Peer::List(_) => true,
    };
    let rules = class.groups.iter().flat_map(|group| &group.egress).filter(meets);
    let ports = rules.fold(Ports::default(), |all, rule| all.or(&rule.ports));
    (!ports.is_empty()).then_some(ports)
}

/// Where it comes from, and the edges from there.
pub(super) fn from_outside<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    interface: &Interface,
    exposure: &Exposure,
) -> (Neighbour, Vec<Edge>) {
    let range = exposure.range.as_deref().map(|range| text::line(range, ID_CAP));
    let outside = Neighbour {
        // As the sources have it, so that there is one Internet.
        id: AssetId::new(format!("address:{}", range.as_deref().unwrap_or("internet"))),
        name: range.unwrap_or_else(|| "the internet".to_owned()),
        kind: "address".to_owned(),
        external: true,
        crown_jewel: false,
    };
    let told = |ports: &Ports, at: Option<Place>, is_sure: bool| {
        let at = at?;
        let reason = format!("{ports}: {}", entering(world, class, interface, at));
        let doubt = (!is_sure).then(|| outside_doubts(world, class, interface, at));
        let (kind, reason) = worded(("exposed", "may_be_exposed"), &reason, doubt);
        Some(edge(outside.id.as_str(), interface.asset.as_str(), kind, &reason))
    };
    let sure = told(&exposure.sure, exposure.sure_at, true);
    let edges = sure.into_iter().chain(told(&exposure.maybe, exposure.maybe_at, false)).collect();
    (outside, edges)
}

fn entering<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    interface: &Interface,
    Place { ends: (point, seat), port: sample }: Place,
) -> String {
    let allowed = allowing(world, class, Side::In, Other { address: point, groups: &[] }, sample);
    let acl = class.acl.and_then(|acl| {
        let rule = passing(&acl.ingress, point, sample)?;
        Some(format!("{} rule {} allows", short(&acl.id), rule.number))
    });
    let route = match world.hop(class, point) {
        Hop::Via(via) => Some(via.to_string()),
        Hop::Nowhere | Hop::Unread(_) => None,
    };
    let public = match seat {
        IpAddr::V4(four) => interface.public.get(&four).copied().map(IpAddr::V4),
        IpAddr::V6(_) => Some(seat),
    };
    let address = public.map(|address| format!("address {address}"));
    [allowed, acl, route, address].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn outside_doubts<'a>(
    world: &World<'a>,
    class: &Class<'a>,
    interface: &Interface,
    Place { ends: (point, seat), port: sample }: Place,
) -> String {
    let mut why: Vec<String> = of_its_own(interface).into_iter().collect();
    match world.hop(class, point) {
        Hop::Unread(unread) => why.push(unread),
        Hop::Via(via) => match via.target {
            Target::InternetGateway(id) => why.extend(detour(world, class, id, seat)),
            _ => why.push(format!("{via}, which decides for itself")),
        },
        Hop::Nowhere => {}
    }
    why.extend(unread(world, class, Side::In, Other { address: point, groups: &[] }, sample));
    why.extend(acl_unread(class));
    why.extend(class.acl.and_then(|acl| low(&acl.lets_out(point), sample)));
    one_line(why)
}

/// Where nothing else is doubtful, it is that nothing but ICMP gets through.
fn one_line(mut why: Vec<String>) -> String {
    why.dedup();
    match why.is_empty() {
        true => "ICMP alone carries no connection".to_owned(),
        false => why.join("; "),
    }
}

fn worded<'k>(
    (sure, maybe): (&'k str, &'k str),
    reason: &str,
    doubt: Option<String>,
) -> (&'k str, String) {
    match doubt {
        None => (sure, reason.to_owned()),
        Some(doubt) => (maybe, format!("Uncertain ({}): {reason}", text::line(&doubt, DOUBT_CAP))),
    }
}

fn edge(from: &str, to: &str, kind: &str, reason: &str) -> Edge {
    Edge {
        from: AssetId::new(from),
        to: AssetId::new(to),
        kind: kind.to_owned(),
        reason: text::line(reason, text::LINE_CAP),
        source: super::SOURCE.to_owned(),
    }
}

fn short(id: &str) -> String {
    text::line(id, ID_CAP)
}
