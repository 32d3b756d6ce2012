//! Conditions on the inline policies of a user or role.

use super::{Condition, ProofOutcome, decided, something_else};
use crate::canonical;
use crate::observed::IamIdentity;

impl Condition {
    pub(super) fn check_identity(&self, read: &IamIdentity) -> (ProofOutcome, String) {
        match self {
            Self::InlinePolicy { identity, name, sha256 } if *identity == read.identity => {
                match read.policies.get(name) {
                    Some(document) => {
                        let seen = canonical::sha256_hex(document.as_bytes());
                        let words = if seen == *sha256 { "as written" } else { "changed" };
                        let short = &seen[..12];
                        (decided(seen == *sha256), format!("{name} is {words} (sha256 {short}…)"))
                    }
                    None => (ProofOutcome::Refuted, format!("there is no policy {name}")),
                }
            }
            Self::NoInlinePolicy { identity, name } if *identity == read.identity => {
                match read.policies.contains_key(name) {
                    true => (ProofOutcome::Refuted, format!("policy {name} is there")),
                    false => (ProofOutcome::Proven, format!("there is no policy {name}")),
                }
            }
            _ => something_else(),
        }
    }
}
