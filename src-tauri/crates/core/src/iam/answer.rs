//! What policies answer.

use std::fmt;

use crate::text;

/// The statement that allows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What the policy is called. Untrusted.
    pub policy: String,
    /// Its place in the document, from 1.
    pub statement: usize,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy {}, statement {}", text::line(&self.policy, 80), self.statement)
    }
}

/// Whether something may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing allows it, or something denies it.
    Denied,
    /// This allows it, and nothing denies it.
    Allowed(Grant),
    /// This allows it, if what the words say is so.
    Uncertain(Grant, String),
}

impl Answer {
    /// The grant and what is doubtful about it; `None` when it is denied.
    pub fn granted(self) -> Option<(Grant, Option<String>)> {
        match self {
            Self::Denied => None,
            Self::Allowed(grant) => Some((grant, None)),
            Self::Uncertain(grant, doubt) => Some((grant, Some(doubt))),
        }
    }
}

/// Whether a condition, a pattern or a statement fits what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    No,
    Yes,
    /// Depends on what is not known, in words.
    Maybe(String),
}

impl Fit {
    pub(super) fn of(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }

    /// Both must fit.
    pub(super) fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Maybe(why) => match other() {
                Self::No => Self::No,
                _ => Self::Maybe(why),
            },
        }
    }

    /// One must fit.
    pub(super) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::Maybe(why) => match other() {
                Self::Yes => Self::Yes,
                _ => Self::Maybe(why),
            },
        }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Yes => Self::No,
            maybe @ Self::Maybe(_) => maybe,
        }
    }
}

/// Doubts of several answers, each once, in one line.
pub(super) fn join(doubts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for doubt in doubts.into_iter().flatten() {
        if !all.contains(&doubt) {
            all.push(doubt);
        }
    }
    (!all.is_empty()).then(|| all.join("; "))
}
