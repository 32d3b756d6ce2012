//! A whole world in memory, but for the database, which is real.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{TimeZone, Utc};
use ed25519_dalek::{Signer as _, SigningKey};
use firebreak_core::approval::Permit;
use firebreak_core::assessment::{Assessment, Author, MenuItem};
use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_core::call::Call;
use firebreak_core::evidence::Evidence;
use firebreak_core::finding::{
    Actor, Finding, FindingDraft, FindingStatus, Resource, ResourceKind,
};
use firebreak_core::incident::Incident;
use firebreak_core::observed::{Instance, Observed, Scaling};
use firebreak_core::policy::Policies;
use firebreak_core::ports::{
    Advised, AlertSource, CallOutcome, Candidate, CheckLine, CloudReader, Cursor, Executor,
    Journal, KeyName, KeychainState, Normaliser, NotAnAlert, OutsideError, OwnIdentity, Page,
    Planner, Preflight, Proposal, RawAlert, RunEnd, Secret, SecretName, Signer, Target, Trouble,
    Vault, VaultError,
};
use firebreak_core::triage::{Cause, Wish};
use firebreak_core::{
    ActionId, AssetId, Direction, IncidentId, IncidentState, Severity, StepId, StepState, Timestamp,
};
use firebreak_core::{iam, network};
use firebreak_engine::{ChangeReport, Engine, EngineError, Identity, Parts};
use firebreak_store::Store;
use tokio_util::sync::CancellationToken;

pub use crate::clock::FixedClock;
use crate::rules::{limited, shipped, shipped_and};

pub const ACCOUNT: &str = "123456789012";
pub const INSTANCE: &str = "i-0aaaaaaaaaaaaaaaa";

pub struct World {
    pub engine: Arc<Engine>,
    pub cloud: Arc<Cloud>,
    pub clock: Arc<FixedClock>,
    pub keys: Arc<Keys>,
    pub folder: tempfile::TempDir,
}

impl World {
    /// Phase 2, one staging instance that is in an Auto Scaling group.
    pub async fn new() -> Self {
        Self::with(2, &[("environment", "staging")]).await
    }

    pub async fn with(phase: u32, tags: &[(&str, &str)]) -> Self {
        Self::under(phase, tags, shipped()).await
    }

    /// Phase 2 under other caps.
    pub async fn capped(limits: &str) -> Self {
        Self::under(2, &[("environment", "staging")], limited(limits)).await
    }

    /// Phase 2 with change freezes.
    pub async fn frozen(freezes: &str) -> Self {
        let policies = shipped_and("freezes.toml", freezes);
        Self::under(2, &[("environment", "staging")], policies).await
    }

    async fn under(phase: u32, tags: &[(&str, &str)], policies: Policies) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cloud = Arc::new(Cloud::new(tags));
        let keys = Arc::new(Keys::default());
        let clock = Arc::new(FixedClock::default());
        let engine = engine(&folder, &cloud, &keys, &clock, phase, policies).await;
        engine.enrol(&me()).await.unwrap();
        Self { engine, cloud, clock, keys, folder }
    }

    /// The same workspace in a new process.
    pub async fn restarted(self) -> Self {
        let Self { engine: before, cloud, clock, keys, folder } = self;
        before.store().close().await;
        // Its connections go with it, and with them a transaction that was under way.
        drop(before);
        let engine = engine(&folder, &cloud, &keys, &clock, 2, shipped()).await;
        Self { engine, cloud, clock, keys, folder }
    }

    /// One incident with a plan of one step: stop the instance.
    pub async fn planned(&self) -> (IncidentId, StepId) {
        self.engine.ingest_file("test", b"i-1|critical|new", &me()).await.unwrap();
        let incident = self.engine.find_incident("INC-1").await.unwrap();
        self.engine.propose(&incident, &me()).await.unwrap();
        let (_, steps) = self.engine.store().plan(&incident).await.unwrap().unwrap();
        (incident, steps[0].step.id.clone())
    }

    pub async fn approved(&self) -> (IncidentId, StepId) {
        let (incident, step) = self.planned().await;
        self.sign(&step, Direction::Execute).await.unwrap();
        (incident, step)
    }

    pub async fn sign(&self, step: &StepId, direction: Direction) -> Result<(), EngineError> {
        let sheet = self.engine.approval_sheet(step, direction, &me()).await?;
        self.engine.approve(step, direction, &sheet.subject.digest(), &me()).await.map(|_| ())
    }

    /// Does what a person wishes to one incident.
    pub async fn wish(&self, id: &IncidentId, wish: Wish) -> Result<ChangeReport, EngineError> {
        let one = BTreeSet::from([id.clone()]);
        self.engine.change(&one, &wish, &me(), |_| {}, &CancellationToken::new()).await
    }

    pub async fn set_state(
        &self,
        id: &IncidentId,
        to: IncidentState,
        reason: &str,
        cause: Option<Cause>,
    ) -> Result<ChangeReport, EngineError> {
        self.wish(id, Wish::Move { to, reason: reason.to_owned(), cause }).await
    }

    pub async fn assign(&self, id: &IncidentId, owner: &str) -> Result<ChangeReport, EngineError> {
        self.wish(id, Wish::Assign { owner: Some(owner.to_owned()) }).await
    }

    pub async fn state(&self, step: &StepId) -> StepState {
        self.engine.store().step(step).await.unwrap().step.state
    }
}

pub fn me() -> Identity {
    Identity::person("ana")
}

/// An engine that only polls, on a database of its own or of a process before.
pub async fn engine_at(path: &std::path::Path) -> Arc<Engine> {
    let policies = Policies::deny_all("polling needs none");
    Arc::new(unconnected(path, &Arc::default(), &Arc::default(), policies).await)
}

async fn engine(
    folder: &tempfile::TempDir,
    cloud: &Arc<Cloud>,
    keys: &Arc<Keys>,
    clock: &Arc<FixedClock>,
    phase: u32,
    policies: Policies,
) -> Arc<Engine> {
    let engine = unconnected(&folder.path().join("test.db"), keys, clock, policies).await;
    engine.set_phase(phase);
    engine.set_reader(ACCOUNT, cloud.clone());
    if phase >= 2 {
        engine.set_executor(ACCOUNT, cloud.clone()).unwrap();
    }
    Arc::new(engine)
}

async fn unconnected(
    path: &std::path::Path,
    keys: &Arc<Keys>,
    clock: &Arc<FixedClock>,
    policies: Policies,
) -> Engine {
    let normaliser: Arc<dyn Normaliser> = Arc::new(Lines);
    Engine::new(Parts {
        store: Store::open(path).await.unwrap(),
        clock: clock.clone(),
        vault: keys.clone(),
        signer: keys.clone(),
        planner: Arc::new(StopIt),
        policies,
        normalisers: BTreeMap::from([("test".to_owned(), normaliser)]),
        workspace: "test".to_owned(),
    })
}

/// A cloud with one instance, which fails on demand.
pub struct Cloud {
    pub instance: Mutex<Instance>,
    pub sent: AtomicUsize,
    pub fault: Mutex<Option<Fault>>,
    /// What reading IAM answers, and how often it was read.
    pub policies: Mutex<Result<iam::Account, OutsideError>>,
    pub policies_read: AtomicUsize,
    pub network: crate::connecting::Wires,
}

#[derive(Clone, Copy)]
pub enum Fault {
    /// The call at this position is refused.
    RefuseAt(usize),
    /// The call at this position happens, and its answer is lost.
    LoseAnswerAt(usize),
    /// The process dies after the call at this position left, before its answer is on disk.
    DieAt(usize),
    /// The process dies before the call at this position leaves.
    DieBefore(usize),
    /// Everything is accepted and nothing happens.
    Lie,
}

impl Cloud {
    fn new(tags: &[(&str, &str)]) -> Self {
        Self {
            instance: Mutex::new(instance(tags)),
            sent: AtomicUsize::new(0),
            fault: Mutex::new(None),
            policies: Mutex::new(Ok(iam::Account::default())),
            policies_read: AtomicUsize::new(0),
            network: Default::default(),
        }
    }

    fn apply(&self, call: &Call) {
        let mut instance = self.instance.lock().unwrap();
        match call {
            Call::EnterStandby { .. } => {
                instance.scaling.as_mut().unwrap().lifecycle = "Standby".to_owned()
            }
            Call::ExitStandby { .. } => {
                instance.scaling.as_mut().unwrap().lifecycle = "InService".to_owned()
            }
            Call::StopInstance { .. } => instance.state = "stopped".to_owned(),
            Call::StartInstance { .. } => instance.state = "running".to_owned(),
            other => panic!("this world has no {}", other.operation()),
        }
    }

    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl CloudReader for Cloud {
    async fn observe(&self, _: &Target) -> Result<Observed, OutsideError> {
        Ok(Observed::Instance(Box::new(self.instance.lock().unwrap().clone())))
    }
    /// Knows whose keys there are, and nothing else.
    async fn asset(&self, id: &AssetId, _: &str) -> Result<Option<Asset>, OutsideError> {
        let key = Resource { name: Some("bot".to_owned()), ..machine(id.as_str()) };
        Ok(Asset::from_resource("aws", &key).filter(|_| id.as_str().starts_with("AKIA")))
    }
    async fn identities(&self) -> Result<iam::Account, OutsideError> {
        self.policies_read.fetch_add(1, Ordering::SeqCst);
        self.policies.lock().unwrap().clone()
    }
    async fn network(&self, region: &str) -> Result<network::Region, OutsideError> {
        self.network.answer(region)
    }
    async fn own_identity(&self) -> Result<OwnIdentity, OutsideError> {
        Ok(OwnIdentity::default())
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
}

#[async_trait]
impl Executor for Cloud {
    async fn preflight(&self, _: &Target, calls: &[Call]) -> Vec<Preflight> {
        calls.iter().map(|_| Preflight::Permitted).collect()
    }
    async fn run(&self, permit: Permit, journal: &dyn Journal) -> RunEnd {
        let warrant = permit.open(Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap()).unwrap();
        let fault = *self.fault.lock().unwrap();
        let lost = || OutsideError::new("test", Trouble::Passing, "the connection was cut");
        for (index, call) in warrant.calls.iter().enumerate() {
            if journal.cancelled() {
                return RunEnd::CancelledBefore(index);
            }
            if matches!(fault, Some(Fault::DieBefore(at)) if at == index) {
                // What a killed process leaves behind: an intent without an end.
                std::future::pending::<()>().await;
            }
            if let Err(error) = journal.sending(index, call).await {
                return RunEnd::JournalFailed { index, sent: false, error };
            }
            self.sent.fetch_add(1, Ordering::SeqCst);
            let outcome = match fault {
                Some(Fault::RefuseAt(at)) if at == index => CallOutcome::Rejected { error: lost() },
                Some(Fault::LoseAnswerAt(at)) if at == index => {
                    self.apply(call);
                    CallOutcome::Unknown { error: lost() }
                }
                Some(Fault::DieAt(at)) if at == index => {
                    self.apply(call);
                    std::future::pending::<CallOutcome>().await
                }
                Some(Fault::Lie) => CallOutcome::Accepted { note: None },
                _ => {
                    self.apply(call);
                    CallOutcome::Accepted { note: None }
                }
            };
            if let Err(error) = journal.answered(index, call, &outcome).await {
                return RunEnd::JournalFailed { index, sent: true, error };
            }
            match outcome {
                CallOutcome::Rejected { error } => return RunEnd::StoppedAt { index, error },
                CallOutcome::Unknown { error } => return RunEnd::UnknownAt { index, error },
                CallOutcome::Accepted { .. } | CallOutcome::AlreadySo { .. } => {}
            }
        }
        RunEnd::AllSent
    }
}

fn instance(tags: &[(&str, &str)]) -> Instance {
    Instance {
        instance_id: INSTANCE.to_owned(),
        account: ACCOUNT.to_owned(),
        region: "eu-central-1".to_owned(),
        state: "running".to_owned(),
        name: Some("web-7".to_owned()),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        vpc_id: Some("vpc-1".to_owned()),
        root_device_type: "ebs".to_owned(),
        spot: false,
        public_address: None,
        elastic_address: false,
        interfaces: Vec::new(),
        volumes: Vec::new(),
        termination_protection: false,
        stop_protection: false,
        shutdown_behavior: "stop".to_owned(),
        profile_arn: None,
        scaling: Some(Scaling {
            group: "asg".to_owned(),
            lifecycle: "InService".to_owned(),
            min_size: 1,
            desired: 3,
        }),
        quarantine: None,
        snapshots: Vec::new(),
    }
}

/// Reads `vendor-id|severity|status` lines, all about the one instance; a word or two, the time of
/// the change, the rule behind it, a tag of the machine and [`Told`] may follow.
struct Lines;

/// What else a line may tell: `at=5,key=AKIA1,by=arn…,from=198.51.100.7,alias=7c1`, at the hour.
struct Told<'a>(BTreeMap<&'a str, &'a str>);

impl Told<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|text| (*text).to_owned())
    }

    fn actor(&self) -> Option<Actor> {
        let (key, by, from) = (self.text("key"), self.text("by"), self.text("from"));
        let actor = Actor { native_id: by, access_key_id: key, address: from, ..Actor::default() };
        (actor != Actor::default()).then_some(actor)
    }
}

impl Normaliser for Lines {
    fn split(&self, bytes: &[u8]) -> Result<Vec<RawAlert>, NotAnAlert> {
        Ok(bytes
            .split(|byte| *byte == b'\n')
            .map(|line| RawAlert { kind: "issue".to_owned(), body: line.to_vec() })
            .collect())
    }

    fn normalise(&self, alert: &RawAlert) -> Result<FindingDraft, NotAnAlert> {
        let text = String::from_utf8_lossy(&alert.body);
        let mut parts = text.split('|');
        let (Some(id), Some(severity), Some(status)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAnAlert("no alert".to_owned()));
        };
        // `i-1|high|new|nowhere` is about nothing that is known yet.
        let place = parts.next().unwrap_or_default();
        let nowhere = place == "nowhere";
        let at = |minute| Utc.with_ymd_and_hms(2026, 11, 22, 11, minute, 0).unwrap();
        // When it was last changed: `i-1|high|new||7` at 11:07, or a whole time.
        let changed = parts
            .next()
            .and_then(|said| said.parse().ok().map(at).or_else(|| said.parse::<Timestamp>().ok()));
        let rule_id = parts.next().filter(|rule| !rule.is_empty()).map(ToOwned::to_owned);
        let mut resource = if nowhere { Resource::default() } else { machine(place) };
        let tag = parts.next().and_then(|tag| tag.split_once('='));
        resource.tags.extend(tag.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let told = parts.next().unwrap_or_default().split(',');
        let told = Told(told.filter_map(|pair| pair.split_once('=')).collect());
        resource.vendor_id = told.text("alias");
        let hours = told.text("at").and_then(|hours| hours.parse().ok()).unwrap_or(0);
        Ok(FindingDraft {
            kind: "issue".to_owned(),
            vendor_id: id.to_owned(),
            title: format!("crypto miner {id}"),
            description: None,
            severity: Severity::from_name(severity).unwrap_or(Severity::Unknown),
            severity_as_given: None,
            status: FindingStatus::from_name(status).unwrap_or(FindingStatus::Unknown),
            status_as_given: None,
            created_at: Some(at(0) + chrono::TimeDelta::hours(hours)),
            updated_at: changed,
            status_changed_at: None,
            resource,
            actor: told.actor(),
            rule_id,
            rule_name: None,
            tactics: Vec::new(),
            techniques: Vec::new(),
            observations: Vec::new(),
            evidence_query: None,
            unknowns: Vec::new(),
        })
    }
}

/// `on-2` is another machine, `AKIA…` is a key.
fn machine(place: &str) -> Resource {
    let id = match place.strip_prefix("on-") {
        Some(number) => format!("i-0bbbbbbbbbbbbbbb{number}"),
        None if place.starts_with("AKIA") => place.to_owned(),
        None => INSTANCE.to_owned(),
    };
    Resource {
        native_id: Some(id),
        kind: Some(ResourceKind::Instance),
        account: Some(ACCOUNT.to_owned()),
        region: Some("eu-central-1".to_owned()),
        ..Resource::default()
    }
}

/// Proposes to stop whatever the first finding is about.
struct StopIt;

#[async_trait]
impl Planner for StopIt {
    fn propose(&self, _: &Incident, findings: &[Finding], evidence: &[Evidence]) -> Proposal {
        let target = AssetId::new(findings[0].draft.resource.native_id.clone().unwrap());
        Proposal {
            playbook: "test".to_owned(),
            playbook_version: 1,
            threat: "crypto-mining".to_owned(),
            because: "everything matches".to_owned(),
            candidates: vec![Candidate {
                item: MenuItem {
                    id: "M1".to_owned(),
                    action: ActionId::Ec2Stop,
                    target,
                    why: "it mines".to_owned(),
                    mandatory: true,
                },
                parameters: BTreeMap::new(),
                cites: evidence.iter().map(|fact| fact.id.clone()).collect(),
            }],
            assessment: Assessment {
                author: Author::Playbook,
                summary: Vec::new(),
                hypothesis: Vec::new(),
            },
        }
    }
    fn has_model(&self) -> bool {
        false
    }
    async fn advise(
        &self,
        _: &Incident,
        _: Option<&Asset>,
        _: &[Finding],
        _: &[Evidence],
    ) -> Result<Advised, String> {
        Err("no model".to_owned())
    }
}

/// A keychain in memory that can be locked.
#[derive(Default)]
pub struct Keys {
    pub locked: Mutex<bool>,
    secrets: Mutex<BTreeMap<String, String>>,
}

impl Keys {
    fn open(&self) -> Result<(), VaultError> {
        match *self.locked.lock().unwrap() {
            true => Err(VaultError::NotUsable(KeychainState::Locked)),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Vault for Keys {
    async fn state(&self) -> KeychainState {
        self.open().map_or(KeychainState::Locked, |()| KeychainState::Unlocked)
    }
    async fn unlock(&self) -> KeychainState {
        self.state().await
    }
    async fn read(&self, name: &SecretName) -> Result<Option<Secret>, VaultError> {
        self.open()?;
        Ok(self.secrets.lock().unwrap().get(name.as_str()).map(|text| Secret::new(text.clone())))
    }
    async fn write(&self, name: &SecretName, secret: Secret) -> Result<(), VaultError> {
        self.open()?;
        self.secrets.lock().unwrap().insert(name.as_str().to_owned(), secret.expose().to_owned());
        Ok(())
    }
    async fn delete(&self, name: &SecretName) -> Result<(), VaultError> {
        self.open()?;
        self.secrets.lock().unwrap().remove(name.as_str());
        Ok(())
    }
}

fn key(name: KeyName) -> SigningKey {
    SigningKey::from_bytes(&[if name == KeyName::Approver { 7 } else { 9 }; 32])
}

#[async_trait]
impl Signer for Keys {
    async fn create_if_absent(&self, name: KeyName) -> Result<[u8; 32], VaultError> {
        self.public_key(name).await
    }
    async fn public_key(&self, name: KeyName) -> Result<[u8; 32], VaultError> {
        self.open()?;
        Ok(key(name).verifying_key().to_bytes())
    }
    async fn sign(&self, name: KeyName, message: &[u8]) -> Result<[u8; 64], VaultError> {
        self.open()?;
        Ok(key(name).sign(message).to_bytes())
    }
}

/// A source that serves prepared pages and can fail.
pub struct Pages {
    pub pages: Mutex<Vec<Result<Vec<&'static str>, OutsideError>>>,
}
#[async_trait]
impl AlertSource for Pages {
    fn name(&self) -> &str {
        "test-source"
    }
    async fn poll(&self, cursor: Option<&Cursor>) -> Result<Page, OutsideError> {
        let at: usize = cursor.map_or(0, |cursor| cursor.0.parse().unwrap());
        let mut pages = self.pages.lock().unwrap();
        let total = pages.len();
        match pages.get_mut(at) {
            None => Ok(Page {
                alerts: Vec::new(),
                cursor: Cursor(at.to_string()),
                more: false,
                seen_until: None,
            }),
            Some(page) => {
                // A failure happens once.
                let lines =
                    std::mem::replace(page, Ok(page.as_ref().cloned().unwrap_or_default()))?;
                let alerts = lines
                    .iter()
                    .map(|line| RawAlert { kind: "issue".into(), body: line.as_bytes().to_vec() });
                Ok(Page {
                    alerts: alerts.collect(),
                    cursor: Cursor((at + 1).to_string()),
                    more: at + 1 < total,
                    seen_until: None,
                })
            }
        }
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
    fn start_at(&self, _: Timestamp) -> Cursor {
        Cursor("0".to_owned())
    }
    async fn neighbours(&self, _: &Finding) -> Result<Neighbourhood, OutsideError> {
        Ok(Neighbourhood::default())
    }
}
