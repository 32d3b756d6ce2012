//! Incidents go from one person to another with what that person must know.

use firebreak_core::IncidentId;
use firebreak_core::IncidentState;
use firebreak_core::handover::Handover;
use firebreak_core::timeline::EntryKind;
use firebreak_core::triage::Wish;
use firebreak_engine::{EngineError, Identity};

use crate::world::{World, me};

async fn found(world: &World) -> IncidentId {
    world.engine.ingest_file("test", b"i-1|critical|new|on-1", &me()).await.unwrap();
    world.engine.find_incident("INC-1").await.unwrap()
}

fn over(to: &str, note: &str) -> Wish {
    Wish::HandOver { to: to.to_owned(), note: note.to_owned() }
}

/// What waits to be read, and by whom.
async fn waiting(world: &World, id: &IncidentId) -> Option<Handover> {
    let store = world.engine.store();
    let handover = store.standing(id).await.unwrap().standing.handover?;
    assert!(store.queue_row(id).await.unwrap().handed_over);
    Some(store.handover(&handover).await.unwrap())
}

async fn owner(world: &World, id: &IncidentId) -> Option<String> {
    world.engine.store().queue_row(id).await.unwrap().owner
}

async fn told(world: &World, id: &IncidentId, kind: EntryKind) -> Vec<String> {
    let lines = world.engine.store().timeline(id).await.unwrap();
    lines.into_iter().filter(|line| line.kind == kind).map(|line| line.text).collect()
}

#[tokio::test]
async fn a_handover_waits_until_its_new_owner_says_that_they_read_it() {
    let world = World::new().await;
    let id = found(&world).await;
    world.assign(&id, "ana").await.unwrap();
    let report =
        world.wish(&id, over(" ben ", "Isolated.\n\n**Next:** rotate the key")).await.unwrap();
    assert_eq!((report.text.as_str(), report.changed.len()), ("handed over to ben", 1));
    let handover = waiting(&world, &id).await.unwrap();
    assert_eq!((handover.by.as_str(), handover.to.as_str()), ("ana", "ben"));
    assert_eq!(handover.note, "Isolated.\n\n**Next:** rotate the key");
    assert_eq!(owner(&world, &id).await.as_deref(), Some("ben"));
    assert_eq!(told(&world, &id, EntryKind::Handover).await, [handover.note]);

    let early = world.engine.read_handover(&id, &me()).await.unwrap_err();
    assert!(early.to_string().starts_with("INC-1 was handed to ben"), "{early}");
    let ben = Identity::person("ben");
    world.engine.read_handover(&id, &ben).await.unwrap();
    assert_eq!(waiting(&world, &id).await, None);
    assert!(!world.engine.store().queue_row(&id).await.unwrap().handed_over);
    let decided = told(&world, &id, EntryKind::Decision).await;
    assert_eq!(decided.last().unwrap(), "read the handover and took it on");
    let twice = world.engine.read_handover(&id, &ben).await.unwrap_err();
    assert!(matches!(twice, EngineError::Refused(_)), "{twice}");

    // The new owner went on with it, so it is not ana's to take back.
    let back = world.engine.undo_change(None, &me()).await.unwrap_err();
    assert!(back.to_string().contains("was changed since"), "{back}");
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn taken_back_it_is_whose_it_was_and_the_note_stays() {
    let world = World::new().await;
    let id = found(&world).await;
    world.assign(&id, "ana").await.unwrap();
    world.wish(&id, over("ben", "first")).await.unwrap();
    world.wish(&id, over("cleo", "second")).await.unwrap();
    assert_eq!(waiting(&world, &id).await.unwrap().note, "second");
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(waiting(&world, &id).await.unwrap().note, "first");
    let world = world.restarted().await;
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(
        (waiting(&world, &id).await, owner(&world, &id).await.as_deref()),
        (None, Some("ana"))
    );
    assert_eq!(told(&world, &id, EntryKind::Handover).await, ["first", "second"]);
    assert!(world.engine.verify_audit().await.unwrap().ok());
}

#[tokio::test]
async fn who_takes_it_from_the_one_it_went_to_has_nothing_to_read() {
    let world = World::new().await;
    let id = found(&world).await;
    world.wish(&id, over("ben", "yours")).await.unwrap();
    world.assign(&id, "cleo").await.unwrap();
    assert_eq!(waiting(&world, &id).await, None);
    world.engine.undo_change(None, &me()).await.unwrap();
    assert_eq!(waiting(&world, &id).await.unwrap().to, "ben");
}

#[tokio::test]
async fn what_can_not_be_handed_over_is_said() {
    let world = World::new().await;
    let id = found(&world).await;
    for (wish, why) in [
        (over("ana", "to myself"), "another person"),
        (over("  ", "to nobody"), "another person"),
        (over("ben", " \n"), "1 to 4000 characters"),
        (over("ben", &"x".repeat(4_001)), "1 to 4000 characters"),
    ] {
        let error = world.wish(&id, wish).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    world.set_state(&id, IncidentState::Closed, "over", None).await.unwrap();
    let closed = world.wish(&id, over("ben", "late")).await.unwrap_err();
    assert_eq!(closed.to_string(), "INC-1 is closed; reopen it first");
    assert_eq!(told(&world, &id, EntryKind::Handover).await.len(), 0);
}
