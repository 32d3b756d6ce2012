//! Playbooks: data that matches findings and proposes ranked steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::IdentityRef;
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
    /// Ranked: the first is the first to do. Empty when there is nothing that Firebreak can do.
    #[serde(rename = "step", default)]
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
    /// The IAM user that acted, or that is the finding's resource.
    ActorUser,
    /// The role that acted, whose session acted, or that is the finding's resource.
    ActorRole,
}

/// What in a finding a playbook matched on. Ordered by how hard it is for whoever wrote the alert's
/// text to choose it: a technique is the vendor's verdict, a title may quote the attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// Only the kind of resource or the severity.
    Kind,
    /// A word in the title.
    Title,
    /// A word in the name of the vendor's rule.
    RuleName,
    /// An ATT&CK technique.
    Technique,
}

/// How well a playbook fits a finding. Greater is more specific.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fit {
    /// The strongest ground.
    pub ground: Ground,
    /// How many of the clauses on what happened and to what were given, and held.
    pub clauses: usize,
    /// Length of the technique or word that matched: a sub-technique is more specific than its parent.
    pub length: usize,
    /// The same in words of the playbook, never of the alert.
    pub because: String,
}

impl Matcher {
    /// Whether no clause is given. Such a matcher fits nothing.
    pub fn is_empty(&self) -> bool {
        self.techniques.is_empty()
            && self.words.is_empty()
            && self.resource.is_empty()
            && self.at_least.is_none()
    }

    /// Whether a finding fits, and on what, in words.
    pub fn explain(&self, finding: &Finding) -> Option<String> {
        self.fit(finding).map(|fit| fit.because)
    }

    /// Whether a finding fits, and how well.
    pub fn fit(&self, finding: &Finding) -> Option<Fit> {
        if self.is_empty() {
            return None;
        }
        let mut fit = Fit { ground: Ground::Kind, clauses: 0, length: 0, because: String::new() };
        let mut because = Vec::new();
        if !self.techniques.is_empty() || !self.words.is_empty() {
            // A vendor may name the technique or only the rule; either is enough when both are given.
            let (ground, matched) = self
                .technique_hit(finding)
                .map(|technique| (Ground::Technique, technique))
                .or_else(|| self.word_hit(finding))?;
            because.push(match ground {
                Ground::Technique => format!("technique {matched}"),
                _ => format!("\u{201c}{matched}\u{201d} in its name"),
            });
            fit.ground = ground;
            fit.length = matched.chars().count();
            fit.clauses += 1;
        }
        if !self.resource.is_empty() {
            let kind = finding.draft.resource.kind?;
            if !self.resource.contains(&kind) {
                return None;
            }
            because.push("its kind of resource".to_owned());
            fit.clauses += 1;
        }
        if let Some(least) = self.at_least {
            // An unknown severity is not a low one: it is let through for a person to judge.
            if finding.draft.severity < least && finding.draft.severity != Severity::Unknown {
                return None;
            }
            // It says when the playbook is worth showing, not what happened: it adds to no ground.
            if because.is_empty() {
                because.push(format!("a severity of {} or more", least.name()));
            }
        }
        fit.because = because.join(" and ");
        Some(fit)
    }

    /// The longest of the wanted techniques that the finding names, itself or by a sub-technique.
    fn technique_hit(&self, finding: &Finding) -> Option<&str> {
        let names = |wanted: &str| {
            finding.draft.techniques.iter().any(|seen| {
                seen.id
                    .strip_prefix(wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        self.techniques
            .iter()
            .map(String::as_str)
            .filter(|wanted| names(wanted))
            .max_by_key(|wanted| wanted.len())
    }

    /// The longest of the words that stands in the rule's name, else in the title.
    fn word_hit(&self, finding: &Finding) -> Option<(Ground, &str)> {
        let longest_in = |text: &str| {
            let text = text.to_lowercase();
            self.words
                .iter()
                .map(String::as_str)
                .filter(|word| text.contains(&word.to_lowercase()))
                .max_by_key(|word| word.len())
        };
        let of_rule = finding
            .draft
            .rule_name
            .as_deref()
            .and_then(longest_in)
            .map(|word| (Ground::RuleName, word));
        of_rule.or_else(|| longest_in(&finding.draft.title).map(|word| (Ground::Title, word)))
    }
}

impl TargetRule {
    /// What it points at in a finding; `None` when the finding does not name such a thing.
    pub fn resolve(self, finding: &Finding) -> Option<AssetId> {
        match self {
            Self::Resource => crate::asset::asset_id(&finding.source, &finding.draft.resource),
            Self::ActorAccessKey => {
                let resource = &finding.draft.resource;
                let of_resource = resource
                    .native_id
                    .as_deref()
                    .filter(|_| resource.kind == Some(ResourceKind::AccessKey));
                let of_actor =
                    finding.draft.actor.as_ref().and_then(|actor| actor.access_key_id.as_deref());
                // An empty id is a vendor's way of saying none.
                [of_actor, of_resource]
                    .into_iter()
                    .flatten()
                    .find(|key| !key.is_empty())
                    .map(AssetId::new)
            }
            Self::ActorUser => identity(finding, |who| matches!(who, IdentityRef::User(_))),
            Self::ActorRole => identity(finding, |who| matches!(who, IdentityRef::Role(_))),
        }
    }
}

/// The ARN of the first of actor and resource that is an identity of the wanted kind. A session is
/// written as its role; the path, which a session's ARN lacks, is read from IAM later.
fn identity(finding: &Finding, wanted: impl Fn(&IdentityRef) -> bool) -> Option<AssetId> {
    let of_actor = finding.draft.actor.as_ref().and_then(|actor| actor.native_id.as_deref());
    let of_resource = finding.draft.resource.native_id.as_deref();
    [of_actor, of_resource].into_iter().flatten().find_map(|arn| {
        let (account, who) = IdentityRef::from_arn(arn).filter(|(_, who)| wanted(who))?;
        if !arn.contains(":sts:") {
            return Some(AssetId::new(arn));
        }
        let partition = arn.split(':').nth(1)?;
        Some(AssetId::new(format!("arn:{partition}:iam::{account}:role/{}", who.name())))
    })
}
