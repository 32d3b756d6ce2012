//! Acting on an account: the one place where write credentials are read.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::approval::{Permit, Warrant};
use firebreak_core::call::Call;
use firebreak_core::ports::{
    CallOutcome, CheckLine, Clock, Executor, Journal, OutsideError, Preflight, RunEnd, Target,
    Trouble, Vault,
};

use crate::account::{AwsAccount, KeySource};
use crate::connection::Connector;
use crate::connection_test::{failed, passed};
use crate::send::KnownGroups;
use crate::session::{self, Session};
use crate::wait::Waited;
use crate::{preflight, send, wait};

/// The account is configured for reading only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the account {0} has no write credentials")]
pub struct NoWriteCredentials(pub String);

/// Runs permitted calls in one AWS account.
pub struct AwsExecutor {
    account: AwsAccount,
    write: KeySource,
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    connector: Connector,
}

impl AwsExecutor {
    /// Makes an executor. The secret is read from the keychain anew for each run.
    ///
    /// # Errors
    /// [`NoWriteCredentials`] when the account names none.
    pub fn new(
        account: AwsAccount,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, NoWriteCredentials> {
        let Some(write) = account.write.clone() else {
            return Err(NoWriteCredentials(account.name));
        };
        let connector = Connector::new(&account);
        Ok(Self { account, write, vault, clock, connector })
    }

    /// Whether the write credentials, and the role where there is one, are usable. Opens a session
    /// that may do nothing.
    pub async fn test(&self) -> Vec<CheckLine> {
        let name = if self.account.role_arn.is_some() { "role" } else { "write credentials" };
        let incident = firebreak_core::IncidentId::new("connection-test");
        let region = self.account.home_region();
        let opened = self.open(region, &incident, None, &[]).await;
        vec![match opened {
            Ok(session) => passed(name, format!("acts as {}", session.caller.arn)),
            Err(error) => failed(name, error),
        }]
    }

    async fn open(
        &self,
        region: &str,
        incident: &firebreak_core::IncidentId,
        intent: Option<&firebreak_core::IntentId>,
        calls: &[Call],
    ) -> Result<Session, OutsideError> {
        let purpose = session::Purpose { incident, intent, calls };
        let region = self.account.region_of(region);
        session::open(
            &self.connector,
            &self.account,
            &self.write,
            self.vault.as_ref(),
            region,
            purpose,
        )
        .await
    }

    fn check_place(&self, warrant: &Warrant) -> Result<(), OutsideError> {
        if warrant.account == self.account.account_id {
            return Ok(());
        }
        let message =
            format!("the step is for account {}, not {}", warrant.account, self.account.account_id);
        Err(OutsideError::new("approval", Trouble::NeedsPerson, message))
    }
}

#[async_trait]
impl Executor for AwsExecutor {
    #[tracing::instrument(skip_all, fields(step = %target.step))]
    async fn preflight(&self, target: &Target, calls: &[Call]) -> Vec<Preflight> {
        match self.open(&target.region, &target.incident, None, calls).await {
            Ok(session) => preflight::ask(&session, &self.account, target, calls).await,
            Err(error) => vec![Preflight::Unknown(error.to_string()); calls.len()],
        }
    }

    #[tracing::instrument(skip_all, fields(intent = %permit.intent()))]
    async fn run(&self, permit: Permit, journal: &dyn Journal) -> RunEnd {
        let warrant = match permit.open(self.clock.now()) {
            Ok(warrant) => warrant,
            Err(refusal) => {
                let refused =
                    OutsideError::new("approval", Trouble::NeedsPerson, refusal.to_string());
                return RunEnd::NeverStarted(refused);
            }
        };
        if let Err(error) = self.check_place(&warrant) {
            return RunEnd::NeverStarted(error);
        }
        let Warrant { incident, intent, region, calls, .. } = &warrant;
        match self.open(region, incident, Some(intent), calls).await {
            Ok(session) => send_all(&session, &warrant, journal).await,
            Err(error) => RunEnd::NeverStarted(error),
        }
    }
}

/// In order, each at most once, each journaled before it leaves and after it is answered.
async fn send_all(session: &Session, warrant: &Warrant, journal: &dyn Journal) -> RunEnd {
    let mut known = KnownGroups::default();
    for (index, call) in warrant.calls.iter().enumerate() {
        if journal.cancelled() {
            return RunEnd::CancelledBefore(index);
        }
        let ready = match send::prepare(&session.reads, call, &warrant.incident, &known).await {
            Ok(ready) => ready,
            Err(error) => return RunEnd::StoppedAt { index, error },
        };
        let before = &warrant.calls[..index];
        match wait::until_ready(&session.reads, before, &ready, &|| journal.cancelled()).await {
            Waited::Ready => {}
            Waited::Cancelled => return RunEnd::CancelledBefore(index),
            Waited::Failed(error) => return RunEnd::StoppedAt { index, error },
        }
        if let Err(error) = journal.sending(index, call).await {
            return RunEnd::JournalFailed { index, sent: false, error };
        }
        let outcome = send::send(&session.writes, &ready, &mut known).await;
        if let Err(error) = journal.answered(index, call, &outcome).await {
            return RunEnd::JournalFailed { index, sent: true, error };
        }
        match outcome {
            CallOutcome::Accepted { .. } | CallOutcome::AlreadySo { .. } => {}
            CallOutcome::Rejected { error } => return RunEnd::StoppedAt { index, error },
            CallOutcome::Unknown { error } => return RunEnd::UnknownAt { index, error },
        }
    }
    RunEnd::AllSent
}
