//! Weighing a plan: what its steps take from an attacker on the way to crown jewels, whom they hit,
//! and in which order they are best done.
//!
//! The numbers are worked out when they are asked for, from the graph as it then is: kept ones
//! would be those of a graph that has grown since. Only the order is kept, as the steps' ranks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use firebreak_core::asset::asset_id;
use firebreak_core::containment::{Effect, Place, effect, in_order};
use firebreak_core::finding::Finding;
use firebreak_core::graph::cut::{Attack, Candidate, CutChoice, CutProblem, CutQuestion, LeastCut};
use firebreak_core::graph::{Dependants, Severed};
use firebreak_core::incident::Incident;
use firebreak_core::plan::Step;
use firebreak_core::{AssetId, IncidentId, StepId, StepState};
use firebreak_store::StoreError;
use serde_json::json;
use tokio::sync::OwnedMutexGuard;

use crate::map::{AssetMap, HOPS, Named};
use crate::{Engine, EngineError, EngineEvent, Identity};

/// How long a plan waits to be weighed.
const DEADLINE: Duration = Duration::from_secs(3);
/// Attack paths counted.
const MOST_PATHS: u64 = 20_000;
/// What a step costs; one that can't be undone weighs as much as four that can.
const COST: u32 = 1;
const COST_FOR_GOOD: u32 = 4;

/// What was found of a plan.
#[derive(Debug, Clone)]
pub struct Weighing {
    /// The answer, or why there is none.
    pub outcome: Outcome,
    /// Every step of the plan, by id.
    pub steps: BTreeMap<StepId, WeighedStep>,
    /// How far was looked.
    pub hops: u32,
    /// What the assets that are named here are called.
    pub named: BTreeMap<AssetId, Named>,
    /// True when no step can be taken as things stand: those that are refused are weighed then.
    pub by_hand: bool,
}

/// What came of weighing.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// There are attack paths, and this is what the steps do to them.
    Weighed(Box<Cut>),
    /// The plan has no steps.
    NoSteps,
    /// The graph knows none of the incident's assets.
    Unknown(Vec<AssetId>),
    /// The graph knows no crown jewel at all.
    NoCrownJewels,
    /// No crown jewel is within the hops, or what is in force already keeps the attacker from all.
    NoPaths,
    /// It is too much to weigh.
    TooMuch(CutProblem),
    /// It took too long.
    Late,
}

/// The ways to cut.
#[derive(Debug, Clone)]
pub struct Cut {
    /// All sets worth a look, each step alone, and the order. Ids are those of the plan's steps.
    pub choice: CutChoice,
    /// The cheapest steps that leave no way at all.
    pub least: LeastCut,
}

/// What is known of one step.
#[derive(Debug, Clone)]
pub struct WeighedStep {
    /// Whether it was weighed, and why not.
    pub standing: Standing,
    /// Who would miss what it takes away.
    pub breaks: Dependants,
    /// What an attacker may keep all the same.
    pub leaves: String,
}

/// What part a step has in the weighing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may be chosen.
    Candidate,
    /// It is proven: what it takes out is gone already.
    InForce,
    /// It can't be taken as it stands.
    LeftOut,
}

impl Weighing {
    /// The steps in the order of the cut; `None` where the graph can't tell, or where none of them
    /// removes anything.
    pub fn cut_order(&self) -> Option<&[StepId]> {
        match &self.outcome {
            Outcome::Weighed(cut) if !cut.choice.order.is_empty() => Some(&cut.choice.order),
            _ => None,
        }
    }

    /// Why the plan is in the order that it is in, in a sentence.
    pub fn said(&self) -> String {
        let hops = self.hops;
        let why = match &self.outcome {
            Outcome::Weighed(cut) if cut.choice.order.is_empty() => {
                format!("no step removes any of {} within {hops} hops", cut.choice)
            }
            Outcome::Weighed(cut) => {
                return format!("by the cut: {} within {hops} hops", cut.choice);
            }
            Outcome::NoSteps => "there is no step to weigh".to_owned(),
            Outcome::Unknown(_) => "the asset graph knows none of the incident's assets".to_owned(),
            Outcome::NoCrownJewels => "the asset graph knows no crown jewel".to_owned(),
            Outcome::NoPaths => {
                format!("no attack path leads to a crown jewel within {hops} hops")
            }
            Outcome::TooMuch(problem) => problem.to_string(),
            Outcome::Late => "weighing the steps took too long".to_owned(),
        };
        format!("as proposed: {why}")
    }
}

impl Engine {
    /// Weighs the plan of an incident against the graph as it is now; `None` when it has no plan.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn weigh_plan(&self, id: &IncidentId) -> Result<Option<Weighing>, EngineError> {
        let Some((_, stored)) = self.store.plan(id).await? else { return Ok(None) };
        let (incident, findings) = (self.store.incident(id).await?, self.store.findings(id).await?);
        let steps: Vec<Step> = stored.into_iter().map(|stored| stored.step).collect();
        self.weigh(&incident, &findings, &steps).await.map(Some)
    }

    pub(crate) async fn weigh(
        &self,
        incident: &Incident,
        findings: &[Finding],
        steps: &[Step],
    ) -> Result<Weighing, EngineError> {
        let scale = Scale::new(footholds(incident, findings), steps);
        let none = scale.clone().without(Outcome::NoSteps);
        if steps.is_empty() {
            return Ok(none);
        }
        let weighed = async {
            let map = self.whole_map().await?;
            let weigh = tokio::task::spawn_blocking(move || scale.weigh(map));
            // A weighing that ends without an answer leaves the order as it was proposed.
            Ok::<_, EngineError>(weigh.await.ok())
        };
        let late = Weighing { outcome: Outcome::Late, ..none };
        Ok(in_time(weighed, DEADLINE).await.transpose()?.flatten().unwrap_or(late))
    }

    /// Puts the steps of a plan that nobody touched into the order of the graph as it is now.
    /// Nothing of a step but its rank changes, and a signature keeps the order as it is.
    pub(crate) async fn rank_again(&self, id: &IncidentId) -> Result<(), EngineError> {
        let Some((plan, stored)) = self.store.plan(id).await? else { return Ok(()) };
        let mut steps: Vec<Step> = stored.into_iter().map(|stored| stored.step).collect();
        let untouched =
            |step: &Step| matches!(step.state, StepState::Proposed | StepState::Refused);
        if !steps.iter().all(untouched) {
            return Ok(());
        }
        let Some(weighing) = self.weigh_plan(id).await? else { return Ok(()) };
        let before: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
        put_in_order(&mut steps, weighing.cut_order());
        let order: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
        if order == before || matches!(weighing.outcome, Outcome::Late) {
            return Ok(());
        }
        let mut write = self.store.write().await?;
        match write.rank_steps(&plan.id, &order).await {
            Ok(()) => {}
            // Somebody signed, refused or ran a step: the order is theirs.
            Err(StoreError::Conflict { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let (text, detail) =
            (format!("steps ranked {}", weighing.said()), json!({ "order": order }));
        let who = Identity::firebreak();
        write.audit(self.record(&who, "plan_ranked", id.to_string(), text, detail)).await?;
        write.commit().await?;
        self.emit(EngineEvent::IncidentDetailChanged { incident: id.clone() });
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }
}

/// Puts steps into order and numbers them. Which steps there are stays as it is.
pub(crate) fn put_in_order(steps: &mut [Step], cut: Option<&[StepId]>) {
    let order = ordered(steps, cut);
    let nth = |step: &Step| order.iter().position(|id| *id == step.id);
    steps.sort_by_key(nth);
    for (rank, step) in (1..).zip(steps) {
        step.rank = rank;
    }
}

/// The ids of steps in the order that they should have.
pub fn ordered(steps: &[Step], cut: Option<&[StepId]>) -> Vec<StepId> {
    let places: Vec<Place> = steps.iter().map(place).collect();
    in_order(&places, cut)
}

fn place(step: &Step) -> Place {
    Place {
        step: step.id.clone(),
        offered: step.playbook_rank.unwrap_or(step.rank),
        model: step.model_rank,
        mandatory: step.mandatory,
        evidence: effect_of(step).evidence,
    }
}

fn effect_of(step: &Step) -> Effect {
    effect(step.action, &step.target, step.pre_state.as_ref())
}

/// Where the attacker is: what the findings are about, and the access keys that they say were used.
fn footholds(incident: &Incident, findings: &[Finding]) -> Vec<AssetId> {
    let about = findings.iter().filter_map(|one| asset_id(&one.source, &one.draft.resource));
    let actors = findings.iter().filter_map(|one| one.draft.actor.as_ref());
    let keys = actors.filter_map(|actor| actor.access_key_id.as_deref());
    let keys = keys.filter(|key| !key.is_empty()).map(AssetId::new);
    let all: BTreeSet<AssetId> = about.chain(incident.asset.clone()).chain(keys).collect();
    all.into_iter().collect()
}

async fn in_time<T>(work: impl Future<Output = T>, deadline: Duration) -> Option<T> {
    tokio::time::timeout(deadline, work).await.ok()
}

/// One plan on its way to be weighed.
#[derive(Clone)]
struct Scale {
    from: Vec<AssetId>,
    /// In the playbook's order, which decides between equals.
    steps: Vec<OnScale>,
    by_hand: bool,
}

#[derive(Clone)]
struct OnScale {
    id: StepId,
    standing: Standing,
    mandatory: bool,
    cost: u32,
    effect: Effect,
}

impl Scale {
    fn new(from: Vec<AssetId>, steps: &[Step]) -> Self {
        let by_hand = !steps.iter().any(|step| standing(step.state, false) != Standing::LeftOut);
        let mut steps: Vec<&Step> = steps.iter().collect();
        steps.sort_by_key(|step| (step.playbook_rank.unwrap_or(step.rank), step.rank));
        let on_scale = |step: &&Step| OnScale {
            id: step.id.clone(),
            standing: standing(step.state, by_hand),
            mandatory: step.mandatory,
            cost: match step.draft.as_ref().is_none_or(|draft| draft.reversible) {
                true => COST,
                false => COST_FOR_GOOD,
            },
            effect: effect_of(step),
        };
        Self { from, steps: steps.iter().map(on_scale).collect(), by_hand }
    }

    fn without(self, outcome: Outcome) -> Weighing {
        let none = vec![Dependants::default(); self.steps.len()];
        self.answer(outcome, none, BTreeMap::new())
    }

    fn answer(
        self,
        outcome: Outcome,
        breaks: Vec<Dependants>,
        named: BTreeMap<AssetId, Named>,
    ) -> Weighing {
        let weighed = |(step, breaks): (OnScale, Dependants)| {
            let OnScale { id, standing, effect, .. } = step;
            (id, WeighedStep { standing, breaks, leaves: effect.leaves })
        };
        let steps = self.steps.into_iter().zip(breaks).map(weighed).collect();
        Weighing { outcome, steps, hops: HOPS, named, by_hand: self.by_hand }
    }

    /// Looks at the graph, lets it go, and weighs what was seen.
    fn weigh(self, mut map: OwnedMutexGuard<AssetMap>) -> Weighing {
        let but: BTreeSet<AssetId> = self.from.iter().cloned().collect();
        let lists: Vec<_> = self.steps.iter().map(|step| step.effect.dependence.clone()).collect();
        let breaks = map.graph.dependants(&lists, &but);
        let broken = breaks.iter().flat_map(|all| &all.assets);
        let named = map.names(broken.chain(&self.from));
        let jewels = map.graph.crown_jewels();
        let attack = self.attack(&mut map, &breaks);
        drop(map);
        let outcome = match attack {
            Err(problem) => Outcome::TooMuch(problem),
            Ok(attack) if attack.unknown().len() == self.from.len() => {
                Outcome::Unknown(self.from.clone())
            }
            Ok(_) if jewels == 0 => Outcome::NoCrownJewels,
            Ok(attack) if attack.crown_jewels() == 0 => Outcome::NoPaths,
            Ok(attack) => Outcome::Weighed(Box::new(self.cut(&attack))),
        };
        self.answer(outcome, breaks, named)
    }

    fn attack(&self, map: &mut AssetMap, breaks: &[Dependants]) -> Result<Attack, CutProblem> {
        let numbered = || self.steps.iter().zip(breaks).enumerate();
        let candidates: Vec<Candidate> = numbered()
            .filter(|(_, (step, _))| step.standing == Standing::Candidate)
            .map(|(at, (step, breaks))| Candidate {
                step: stand_in(at),
                severs: step.effect.severs.clone(),
                breaks: breaks.assets.clone(),
                cost: step.cost,
            })
            .collect();
        let in_force = self.steps.iter().filter(|step| step.standing == Standing::InForce);
        let severed: Vec<Severed> =
            in_force.flat_map(|step| step.effect.severs.iter().cloned()).collect();
        let first: Vec<StepId> = numbered()
            .filter(|(_, (step, _))| step.mandatory)
            .map(|(at, _)| stand_in(at))
            .collect();
        let question = CutQuestion {
            hops: HOPS,
            severed: &severed,
            paths: MOST_PATHS,
            first: &first,
            ..CutQuestion::from(&self.from, &candidates)
        };
        Attack::of(&map.graph, &question, &mut map.scratch)
    }

    fn cut(&self, attack: &Attack) -> Cut {
        let (mut choice, mut least) = (attack.pareto(), attack.least_cut());
        let options = choice.alone.iter_mut().chain(&mut choice.options);
        let lists = options
            .map(|option| &mut option.steps)
            .chain([&mut choice.order, &mut choice.useless, &mut least.left_out])
            .chain(&mut least.steps);
        lists.for_each(|list| self.name(list));
        Cut { choice, least }
    }

    /// The plan's own ids for the stand-ins.
    fn name(&self, list: &mut [StepId]) {
        for id in list {
            let at: Option<usize> = id.as_str().parse().ok();
            if let Some(step) = at.and_then(|at| self.steps.get(at)) {
                *id = step.id.clone();
            }
        }
    }
}

/// Of equals the one with the smallest id is taken: the stand-ins are in the playbook's order, where
/// the ids of steps only say when they were made.
fn stand_in(at: usize) -> StepId {
    StepId::new(format!("{at:06}"))
}

fn standing(state: StepState, by_hand: bool) -> Standing {
    match state {
        StepState::Proposed
        | StepState::Approved
        | StepState::Running
        | StepState::Dispatched
        | StepState::Refuted
        | StepState::Unknown
        | StepState::Failed
        | StepState::Undoing => Standing::Candidate,
        StepState::Proven => Standing::InForce,
        StepState::Refused if by_hand => Standing::Candidate,
        StepState::Refused | StepState::Rejected | StepState::Undone => Standing::LeftOut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_takes_too_long_is_not_waited_for() {
        assert_eq!(in_time(std::future::pending::<()>(), Duration::ZERO).await, None);
        assert_eq!(in_time(std::future::ready(7), DEADLINE).await, Some(7));
    }

    #[test]
    fn every_state_has_its_part() {
        let left_out: Vec<&str> = StepState::ALL
            .into_iter()
            .filter(|state| standing(*state, false) == Standing::LeftOut)
            .map(StepState::name)
            .collect();
        assert_eq!(left_out, ["rejected", "undone", "refused"]);
        assert_eq!(standing(StepState::Proven, true), Standing::InForce);
        assert_eq!(standing(StepState::Refused, true), Standing::Candidate);
    }
}
