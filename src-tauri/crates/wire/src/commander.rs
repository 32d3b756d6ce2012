use chrono::{DateTime, Utc};
use firebreak_core::Severity;
use firebreak_core::clock::Target;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{QueueCounts, QueueRow, TimelineKind};

/// What is asked of the commander's view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct CommandQuery {
    /// Also what changed since then.
    pub since: Option<DateTime<Utc>>,
}

/// What burns, where it can spread, and who works on what.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct CommandView {
    pub at: DateTime<Utc>,
    /// Open incidents, contained ones among them.
    pub open: u32,
    /// How many of them, the most severe, the rest of this is about.
    pub shown: u32,
    /// Clocks of open incidents that ran out; at least so many at ten thousand.
    pub past_due: u32,
    /// Assets that an attacker is or was on, and those of them that are proven contained.
    pub compromised: u32,
    pub contained: u32,
    /// Assets within reach of those that are not contained, and crown jewels among them.
    pub assets: u32,
    pub crown_jewels: u32,
    /// How far was looked, and whether more lies beyond.
    pub hops: u32,
    pub goes_on: bool,
    /// Medians of the last 24 hours in seconds, from an incident's beginning.
    pub to_acknowledge: Option<u32>,
    pub to_contain: Option<u32>,
    pub targets: Vec<Target>,
    /// Where it burns first.
    pub accounts: Vec<CommandAccount>,
    pub edges: Vec<CommandEdge>,
    /// Most severe first.
    pub incidents: Vec<CommandIncident>,
    /// The last 24 hours, oldest first; one where something changed.
    pub reach: Vec<ReachPoint>,
    /// What changed since the time that was asked about.
    pub since: Option<SinceView>,
}

/// A cloud account, or what is outside of all.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct CommandAccount {
    /// Account id; `None` for what no source gives an account.
    pub account: Option<String>,
    /// Untrusted text.
    pub name: Option<String>,
    /// The gravest of its incidents that are not contained.
    pub severity: Option<Severity>,
    pub incidents: u32,
    pub nodes: Vec<CommandNode>,
}

/// An asset on the picture, or several alike that are merely reachable.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct CommandNode {
    pub id: String,
    /// Untrusted text.
    pub name: String,
    pub kind: String,
    pub region: Option<String>,
    /// The network it is in, where that is known: `vpc-…`.
    pub vpc: Option<String>,
    pub role: CommandRole,
    /// Hops from the nearest compromised asset.
    pub hops: u32,
    /// How many it stands for.
    pub count: u32,
    /// Labels of the incidents on it.
    pub incidents: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CommandRole {
    /// An attacker is on it.
    Compromised,
    /// An attacker was on it; every mandatory step is proven.
    Contained,
    /// Within reach, and what the attacker is after.
    CrownJewel,
    /// On a way to a crown jewel.
    OnPath,
    /// Within reach.
    Reachable,
    /// Outside our clouds.
    External,
}

/// A way from one to another, by the ids of nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[ts(export)]
pub struct CommandEdge {
    pub from: String,
    pub to: String,
    /// Whether it leads to a crown jewel.
    pub to_jewel: bool,
}

/// An incident in the list beside the picture.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct CommandIncident {
    pub row: QueueRow,
    /// What goes on: "step 1 waits for a signature".
    pub doing: String,
}

/// How far everything active reached at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct ReachPoint {
    pub at: DateTime<Utc>,
    pub assets: u32,
    pub crown_jewels: u32,
    pub compromised: u32,
    pub contained: u32,
}

/// What changed since a time.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct SinceView {
    pub at: DateTime<Utc>,
    pub opened: u32,
    pub contained: u32,
    /// Closed, or found to be nothing.
    pub ended: u32,
    /// How far everything reached then; absent where nobody looked.
    pub before: Option<ReachPoint>,
    /// What people and steps did to the incidents shown, newest first.
    pub deeds: Vec<SinceDeed>,
}

#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct SinceDeed {
    pub at: DateTime<Utc>,
    pub incident: String,
    pub label: String,
    pub kind: TimelineKind,
    pub actor: String,
    /// Untrusted text.
    pub text: String,
}

/// Counts, and how the clocks were kept.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Stats {
    pub counts: QueueCounts,
    /// Clocks that ran out; at least so many at ten thousand.
    pub past_due: u32,
    /// The days that the rest is about.
    pub days: u32,
    /// Incidents that somebody took on, and that were contained; the newest ten thousand.
    pub taken_on: u32,
    pub contained: u32,
    /// Medians in seconds, from an incident's beginning.
    pub to_acknowledge: Option<u32>,
    pub to_contain: Option<u32>,
    pub targets: Vec<Target>,
}
