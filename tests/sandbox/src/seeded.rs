//! Repeatable ids and numbers from the seed.

use sha2::{Digest as _, Sha256};

/// Bytes that depend on the seed and a label only.
pub(crate) fn bytes(seed: u64, label: &str) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_be_bytes()).chain_update(label.as_bytes()).finalize().into()
}

/// Lower-case hex of the length asked for, at most 64.
pub(crate) fn hex(seed: u64, label: &str, length: usize) -> String {
    hex::encode(bytes(seed, label))[..length.min(64)].to_owned()
}

/// A UUID (version bits set as for random ones) that depends on the seed and a label only.
pub(crate) fn uuid(seed: u64, label: &str) -> String {
    let bytes = bytes(seed, label);
    let mut short = [0_u8; 16];
    short.copy_from_slice(&bytes[..16]);
    uuid::Builder::from_random_bytes(short).into_uuid().to_string()
}

/// A small generator (SplitMix64) for data in bulk; not for secrets.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`, which must not be zero.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// One of the choices, which must not be empty.
    pub(crate) fn choose<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}
