//! Playbooks: data that matches findings and proposes ranked steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, ResourceKind};
use crate::{ActionId, AssetId, Severity};

/// A validated playbook. The file format is documented in `assets/playbooks/README.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// `crypto-mining-ec2`; unique among the loaded ones.
    pub id: String,
    /// Rises with every change.
    pub version: u32,
    /// For people.
    pub title: String,
    /// `crypto-mining`; what policy sees as the threat type.
    pub threat: String,
    /// When it applies.
    #[serde(rename = "match")]
    pub matches: Matcher,
    /// What it says when no model does. `{asset}`, `{account}` and `{title}` are filled in.
    pub summary: Vec<String>,
    /// The root cause it suspects.
    pub hypothesis: Vec<String>,
    /// Ranked: the first is the first to do.
    #[serde(rename = "step")]
    pub steps: Vec<PlaybookStep>,
}

/// All given clauses must hold for one and the same finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// Any of these techniques (or sub-techniques of them).
    pub techniques: Vec<String>,
    /// Any of these, case-blind, in the rule's name or the title.
    pub words: Vec<String>,
    /// Any of these kinds of resource.
    pub resource: Vec<ResourceKind>,
    /// At least this severe.
    pub at_least: Option<Severity>,
}

/// One proposed step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookStep {
    /// Of the catalogue.
    pub action: ActionId,
    /// Where to aim it.
    pub target: TargetRule,
    /// Why.
    pub why: String,
    /// Whether no model may drop it.
    #[serde(default)]
    pub mandatory: bool,
    /// For the action.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// Which of the things that the findings name a step is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetRule {
    /// The finding's resource.
    Resource,
    /// The access key that the finding's actor used, or that is the finding's resource.
    ActorAccessKey,
}

impl Matcher {
    /// Whether a finding fits, and on what, in words.
    pub fn explain(&self, finding: &Finding) -> Option<String> {
        let draft = &finding.draft;
        let mut because = Vec::new();
        if !self.techniques.is_empty() {
            let hit = draft.techniques.iter().find(|seen| {
                self.techniques.iter().any(|wanted| {
                    seen.id == *wanted || seen.id.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'))
                })
            });
            let words_hit = self.word_hit(finding);
            // A vendor may name the technique or only the rule; either is enough when both are given.
            match (hit, words_hit) {
                (Some(technique), _) => because.push(format!("technique {}", technique.id)),
                (None, Some(word)) => because.push(format!("\u{201c}{word}\u{201d} in its name")),
                (None, None) => return None,
            }
        } else if !self.words.is_empty() {
            because.push(format!("\u{201c}{}\u{201d} in its name", self.word_hit(finding)?));
        }
        if !self.resource.is_empty() {
            let kind = draft.resource.kind?;
            if !self.resource.contains(&kind) {
                return None;
            }
            because.push("its kind of resource".to_owned());
        }
        if let Some(least) = self.at_least {
            // An unknown severity is not a low one: it is let through for a person to judge.
            if draft.severity < least && draft.severity != Severity::Unknown {
                return None;
            }
        }
        Some(because.join(" and "))
    }

    fn word_hit(&self, finding: &Finding) -> Option<&str> {
        let haystack =
            format!("{} {}", finding.draft.rule_name.as_deref().unwrap_or_default(), finding.draft.title).to_lowercase();
        self.words.iter().find(|word| haystack.contains(&word.to_lowercase())).map(String::as_str)
    }
}

impl TargetRule {
    /// What it points at in a finding; `None` when the finding does not name such a thing.
    pub fn resolve(self, finding: &Finding) -> Option<AssetId> {
        match self {
            Self::Resource => crate::asset::asset_id(&finding.source, &finding.draft.resource),
            Self::ActorAccessKey => {
                let resource = &finding.draft.resource;
                let of_resource = resource.native_id.as_deref().filter(|_| resource.kind == Some(ResourceKind::AccessKey));
                let of_actor = finding.draft.actor.as_ref().and_then(|actor| actor.access_key_id.as_deref());
                of_actor.or(of_resource).filter(|key| !key.is_empty()).map(AssetId::new)
            }
        }
    }
}
