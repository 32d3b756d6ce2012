//! The reads of the Compute API: incidents, by offset.

use std::sync::Arc;

use chrono::SecondsFormat;
use firebreak_core::Timestamp;
use firebreak_core::ports::Vault;

use super::config::PrismaConfig;
use super::fault::PrismaFault;
use super::session::{Lane, Session};
use super::token::Api;
use crate::http::{Call, Reply, Verb};

/// The version of the API that the vendor's description of 34.04 serves.
pub(super) const VERSION: &str = "v34.04";
/// Incidents a page: the most that the API gives, as the vendor's own client pages.
pub(super) const PAGE: usize = 50;

/// The reading client of one Compute console.
pub(super) struct Compute {
    session: Session,
}

impl Compute {
    /// `None` when no address is configured.
    pub(super) fn new(
        config: &PrismaConfig,
        vault: Arc<dyn Vault>,
    ) -> Result<Option<Self>, PrismaFault> {
        let url = config.compute_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let session = url.map(|url| Session::new(Api::Compute, config, url, vault)).transpose()?;
        Ok(session.map(|session| Self { session }))
    }

    pub(super) async fn sign_in(&self) -> Result<(), PrismaFault> {
        self.session.sign_in().await
    }

    /// `GET /api/v34.04/audits/incidents`, oldest first.
    pub(super) async fn incidents(
        &self,
        from: Timestamp,
        to: Timestamp,
        offset: usize,
        limit: usize,
    ) -> Result<Reply, PrismaFault> {
        let time = |at: Timestamp| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let query = [
            ("from", time(from)),
            ("to", time(to)),
            ("sort", "time".to_owned()),
            ("reverse", "false".to_owned()),
            ("offset", offset.to_string()),
            ("limit", limit.to_string()),
        ];
        let path = ["api", VERSION, "audits", "incidents"];
        let call = Call { verb: Verb::Get, path: &path, query: &query, body: None };
        self.session.read(Lane::Details, &call).await
    }
}
