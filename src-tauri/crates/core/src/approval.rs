//! Approvals and permits.
//!
//! A person signs a digest. [`Permit::mint`] is the only way to make a permit: it checks verdict,
//! signatures, keys, expiry and that the digest approved is the digest about to run. A permit is
//! neither cloned nor stored; an executor takes it by value, so it is good for one execution.

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::plan::{Digest, Direction, Subject};
use crate::policy::{Verdict, VerdictKind};
use crate::proof::Condition;
use crate::{ActionId, ApprovalId, AssetId, IncidentId, IntentId, StepId, Timestamp, canonical};

/// How long a signature is good for, in minutes.
pub const APPROVAL_MINUTES: i64 = 15;

/// The part of an approval that is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// What is approved.
    pub digest: Digest,
    /// Which step it belongs to.
    pub step: StepId,
    /// Run or undo.
    pub direction: Direction,
    /// The person's name, as their system knows them.
    pub approver: String,
    /// Their public key, 64 hex digits.
    pub key: String,
    /// When they signed.
    pub signed_at: Timestamp,
    /// When the signature stops being good.
    pub expires_at: Timestamp,
    /// Makes two signatures of one digest differ.
    pub nonce: String,
}

impl Statement {
    /// The bytes that are signed.
    pub fn bytes(&self) -> Vec<u8> {
        canonical::bytes("firebreak approval v1", self)
    }
}

/// A person's signature over a step's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Ours.
    pub id: ApprovalId,
    /// What was signed.
    pub statement: Statement,
    /// Ed25519 signature, 128 hex digits.
    pub signature: String,
}

/// A key that may approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproverKey {
    /// The person's name.
    pub approver: String,
    /// Ed25519 public key, 64 hex digits.
    pub key: String,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    /// Another digest, step or direction.
    #[error("it was given for other calls than these")]
    OtherSubject,
    /// Too late.
    #[error("it expired at {0}")]
    Expired(Timestamp),
    /// Signed in the future: a clock is wrong.
    #[error("it is dated {0}, in the future; check the clock")]
    NotYet(Timestamp),
    /// Not one of the enrolled keys.
    #[error("its key {0} is not enrolled for {1}")]
    NotEnrolled(String, String),
    /// The signature does not fit the bytes.
    #[error("the signature does not fit what it claims to sign")]
    Forged,
}

impl Approval {
    /// Checks everything that can be checked about one signature.
    ///
    /// # Errors
    /// The first [`SignatureProblem`] found.
    pub fn check(
        &self,
        subject: &Subject,
        enrolled: &[ApproverKey],
        now: Timestamp,
    ) -> Result<(), SignatureProblem> {
        let statement = &self.statement;
        if statement.digest != subject.digest()
            || statement.step != subject.step
            || statement.direction != subject.direction
        {
            return Err(SignatureProblem::OtherSubject);
        }
        if now >= statement.expires_at {
            return Err(SignatureProblem::Expired(statement.expires_at));
        }
        let longest = chrono::Duration::minutes(APPROVAL_MINUTES);
        if statement.signed_at > now || statement.expires_at - statement.signed_at > longest {
            return Err(SignatureProblem::NotYet(statement.signed_at));
        }
        if !enrolled
            .iter()
            .any(|known| known.key == statement.key && known.approver == statement.approver)
        {
            return Err(SignatureProblem::NotEnrolled(
                statement.key.clone(),
                statement.approver.clone(),
            ));
        }
        verify(&statement.key, &statement.bytes(), &self.signature)
    }
}

fn verify(key: &str, message: &[u8], signature: &str) -> Result<(), SignatureProblem> {
    let mut key_bytes = [0_u8; 32];
    let mut signature_bytes = [0_u8; 64];
    hex::decode_to_slice(key, &mut key_bytes).map_err(|_| SignatureProblem::Forged)?;
    hex::decode_to_slice(signature, &mut signature_bytes).map_err(|_| SignatureProblem::Forged)?;
    let key = VerifyingKey::from_bytes(&key_bytes).map_err(|_| SignatureProblem::Forged)?;
    key.verify_strict(message, &Signature::from_bytes(&signature_bytes))
        .map_err(|_| SignatureProblem::Forged)
}

/// Why no permit was minted. A refusal, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Policy denies the step.
    #[error("policy denies it: {0}")]
    Denied(String),
    /// The verdict was given under another policy than the one in force.
    #[error("the policy changed since it was approved; propose the step again")]
    PolicyChanged,
    /// Too few people signed.
    #[error("{have} of {needed} approvals{problems}")]
    TooFew {
        /// Distinct people with a good signature.
        have: u32,
        /// How many policy wants.
        needed: u32,
        /// What was wrong with the signatures that don't count.
        problems: String,
    },
    /// What would run is not what was drafted.
    #[error("{0}")]
    Drifted(String),
}

/// Good for one execution of one digest, until it expires.
///
/// It opens once:
/// ```
/// # use firebreak_core::{Timestamp, approval::Permit};
/// fn once(permit: Permit, now: Timestamp) {
///     let _ = permit.open(now);
/// }
/// ```
/// and never twice, because opening takes it:
/// ```compile_fail,E0382
/// # use firebreak_core::{Timestamp, approval::Permit};
/// fn twice(permit: Permit, now: Timestamp) {
///     let _ = permit.open(now);
///     let _ = permit.open(now);
/// }
/// ```
/// It can't be copied:
/// ```compile_fail,E0599
/// # use firebreak_core::approval::Permit;
/// fn copy(permit: &Permit) -> Permit {
///     permit.clone()
/// }
/// ```
/// and nothing but [`Permit::mint`] makes one:
/// ```compile_fail,E0451
/// # use firebreak_core::{IntentId, Timestamp, approval::Permit, plan::{Digest, Subject}};
/// fn forge(subject: Subject, digest: Digest, intent: IntentId, expires_at: Timestamp) -> Permit {
///     Permit { subject, digest, intent, expires_at }
/// }
/// ```
#[derive(Debug)]
pub struct Permit {
    subject: Subject,
    digest: Digest,
    intent: IntentId,
    expires_at: Timestamp,
}

impl Permit {
    /// Mints a permit, or says why not.
    ///
    /// `subject` is what is about to run, built from the state read just now; `approved` is the
    /// digest that people saw; `verdict` is policy's word under the policy in force. One person
    /// never counts twice: signatures are counted by key and by name.
    ///
    /// # Errors
    /// A [`Refusal`] in words for the person who asked.
    pub fn mint(
        subject: Subject,
        approved: &Digest,
        verdict: &Verdict,
        approvals: &[Approval],
        enrolled: &[ApproverKey],
        intent: IntentId,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if subject.policy_version != verdict.policy_version {
            return Err(Refusal::PolicyChanged);
        }
        let digest = subject.digest();
        if digest != *approved {
            return Err(Refusal::Drifted(
                "what would run now is not what was approved; propose the step again".to_owned(),
            ));
        }
        let needed = match verdict.kind {
            VerdictKind::Denied => return Err(Refusal::Denied(verdict.reasons())),
            VerdictKind::Auto => 0,
            VerdictKind::NeedsApproval(needed) => needed,
        };
        let mut keys: Vec<&str> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut problems = Vec::new();
        let mut expires_at = now + chrono::Duration::minutes(APPROVAL_MINUTES);
        for approval in approvals {
            let statement = &approval.statement;
            match approval.check(&subject, enrolled, now) {
                Ok(())
                    if keys.contains(&statement.key.as_str())
                        || names.contains(&statement.approver.as_str()) =>
                {
                    problems.push(format!("{} signed twice", statement.approver));
                }
                Ok(()) => {
                    keys.push(&statement.key);
                    names.push(&statement.approver);
                    expires_at = expires_at.min(statement.expires_at);
                }
                Err(problem) => problems.push(format!("{}: {problem}", statement.approver)),
            }
        }
        let have = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        if have < needed {
            let problems = if problems.is_empty() {
                String::new()
            } else {
                format!(" ({})", problems.join("; "))
            };
            return Err(Refusal::TooFew { have, needed, problems });
        }
        Ok(Self { subject, digest, intent, expires_at })
    }

    /// Opens the permit for its one execution.
    ///
    /// # Errors
    /// [`Refusal::Drifted`] when it expired before it was used.
    pub fn open(self, now: Timestamp) -> Result<Warrant, Refusal> {
        if now >= self.expires_at {
            return Err(Refusal::Drifted(format!("the approval expired at {}", self.expires_at)));
        }
        let Subject {
            incident,
            step,
            direction,
            action,
            target,
            account,
            region,
            calls,
            proof,
            ..
        } = self.subject;
        Ok(Warrant {
            incident,
            step,
            direction,
            action,
            target,
            account,
            region,
            calls,
            proof,
            intent: self.intent,
            digest: self.digest,
        })
    }

    /// Which intent it belongs to.
    pub fn intent(&self) -> &IntentId {
        &self.intent
    }
}

/// An opened permit: what an executor may do, and nothing else. Made only by [`Permit::open`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Warrant {
    /// Which incident.
    pub incident: IncidentId,
    /// Which step.
    pub step: StepId,
    /// Run or undo.
    pub direction: Direction,
    /// Of the catalogue.
    pub action: ActionId,
    /// Native id.
    pub target: AssetId,
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// Exactly these, in this order.
    pub calls: Vec<Call>,
    /// What must be read afterwards.
    pub proof: Vec<Condition>,
    /// Which intent.
    pub intent: IntentId,
    /// What was approved.
    pub digest: Digest,
}
