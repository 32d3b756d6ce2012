//! The simulated account as others see it: boto3 for its state, the sandbox's log for the calls.

use std::collections::BTreeMap;
use std::process::Stdio;

use firebreak_sandbox::ledger::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::stage::Stage;

const JUDGE: &str = include_str!("account.py");
/// Of the calls to AWS, those that begin like this change nothing.
const READS: [&str; 6] = ["Describe", "Get", "List", "Lookup", "Simulate", "Assume"];

/// How an instance is connected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connected {
    /// Interface to its security groups.
    pub interfaces: BTreeMap<String, Vec<String>>,
    /// Security group to how many rules it has, in both directions, IPv4 and IPv6.
    pub rules: BTreeMap<String, u32>,
    /// Its state in the Auto Scaling group.
    pub scaling: Option<String>,
    /// Whether it is protected from termination.
    pub protected: bool,
    /// `running`, …
    pub state: String,
    /// Its disks.
    pub volumes: Vec<String>,
}

/// boto3, ready to be asked.
pub struct Judge {
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _python: Child,
}

impl Judge {
    /// Starts Python with the operator's key.
    pub async fn start(stage: &Stage) -> Self {
        let aws = stage.sandbox.ready().aws.as_ref().expect("the sandbox has an account");
        let python =
            firebreak_sandbox::Sandbox::python(&Default::default()).expect("a Python with moto");
        let mut command = tokio::process::Command::new(python);
        command.args(["-c", JUDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        command.env("AWS_EC2_METADATA_DISABLED", "true").env_remove("AWS_PROFILE");
        let mut python = command.spawn().unwrap();
        let mut questions = python.stdin.take().unwrap();
        let given = json!({
            "endpoint": aws.endpoint, "region": aws.region, "key": aws.write_key_id, "secret": aws.write_secret,
        });
        questions.write_all(format!("{given}\n").as_bytes()).await.unwrap();
        let answers = BufReader::new(python.stdout.take().unwrap()).lines();
        Self { questions, answers, _python: python }
    }

    async fn ask<T: DeserializeOwned>(&mut self, what: &str, about: Value) -> T {
        let question = json!({ "ask": what, "about": about });
        self.questions.write_all(format!("{question}\n").as_bytes()).await.unwrap();
        let answer = self.answers.next_line().await.unwrap();
        serde_json::from_str(&answer.unwrap_or_else(|| panic!("boto3 failed on {question}")))
            .unwrap()
    }

    /// An instance by its name in the scenarios.
    pub async fn instance(&mut self, stage: &Stage, name: &str) -> Connected {
        let id = stage.name(&format!("instance.{name}.id"));
        self.ask("instance", json!({ "id": id })).await
    }

    /// Disks among these that have a snapshot.
    pub async fn snapshots(&mut self, volumes: &[String]) -> Vec<String> {
        let found: Value = self.ask("snapshots", json!({ "volumes": volumes })).await;
        serde_json::from_value(found["volumes"].clone()).unwrap()
    }

    /// Somebody else puts an interface into other groups.
    pub async fn regroup(&mut self, interface: &str, groups: &[String]) {
        let about = json!({ "interface": interface, "groups": groups });
        let _done: Value = self.ask("regroup", about).await;
    }

    /// Access keys of a user with their status.
    pub async fn keys(&mut self, user: &str) -> BTreeMap<String, String> {
        self.ask("keys", json!({ "user": user })).await
    }

    /// Puts messages into the alert queue, as a vendor's forwarder does.
    pub async fn send(&mut self, stage: &Stage, bodies: &[String]) {
        let aws = stage.sandbox.ready().aws.as_ref().expect("the sandbox has an account");
        let about = json!({
            "key": aws.forward_key_id, "secret": aws.forward_secret,
            "queue": stage.name("queue.alerts.url"), "bodies": bodies,
        });
        let sent: Vec<String> = self.ask("send", about).await;
        assert_eq!(sent.len(), bodies.len());
    }

    /// Whether somebody can sign in with the key that the scenarios call stolen.
    pub async fn stolen_key_works(&mut self, stage: &Stage) -> bool {
        let aws = stage.sandbox.ready().aws.as_ref().expect("the sandbox has an account");
        let about = json!({ "key": aws.stolen_key_id, "secret": aws.stolen_secret });
        let said: Value = self.ask("works", about).await;
        said["works"] == true
    }
}

impl Connected {
    /// Every interface carries one and the same group, which lets nothing through.
    pub fn assert_cut_off(&self, interfaces: usize) {
        assert_eq!(self.interfaces.len(), interfaces);
        for (interface, groups) in &self.interfaces {
            assert_eq!(groups.len(), 1, "{interface} keeps another group: {groups:?}");
            assert_eq!(self.rules[&groups[0]], 0, "{interface}'s group lets something through");
        }
        assert_eq!(self.rules.len(), 1, "one quarantine group: {:?}", self.rules);
        assert!(self.protected, "protected from termination");
    }
}

impl Stage {
    /// What the account calls something of the scenarios.
    pub fn name(&self, name: &str) -> String {
        self.sandbox.ready().aws.as_ref().expect("the sandbox has an account").names[name].clone()
    }

    /// The number of the newest request to anybody.
    pub fn newest_request(&self) -> u64 {
        self.sandbox.ledger().requests(None, 0).last().map_or(0, |request| request.number)
    }

    /// Calls after a number that changed the account or tried to, in order; dry runs are left out.
    pub fn changes_after(&self, number: u64) -> Vec<Request> {
        let mut calls = self.sandbox.ledger().requests(Some("aws"), number);
        calls.retain(|call| !call.dry_run && !is_read(&call.operation));
        calls
    }

    /// Their operations.
    pub fn operations_after(&self, number: u64) -> Vec<String> {
        self.changes_after(number).into_iter().map(|call| call.operation).collect()
    }
}

/// Operations of a step's calls, as shown before anybody signs.
pub fn planned_operations(step: &Value, calls: &str) -> Vec<String> {
    let calls = super::said::list(step, calls);
    calls.iter().map(|call| super::said::text(call, "/operation").to_owned()).collect()
}

fn is_read(operation: &str) -> bool {
    let action = operation.split(':').next_back().unwrap_or(operation);
    READS.iter().any(|read| action.starts_with(read))
}
