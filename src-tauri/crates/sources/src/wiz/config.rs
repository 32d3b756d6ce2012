//! What a person configures for one Wiz tenant.

use std::num::NonZeroU32;
use std::time::Duration;

use firebreak_core::ports::SecretName;

use crate::http::{Address, HttpConfig};
use crate::patience::Patience;

/// One Wiz tenant and how to ask it. Holds no secret: `secret` only names it.
#[derive(Debug, Clone)]
pub struct WizConfig {
    /// The configured source's name, `wiz-prod`.
    pub name: String,
    /// `https://api.<dc>.app.wiz.io/graphql`.
    pub api_url: String,
    /// `https://auth.app.wiz.io/oauth/token`.
    pub auth_url: String,
    /// Of the service account.
    pub client_id: String,
    /// Under what name the keychain has the client secret.
    pub secret: SecretName,
    /// Of the token; chosen by the authentication host when `None`.
    pub audience: Option<String>,
    /// How far back the first poll reaches.
    pub lookback: Duration,
    /// Issues a page; Wiz takes at most 500.
    pub page_size: u32,
    /// 3 by Wiz's documentation, as the Sekoia connector quotes it.
    pub requests_per_second: NonZeroU32,
    /// Time-outs, caps, proxy.
    pub http: HttpConfig,
    /// Bounds on retries.
    pub patience: Patience,
}

impl WizConfig {
    /// A tenant with the defaults: 7 days back, 100 a page, 3 requests a second.
    pub fn new(
        name: impl Into<String>,
        api_url: impl Into<String>,
        auth_url: impl Into<String>,
        client_id: impl Into<String>,
        secret: SecretName,
    ) -> Self {
        Self {
            name: name.into(),
            api_url: api_url.into(),
            auth_url: auth_url.into(),
            client_id: client_id.into(),
            secret,
            audience: None,
            lookback: Duration::from_secs(7 * 86_400),
            page_size: 100,
            requests_per_second: NonZeroU32::MIN.saturating_add(2),
            http: HttpConfig::default(),
            patience: Patience::default(),
        }
    }

    /// The audience to ask a token for. The retired Auth0 hosts want another one than the rest.
    pub(super) fn audience_at(&self, auth: &Address) -> String {
        let by_host = match auth.host() {
            "auth.wiz.io" | "auth0.gov.wiz.io" => "beyond-api",
            _ => "wiz-api",
        };
        self.audience
            .clone()
            .filter(|given| !given.is_empty())
            .unwrap_or_else(|| by_host.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_goes_by_the_host() {
        let mut config = WizConfig::new("w", "", "", "id", SecretName::new("source/w"));
        let audience = |config: &WizConfig, url| config.audience_at(&Address::parse(url).unwrap());
        assert_eq!(audience(&config, "https://auth.app.wiz.io/oauth/token"), "wiz-api");
        assert_eq!(audience(&config, "https://auth.gov.wiz.io/oauth/token"), "wiz-api");
        assert_eq!(audience(&config, "https://auth.wiz.io/oauth/token"), "beyond-api");
        assert_eq!(audience(&config, "https://auth0.gov.wiz.io/oauth/token"), "beyond-api");
        config.audience = Some("mine".into());
        assert_eq!(audience(&config, "https://auth.wiz.io/oauth/token"), "mine");
    }
}
