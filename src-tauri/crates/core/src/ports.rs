//! What the outside must provide: traits that adapters implement and the engine calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::approval::Permit;
use crate::assessment::{Advice, Assessment, MenuItem};
use crate::asset::{Asset, Neighbourhood};
use crate::call::Call;
use crate::evidence::Evidence;
use crate::finding::{Finding, FindingDraft};
use crate::iam;
use crate::incident::Incident;
use crate::network;
use crate::observed::Observed;
use crate::write_back::Budget;
use crate::{ActionId, AssetId, EvidenceId, IncidentId, StepId, Timestamp};

/// Tells the time. The engine never asks the system itself.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// How a failure outside should be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Try again by itself: time-out, 429, 5xx, cut connection.
    Passing,
    /// A person must act: wrong credentials, missing permission, wrong address.
    NeedsPerson,
    /// The other side answered something that makes no sense.
    Garbage,
}

/// A failure outside, in words that hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct OutsideError {
    /// What was attempted: `wiz poll`, `ec2:DescribeInstances`.
    pub operation: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// How to treat it.
    pub trouble: Trouble,
    /// Not before this long, when the other side said so (`Retry-After`).
    pub retry_after: Option<std::time::Duration>,
}

impl OutsideError {
    /// A failure without remedy or retry time.
    pub fn new(operation: impl Into<String>, trouble: Trouble, message: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            message: message.into(),
            remedy: None,
            trouble,
            retry_after: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// One alert as it came, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAlert {
    /// `issue` or `detection`, as far as the way it came tells.
    pub kind: String,
    /// The bytes of this one object.
    pub body: Vec<u8>,
}

/// A position in a source's stream of changes. Opaque to everyone but the source that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Verbatim.
    pub alerts: Vec<RawAlert>,
    /// Where to go on after this page is stored. Stored in the same transaction as the alerts.
    pub cursor: Cursor,
    /// Whether to go on at once.
    pub more: bool,
    /// Changes up to this instant have been seen once this page is stored, for people.
    pub seen_until: Option<Timestamp>,
}

/// One line of a connection test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLine {
    /// What was checked.
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// What was found.
    pub text: String,
    /// What to do when it is not well.
    pub remedy: Option<String>,
}

/// Turns one raw alert into a finding. Pure; one a vendor.
pub trait Normaliser: Send + Sync {
    /// Reads one object.
    ///
    /// # Errors
    /// [`NotAnAlert`] when it is no issue or detection of this vendor, saying what it looks like.
    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert>;

    /// Splits a file or message into its objects: one JSON value, an array, JSON lines, or the
    /// vendor's own response envelope.
    ///
    /// # Errors
    /// [`NotAnAlert`] when the bytes are not JSON at all.
    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert>;
}

/// Why bytes did not become a finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnAlert(pub String);

/// A CNAPP.
#[async_trait]
pub trait AlertSource: Send + Sync {
    /// The configured name.
    fn name(&self) -> &str;

    /// One page of changes after `cursor`; from the beginning of the look-back when `None`.
    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError>;

    /// Checks address, credentials and each scope that is needed.
    async fn test(&self) -> Vec<CheckLine>;

    /// The neighbours of the finding's asset in the source's own graph.
    async fn neighbours(&self, finding: &Finding) -> Result<Neighbourhood, OutsideError>;

    /// A place in the stream from which every change since an instant is read.
    fn start_at(&self, since: Timestamp) -> Cursor;

    /// Called once the page that ended at `cursor` is on disk: what a queue holds back until then is
    /// deleted there now.
    async fn stored(&self, _cursor: &Cursor) -> Result<(), OutsideError> {
        Ok(())
    }

    /// What reads its alerts, when they are not in its own vendor's format.
    fn normaliser(&self) -> Option<Arc<dyn Normaliser>> {
        None
    }

    /// Whether a poll waits for what is new by itself, so that the next may follow at once.
    fn listens(&self) -> bool {
        false
    }

    /// Something about it that people should know and that is no failure.
    fn note(&self) -> Option<String> {
        None
    }

    /// How much it may still be asked; `None` before that is known.
    fn budget(&self) -> Option<Budget> {
        None
    }
}

/// Where a step is aimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What will be done.
    pub action: ActionId,
    /// Native id: `i-…`, an ARN, `AKIA…`.
    pub asset: AssetId,
    /// Account id.
    pub account: String,
    /// Region; `global` for IAM.
    pub region: String,
    /// The incident, for the names of what is made.
    pub incident: IncidentId,
    /// The step, for tags.
    pub step: StepId,
}

/// Reads of a cloud account. Constructed in every phase, with read credentials only.
#[async_trait]
pub trait CloudReader: Send + Sync {
    /// Everything about a target that the action may touch.
    async fn observe(&self, target: &Target) -> Result<Observed, OutsideError>;

    /// What the cloud knows of an asset; `None` when it knows no such thing.
    async fn asset(&self, id: &AssetId, region: &str) -> Result<Option<Asset>, OutsideError>;

    /// Users, roles, policies, and what runs as which role: what reachability is worked out from.
    async fn identities(&self) -> Result<iam::Account, OutsideError>;

    /// Interfaces of a region, and the groups, ACLs and routes that say who can connect to whom.
    async fn network(&self, region: &str) -> Result<network::Region, OutsideError>;

    /// Whom the responder's own credentials are, so that they are never a target.
    async fn own_identity(&self) -> Result<OwnIdentity, OutsideError>;

    /// Checks credentials and read permissions.
    async fn test(&self) -> Vec<CheckLine>;
}

/// Who Firebreak itself is in a cloud account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnIdentity {
    /// ARNs of the reading and writing identities and of the role assumed.
    pub arns: Vec<String>,
    /// Access key ids in use.
    pub access_keys: Vec<String>,
}

/// What pre-flight learnt about one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preflight {
    /// The cloud would permit it.
    Permitted,
    /// The cloud would not.
    Refused(String),
    /// It can't be known beforehand.
    Unknown(String),
}

/// What became of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// The cloud accepted it. Not a proof.
    Accepted {
        /// Ids that the cloud made, and its request id, in words.
        note: Option<String>,
    },
    /// The cloud says there was nothing to do (a rule that did not exist). Not a success of ours.
    AlreadySo {
        /// The cloud's words.
        note: String,
    },
    /// The cloud said no, or the call never left: nothing changed.
    Rejected {
        /// Why.
        error: OutsideError,
    },
    /// It may or may not have happened.
    Unknown {
        /// What was seen.
        error: OutsideError,
    },
}

/// The executor's way to write down what it is about to do and what came of it. Both are on disk
/// when they return; an error means it is not, and the executor must stop.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Called before the call leaves.
    async fn sending(&self, index: usize, call: &Call) -> Result<(), JournalError>;
    /// Called with what came of it.
    async fn answered(
        &self,
        index: usize,
        call: &Call,
        outcome: &CallOutcome,
    ) -> Result<(), JournalError>;
    /// Asked between calls.
    fn cancelled(&self) -> bool;
}

/// The journal can't be written; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal can't be written: {0}")]
pub struct JournalError(pub String);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// Every call was accepted.
    AllSent,
    /// Stopped at a call that the cloud refused; later calls were not sent.
    StoppedAt {
        /// Which.
        index: usize,
        /// Why.
        error: OutsideError,
    },
    /// Stopped at a call that may or may not have happened.
    UnknownAt {
        /// Which.
        index: usize,
        /// What was seen.
        error: OutsideError,
    },
    /// A person cancelled before this call.
    CancelledBefore(usize),
    /// The journal failed before or after this call; if after, the call happened.
    JournalFailed {
        /// Which.
        index: usize,
        /// Whether the call had left.
        sent: bool,
        /// Why.
        error: JournalError,
    },
    /// Nothing was sent at all.
    NeverStarted(OutsideError),
}

/// Changes to a cloud account. Not constructed in phase 1.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Asks the cloud whether each call would be permitted, changing nothing.
    async fn preflight(&self, target: &Target, calls: &[Call]) -> Vec<Preflight>;

    /// Makes the permitted calls, in order, each at most once.
    async fn run(&self, permit: Permit, journal: &dyn Journal) -> RunEnd;
}

/// A secret; shown by nothing, wiped when dropped.
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// Wraps secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(zeroize::Zeroizing::new(text.into()))
    }

    /// The text, for the one place that sends or stores it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a secret is called in the keychain: `source/wiz-prod`, `cloud/acme/read`, `key/approver`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// Names a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the keychain says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeychainState {
    /// It works.
    Unlocked,
    /// Nothing answers.
    Unavailable(String),
    /// Something answers, but has no collection to keep secrets in.
    NoCollection,
    /// It is locked.
    Locked,
}

/// Why the keychain did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It can't be used now.
    #[error("{}", keychain_words(.0))]
    NotUsable(KeychainState),
    /// It did not answer in time.
    #[error("the keychain did not answer within {0} seconds; unlock it, or try again")]
    TimedOut(u64),
    /// The secret does not fit.
    #[error("{name} is {length} bytes long; this keychain takes at most {limit}")]
    TooLong {
        /// Which.
        name: String,
        /// Its length.
        length: usize,
        /// What fits.
        limit: usize,
    },
    /// A key that should be there is not.
    #[error("the keychain has no {0}, though it was stored there; restore it, or enter it again")]
    Missing(String),
    /// Anything else, in words without secrets.
    #[error("the keychain failed: {0}")]
    Failed(String),
}

/// What is wrong with the keychain and what to do, in words.
pub fn keychain_words(state: &KeychainState) -> String {
    match state {
        KeychainState::Unlocked => "The keychain is unlocked.".to_owned(),
        KeychainState::Unavailable(detail) => format!(
            "No keychain answers ({detail}). Start a Secret Service such as gnome-keyring or KWallet in this session, then retry."
        ),
        KeychainState::NoCollection => {
            "The keychain has no collection to keep secrets in. Create a default keyring (for example with Seahorse, or by logging in again), then retry.".to_owned()
        }
        KeychainState::Locked => "The keychain is locked. Unlock it, then retry.".to_owned(),
    }
}

/// The OS keychain. Background calls never prompt.
#[async_trait]
pub trait Vault: Send + Sync {
    /// How it is now, without prompting.
    async fn state(&self) -> KeychainState;
    /// Asks the person to unlock it. Call only for something that the person did.
    async fn unlock(&self) -> KeychainState;
    /// Reads; `None` when there is no such secret.
    async fn read(&self, name: &SecretName) -> Result<Option<Secret>, VaultError>;
    /// Writes or replaces.
    async fn write(&self, name: &SecretName, secret: Secret) -> Result<(), VaultError>;
    /// Deletes; absent is fine.
    async fn delete(&self, name: &SecretName) -> Result<(), VaultError>;
}

/// Which signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyName {
    /// Signs approvals.
    Approver,
    /// Signs the audit log's checkpoints.
    AuditLog,
}

/// Signs with Ed25519 keys that never leave the adapter.
#[async_trait]
pub trait Signer: Send + Sync {
    /// Makes the key when there is none; answers the public key, 32 bytes. Never replaces one.
    async fn create_if_absent(&self, key: KeyName) -> Result<[u8; 32], VaultError>;
    /// The public key; [`VaultError::Missing`] when there is none.
    async fn public_key(&self, key: KeyName) -> Result<[u8; 32], VaultError>;
    /// Signs; [`VaultError::Missing`] when there is no key.
    async fn sign(&self, key: KeyName, message: &[u8]) -> Result<[u8; 64], VaultError>;
}

/// A step that a playbook proposes, before the cloud was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What a model may choose.
    pub item: MenuItem,
    /// For the action.
    pub parameters: BTreeMap<String, String>,
    /// The evidence that the target comes from.
    pub cites: Vec<EvidenceId>,
}

/// What the playbooks make of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The playbook's id.
    pub playbook: String,
    /// Its version.
    pub playbook_version: u32,
    /// What policy sees as the threat type.
    pub threat: String,
    /// What it matched on, in words.
    pub because: String,
    /// Ranked.
    pub candidates: Vec<Candidate>,
    /// Deterministic summary and hypothesis.
    pub assessment: Assessment,
}

/// What a model made of an incident, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Advised {
    /// The model's name.
    pub model: String,
    /// How long it took.
    pub milliseconds: u64,
    /// What it said, after every check.
    pub advice: Advice,
}

/// Playbooks, and a model where one is configured.
#[async_trait]
pub trait Planner: Send + Sync {
    /// What the playbooks propose. Pure and immediate.
    fn propose(&self, incident: &Incident, findings: &[Finding], evidence: &[Evidence])
    -> Proposal;

    /// Whether a model is configured.
    fn has_model(&self) -> bool;

    /// Asks the model. The error says in words why there is no answer: down, slow, rejected twice.
    async fn advise(
        &self,
        incident: &Incident,
        asset: Option<&Asset>,
        findings: &[Finding],
        evidence: &[Evidence],
    ) -> Result<Advised, String>;
}

/// A model that writes assessments. Whatever it answers is untrusted text.
#[async_trait]
pub trait Assessor: Send + Sync {
    /// The model's name, for the record.
    fn model(&self) -> &str;
    /// One attempt. The answer is the model's raw text, capped; the caller parses and checks it.
    async fn ask(&self, prompt: &crate::assessment::Prompt) -> Result<String, OutsideError>;
    /// Checks address, key and schema support.
    async fn test(&self) -> Vec<CheckLine>;
}
