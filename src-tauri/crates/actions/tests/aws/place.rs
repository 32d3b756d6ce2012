//! A place for one test: account, proxy, keychain, clock, reader, executor.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use firebreak_actions::{AwsAccount, AwsExecutor, AwsReader, KeySource};
use firebreak_core::Timestamp;
use firebreak_core::ports::{Clock, KeychainState, Secret, SecretName, Vault, VaultError};

use crate::proxy::Proxy;
use crate::sandbox::Sandbox;

pub struct Place {
    pub sandbox: Sandbox,
    pub proxy: Proxy,
    pub account: AwsAccount,
    pub vault: Arc<Drawer>,
    pub reader: AwsReader,
    pub executor: AwsExecutor,
}

impl Place {
    /// Sets everything up; `None` where the sandbox can't run. `shape` may change the account.
    pub async fn with(shape: impl FnOnce(&mut AwsAccount, &Sandbox)) -> Option<Self> {
        let sandbox = Sandbox::start()?;
        let proxy = Proxy::start(sandbox.port).await;
        let mut account = AwsAccount {
            name: "sandbox".to_owned(),
            account_id: sandbox.name("account"),
            regions: vec![sandbox.name("region")],
            endpoint: Some(format!("http://127.0.0.1:{}", proxy.port)),
            read: key(&sandbox, "read"),
            write: Some(key(&sandbox, "write")),
            role_arn: Some(sandbox.name("role.firebreak-containment.arn")),
            external_id: None,
        };
        shape(&mut account, &sandbox);
        let secrets = ["read", "write", "deploy_bot", "listen"];
        let secrets = secrets.map(|who| (who.to_owned(), sandbox.key(who).1));
        let vault = Arc::new(Drawer(BTreeMap::from(secrets)));
        let reader = AwsReader::new(account.clone(), vault.clone(), Arc::new(Now));
        let executor = AwsExecutor::new(account.clone(), vault.clone(), Arc::new(Now)).unwrap();
        Some(Self { sandbox, proxy, account, vault, reader, executor })
    }

    pub async fn new() -> Option<Self> {
        Self::with(|_, _| {}).await
    }

    /// The same for IAM.
    pub fn somebody_else_at_iam(&self) -> aws_sdk_iam::Client {
        let (id, secret) = self.sandbox.key("write");
        let credentials = aws_sdk_iam::config::Credentials::new(id, secret, None, None, "test");
        let config = aws_sdk_iam::Config::builder()
            .behavior_version(aws_sdk_iam::config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_iam::config::Region::new(self.sandbox.name("region")))
            .credentials_provider(credentials)
            .endpoint_url(format!("http://127.0.0.1:{}", self.sandbox.port))
            .build();
        aws_sdk_iam::Client::from_conf(config)
    }

    /// A client of the sandbox's operator that goes around the proxy: somebody else at work.
    pub fn somebody_else(&self) -> aws_sdk_ec2::Client {
        let (id, secret) = self.sandbox.key("write");
        let credentials = aws_sdk_ec2::config::Credentials::new(id, secret, None, None, "test");
        let config = aws_sdk_ec2::Config::builder()
            .behavior_version(aws_sdk_ec2::config::BehaviorVersion::v2026_01_12())
            .region(aws_sdk_ec2::config::Region::new(self.sandbox.name("region")))
            .credentials_provider(credentials)
            .endpoint_url(format!("http://127.0.0.1:{}", self.sandbox.port))
            .build();
        aws_sdk_ec2::Client::from_conf(config)
    }
}

pub fn key(sandbox: &Sandbox, who: &str) -> KeySource {
    KeySource { key_id: sandbox.key(who).0, secret: SecretName::new(who) }
}

/// A keychain in memory.
pub struct Drawer(pub BTreeMap<String, String>);

#[async_trait]
impl Vault for Drawer {
    async fn state(&self) -> KeychainState {
        KeychainState::Unlocked
    }

    async fn unlock(&self) -> KeychainState {
        KeychainState::Unlocked
    }

    async fn read(&self, name: &SecretName) -> Result<Option<Secret>, VaultError> {
        if self.0.is_empty() {
            return Err(VaultError::NotUsable(KeychainState::Locked));
        }
        Ok(self.0.get(name.as_str()).map(|text| Secret::new(text.clone())))
    }

    async fn write(&self, _name: &SecretName, _secret: Secret) -> Result<(), VaultError> {
        unreachable!("no test writes secrets")
    }

    async fn delete(&self, _name: &SecretName) -> Result<(), VaultError> {
        unreachable!("no test deletes secrets")
    }
}

/// The system's clock: request signatures are only good near the real time.
pub struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}
