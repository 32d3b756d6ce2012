//! What a person configures for one Lacework account.

use std::num::NonZeroU32;
use std::time::Duration;

use firebreak_core::ports::SecretName;

use super::scope::Scope;
use crate::http::{Address, HttpConfig, HttpFault};
use crate::patience::Patience;

/// Where accounts live. An account's host is `ACCOUNT[.CLUSTER].lacework.net`, as the vendor's own
/// Go client takes it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LaceworkRegion {
    /// `ACCOUNT.lacework.net`, where most accounts are.
    UnitedStates,
    /// `ACCOUNT.fra.lacework.net`, Frankfurt.
    Europe,
    /// `ACCOUNT.aus.lacework.net`. Known from public set-up guides only.
    Australia,
}

impl LaceworkRegion {
    /// All regions, for a choice.
    pub const ALL: [Self; 3] = [Self::UnitedStates, Self::Europe, Self::Australia];

    /// What follows the account's name.
    pub fn domain(self) -> &'static str {
        match self {
            Self::UnitedStates => "lacework.net",
            Self::Europe => "fra.lacework.net",
            Self::Australia => "aus.lacework.net",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::UnitedStates => "United States",
            Self::Europe => "Europe (Frankfurt)",
            Self::Australia => "Australia",
        }
    }

    /// The address of an account there. Takes what people paste: a name, a host, a whole address.
    ///
    /// # Errors
    /// When what is left is no host name.
    pub fn address(self, account: &str) -> Result<String, HttpFault> {
        let bare = account.trim().to_ascii_lowercase();
        let bare = bare.strip_prefix("https://").unwrap_or(&bare);
        let bare = bare.split('/').next().unwrap_or_default();
        let named = bare.strip_suffix(".lacework.net");
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let name = named.unwrap_or(bare);
        let legal = !name.is_empty()
            && name.len() < 200
            && name.chars().all(letters)
            && name.split('.').all(|part| !part.is_empty() && !part.starts_with('-'));
        if !legal {
            let said = firebreak_core::text::line(account, 80);
            return Err(HttpFault::Address(format!("{said:?} is no name of an account")));
        }
        // A whole host names its own region.
        Ok(match named {
            Some(name) => format!("https://{name}.lacework.net"),
            None => format!("https://{name}.{}", self.domain()),
        })
    }
}

/// One Lacework account and how to ask it. Holds no secret: `secret` only names it.
#[derive(Debug, Clone)]
pub struct LaceworkConfig {
    /// The configured source's name, `lacework-prod`.
    pub name: String,
    /// `https://ACCOUNT.lacework.net`; see [`LaceworkRegion::address`].
    pub address: String,
    /// Of the API key.
    pub key_id: String,
    /// Under what name the keychain has the key's secret.
    pub secret: SecretName,
    /// The sub-account to speak of (`Account-Name`); the key's own when `None`.
    pub sub_account: Option<String>,
    /// Whether to ask for the whole organisation (`Org-Access`).
    pub organisation: bool,
    /// How far back the first poll and every review of known alerts reach.
    pub lookback: Duration,
    /// What is asked for at once, at most; the server's maximum is believed to be 7 days.
    pub window: Duration,
    /// What is listed again at every poll. Alerts are filed about an hour after they began.
    pub overlap: Duration,
    /// How often all alerts of the look-back are listed again to see closed and changed ones. Taken
    /// less often when that would use more than half of the allowance.
    pub review_every: Duration,
    /// Scopes read for alerts of severity High and Critical, beside Details, in this order while
    /// requests last. Of these, `ObservationTimeline` is read for severity Medium too while more than
    /// half of the requests are left: it alone names techniques of ATT&CK.
    pub scopes: Vec<Scope>,
    /// Life asked for an access token; Lacework grants at most a day.
    pub token_life: Duration,
    /// 480 by public clients, for all requests of an account together.
    pub requests_per_hour: NonZeroU32,
    /// Time-outs, caps, proxy.
    pub http: HttpConfig,
    /// Bounds on retries.
    pub patience: Patience,
}

impl LaceworkConfig {
    /// An account with the defaults: 7 days back in one window, 6 hours of overlap, a review every
    /// 15 minutes, tokens of an hour, 480 requests an hour.
    pub fn new(
        name: impl Into<String>,
        address: impl Into<String>,
        key_id: impl Into<String>,
        secret: SecretName,
    ) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            key_id: key_id.into(),
            secret,
            sub_account: None,
            organisation: false,
            lookback: Duration::from_secs(7 * 86_400),
            window: Duration::from_secs(7 * 86_400),
            overlap: Duration::from_secs(6 * 3_600),
            review_every: Duration::from_secs(15 * 60),
            scopes: vec![
                Scope::ObservationTimeline,
                Scope::Events,
                Scope::Investigation,
                Scope::RelatedAlerts,
            ],
            token_life: Duration::from_secs(3_600),
            requests_per_hour: NonZeroU32::MIN.saturating_add(479),
            http: HttpConfig::default(),
            patience: Patience::default(),
        }
    }

    /// The account's address; a path is left behind.
    pub(super) fn host(&self) -> Result<Address, HttpFault> {
        Address::parse(&self.address)?.on_host("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_accounts() {
        let europe = |account| LaceworkRegion::Europe.address(account).ok();
        assert_eq!(europe("acme").as_deref(), Some("https://acme.fra.lacework.net"));
        for same in ["acme.lacework.net", "https://Acme.lacework.net/ui/x", " acme.lacework.net "] {
            assert_eq!(europe(same).as_deref(), Some("https://acme.lacework.net"), "{same}");
        }
        for bad in ["", "-x", "a b", "x?y", "user@evil.example", "a..b", "https://"] {
            assert_eq!(europe(bad), None, "{bad}");
        }
        let own = LaceworkRegion::ALL.map(|region| region.address("acme").unwrap());
        own.iter().for_each(|address| assert!(Address::parse(address).is_ok()));
    }
}
