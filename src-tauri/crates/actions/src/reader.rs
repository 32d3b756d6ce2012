//! Reading an account. Holds read credentials only.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::asset::Asset;
use firebreak_core::iam;
use firebreak_core::network;
use firebreak_core::observed::Observed;
use firebreak_core::ports::{
    CheckLine, Clock, CloudReader, OutsideError, OwnIdentity, Target, Vault,
};
use firebreak_core::{ActionId, AssetId};

use crate::account::AwsAccount;
use crate::connection::{Attempts, Clients, Connector, KeychainCredentials, Regions};
use crate::{
    asset, connection_test, identities, identity, networks, observe_identity, observe_instance,
    observe_key,
};

/// Reads one AWS account.
pub struct AwsReader {
    account: AwsAccount,
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    connector: Connector,
    regions: Regions,
}

impl AwsReader {
    /// Makes a reader. Nothing is connected and no secret is read until something is asked.
    pub fn new(account: AwsAccount, vault: Arc<dyn Vault>, clock: Arc<dyn Clock>) -> Self {
        let connector = Connector::new(&account);
        Self { account, vault, clock, connector, regions: Regions::default() }
    }

    fn clients(&self, region: &str) -> Result<Clients, OutsideError> {
        self.account.check_endpoint()?;
        let region = self.account.region_of(region);
        Ok(self.regions.get(region, || {
            let key = self.account.read.clone();
            let credentials = KeychainCredentials::shared(Arc::clone(&self.vault), key);
            self.connector.clients(region, credentials, Attempts::Repeated)
        }))
    }
}

#[async_trait]
impl CloudReader for AwsReader {
    #[tracing::instrument(skip_all, fields(action = %target.action, step = %target.step))]
    async fn observe(&self, target: &Target) -> Result<Observed, OutsideError> {
        let clients = self.clients(&target.region)?;
        match target.action {
            ActionId::Ec2Isolate
            | ActionId::Ec2Stop
            | ActionId::IamDetachInstanceProfile
            | ActionId::EbsSnapshot
            | ActionId::AsgStandby => {
                observe_instance::observe(&clients, &self.account, target).await
            }
            ActionId::IamDeactivateAccessKey => {
                let key_id = target.asset.as_str();
                let keys = observe_key::observe(&clients, &self.account, key_id).await?;
                Ok(Observed::AccessKey(keys))
            }
            ActionId::IamDenyUser | ActionId::IamRevokeRoleSessions => {
                observe_identity::observe(&clients, &self.account, target).await
            }
        }
    }

    #[tracing::instrument(skip_all)]
    async fn asset(&self, id: &AssetId, region: &str) -> Result<Option<Asset>, OutsideError> {
        let clients = self.clients(region)?;
        let found =
            asset::read(&clients, &self.account, id, self.account.region_of(region)).await?;
        Ok(found.map(|found| Asset { read_at: Some(self.clock.now()), ..found }))
    }

    #[tracing::instrument(skip_all)]
    async fn identities(&self) -> Result<iam::Account, OutsideError> {
        let regions = self.account.regions.iter();
        let regions: Result<Vec<(String, Clients)>, OutsideError> =
            regions.map(|region| Ok((region.clone(), self.clients(region)?))).collect();
        identities::read(&regions?, &self.account).await
    }

    #[tracing::instrument(skip_all)]
    async fn network(&self, region: &str) -> Result<network::Region, OutsideError> {
        let clients = self.clients(region)?;
        networks::read(&clients, &self.account, self.account.region_of(region)).await
    }

    #[tracing::instrument(skip_all)]
    async fn own_identity(&self) -> Result<OwnIdentity, OutsideError> {
        let clients = self.clients(self.account.home_region())?;
        identity::own(&clients, &self.account).await
    }

    #[tracing::instrument(skip_all)]
    async fn test(&self) -> Vec<CheckLine> {
        let mut lines = Vec::new();
        for (index, region) in self.account.regions.iter().enumerate() {
            match self.clients(region) {
                Ok(clients) if index == 0 => {
                    lines.extend(connection_test::account(&clients, &self.account).await);
                    if lines.iter().any(|line| !line.ok) {
                        return lines;
                    }
                    lines.extend(connection_test::region(&clients, region).await);
                }
                Ok(clients) => lines.extend(connection_test::region(&clients, region).await),
                Err(error) => {
                    lines.push(connection_test::failed("endpoint", error));
                    return lines;
                }
            }
        }
        lines
    }
}
