//! A log to tamper with.

use ed25519_dalek::{Signer, SigningKey};
use firebreak_core::audit::{
    Anchor, Checkpoint, Entry, Hash, LogVerdict, SignedNote, StoredRow, Tail, VerifierKey, origin,
    verify_log,
};
use serde_json::json;

/// A stored log with its key.
#[derive(Clone)]
pub struct Log {
    pub origin: String,
    pub rows: Vec<StoredRow>,
    pub checkpoints: Vec<String>,
    pub anchor: Anchor,
    signing: SigningKey,
}

impl Log {
    /// A log of `size` records with checkpoints signed at `signed` sizes; the greatest is the anchor.
    pub fn new(size: u64, signed: &[u64]) -> Self {
        Self::with(size, signed, |index| format!("thing {index}"))
    }

    /// The same with texts of one's own.
    pub fn with(size: u64, signed: &[u64], text: impl Fn(u64) -> String) -> Self {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let origin = origin("0192f0c1");
        let mut log = Self {
            origin,
            rows: Vec::new(),
            checkpoints: Vec::new(),
            anchor: Anchor::Absent,
            signing,
        };
        let mut tail = Tail::default();
        for index in 0..size {
            if signed.contains(&index) {
                log.sign(&tail);
            }
            let sealed = tail.seal(entry(index, text(index)));
            let leaf_hash = sealed.leaf_hash.as_bytes().to_vec();
            log.rows.push(StoredRow { index, body: sealed.body, leaf_hash });
        }
        if signed.contains(&size) {
            log.sign(&tail);
        }
        log
    }

    fn sign(&mut self, tail: &Tail) {
        let note = self.note(&tail.checkpoint(&self.origin)).to_string();
        self.anchor = Anchor::Note(note.clone().into_bytes());
        self.checkpoints.push(note);
    }

    /// A genuine signature over any checkpoint.
    pub fn note(&self, checkpoint: &Checkpoint) -> SignedNote {
        let text = checkpoint.note_text();
        let signature = self.signing.sign(text.as_bytes()).to_bytes();
        SignedNote::assemble(&text, &self.key(), &signature).expect("a signature that fits")
    }

    /// The public key.
    pub fn key(&self) -> VerifierKey {
        VerifierKey::new(&self.origin, self.signing.verifying_key().to_bytes()).expect("a key")
    }

    /// What verification says of it now.
    pub fn verify(&self) -> LogVerdict {
        verify_log(
            &self.origin,
            Some(&self.key()),
            &self.checkpoints,
            &self.anchor,
            self.rows.clone(),
        )
    }

    /// Changes a body and leaves its hash alone.
    pub fn edit(&mut self, index: usize, from: &str, to: &str) {
        let body = String::from_utf8(self.rows[index].body.clone()).expect("JSON is UTF-8");
        assert!(body.contains(from), "{body}");
        self.rows[index].body = body.replacen(from, to, 1).into_bytes();
    }

    /// Makes the hash of a row fit its body.
    pub fn rehash(&mut self, index: usize) {
        self.rows[index].leaf_hash =
            firebreak_core::audit::leaf_hash(&self.rows[index].body).as_bytes().to_vec();
    }

    /// Makes the positions fit the order of the rows.
    pub fn renumber(&mut self) {
        for (index, row) in self.rows.iter_mut().enumerate() {
            row.index = index as u64;
        }
    }

    /// Makes every hash fit after record 0 was given a record before it.
    pub fn relink_after_forging_the_first(&mut self) {
        self.rehash(0);
        self.relink(1);
    }

    /// Makes every link and hash from `index` on fit, as a careful forger would.
    pub fn relink(&mut self, index: usize) {
        for at in index..self.rows.len() {
            let before = match at {
                0 => Hash::ZERO,
                _ => Hash::from_slice(&self.rows[at - 1].leaf_hash).expect("a hash"),
            };
            let mut record: serde_json::Value =
                serde_json::from_slice(&self.rows[at].body).expect("a record");
            record["previous"] = json!(before);
            record["index"] = json!(at);
            self.rows[at].index = at as u64;
            self.rows[at].body = serde_json_canonicalizer::to_vec(&record).expect("JSON");
            self.rehash(at);
        }
    }
}

fn entry(index: u64, text: String) -> Entry {
    Entry {
        at: chrono::DateTime::from_timestamp(1_790_000_000 + index as i64, 120_000_000)
            .expect("a time"),
        actor: "dana".to_owned(),
        kind: "step_approved".to_owned(),
        subject: format!("INC-{index}"),
        text,
        detail: json!({ "count": index, "share": 0.25, "names": ["ä", "\u{1f525}", "\n"] }),
    }
}
