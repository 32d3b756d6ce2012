//! The simulated AWS account as others see it: boto3 for its state, the proxy's log for the calls.

use std::collections::BTreeMap;
use std::process::Stdio;

use firebreak_sandbox::ledger::Request;
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::rig::Rig;

const JUDGE: &str = include_str!("account.py");
/// Of the calls to AWS, those that begin like this change nothing.
const READS: [&str; 6] = ["Describe", "Get", "List", "Lookup", "Simulate", "Assume"];

/// How an instance is connected.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Connected {
    /// Interface to its security groups.
    pub interfaces: BTreeMap<String, Vec<String>>,
    /// Security group to how many rules it has, in both directions.
    pub rules: BTreeMap<String, u32>,
    /// Its state in the Auto Scaling group.
    pub scaling: Option<String>,
    /// Whether it is protected from termination.
    pub protected: bool,
}

impl Rig {
    /// Asks boto3.
    pub async fn connected(&self, instance: &str) -> Connected {
        let aws = self.sandbox.ready().aws.as_ref().expect("the sandbox has an account");
        let given = json!({
            "endpoint": aws.endpoint, "region": aws.region, "instance": aws.names[instance],
            "key": aws.write_key_id, "secret": aws.write_secret,
        });
        let mut command = tokio::process::Command::new(&self.programs.python);
        command
            .args(["-c", JUDGE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "boto3: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Calls after a number that changed the account, by anybody, in order.
    pub fn changes_after(&self, number: u64) -> Vec<Request> {
        let mut calls = self.sandbox.ledger().requests(Some("aws"), number);
        calls.retain(|call| !call.dry_run && !is_read(&call.operation));
        calls
    }

    /// The number of the newest request.
    pub fn newest_request(&self) -> u64 {
        self.sandbox.ledger().requests(None, 0).last().map_or(0, |request| request.number)
    }
}

fn is_read(operation: &str) -> bool {
    let action = operation.split(':').next_back().unwrap_or(operation);
    READS.iter().any(|read| action.starts_with(read))
}
