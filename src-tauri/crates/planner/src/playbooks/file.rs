//! The shape of a playbook file, every value with its place in the text.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub id: Spanned<String>,
    pub version: Spanned<u32>,
    pub title: Spanned<String>,
    pub threat: Spanned<String>,
    pub summary: Spanned<Vec<Spanned<String>>>,
    pub hypothesis: Spanned<Vec<Spanned<String>>>,
    #[serde(default, rename = "match")]
    pub matches: Option<Spanned<Match>>,
    #[serde(default, rename = "step")]
    pub steps: Vec<Spanned<Step>>,
}

/// `[match]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Match {
    pub techniques: Vec<Spanned<String>>,
    pub words: Vec<Spanned<String>>,
    pub resource: Vec<Spanned<String>>,
    pub at_least: Option<Spanned<String>>,
}

/// `[[step]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub action: Spanned<String>,
    pub target: Spanned<String>,
    pub why: Spanned<String>,
    #[serde(default)]
    pub mandatory: bool,
    #[serde(default)]
    pub parameters: BTreeMap<Spanned<String>, Spanned<String>>,
}
