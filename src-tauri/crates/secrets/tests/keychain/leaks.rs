//! A secret shows in no text and does not stay in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firebreak_core::ports::{KeyName, Secret, Signer, Vault};
use secrecy::zeroize::Zeroizing;
use secret_service::{EncryptionType, SecretService};
use tracing_subscriber::fmt::MakeWriter;

use crate::daemon::{Bus, Daemon};
use crate::session::{self, Session};
use crate::states::{keychain, wiz};

const MASK: u8 = 0x5a;
const LENGTH: usize = 40;

/// A random secret, of which the test itself keeps only a masked copy.
fn secret() -> (Secret, [u8; LENGTH]) {
    let mut text = String::with_capacity(LENGTH);
    let mut masked = [0; LENGTH];
    getrandom::fill(&mut masked).unwrap();
    for byte in &mut masked {
        let letter = b'a' + *byte % 26;
        text.push(char::from(letter));
        *byte = letter ^ MASK;
    }
    (Secret::new(text), masked)
}

fn contains(haystack: &[u8], masked: &[u8]) -> bool {
    count_in(haystack, masked) > 0
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn no_text_shows_a_secret() {
    session::run("leaks::no_text_shows_a_secret", Session::EmptyBus, || async {
        let log = Log::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(log.clone())
            .init();
        let _daemon = Daemon::unlocked().await;
        let keychain = keychain("w");
        let (given, masked) = secret();
        let mut texts = format!("{given:?}");
        keychain.write(&wiz(), given).await.unwrap();
        texts.push_str(&format!("{:?}", keychain.read(&wiz()).await));
        keychain.create_if_absent(KeyName::Approver).await.unwrap();
        Bus::connect().await.lock().await;
        let (given, masked_too) = secret();
        let error = keychain.write(&wiz(), given).await.unwrap_err();
        texts.push_str(&format!("{error} {error:?}"));
        let error = keychain.read(&wiz()).await.unwrap_err();
        texts.push_str(&format!("{error} {error:?}"));

        let logged = log.0.lock().unwrap();
        assert!(String::from_utf8_lossy(&logged).contains("zbus"), "the log saw the calls");
        for text in [texts.as_bytes(), logged.as_slice()] {
            assert!(!contains(text, &masked) && !contains(text, &masked_too));
        }
    });
}

#[test]
fn no_secret_stays_in_memory_after_use() {
    session::run("leaks::no_secret_stays_in_memory_after_use", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let keychain = keychain("w");
        let mut masked = Vec::new();
        for _ in 0..20 {
            let (given, hidden) = secret();
            masked.push(hidden);
            keychain.write(&wiz(), given).await.unwrap();
            let read = keychain.read(&wiz()).await.unwrap().unwrap();
            assert!(contains(read.expose().as_bytes(), &hidden));
        }
        // The search finds what is there: this one is still held.
        let (held, hidden) = secret();
        assert_eq!(copies(&[hidden]), [1], "the one that is held");
        drop(held);
        assert_eq!(copies(&masked), [0; 20]);
    });
}

#[test]
fn no_private_key_stays_in_memory_after_use() {
    session::run("leaks::no_private_key_stays_in_memory_after_use", Session::EmptyBus, || async {
        let _daemon = Daemon::unlocked().await;
        let keychain = keychain("w");
        keychain.create_if_absent(KeyName::Approver).await.unwrap();
        for _ in 0..20 {
            keychain.sign(KeyName::Approver, b"digest").await.unwrap();
        }
        let (base64, seed) = stored_key().await;
        assert_eq!(copies(&[base64]), [0], "as stored");
        assert_eq!(copies(&[seed]), [0], "decoded");
    });
}

/// The start of the key as the keychain holds it, and its seed; both masked.
async fn stored_key() -> ([u8; LENGTH], [u8; 32]) {
    let service = SecretService::connect(EncryptionType::Dh).await.unwrap();
    let attributes = HashMap::from([("username", "key/approver")]);
    let found = service.search_items(attributes).await.unwrap();
    let stored = Zeroizing::new(found.unlocked[0].get_secret().await.unwrap());
    let mut pair = Zeroizing::new([0; 66]);
    STANDARD.decode_slice(&stored, pair.as_mut_slice()).unwrap();
    let seed = std::array::from_fn(|index| pair[index] ^ MASK);
    (std::array::from_fn(|index| stored[index] ^ MASK), seed)
}

/// How many times each secret is found in this process's writable memory.
fn copies<const N: usize>(masked: &[[u8; N]]) -> Vec<usize> {
    let mut found = vec![0; masked.len()];
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    // One buffer, made before the ranges are read and wiped after each: it must not find itself.
    let mut buffer = Zeroizing::new(vec![0; 1 << 20]);
    for line in maps.lines().filter(|line| line.contains(" rw") && !line.contains("[v")) {
        let (start, rest) = line.split_once('-').unwrap();
        let start = u64::from_str_radix(start, 16).unwrap();
        let end = u64::from_str_radix(rest.split(' ').next().unwrap(), 16).unwrap();
        let mut at = start;
        while at < end {
            let size = usize::try_from(end - at).unwrap().min(buffer.len());
            memory.seek(SeekFrom::Start(at)).unwrap();
            if memory.read_exact(&mut buffer[..size]).is_err() {
                break;
            }
            for (count, hidden) in found.iter_mut().zip(masked) {
                *count += count_in(&buffer[..size], hidden);
            }
            buffer.fill(0);
            // Ranges overlap by less than a secret, so none is missed or counted twice.
            at += u64::try_from(size).unwrap();
            if at < end {
                at -= N as u64 - 1;
            }
        }
    }
    found
}

fn count_in(haystack: &[u8], masked: &[u8]) -> usize {
    let first = masked[0] ^ MASK;
    haystack
        .windows(masked.len())
        .filter(|window| window[0] == first)
        .filter(|window| window.iter().zip(masked).all(|(byte, hidden)| byte ^ MASK == *hidden))
        .count()
}
