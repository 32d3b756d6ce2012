//! The asset graph: who can get where, how far an incident reaches, and which steps would cut it
//! off.
//!
//! Sources and cloud reads tell [`Fact`]s: an attacker on one asset can get to another, by network,
//! identity, data or workload, as this source said at this time for this reason. [`AssetGraph`]
//! keeps each edge once with all its [`Witness`]es. [`blast_radius`] walks it from an incident's
//! assets; [`cut`] weighs containment steps by what they keep an attacker from.
//!
//! An edge is a claim that somebody made, not a proof that an attack would work; nothing here
//! computes reachability from policies ([`iam`](crate::iam) does) or routes
//! ([`network`](crate::network) does). No edge is guessed, and none is left out because its kind is
//! unclear.

mod adjacency;
mod asset_graph;
mod barrier;
pub mod cut;
mod dependants;
mod fact;
mod hearing;
mod kind;
mod overlay;
mod places;
mod radius;
mod reach;
mod said;
mod worth;

#[cfg(test)]
mod tests;

pub use asset_graph::{AssetGraph, Footprint, WITNESSES_CAP, WitnessedEdge};
pub use barrier::Severed;
pub use dependants::{Dependants, Dependence, MOST_DEPENDANTS};
pub use fact::{Fact, ID_CAP, RELATION_CAP, Told, Witness};
pub use kind::{EdgeKind, EdgeKinds};
pub use radius::{BlastRadius, Question, Reached, blast_radius};
pub use reach::{MOST_HOPS, Scratch};
pub use worth::{Criticality, Says, Sensitivity, Worth, WorthRule, WorthRules};
