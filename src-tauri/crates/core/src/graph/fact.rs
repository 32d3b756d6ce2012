//! What is told of a graph: facts, each with its witness, and what a source's answer comes to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::kind::EdgeKind;
use crate::asset::Neighbourhood;
use crate::{AssetId, Timestamp, text};

/// Longest id taken, in bytes; an S3 object's ARN stays below. A cut id would name another asset,
/// so a longer one is refused.
pub const ID_CAP: usize = 2_048;
/// Longest word for a relation kept, in characters.
pub const RELATION_CAP: usize = 60;

/// Somebody says that an attacker on one asset can get to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact<'a> {
    /// Where the attacker would come from.
    pub from: &'a AssetId,
    /// Where they would get to.
    pub to: &'a AssetId,
    /// How.
    pub kind: EdgeKind,
    /// Who says so.
    pub source: &'a str,
    /// When it was so.
    pub at: Timestamp,
    /// The source's word for it: `can_assume`. Untrusted; capped when taken in.
    pub relation: &'a str,
    /// One line for a person. Untrusted; capped when taken in.
    pub reason: &'a str,
}

/// Who says that an edge is there, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// When it was last heard.
    pub at: Timestamp,
    /// Who said so.
    pub source: String,
    /// The source's word for it. Untrusted.
    pub relation: String,
    /// One line for a person. Untrusted.
    pub reason: String,
}

/// What a graph made of what it was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Edges that were not there.
    pub fresh: usize,
    /// Facts about edges that were there.
    pub known: usize,
    /// Facts not taken: an id is empty or longer than [`ID_CAP`], or an asset leads to itself.
    pub refused: usize,
}

/// Whether an id is taken.
pub(super) fn is_taken(id: &AssetId) -> bool {
    (1..=ID_CAP).contains(&id.as_str().len())
}

/// What is outside our clouds has no id of its own: each source makes one up. The same name is the
/// same place, so it is known by its name: there is one internet.
pub(super) fn places_outside(answer: &Neighbourhood) -> BTreeMap<&AssetId, AssetId> {
    let outside = answer.nodes.iter().filter(|node| node.external);
    outside
        .map(|node| {
            let name = text::line(&node.name, text::TITLE_CAP).to_lowercase();
            (&node.id, AssetId::new(format!("outside:{name}")))
        })
        .collect()
}

/// As [`text::line`], without a copy where nothing is to be changed.
pub(super) fn line(text: &str, cap: usize) -> Cow<'_, str> {
    if text.len() <= cap && !text.chars().any(char::is_control) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text::line(text, cap))
    }
}
