use firebreak_core::Direction;
use firebreak_core::audit::AnchorFinding;

use crate::world::{World, me};

async fn sqlite(world: &World, statements: &[&str]) {
    let path = world.folder.path().join("test.db");
    let script = format!(
        "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\n{}c.commit()\n",
        statements
            .iter()
            .map(|statement| format!("c.execute({statement:?})\n"))
            .collect::<String>()
    );
    let said = python(&script, &path).await;
    assert_eq!(said, "", "{said}");
}

/// Another program's hand on the file; answers what it complained about.
async fn python(script: &str, path: &std::path::Path) -> String {
    let done = tokio::process::Command::new("python3")
        .arg("-c")
        .arg(script)
        .arg(path)
        .output()
        .await
        .unwrap();
    String::from_utf8_lossy(&done.stderr).into_owned()
}

async fn with_history() -> World {
    let world = World::new().await;
    let (_, step) = world.approved().await;
    world.engine.run(&step, Direction::Execute, &me()).await.unwrap();
    world.engine.checkpoint().await.unwrap();
    world
}

#[tokio::test]
async fn a_whole_log_verifies_and_is_signed_to_its_end() {
    let world = with_history().await;
    let report = world.engine.verify_audit().await.unwrap();
    assert!(report.ok(), "{:?} {:?}", report.verdict.problems, report.tampering);
    assert_eq!(report.verdict.signed_size, Some(report.verdict.size));
    assert!(matches!(report.verdict.anchor, AnchorFinding::Agrees { .. }));
    // Another program's reading of the same rows agrees: one record a call, before and after.
    let page = world.engine.store().audit_before(None, 500).await.unwrap();
    let bodies: Vec<String> =
        page.iter().map(|row| String::from_utf8_lossy(&row.body).into_owned()).collect();
    for kind in [
        "alerts_stored",
        "plan_proposed",
        "step_approved",
        "intent_written",
        "call_sending",
        "call_answered",
        "proof_read",
    ] {
        assert!(bodies.iter().any(|body| body.contains(kind)), "no {kind}");
    }
}

#[tokio::test]
async fn the_database_refuses_to_change_a_record() {
    let world = with_history().await;
    let path = world.folder.path().join("test.db");
    for statement in [
        "UPDATE audit_record SET body = x'00'",
        "DELETE FROM audit_record",
        "DELETE FROM audit_checkpoint",
    ] {
        let script =
            format!("import sqlite3,sys\nsqlite3.connect(sys.argv[1]).execute({statement:?})");
        let said = python(&script, &path).await;
        assert!(said.contains("are never"), "{statement}: {said}");
    }
}

#[tokio::test]
async fn an_edited_record_is_named_and_so_are_the_triggers_that_went() {
    let world = with_history().await;
    sqlite(
        &world,
        &["DROP TRIGGER audit_record_no_update", "UPDATE audit_record SET body = cast(replace(cast(body AS text), 'ana', 'eve') AS blob) WHERE position = 3"],
    )
    .await;
    let report = world.engine.verify_audit().await.unwrap();
    assert!(!report.ok());
    assert_eq!(report.verdict.first_bad(), Some(3));
    assert!(
        report.tampering.iter().any(|line| line.contains("audit_record_no_update")),
        "{:?}",
        report.tampering
    );
}

#[tokio::test]
async fn a_truncated_log_is_seen_by_the_copy_outside() {
    let world = with_history().await;
    let size = world.engine.store().audit_size().await.unwrap();
    let cut = format!("DELETE FROM audit_record WHERE position >= {}", size - 3);
    let cut_signs = format!("DELETE FROM audit_checkpoint WHERE size > {}", size - 3);
    sqlite(
        &world,
        &[
            "DROP TRIGGER audit_record_no_delete",
            "DROP TRIGGER audit_checkpoint_no_delete",
            &cut,
            &cut_signs,
        ],
    )
    .await;
    let report = world.engine.verify_audit().await.unwrap();
    assert!(!report.verdict.ok(), "truncation went unseen");
    assert_eq!(report.verdict.first_bad(), Some(size - 3));
}
