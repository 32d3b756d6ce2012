//! Signing and checking the audit log.

use std::sync::atomic::Ordering;

use firebreak_core::Timestamp;
use firebreak_core::audit::{Anchor, LogVerdict, SignedNote, Verifier, VerifierKey, origin};
use firebreak_core::ports::{KeyName, Secret, SecretName, VaultError};
use serde_json::json;

use crate::{Engine, EngineError, EngineEvent, Identity};

/// Where the newest checkpoint is kept outside the database: in the keychain, beside the key.
const ANCHOR: &str = "audit/newest-checkpoint";
/// The marker that says an anchor was ever written.
const ANCHOR_MARKER: &str = "audit/newest-checkpoint";
const LOG_KEY_SETTING: &str = "audit.verifier_key";
const ROWS_AT_ONCE: u32 = 5_000;

/// What a verification found, and what about the database itself is odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// What the core's verifier found.
    pub verdict: LogVerdict,
    /// When.
    pub checked_at: Timestamp,
    /// The key that checkpoints were checked with.
    pub key: Option<String>,
    /// Triggers that should refuse changes and are gone, and other oddities, in words.
    pub tampering: Vec<String>,
    /// What could not be checked, in words.
    pub cautions: Vec<String>,
}

/// The key that checkpoints are checked with, and what is odd about it.
struct LogKeyReading {
    key: Option<VerifierKey>,
    tampering: Vec<String>,
    cautions: Vec<String>,
}

impl AuditReport {
    /// Whether nothing is wrong.
    pub fn ok(&self) -> bool {
        self.verdict.ok() && self.tampering.is_empty()
    }
}

impl Engine {
    /// Makes the keys that this workspace signs with and enrols the person. Safe to repeat.
    ///
    /// # Errors
    /// Keychain errors; nothing is enrolled then.
    pub async fn enrol(&self, who: &Identity) -> Result<(), EngineError> {
        let mut markers = Vec::new();
        for (key, name) in
            [(KeyName::AuditLog, "key/audit-log"), (KeyName::Approver, "key/approver")]
        {
            // A key that was there once and is gone must not be replaced in silence: signatures and
            // checkpoints made with it would stop counting and nobody would know why.
            let marked = self.store.is_marked(name).await?;
            let public = if marked {
                self.signer.public_key(key).await?
            } else {
                self.signer.create_if_absent(key).await?
            };
            markers.push((name, marked, public));
        }
        let log_key = VerifierKey::new(&origin(&self.workspace), markers[0].2)
            .map_err(|problem| EngineError::Invalid(problem.to_string()))?;
        let approver = firebreak_core::approval::ApproverKey {
            approver: who.name.clone(),
            key: markers[1].2.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let now = self.now();
        let mut write = self.store.write().await?;
        for (name, marked, _) in &markers {
            if !marked {
                write.put_marker(name, now).await?;
            }
        }
        write.put_setting(LOG_KEY_SETTING, &log_key.to_string()).await?;
        if write.enrol(&approver, now).await? {
            let text =
                format!("{} may approve with key {}", approver.approver, &approver.key[..16]);
            let detail = json!({ "approver": approver.approver, "key": approver.key, "log_key": log_key.to_string() });
            write
                .audit(self.record(who, "key_enrolled", approver.approver.clone(), text, detail))
                .await?;
        }
        write.commit().await?;
        Ok(())
    }

    /// Signs the log as it is now and keeps the checkpoint in the database and in the keychain.
    ///
    /// # Errors
    /// Keychain and store errors. The records are safe either way; they are just not signed for.
    pub async fn checkpoint(&self) -> Result<(), EngineError> {
        let _one_at_a_time = self.checkpointing.lock().await;
        let origin = origin(&self.workspace);
        let mut write = self.store.write().await?;
        let checkpoint = write.audit_checkpoint(&origin).await?;
        // Nothing was written; others may write while the keychain works.
        write.abandon().await?;
        if checkpoint.size == 0 {
            return Ok(());
        }
        if self.store.newest_checkpoint().await?.is_some_and(|(size, _)| size == checkpoint.size) {
            return Ok(());
        }
        self.refuse_to_hide_a_rollback().await?;
        let text = checkpoint.note_text();
        let signature = self.signer.sign(KeyName::AuditLog, text.as_bytes()).await?;
        let key = VerifierKey::new(&origin, self.signer.public_key(KeyName::AuditLog).await?)
            .map_err(|problem| EngineError::Invalid(problem.to_string()))?;
        let note = SignedNote::assemble(&text, &key, &signature)
            .map_err(|problem| EngineError::Invalid(problem.to_string()))?
            .to_string();
        let mut write = self.store.write().await?;
        write.put_checkpoint(checkpoint.size, &note).await?;
        write.put_marker(ANCHOR_MARKER, self.now()).await?;
        write.commit().await?;
        self.vault.write(&SecretName::new(ANCHOR), Secret::new(note)).await?;
        self.emit(EngineEvent::AuditChanged);
        Ok(())
    }

    /// Before the first signature of a run: the log must continue what was signed last. A signature
    /// over an older copy that was put back would replace the only thing that shows it.
    async fn refuse_to_hide_a_rollback(&self) -> Result<(), EngineError> {
        if self.continuity_checked.load(Ordering::Acquire) {
            return Ok(());
        }
        let report = self.verify_audit().await?;
        if !report.verdict.ok() {
            tracing::error!(verdict = %report.verdict, "the audit log is not whole, so it is not signed");
            return Err(EngineError::Refused(format!(
                "the audit log is not signed: {}",
                report.verdict
            )));
        }
        self.continuity_checked.store(true, Ordering::Release);
        Ok(())
    }

    /// Signs when the keychain lets it; when it does not, the log says itself how much is unsigned.
    pub(crate) async fn checkpoint_soon(&self) {
        if let Err(error) = self.checkpoint().await {
            tracing::warn!(%error, "the audit log could not be signed now; its records are kept");
        }
    }

    /// Checks every record, every checkpoint and the copy kept outside the database.
    ///
    /// # Errors
    /// Only when the store can't be read; everything else is in the report.
    pub async fn verify_audit(&self) -> Result<AuditReport, EngineError> {
        let LogKeyReading { key, mut tampering, cautions } = self.log_key().await?;
        let anchor = self.anchor().await?;
        let checkpoints: Vec<String> =
            self.store.checkpoints().await?.into_iter().map(|(_, note)| note).collect();
        let mut verifier =
            Verifier::new(&origin(&self.workspace), key.as_ref(), &checkpoints, &anchor);
        let mut next = 0;
        loop {
            let rows = self.store.audit_records(next, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            next = last.position + 1;
            for row in &rows {
                verifier.row(row.position, &row.body, &row.leaf);
            }
        }
        for trigger in self.store.missing_triggers().await? {
            tampering.push(format!(
                "the trigger {trigger}, which refuses changes, is gone from the database"
            ));
        }
        Ok(AuditReport {
            verdict: verifier.finish(),
            checked_at: self.now(),
            key: key.map(|key| key.to_string()),
            tampering,
            cautions,
        })
    }

    /// The key of the log: the keychain's, else the one noted in the database, which is worth less.
    async fn log_key(&self) -> Result<LogKeyReading, EngineError> {
        let noted = self.store.setting(LOG_KEY_SETTING).await?;
        let noted = noted.as_deref().and_then(|text| VerifierKey::parse(text).ok());
        match self.signer.public_key(KeyName::AuditLog).await {
            Ok(public) => {
                let key = VerifierKey::new(&origin(&self.workspace), public)
                    .map_err(|problem| EngineError::Invalid(problem.to_string()))?;
                let differs = noted.as_ref().is_some_and(|noted| *noted != key);
                let tampering = differs
                    .then(|| "the log key noted in the database is not the keychain's".to_owned());
                Ok(LogKeyReading {
                    key: Some(key),
                    tampering: tampering.into_iter().collect(),
                    cautions: Vec::new(),
                })
            }
            Err(error) => Ok(LogKeyReading {
                key: noted,
                tampering: Vec::new(),
                cautions: vec![format!(
                    "signatures were checked with the key noted in the database, for the keychain's can't be read: {error}"
                )],
            }),
        }
    }

    async fn anchor(&self) -> Result<Anchor, EngineError> {
        let marked = self.store.is_marked(ANCHOR_MARKER).await?;
        Ok(match self.vault.read(&SecretName::new(ANCHOR)).await {
            Ok(Some(note)) => Anchor::Note(note.expose().as_bytes().to_vec()),
            Ok(None) if marked => {
                Anchor::Unreadable(VaultError::Missing(ANCHOR.to_owned()).to_string())
            }
            Ok(None) => Anchor::Absent,
            Err(error) => Anchor::Unreadable(error.to_string()),
        })
    }
}
