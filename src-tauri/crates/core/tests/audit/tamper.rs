//! Every kind of tampering, and the words for it.

use firebreak_core::audit::{Anchor, AnchorFinding, Checkpoint, Hash, Problem, verify_log};
use proptest::prelude::*;

use crate::log::Log;

#[test]
fn a_whole_log_is_whole() {
    let verdict = Log::new(20, &[5, 16]).verify();
    assert_eq!(verdict.problems, []);
    assert_eq!((verdict.size, verdict.signed_size, verdict.unsigned()), (20, Some(16), 4));
    assert_eq!(verdict.anchor, AnchorFinding::Agrees { size: 16 });
    assert_eq!(
        verdict.to_string(),
        "all 20 records are whole, the last 4 of them not signed for yet"
    );
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

#[test]
fn an_empty_log_is_whole() {
    let verdict = Log::new(0, &[0]).verify();
    assert!(verdict.ok());
    assert_eq!(
        (verdict.size, verdict.root, verdict.anchor),
        (0, Hash::empty_root(), AnchorFinding::Agrees { size: 0 })
    );
}

#[test]
fn a_log_that_vanished_is_missing_from_the_first_record() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows.clear();
    log.checkpoints.clear();
    let verdict = log.verify();
    assert_eq!(
        (verdict.problems.as_slice(), verdict.first_bad()),
        ([Problem::RolledBack { have: 0, signed: 16 }].as_slice(), Some(0))
    );
    assert_eq!(verdict.anchor, AnchorFinding::Disagrees);
}

#[test]
fn another_history_without_a_checkpoint_in_it_is_cautioned_about() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows.truncate(10);
    log.edit(7, "thing 7", "thing 8");
    log.relink(7);
    let verdict = log.verify();
    assert_eq!(verdict.first_bad(), Some(10));
    assert!(verdict.cautions[0].starts_with("records from 5 on"), "{:?}", verdict.cautions);
}

#[test]
fn a_damaged_hash_is_not_taken_for_an_edit() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows[7].leaf_hash[3] ^= 1;
    log.rows[9].leaf_hash.truncate(31);
    assert_eq!(
        log.verify().problems,
        [Problem::HashDamaged { index: 7 }, Problem::HashDamaged { index: 9 }]
    );
}

#[test]
fn missing_records_are_named() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows.drain(7..10);
    assert_eq!(log.verify().problems, [Problem::Missing { from: 7, to: 9 }]);
}

#[test]
fn renumbering_over_a_gap_is_named() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows.remove(7);
    for (index, row) in log.rows.iter_mut().enumerate() {
        row.index = index as u64;
    }
    let verdict = log.verify();
    assert_eq!(verdict.problems[0], Problem::Misplaced { index: 7, says: 8 });
    assert_eq!(verdict.first_bad(), Some(7));
}

#[test]
fn swapped_records_are_named() {
    let mut log = Log::new(20, &[5, 16]);
    log.rows.swap(7, 12);
    (log.rows[7].index, log.rows[12].index) = (7, 12);
    let verdict = log.verify();
    assert_eq!(verdict.problems[0], Problem::Misplaced { index: 7, says: 12 });
    assert!(
        verdict.problems.contains(&Problem::Misplaced { index: 12, says: 7 }),
        "{:?}",
        verdict.problems
    );
}

#[test]
fn a_record_twice_is_named() {
    let mut log = Log::new(20, &[5, 16]);
    let again = log.rows[7].clone();
    log.rows.insert(8, again);
    assert_eq!(log.verify().problems, [Problem::OutOfOrder { index: 7 }]);
}

#[test]
fn a_first_record_that_was_not_the_first_is_named() {
    let mut log = Log::new(20, &[]);
    log.rows.drain(..4);
    for (index, row) in log.rows.iter_mut().enumerate() {
        row.index = index as u64;
    }
    assert_eq!(log.verify().first_bad(), Some(0));
    log = Log::new(20, &[]);
    let zeros = Hash::ZERO.to_string();
    log.edit(0, &zeros, &"ab".repeat(32));
    log.relink_after_forging_the_first();
    assert_eq!(log.verify().first_bad(), Some(0));
}

#[test]
fn what_is_whole_but_no_record_is_named() {
    for (from, to) in [("\"kind\"", "\"kimd\""), ("{\"actor\"", " {\"actor\""), ("0.25", "0.250")] {
        let mut log = Log::new(20, &[]);
        log.edit(19, from, to);
        log.rehash(19);
        assert!(
            matches!(log.verify().problems.as_slice(), [Problem::NotARecord { index: 19, .. }]),
            "{from}"
        );
    }
}

#[test]
fn a_forged_checkpoint_is_named_and_not_believed() {
    let mut log = Log::new(20, &[5, 16]);
    log.checkpoints[0] = log.checkpoints[0].replace("\n5\n", "\n6\n");
    let verdict = log.verify();
    assert!(matches!(verdict.problems.as_slice(), [Problem::ForgedCheckpoint { position: 0, .. }]));
    assert_eq!((verdict.first_bad(), verdict.signed_size), (None, Some(16)));
    log.checkpoints[0] = "garbage".to_owned();
    assert!(matches!(
        log.verify().problems.as_slice(),
        [Problem::ForgedCheckpoint { position: 0, .. }]
    ));
}

#[test]
fn a_forged_anchor_is_named() {
    let mut log = Log::new(20, &[5, 16]);
    log.anchor = Anchor::Note(log.checkpoints[1].replace("\n16\n", "\n15\n").into_bytes());
    let verdict = log.verify();
    assert!(matches!(verdict.problems.as_slice(), [Problem::ForgedAnchor { .. }]));
    assert_eq!(verdict.anchor, AnchorFinding::Disagrees);
}

#[test]
fn another_logs_checkpoint_is_not_ours() {
    let mut log = Log::new(20, &[5]);
    let other = Checkpoint { origin: "another.example/log".to_owned(), size: 5, root: Hash::ZERO };
    log.checkpoints.push(log.note(&other).to_string());
    let verdict = log.verify();
    assert!(
        matches!(verdict.problems.as_slice(), [Problem::ForgedCheckpoint { position: 1, why }] if why.contains("another.example/log")),
        "{:?}",
        verdict.problems
    );
}

#[test]
fn what_can_not_be_checked_is_said() {
    let mut log = Log::new(20, &[5, 16]);
    log.anchor = Anchor::Unreadable("the keychain is locked".to_owned());
    let verdict = log.verify();
    assert_eq!((verdict.ok(), verdict.anchor), (true, AnchorFinding::Unreadable));
    assert!(verdict.cautions[0].contains("the keychain is locked"), "{:?}", verdict.cautions);
    log.checkpoints[0] = log.checkpoints[0].replace("\u{2014} firebreak", "\u{2014} nobody");
    let verdict = verify_log(&log.origin, None, &log.checkpoints, &log.anchor, log.rows.clone());
    assert_eq!(
        (verdict.ok(), verdict.cautions.len()),
        (true, 2),
        "without a key no signature is checked"
    );
}

#[test]
fn a_change_before_a_root_that_agrees_does_not_hide_one_after_it() {
    let mut log = Log::new(20, &[10, 20]);
    log.edit(3, "thing 3", "thing 4");
    log.edit(15, "thing 15", "thing 16");
    log.relink(15);
    assert_eq!(
        log.verify().problems,
        [Problem::Edited { index: 3 }, Problem::Replaced { from: 10, to: 19 }]
    );
}

#[test]
fn the_list_of_problems_is_capped_and_counted() {
    let mut log = Log::new(300, &[300]);
    log.rows.iter_mut().for_each(|row| row.leaf_hash.clear());
    log.rows.iter_mut().for_each(|row| row.body.clear());
    let verdict = log.verify();
    assert_eq!(
        (verdict.problems.len() as u64 + verdict.more_problems, verdict.first_bad()),
        (300, Some(0))
    );
}

/// The limit of it, kept here so that nobody believes otherwise: what no checkpoint covers can be
/// rewritten from some record to the end.
#[test]
fn the_unsigned_end_can_be_rewritten() {
    let mut log = Log::new(20, &[5, 16]);
    log.edit(17, "thing 17", "thing 18");
    log.relink(17);
    assert!(log.verify().ok());
    log.edit(18, "thing 18", "thing 19");
    log.rehash(18);
    assert_eq!(
        log.verify().problems,
        [Problem::Rewritten { index: 18 }],
        "short of that, it shows"
    );
}

/// What somebody with the database file, but neither key nor anchor, may do to records 0 to 11 of
/// a log that is signed at 12.
#[derive(Debug, Clone)]
enum Tampering {
    FlipBody(usize, usize, u8),
    FlipHash(usize, usize, u8),
    EditText(usize, bool, bool),
    Delete(usize, usize, bool, bool),
    Swap(usize, usize, bool),
    Repeat(usize, usize, bool),
    Truncate(usize, bool),
    RollBackAndGoOn(usize, usize),
    ReplaceAll,
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let (row, other) = (0_usize..12, 0_usize..12);
    let flip = 1_u8..=255;
    prop_oneof![
        (row.clone(), any::<prop::sample::Index>(), flip.clone())
            .prop_map(|(row, at, flip)| Tampering::FlipBody(row, at.index(400), flip)),
        (row.clone(), 0_usize..32, flip)
            .prop_map(|(row, at, flip)| Tampering::FlipHash(row, at, flip)),
        (row.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(row, rehash, relink)| Tampering::EditText(row, rehash, relink)),
        (row.clone(), 1_usize..5, any::<bool>(), any::<bool>()).prop_map(
            |(row, count, renumber, relink)| Tampering::Delete(row, count, renumber, relink)
        ),
        (row.clone(), other.clone(), any::<bool>())
            .prop_map(|(row, other, relink)| Tampering::Swap(row, other, relink)),
        (row.clone(), other, any::<bool>())
            .prop_map(|(row, other, relink)| Tampering::Repeat(row, other, relink)),
        (row.clone(), any::<bool>())
            .prop_map(|(row, checkpoints)| Tampering::Truncate(row, checkpoints)),
        (row, 1_usize..20).prop_map(|(row, more)| Tampering::RollBackAndGoOn(row, more)),
        Just(Tampering::ReplaceAll),
    ]
}

fn tamper(log: &mut Log, tampering: &Tampering) {
    match *tampering {
        Tampering::FlipBody(row, at, flip) => {
            let at = at % log.rows[row].body.len();
            log.rows[row].body[at] ^= flip;
        }
        Tampering::FlipHash(row, at, flip) => log.rows[row].leaf_hash[at] ^= flip,
        Tampering::EditText(row, rehash, relink) => {
            log.edit(row, "step_approved", "step_rejected");
            if rehash {
                log.rehash(row);
            }
            if relink {
                log.relink(row);
            }
        }
        Tampering::Delete(row, count, renumber, relink) => {
            log.rows.drain(row..(row + count).min(12));
            if renumber {
                log.renumber();
            }
            if relink {
                log.relink(row);
            }
        }
        Tampering::Swap(row, other, relink) => {
            log.rows.swap(row, other);
            log.renumber();
            if relink {
                log.relink(row.min(other));
            }
        }
        Tampering::Repeat(row, to, relink) => {
            let copy = log.rows[row].clone();
            log.rows.insert(to, copy);
            if relink {
                log.relink(to);
            }
        }
        Tampering::Truncate(row, checkpoints) => {
            log.rows.truncate(row);
            if checkpoints {
                log.checkpoints.truncate(1);
            }
        }
        Tampering::RollBackAndGoOn(row, more) => {
            let other = Log::with(row as u64 + more as u64, &[], |index| format!("other {index}"));
            log.rows.truncate(row);
            log.rows.extend(other.rows.into_iter().skip(row));
            log.relink(row);
            log.checkpoints.clear();
        }
        Tampering::ReplaceAll => {
            log.rows = Log::with(16, &[], |index| format!("other {index}")).rows
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn whatever_is_done_to_signed_records_shows(tampering in tampering()) {
        let mut log = signed_log().clone();
        tamper(&mut log, &tampering);
        if let Some(first) = first_touched(signed_log(), &log).filter(|first| *first < 12) {
            // The checkpoints are genuine here, so that not checking their signatures changes
            // nothing but the time that 10,000 cases take.
            let verdict = verify_log(&log.origin, None, &log.checkpoints, &log.anchor, log.rows.clone());
            prop_assert!(!verdict.ok(), "not seen");
            // Where the end is gone, only records under a checkpoint that agrees are confirmed.
            let named = verdict.first_bad().is_some_and(|bad| bad <= first);
            let confirmed = verdict.signed_size.unwrap_or(0) > first;
            prop_assert!(named || !confirmed, "touched {first}: {verdict:?}");
            let exact = matches!(tampering, Tampering::FlipBody(..) | Tampering::FlipHash(..) | Tampering::EditText(_, _, false));
            prop_assert!(!exact || verdict.first_bad() == Some(first), "touched {first}: {verdict:?}");
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_rows_make_the_verifier_panic(rows in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 0..34)), 0..12)) {
        let rows: Vec<_> = rows.into_iter().map(|(index, body, leaf_hash)| firebreak_core::audit::StoredRow { index, body, leaf_hash }).collect();
        let log = signed_log();
        let verdict = verify_log(&log.origin, None, &log.checkpoints, &log.anchor, rows);
        prop_assert!(!verdict.ok());
        prop_assert!(!verdict.to_string().is_empty());
    }
}

/// 14 records, signed at 6 and 12; the anchor is the checkpoint at 12.
fn signed_log() -> &'static Log {
    static LOG: std::sync::LazyLock<Log> = std::sync::LazyLock::new(|| Log::new(14, &[6, 12]));
    &LOG
}

/// The first record that is not what it was.
fn first_touched(before: &Log, after: &Log) -> Option<u64> {
    let whole =
        before.rows.iter().zip(&after.rows).take_while(|(before, after)| before == after).count();
    (before.rows != after.rows).then_some(whole as u64)
}
