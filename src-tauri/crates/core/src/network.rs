//! Who can open a connection to whom in AWS, and what the Internet can reach, worked out from
//! configuration.
//!
//! [`Region`]s are what was read. [`Networks`] puts interfaces that no rule tells apart into one
//! class and compares classes, whole sets of [`Ports`] at a time; [`Networks::around`] walks from an
//! incident's assets and answers what lies before them.
//!
//! A connection needs, as the VPC User Guide says: a route there and one back ("Route priority", the
//! longest prefix), the security groups of both ends (stateful, an allow is enough), and, between
//! subnets, the network ACLs of both in both directions (stateless: the first rule that fits, and
//! some source port that the answer comes back to). What can't be decided (a prefix list that can't
//! be read, a transit gateway, an appliance, an interface that AWS manages) makes an edge that says
//! `may_…` and begins with "Uncertain". ICMP alone is such a doubt too: it carries no connection.
//!
//! Deliberately not looked at: [`UNREAD`]. Interfaces that take no connections or belong to nothing
//! (NAT and transit gateways, unattached ones) are in no pair.

mod acl;
mod cidr;
mod class;
mod exposure;
mod group;
mod link;
mod path;
mod place;
mod ports;
mod reach;
mod region;
mod spans;
mod words;

#[cfg(test)]
mod tests;

pub use cidr::Cidr;
pub use ports::Ports;
pub use reach::Networks;
pub use region::{
    Acl, AclRule, Attachment, Destination, End, Interface, Peer, Peering, PrefixList, Region,
    Route, RouteTable, Rule, SecurityGroup, Subnet, Target, Vpc,
};

/// Who says what is worked out here.
pub const SOURCE: &str = "aws-network";

/// What the answers don't take into account, for people.
pub const UNREAD: &str = "rules of network firewalls, listeners of load balancers, VPC Block Public \
                          Access, PrivateLink services and ways between machines over the Internet \
                          are not read";
