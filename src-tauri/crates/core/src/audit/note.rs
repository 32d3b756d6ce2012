//! C2SP signed notes (c2sp.org/signed-note) with Ed25519 signatures, read strictly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// The signature type of Ed25519 in C2SP signed notes.
const ED25519: u8 = 1;
/// The longest note read, in bytes. Ours are about 200.
const LONGEST: usize = 64 * 1024;
/// The most signatures read. The specification asks for at least 16.
const MOST_SIGNATURES: usize = 64;
/// Begins a signature line.
const DASH: &str = "\u{2014} ";

/// What is wrong with a note or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteProblem {
    /// Not the form of a signed note; the text says what.
    #[error("it is not a signed note: {0}")]
    Form(&'static str),
    /// Not a verifier key; the text says what.
    #[error("it is not a verifier key: {0}")]
    Key(&'static str),
    /// No signature by the key that is asked for.
    #[error("it carries no signature by {0}")]
    Unsigned(String),
    /// A signature by that key that does not fit.
    #[error("the signature by {0} does not fit the text")]
    Forged(String),
}

/// A public key with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: [u8; 32],
}

impl VerifierKey {
    /// Names a key.
    ///
    /// # Errors
    /// [`NoteProblem::Key`] when the name is empty or has spaces, plus signs or control
    /// characters, or the bytes are no key.
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteProblem> {
        if !is_name(name) {
            return Err(NoteProblem::Key(
                "the name is empty or has a space, a plus or a control character",
            ));
        }
        VerifyingKey::from_bytes(&key)
            .map_err(|_| NoteProblem::Key("the bytes are no Ed25519 key"))?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// [`NoteProblem::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteProblem> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NoteProblem::Key("it is not name+hash+key"));
        };
        let bytes =
            STANDARD.decode(encoded).map_err(|_| NoteProblem::Key("the key is not base64"))?;
        let [ED25519, rest @ ..] = bytes.as_slice() else {
            return Err(NoteProblem::Key("the key is not of the type Ed25519"));
        };
        let key = rest.try_into().map_err(|_| NoteProblem::Key("the key is not 32 bytes long"))?;
        let found = Self::new(name, key)?;
        if id != hex::encode(found.id()) {
            return Err(NoteProblem::Key("the hash does not fit name and key"));
        }
        Ok(found)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The first four bytes of SHA-256 over name, newline, type and key.
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key)
            .finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

/// `name+hash+base64`, as other tools take it.
impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let typed: Vec<u8> = [ED25519].into_iter().chain(self.key).collect();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(typed))
    }
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Who says to have signed.
    pub name: String,
    /// Which of their keys.
    pub key_id: [u8; 4],
    /// The signature itself; 64 bytes for Ed25519.
    pub signature: Vec<u8>,
}

/// A text and the signatures below it. Nothing is known of them until [`SignedNote::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl SignedNote {
    /// Puts a signature below a text.
    ///
    /// # Errors
    /// [`NoteProblem::Form`] when the text can't be the text of a note, [`NoteProblem::Forged`]
    /// when the signature does not fit: a note that nobody could verify is never made.
    pub fn assemble(
        text: &str,
        key: &VerifierKey,
        signature: &[u8; 64],
    ) -> Result<Self, NoteProblem> {
        check_characters(text)?;
        if !text.ends_with('\n') {
            return Err(NoteProblem::Form("the text does not end with a newline"));
        }
        let line = NoteSignature {
            name: key.name.clone(),
            key_id: key.id(),
            signature: signature.to_vec(),
        };
        let note = Self { text: text.to_owned(), signatures: vec![line] };
        note.verify(key)?;
        Ok(note)
    }

    /// Reads a note. Any bytes may be given.
    ///
    /// # Errors
    /// [`NoteProblem::Form`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteProblem> {
        if bytes.len() > LONGEST {
            return Err(NoteProblem::Form("it is too long"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteProblem::Form("it is not UTF-8"))?;
        check_characters(whole)?;
        let blank = whole.rfind("\n\n").ok_or(NoteProblem::Form("no blank line ends the text"))?;
        let (text, below) = (&whole[..=blank], &whole[blank + 2..]);
        let Some(lines) = below.strip_suffix('\n') else {
            return Err(NoteProblem::Form("no signature line ends it"));
        };
        let signatures = lines.split('\n').map(read_line).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MOST_SIGNATURES {
            return Err(NoteProblem::Form("it has too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Checks that the key signed the text. Signatures by other keys are ignored.
    ///
    /// # Errors
    /// [`NoteProblem::Unsigned`], or [`NoteProblem::Forged`] when any signature that names the key
    /// does not fit.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteProblem> {
        let forged = || NoteProblem::Forged(key.name.clone());
        let verifying = VerifyingKey::from_bytes(&key.key).map_err(|_| forged())?;
        let id = key.id();
        let mut signed = false;
        for line in self.signatures.iter().filter(|line| line.name == key.name && line.key_id == id)
        {
            let signature = Signature::from_slice(&line.signature).map_err(|_| forged())?;
            verifying.verify_strict(self.text.as_bytes(), &signature).map_err(|_| forged())?;
            signed = true;
        }
        if signed { Ok(()) } else { Err(NoteProblem::Unsigned(key.name.clone())) }
    }
}

/// The note as it is stored and handed out.
impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let bytes = [line.key_id.as_slice(), &line.signature].concat();
            writeln!(f, "{DASH}{} {}", line.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

fn read_line(line: &str) -> Result<NoteSignature, NoteProblem> {
    let rest = line
        .strip_prefix(DASH)
        .ok_or(NoteProblem::Form("a signature line does not begin with a dash"))?;
    let (name, encoded) =
        rest.split_once(' ').ok_or(NoteProblem::Form("a signature line has no signature"))?;
    if !is_name(name) {
        return Err(NoteProblem::Form("a signature line has no proper key name"));
    }
    let bytes =
        STANDARD.decode(encoded).map_err(|_| NoteProblem::Form("a signature is not base64"))?;
    match bytes.split_first_chunk::<4>() {
        Some((key_id, signature)) if !signature.is_empty() => Ok(NoteSignature {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        }),
        _ => Err(NoteProblem::Form("a signature is too short")),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn check_characters(text: &str) -> Result<(), NoteProblem> {
    match text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        true => Err(NoteProblem::Form("it has a control character")),
        false => Ok(()),
    }
}
