//! A cloud of as many machines as are asked for, which notes what was sent to which and when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use firebreak_core::approval::Permit;
use firebreak_core::asset::Asset;
use firebreak_core::call::Call;
use firebreak_core::observed::{Instance, Observed};
use firebreak_core::ports::{
    CallOutcome, CheckLine, Clock, CloudReader, Executor, Journal, OutsideError, OwnIdentity,
    Preflight, RunEnd, Target, Trouble,
};
use firebreak_core::{AssetId, Direction, Timestamp, iam, network};

use crate::world::{ACCOUNT, FixedClock, World};

pub struct Fleet {
    like: Instance,
    clock: Arc<FixedClock>,
    machines: Mutex<BTreeMap<String, Instance>>,
    /// Calls that changed something, undoing left out: when and to which machine.
    pub changed: Mutex<Vec<(Timestamp, String)>>,
    /// The next call is refused, or its answer is lost.
    pub fault: Mutex<Option<Fault>>,
}

#[derive(Debug, Clone, Copy)]
pub enum Fault {
    Refuse,
    LoseAnswer,
}

impl Fleet {
    /// Takes the place of the world's one machine.
    pub fn over(world: &World) -> Arc<Self> {
        let fleet = Arc::new(Self {
            like: world.cloud.instance.lock().unwrap().clone(),
            clock: world.clock.clone(),
            machines: Mutex::default(),
            changed: Mutex::default(),
            fault: Mutex::default(),
        });
        world.engine.set_reader(ACCOUNT, fleet.clone());
        world.engine.set_executor(ACCOUNT, fleet.clone()).unwrap();
        fleet
    }

    fn machine(&self, id: &str) -> Instance {
        let fresh = || Instance { instance_id: id.to_owned(), scaling: None, ..self.like.clone() };
        self.machines.lock().unwrap().entry(id.to_owned()).or_insert_with(fresh).clone()
    }

    fn apply(&self, id: &str, call: &Call) {
        let mut machines = self.machines.lock().unwrap();
        let machine = machines.get_mut(id).unwrap();
        machine.state = match call {
            Call::StopInstance { .. } => "stopped".to_owned(),
            Call::StartInstance { .. } => "running".to_owned(),
            other => panic!("this fleet has no {}", other.operation()),
        };
    }
}

#[async_trait]
impl CloudReader for Fleet {
    async fn observe(&self, target: &Target) -> Result<Observed, OutsideError> {
        Ok(Observed::Instance(Box::new(self.machine(target.asset.as_str()))))
    }
    async fn asset(&self, _: &AssetId, _: &str) -> Result<Option<Asset>, OutsideError> {
        Ok(None)
    }
    async fn identities(&self) -> Result<iam::Account, OutsideError> {
        Ok(iam::Account::default())
    }
    async fn network(&self, _: &str) -> Result<network::Region, OutsideError> {
        Err(OutsideError::new("reading a network", Trouble::Passing, "none here"))
    }
    async fn own_identity(&self) -> Result<OwnIdentity, OutsideError> {
        Ok(OwnIdentity::default())
    }
    async fn test(&self) -> Vec<CheckLine> {
        Vec::new()
    }
}

#[async_trait]
impl Executor for Fleet {
    async fn preflight(&self, _: &Target, calls: &[Call]) -> Vec<Preflight> {
        calls.iter().map(|_| Preflight::Permitted).collect()
    }

    async fn run(&self, permit: Permit, journal: &dyn Journal) -> RunEnd {
        let warrant = permit.open(self.clock.now()).unwrap();
        let id = warrant.target.to_string();
        for (index, call) in warrant.calls.iter().enumerate() {
            if let Err(error) = journal.sending(index, call).await {
                return RunEnd::JournalFailed { index, sent: false, error };
            }
            let fault = self.fault.lock().unwrap().take();
            let error = || OutsideError::new("test", Trouble::Passing, "the connection was cut");
            let outcome = match fault {
                Some(Fault::Refuse) => CallOutcome::Rejected { error: error() },
                Some(Fault::LoseAnswer) => CallOutcome::Unknown { error: error() },
                None => CallOutcome::Accepted { note: None },
            };
            if !matches!(fault, Some(Fault::Refuse)) {
                self.apply(&id, call);
                if warrant.direction == Direction::Execute {
                    self.changed.lock().unwrap().push((self.clock.now(), id.clone()));
                }
            }
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
