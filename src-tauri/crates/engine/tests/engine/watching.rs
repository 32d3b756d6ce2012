//! What was changed is somebody's until it is undone or given up, and is read again until then.

use std::time::Duration;

use chrono::TimeDelta;
use firebreak_core::lease::{EndKind, Lease, Standing};
use firebreak_core::{Direction, IncidentId, IncidentState, StepId, StepState};
use firebreak_engine::EngineError;
use firebreak_store::CallRow;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_oneof, proptest};
use tokio_util::sync::CancellationToken;

use crate::world::{ACCOUNT, Fault, World, me};

impl World {
    async fn lease(&self, step: &StepId) -> Lease {
        self.engine.store().lease(step).await.unwrap().expect("a lease")
    }

    /// Lets time pass and reads what is due; answers how many leases were.
    async fn watch(&self, minutes: i64) -> usize {
        self.clock.advance(minutes);
        self.engine.watch_due(&CancellationToken::new()).await.unwrap()
    }

    fn set_instance(&self, state: &str) {
        state.clone_into(&mut self.cloud.instance.lock().unwrap().state);
    }

    async fn told(&self, incident: &IncidentId, words: &str) -> usize {
        let timeline = self.engine.store().timeline(incident).await.unwrap();
        timeline.iter().filter(|entry| entry.text.contains(words)).count()
    }

    async fn incident_state(&self, incident: &IncidentId) -> IncidentState {
        self.engine.store().incident(incident).await.unwrap().state
    }
}

async fn contained() -> (World, IncidentId, StepId) {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    (world, incident, step)
}

#[tokio::test]
async fn a_containment_is_read_again_and_again_and_keeps_silent_while_it_holds() {
    let (world, incident, step) = contained().await;
    let first = world.lease(&step).await;
    assert_eq!((first.standing, first.owner.as_deref()), (Standing::Holds, Some("ana")));
    let records = world.engine.store().audit_size().await.unwrap();
    assert_eq!(world.watch(1).await, 0, "not yet");
    for _ in 0..5 {
        assert_eq!(world.watch(2).await, 1);
    }
    let lease = world.lease(&step).await;
    assert!(lease.proved_at > first.proved_at && !lease.is_stale(world.engine.now()));
    assert_eq!(world.engine.store().audit_size().await.unwrap(), records);
    assert_eq!(world.incident_state(&incident).await, IncidentState::Contained);
}

#[tokio::test]
async fn a_change_back_is_raised_once_and_no_success_any_more() {
    let (world, incident, step) = contained().await;
    world.set_instance("running");
    for _ in 0..3 {
        world.watch(2).await;
    }
    assert_eq!(world.lease(&step).await.standing, Standing::Broken);
    assert_eq!(world.state(&step).await, StepState::Refuted);
    assert_eq!(world.incident_state(&incident).await, IncidentState::Containing);
    assert_eq!(world.told(&incident, "was changed back: the instance is stopped").await, 1);
    assert_eq!(world.engine.store().lease_counts(world.engine.now()).await.unwrap().broken, 1);
    world.set_instance("stopped");
    world.watch(2).await;
    assert_eq!(world.lease(&step).await.standing, Standing::Holds);
    assert_eq!(world.state(&step).await, StepState::Proven);
    assert_eq!(world.incident_state(&incident).await, IncidentState::Contained);
    assert_eq!(world.told(&incident, "holds again").await, 1);
}

#[tokio::test]
async fn an_incident_that_is_over_is_watched_all_the_same() {
    let (world, incident, step) = contained().await;
    world.set_state(&incident, IncidentState::Closed, "contained", None).await.unwrap();
    world.set_instance("running");
    world.watch(2).await;
    assert_eq!(world.lease(&step).await.standing, Standing::Broken);
    assert_eq!(world.told(&incident, "was changed back").await, 1);
    assert_eq!(world.incident_state(&incident).await, IncidentState::Closed, "a person closed it");
}

#[tokio::test]
async fn what_can_t_be_read_proves_and_refutes_nothing() {
    let (world, incident, step) = contained().await;
    world.engine.drop_account(ACCOUNT);
    world.set_instance("running");
    assert_eq!(world.watch(30).await, 1);
    let lease = world.lease(&step).await;
    assert_eq!(lease.standing, Standing::Holds, "nothing was shown otherwise");
    assert!(lease.unread.unwrap().contains("is not configured"));
    assert!(world.lease(&step).await.is_stale(world.engine.now()));
    assert_eq!(world.state(&step).await, StepState::Proven);
    world.engine.set_reader(ACCOUNT, world.cloud.clone());
    assert_eq!(world.watch(1).await, 1, "tried again after a minute");
    assert_eq!(world.told(&incident, "was changed back").await, 1);
}

#[tokio::test]
async fn its_review_is_told_once_and_renewing_is_a_decision_on_record() {
    let (world, incident, step) = contained().await;
    world.watch(60 * 24 + 1).await;
    world.watch(60).await;
    assert_eq!(world.told(&incident, "its review has come").await, 1);
    assert_eq!(world.engine.store().lease_counts(world.engine.now()).await.unwrap().due, 1);
    let tomorrow = world.engine.now() + TimeDelta::hours(24);
    world.engine.renew_lease(&step, tomorrow, &me()).await.unwrap();
    assert_eq!(world.engine.store().lease_counts(world.engine.now()).await.unwrap().due, 0);
    let too_far = world.engine.now() + TimeDelta::days(31);
    let refused = world.engine.renew_lease(&step, too_far, &me()).await.unwrap_err();
    assert!(refused.to_string().contains("30 days"), "{refused}");
    world.engine.hand_lease(&step, "bo", &me()).await.unwrap();
    assert_eq!(world.lease(&step).await.owner.as_deref(), Some("bo"));
    world.watch(60 * 24).await;
    assert_eq!(world.told(&incident, "its review has come").await, 2);
}

#[tokio::test]
async fn a_lease_ends_with_the_undo_or_with_a_reason() {
    let (world, _, step) = contained().await;
    world.sign(&step, Direction::Undo).await.unwrap();
    world.engine.run(&step, Direction::Undo, &me()).await.unwrap();
    assert_eq!(world.lease(&step).await.end.unwrap().kind, EndKind::Undone);
    assert_eq!(world.watch(60).await, 0);

    let (world, incident, step) = contained().await;
    let silent = world.engine.release_lease(&step, " ", &me()).await.unwrap_err();
    assert!(silent.to_string().contains("reason"), "{silent}");
    world.engine.release_lease(&step, "it is decommissioned", &me()).await.unwrap();
    assert_eq!(world.watch(60).await, 0);
    assert_eq!(world.told(&incident, "unwatched: it is decommissioned").await, 1);
    assert!(world.engine.prove_lease(&step).await.is_err());
}

#[tokio::test]
async fn what_changed_nothing_is_no_containment() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::RefuseAt(0));
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    assert_eq!(world.lease(&step).await.end.unwrap().kind, EndKind::Nothing);
}

#[tokio::test]
async fn what_is_unknown_can_t_be_left_to_itself() {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::LoseAnswerAt(1));
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    let refused = world.engine.release_lease(&step, "no time", &me()).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused}");
    world.watch(60).await;
    assert_eq!(world.state(&step).await, StepState::Unknown, "a person finds out, not a read");
    assert_eq!(world.lease(&step).await.standing, Standing::Unproven);
    world.engine.reconcile(&step, &me()).await.unwrap();
    assert_eq!(world.lease(&step).await.standing, Standing::Holds);
}

#[tokio::test]
async fn a_containment_that_failed_half_way_is_watched_too() {
    let world = World::new().await;
    let (incident, step) = world.approved().await;
    *world.cloud.fault.lock().unwrap() = Some(Fault::RefuseAt(1));
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    world.watch(2).await;
    assert_eq!(world.lease(&step).await.standing, Standing::Broken, "the instance runs");
    assert_eq!(world.state(&step).await, StepState::Failed);
    world.set_instance("stopped");
    world.watch(2).await;
    assert_eq!(world.state(&step).await, StepState::Failed, "what failed is no success later");
    assert_eq!(world.told(&incident, "holds again").await, 1);
}

#[tokio::test]
async fn an_undo_that_is_shown_late_is_an_undo_and_no_change_back() {
    let (world, incident, step) = contained().await;
    world.sign(&step, Direction::Undo).await.unwrap();
    *world.cloud.fault.lock().unwrap() = Some(Fault::Lie);
    let state = world.engine.run(&step, Direction::Undo, &me()).await.unwrap();
    assert_eq!(state, StepState::Failed, "accepted is not proven");
    world.watch(2).await;
    assert_eq!(world.lease(&step).await.standing, Standing::Holds);
    {
        let mut instance = world.cloud.instance.lock().unwrap();
        instance.state = "running".to_owned();
        instance.scaling.as_mut().unwrap().lifecycle = "InService".to_owned();
    }
    world.watch(2).await;
    assert_eq!(world.state(&step).await, StepState::Undone);
    assert_eq!(world.lease(&step).await.end.unwrap().kind, EndKind::Undone);
    assert_eq!(world.told(&incident, "was changed back").await, 0);
    assert_eq!(world.incident_state(&incident).await, IncidentState::Triaged);
}

#[derive(Debug, Clone)]
enum Deed {
    Fault(usize),
    Run,
    Undo,
    Restart,
    Reconcile,
    Watch,
    Somebody(bool),
    Close,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        2 => (0..9_usize).prop_map(Deed::Fault),
        3 => Just(Deed::Run),
        2 => Just(Deed::Undo),
        1 => Just(Deed::Restart),
        2 => Just(Deed::Reconcile),
        2 => Just(Deed::Watch),
        1 => prop::bool::ANY.prop_map(Deed::Somebody),
        1 => Just(Deed::Close),
    ];
    prop::collection::vec(deed, 1..14)
}

fn fault(number: usize) -> Option<Fault> {
    match number {
        0 | 1 => Some(Fault::RefuseAt(number)),
        2 | 3 => Some(Fault::LoseAnswerAt(number - 2)),
        4 | 5 => Some(Fault::DieAt(number - 4)),
        6 => Some(Fault::DieBefore(1)),
        7 => Some(Fault::Lie),
        _ => None,
    }
}

/// Whatever of the step's calls may have happened and was not undone is on lease.
async fn nothing_is_an_orphan(world: &World, step: &StepId) {
    let store = world.engine.store();
    let sent = store.intents(step, Direction::Execute).await.unwrap();
    let touched = sent.iter().any(|intent| intent.calls.iter().any(CallRow::may_have_happened));
    let state = world.state(step).await;
    let lease = store.lease(step).await.unwrap();
    if touched && state != StepState::Undone {
        let lease = lease.expect("what was changed is on lease");
        assert_eq!(lease.end, None, "{state:?}");
        assert!(lease.owner.is_some());
    } else if let Some(lease) = lease {
        let over = lease.end.is_some();
        assert!(over || sent.iter().any(|intent| intent.ended_at.is_none()), "{state:?} {lease:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_was_changed_is_nobodys(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            let (incident, step) = world.approved().await;
            for deed in deeds {
                let soon = Duration::from_millis(150);
                match deed {
                    Deed::Fault(number) => *world.cloud.fault.lock().unwrap() = fault(number),
                    Deed::Run => {
                        let who = me();
                        let run = world.engine.run(&step, Direction::Execute, &who);
                        if tokio::time::timeout(soon, run).await.is_err() {
                            world = restarted(world).await;
                        }
                    }
                    Deed::Undo => {
                        if world.sign(&step, Direction::Undo).await.is_ok() {
                            let who = me();
                            let run = world.engine.run(&step, Direction::Undo, &who);
                            if tokio::time::timeout(soon, run).await.is_err() {
                                world = restarted(world).await;
                            }
                        }
                    }
                    Deed::Restart => world = restarted(world).await,
                    Deed::Reconcile => drop(world.engine.reconcile(&step, &me()).await),
                    Deed::Watch => drop(world.watch(3).await),
                    Deed::Somebody(runs) => {
                        world.set_instance(if runs { "running" } else { "stopped" });
                    }
                    Deed::Close => {
                        let to = IncidentState::Closed;
                        drop(world.set_state(&incident, to, "over", None).await);
                    }
                }
                nothing_is_an_orphan(&world, &step).await;
            }
        });
    }
}

async fn restarted(world: World) -> World {
    let world = world.restarted().await;
    world.engine.recover().await.unwrap();
    world
}
