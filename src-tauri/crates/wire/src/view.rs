use chrono::{DateTime, Utc};
use firebreak_core::view::{Column, Density};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A view of the queue that somebody saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct SavedView {
    pub id: String,
    pub name: String,
    /// In the queue's query language.
    pub query: String,
    /// Columns to show; absent where the reader's own are.
    pub columns: Option<Vec<Column>>,
    pub density: Option<Density>,
    pub saved_by: String,
    pub saved_at: DateTime<Utc>,
}

/// A view to save.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct SavedViewDraft {
    /// The view to replace; absent for a new one.
    pub id: Option<String>,
    /// 1 to 60 characters; no two views are called the same.
    pub name: String,
    /// At most 500 characters.
    pub query: String,
    pub columns: Option<Vec<Column>>,
    pub density: Option<Density>,
}
