//! What can go wrong between us and Prisma Cloud.

use std::time::Duration;

use firebreak_core::ports::{OutsideError, Trouble, VaultError};

use crate::http::HttpFault;
use crate::patience::Retriable;

/// A failed exchange. No text here holds a secret or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrismaFault {
    /// No usable reply.
    #[error(transparent)]
    Http(#[from] HttpFault),
    /// The keychain did not give the secret.
    #[error(transparent)]
    Keychain(#[from] VaultError),
    /// The keychain has no secret under that name.
    #[error("the keychain has no secret named {0}")]
    NoSecret(String),
    /// The login said no.
    #[error("Prisma Cloud refused the access key (status {status}): {detail}")]
    CredentialsRefused {
        /// 400, 401 or 403.
        status: u16,
        /// Its words, capped.
        detail: String,
    },
    /// The API does not take a token that the login just gave.
    #[error("Prisma Cloud refused a fresh session (status 401): {detail}")]
    TokenRefused {
        /// Its words, capped.
        detail: String,
    },
    /// Signed in, but not allowed.
    #[error("Prisma Cloud does not allow this: {detail}")]
    NotAllowed {
        /// Its words, capped.
        detail: String,
    },
    /// Too many requests.
    #[error("Prisma Cloud asks for fewer requests (429)")]
    TooMany {
        /// Not before. The vendor names none; a gateway may.
        retry_after: Option<Duration>,
    },
    /// It is unwell.
    #[error("Prisma Cloud has trouble of its own ({detail})")]
    Unwell {
        /// The status, and its words.
        detail: String,
        /// Not before.
        retry_after: Option<Duration>,
    },
    /// Any other status.
    #[error("Prisma Cloud refused the request (status {status}): {detail}")]
    Refused {
        /// Which.
        status: u16,
        /// Its words, capped.
        detail: String,
    },
    /// A login page, a load balancer, a wrong address.
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

impl PrismaFault {
    /// How to treat it.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Http(fault) => fault.trouble(),
            Self::TooMany { .. } | Self::Unwell { .. } => Trouble::Passing,
            Self::Keychain(_)
            | Self::NoSecret(_)
            | Self::CredentialsRefused { .. }
            | Self::TokenRefused { .. }
            | Self::NotAllowed { .. }
            | Self::Refused { .. }
            | Self::Position(_) => Trouble::NeedsPerson,
            Self::WebPage { .. } | Self::Unreadable(_) | Self::Senseless(_) => Trouble::Garbage,
        }
    }

    /// For the engine: which operation, and what a person can do. `permission` is the one it needs.
    pub(super) fn during(self, operation: &str, permission: &str) -> OutsideError {
        OutsideError {
            operation: operation.to_owned(),
            message: self.to_string(),
            remedy: self.remedy(permission),
            trouble: self.trouble(),
            retry_after: self.stay_away(),
        }
    }

    /// The same with its quoted words changed: a server may repeat the token it refuses.
    pub(super) fn with_words(mut self, change: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::CredentialsRefused { detail, .. }
            | Self::TokenRefused { detail }
            | Self::NotAllowed { detail }
            | Self::Unwell { detail, .. }
            | Self::Refused { detail, .. } => *detail = change(detail),
            _ => {}
        }
        self
    }

    fn remedy(&self, permission: &str) -> Option<String> {
        Some(match self {
            Self::Http(HttpFault::Address(_)) => "Correct the address in the source's settings.".to_owned(),
            Self::Http(HttpFault::Redirect { .. }) | Self::WebPage { .. } => {
                "Check the source's stack: the API address begins with api, not app. A proxy's login page looks like this too.".to_owned()
            }
            Self::Http(HttpFault::Unreachable { .. } | HttpFault::Setup(_)) => "Check the address, the network and the proxy.".to_owned(),
            Self::Http(HttpFault::Cut { .. } | HttpFault::TimedOut { .. }) => {
                "Polling goes on from the same place by itself. If it stays so, check the network and the proxy.".to_owned()
            }
            Self::Http(HttpFault::TooLarge { .. }) => "Lower the source's page size.".to_owned(),
            Self::TooMany { .. } | Self::Unwell { .. } => {
                "Polling goes on from the same place by itself, as soon as Prisma Cloud lets it.".to_owned()
            }
            Self::Keychain(_) => "Unlock the keychain, then try again.".to_owned(),
            Self::NoSecret(_) => "Enter the access key's secret again in the source's settings.".to_owned(),
            Self::CredentialsRefused { .. } => {
                "Check the access key id, enter its secret again, check that the key has not expired (Settings, Access Control, Access Keys) and that the stack is this tenant's.".to_owned()
            }
            Self::TokenRefused { .. } => "Check that the access key is still active and that the stack is this tenant's.".to_owned(),
            Self::NotAllowed { .. } => format!(
                "Give the access key's role the permission {permission} (Prisma Cloud: Settings, Access Control, Permission Groups)."
            ),
            Self::Position(_) => "Remove the source and add it again; alerts seen before are recognised.".to_owned(),
            Self::Refused { .. } | Self::Unreadable(_) | Self::Senseless(_) => return None,
        })
    }
}

impl Retriable for PrismaFault {
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
