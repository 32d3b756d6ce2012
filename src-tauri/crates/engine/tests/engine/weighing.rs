//! Plans ranked by the cut: what steps take from an attacker, whom they hit, and what stays as it was.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use firebreak_core::assessment::{Advice, Assessment, Author, MenuItem};
use firebreak_core::asset::{Asset, Edge, Neighbour, Neighbourhood};
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::Finding;
use firebreak_core::incident::Incident;
use firebreak_core::plan::Step;
use firebreak_core::ports::{
    Advised, AlertSource, Candidate, CheckLine, Cursor, OutsideError, Page, Planner, Proposal,
    RawAlert,
};
use firebreak_core::{ActionId, AssetId, Direction, IncidentId, StepState, Timestamp};
use firebreak_engine::{Outcome, Standing, Weighing};
use firebreak_store::SourceRow;
use proptest::prelude::{ProptestConfig, prop, proptest};
use proptest::prop_assert_eq;
use tokio_util::sync::CancellationToken;

use crate::world::{INSTANCE, World, me};

const OTHER: &str = "i-0bbbbbbbbbbbbbbb2";
const VAULT: &str = "arn:aws:s3:::customer-exports";

/// Stops these, in this order; `!` before an id makes the step mandatory. A model, if there is one,
/// would have it the other way round.
struct Stopping(Vec<&'static str>, bool);

impl Stopping {
    fn menu(&self) -> Vec<MenuItem> {
        let item = |(number, target): (usize, &&str)| MenuItem {
            id: format!("M{}", number + 1),
            action: ActionId::Ec2Stop,
            target: AssetId::new(target.trim_start_matches('!')),
            why: "it mines".to_owned(),
            mandatory: target.starts_with('!'),
        };
        self.0.iter().enumerate().map(item).collect()
    }
}

#[async_trait]
impl Planner for Stopping {
    fn propose(&self, _: &Incident, _: &[Finding], _: &[Evidence]) -> Proposal {
        let candidate =
            |item| Candidate { item, parameters: Default::default(), cites: Vec::new() };
        Proposal {
            playbook: "test".to_owned(),
            playbook_version: 1,
            threat: "crypto-mining".to_owned(),
            because: "everything matches".to_owned(),
            candidates: self.menu().into_iter().map(candidate).collect(),
            assessment: Assessment {
                author: Author::Playbook,
                summary: Vec::new(),
                hypothesis: Vec::new(),
            },
        }
    }
    fn has_model(&self) -> bool {
        self.1
    }
    async fn advise(
        &self,
        _: &Incident,
        _: Option<&Asset>,
        _: &[Finding],
        _: &[Evidence],
    ) -> Result<Advised, String> {
        let order = self.menu().into_iter().rev().map(|item| (item.id, "so".to_owned())).collect();
        let advice = Advice { summary: vec![], hypothesis: vec![], order, confidence: 0.5 };
        Ok(Advised { model: "contrary".to_owned(), milliseconds: 1, advice })
    }
}

/// Says what it is told to say around every finding.
#[derive(Default)]
struct Around(Mutex<Neighbourhood>);

#[async_trait]
impl AlertSource for Around {
    fn name(&self) -> &str {
        "test-source"
    }
    async fn poll(&self, _: Option<&Cursor>) -> Result<Page, OutsideError> {
        let alert = RawAlert { kind: "issue".into(), body: b"a|high|new".to_vec() };
        Ok(Page { alerts: vec![alert], cursor: Cursor("1".into()), more: false, seen_until: None })
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
    fn start_at(&self, _: Timestamp) -> Cursor {
        Cursor("0".to_owned())
    }
    async fn neighbours(&self, _: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

/// `a>b`: by network. The vault is what an attacker is after.
fn said(edges: &[(&str, &str)]) -> Neighbourhood {
    let mut names: Vec<&str> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
    names.sort_unstable();
    names.dedup();
    let node = |name: &&str| Neighbour {
        id: AssetId::new(*name),
        name: format!("{name}\u{202e}\u{1b}[2J"),
        kind: "thing".to_owned(),
        external: false,
        crown_jewel: *name == VAULT,
    };
    let edge = |(from, to): &(&str, &str)| Edge {
        from: AssetId::new(*from),
        to: AssetId::new(*to),
        kind: "network".to_owned(),
        reason: "so it is".to_owned(),
        source: "test-source".to_owned(),
    };
    Neighbourhood {
        nodes: names.iter().map(node).collect(),
        edges: edges.iter().map(edge).collect(),
    }
}

/// Two ways to the vault, one of them by way of the other machine, which a shop calls.
const WAYS: &[(&str, &str)] =
    &[(INSTANCE, OTHER), (INSTANCE, VAULT), (OTHER, VAULT), ("shop", OTHER)];

struct Scene {
    world: World,
    source: Arc<Around>,
    incident: IncidentId,
}

impl Scene {
    /// An incident with a plan, of whose surroundings nobody has said anything yet.
    async fn new(tags: &[(&str, &str)], steps: Stopping) -> Self {
        let world = World::with(2, tags).await;
        let mut write = world.engine.store().write().await.unwrap();
        write.add_source(&SourceRow::new("test-source", "test")).await.unwrap();
        write.commit().await.unwrap();
        let source = Arc::new(Around::default());
        world.engine.set_source(source.clone());
        world.engine.set_planner(Arc::new(steps));
        world.engine.poll("test-source", &CancellationToken::new()).await.unwrap();
        let incident = world.engine.find_incident("INC-1").await.unwrap();
        world.engine.propose(&incident, &me()).await.unwrap();
        Self { world, source, incident }
    }

    async fn hear(&self, edges: &[(&str, &str)]) {
        *self.source.0.lock().unwrap() = said(edges);
        self.world.engine.enrich(&self.incident).await.unwrap();
    }

    async fn steps(&self) -> Vec<Step> {
        let plan = self.world.engine.store().plan(&self.incident).await.unwrap().unwrap();
        plan.1.into_iter().map(|stored| stored.step).collect()
    }

    async fn targets(&self) -> Vec<String> {
        self.steps().await.iter().map(|step| step.target.to_string()).collect()
    }

    async fn weighing(&self) -> Weighing {
        self.world.engine.weigh_plan(&self.incident).await.unwrap().unwrap()
    }

    async fn ranked_on_record(&self) -> usize {
        let store = self.world.engine.store();
        let page = store.audit_before(None, 500).await.unwrap();
        page.iter()
            .filter(|record| String::from_utf8_lossy(&record.body).contains("\"plan_ranked\""))
            .count()
    }
}

/// All of a step but its place.
fn but_its_rank(steps: &[Step]) -> Vec<Step> {
    let mut all: Vec<Step> = steps.iter().map(|step| Step { rank: 0, ..step.clone() }).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn digests(steps: &[Step]) -> Vec<(String, Option<String>)> {
    let digest = |step: &Step| step.subject().map(|subject| subject.digest().to_string());
    let mut all: Vec<_> = steps.iter().map(|step| (step.id.to_string(), digest(step))).collect();
    all.sort();
    all
}

#[tokio::test]
async fn context_that_comes_after_the_plan_ranks_it_and_changes_nothing_else() {
    let scene = Scene::new(&[], Stopping(vec![OTHER, INSTANCE], false)).await;
    assert!(matches!(scene.weighing().await.outcome, Outcome::Unknown(_)));
    let before = scene.steps().await;
    assert_eq!(scene.targets().await, [OTHER, INSTANCE], "the playbook's order stands");

    scene.hear(WAYS).await;
    let after = scene.steps().await;
    assert_eq!(scene.targets().await, [INSTANCE, OTHER]);
    assert_eq!(after.iter().map(|step| step.rank).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(digests(&before), digests(&after));
    assert_eq!(but_its_rank(&before), but_its_rank(&after));
    assert_eq!(scene.ranked_on_record().await, 1);

    let weighing = scene.weighing().await;
    let Outcome::Weighed(cut) = &weighing.outcome else { panic!("{:?}", weighing.outcome) };
    assert_eq!((cut.choice.paths, cut.choice.crown_jewels), (2, 1));
    assert_eq!(cut.choice.alone[0].steps, [after[0].id.clone()]);
    assert_eq!((cut.choice.alone[0].removes, cut.choice.alone[1].removes), (2, 1));
    let breaks = &weighing.steps[&after[1].id].breaks;
    assert_eq!(breaks.assets.iter().map(AssetId::as_str).collect::<Vec<_>>(), ["shop"]);
    assert!(weighing.named[&AssetId::new("shop")].name.starts_with("shop"));

    scene.hear(WAYS).await;
    assert_eq!(scene.ranked_on_record().await, 1, "the same again is no change");
    scene.world.engine.propose(&scene.incident, &me()).await.unwrap();
    assert_eq!(
        scene.targets().await,
        [INSTANCE, OTHER],
        "proposed with a graph it is ranked at once"
    );
}

#[tokio::test]
async fn where_the_graph_can_not_tell_the_playbook_stands() {
    let scene = Scene::new(&[], Stopping(vec![OTHER, INSTANCE], false)).await;
    scene.hear(&[(INSTANCE, "cache"), ("cache", "log")]).await;
    assert!(matches!(scene.weighing().await.outcome, Outcome::NoCrownJewels));
    scene.hear(&[(INSTANCE, "cache"), ("away", VAULT)]).await;
    assert!(matches!(scene.weighing().await.outcome, Outcome::NoPaths));
    assert_eq!(scene.targets().await, [OTHER, INSTANCE]);
    scene.hear(WAYS).await;
    assert_eq!(scene.targets().await, [INSTANCE, OTHER]);
    scene.hear(&[(INSTANCE, "cache")]).await;
    assert_eq!(scene.targets().await, [OTHER, INSTANCE], "it is said no more");
}

#[tokio::test]
async fn steps_that_cut_nothing_are_not_ranked_by_it() {
    let scene = Scene::new(&[], Stopping(vec![OTHER, INSTANCE], true)).await;
    scene.world.engine.advise(&scene.incident).await.unwrap();
    let mut by_credentials = said(&[(INSTANCE, VAULT)]);
    by_credentials.edges[0].kind = "reads".to_owned();
    *scene.source.0.lock().unwrap() = by_credentials;
    scene.world.engine.enrich(&scene.incident).await.unwrap();
    let weighing = scene.weighing().await;
    let Outcome::Weighed(cut) = &weighing.outcome else { panic!("{:?}", weighing.outcome) };
    assert_eq!((cut.choice.paths, cut.choice.useless.len()), (1, 2));
    assert_eq!(weighing.cut_order(), None);
    assert_eq!(scene.targets().await, [INSTANCE, OTHER], "the model's order stands");
}

#[tokio::test]
async fn the_floor_stays_first() {
    let mandatory = "!i-0bbbbbbbbbbbbbbb2";
    let scene = Scene::new(&[], Stopping(vec![INSTANCE, "i-elsewhere", mandatory], false)).await;
    scene.hear(WAYS).await;
    assert_eq!(scene.targets().await, [OTHER, INSTANCE, "i-elsewhere"]);
}

#[tokio::test]
async fn who_signed_or_refused_a_step_keeps_the_order() {
    let scene =
        Scene::new(&[("environment", "production")], Stopping(vec![OTHER, INSTANCE], false));
    let scene = scene.await;
    let first = scene.steps().await[0].clone();
    scene.world.sign(&first.id, Direction::Execute).await.unwrap();
    let signed = scene.world.state(&first.id).await;
    scene.hear(WAYS).await;
    assert_eq!(scene.targets().await, [OTHER, INSTANCE], "signed, it is {}", signed.name());

    let scene = Scene::new(&[("environment", "staging")], Stopping(vec![OTHER, INSTANCE], false));
    let scene = scene.await;
    let first = scene.steps().await[0].clone();
    scene.world.engine.reject(&first.id, "not this", &me()).await.unwrap();
    scene.hear(WAYS).await;
    assert_eq!(scene.targets().await, [OTHER, INSTANCE]);
    let weighing = scene.weighing().await;
    assert_eq!(weighing.steps[&first.id].standing, Standing::LeftOut);
    let Outcome::Weighed(cut) = &weighing.outcome else { panic!("{:?}", weighing.outcome) };
    assert!(cut.choice.options.iter().all(|option| !option.steps.contains(&first.id)));
}

#[tokio::test]
async fn a_model_ranks_where_the_graph_can_not_and_stands_beside_it_where_it_can() {
    let scene = Scene::new(&[], Stopping(vec![OTHER, INSTANCE], true)).await;
    scene.world.engine.advise(&scene.incident).await.unwrap();
    assert_eq!(scene.targets().await, [INSTANCE, OTHER], "the model's order");

    scene.hear(&[(INSTANCE, OTHER), (OTHER, VAULT), ("shop", INSTANCE)]).await;
    assert_eq!(scene.targets().await, [OTHER, INSTANCE], "as many paths, and nobody is hit");
    let steps = scene.steps().await;
    assert_eq!(steps.iter().map(|step| step.model_rank).collect::<Vec<_>>(), [Some(2), Some(1)]);
    assert!(steps.iter().all(|step| step.model_why.as_deref() == Some("so")));

    scene.world.engine.propose(&scene.incident, &me()).await.unwrap();
    scene.world.engine.advise(&scene.incident).await.unwrap();
    assert_eq!(scene.targets().await, [OTHER, INSTANCE], "advice does not undo the cut");
}

#[tokio::test]
async fn what_is_proven_is_taken_as_given() {
    let scene = Scene::new(&[("environment", "staging")], Stopping(vec![INSTANCE, OTHER], false));
    let scene = scene.await;
    scene.hear(&[(INSTANCE, OTHER), (OTHER, VAULT)]).await;
    let step = scene.steps().await[0].clone();
    scene.world.sign(&step.id, Direction::Execute).await.unwrap();
    scene.world.engine.run(&step.id, Direction::Execute, &me()).await.unwrap();
    assert_eq!(scene.world.state(&step.id).await, StepState::Proven);
    let weighing = scene.weighing().await;
    assert_eq!(weighing.steps[&step.id].standing, Standing::InForce);
    assert!(matches!(weighing.outcome, Outcome::NoPaths), "{:?}", weighing.outcome);
}

const PLACES: [&str; 6] = [INSTANCE, OTHER, VAULT, "shop", "cache", "\u{202e}\u{1b}[2J' OR 1=1"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn weighing_never_changes_which_steps_there_are_nor_what_is_signed(
        heard in prop::collection::vec(prop::collection::vec((0..6_usize, 0..6_usize), 0..12), 1..5),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mandatory = "!i-0bbbbbbbbbbbbbbb2";
            let steps = Stopping(vec![INSTANCE, "cache", mandatory], false);
            let scene = Scene::new(&[], steps).await;
            let before = scene.steps().await;
            for edges in heard {
                let edges: Vec<(&str, &str)> = edges
                    .into_iter()
                    .filter(|(from, to)| from != to)
                    .map(|(from, to)| (PLACES[from], PLACES[to]))
                    .collect();
                scene.hear(&edges).await;
                let after = scene.steps().await;
                prop_assert_eq!(but_its_rank(&before), but_its_rank(&after));
                prop_assert_eq!(digests(&before), digests(&after));
                let ranks: Vec<u32> = after.iter().map(|step| step.rank).collect();
                prop_assert_eq!(ranks, [1, 2, 3]);
            }
            Ok(())
        })?;
    }
}
