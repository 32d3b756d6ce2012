//! Suppression: a person's rule that findings of a kind open no incident for a time. It hides, it
//! loses nothing: what it hid is stored like any finding and shows when it gets worse than the rule
//! allows, or when the rule ends.

use std::fmt;

use chrono::{Duration, SubsecRound};
use serde::{Deserialize, Serialize};

use crate::asset::asset_id;
use crate::finding::{Finding, FindingDraft};
use crate::triage::back;
use crate::{AssetId, Severity, SuppressionId, Timestamp, text};

/// Days that a rule holds when nobody says how many.
pub const USUAL_DAYS: i64 = 30;
/// Days that a rule holds at most.
pub const MOST_DAYS: i64 = 365;

/// A rule that is or was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// Which.
    pub id: SuppressionId,
    /// What it is for.
    pub scope: Scope,
    /// The worst severity that it hides.
    pub up_to: Severity,
    /// In the person's words.
    pub reason: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// How long it holds.
    pub term: Term,
}

/// What a rule is for: all that is given must hold, and something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// A source's rule.
    pub rule: Option<SourceRule>,
    /// On this asset.
    pub asset: Option<AssetId>,
    /// In this account.
    pub account: Option<String>,
    /// On what has this tag.
    pub tag: Option<Tag>,
}

/// A rule of a source, as its findings name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRule {
    /// The configured source's name.
    pub source: String,
    /// The rule's id, or its name where it has none. Untrusted.
    pub rule: String,
}

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Its key. Untrusted.
    pub key: String,
    /// Its value; any where none is given. Untrusted.
    pub value: Option<String>,
}

impl Tag {
    /// Reads `key` or `key=value`.
    pub fn parse(said: &str) -> Self {
        match said.split_once('=') {
            Some((key, value)) => Self { key: key.to_owned(), value: Some(value.to_owned()) },
            None => Self { key: said.to_owned(), value: None },
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

/// How long a rule holds; what changes of it alter, and undo restores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Until when, unless it is ended before.
    pub expires_at: Timestamp,
    /// Whether somebody ended it.
    pub ended: bool,
}

impl Term {
    /// Whether the rule hides anything now.
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires_at
    }

    /// The term once a change is undone, as [`crate::triage::Standing::undone`].
    pub fn undone(&self, before: &Self, after: &Self) -> Option<Self> {
        Some(Self {
            expires_at: back(&self.expires_at, &before.expires_at, &after.expires_at)?,
            ended: back(&self.ended, &before.ended, &after.ended)?,
        })
    }
}

/// What a source calls the rule behind a finding: its id, else its name.
pub fn rule_of(draft: &FindingDraft) -> Option<&str> {
    let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    [&draft.rule_id, &draft.rule_name].into_iter().find(|text| said(text))?.as_deref()
}

impl Scope {
    /// Whether all that is given holds of a finding.
    pub fn covers(&self, finding: &Finding) -> bool {
        let resource = &finding.draft.resource;
        let rule = self.rule.as_ref().is_none_or(|rule| {
            rule.source == finding.source && rule_of(&finding.draft) == Some(rule.rule.as_str())
        });
        let asset = || {
            let asset = self.asset.as_ref();
            asset.is_none_or(|asset| asset_id(&finding.source, resource).as_ref() == Some(asset))
        };
        let account = || {
            self.account.as_ref().is_none_or(|account| resource.account.as_ref() == Some(account))
        };
        let tag = || {
            self.tag.as_ref().is_none_or(|tag| {
                let value = resource.tags.get(&tag.key);
                value.is_some_and(|value| tag.value.as_ref().is_none_or(|asked| asked == value))
            })
        };
        !self.is_empty() && rule && asset() && account() && tag()
    }

    /// Whether nothing is given; such a scope covers nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The scope as it is kept: without blanks.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn checked(mut self) -> Result<Self, String> {
        let blank = |text: &str| text.trim().is_empty();
        self.account = self.account.filter(|account| !blank(account));
        self.asset = self.asset.filter(|asset| !blank(asset.as_str()));
        self.tag = self.tag.filter(|tag| !blank(&tag.key));
        if let Some(rule) = &self.rule
            && (blank(&rule.source) || blank(&rule.rule))
        {
            return Err("a rule is named by its source and its id or name".to_owned());
        }
        match self.is_empty() {
            true => Err("say what to suppress: a rule, an asset, an account or a tag".to_owned()),
            false => Ok(self),
        }
    }

    /// In words, for people: `rule R-1 of wiz-prod on asset i-1`.
    pub fn words(&self) -> String {
        let line = |text: &str| text::line(text, 120);
        let rule = self
            .rule
            .as_ref()
            .map(|rule| format!("rule {} of {}", line(&rule.rule), line(&rule.source)));
        let asset = self.asset.as_ref().map(|asset| format!("asset {}", line(asset.as_str())));
        let account = self.account.as_ref().map(|account| format!("account {}", line(account)));
        let tag = self.tag.as_ref().map(|tag| format!("tag {}", line(&tag.to_string())));
        let parts: Vec<String> = [rule, asset, account, tag].into_iter().flatten().collect();
        parts.join(", ")
    }
}

impl Suppression {
    /// Whether it hides a finding that was never worse than `worst`, as long as it holds.
    pub fn hides(&self, finding: &Finding, worst: Severity) -> bool {
        reaches(self.up_to, worst) && self.scope.covers(finding)
    }
}

/// Whether `up_to` includes a severity. One that is not known may be anything: it is included only
/// where the worst is, or where it alone is meant.
pub fn reaches(up_to: Severity, severity: Severity) -> bool {
    match (up_to, severity) {
        (Severity::Critical, _) => true,
        (Severity::Unknown, severity) => severity == Severity::Unknown,
        (_, Severity::Unknown) => false,
        (up_to, severity) => severity <= up_to,
    }
}

/// Of rules that are in force, the one that a finding is counted with: the oldest that hides it.
pub fn hidden_by<'a>(
    rules: &'a [Suppression],
    finding: &Finding,
    worst: Severity,
) -> Option<&'a Suppression> {
    rules.iter().filter(|rule| rule.hides(finding, worst)).min_by_key(|rule| &rule.id)
}

/// Checks what a rule must have beside its scope; answers the reason as it is kept.
///
/// # Errors
/// What is wrong, in words.
pub fn checked_reason(reason: &str) -> Result<String, String> {
    let reason = text::line(reason.trim(), text::LINE_CAP);
    match reason.is_empty() {
        true => Err("suppressing needs a reason".to_owned()),
        false => Ok(reason),
    }
}

/// Checks until when a rule is to hold.
///
/// # Errors
/// What is wrong, in words.
pub fn checked_expiry(expires_at: Timestamp, now: Timestamp) -> Result<Timestamp, String> {
    match expires_at {
        at if at <= now => Err("a rule must end later than now".to_owned()),
        at if at > now + Duration::days(MOST_DAYS) => {
            Err(format!("a rule holds {MOST_DAYS} days at most; renew it when it ends"))
        }
        // As it is kept: a comparison with what was read back must hold.
        at => Ok(at.trunc_subsecs(6)),
    }
}

#[cfg(test)]
mod tests;
