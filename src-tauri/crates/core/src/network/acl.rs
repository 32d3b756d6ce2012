//! Network ACLs: stateless, the first rule that fits decides, and nothing fits nothing.

use core::net::IpAddr;

use super::ports::Ports;
use super::region::{Acl, AclRule};

/// What an ACL lets in from an address, or out to it.
pub(super) fn passes(rules: &[AclRule], other: IpAddr) -> Ports {
    let (mut allowed, mut open) = (Ports::default(), Ports::all());
    for rule in in_order(rules).filter(|rule| rule.block.has(other)) {
        if rule.allows {
            allowed = allowed.or(&open.and(&rule.ports));
        }
        open = open.minus(&rule.ports);
        if open.is_empty() {
            break;
        }
    }
    allowed
}

/// The rule that lets it pass.
pub(super) fn passing(
    rules: &[AclRule],
    other: IpAddr,
    (protocol, port): (u8, u16),
) -> Option<&AclRule> {
    let fits = |rule: &&AclRule| rule.block.has(other) && rule.ports.has(protocol, port);
    in_order(rules).find(fits).filter(|rule| rule.allows)
}

fn in_order(rules: &[AclRule]) -> impl Iterator<Item = &AclRule> {
    let mut sorted: Vec<&AclRule> = rules.iter().collect();
    sorted.sort_by_key(|rule| rule.number);
    sorted.into_iter()
}

impl Acl {
    /// What it lets into its subnets from an address.
    pub(super) fn lets_in(&self, from: IpAddr) -> Ports {
        passes(&self.ingress, from)
    }

    /// What it lets out of its subnets to an address.
    pub(super) fn lets_out(&self, to: IpAddr) -> Ports {
        passes(&self.egress, to)
    }
}
