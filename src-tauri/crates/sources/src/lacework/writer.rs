//! Writing back: comments, and closing. Lacework takes nothing else from a client.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{ALERTS, is_id};
use super::config::LaceworkConfig;
use super::fault::LaceworkFault;
use super::probe::RIGHT_WRITE;
use super::scope::Scope;
use super::shape::ALERT;
use super::wire::Wire;
use crate::fields::{at, list, text_of};
use crate::json;

/// Why an alert is closed, as the vendor's clients number it. 0 (Other) wants a comment, 2 and 4
/// are for people to say.
const FALSE_POSITIVE: u8 = 1;
const RESOLVED: u8 = 3;

/// Writes to one Lacework account. Constructed only where writing is allowed; the polling client
/// can't do what this does.
///
/// Each write is sent once: whether one arrived whose answer was lost is seen at the next attempt,
/// by the marker in the timeline and by the alert's status.
pub struct LaceworkWriter {
    name: String,
    wire: Wire,
}

impl LaceworkWriter {
    /// Opens nothing. Has an eighth of the account's requests to itself.
    ///
    /// # Errors
    /// When the address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(config: &LaceworkConfig, vault: Arc<dyn Vault>) -> Result<Self, OutsideError> {
        let share = NonZeroU32::new(config.requests_per_hour.get() / 8).unwrap_or(NonZeroU32::MIN);
        let wire = Wire::new(config, share, vault)
            .map_err(|fault| fault.during("lacework settings", ""))?;
        Ok(Self { name: config.name.clone(), wire })
    }

    async fn carry_out(&self, order: &WriteBack) -> Result<WriteBackEnd, LaceworkFault> {
        let impossible = |why: &str| Ok(WriteBackEnd::Impossible { why: why.to_owned() });
        if order.kind != ALERT || !is_id(&order.vendor_id) {
            return impossible("This is no alert that Lacework knows by a number.");
        }
        let closed = match self.read(order, Scope::Details).await {
            Ok(details) => is_closed(&details),
            Err(LaceworkFault::Unknown { .. }) => {
                return impossible("Lacework knows no such alert any more.");
            }
            Err(fault) => return Err(fault),
        };
        let reason = match order.status {
            Some(WriteBackStatus::Reopened) if closed => {
                return impossible(
                    "Lacework lets no client open an alert again once it is closed.",
                );
            }
            Some(WriteBackStatus::Resolved) => Some(RESOLVED),
            Some(WriteBackStatus::FalsePositive) => Some(FALSE_POSITIVE),
            Some(WriteBackStatus::InProgress | WriteBackStatus::Reopened) | None => None,
        };
        let commented = self.comment(order).await?;
        let close = reason.filter(|_| !closed);
        if let Some(reason) = close {
            self.post(order, "close", &json!({ "reason": reason })).await?;
        }
        Ok(ended(order.status, commented, close.is_some(), closed))
    }

    /// Leaves the comment unless it is there; whether one was left.
    async fn comment(&self, order: &WriteBack) -> Result<bool, LaceworkFault> {
        let timeline = self.read(order, Scope::Timeline).await?;
        let marked = !order.marker.is_empty();
        let there = marked
            && list(&timeline).iter().any(|entry| {
                text_of(at(entry, "message.value")).is_some_and(|said| said.contains(&order.marker))
            });
        if there {
            return Ok(false);
        }
        let comment = if order.comment.contains(&order.marker) {
            order.comment.clone()
        } else {
            format!("{} {}", order.comment, order.marker)
        };
        self.post(order, "comment", &json!({ "comment": comment })).await?;
        Ok(true)
    }

    async fn read(&self, order: &WriteBack, scope: Scope) -> Result<Value, LaceworkFault> {
        let path = format!("{ALERTS}/{}?scope={}", order.vendor_id, scope.name());
        let answer = self.wire.send(Method::GET, &path, None).await?;
        Ok(answer.member("data")?.map(|data| json::value(data).0).unwrap_or_default())
    }

    async fn post(&self, order: &WriteBack, verb: &str, body: &Value) -> Result<(), LaceworkFault> {
        let path = format!("{ALERTS}/{}/{verb}", order.vendor_id);
        self.wire.send(Method::POST, &path, Some(body)).await.map(|_| ())
    }
}

fn is_closed(details: &Value) -> bool {
    let status = text_of(at(details, "status"));
    status.is_some_and(|status| status.eq_ignore_ascii_case("closed"))
}

fn ended(
    status: Option<WriteBackStatus>,
    commented: bool,
    closing: bool,
    closed: bool,
) -> WriteBackEnd {
    let mut parts = Vec::new();
    if commented {
        parts.push("comment left");
    }
    parts.extend(match status {
        Some(WriteBackStatus::Resolved) if closing => {
            Some("closed as malicious, with a resolution in place")
        }
        Some(WriteBackStatus::FalsePositive) if closing => Some("closed as a false positive"),
        Some(WriteBackStatus::Resolved | WriteBackStatus::FalsePositive) => {
            Some("it was closed before")
        }
        Some(WriteBackStatus::InProgress) if closed => {
            Some("it is closed, and Lacework lets no client open it again")
        }
        Some(WriteBackStatus::InProgress) => {
            Some("Lacework has no status for work in progress that a client may set")
        }
        Some(WriteBackStatus::Reopened) => Some("it is open"),
        None if !commented => Some("the comment is there"),
        None => None,
    });
    let note = parts.join("; ");
    if commented || closing {
        WriteBackEnd::Written { note }
    } else {
        WriteBackEnd::AlreadySo { note }
    }
}

#[async_trait]
impl AlertWriter for LaceworkWriter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write_back(&self, order: &WriteBack) -> Result<WriteBackEnd, OutsideError> {
        self.carry_out(order)
            .await
            .map_err(|fault| fault.during("lacework write back", RIGHT_WRITE))
    }
}
