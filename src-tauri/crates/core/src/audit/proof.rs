//! Inclusion and consistency proofs: RFC 6962 section 2.1, verified as in RFC 9162 section 2.1.

use super::merkle::{Hash, node_hash};

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofProblem {
    /// The index or size makes no sense.
    #[error("the index or the sizes of the proof make no sense")]
    OutOfRange,
    /// Too few or too many hashes.
    #[error("the proof has another number of hashes than its size asks for")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The root over leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The proof that the leaf at `index` is in the tree over `leaves`; `None` when there is no such
/// leaf. At most one hash for each doubling of the size.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    let (mut leaves, mut index) = (leaves, index);
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            proof.push(root_of(right));
            leaves = left;
        } else {
            proof.push(root_of(left));
            index -= left.len();
            leaves = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The proof that the tree over `leaves` continues the tree over the first `old` of them; `None`
/// when `old` is greater than their number.
pub fn consistency_proof(leaves: &[Hash], old: usize) -> Option<Vec<Hash>> {
    if old > leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    if old == 0 || old == leaves.len() {
        return Some(proof);
    }
    let (mut leaves, mut old, mut complete) = (leaves, old, true);
    while old < leaves.len() {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if old <= left.len() {
            proof.push(root_of(right));
            leaves = left;
        } else {
            proof.push(root_of(left));
            old -= left.len();
            leaves = right;
            complete = false;
        }
    }
    if !complete {
        proof.push(root_of(leaves));
    }
    proof.reverse();
    Some(proof)
}

/// Checks that `leaf` is at `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// What does not hold.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofProblem> {
    if index >= size {
        return Err(ProofProblem::OutOfRange);
    }
    let (mut node, mut last, mut found) = (index, size - 1, *leaf);
    for hash in proof {
        if last == 0 {
            return Err(ProofProblem::Length);
        }
        if node & 1 == 1 || node == last {
            found = node_hash(hash, &found);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            found = node_hash(&found, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, found == *root) {
        (false, _) => Err(ProofProblem::Length),
        (true, false) => Err(ProofProblem::Root),
        (true, true) => Ok(()),
    }
}

/// Checks that the tree of `new` leaves continues the tree of `old` leaves.
///
/// # Errors
/// What does not hold.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofProblem> {
    if old > new {
        return Err(ProofProblem::OutOfRange);
    }
    if old == 0 || old == new {
        let roots_hold =
            if old == new { old_root == new_root } else { *old_root == Hash::empty_root() };
        return match (proof.is_empty(), roots_hold) {
            (false, _) => Err(ProofProblem::Length),
            (true, false) => Err(ProofProblem::Root),
            (true, true) => Ok(()),
        };
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // A complete old tree is itself the first node; its hash is known and not in the proof.
    let (first, rest) = match proof.split_first() {
        _ if old.is_power_of_two() => (*old_root, proof),
        Some((first, rest)) => (*first, rest),
        None => return Err(ProofProblem::Length),
    };
    let (mut found_old, mut found_new) = (first, first);
    for hash in rest {
        if last == 0 {
            return Err(ProofProblem::Length);
        }
        if node & 1 == 1 || node == last {
            found_old = node_hash(hash, &found_old);
            found_new = node_hash(hash, &found_new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            found_new = node_hash(&found_new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, found_old == *old_root && found_new == *new_root) {
        (false, _) => Err(ProofProblem::Length),
        (true, false) => Err(ProofProblem::Root),
        (true, true) => Ok(()),
    }
}

/// The greatest power of two below a length of at least two.
fn split(length: usize) -> usize {
    1 << (usize::BITS - 1 - (length - 1).leading_zeros())
}
