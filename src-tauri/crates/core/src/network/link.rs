//! Two classes: what one can open on the other.

use core::net::IpAddr;

use super::class::Class;
use super::group::{Other, Side};
use super::path::World;
use super::place::{Place, Places};
use super::ports::{ICMP, ICMP6, Ports, TCP, UDP};
use super::spans::Spans;

/// The source ports that anybody may use; for lower ones one must be root.
pub(super) const ANYBODYS: (u16, u16) = (1_024, u16::MAX);

/// What can be opened, and where some of it was found first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) sure: Ports,
    /// Only if what can't be decided is so.
    pub(super) maybe: Ports,
    pub(super) sure_at: Option<Place>,
    pub(super) maybe_at: Option<Place>,
}

/// Source ports to which an answer comes back, as a set of what may be connected to.
pub(super) struct Answers {
    pub(super) sure: Ports,
    pub(super) maybe: Ports,
}

/// What one class can open on another.
pub(super) fn link<'a>(world: &World<'a>, from: &Class<'a>, to: &Class<'a>) -> Link {
    let (mut certain, mut possible) = (Places::default(), Places::default());
    for a in &from.seats {
        for b in to.seats.iter().filter(|b| b.address.is_ipv4() == a.address.is_ipv4()) {
            let (sure, at_most) = between(world, (from, a.address), (to, b.address));
            certain.add(sure, (a.address, b.address));
            possible.add(at_most, (a.address, b.address));
        }
    }
    // ICMP alone carries no connection: said, and said to be uncertain.
    let sure = Some(certain.ports()).filter(|sure| !sure.is_icmp()).unwrap_or_default();
    let maybe = possible.ports().minus(&sure);
    Link { sure_at: certain.of(&sure), maybe_at: possible.of(&maybe), sure, maybe }
}

/// For certain, and at most.
fn between<'a>(
    world: &World<'a>,
    (from, a): (&Class<'a>, IpAddr),
    (to, b): (&Class<'a>, IpAddr),
) -> (Ports, Ports) {
    let Some(path) = world.path((from, a), (to, b)) else { return Default::default() };
    let named =
        |class: &Class<'a>| if path.by_group { class.group_ids.clone() } else { Vec::new() };
    let (ours, theirs) = (named(from), named(to));
    let out = from.allows(Side::Out, Other { address: b, groups: &theirs }, &world.lists);
    let into = to.allows(Side::In, Other { address: a, groups: &ours }, &world.lists);
    let mut sure = out.sure.and(&into.sure);
    let mut possible = out.sure.or(&out.maybe).and(&into.sure.or(&into.maybe));
    if path.crosses {
        match (readable(from), readable(to)) {
            (Some(mine), Some(its)) => {
                let there = mine.lets_out(b).and(&its.lets_in(a));
                let back = answers(&its.lets_out(a).and(&mine.lets_in(b)));
                sure = sure.and(&there).and(&back.sure);
                possible = possible.and(&there).and(&back.maybe);
            }
            _ => sure = Ports::default(),
        }
    }
    if path.doubt.is_some() || is_doubtful(from) || is_doubtful(to) {
        sure = Ports::default();
    }
    (sure, possible)
}

/// Its ACL, when all of it was understood.
pub(super) fn readable<'a>(class: &Class<'a>) -> Option<&'a super::region::Acl> {
    class.acl.filter(|acl| acl.unread.is_none())
}

/// Whether AWS decides what it does with connections, or it does not run.
pub(super) fn is_doubtful(class: &Class<'_>) -> bool {
    class.is_managed() || class.is_stopped()
}

/// To what can be connected when these are let back: the answer goes to the port that the connection
/// came from, which is any.
pub(super) fn answers(back: &Ports) -> Answers {
    let with = |lowest: u16| {
        let from = Spans::of(lowest, ANYBODYS.1);
        let open = |protocol: u8| match back.spans(protocol).and(&from).is_empty() {
            true => Spans::default(),
            false => Spans::all(),
        };
        let ported = back.clone().with(TCP, open(TCP)).with(UDP, open(UDP));
        // Nothing has to come back.
        ported.with(ICMP, Spans::all()).with(ICMP6, Spans::all())
    };
    Answers { sure: with(ANYBODYS.0), maybe: with(1) }
}
