//! Scenarios: what the stand-in tenant knows about the account, as data.
//!
//! The format is described for authors in `tests/sandbox/SCENARIOS.md`.

mod check;
mod load;
mod time;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use check::check;
pub use load::{ScenarioError, load, parse, shipped};
pub use time::Ago;

/// One scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Short name, the same as the file's.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What happens in it and what a responder should find.
    #[serde(default)]
    pub description: String,
    /// Whether its issues are there when the sandbox starts; others wait to be published.
    #[serde(default = "yes")]
    pub at_start: bool,
    /// Cloud accounts as Wiz knows them.
    #[serde(default, rename = "subscription")]
    pub subscriptions: Vec<Subscription>,
    /// Wiz projects.
    #[serde(default, rename = "project")]
    pub projects: Vec<Project>,
    /// Rules that issues and detections refer to.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
    /// Nodes of the security graph.
    #[serde(default, rename = "entity")]
    pub entities: Vec<Entity>,
    /// Edges of the security graph.
    #[serde(default, rename = "edge")]
    pub edges: Vec<Edge>,
    /// How entities can be reached from outside.
    #[serde(default, rename = "exposure")]
    pub exposures: Vec<Exposure>,
    /// How someone could move on from an entity.
    #[serde(default, rename = "lateral_path")]
    pub lateral_paths: Vec<LateralPath>,
    /// Wiz Defend detections.
    #[serde(default, rename = "detection")]
    pub detections: Vec<Detection>,
    /// Wiz issues.
    #[serde(default, rename = "issue")]
    pub issues: Vec<Issue>,
}

fn yes() -> bool {
    true
}

/// A cloud account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Name within the scenarios.
    pub key: String,
    /// Account number.
    pub external_id: String,
    /// Name in Wiz.
    pub name: String,
    /// Tags of the account.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A Wiz project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Name within the scenarios, also the slug.
    pub key: String,
    /// Name in Wiz.
    pub name: String,
    /// Business unit.
    #[serde(default)]
    pub business_unit: String,
    /// `LBI`, `MBI` or `HBI`.
    #[serde(default = "medium_impact")]
    pub impact: String,
}

fn medium_impact() -> String {
    "MBI".into()
}

/// A rule behind issues and detections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name within the scenarios.
    pub key: String,
    /// `Control`, `CloudEventRule` or `CloudConfigurationRule`.
    pub kind: String,
    /// Title in Wiz.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Advice: `resolutionRecommendation` of a control, `remediationInstructions` of a configuration rule.
    #[serde(default)]
    pub advice: String,
    /// Wiz risks, such as `MALICIOUS_ACTIVITY`.
    #[serde(default)]
    pub risks: Vec<String>,
    /// Frameworks it maps to.
    #[serde(default)]
    pub categories: Vec<Category>,
}

/// A place in a security framework.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Technique or requirement.
    pub title: String,
    /// Tactic or chapter.
    pub category: String,
    /// Framework.
    pub framework: String,
}

/// A node of the security graph.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Name within the scenarios.
    pub key: String,
    /// Wiz type, such as `VIRTUAL_MACHINE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name shown.
    pub name: String,
    /// Provider's type, such as `virtualMachine`.
    #[serde(default)]
    pub native_type: String,
    /// Provider's unique id (ARN).
    #[serde(default)]
    pub provider_id: String,
    /// Provider's short id.
    #[serde(default)]
    pub external_id: String,
    /// Region; empty for global things.
    #[serde(default)]
    pub region: String,
    /// State as Wiz saw it.
    #[serde(default)]
    pub status: Option<String>,
    /// Key of the subscription it lives in.
    #[serde(default)]
    pub subscription: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// More graph properties.
    #[serde(default)]
    pub properties: toml::Table,
    /// Keys of projects.
    #[serde(default)]
    pub projects: Vec<String>,
}

/// An edge of the security graph.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Key of the source.
    pub from: String,
    /// Key of the target.
    pub to: String,
    /// Wiz relationship type, such as `ACTING_AS`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A way in from outside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    /// Key of the exposed entity.
    pub entity: String,
    /// Ports, such as `443`.
    pub ports: String,
    /// Who may come from where.
    pub source: String,
    /// Keys along the way, outermost first.
    #[serde(default)]
    pub path: Vec<String>,
}

/// A way on from an entity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateralPath {
    /// Key where it starts.
    pub from: String,
    /// Keys in order, the start included.
    pub entities: Vec<String>,
}

/// A Wiz Defend detection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// Name within the scenarios.
    pub key: String,
    /// `GENERATED_THREAT` or `MATCH_ONLY`.
    #[serde(rename = "type", default = "generated_threat")]
    pub kind: String,
    /// Where it was seen, such as `WIZ_SENSOR`.
    pub origins: Vec<String>,
    /// Wiz severity.
    pub severity: String,
    /// When it was made.
    pub created: Ago,
    /// When what it describes began; `created` unless given.
    #[serde(default)]
    pub started: Option<Ago>,
    /// What was seen.
    pub description: String,
    /// Key of the rule.
    pub rule: String,
    /// Key of the main resource.
    pub resource: String,
    /// Keys of further resources.
    #[serde(default)]
    pub other_resources: Vec<String>,
    /// Who did it.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// What it rests on.
    #[serde(default, rename = "event")]
    pub events: Vec<Event>,
}

fn generated_threat() -> String {
    "GENERATED_THREAT".into()
}

/// Who did it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Key of the entity that acted.
    pub entity: String,
    /// Access key it used.
    #[serde(default)]
    pub access_key: Option<String>,
    /// Client software.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// Whether it used a second factor.
    #[serde(default)]
    pub mfa: Option<bool>,
    /// Whether it has wide permissions.
    #[serde(default)]
    pub high_privileges: bool,
}

/// A cloud or runtime event behind a detection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Ago,
    /// What, in a sentence.
    pub description: String,
    /// Address it came from.
    #[serde(default)]
    pub ip: Option<String>,
    /// Command line, for runtime events.
    #[serde(default)]
    pub command: Option<String>,
    /// The provider's record, for audit events.
    #[serde(default)]
    pub record: Option<toml::Table>,
}

/// A Wiz issue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Name within the scenarios.
    pub key: String,
    /// `TOXIC_COMBINATION`, `THREAT_DETECTION` or `CLOUD_CONFIGURATION`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Wiz severity.
    pub severity: String,
    /// Wiz status.
    #[serde(default = "open")]
    pub status: String,
    /// Key of the rule.
    pub rule: String,
    /// Key of the entity; an issue without one has a null snapshot.
    #[serde(default)]
    pub entity: Option<String>,
    /// What it says.
    #[serde(default)]
    pub description: String,
    /// When it was made.
    pub created: Ago,
    /// When its status last changed; `created` unless given.
    #[serde(default)]
    pub status_changed: Option<Ago>,
    /// Keys of detections, for threats.
    #[serde(default)]
    pub detections: Vec<String>,
    /// Relationship types that its evidence query follows from the entity.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Makes copies: `{ count = 40, every = "9m" }`, each older than the one before.
    #[serde(default)]
    pub repeat: Option<Repeat>,
}

fn open() -> String {
    "OPEN".into()
}

/// How often an issue repeats.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Number of issues in all.
    pub count: u32,
    /// Time between two.
    pub every: Ago,
}
