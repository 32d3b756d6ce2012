//! Clients: explicit endpoint, explicit credentials, explicit limits.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, ConnectorBuilder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use firebreak_core::ports::{Vault, VaultError};

use crate::account::{AwsAccount, KeySource};

/// How long a secret read from the keychain serves a long-lived reader.
const SECRET_SECONDS: u64 = 60;

/// The clients of one region and one identity.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) autoscaling: aws_sdk_autoscaling::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
}

/// How often a request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempts {
    /// Reads: three times, with the SDK's back-off.
    Repeated,
    /// Changes: once. Whether to go on is decided by reading, never by sending again.
    Single,
}

/// Makes clients that share their connections.
pub(crate) struct Connector {
    endpoint: Option<String>,
    http: SharedHttpClient,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Connector {
    pub(crate) fn new(account: &AwsAccount) -> Self {
        Self { endpoint: account.endpoint.clone(), http: http_client() }
    }

    pub(crate) fn clients(
        &self,
        region: &str,
        credentials: SharedCredentialsProvider,
        attempts: Attempts,
    ) -> Clients {
        let config = self.config(region, credentials, attempts);
        Clients {
            ec2: aws_sdk_ec2::Client::new(&config),
            autoscaling: aws_sdk_autoscaling::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        }
    }

    fn config(
        &self,
        region: &str,
        credentials: SharedCredentialsProvider,
        attempts: Attempts,
    ) -> SdkConfig {
        configuration(region, self.endpoint.as_deref(), credentials, attempts, self.http.clone())
    }
}

/// Everything explicit: nothing is taken from environment or files.
pub(crate) fn configuration(
    region: &str,
    endpoint: Option<&str>,
    credentials: SharedCredentialsProvider,
    attempts: Attempts,
    http: SharedHttpClient,
) -> SdkConfig {
    let retries = match attempts {
        Attempts::Repeated => RetryConfig::standard().with_max_attempts(3),
        Attempts::Single => RetryConfig::disabled(),
    };
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials)
        .http_client(http)
        .retry_config(retries)
        .timeout_config(limits(attempts));
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    builder.build()
}

/// A change gets longer for its one attempt: giving up early only makes its outcome unknown.
fn limits(attempts: Attempts) -> TimeoutConfig {
    let attempt = match attempts {
        Attempts::Repeated => Duration::from_secs(10),
        Attempts::Single => Duration::from_secs(30),
    };
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(4))
        .operation_attempt_timeout(attempt)
        .operation_timeout(Duration::from_secs(35))
        .build()
}

/// The SDK's own default client (rustls, proxies from the environment), made by hand so that all
/// clients share one pool. Idle connections are dropped before AWS drops them: a request written
/// into a connection that is just being closed would have an unknown outcome.
pub(crate) fn http_client() -> SharedHttpClient {
    Builder::new().pool_idle_timeout(Duration::from_secs(10)).build_with_connector_fn(
        |settings, components| {
            let mut connector = ConnectorBuilder::default()
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
            connector.set_proxy_config(Some(ProxyConfig::from_env()));
            connector.build()
        },
    )
}

/// Reads an access key from the keychain.
pub(crate) async fn read_key(
    vault: &dyn Vault,
    key: &KeySource,
) -> Result<Credentials, VaultError> {
    let secret = vault.read(&key.secret).await?;
    let secret = secret.ok_or_else(|| VaultError::Missing(key.secret.as_str().to_owned()))?;
    Ok(Credentials::new(&key.key_id, secret.expose(), None, None, "firebreak-keychain"))
}

/// Credentials that are read from the keychain when a request needs them.
pub(crate) struct KeychainCredentials {
    vault: Arc<dyn Vault>,
    key: KeySource,
}

impl KeychainCredentials {
    pub(crate) fn shared(vault: Arc<dyn Vault>, key: KeySource) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Self { vault, key })
    }

    async fn load(&self) -> provider::Result {
        let mut credentials = read_key(self.vault.as_ref(), &self.key)
            .await
            .map_err(CredentialsError::provider_error)?;
        // The SDK keeps them until then, so that a change in the keychain is noticed.
        *credentials.expiry_mut() = Some(SystemTime::now() + Duration::from_secs(SECRET_SECONDS));
        Ok(credentials)
    }
}

impl fmt::Debug for KeychainCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeychainCredentials").field("key", &self.key).finish_non_exhaustive()
    }
}

impl ProvideCredentials for KeychainCredentials {
    fn provide_credentials<'a>(&'a self) -> provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        provider::future::ProvideCredentials::new(self.load())
    }
}

/// One set of clients a region, made when first needed.
#[derive(Debug, Default)]
pub(crate) struct Regions(Mutex<BTreeMap<String, Clients>>);

impl Regions {
    pub(crate) fn get(&self, region: &str, make: impl FnOnce() -> Clients) -> Clients {
        // A panic while inserting leaves the map whole, so a poisoned lock is still good.
        let mut regions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        regions.entry(region.to_owned()).or_insert_with(make).clone()
    }
}
