//! Writing to Orca: a comment and a status.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use serde_json::{Value, json};

use super::client::{Ask, Client, Load};
use super::config::OrcaConfig;
use super::fault::OrcaFault;
use super::probe::CHANGE_ALERTS;
use super::shape::ALERT;
use super::words;
use crate::fields::{at, list, text_of};
use crate::http::Verb;

/// Entries of the event log in a page, and most pages looked through for our own comment.
const LOG_PAGE: usize = 100;
const LOG_PAGES: usize = 20;

/// Writes to one Orca organisation. Constructed only where phase and policy allow it.
pub struct OrcaWriter {
    name: String,
    client: Client,
}

impl OrcaWriter {
    /// Opens nothing.
    ///
    /// # Errors
    /// When the address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(config: &OrcaConfig, vault: Arc<dyn Vault>) -> Result<Self, OutsideError> {
        let client =
            Client::new(config, vault).map_err(|fault| fault.during("orca settings", ""))?;
        Ok(Self { name: config.name.clone(), client })
    }

    /// Comment first: who sees the new status finds the reason beside it.
    async fn carry_out(&self, order: &WriteBack) -> Result<WriteBackEnd, OrcaFault> {
        let id = order.vendor_id.as_str();
        let commented = !order.comment.trim().is_empty() && !self.has_comment(order).await?;
        if commented {
            let path = ["alerts", id, "comment"];
            let body = Load::Json(json!({"comment": order.comment}));
            // Once only: whether a second one would double it is for the next look at the log.
            self.client
                .ask_once(&Ask { verb: Verb::Put, path: &path, query: vec![], body })
                .await?;
        }
        let mut notes = Vec::new();
        if commented {
            notes.push("comment added".to_owned());
        }
        let mut changed = commented;
        if let Some(status) = order.status {
            let word = word(status);
            let path = ["alerts", id, "status", word];
            let ask = Ask { verb: Verb::Put, path: &path, query: vec![], body: Load::Nothing };
            match self.client.ask(&ask).await {
                Ok(_) => {
                    changed = true;
                    notes.push(format!("status set to {word}"));
                }
                Err(OrcaFault::SameAlready { .. }) => {
                    notes.push(format!("status was {word} already"));
                }
                Err(fault) => return Err(fault),
            }
        } else if !commented {
            notes.push("the comment was there already".to_owned());
        }
        let note = notes.join("; ");
        Ok(if changed { WriteBackEnd::Written { note } } else { WriteBackEnd::AlreadySo { note } })
    }

    /// Whether the alert's event log holds a comment with our marker.
    async fn has_comment(&self, order: &WriteBack) -> Result<bool, OrcaFault> {
        let path = ["alerts", order.vendor_id.as_str(), "event_log"];
        for page in 0..LOG_PAGES {
            let query = vec![
                ("limit", LOG_PAGE.to_string()),
                ("start_at_index", (page * LOG_PAGE).to_string()),
            ];
            let ask = Ask { verb: Verb::Get, path: &path, query, body: Load::Nothing };
            let answer = self.client.ask(&ask).await?.value()?;
            let entries = entries(&answer).ok_or_else(|| {
                OrcaFault::Senseless("the alert's event log has no list of events".to_owned())
            })?;
            let marked = |entry: &Value| {
                text_of(at(entry, "details.comment"))
                    .is_some_and(|text| text.contains(&order.marker))
            };
            if entries.iter().any(marked) {
                return Ok(true);
            }
            if entries.len() < LOG_PAGE {
                return Ok(false);
            }
        }
        Err(OrcaFault::Senseless("the alert's event log has no end".to_owned()))
    }
}

/// `event_log` by XSOAR's integration; `data` by the rest of the API.
fn entries(answer: &Value) -> Option<&[Value]> {
    ["event_log", "data"].iter().map(|key| at(answer, key)).find(|v| v.is_array()).map(list)
}

/// The word in the path of `PUT /api/alerts/{id}/status/{word}`.
fn word(status: WriteBackStatus) -> &'static str {
    match status {
        WriteBackStatus::InProgress => "in_progress",
        WriteBackStatus::Resolved => "close",
        WriteBackStatus::FalsePositive => "dismiss",
        WriteBackStatus::Reopened => "open",
    }
}

#[async_trait]
impl AlertWriter for OrcaWriter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write_back(&self, order: &WriteBack) -> Result<WriteBackEnd, OutsideError> {
        if order.kind != ALERT || words::alert_number(&order.vendor_id).is_none() {
            let why = "Orca takes changes only to alerts that have an id of the form orca-123; this one came without (an export or an older webhook).";
            return Ok(WriteBackEnd::Impossible { why: why.to_owned() });
        }
        if order.marker.is_empty() && !order.comment.is_empty() {
            let why = "the comment has no marker, so that a repeated order would double it";
            return Ok(WriteBackEnd::Impossible { why: why.to_owned() });
        }
        let end = self.carry_out(order).await;
        end.map_err(|fault| fault.during("orca write back", CHANGE_ALERTS))
    }
}
