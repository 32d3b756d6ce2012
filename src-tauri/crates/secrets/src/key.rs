//! Ed25519 keys: made here, kept in the keychain, used here, wiped after each use.
//!
//! The keychain holds seed and public key side by side (64 bytes, base64), so a damaged item is
//! noticed instead of signing with a key that nobody knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use firebreak_core::ports::{KeyName, VaultError};
use secrecy::{ExposeSecret, SecretSlice};
use zeroize::{Zeroize, Zeroizing};

/// Names below this prefix are keys: the vault neither gives them out nor overwrites them.
pub(crate) const PREFIX: &str = "key/";

const SEED_LENGTH: usize = 32;
const PAIR_LENGTH: usize = 64;
/// Base64 of 64 bytes, with its padding.
const ENCODED_LENGTH: usize = 88;

/// What the key is called in the keychain.
pub(crate) fn name(key: KeyName) -> &'static str {
    match key {
        KeyName::Approver => "key/approver",
        KeyName::AuditLog => "key/audit-log",
    }
}

/// A new key from the system's randomness, in the form in which the keychain holds it.
pub(crate) fn make() -> Result<SecretSlice<u8>, VaultError> {
    scrubbed(|| {
        let mut seed = Zeroizing::new([0; SEED_LENGTH]);
        getrandom::fill(seed.as_mut_slice())
            .map_err(|error| VaultError::Failed(format!("no randomness for a new key: {error}")))?;
        Ok(encode(&SigningKey::from_bytes(&seed)))
    })
}

/// The public half of a stored key.
pub(crate) fn public(key: KeyName, stored: &SecretSlice<u8>) -> Result<[u8; 32], VaultError> {
    scrubbed(|| decode(key, stored).map(|key| key.verifying_key().to_bytes()))
}

/// Signs once with a stored key.
pub(crate) fn sign(
    key: KeyName,
    stored: &SecretSlice<u8>,
    message: &[u8],
) -> Result<[u8; 64], VaultError> {
    scrubbed(|| decode(key, stored).map(|key| key.sign(message).to_bytes()))
}

/// Runs what handles private bytes, then overwrites the stack that it used.
///
/// Keys wipe themselves when dropped, but every move of one leaves a copy in a dead stack frame.
/// So a key never leaves the closure, and never lives across an await.
#[inline(never)]
fn scrubbed<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    overwrite_stack();
    done
}

#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

/// Deeper than signing goes in an unoptimised build.
const STACK_USED: usize = 64 * 1024;

#[inline(never)]
fn overwrite_stack() {
    let mut room = [0_u8; STACK_USED];
    room.zeroize();
    std::hint::black_box(&room);
}

fn encode(key: &SigningKey) -> SecretSlice<u8> {
    let pair = Zeroizing::new(key.to_keypair_bytes());
    let mut text = vec![0; ENCODED_LENGTH];
    let written = STANDARD.encode_slice(pair.as_slice(), &mut text);
    debug_assert_eq!(written, Ok(ENCODED_LENGTH), "64 bytes are 88 characters of base64");
    SecretSlice::from(text)
}

fn decode(key: KeyName, stored: &SecretSlice<u8>) -> Result<SigningKey, VaultError> {
    let damaged = || VaultError::Failed(format!("{} is damaged", name(key)));
    // Decoding wants room for a whole last group, whatever the padding says.
    let mut room = Zeroizing::new([0; PAIR_LENGTH + 2]);
    let length = STANDARD
        .decode_slice(stored.expose_secret(), room.as_mut_slice())
        .map_err(|_| damaged())?;
    let pair: &[u8; PAIR_LENGTH] =
        room.get(..length).and_then(|pair| pair.try_into().ok()).ok_or_else(damaged)?;
    SigningKey::from_keypair_bytes(pair).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};

    use super::*;

    const KEY: KeyName = KeyName::Approver;

    #[test]
    fn a_key_survives_the_keychain() {
        let stored = make().unwrap();
        let verifying = VerifyingKey::from_bytes(&public(KEY, &stored).unwrap()).unwrap();
        let signature = Signature::from_bytes(&sign(KEY, &stored, b"plan").unwrap());
        verifying.verify_strict(b"plan", &signature).unwrap();
        verifying.verify_strict(b"another", &signature).unwrap_err();
    }

    #[test]
    fn two_keys_differ() {
        let publics = [(); 2].map(|()| public(KEY, &make().unwrap()).unwrap());
        assert_ne!(publics[0], publics[1]);
    }

    #[test]
    fn a_damaged_key_does_not_sign() {
        let whole = make().unwrap();
        let whole = whole.expose_secret();
        for place in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let error = sign(KEY, &SecretSlice::from(bytes), b"plan").unwrap_err();
            assert_eq!(
                error.to_string(),
                "the keychain failed: key/approver is damaged",
                "{place}"
            );
        }
        for bytes in [Vec::new(), whole[..87].to_vec(), [whole, b"AAAA"].concat(), vec![0xff; 88]] {
            sign(KEY, &SecretSlice::from(bytes), b"plan").unwrap_err();
        }
    }
}
