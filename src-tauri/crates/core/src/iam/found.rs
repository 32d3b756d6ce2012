//! What was found becomes an edge.

use crate::asset::Edge;
use crate::{AssetId, text};

/// Longest doubt told in a reason, in characters.
const DOUBT_CAP: usize = 200;

/// A way from one asset to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) how: How,
    /// One line: who may do what to whom, by which statement.
    pub(super) reason: String,
    /// Why it is uncertain.
    pub(super) doubt: Option<String>,
}

/// The relations, as the graph's words have them: the first when it is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Assume,
    Profile,
    PassRole,
    CreateKey,
    SetLogin,
    ChangeTrust,
    RunCommand,
    Administer,
    OwnKey,
    Read,
    Write,
}

impl How {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Assume => ("can_assume", "may_assume"),
            Self::Profile => ("instance_profile", "may_have_profile"),
            Self::PassRole => ("can_pass_role", "may_pass_role"),
            Self::CreateKey => ("can_create_key", "may_create_key"),
            Self::SetLogin => ("can_set_login", "may_set_login"),
            Self::ChangeTrust => ("can_change_trust", "may_change_trust"),
            Self::RunCommand => ("can_run_commands", "may_run_commands"),
            Self::Administer => ("is_admin", "may_become_admin"),
            Self::OwnKey => ("key_of", "may_be_key_of"),
            Self::Read => ("reads", "may_read"),
            Self::Write => ("writes", "may_write"),
        }
    }
}

impl Found {
    pub(super) fn edge(&self) -> Edge {
        let (sure, maybe) = self.how.words();
        let (kind, reason) = match &self.doubt {
            None => (sure, self.reason.clone()),
            Some(doubt) => {
                let doubt = text::line(doubt, DOUBT_CAP);
                (maybe, format!("Uncertain ({doubt}): {}", self.reason))
            }
        };
        Edge {
            from: AssetId::new(&self.from),
            to: AssetId::new(&self.to),
            kind: kind.to_owned(),
            reason: text::line(&reason, text::LINE_CAP),
            source: super::SOURCE.to_owned(),
        }
    }
}
