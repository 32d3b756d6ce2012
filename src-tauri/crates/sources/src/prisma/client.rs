//! The reads of the CSPM API. There is no other request here: changes are the writer's.

use std::sync::Arc;

use firebreak_core::ports::Vault;
use serde_json::{Value, json};

use super::budget::Gauge;
use super::config::PrismaConfig;
use super::fault::PrismaFault;
use super::session::{Lane, Session, value};
use super::token::Api;
use crate::http::{Call, Reply, Verb};

/// The reading client of one tenant.
pub(super) struct Client {
    session: Session,
}

impl Client {
    pub(super) fn new(config: &PrismaConfig, vault: Arc<dyn Vault>) -> Result<Self, PrismaFault> {
        let session = Session::new(Api::Cspm, config, &config.api_url, vault)?;
        Ok(Self { session })
    }

    pub(super) async fn sign_in(&self) -> Result<(), PrismaFault> {
        self.session.sign_in().await
    }

    pub(super) fn gauge(&self) -> &Gauge {
        self.session.gauge()
    }

    /// `POST /v2/alert?detailed=true`, a read in spite of its verb.
    pub(super) async fn alerts(&self, search: &Value) -> Result<Reply, PrismaFault> {
        let call = Call {
            verb: Verb::Post,
            path: &["v2", "alert"],
            query: &[("detailed", "true".to_owned())],
            body: Some(search.to_string().into_bytes()),
        };
        self.session.read(Lane::Lists, &call).await
    }

    /// `POST /uai/v1/asset`: one aspect of an asset.
    pub(super) async fn asset(&self, id: &str, aspect: &str) -> Result<Value, PrismaFault> {
        self.look(&["uai", "v1", "asset"], &json!({"assetId": id, "type": aspect})).await
    }

    /// `POST /resource`: what Prisma knows of a resource by its `rrn`.
    pub(super) async fn resource(&self, rrn: &str) -> Result<Value, PrismaFault> {
        self.look(&["resource"], &json!({"rrn": rrn})).await
    }

    /// `POST /api/v1/permission`: the answer to an IAM query.
    pub(super) async fn permissions(&self, query: &str, limit: u32) -> Result<Value, PrismaFault> {
        self.look(&["api", "v1", "permission"], &json!({"query": query, "limit": limit})).await
    }

    async fn look(&self, path: &[&str], body: &Value) -> Result<Value, PrismaFault> {
        let body = Some(body.to_string().into_bytes());
        let call = Call { verb: Verb::Post, path, query: &[], body };
        value(&self.session.read(Lane::Details, &call).await?)
    }
}
