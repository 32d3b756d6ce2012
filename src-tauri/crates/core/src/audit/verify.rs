//! Checking a whole log in one pass, holding no more than the tree's right edge.
//!
//! What shows what: a body against its leaf hash shows an edit; a leaf hash against the next
//! record's `previous` shows a rewrite of both; a signed checkpoint's root shows a rewrite of
//! everything after some record; a checkpoint that covers more than there is shows truncation,
//! and the one kept outside the database shows it even when the stored ones were cut as well.

use super::checkpoint::Checkpoint;
use super::merkle::{Frontier, Hash, leaf_hash};
use super::note::VerifierKey;
use super::scan::{self, Place};
use super::verdict::{AnchorFinding, LogVerdict, Problem};

/// The newest checkpoint, kept outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// The signed note as it was read.
    Note(Vec<u8>),
    /// It could not be read now; the text says why.
    Unreadable(String),
    /// None was ever kept.
    Absent,
}

/// A row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// Position.
    pub index: u64,
    /// Canonical JSON.
    pub body: Vec<u8>,
    /// 32 bytes.
    pub leaf_hash: Vec<u8>,
}

/// Checks rows, in the order of their index, against checkpoints and anchor.
///
/// The checkpoints are signed notes in any order. Without a key their signatures are not checked,
/// and the verdict says so.
pub fn verify_log(
    origin: &str,
    key: Option<&VerifierKey>,
    checkpoints: impl IntoIterator<Item = impl AsRef<[u8]>>,
    anchor: &Anchor,
    rows: impl IntoIterator<Item = StoredRow>,
) -> LogVerdict {
    let mut verifier = Verifier::new(origin, key, checkpoints, anchor);
    for row in rows {
        verifier.row(row.index, &row.body, &row.leaf_hash);
    }
    verifier.finish()
}

/// The same, a row at a time.
#[derive(Debug)]
pub struct Verifier {
    /// Genuine checkpoints not yet reached, the smallest last.
    ahead: Vec<Known>,
    frontier: Frontier,
    /// The last row read, not yet part of the tree: the next one says which of its hashes is right.
    pending: Option<Pending>,
    expected: u64,
    /// The tree can't be recomputed past this.
    broken: bool,
    agreed: u64,
    signed_size: Option<u64>,
    anchor: AnchorFinding,
    newest_stored: u64,
    problems: Vec<Problem>,
    more_problems: u64,
    cautions: Vec<String>,
}

#[derive(Debug)]
struct Known {
    checkpoint: Checkpoint,
    anchor: bool,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    index: u64,
    stored: Option<Hash>,
    computed: Hash,
    misplaced: bool,
}

impl Verifier {
    /// Opens the checkpoints; see [`verify_log`].
    pub fn new(
        origin: &str,
        key: Option<&VerifierKey>,
        checkpoints: impl IntoIterator<Item = impl AsRef<[u8]>>,
        anchor: &Anchor,
    ) -> Self {
        let mut verifier = Self {
            ahead: Vec::new(),
            frontier: Frontier::default(),
            pending: None,
            expected: 0,
            broken: false,
            agreed: 0,
            signed_size: None,
            anchor: AnchorFinding::Absent,
            newest_stored: 0,
            problems: Vec::new(),
            more_problems: 0,
            cautions: Vec::new(),
        };
        if key.is_none() {
            verifier
                .cautions
                .push("the log's key is not known here, so signatures were not checked".to_owned());
        }
        for (position, note) in checkpoints.into_iter().enumerate() {
            match Checkpoint::open(note.as_ref(), origin, key) {
                Ok(checkpoint) => {
                    verifier.newest_stored = verifier.newest_stored.max(checkpoint.size);
                    verifier.ahead.push(Known { checkpoint, anchor: false });
                }
                Err(why) => {
                    verifier.report(Problem::ForgedCheckpoint { position, why: why.to_string() })
                }
            }
        }
        verifier.take_anchor(origin, key, anchor);
        verifier.ahead.sort_by_key(|known| std::cmp::Reverse(known.checkpoint.size));
        verifier.compare();
        verifier
    }

    fn take_anchor(&mut self, origin: &str, key: Option<&VerifierKey>, anchor: &Anchor) {
        match anchor {
            Anchor::Note(note) => match Checkpoint::open(note, origin, key) {
                Ok(checkpoint) => {
                    if checkpoint.size > self.newest_stored {
                        self.cautions.push(format!(
                            "the checkpoint kept outside, of {} records, is not among the stored ones",
                            checkpoint.size
                        ));
                    }
                    self.anchor = AnchorFinding::Agrees { size: checkpoint.size };
                    self.ahead.push(Known { checkpoint, anchor: true });
                }
                Err(why) => {
                    self.anchor = AnchorFinding::Disagrees;
                    self.report(Problem::ForgedAnchor { why: why.to_string() });
                }
            },
            Anchor::Unreadable(why) => {
                self.anchor = AnchorFinding::Unreadable;
                self.cautions.push(format!(
                    "the checkpoint kept outside can't be read, so a cut-off end can't be ruled out: {why}"
                ));
            }
            Anchor::Absent if self.newest_stored > 0 => self.cautions.push(
                "no checkpoint is kept outside, though some were signed, so a cut-off end can't be ruled out"
                    .to_owned(),
            ),
            Anchor::Absent => {}
        }
    }

    /// Takes the next row, in the order of the index.
    pub fn row(&mut self, index: u64, body: &[u8], stored: &[u8]) {
        let computed = leaf_hash(body);
        let stored = Hash::from_slice(stored);
        let place = scan::record(body);
        let whole = stored == Some(computed);
        let contiguous = self.follow(index);
        // A record that stands in another's place says nothing of the one before it.
        self.settle(place.ok().filter(|place| contiguous && place.index == index), whole);
        let mut misplaced = false;
        match place {
            Ok(place) if place.index != index && whole => {
                misplaced = true;
                self.report(Problem::Misplaced { index, says: place.index });
            }
            Err(why) if whole => self.report(Problem::NotARecord { index, why }),
            _ => {}
        }
        self.pending = Some(Pending { index, stored, computed, misplaced });
    }

    /// Checks the position; whether the row follows the one before it.
    fn follow(&mut self, index: u64) -> bool {
        let contiguous = index == self.expected;
        if index > self.expected {
            self.report(Problem::Missing { from: self.expected, to: index - 1 });
        } else if index < self.expected {
            self.report(Problem::OutOfOrder { index });
        }
        if !contiguous {
            self.flush(None);
            self.broken = true;
        }
        self.expected = self.expected.max(index.saturating_add(1));
        contiguous
    }

    /// Decides on the row before, knowing what this one says of it.
    fn settle(&mut self, next: Option<Place>, next_whole: bool) {
        if self.pending.is_none() && self.expected == 1 && !self.broken {
            if let Some(first) = next.filter(|first| next_whole && first.previous != Hash::ZERO) {
                self.report(Problem::NotARecord {
                    index: first.index,
                    why: "it names a record before the first",
                });
            }
            return;
        }
        self.flush(next.filter(|_| next_whole).map(|next| next.previous));
    }

    /// Moves the pending row into the tree. `said` is the hash that the next record names for it.
    fn flush(&mut self, said: Option<Hash>) {
        let Some(Pending { index, stored, computed, misplaced }) = self.pending.take() else {
            return;
        };
        let leaf = match stored {
            Some(stored) if stored == computed => {
                if said.is_some_and(|said| said != stored) && !misplaced {
                    self.report(Problem::Rewritten { index });
                }
                stored
            }
            _ if said == Some(computed) => {
                self.report(Problem::HashDamaged { index });
                computed
            }
            _ => {
                self.report(Problem::Edited { index });
                stored.unwrap_or(computed)
            }
        };
        if !self.broken {
            self.frontier.append(leaf);
            self.compare();
        }
    }

    /// Holds checkpoints of the size reached against the tree.
    fn compare(&mut self) {
        while let Some(known) =
            self.ahead.pop_if(|known| known.checkpoint.size == self.frontier.size())
        {
            let size = known.checkpoint.size;
            if known.checkpoint.root == self.frontier.root() {
                self.agreed = size;
                self.signed_size = Some(size);
                continue;
            }
            if known.anchor {
                self.anchor = AnchorFinding::Disagrees;
            }
            self.report_replaced(size);
        }
    }

    /// A root differs at `size`. Says so unless a record that explains it was named already:
    /// what is wrong before the last root that agreed explains nothing.
    fn report_replaced(&mut self, size: u64) {
        let since = self.agreed..size;
        let explained = self.more_problems > 0
            || self.problems.iter().filter_map(Problem::first_bad).any(|bad| since.contains(&bad));
        if !explained {
            self.report(Problem::Replaced { from: self.agreed, to: size.saturating_sub(1) });
        }
    }

    /// Ends the pass.
    pub fn finish(mut self) -> LogVerdict {
        self.flush(None);
        let have = self.expected;
        let beyond = self.ahead.iter().filter(|known| known.checkpoint.size > have);
        let signed = beyond.map(|known| known.checkpoint.size).max();
        let anchor_unmet = self.ahead.iter().any(|known| known.anchor);
        if anchor_unmet {
            self.anchor = AnchorFinding::Disagrees;
        }
        if let Some(signed) = signed {
            let problem = match self.newest_stored > have {
                true => Problem::Truncated { have, signed },
                false => Problem::RolledBack { have, signed },
            };
            self.report(problem);
            if self.agreed < have {
                self.cautions.push(format!(
                    "records from {} on are covered by no checkpoint that can still be compared, so they may have been changed as well",
                    self.agreed
                ));
            }
        }
        self.problems.sort_by_key(|problem| problem.first_bad().unwrap_or(u64::MAX));
        LogVerdict {
            size: have,
            root: self.frontier.root(),
            signed_size: self.signed_size,
            anchor: self.anchor,
            problems: self.problems,
            more_problems: self.more_problems,
            cautions: self.cautions,
        }
    }

    fn report(&mut self, problem: Problem) {
        if self.problems.len() < LogVerdict::MOST_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.more_problems += 1;
        }
    }
}
