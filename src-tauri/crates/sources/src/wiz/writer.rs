//! Writing back to Wiz: a note on the issue, and the status that Wiz takes from a client.
//!
//! Wiz resolves posture issues itself once the cause is gone and refuses a client that tries; only
//! issues of type `THREAT_DETECTION` may be resolved (public clients of Wiz; the vendor's
//! documentation is not public). Detections have neither status nor notes.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use serde_json::{Value, json};

use super::client::Client;
use super::config::WizConfig;
use super::fault::WizFault;
use super::queries;
use super::shape::ISSUE;
use crate::fields::{at, text_of};
use crate::json;

/// The scope that notes and statuses need.
const SCOPE: &str = "update:issues";

/// Writes to the issues of one tenant. Made only where writing back is allowed.
pub struct WizWriter {
    name: String,
    client: Client,
}

/// A status as Wiz takes it, with the reason it wants beside it.
struct Wanted {
    status: &'static str,
    reason: Option<&'static str>,
}

impl WizWriter {
    /// Opens nothing; the same settings and secret as the polling client.
    ///
    /// # Errors
    /// When an address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(config: &WizConfig, vault: Arc<dyn Vault>) -> Result<Self, OutsideError> {
        let client =
            Client::new(config, vault).map_err(|fault| fault.during("wiz settings", ""))?;
        Ok(Self { name: config.name.clone(), client })
    }

    async fn carry_out(&self, order: &WriteBack) -> Result<WriteBackEnd, WizFault> {
        let Some(issue) = self.issue(&order.vendor_id).await? else {
            let why = "Wiz no longer has this issue".to_owned();
            return Ok(WriteBackEnd::Impossible { why });
        };
        let noted = self.leave_note(&issue, order).await?;
        let Some(status) = order.status else {
            return Ok(match noted {
                true => WriteBackEnd::Written { note: "note left".to_owned() },
                false => WriteBackEnd::AlreadySo { note: "the note is there".to_owned() },
            });
        };
        match wanted(status, text_of(at(&issue, "type")).as_deref()) {
            Ok(wanted) => self.set_status(&issue, order, &wanted, noted).await,
            Err(why) => {
                Ok(WriteBackEnd::Impossible { why: format!("{why}; only the note was left") })
            }
        }
    }

    async fn issue(&self, id: &str) -> Result<Option<Value>, WizFault> {
        let variables = json!({ "filterBy": { "id": [id] } });
        let answer = self.client.ask(queries::ISSUE_STATE, &variables).await?;
        let issues = json::value(answer.member("issues")?).0;
        Ok(at(&issues, "nodes").get(0).filter(|issue| issue.is_object()).cloned())
    }

    /// Whether a note was written: `false` when one with the order's marker is there.
    async fn leave_note(&self, issue: &Value, order: &WriteBack) -> Result<bool, WizFault> {
        let notes = at(issue, "notes").as_array().into_iter().flatten();
        let known = notes.filter_map(|note| text_of(at(note, "text")));
        if known.into_iter().any(|text| text.contains(&order.marker)) {
            return Ok(false);
        }
        let input = json!({ "issueId": order.vendor_id, "text": order.comment });
        self.client.tell(queries::CREATE_NOTE, &json!({ "input": input })).await?;
        Ok(true)
    }

    async fn set_status(
        &self,
        issue: &Value,
        order: &WriteBack,
        wanted: &Wanted,
        noted: bool,
    ) -> Result<WriteBackEnd, WizFault> {
        if text_of(at(issue, "status")).as_deref() == Some(wanted.status) {
            let note = format!("it is {} already", wanted.status);
            return Ok(match noted {
                true => WriteBackEnd::Written { note: format!("note left; {note}") },
                false => WriteBackEnd::AlreadySo { note },
            });
        }
        let mut patch = json!({ "status": wanted.status });
        if let Some(reason) = wanted.reason {
            patch["resolutionReason"] = json!(reason);
        }
        let input = json!({ "id": order.vendor_id, "patch": patch });
        let answer = self.client.tell(queries::UPDATE_ISSUE, &json!({ "input": input })).await?;
        let updated = json::value(answer.member("updateIssue")?).0;
        let now = text_of(at(&updated, "issue.status")).unwrap_or_default();
        if now != wanted.status {
            return Err(WizFault::Senseless(format!(
                "it took the status {} and shows {now:?}",
                wanted.status
            )));
        }
        Ok(WriteBackEnd::Written { note: format!("status {now}") })
    }
}

fn wanted(status: WriteBackStatus, kind: Option<&str>) -> Result<Wanted, String> {
    let threat = kind == Some("THREAT_DETECTION");
    Ok(match (status, threat) {
        (WriteBackStatus::InProgress, _) => Wanted { status: "IN_PROGRESS", reason: None },
        (WriteBackStatus::Reopened, _) => Wanted { status: "OPEN", reason: None },
        (WriteBackStatus::Resolved, true) => {
            Wanted { status: "RESOLVED", reason: Some("MALICIOUS_THREAT") }
        }
        (WriteBackStatus::Resolved, false) => {
            return Err("Wiz resolves this kind of issue itself, once the cause is gone".to_owned());
        }
        (WriteBackStatus::FalsePositive, true) => {
            Wanted { status: "RESOLVED", reason: Some("NOT_MALICIOUS_THREAT") }
        }
        (WriteBackStatus::FalsePositive, false) => {
            Wanted { status: "REJECTED", reason: Some("FALSE_POSITIVE") }
        }
    })
}

#[async_trait]
impl AlertWriter for WizWriter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write_back(&self, order: &WriteBack) -> Result<WriteBackEnd, OutsideError> {
        if order.kind != ISSUE {
            let why = "Wiz has neither status nor notes for a detection".to_owned();
            return Ok(WriteBackEnd::Impossible { why });
        }
        self.carry_out(order).await.map_err(|fault| fault.during("wiz write back", SCOPE))
    }
}
