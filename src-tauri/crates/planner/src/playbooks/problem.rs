//! What is wrong with a playbook file, and where.

use std::fmt;
use std::ops::Range;

/// One thing wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaybookProblem {
    /// The file's name as given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl PlaybookProblem {
    /// A problem at a byte range of `text`; its start is what is named.
    pub(super) fn at(
        file: &str,
        text: &str,
        span: Range<usize>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let before = text.get(..span.start.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for PlaybookProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}. {}", self.file, self.line, self.column, self.what, self.remedy)
    }
}

impl std::error::Error for PlaybookProblem {}
