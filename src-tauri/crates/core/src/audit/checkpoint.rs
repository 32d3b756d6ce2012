//! C2SP checkpoints (c2sp.org/tlog-checkpoint): what the log was at one size, to be signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::merkle::{Frontier, Hash};
use super::note::{NoteProblem, SignedNote, VerifierKey};
use super::tlog_proof::plain_number;

/// What is wrong with a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointProblem {
    /// Not a signed note, or not signed by the log's key.
    #[error(transparent)]
    Note(#[from] NoteProblem),
    /// A signed note that is no checkpoint; the text says why.
    #[error("it is not a checkpoint: {0}")]
    Form(&'static str),
    /// A checkpoint of another log.
    #[error("it is a checkpoint of another log, {0}")]
    OtherLog(String),
    /// A log that would say two things of itself.
    #[error(
        "the log of {size} records does not continue the {signed} that were signed for: an older copy was put back, or records were replaced"
    )]
    Inconsistent {
        /// The size signed before.
        signed: u64,
        /// The size asked for now.
        size: u64,
    },
}

/// The identity of a workspace's log. It is also the name of the key that signs its checkpoints.
pub fn origin(workspace: &str) -> String {
    let id: String = workspace
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' })
        .collect();
    format!("firebreak.invalid/audit/{id}")
}

/// What a log was at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many records.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, a line each.
    pub fn note_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Reads the text of a note. Extension lines, which the format allows, are not taken: we
    /// write none, and what they mean could not be checked.
    ///
    /// # Errors
    /// [`CheckpointProblem::Form`].
    pub fn parse(text: &str) -> Result<Self, CheckpointProblem> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointProblem::Form("no newline ends it"))?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointProblem::Form("it has not three lines"));
        };
        if origin.is_empty() {
            return Err(CheckpointProblem::Form("it has no origin"));
        }
        let size =
            plain_number(size).ok_or(CheckpointProblem::Form("its second line is not a size"))?;
        let root = STANDARD.decode(root).ok().and_then(|bytes| Hash::from_slice(&bytes));
        let root = root.ok_or(CheckpointProblem::Form("its third line is not a hash"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Checks what can be checked without the leaves before this one is signed after `signed`: a
    /// log never signs a smaller size, or two roots of one size.
    ///
    /// # Errors
    /// [`CheckpointProblem::OtherLog`] or [`CheckpointProblem::Inconsistent`].
    pub fn check_follows(&self, signed: &Self) -> Result<(), CheckpointProblem> {
        if self.origin != signed.origin {
            return Err(CheckpointProblem::OtherLog(crate::text::line(&signed.origin, 100)));
        }
        if self.size < signed.size || (self.size == signed.size && self.root != signed.root) {
            return Err(CheckpointProblem::Inconsistent { signed: signed.size, size: self.size });
        }
        Ok(())
    }

    /// Checks that this one may be signed after `signed`: the tree over `leaves` (the stored leaf
    /// hashes in order, of which as many are taken as were signed for) is the one that was signed.
    ///
    /// To be done before the first signature of a run, with the checkpoint kept outside. Otherwise
    /// the signature after an older copy was put back replaces the only thing that shows it.
    ///
    /// # Errors
    /// [`CheckpointProblem::OtherLog`] or [`CheckpointProblem::Inconsistent`].
    pub fn check_continues(
        &self,
        signed: &Self,
        leaves: impl IntoIterator<Item = Hash>,
    ) -> Result<(), CheckpointProblem> {
        self.check_follows(signed)?;
        let mut frontier = Frontier::default();
        for leaf in leaves {
            if frontier.size() == signed.size {
                break;
            }
            frontier.append(leaf);
        }
        if frontier.size() != signed.size || frontier.root() != signed.root {
            return Err(CheckpointProblem::Inconsistent { signed: signed.size, size: self.size });
        }
        Ok(())
    }

    /// Reads a signed checkpoint of a log; the signature is checked when there is a key.
    ///
    /// # Errors
    /// Any [`CheckpointProblem`].
    pub fn open(
        note: &[u8],
        origin: &str,
        key: Option<&VerifierKey>,
    ) -> Result<Self, CheckpointProblem> {
        let note = SignedNote::parse(note)?;
        if let Some(key) = key {
            note.verify(key)?;
        }
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(CheckpointProblem::OtherLog(crate::text::line(&checkpoint.origin, 100)));
        }
        Ok(checkpoint)
    }
}
