//! The Merkle tree against the published vectors of Certificate Transparency, and against itself.

use firebreak_core::audit::{
    Frontier, Hash, ProofProblem, consistency_proof, inclusion_proof, leaf_hash, root_of,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

/// Leaves and roots of the eight-leaf tree that Certificate Transparency implementations share
/// (google/certificate-transparency, merkletree tests).
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
/// (index, size, proof).
const INCLUSION: [(usize, usize, &[&str]); 4] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
];
/// (old size, new size, proof).
const CONSISTENCY: [(usize, usize, &[&str]); 3] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
];

fn published_leaves() -> Vec<Hash> {
    LEAVES.iter().map(|data| leaf_hash(&hex::decode(data).expect("hex"))).collect()
}

fn hashes(digits: &[&str]) -> Vec<Hash> {
    digits.iter().map(|digits| Hash::from_hex(digits).expect("a hash")).collect()
}

#[test]
fn roots_are_the_published_ones() {
    let leaves = published_leaves();
    let mut frontier = Frontier::default();
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]).to_string(), *root);
        assert_eq!(frontier.root().to_string(), *root);
        if let Some(leaf) = leaves.get(size) {
            frontier.append(*leaf);
        }
    }
}

#[test]
fn inclusion_proofs_are_the_published_ones() {
    let leaves = published_leaves();
    for (index, size, proof) in INCLUSION {
        assert_eq!(
            inclusion_proof(&leaves[..size], index),
            Some(hashes(proof)),
            "{index} of {size}"
        );
    }
}

#[test]
fn consistency_proofs_are_the_published_ones() {
    let leaves = published_leaves();
    for (old, new, proof) in CONSISTENCY {
        assert_eq!(consistency_proof(&leaves[..new], old), Some(hashes(proof)), "{old} to {new}");
    }
}

#[test]
fn every_proof_of_every_small_tree_holds_and_no_other() {
    let leaves: Vec<Hash> = (0_u32..24).map(|number| leaf_hash(&number.to_be_bytes())).collect();
    for size in 1..=leaves.len() {
        let tree = &leaves[..size];
        let root = root_of(tree);
        for index in 0..size {
            let proof = inclusion_proof(tree, index).expect("a leaf of it");
            let check = |leaf: &Hash, at: usize, of: usize, proof: &[Hash]| {
                verify_inclusion(leaf, at as u64, of as u64, proof, &root)
            };
            assert_eq!(check(&tree[index], index, size, &proof), Ok(()));
            assert_eq!(check(&leaf_hash(b"other"), index, size, &proof), Err(ProofProblem::Root));
            let wrong_place = (0..size).filter(|at| *at != index);
            for at in wrong_place {
                assert!(
                    check(&tree[index], at, size, &proof).is_err(),
                    "{index} passes for {at} of {size}"
                );
            }
            let longer = [proof.as_slice(), &[root]].concat();
            assert!(check(&tree[index], index, size, &longer).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                assert!(check(&tree[index], index, size, shorter).is_err());
            }
        }
        assert_eq!(inclusion_proof(tree, size), None);
        assert_eq!(
            verify_inclusion(&tree[0], size as u64, size as u64, &[], &root),
            Err(ProofProblem::OutOfRange)
        );
    }
}

#[test]
fn every_small_tree_continues_every_smaller_one() {
    let leaves: Vec<Hash> = (0_u32..24).map(|number| leaf_hash(&number.to_be_bytes())).collect();
    let other = leaf_hash(b"other");
    for new in 0..=leaves.len() {
        let new_root = root_of(&leaves[..new]);
        for old in 0..=new {
            let old_root = root_of(&leaves[..old]);
            let proof = consistency_proof(&leaves[..new], old).expect("not longer than the tree");
            let check = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
                verify_consistency(old as u64, old_root, new as u64, new_root, proof)
            };
            assert_eq!(check(&old_root, &new_root, &proof), Ok(()), "{old} to {new}");
            assert!(check(&other, &new_root, &proof).is_err(), "{old} to {new}");
            if old > 0 {
                assert!(check(&old_root, &other, &proof).is_err(), "{old} to {new}");
            }
            assert!(check(&old_root, &new_root, &[proof.as_slice(), &[other]].concat()).is_err());
        }
    }
    assert_eq!(consistency_proof(&leaves[..3], 4), None);
    assert_eq!(
        verify_consistency(4, &other, 3, &other, &[]),
        Err(ProofProblem::OutOfRange),
        "a log does not shrink"
    );
}

#[test]
fn a_proof_has_one_hash_for_each_doubling() {
    let leaves: Vec<Hash> = (0_u32..1 << 10).map(|number| Hash::new([number as u8; 32])).collect();
    for doublings in 0..=10 {
        let tree = &leaves[..1 << doublings];
        assert_eq!(inclusion_proof(tree, tree.len() / 2).map(|proof| proof.len()), Some(doublings));
    }
}

#[test]
fn a_stored_frontier_that_does_not_fit_its_size_is_refused() {
    for text in [
        r#"{"size":2,"peaks":[]}"#,
        r#"{"size":0,"peaks":["00"]}"#,
        r#"{"size":1,"peaks":["zz00000000000000000000000000000000000000000000000000000000000000"]}"#,
        r#"{"size":0}"#,
        r#"{"size":0,"peaks":[],"more":1}"#,
    ] {
        assert!(serde_json::from_str::<Frontier>(text).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn appending_and_storing_agree_with_the_whole_tree(size in 0_usize..300, stop in 0_usize..300) {
        let leaves: Vec<Hash> = (0..size).map(|number| leaf_hash(&number.to_be_bytes())).collect();
        let mut frontier = Frontier::default();
        for (position, leaf) in leaves.iter().enumerate() {
            if position == stop {
                let stored = serde_json::to_string(&frontier).expect("JSON");
                frontier = serde_json::from_str(&stored).expect("what was stored");
            }
            frontier.append(*leaf);
        }
        prop_assert_eq!(frontier.root(), root_of(&leaves));
        prop_assert_eq!(frontier.peaks().len(), size.count_ones() as usize);
    }
}
