//! C2SP proofs (c2sp.org/tlog-proof): everything that shows offline that one record is in the log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointProblem};
use super::merkle::{Hash, leaf_hash};
use super::note::{SignedNote, VerifierKey};
use super::proof::{ProofProblem, verify_inclusion};

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A tree has at most 64 levels.
const MOST_HASHES: usize = 64;

/// A record's inclusion proof with the checkpoint it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Position of the record.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as it was stored.
    pub checkpoint: SignedNote,
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofProblem {
    /// Not the form of a proof; the text says what.
    #[error("it is not a proof: {0}")]
    Form(&'static str),
    /// Its checkpoint is not genuine.
    #[error("its checkpoint does not hold: {0}")]
    Checkpoint(#[from] CheckpointProblem),
    /// Its hashes don't lead there.
    #[error("{0}")]
    Proof(#[from] ProofProblem),
}

impl TlogProof {
    /// Reads a proof. Any bytes may be given. Extra data, which the format allows, is not taken.
    ///
    /// # Errors
    /// [`TlogProofProblem::Form`], or what is wrong with the checkpoint's note.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofProblem> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| TlogProofProblem::Form("it is not UTF-8"))?;
        let (head, note) =
            text.split_once("\n\n").ok_or(TlogProofProblem::Form("it has no checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(TlogProofProblem::Form("its first line is another"));
        }
        let index =
            lines.next().and_then(|line| line.strip_prefix("index ")).and_then(plain_number);
        let index = index.ok_or(TlogProofProblem::Form("its second line is no index"))?;
        let hashes = lines
            .map(|line| STANDARD.decode(line).ok().and_then(|bytes| Hash::from_slice(&bytes)))
            .collect::<Option<Vec<Hash>>>()
            .filter(|hashes| hashes.len() <= MOST_HASHES)
            .ok_or(TlogProofProblem::Form("a line is no hash, or there are too many"))?;
        let checkpoint = SignedNote::parse(note.as_bytes()).map_err(CheckpointProblem::from)?;
        Ok(Self { index, hashes, checkpoint })
    }

    /// Checks that the log whose key this is holds exactly these bytes as its record.
    ///
    /// # Errors
    /// [`TlogProofProblem`].
    pub fn verify(
        &self,
        body: &[u8],
        origin: &str,
        key: &VerifierKey,
    ) -> Result<Checkpoint, TlogProofProblem> {
        let checkpoint =
            Checkpoint::open(self.checkpoint.to_string().as_bytes(), origin, Some(key))?;
        verify_inclusion(
            &leaf_hash(body),
            self.index,
            checkpoint.size,
            &self.hashes,
            &checkpoint.root,
        )?;
        Ok(checkpoint)
    }
}

/// The proof as a file ending in `.tlog-proof` holds it.
impl std::fmt::Display for TlogProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}\nindex {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// A decimal without leading zeros, as C2SP writes sizes and indexes.
pub(super) fn plain_number(text: &str) -> Option<u64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}
