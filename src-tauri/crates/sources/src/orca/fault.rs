//! What can go wrong between us and Orca.

use std::time::Duration;

use firebreak_core::ports::{OutsideError, Trouble, VaultError};

use crate::http::HttpFault;
use crate::patience::Retriable;

/// A failed exchange with Orca. No text here holds the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrcaFault {
    /// No usable reply.
    #[error(transparent)]
    Http(#[from] HttpFault),
    /// The keychain did not give the API token.
    #[error(transparent)]
    Keychain(#[from] VaultError),
    /// The keychain has no API token under that name.
    #[error("the keychain has no API token named {0}")]
    NoSecret(String),
    /// 401, also after reading the token again.
    #[error("Orca refused the API token (status 401): {detail}")]
    TokenRefused {
        /// Its words, capped.
        detail: String,
    },
    /// Signed in, but not allowed.
    #[error("Orca does not allow this: {detail}")]
    NotAllowed {
        /// Its words, capped.
        detail: String,
    },
    /// 404: no such alert, asset or API.
    #[error("Orca knows no such thing (status 404): {detail}")]
    NotThere {
        /// Its words, capped.
        detail: String,
    },
    /// Too many requests.
    #[error("Orca asks for fewer requests (429)")]
    TooMany {
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// It is unwell.
    #[error("Orca has trouble of its own ({detail})")]
    Unwell {
        /// `status 503`, …
        detail: String,
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// It said no in words, with whatever status; HTTP 200 and `"status": "failure"` too.
    #[error("Orca refused the request (status {status}): {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words, capped.
        detail: String,
    },
    /// The status to set is the one it has.
    #[error("Orca has it so already: {detail}")]
    SameAlready {
        /// Its words, capped.
        detail: String,
    },
    /// A login page, a proxy, a wrong address.
    #[error("a web page came where data was asked for (status {status})")]
    WebPage {
        /// Often 200.
        status: u16,
    },
    /// Not JSON, or cut short, or too deep.
    #[error("the answer can't be read: {0}")]
    Unreadable(String),
    /// Readable, but without what was asked for.
    #[error("the answer makes no sense: {0}")]
    Senseless(String),
    /// The stored position is not one of ours.
    #[error("the stored polling position can't be read: {0}")]
    Position(String),
}

impl OrcaFault {
    /// How to treat it.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Http(fault) => fault.trouble(),
            Self::TooMany { .. } | Self::Unwell { .. } => Trouble::Passing,
            Self::Keychain(_)
            | Self::NoSecret(_)
            | Self::TokenRefused { .. }
            | Self::NotAllowed { .. }
            | Self::NotThere { .. }
            | Self::Refused { .. }
            | Self::SameAlready { .. }
            | Self::Position(_) => Trouble::NeedsPerson,
            Self::WebPage { .. } | Self::Unreadable(_) | Self::Senseless(_) => Trouble::Garbage,
        }
    }

    /// For the engine: which operation, and what a person can do. `permission` is what it needs, in
    /// words.
    pub(super) fn during(self, operation: &str, permission: &str) -> OutsideError {
        OutsideError {
            operation: operation.to_owned(),
            message: self.to_string(),
            remedy: self.remedy(permission),
            trouble: self.trouble(),
            retry_after: self.stay_away(),
        }
    }

    fn remedy(&self, permission: &str) -> Option<String> {
        Some(match self {
            Self::Http(HttpFault::Address(_)) => "Correct the address in the source's settings.".to_owned(),
            Self::Http(HttpFault::Redirect { .. }) | Self::WebPage { .. } => {
                "Check the source's region: the address is that of the API, for example https://api.orcasecurity.io or https://app.eu.orcasecurity.io. A proxy's login page looks like this too.".to_owned()
            }
            Self::Http(HttpFault::Unreachable { .. } | HttpFault::Setup(_)) => "Check the address, the network and the proxy.".to_owned(),
            Self::Http(HttpFault::Cut { .. } | HttpFault::TimedOut { .. }) => {
                "It goes on from the same place by itself. If it stays so, check the network and the proxy.".to_owned()
            }
            Self::Http(HttpFault::TooLarge { .. }) => "Lower the source's page size.".to_owned(),
            Self::TooMany { .. } | Self::Unwell { .. } => "It goes on from the same place by itself, as soon as Orca lets it.".to_owned(),
            Self::Keychain(_) => "Unlock the keychain, then try again.".to_owned(),
            Self::NoSecret(_) => "Enter the API token again in the source's settings.".to_owned(),
            Self::TokenRefused { .. } => {
                "Check that the token belongs to this region and has not expired, then enter it again (Orca: Settings, Users & Permissions, API).".to_owned()
            }
            Self::NotThere { .. } => {
                "Check the source's address; where it is right, the alert or asset is no longer there.".to_owned()
            }
            Self::NotAllowed { .. } if permission.is_empty() => {
                "Give the API token's role the permission for this (Orca: Settings, Users & Permissions).".to_owned()
            }
            Self::NotAllowed { .. } => format!(
                "Give the API token's role the permission {permission} (Orca: Settings, Users & Permissions)."
            ),
            Self::Position(_) => "Remove the source and add it again; alerts seen before are recognised.".to_owned(),
            _ => return None,
        })
    }
}

impl Retriable for OrcaFault {
    fn passes(&self) -> bool {
        self.trouble() == Trouble::Passing
    }

    fn stay_away(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after } | Self::Unwell { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
