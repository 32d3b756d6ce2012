use serde::Serialize;
use ts_rs::TS;

/// The steps of a plan weighed against the asset graph as it is now: attacker paths to crown jewels
/// that they remove, and whom they hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CutView {
    pub state: CutState,
    /// In which order the steps are and why, in a sentence.
    pub said: String,
    /// Whether the plan is in another order than the graph of now would give. Ranks of a plan that
    /// somebody touched stay.
    pub outdated: bool,
    /// What bounds the answer, each in a sentence: counts that stopped, sets that were not tried.
    pub bounds: Vec<String>,
    /// Attack paths there are, at least.
    pub paths: u32,
    /// Whether that is all of them.
    pub paths_are_all: bool,
    /// Crown jewels that the attacker can get at within the hops.
    pub crown_jewels: u32,
    /// How far was looked.
    pub hops: u32,
    /// One a step of the plan, in the plan's order.
    pub steps: Vec<StepCutView>,
    /// The sets of steps of which none other is at least as good in every way, most paths first.
    pub options: Vec<CutOptionView>,
    /// The cheapest steps that leave no way to any crown jewel, whatever they break; absent when the
    /// steps can't do that.
    pub least: Option<LeastCutView>,
}

/// Whether the graph can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CutState {
    /// There are attack paths, and the steps are ranked by what they do to them.
    Weighed,
    /// The plan has no steps.
    NoSteps,
    /// The graph knows none of the incident's assets.
    Unknown,
    /// The graph knows no crown jewel.
    NoCrownJewels,
    /// No attack path leads to a crown jewel.
    NoPaths,
    /// It is too much to weigh.
    TooMuch,
    /// It took too long.
    Late,
}

/// What one step does, alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct StepCutView {
    pub step: String,
    pub standing: CutStanding,
    /// "removes 14 of 15 paths, breaks 1".
    pub said: String,
    /// Attack paths removed; 0 where it was not weighed.
    pub removes: u32,
    /// Crown jewels cut off.
    pub cuts_off: u32,
    /// Who would miss what it takes away, as far as the graph knows.
    pub breaks: Vec<CutAsset>,
    /// Whether those are all.
    pub breaks_are_all: bool,
    /// What an attacker may keep all the same.
    pub leaves: String,
}

/// What part a step has in the weighing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CutStanding {
    /// It may be chosen.
    Candidate,
    /// It is proven: what it takes out is gone already.
    InForce,
    /// It can't be taken as it stands.
    LeftOut,
}

/// A set of steps and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CutOptionView {
    /// Ids of steps, in the plan's order.
    pub steps: Vec<String>,
    pub removes: u32,
    pub cuts_off: u32,
    pub breaks: Vec<CutAsset>,
    /// The sum over its steps: 1 each, 4 for one that can't be undone.
    pub cost: u32,
    /// Why it is the one to take; absent for all but one.
    pub recommended: Option<String>,
}

/// The least cut by cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct LeastCutView {
    /// Ids of steps, in the plan's order.
    pub steps: Vec<String>,
    pub cost: u32,
    /// Steps that were left out, for they cut in more than one place: a cheaper set with one of
    /// them may be among the options.
    pub left_out: Vec<String>,
}

/// An asset by its id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct CutAsset {
    pub id: String,
    /// Untrusted text.
    pub name: String,
}
