//! What an asset is worth to an attacker and to us, by rules over its tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::asset::{Asset, Environment};

/// What stops when the asset stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// Nobody would notice today.
    Low,
    /// Somebody would.
    Medium,
    /// The business would.
    High,
}

/// What it means when the asset's content gets out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// It is out already.
    Public,
    /// Awkward.
    Internal,
    /// Harm.
    Confidential,
    /// Secrets, personal, payment or health records.
    Restricted,
}

/// What is known of an asset's worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Worth {
    /// `None` when nobody said.
    pub criticality: Option<Criticality>,
    /// `None` when nobody said.
    pub sensitivity: Option<Sensitivity>,
    /// What an attacker is after.
    pub crown_jewel: bool,
}

impl Worth {
    /// From 0, a public asset of low criticality, to 7. What nobody spoke of counts as in the
    /// middle: silence is no proof that it is worthless. A crown jewel weighs the most.
    pub fn weight(self) -> u32 {
        let criticality = match self.criticality {
            Some(Criticality::Low) => 0,
            Some(Criticality::Medium) | None => 1,
            Some(Criticality::High) => 3,
        };
        let sensitivity = match self.sensitivity {
            Some(Sensitivity::Public) => 0,
            Some(Sensitivity::Internal) | None => 1,
            Some(Sensitivity::Confidential) => 2,
            Some(Sensitivity::Restricted) => 4,
        };
        if self.crown_jewel { Self::MOST } else { criticality + sensitivity }
    }

    /// The greatest [`weight`](Self::weight).
    pub const MOST: u32 = 7;

    fn raise(&mut self, says: Says) {
        match says {
            Says::Criticality(level) => self.criticality = self.criticality.max(Some(level)),
            Says::Sensitivity(level) => self.sensitivity = self.sensitivity.max(Some(level)),
            Says::CrownJewel => self.crown_jewel = true,
        }
    }
}

/// What a rule says of the assets it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// At least so critical.
    Criticality(Criticality),
    /// At least so sensitive.
    Sensitivity(Sensitivity),
    /// It is a crown jewel.
    CrownJewel,
}

/// Fits an asset that has one of these tags with one of these values. Case, blanks, hyphens and
/// underscores don't count, in rules and in tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorthRule {
    /// `data-classification`
    pub keys: Vec<String>,
    /// `restricted`
    pub values: Vec<String>,
    /// What then holds.
    pub says: Says,
}

impl WorthRule {
    fn new(keys: &[&str], values: &[&str], says: Says) -> Self {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self { keys: owned(keys), values: owned(values), says }
    }

    fn fits(&self, tags: &[(String, String)]) -> bool {
        let among = |words: &[String], word: &str| words.iter().any(|known| plain(known) == word);
        tags.iter().any(|(key, value)| among(&self.keys, key) && among(&self.values, value))
    }
}

/// All rules count, and the greatest that any says holds: no rule lowers what another said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorthRules(pub Vec<WorthRule>);

const CRITICALITY: &[&str] = &["criticality", "business criticality", "tier", "importance"];
const CLASSIFICATION: &[&str] =
    &["classification", "data classification", "data class", "sensitivity", "confidentiality"];

impl Default for WorthRules {
    /// What such tags are commonly called.
    fn default() -> Self {
        use Criticality::{High, Low, Medium};
        use Sensitivity::{Confidential, Internal, Public, Restricted};
        let grave = ["restricted", "secret", "top secret", "pii", "pci", "phi", "crown jewel"];
        let rule = WorthRule::new;
        Self(vec![
            rule(&["crown jewel", "crown jewels"], &["true", "yes", "1"], Says::CrownJewel),
            rule(CLASSIFICATION, &grave, Says::CrownJewel),
            rule(CLASSIFICATION, &grave, Says::Sensitivity(Restricted)),
            rule(CLASSIFICATION, &["confidential", "sensitive"], Says::Sensitivity(Confidential)),
            rule(CLASSIFICATION, &["internal", "private"], Says::Sensitivity(Internal)),
            rule(CLASSIFICATION, &["public", "open"], Says::Sensitivity(Public)),
            rule(
                CRITICALITY,
                &["critical", "high", "mission critical", "tier 0", "tier 1", "0", "1"],
                Says::Criticality(High),
            ),
            rule(CRITICALITY, &["medium", "moderate", "tier 2", "2"], Says::Criticality(Medium)),
            rule(CRITICALITY, &["low", "tier 3", "tier 4", "3", "4"], Says::Criticality(Low)),
        ])
    }
}

impl WorthRules {
    /// What the rules say of an asset. Where none says how critical it is, its environment does:
    /// production is medium, development low.
    pub fn judge(&self, asset: &Asset) -> Worth {
        let mut worth = self.judge_tags(&asset.tags);
        if worth.criticality.is_none() {
            worth.criticality = match asset.environment {
                Environment::Production => Some(Criticality::Medium),
                Environment::Development => Some(Criticality::Low),
                Environment::Staging | Environment::Unknown => None,
            };
        }
        worth
    }

    fn judge_tags(&self, tags: &BTreeMap<String, String>) -> Worth {
        let tags: Vec<(String, String)> =
            tags.iter().map(|(key, value)| (plain(key), plain(value))).collect();
        let mut worth = Worth::default();
        for rule in self.0.iter().filter(|rule| rule.fits(&tags)) {
            worth.raise(rule.says);
        }
        worth
    }
}

fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}
