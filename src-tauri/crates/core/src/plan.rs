//! Containment plans and their steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::asset::Environment;
use crate::call::Call;
use crate::observed::Observed;
use crate::policy::Verdict;
use crate::proof::{Condition, Judgement};
use crate::{ActionId, AssetId, EvidenceId, IncidentId, PlanId, StepId, Timestamp, canonical};

/// Which half of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The step itself.
    Execute,
    /// Putting back what it changed.
    Undo,
}

impl Direction {
    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Execute => "execute",
            Self::Undo => "undo",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Execute, Self::Undo].into_iter().find(|direction| direction.name() == name)
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Waiting for people.
    Proposed,
    /// Enough signatures; waiting to be run.
    Approved,
    /// Calls are being made.
    Running,
    /// All calls were accepted; not proven yet.
    Dispatched,
    /// Reads show that it worked.
    Proven,
    /// Reads show that it did not.
    Refuted,
    /// It may or may not have happened: read, don't repeat.
    Unknown,
    /// A call was refused or failed; later calls were not sent.
    Failed,
    /// A person said no.
    Rejected,
    /// Undo calls are being made.
    Undoing,
    /// Reads show that the old state is back.
    Undone,
    /// It can't be drafted or policy denies it.
    Refused,
}

impl StepState {
    /// All states.
    pub const ALL: [Self; 12] = [
        Self::Proposed,
        Self::Approved,
        Self::Running,
        Self::Dispatched,
        Self::Proven,
        Self::Refuted,
        Self::Unknown,
        Self::Failed,
        Self::Rejected,
        Self::Undoing,
        Self::Undone,
        Self::Refused,
    ];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Dispatched => "dispatched",
            Self::Proven => "proven",
            Self::Refuted => "refuted",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Refused => "refused",
        }
    }

    /// Reads a stored name; `None` for any other. An unknown stored state must never be taken for
    /// one from which a step could run again.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether signatures may be given for running it.
    pub fn can_be_approved(self) -> bool {
        matches!(self, Self::Proposed)
    }

    /// Whether it may have changed something that an undo could put back.
    pub fn can_be_undone(self) -> bool {
        matches!(self, Self::Dispatched | Self::Proven | Self::Refuted | Self::Failed)
    }

    /// Whether proposing a new plan may replace it: nothing was sent yet.
    pub fn is_untouched(self) -> bool {
        matches!(self, Self::Proposed | Self::Approved | Self::Rejected | Self::Refused)
    }
}

/// What a step would do, worked out from what was read. Pure data: see [`crate::containment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// In the order in which they run.
    pub calls: Vec<Call>,
    /// What must be read afterwards.
    pub proof: Vec<Condition>,
    /// What stops working.
    pub disruption: Vec<String>,
    /// What a careful person should know before signing.
    pub warnings: Vec<String>,
    /// Whether the calls have a complete inverse.
    pub reversible: bool,
    /// How it is undone, in words.
    pub undo_summary: String,
}

impl Draft {
    /// The calls that put the old state back, last change first.
    pub fn inverse(&self) -> Vec<Call> {
        inverse_of(&self.calls)
    }
}

/// The calls that put back what `sent` changed, last change first.
pub fn inverse_of(sent: &[Call]) -> Vec<Call> {
    sent.iter().rev().filter_map(Call::inverse).collect()
}

/// One action on one asset with parameters, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Ours.
    pub id: StepId,
    /// The plan it belongs to.
    pub plan: PlanId,
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// From 1, first to do first.
    pub rank: u32,
    /// Its place in the playbook, from 1. What was kept before this was noted has none.
    pub playbook_rank: Option<u32>,
    /// Its place in the model's order, from 1, when a model gave one.
    pub model_rank: Option<u32>,
    /// Of the catalogue.
    pub action: ActionId,
    /// Native id.
    pub target: AssetId,
    /// Untrusted.
    pub target_name: Option<String>,
    /// Account id.
    pub account: String,
    /// Region; `global` for IAM.
    pub region: String,
    /// The target's environment when the step was drafted.
    pub environment: Environment,
    /// Parameters from the playbook.
    pub parameters: BTreeMap<String, String>,
    /// Why the playbook proposes it.
    pub why: String,
    /// Why the model ranks it here. Untrusted; never read by anything but eyes.
    pub model_why: Option<String>,
    /// What it rests on.
    pub cites: Vec<EvidenceId>,
    /// A playbook's step that nothing may drop.
    pub mandatory: bool,
    /// The calls and what they mean; `None` when the target could not be read or the action refuses.
    pub draft: Option<Draft>,
    /// What was read when the draft was made.
    pub pre_state: Option<Observed>,
    /// When that was.
    pub read_at: Option<Timestamp>,
    /// What policy said.
    pub verdict: Verdict,
    /// Where it stands.
    pub state: StepState,
    /// Why, when that needs words.
    pub state_note: Option<String>,
    /// What reads said last.
    pub proof: Option<ProofRecord>,
}

impl Step {
    /// "Isolate i-0c41f0b9".
    pub fn title(&self) -> String {
        format!("{} {}", self.action.spec().verb, self.target)
    }

    /// The subject of an approval to run it. `None` while there is no draft.
    pub fn subject(&self) -> Option<Subject> {
        let draft = self.draft.as_ref()?;
        let pre_state = self.pre_state.as_ref()?;
        Some(Subject {
            incident: self.incident.clone(),
            step: self.id.clone(),
            direction: Direction::Execute,
            action: self.action,
            target: self.target.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            parameters: self.parameters.clone(),
            calls: draft.calls.clone(),
            proof: draft.proof.clone(),
            pre_state: pre_state.fingerprint(),
            policy_version: self.verdict.policy_version.clone(),
        })
    }

    /// The subject of an approval to undo it, from the calls that were really sent and the state
    /// read now.
    pub fn undo_subject(&self, undo: &UndoDraft) -> Subject {
        Subject {
            incident: self.incident.clone(),
            step: self.id.clone(),
            direction: Direction::Undo,
            action: self.action,
            target: self.target.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            parameters: self.parameters.clone(),
            calls: undo.calls.clone(),
            proof: undo.proof.clone(),
            pre_state: undo.pre_state.fingerprint(),
            policy_version: undo.verdict.policy_version.clone(),
        }
    }
}

/// An undo worked out from what was sent and what is there now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoDraft {
    /// Last change first.
    pub calls: Vec<Call>,
    /// What a read must show afterwards.
    pub proof: Vec<Condition>,
    /// What was read when the undo was drafted.
    pub pre_state: Observed,
    /// When that was.
    pub read_at: Timestamp,
    /// What policy said of the undo.
    pub verdict: Verdict,
}

/// A judgement with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// When the cloud was read.
    pub read_at: Timestamp,
    /// What it showed.
    pub judgement: Judgement,
}

/// What an approval is about. Its digest covers every field, so that a change of action, target,
/// parameters, calls, their order, proof, pre-state or policy voids every signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
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
    /// From the playbook.
    pub parameters: BTreeMap<String, String>,
    /// Exactly these, in this order.
    pub calls: Vec<Call>,
    /// What must be read afterwards.
    pub proof: Vec<Condition>,
    /// Fingerprint of what was read.
    pub pre_state: String,
    /// SHA-256 of the policy set, hex.
    pub policy_version: String,
}

impl Subject {
    /// SHA-256 of the canonical bytes, hex: what people sign.
    pub fn digest(&self) -> Digest {
        Digest(canonical::digest("firebreak step v1", self))
    }
}

/// The digest of a [`Subject`]: 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Reads a stored digest; `None` unless it is 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A plan as stored, without its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Ours.
    pub id: PlanId,
    /// Whose.
    pub incident: IncidentId,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// `crypto-mining-ec2`.
    pub playbook: String,
    /// Its version.
    pub playbook_version: u32,
    /// `crypto-mining`.
    pub threat: String,
    /// What the playbook matched on, in words.
    pub matched_because: String,
    /// The model that ordered it, when one did.
    pub model: Option<String>,
}
