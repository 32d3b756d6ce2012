//! What policy is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::asset::Asset;
use crate::call::Call;
use crate::plan::Direction;
use crate::{ActionId, AssetId, Environment, Severity, Timestamp};

/// How far Firebreak may go. Set by a person; the default is [`Phase::Triage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Phase {
    /// 1: read-only.
    Triage,
    /// 2: a person runs what Firebreak recommends.
    Recommend,
    /// 3: supervised automation.
    Supervised,
}

impl Phase {
    /// 1, 2 or 3.
    pub fn number(self) -> u8 {
        match self {
            Self::Triage => 1,
            Self::Recommend => 2,
            Self::Supervised => 3,
        }
    }

    /// Reads 1, 2 or 3; `None` for any other number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Triage, Self::Recommend, Self::Supervised]
            .into_iter()
            .find(|phase| phase.number() == number)
    }
}

impl From<Phase> for u8 {
    fn from(phase: Phase) -> Self {
        phase.number()
    }
}

impl TryFrom<u8> for Phase {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Self::from_number(number).ok_or_else(|| format!("there is no phase {number}; 1, 2 or 3"))
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// Who would run the step.
///
/// Ask as the person who would press the button, also when a plan is drawn up in the background;
/// [`Principal::Automation`] asks whether it may run with no person at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person, by name.
    Person(String),
    /// Firebreak by itself.
    Automation,
}

/// What is known of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Native id.
    pub id: AssetId,
    /// `Unknown` is treated as strictly as production by the policies that are shipped.
    pub environment: Environment,
    /// Account id.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// From the tag `owner` or `team`.
    pub owner: Option<String>,
    /// As the cloud says. Whoever may tag in the cloud can write these.
    pub tags: BTreeMap<String, String>,
    /// Classified as what an attacker is after.
    pub crown_jewel: bool,
}

impl Facts {
    /// What an asset says of itself.
    pub fn of(asset: &Asset, crown_jewel: bool) -> Self {
        Self {
            id: asset.id.clone(),
            environment: asset.environment,
            account: asset.account.clone(),
            region: asset.region.clone(),
            owner: asset.owner.clone(),
            tags: asset.tags.clone(),
            crown_jewel,
        }
    }
}

/// One question: may this be done to that, now?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who would run it.
    pub principal: Principal,
    /// Of the catalogue.
    pub action: ActionId,
    /// Run or undo.
    pub direction: Direction,
    /// What it is aimed at.
    pub target: Facts,
    /// The workspace's phase for this account and threat.
    pub phase: Phase,
    /// The playbook's word for what is happening: `crypto-mining`.
    pub threat: String,
    /// The incident's severity.
    pub severity: Severity,
    /// Whether the calls have a complete inverse.
    pub reversible: bool,
    /// A playbook's step that nothing may drop.
    pub mandatory: bool,
    /// Whether a model chose or ordered the step.
    pub model_involved: bool,
    /// How many calls change something.
    pub calls: u32,
    /// How many of them change what the workload can do.
    pub disruptive_calls: u32,
    /// When it would happen.
    pub at: Timestamp,
}

impl Question {
    /// All calls and the disruptive ones among them, for the last two fields.
    pub fn count(calls: &[Call]) -> (u32, u32) {
        let disruptive = calls.iter().filter(|call| call.render().disruptive).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(calls.len()), number(disruptive))
    }
}
