//! How a credential is named in the keychain, and how bytes become a secret.

use secrecy::SecretSlice;
use zeroize::Zeroize;

/// The name of one credential of one workspace.
///
/// The workspace is part of the service name, so two workspaces of one person never meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    service: String,
    user: String,
}

impl Item {
    /// `name` is `source/wiz-prod` or `key/approver`.
    pub(crate) fn new(workspace: &str, name: &str) -> Self {
        Self { service: format!("firebreak:{workspace}"), user: name.to_owned() }
    }

    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// What the desktop's keychain viewer shows.
    pub(crate) fn label(&self) -> String {
        format!("Firebreak {} ({})", self.user, self.service)
    }
}

/// Bytes from the keychain as a secret.
///
/// Copied to a box of their exact size first: shrinking the vector in place may move it and leave
/// the old bytes behind.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> SecretSlice<u8> {
    let exact: Box<[u8]> = bytes.as_slice().into();
    bytes.zeroize();
    SecretSlice::from(exact)
}
