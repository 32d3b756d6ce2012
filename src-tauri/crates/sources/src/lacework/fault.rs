//! What can go wrong between us and Lacework.

use std::time::Duration;

use firebreak_core::ports::{OutsideError, Trouble, VaultError};

use crate::http::HttpFault;
use crate::patience::Retriable;

/// A failed exchange with Lacework. No text here holds a secret or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaceworkFault {
    /// No usable reply.
    #[error(transparent)]
    Http(#[from] HttpFault),
    /// The keychain did not give the secret key.
    #[error(transparent)]
    Keychain(#[from] VaultError),
    /// The keychain has no secret key under that name.
    #[error("the keychain has no secret key named {0}")]
    NoSecret(String),
    /// No token for this key.
    #[error("Lacework refused the key id or secret key (status {status}): {detail}")]
    CredentialsRefused {
        /// 400, 401, 403 or 404.
        status: u16,
        /// Its words, capped.
        detail: String,
    },
    /// The API does not take a token that it just gave.
    #[error("Lacework refused a fresh token (status 401)")]
    TokenRefused,
    /// Signed in, but not allowed.
    #[error("Lacework does not allow this: {detail}")]
    NotAllowed {
        /// Its words, capped.
        detail: String,
    },
    /// Too many requests.
    #[error("Lacework asks for fewer requests (429)")]
    TooMany {
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// Our own count says that the next request would be one too many.
    #[error("this hour's requests to Lacework are used up")]
    Spent {
        /// Until the next one may leave.
        wait: Duration,
    },
    /// It is unwell.
    #[error("Lacework has trouble of its own ({detail})")]
    Unwell {
        /// `status 503`.
        detail: String,
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// It knows no such alert, or no such page any more.
    #[error("Lacework knows no such thing (status 404): {detail}")]
    Unknown {
        /// Its words, capped.
        detail: String,
    },
    /// Any other status.
    #[error("Lacework refused the request (status {status}): {detail}")]
    Refused {
        /// Which.
        status: u16,
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
    /// The next page lies on a host that nobody configured.
    #[error("the next page is said to be on another host, which is not followed")]
    Elsewhere,
    /// The stored position is not one of ours.
    #[error("the stored polling position can't be read: {0}")]
    Position(String),
}

impl LaceworkFault {
    /// How to treat it.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Http(fault) => fault.trouble(),
            Self::TooMany { .. } | Self::Spent { .. } | Self::Unwell { .. } => Trouble::Passing,
            Self::Refused { status, .. } if *status >= 500 => Trouble::Passing,
            Self::Keychain(_)
            | Self::NoSecret(_)
            | Self::CredentialsRefused { .. }
            | Self::TokenRefused
            | Self::NotAllowed { .. }
            | Self::Unknown { .. }
            | Self::Refused { .. }
            | Self::Elsewhere
            | Self::Position(_) => Trouble::NeedsPerson,
            Self::WebPage { .. } | Self::Unreadable(_) | Self::Senseless(_) => Trouble::Garbage,
        }
    }

    /// For the engine: which operation, and what a person can do. `right` is the one it needs.
    pub(super) fn during(self, operation: &str, right: &str) -> OutsideError {
        OutsideError {
            operation: operation.to_owned(),
            message: self.to_string(),
            remedy: self.remedy(right),
            trouble: self.trouble(),
            retry_after: self.stay_away(),
        }
    }

    fn remedy(&self, right: &str) -> Option<String> {
        Some(match self {
            Self::Http(HttpFault::Address(_)) => "Correct the address in the source's settings.".to_owned(),
            Self::Http(HttpFault::Redirect { .. }) | Self::WebPage { .. } => {
                "Check the source's address: https://ACCOUNT.lacework.net, with the region where the account has one. A proxy's login page looks like this too.".to_owned()
            }
            Self::Http(HttpFault::Unreachable { .. } | HttpFault::Setup(_)) => "Check the account's name, the network and the proxy.".to_owned(),
            Self::Http(HttpFault::Cut { .. } | HttpFault::TimedOut { .. }) => {
                "Polling goes on from the same place by itself. If it stays so, check the network and the proxy.".to_owned()
            }
            Self::Http(HttpFault::TooLarge { .. }) => "Shorten the source's window, so that a list holds fewer alerts.".to_owned(),
            Self::TooMany { .. } | Self::Unwell { .. } => "Polling goes on from the same place by itself, as soon as Lacework lets it.".to_owned(),
            Self::Spent { .. } => "Polling goes on by itself. If it happens often, poll less often, or lower the scopes read for each alert.".to_owned(),
            Self::Keychain(_) => "Unlock the keychain, then try again.".to_owned(),
            Self::NoSecret(_) => "Enter the secret key again in the source's settings.".to_owned(),
            Self::CredentialsRefused { .. } => {
                "Check the key id, enter the secret key again, and check that the key is enabled and belongs to this account (Lacework: Settings, API keys).".to_owned()
            }
            Self::TokenRefused => "Check that the key belongs to this account and is enabled.".to_owned(),
            Self::NotAllowed { .. } => format!("Give the key's user a role with the permission {right} (Lacework: Settings, Access control), and check the sub-account's name."),
            Self::Elsewhere => "Check that the address is the account's own, region included: Lacework answers with that one.".to_owned(),
            Self::Position(_) => "Remove the source and add it again; alerts seen before are recognised.".to_owned(),
            _ => return None,
        })
    }
}

impl Retriable for LaceworkFault {
    fn passes(&self) -> bool {
        // The allowance has been waited for already, as far as that is sensible.
        self.trouble() == Trouble::Passing && !matches!(self, Self::Spent { .. })
    }

    fn stay_away(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after } | Self::Unwell { retry_after, .. } => *retry_after,
            Self::Spent { wait } => Some(*wait),
            _ => None,
        }
    }
}
