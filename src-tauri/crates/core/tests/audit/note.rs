//! Signed notes, checkpoints and proofs as other tools write and read them.

use firebreak_core::audit::{
    Checkpoint, CheckpointProblem, Entry, Hash, NoteProblem, SignedNote, Tail, TlogProof,
    VerifierKey, inclusion_proof, leaf_hash,
};
use proptest::prelude::*;

use crate::log::Log;

/// The key and note in the documentation of golang.org/x/mod/sumdb/note, which the C2SP
/// specification grew from.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
then you don't know what your problem is.\n\n\
\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn a_note_of_another_implementation_verifies() {
    let key = VerifierKey::parse(GO_KEY).expect("a key");
    let note = SignedNote::parse(GO_NOTE.as_bytes()).expect("a note");
    assert_eq!(note.verify(&key), Ok(()));
    assert_eq!((key.to_string().as_str(), note.to_string().as_str()), (GO_KEY, GO_NOTE));
}

#[test]
fn a_changed_text_is_forged_and_another_key_unsigned() {
    let key = VerifierKey::parse(GO_KEY).expect("a key");
    let changed =
        SignedNote::parse(GO_NOTE.replace("answer", "Answer").as_bytes()).expect("a note");
    assert_eq!(changed.verify(&key), Err(NoteProblem::Forged("PeterNeumann".to_owned())));
    let note = SignedNote::parse(GO_NOTE.as_bytes()).expect("a note");
    let other = Log::new(0, &[]).key();
    assert_eq!(note.verify(&other), Err(NoteProblem::Unsigned(other.name().to_owned())));
}

#[test]
fn a_good_signature_does_not_excuse_a_bad_one_by_the_same_key() {
    let key = VerifierKey::parse(GO_KEY).expect("a key");
    let bad = "\u{2014} PeterNeumann x08gowAA\n";
    let note = SignedNote::parse(format!("{GO_NOTE}{bad}").as_bytes()).expect("a note");
    assert_eq!(note.verify(&key), Err(NoteProblem::Forged("PeterNeumann".to_owned())));
    let foreign = "\u{2014} witness.example AAAAAAAA\n";
    let note = SignedNote::parse(format!("{GO_NOTE}{foreign}").as_bytes()).expect("a note");
    assert_eq!(note.verify(&key), Ok(()), "other signatures are ignored");
}

#[test]
fn what_is_not_a_note_is_an_error() {
    for text in [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\nno dash AAAAAAAA\n",
        "text\n\n\u{2014} name\n",
        "text\n\n\u{2014}  AAAAAAAA\n",
        "text\n\n\u{2014} na+me AAAAAAAA\n",
        "text\n\n\u{2014} na\u{a0}me AAAAAAAA\n",
        "text\n\n\u{2014} name AAAA\n",
        "text\n\n\u{2014} name !!!!\n",
        "text\n\n\u{2014} name AAAAAAAA",
        "text\n\n\u{2014} name AAAAAAB=\n",
        "te\txt\n\n\u{2014} name AAAAAAAA\n",
        "te\rxt\n\n\u{2014} name AAAAAAAA\n",
    ] {
        assert!(
            matches!(SignedNote::parse(text.as_bytes()), Err(NoteProblem::Form(_))),
            "{text:?}"
        );
    }
    assert!(SignedNote::parse(b"\xff\n\n\xe2\x80\x94 n AAAAAAAA\n").is_err());
}

#[test]
fn what_is_not_a_key_is_an_error() {
    for text in [
        "",
        "+",
        "++",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10",
    ] {
        assert!(matches!(VerifierKey::parse(text), Err(NoteProblem::Key(_))), "{text:?}");
    }
}

#[test]
fn a_note_that_nobody_could_verify_is_not_made() {
    let log = Log::new(3, &[3]);
    let text = Tail::default().checkpoint(&log.origin).note_text();
    assert!(matches!(
        SignedNote::assemble(&text, &log.key(), &[0; 64]),
        Err(NoteProblem::Forged(_))
    ));
    assert!(matches!(
        SignedNote::assemble("no newline", &log.key(), &[0; 64]),
        Err(NoteProblem::Form(_))
    ));
    assert!(matches!(
        SignedNote::assemble("a\tb\n", &log.key(), &[0; 64]),
        Err(NoteProblem::Form(_))
    ));
}

/// The text of the example in the C2SP specification.
#[test]
fn a_checkpoint_is_three_lines() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).expect("a checkpoint");
    assert_eq!(
        (checkpoint.origin.as_str(), checkpoint.size),
        ("example.com/behind-the-sofa", 20_852_163)
    );
    assert_eq!(checkpoint.note_text(), text);
}

#[test]
fn what_is_not_a_checkpoint_is_an_error() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for text in [
        String::new(),
        "o\n1\n".to_owned(),
        format!("o\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("o\n01\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n\n{root}\n"),
        format!("o\n18446744073709551616\n{root}\n"),
        "o\n1\nAAAA\n".to_owned(),
        format!("o\n1\n{root}\nextension\n"),
        format!("o\n1\n{root}\n\n"),
    ] {
        assert!(matches!(Checkpoint::parse(&text), Err(CheckpointProblem::Form(_))), "{text:?}");
    }
}

#[test]
fn a_log_is_not_signed_smaller_or_twice_at_one_size() {
    let at = |size, byte| Checkpoint { origin: "o".to_owned(), size, root: Hash::new([byte; 32]) };
    assert_eq!(at(5, 1).check_follows(&at(5, 1)), Ok(()));
    assert_eq!(at(6, 2).check_follows(&at(5, 1)), Ok(()));
    let inconsistent = |signed, size| Err(CheckpointProblem::Inconsistent { signed, size });
    assert_eq!(at(5, 2).check_follows(&at(5, 1)), inconsistent(5, 5));
    assert_eq!(at(4, 1).check_follows(&at(5, 1)), inconsistent(5, 4));
    let other = Checkpoint { origin: "p".to_owned(), ..at(9, 1) };
    assert!(matches!(other.check_follows(&at(5, 1)), Err(CheckpointProblem::OtherLog(_))));
}

/// An older copy of the database is put back, and the program goes on with it.
#[test]
fn a_log_that_was_rolled_back_is_not_signed() {
    let (log, other) = (Log::new(12, &[12]), Log::with(20, &[], |index| format!("other {index}")));
    let leaves =
        |log: &Log| -> Vec<Hash> { log.rows.iter().map(|row| leaf_hash(&row.body)).collect() };
    let signed = Checkpoint::open(log.checkpoints[0].as_bytes(), &log.origin, Some(&log.key()))
        .expect("genuine");
    let next = |leaves: &[Hash]| Tail::of(leaves.iter().copied()).checkpoint(&log.origin);
    let check = |leaves: Vec<Hash>| next(&leaves).check_continues(&signed, leaves);

    let grown = Log::new(15, &[]);
    assert_eq!(check(leaves(&grown)), Ok(()));
    assert_eq!(check(leaves(&log)), Ok(()));
    let inconsistent = |size| Err(CheckpointProblem::Inconsistent { signed: 12, size });
    assert_eq!(check(leaves(&log)[..11].to_vec()), inconsistent(11));
    let went_on = [&leaves(&log)[..7], &leaves(&other)[7..]].concat();
    assert_eq!(check(went_on), inconsistent(20), "longer, but not the same log");
}

fn proof_of(log: &Log, index: usize) -> TlogProof {
    let leaves: Vec<Hash> = log.rows.iter().map(|row| leaf_hash(&row.body)).collect();
    let checkpoint = SignedNote::parse(log.checkpoints[0].as_bytes()).expect("a note");
    let hashes = inclusion_proof(&leaves, index).expect("a record of it");
    TlogProof { index: index as u64, hashes, checkpoint }
}

#[test]
fn a_proof_shows_one_record_and_no_other() {
    let log = Log::new(11, &[11]);
    for index in 0..11 {
        let text = proof_of(&log, index).to_string();
        let read = TlogProof::parse(text.as_bytes()).expect("what was written");
        let body = &log.rows[index].body;
        assert_eq!(
            read.verify(body, &log.origin, &log.key()).map(|checkpoint| checkpoint.size),
            Ok(11)
        );
        assert!(read.verify(&log.rows[(index + 1) % 11].body, &log.origin, &log.key()).is_err());
        assert!(read.verify(body, "another.example/log", &log.key()).is_err());
    }
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let whole = vec![
        GO_NOTE.as_bytes().to_vec(),
        Log::new(3, &[3]).checkpoints[0].clone().into_bytes(),
        proof_of(&Log::new(3, &[3]), 1).to_string().into_bytes(),
        GO_KEY.as_bytes().to_vec(),
    ];
    let changed = (
        prop::sample::select(whole),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(mut bytes, changes, cut)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let keep = cut.index(bytes.len() * 2);
            bytes.truncate(keep.max(1));
            bytes
        });
    prop_oneof![changed, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_bytes_make_a_reader_panic_or_read_what_it_would_not_write(bytes in hostile()) {
        if let Ok(note) = SignedNote::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes.clone());
        }
        if let Ok(proof) = TlogProof::parse(&bytes) {
            prop_assert_eq!(proof.to_string().into_bytes(), bytes.clone());
        }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            if let Ok(checkpoint) = Checkpoint::parse(text) {
                prop_assert_eq!(checkpoint.note_text(), text);
            }
            if let Ok(key) = VerifierKey::parse(text) {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}

#[test]
fn a_tail_is_rebuilt_from_its_leaves() {
    let log = Log::new(13, &[]);
    let tail = Tail::of(log.rows.iter().map(|row| leaf_hash(&row.body)));
    let mut stored: Tail =
        serde_json::from_str(&serde_json::to_string(&tail).expect("JSON")).expect("a tail");
    assert_eq!((stored.size(), stored.last()), (13, leaf_hash(&log.rows[12].body)));
    let next = Entry {
        at: chrono::DateTime::UNIX_EPOCH,
        actor: String::new(),
        kind: String::new(),
        subject: String::new(),
        text: String::new(),
        detail: serde_json::Value::Null,
    };
    let sealed = stored.seal(next);
    assert_eq!((sealed.record.index, sealed.record.previous), (13, tail.last()));
}
