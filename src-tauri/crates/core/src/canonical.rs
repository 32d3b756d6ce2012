//! The one way in which things that are hashed or signed become bytes.
//!
//! Bytes are the domain line, a newline, and the value as JSON in the canonical form of RFC 8785
//! (JCS). The domain keeps a hash made for one purpose from being valid for another.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Canonical bytes of a value of ours.
///
/// # Panics
/// Never for the types of this crate: none holds a map with keys that are not strings, or a
/// number that JSON can't say.
pub fn bytes<T: Serialize>(domain: &str, value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(domain.as_bytes());
    out.push(b'\n');
    let json = serde_json_canonicalizer::to_vec(value)
        .expect("our types have string keys and finite numbers, so JCS can't fail");
    out.extend_from_slice(&json);
    out
}

/// JSON that somebody else wrote, in canonical form, so that the same document written another way
/// is the same text. `None` for what is no JSON.
pub fn json(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    serde_json_canonicalizer::to_string(&value).ok()
}

/// SHA-256 of the canonical bytes, as 64 lower-case hex digits.
pub fn digest<T: Serialize>(domain: &str, value: &T) -> String {
    sha256_hex(&bytes(domain, value))
}

/// SHA-256 of bytes, as 64 lower-case hex digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
