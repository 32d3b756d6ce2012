//! Other policies asked about what is recorded.

use firebreak_core::policy::{Phase, Policies, Principal, VerdictKind};
use firebreak_engine::{AskedAs, EngineError};

use crate::rules::shipped_and;
use crate::world::{World, me};

const MORE: &str = "@id(\"miners-two\")\n@reason(\"miners need two\")\n\
    forbid (principal, action == Action::\"aws.ec2.stop\", resource)\n\
    when { context.threat == \"crypto-mining\" && context.approvals < 2 };\n// end\n";

fn more() -> Policies {
    shipped_and("mine.cedar", MORE)
}

#[tokio::test]
async fn what_would_differ_is_told_beside_what_was_recorded_and_nothing_is_stored() {
    let world = World::new().await;
    let (incident, step) = world.planned().await;
    // A plan that was replaced is on record too.
    world.engine.propose(&incident, &me()).await.unwrap();
    let before = world.engine.store().audit_size().await.unwrap();
    let others = more();
    let asked_as = world.engine.asked_as(&me());
    let done = world.engine.backtest(&others, &asked_as).await.unwrap();
    assert_eq!((done.trials.len(), done.without_calls), (2, 0));
    for trial in &done.trials {
        assert!(trial.differs() && trial.gaps.is_empty());
        assert_eq!(trial.step.verdict.kind, VerdictKind::NeedsApproval(1), "as it was recorded");
        assert_eq!(trial.now.kind, VerdictKind::NeedsApproval(1));
        assert_eq!(trial.now.policy_version, trial.step.verdict.policy_version);
        assert_eq!(trial.then.kind, VerdictKind::NeedsApproval(2));
        assert_eq!(trial.then.policy_version, others.version());
        assert!(trial.then.rules.iter().any(|rule| rule.id == "miners-two"));
    }
    assert_eq!(done.trials[0].step.id, step, "oldest first");
    let one = world.engine.try_policies(&step, &others, &asked_as).await.unwrap();
    assert_eq!(one, done.trials[0]);
    assert_eq!(world.engine.store().audit_size().await.unwrap(), before);
    assert_eq!(world.engine.store().step(&step).await.unwrap().step, one.step);
}

#[tokio::test]
async fn the_same_policies_differ_in_nothing() {
    let world = World::new().await;
    world.planned().await;
    let same = world.engine.policies();
    let done = world.engine.backtest(&same, &world.engine.asked_as(&me())).await.unwrap();
    assert!(done.trials.iter().all(|trial| !trial.differs() && trial.now == trial.then));
}

#[tokio::test]
async fn it_may_be_asked_as_another_and_in_another_phase() {
    let world = World::new().await;
    let (_, step) = world.planned().await;
    let others = more();
    let ask = |principal: Principal, phase| {
        let (engine, step, others) = (&world.engine, &step, &others);
        async move {
            let asked_as = AskedAs { principal, phase, at: None };
            let trial = engine.try_policies(step, others, &asked_as).await.unwrap();
            (trial.now.kind, trial.then.kind)
        }
    };
    let person = || Principal::Person("ana".to_owned());
    let denied = (VerdictKind::Denied, VerdictKind::Denied);
    assert_eq!(ask(person(), Phase::Triage).await, denied);
    assert_eq!(ask(Principal::Automation, Phase::Supervised).await, denied);
    let two = (VerdictKind::NeedsApproval(1), VerdictKind::NeedsApproval(2));
    assert_eq!(ask(person(), Phase::Supervised).await, two);
}

#[tokio::test]
async fn a_step_without_calls_is_counted_and_not_guessed_at() {
    let world = World::new().await;
    world.engine.drop_account(crate::world::ACCOUNT);
    let (_, step) = world.planned().await;
    let asked_as = world.engine.asked_as(&me());
    let done = world.engine.backtest(&more(), &asked_as).await.unwrap();
    assert_eq!((done.trials.len(), done.without_calls), (0, 1));
    let refused = world.engine.try_policies(&step, &more(), &asked_as).await.unwrap_err();
    assert!(matches!(refused, EngineError::Refused(_)), "{refused}");
}

#[tokio::test]
async fn policies_that_deny_everything_would_deny_every_step() {
    let world = World::new().await;
    world.planned().await;
    let nothing = Policies::deny_all("a mistake");
    let done = world.engine.backtest(&nothing, &world.engine.asked_as(&me())).await.unwrap();
    assert!(done.trials.iter().all(|trial| trial.then.kind == VerdictKind::Denied));
    assert_eq!(done.trials[0].then.rules[0].id, "policies-unusable");
}
