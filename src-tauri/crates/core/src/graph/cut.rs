//! Choosing the cut: which containment steps keep an attacker from the crown jewels, and what each
//! choice costs.
//!
//! An attack path is a sequence of edges from an asset of the incident to a crown jewel that comes
//! by no asset twice, by no other asset of the incident, and takes at most the asked number of
//! hops. Two edges of different kinds between the same assets make two paths. A path may lead
//! through one crown jewel to another, and is one for each. A crown jewel that the incident is on
//! is lost already and counts for nothing.
//!
//! Paths are counted one by one, shortest first, up to a bound: beyond it the count and what a step
//! removes are lower bounds, and [`CutChoice::paths_are_all`] says so. Which crown jewels are cut
//! off is worked out without counting paths.

mod attack;
mod choice;
mod flow;
mod labels;
mod least;
mod order;
mod paths;
mod sketch;

use std::collections::BTreeSet;

use thiserror::Error;

use super::barrier::Severed;
use super::kind::EdgeKinds;
use crate::{AssetId, StepId};

pub use attack::Attack;
pub use choice::{CutChoice, CutOption};
pub use least::LeastCut;

/// Most steps that cut anything. More can't be told apart by a person either.
pub const MOST_STEPS: usize = 64;
/// Most edges looked at between an incident and the crown jewels.
pub const MOST_EDGES: usize = 1_000_000;

/// A containment step that could be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub step: StepId,
    /// What it takes out.
    pub severs: Vec<Severed>,
    /// What works today and would not afterwards. Several steps may break the same.
    pub breaks: BTreeSet<AssetId>,
    /// What it costs to do; costs of several steps are added.
    pub cost: u32,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct CutQuestion<'a> {
    /// The incident's assets: the attacker is there.
    pub from: &'a [AssetId],
    /// Longest attack path, at most [`MOST_HOPS`](super::MOST_HOPS).
    pub hops: u32,
    /// Kinds of edges that are followed.
    pub follow: EdgeKinds,
    /// What containment took out already.
    pub severed: &'a [Severed],
    /// Steps to choose from.
    pub candidates: &'a [Candidate],
    /// Most paths counted.
    pub paths: u64,
    /// Steps that come first in [`CutChoice::order`], whatever they remove.
    pub first: &'a [StepId],
}

impl<'a> CutQuestion<'a> {
    /// Four hops along every kind of edge, nothing contained, up to 100,000 paths.
    pub fn from(from: &'a [AssetId], candidates: &'a [Candidate]) -> Self {
        let follow = EdgeKinds::ALL;
        Self { from, hops: 4, follow, severed: &[], candidates, paths: 100_000, first: &[] }
    }
}

/// Why no cut is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CutProblem {
    /// More than [`MOST_EDGES`] edges within the hops: ask for fewer hops.
    #[error("more than {MOST_EDGES} edges lie within {hops} hops of the incident")]
    TooLarge {
        /// As asked.
        hops: u32,
    },
    /// More than [`MOST_STEPS`] candidates cut something.
    #[error("{useful} steps would cut something, and at most {MOST_STEPS} can be weighed")]
    TooManySteps {
        /// How many.
        useful: usize,
    },
    /// Two candidates have one id.
    #[error("step {0} is a candidate twice")]
    SameStep(StepId),
}
