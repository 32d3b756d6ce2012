//! What the engine does around an executor, in short: draft, sign, mint, run, judge.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use firebreak_core::approval::{Approval, ApproverKey, Permit, Statement};
use firebreak_core::call::Call;
use firebreak_core::containment::{
    Names, Refused, draft, timed, undo_calls, undo_check, undo_proof,
};
use firebreak_core::observed::{Instance, Observed};
use firebreak_core::plan::{Direction, Draft, Subject};
use firebreak_core::policy::{Verdict, VerdictKind};
use firebreak_core::ports::{CloudReader, Executor, RunEnd, Target};
use firebreak_core::proof::{Condition, Judgement, ProofOutcome, judge};
use firebreak_core::{ActionId, ApprovalId, AssetId, IncidentId, IntentId, StepId};

use crate::journal::Recorded;
use crate::place::Place;

pub const INCIDENT: &str = "inc_0198c0de-7a11-7000-8000-0123456789ab";
pub const INTENT: &str = "int_0198c0de-7a11-7000-8000-00000000000a";

/// A step on its way.
pub struct Bench<'a> {
    pub place: &'a Place,
    pub target: Target,
    parameters: BTreeMap<String, String>,
}

impl<'a> Bench<'a> {
    pub fn new(place: &'a Place, action: ActionId, asset: &str, step: &str) -> Self {
        let region = match action {
            ActionId::IamDeactivateAccessKey
            | ActionId::IamDenyUser
            | ActionId::IamRevokeRoleSessions => "global".to_owned(),
            ActionId::Ec2Isolate
            | ActionId::Ec2Stop
            | ActionId::IamDetachInstanceProfile
            | ActionId::EbsSnapshot
            | ActionId::AsgStandby => place.sandbox.name("region"),
        };
        let target = Target {
            action,
            asset: AssetId::new(asset),
            account: place.account.account_id.clone(),
            region,
            incident: IncidentId::new(INCIDENT),
            step: StepId::new(step),
        };
        // The engine does this when it lays a step out.
        let parameters = timed(action, &BTreeMap::new(), chrono::Utc::now());
        Self { place, target, parameters }
    }

    pub fn capacity(mut self, value: &str) -> Self {
        self.parameters.insert("capacity".to_owned(), value.to_owned());
        self
    }

    pub async fn observe(&self) -> Observed {
        self.place.reader.observe(&self.target).await.unwrap()
    }

    pub async fn instance(&self) -> Instance {
        match self.observe().await {
            Observed::Instance(instance) => *instance,
            other => panic!("{other:?}"),
        }
    }

    pub async fn draft(&self) -> Draft {
        self.drafted().await.unwrap()
    }

    pub async fn drafted(&self) -> Result<Draft, Refused> {
        let own = self.place.reader.own_identity().await.unwrap();
        let observed = self.observe().await;
        let names = Names::new(self.target.incident.clone(), "INC-1", self.target.step.clone());
        draft(self.target.action, &observed, &self.parameters, &names, &own)
    }

    /// A permit, signed like a person's.
    pub async fn permit(
        &self,
        direction: Direction,
        calls: &[Call],
        proof: &[Condition],
    ) -> Permit {
        self.permit_at(direction, calls, proof, chrono::Utc::now()).await
    }

    pub async fn permit_at(
        &self,
        direction: Direction,
        calls: &[Call],
        proof: &[Condition],
        now: firebreak_core::Timestamp,
    ) -> Permit {
        let subject = Subject {
            incident: self.target.incident.clone(),
            step: self.target.step.clone(),
            direction,
            action: self.target.action,
            target: self.target.asset.clone(),
            account: self.target.account.clone(),
            region: self.target.region.clone(),
            parameters: self.parameters.clone(),
            calls: calls.to_vec(),
            proof: proof.to_vec(),
            pre_state: self.observe().await.fingerprint(),
            policy_version: "0".repeat(64),
        };
        let signing = SigningKey::from_bytes(&[9; 32]);
        let public = hex::encode(signing.verifying_key().as_bytes());
        let statement = Statement {
            digest: subject.digest(),
            step: subject.step.clone(),
            direction,
            approver: "ada".to_owned(),
            key: public.clone(),
            signed_at: now,
            expires_at: now + chrono::Duration::minutes(10),
            nonce: "n".to_owned(),
        };
        let signature = hex::encode(signing.sign(&statement.bytes()).to_bytes());
        let approval = Approval { id: ApprovalId::new("apr_1"), statement, signature };
        let enrolled = ApproverKey { approver: "ada".to_owned(), key: public };
        let verdict = Verdict {
            kind: VerdictKind::NeedsApproval(1),
            rules: Vec::new(),
            policy_version: "0".repeat(64),
        };
        let digest = subject.digest();
        let intent = IntentId::new(INTENT);
        Permit::mint(subject, &digest, &verdict, &[approval], &[enrolled], intent, now).unwrap()
    }

    /// Drafts, signs and runs.
    pub async fn run(&self, journal: &Recorded) -> (Draft, RunEnd) {
        let drafted = self.draft().await;
        let permit = self.permit(Direction::Execute, &drafted.calls, &drafted.proof).await;
        let end = self.place.executor.run(permit, journal).await;
        (drafted, end)
    }

    /// Compares, signs and runs the undo of what was sent; answers its proof.
    pub async fn undo(&self, sent: &[Call]) -> (Vec<Condition>, RunEnd) {
        let observed = self.observe().await;
        assert_eq!(undo_check(sent, &observed), Ok(()));
        let calls = undo_calls(sent);
        let proof = undo_proof(&calls);
        let permit = self.permit(Direction::Undo, &calls, &proof).await;
        let end = self.place.executor.run(permit, &Recorded::default()).await;
        (proof, end)
    }

    /// Reads until the conditions are decided. The simulated cloud takes a moment to settle.
    pub async fn judge(&self, proof: &[Condition]) -> Judgement {
        let give_up = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let judgement = judge(proof, &self.observe().await);
            if judgement.outcome != ProofOutcome::Unknown || tokio::time::Instant::now() > give_up {
                return judgement;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    pub async fn expect(&self, proof: &[Condition], outcome: ProofOutcome) {
        let judgement = self.judge(proof).await;
        assert_eq!(judgement.outcome, outcome, "{:#?}", judgement.checks);
    }
}

/// What an undo restores: all but snapshots, and the desired capacity where a replacement runs.
pub fn restorable(mut instance: Instance) -> Instance {
    instance.snapshots.clear();
    if let Some(scaling) = &mut instance.scaling {
        scaling.desired = 0;
    }
    instance
}
