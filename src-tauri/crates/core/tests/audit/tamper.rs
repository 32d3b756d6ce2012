//! Every kind of tampering, and the words for it.

use firebreak_core::audit::{Anchor, AnchorFinding, Problem};

use crate::log::Log;

#[test]
fn a_whole_log_is_whole() {
    let verdict = Log::new(20, &[5, 16]).verify();
    assert_eq!(verdict.problems, []);
    assert_eq!((verdict.size, verdict.signed_size, verdict.unsigned()), (20, Some(16), 4));
    assert_eq!(verdict.anchor, AnchorFinding::Agrees { size: 16 });
    assert_eq!(verdict.to_string(), "all 20 records are whole, the last 4 of them not signed for yet");
}

#[test]
fn an_edit_is_named_and_nothing_else() {
    let mut log = Log::new(20, &[5, 16]);
    log.edit(7, "thing 7", "thing 8");
    assert_eq!(log.verify().problems, [Problem::Edited { index: 7 }]);
}

#[test]
fn an_edit_with_its_hash_is_named() {
    let mut log = Log::new(20, &[5, 16]);
    log.edit(7, "thing 7", "thing 8");
    log.rehash(7);
    assert_eq!(log.verify().problems, [Problem::Rewritten { index: 7 }]);
}

#[test]
fn an_edit_with_every_later_hash_is_bracketed() {
    let mut log = Log::new(20, &[5, 16]);
    log.edit(7, "thing 7", "thing 8");
    log.relink(7);
    let verdict = log.verify();
    assert_eq!(verdict.problems, [Problem::Replaced { from: 5, to: 15 }]);
    assert_eq!(verdict.first_bad(), Some(5));
    assert_eq!(verdict.anchor, AnchorFinding::Disagrees);
}

#[test]
fn truncation_and_rollback_are_told_apart() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows.truncate(10);
    assert_eq!(log.verify().problems, [Problem::Truncated { have: 10, signed: 16 }]);
    log.checkpoints.truncate(1);
    assert_eq!(log.verify().problems, [Problem::RolledBack { have: 10, signed: 16 }]);
    log.anchor = Anchor::Absent;
    assert!(log.verify().ok(), "nothing inside can show it");
    assert!(!log.verify().cautions.is_empty());
}
