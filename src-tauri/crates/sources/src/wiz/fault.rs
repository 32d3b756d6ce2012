//! What can go wrong between us and Wiz.

use std::time::Duration;

use firebreak_core::ports::{OutsideError, Trouble, VaultError};

use super::probe::SCOPE_GRAPH;
use crate::http::HttpFault;
use crate::patience::Retriable;

/// A failed exchange with Wiz. No text here holds a secret or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WizFault {
    /// No usable reply.
    #[error(transparent)]
    Http(#[from] HttpFault),
    /// The keychain did not give the client secret.
    #[error(transparent)]
    Keychain(#[from] VaultError),
    /// The keychain has no client secret under that name.
    #[error("the keychain has no client secret named {0}")]
    NoSecret(String),
    /// The token endpoint said no.
    #[error("Wiz refused the client id or secret (status {status}): {detail}")]
    CredentialsRefused {
        /// 400, 401 or 403.
        status: u16,
        /// Its words, capped.
        detail: String,
    },
    /// The API does not take a token that the token endpoint just gave.
    #[error("Wiz's API refused a fresh token (status 401)")]
    TokenRefused,
    /// Signed in, but not allowed.
    #[error("Wiz does not allow this: {detail}")]
    NotAllowed {
        /// Its words, capped.
        detail: String,
    },
    /// Too many requests.
    #[error("Wiz asks for fewer requests (429)")]
    TooMany {
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// It is unwell.
    #[error("Wiz has trouble of its own ({detail})")]
    Unwell {
        /// `status 503`, or a GraphQL error's code.
        detail: String,
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// Any other status.
    #[error("Wiz answered with status {status}")]
    Status {
        /// Which.
        status: u16,
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
    /// The GraphQL operation failed.
    #[error("Wiz refused the query ({code}): {message}")]
    GraphQl {
        /// `extensions.code`.
        code: String,
        /// Its words, capped.
        message: String,
    },
    /// Readable, but without what was asked for.
    #[error("the answer makes no sense: {0}")]
    Senseless(String),
    /// The stored position is not one of ours.
    #[error("the stored polling position can't be read: {0}")]
    Position(String),
}

impl WizFault {
    /// How to treat it.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Http(fault) => fault.trouble(),
            Self::TooMany { .. } | Self::Unwell { .. } => Trouble::Passing,
            Self::Keychain(_)
            | Self::NoSecret(_)
            | Self::CredentialsRefused { .. }
            | Self::TokenRefused
            | Self::NotAllowed { .. }
            | Self::Position(_) => Trouble::NeedsPerson,
            Self::Status { status } if *status < 500 => Trouble::NeedsPerson,
            Self::Status { .. } => Trouble::Passing,
            Self::WebPage { .. }
            | Self::Unreadable(_)
            | Self::GraphQl { .. }
            | Self::Senseless(_) => Trouble::Garbage,
        }
    }

    /// For the engine: which operation, and what a person can do. `scope` is the one it needs.
    pub(super) fn during(self, operation: &str, scope: &str) -> OutsideError {
        let remedy = self.remedy(scope);
        OutsideError {
            operation: operation.to_owned(),
            message: self.to_string(),
            remedy,
            trouble: self.trouble(),
            retry_after: self.stay_away(),
        }
    }

    fn remedy(&self, scope: &str) -> Option<String> {
        Some(match self {
            Self::Http(HttpFault::Address(_)) => "Correct the address in the source's settings.".to_owned(),
            Self::Http(HttpFault::Redirect { .. }) | Self::WebPage { .. } => {
                "Check the source's addresses: the API address ends in /graphql, the authentication address in /oauth/token. A proxy's login page looks like this too.".to_owned()
            }
            Self::Http(HttpFault::Unreachable { .. } | HttpFault::Setup(_)) => "Check the address, the network and the proxy.".to_owned(),
            Self::Http(HttpFault::Cut { .. } | HttpFault::TimedOut { .. }) => {
                "Polling goes on from the same place by itself. If it stays so, check the network and the proxy.".to_owned()
            }
            Self::TooMany { .. } | Self::Unwell { .. } => "Polling goes on from the same place by itself, as soon as Wiz lets it.".to_owned(),
            Self::Http(HttpFault::TooLarge { .. }) if scope != SCOPE_GRAPH => "Lower the source's page size.".to_owned(),
            Self::Keychain(_) => "Unlock the keychain, then try again.".to_owned(),
            Self::NoSecret(_) => "Enter the client secret again in the source's settings.".to_owned(),
            Self::CredentialsRefused { .. } => {
                "Check the client id, enter the client secret again, and check that the authentication address belongs to this tenant.".to_owned()
            }
            Self::TokenRefused => "Check that API address and authentication address belong to the same tenant, and the audience.".to_owned(),
            Self::NotAllowed { .. } => format!("Give the service account the scope {scope} (Wiz: Settings, Service Accounts)."),
            Self::Position(_) => "Remove the source and add it again; alerts seen before are recognised.".to_owned(),
            _ => return None,
        })
    }
}

impl Retriable for WizFault {
    fn passes(&self) -> bool {
        // A connection that breaks midway also shows as an answer cut short.
        self.trouble() == Trouble::Passing
    }

    fn stay_away(&self) -> Option<Duration> {
        match self {
            Self::TooMany { retry_after } | Self::Unwell { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
