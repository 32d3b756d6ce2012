//! Views of the queue that people save: what to ask, and how to show the answer.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ViewId};

/// A column of the queue that can be left out. Severity and title are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "QueueColumn"))]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The first ATT&CK technique, after the title.
    Technique,
    /// What it is about.
    Asset,
    /// Where that is.
    Account,
    /// Who saw it.
    Sources,
    /// Where it stands.
    State,
    /// How many findings.
    Findings,
    /// Until when it is to be taken on, or contained.
    Clock,
    /// Since when.
    Age,
    /// Who works on it.
    Owner,
}

/// How much room a row of the queue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export, rename = "QueueDensity"))]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// Many rows.
    Compact,
    /// As designed.
    Normal,
    /// Few rows.
    Roomy,
}

impl Density {
    /// All, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Compact, Self::Normal, Self::Roomy];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Normal => "normal",
            Self::Roomy => "roomy",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|density| density.name() == name)
    }
}

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which.
    pub id: ViewId,
    /// What people call it; no two are called the same, whatever the case.
    pub name: String,
    /// In the queue's query language, which the interface reads.
    pub query: String,
    /// The columns shown; `None` leaves them to the reader.
    pub columns: Option<Vec<Column>>,
    /// The room of a row; `None` leaves it to the reader.
    pub density: Option<Density>,
    /// Who saved it last.
    pub saved_by: String,
    /// When.
    pub saved_at: Timestamp,
}
