//! A cloud account as configured. Holds names of secrets, never secrets.

use firebreak_core::ports::{OutsideError, SecretName, Trouble};

/// An AWS account that Firebreak reads and, where write credentials are given, acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsAccount {
    /// What people call it: `acme`.
    pub name: String,
    /// Twelve digits. Credentials that turn out to belong to another account are refused.
    pub account_id: String,
    /// The regions to read and act in.
    pub regions: Vec<String>,
    /// Another address than AWS's own, for the sandbox or a private endpoint.
    pub endpoint: Option<String>,
    /// For reading.
    pub read: KeySource,
    /// For acting; `None` leaves the account read-only.
    pub write: Option<KeySource>,
    /// The role to assume for acting.
    pub role_arn: Option<String>,
    /// What that role's trust policy asks for.
    pub external_id: Option<String>,
}

/// An access key: its id, and where the secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// `AKIA…`
    pub key_id: String,
    /// The keychain's name for the secret access key.
    pub secret: SecretName,
}

impl AwsAccount {
    /// The region to use where AWS has only one place, as for IAM and STS.
    pub(crate) fn home_region(&self) -> &str {
        self.regions.first().map_or("us-east-1", String::as_str)
    }

    /// The region to call for a target's region, in which IAM's things have `global`.
    pub(crate) fn region_of<'a>(&'a self, region: &'a str) -> &'a str {
        if region.is_empty() || region == "global" { self.home_region() } else { region }
    }

    /// Refuses an address that would carry requests over a network in plain text.
    pub(crate) fn check_endpoint(&self) -> Result<(), OutsideError> {
        let Some(endpoint) = &self.endpoint else { return Ok(()) };
        if endpoint.starts_with("https://") || is_loopback(endpoint) {
            return Ok(());
        }
        Err(OutsideError::new(
            "aws connect",
            Trouble::NeedsPerson,
            "the endpoint is neither https nor on this machine",
        )
        .with_remedy("use an https:// address"))
    }
}

fn is_loopback(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("http://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_may_be_called_in_plain_text() {
        for own in ["http://127.0.0.1:5000", "http://localhost", "http://[::1]:80/x"] {
            assert!(is_loopback(own), "{own}");
        }
        for other in [
            "http://10.0.0.1",
            "http://127.0.0.1.example.com:80",
            "http://user@127.0.0.1:80",
            "http://",
            "https://127.0.0.1",
            "http://localhost@evil.example",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
