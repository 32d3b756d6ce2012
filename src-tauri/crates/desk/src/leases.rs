//! The containment board, as the interface asks for it.

use chrono::{DateTime, Utc};
use firebreak_core::StepId;
use firebreak_core::lease::Lease;
use firebreak_wire as wire;

use crate::{Desk, DeskError, view};

impl Desk {
    /// What was changed and is not undone, those that need somebody first; with `all`, what is over too.
    pub async fn lease_board(&self, all: bool) -> Result<wire::LeaseBoard, DeskError> {
        let leases = self.engine.store().leases(all).await?;
        let mut views = Vec::with_capacity(leases.len());
        for lease in &leases {
            views.push(self.lease_view(lease).await?);
        }
        let counts = self.lease_counts().await?;
        Ok(wire::LeaseBoard { at: self.engine.now(), counts, leases: views })
    }

    /// How many containments stand how.
    pub async fn lease_counts(&self) -> Result<wire::LeaseCountsView, DeskError> {
        let counts = self.engine.store().lease_counts(self.engine.now()).await?;
        Ok(view::lease::counts(counts))
    }

    /// Reads one containment now.
    pub async fn prove_lease(&self, step: &str) -> Result<wire::LeaseView, DeskError> {
        let lease = self.owner()?.prove_lease(&StepId::new(step)).await?;
        self.lease_view(&lease).await
    }

    /// Reads every containment whose time has come; answers how many.
    pub async fn watch_now(&self) -> Result<usize, DeskError> {
        Ok(self.owner()?.watch_due(&self.stop).await?)
    }

    /// Holds one until another time.
    pub async fn renew_lease(
        &self,
        step: &str,
        until: DateTime<Utc>,
    ) -> Result<wire::LeaseView, DeskError> {
        let lease = self.owner()?.renew_lease(&StepId::new(step), until, &self.me).await?;
        self.lease_view(&lease).await
    }

    /// Gives one to somebody.
    pub async fn hand_lease(&self, step: &str, to: &str) -> Result<wire::LeaseView, DeskError> {
        let lease = self.owner()?.hand_lease(&StepId::new(step), to, &self.me).await?;
        self.lease_view(&lease).await
    }

    /// Gives one up: what was changed stays, unwatched.
    pub async fn release_lease(
        &self,
        step: &str,
        reason: &str,
    ) -> Result<wire::LeaseView, DeskError> {
        let lease = self.owner()?.release_lease(&StepId::new(step), reason, &self.me).await?;
        self.lease_view(&lease).await
    }

    async fn lease_view(&self, lease: &Lease) -> Result<wire::LeaseView, DeskError> {
        let store = self.engine.store();
        let step = store.step(&lease.step).await?.step;
        let incident = store.incident(&lease.incident).await?;
        Ok(view::lease::lease(lease, &step, &incident, self.engine.now()))
    }
}
