//! The audit log's arithmetic: records, the Merkle tree over them, checkpoints, proofs and
//! verification. No I/O: a store keeps the rows, a keychain keeps the key, an anchor keeps the
//! newest checkpoint somewhere else.
//!
//! A record is canonical JSON (RFC 8785). Its bytes are a leaf of an RFC 6962 Merkle tree, and it
//! names the leaf hash of the record before it, so that the records are a hash chain as well: the
//! tree makes proofs short and checkpoints small, the chain names the record that was rewritten.
//! Checkpoints are C2SP tlog-checkpoints in C2SP signed notes. docs/AUDIT-FORMAT.md says the same
//! for whoever wants to check a log without this code.
//!
//! To write: [`Tail::seal`] an [`Entry`], store the row and the tail in the transaction of the
//! change it records; sign [`Tail::checkpoint`] and [`SignedNote::assemble`] the note. To check:
//! [`Verifier`].

mod checkpoint;
mod merkle;
mod note;
mod proof;
mod record;
mod scan;
mod tlog_proof;
mod verdict;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointProblem, origin};
pub use merkle::{Frontier, Hash, leaf_hash, node_hash};
pub use note::{NoteProblem, NoteSignature, SignedNote, VerifierKey};
pub use proof::{
    ProofProblem, consistency_proof, inclusion_proof, root_of, verify_consistency, verify_inclusion,
};
pub use record::{Entry, Record, RecordProblem, Sealed, Tail};
pub use tlog_proof::{TlogProof, TlogProofProblem};
pub use verdict::{AnchorFinding, LogVerdict, Problem};
pub use verify::{Anchor, StoredRow, Verifier, verify_log};
