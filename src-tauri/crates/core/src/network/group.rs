//! Security groups: stateful, and any rule that allows is enough.

use core::net::IpAddr;
use std::collections::HashMap;

use super::ports::Ports;
use super::region::{Peer, PrefixList, Rule, SecurityGroup};

/// The other end of a connection.
#[derive(Clone, Copy)]
pub(super) struct Other<'a> {
    pub(super) address: IpAddr,
    /// Its groups, where rules that name groups apply: inside a network and across a peering.
    pub(super) groups: &'a [&'a str],
}

/// What is allowed for certain, and what is allowed if what can't be read says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) sure: Ports,
    pub(super) maybe: Ports,
}

/// Whether a rule is about somebody; `None` when that can't be known.
pub(super) fn is_about(
    rule: &Rule,
    other: Other<'_>,
    lists: &HashMap<&str, &PrefixList>,
) -> Option<bool> {
    match &rule.peer {
        Peer::Block(block) => Some(block.has(other.address)),
        Peer::Group(id) => Some(other.groups.contains(&id.as_str())),
        Peer::List(id) => {
            let list = lists.get(id.as_str())?;
            Some(list.blocks.iter().any(|block| block.has(other.address)))
        }
    }
}

/// What rules allow somebody.
pub(super) fn allows<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    other: Other<'_>,
    lists: &HashMap<&str, &PrefixList>,
) -> Allowed {
    let mut allowed = Allowed::default();
    for rule in rules {
        match is_about(rule, other, lists) {
            Some(true) => allowed.sure = allowed.sure.or(&rule.ports),
            Some(false) => {}
            None => allowed.maybe = allowed.maybe.or(&rule.ports),
        }
    }
    allowed.maybe = allowed.maybe.minus(&allowed.sure);
    allowed
}

/// Which way a connection goes, as seen from an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    In,
    Out,
}

impl SecurityGroup {
    pub(super) fn rules(&self, side: Side) -> &[Rule] {
        match side {
            Side::In => &self.ingress,
            Side::Out => &self.egress,
        }
    }
}
