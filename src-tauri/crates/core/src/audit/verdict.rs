//! What a verification found, in words that name the record.

use std::fmt;

use super::merkle::Hash;

/// One thing wrong with a log. Numbers are positions, from 0, or sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum Problem {
    /// The body is not the one that was hashed.
    Edited { index: u64 },
    /// The body is whole, the hash stored beside it is not.
    HashDamaged { index: u64 },
    /// Body and hash fit each other, but not what the next record says of this one.
    Rewritten { index: u64 },
    /// The bytes are not a record.
    NotARecord { index: u64, why: &'static str },
    /// Another position's record stands here.
    Misplaced { index: u64, says: u64 },
    /// Records are gone from the middle; both ends belong to the gap.
    Missing { from: u64, to: u64 },
    /// A record stands where a smaller position was due, or twice.
    OutOfOrder { index: u64 },
    /// Some record from `from` to `to` was replaced, and everything that could name it with it.
    Replaced { from: u64, to: u64 },
    /// The end is cut off: a signed checkpoint covers more records than there are.
    Truncated { have: u64, signed: u64 },
    /// An older copy stands in its place: only the anchor knows of the later records.
    RolledBack { have: u64, signed: u64 },
    /// A stored checkpoint that the log's key did not sign, or that is not one at all.
    ForgedCheckpoint { position: usize, why: String },
    /// The anchor is not a checkpoint that the log's key signed.
    ForgedAnchor { why: String },
}

impl Problem {
    /// The first record that it puts in doubt; `None` when it puts none in doubt.
    pub fn first_bad(&self) -> Option<u64> {
        match self {
            Self::Edited { index }
            | Self::HashDamaged { index }
            | Self::Rewritten { index }
            | Self::NotARecord { index, .. }
            | Self::Misplaced { index, .. }
            | Self::OutOfOrder { index } => Some(*index),
            Self::Missing { from, .. } | Self::Replaced { from, .. } => Some(*from),
            Self::Truncated { have, .. } | Self::RolledBack { have, .. } => Some(*have),
            Self::ForgedCheckpoint { .. } | Self::ForgedAnchor { .. } => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { index } => {
                write!(f, "record {index} was edited: its text is not the one that was hashed")
            }
            Self::HashDamaged { index } => {
                write!(
                    f,
                    "the hash stored with record {index} was changed; the record itself is whole"
                )
            }
            Self::Rewritten { index } => write!(
                f,
                "record {index} was rewritten together with its hash: record {} names another hash for it",
                index.saturating_add(1)
            ),
            Self::NotARecord { index, why } => write!(f, "record {index} can't be read: {why}"),
            Self::Misplaced { index, says } => write!(
                f,
                "at position {index} stands the record of position {says}: records were reordered or renumbered"
            ),
            Self::Missing { from, to } if from == to => write!(f, "record {from} is missing"),
            Self::Missing { from, to } => write!(f, "records {from} to {to} are missing"),
            Self::OutOfOrder { index } => write!(f, "record {index} stands twice or out of order"),
            Self::Replaced { from, to } if from == to => {
                write!(
                    f,
                    "record {from} was replaced: the signed checkpoint after it has another root"
                )
            }
            Self::Replaced { from, to } => write!(
                f,
                "a record from {from} to {to} was replaced, with every later hash: the signed checkpoint after them has another root"
            ),
            Self::Truncated { have, signed } => write!(
                f,
                "the end was cut off: a signed checkpoint covers {signed} records, and there are {have}"
            ),
            Self::RolledBack { have, signed } => write!(
                f,
                "an older copy of the log was put back: the checkpoint kept outside covers {signed} records, and there are {have}"
            ),
            Self::ForgedCheckpoint { position, why } => {
                write!(f, "stored checkpoint {} is not genuine: {why}", position + 1)
            }
            Self::ForgedAnchor { why } => {
                write!(f, "the checkpoint kept outside is not genuine: {why}")
            }
        }
    }
}

/// What became of the checkpoint kept outside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorFinding {
    /// The log continues it.
    Agrees {
        /// How many records it covers.
        size: u64,
    },
    /// The log does not continue it, or it is not genuine.
    Disagrees,
    /// It could not be read, so truncation can't be ruled out.
    Unreadable,
    /// There is none.
    Absent,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogVerdict {
    /// How many records there are.
    pub size: u64,
    /// The root over them, as far as it could be computed.
    pub root: Hash,
    /// Records covered by the newest genuine checkpoint that the log agrees with.
    pub signed_size: Option<u64>,
    /// What became of the anchor.
    pub anchor: AnchorFinding,
    /// In the order of the log; at most [`LogVerdict::MOST_PROBLEMS`].
    pub problems: Vec<Problem>,
    /// Problems found beyond those listed.
    pub more_problems: u64,
    /// What could not be checked, or is odd but proves nothing.
    pub cautions: Vec<String>,
}

impl LogVerdict {
    /// Longest list of problems kept.
    pub const MOST_PROBLEMS: usize = 100;

    /// Whether nothing is wrong.
    pub fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// The first record in doubt. When it is the log's size, the first missing one.
    pub fn first_bad(&self) -> Option<u64> {
        self.problems.iter().filter_map(Problem::first_bad).min()
    }

    /// Records after the newest checkpoint: whole, but not yet signed for.
    pub fn unsigned(&self) -> u64 {
        self.size.saturating_sub(self.signed_size.unwrap_or(0))
    }
}

/// One sentence for people.
impl fmt::Display for LogVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(worst) =
            self.problems.iter().min_by_key(|problem| problem.first_bad().unwrap_or(u64::MAX))
        else {
            let unsigned = match self.unsigned() {
                0 => String::new(),
                some => format!(", the last {some} of them not signed for yet"),
            };
            return write!(f, "all {} records are whole{unsigned}", self.size);
        };
        write!(f, "{worst}")?;
        match self.problems.len() as u64 - 1 + self.more_problems {
            0 => Ok(()),
            1 => f.write_str("; and one problem more"),
            more => write!(f, "; and {more} problems more"),
        }
    }
}
