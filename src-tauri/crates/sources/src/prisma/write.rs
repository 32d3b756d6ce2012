//! Telling Prisma Cloud what became of its alert.
//!
//! Prisma takes no comment and no "resolved" from a client: a dismissal with a note is the nearest
//! to both, and an alert resolves by itself once its resource no longer violates the policy.
//! Incidents of Compute are acknowledged, without words. Every write is preceded by a read, so that
//! a repeated order finds what the first one did, and goes out once.

use std::sync::Arc;

use async_trait::async_trait;
use firebreak_core::ports::{OutsideError, Vault};
use firebreak_core::text;
use firebreak_core::write_back::{AlertWriter, WriteBack, WriteBackEnd, WriteBackStatus};
use serde_json::{Value, json};

use super::compute::VERSION;
use super::config::PrismaConfig;
use super::fault::PrismaFault;
use super::session::{Lane, Session, value};
use super::shape::{ALERT, INCIDENT};
use super::token::Api;
use crate::fields::{at, list, text_of};
use crate::http::{Call, Verb};

/// Longest dismissal note sent, in characters. The vendor names no limit.
const NOTE_CAP: usize = 1_000;
/// What dismissing and reopening need.
const PERMISSION: &str = "Alerts: Snooze, Dismiss and Reopen (update)";

/// Writes to one tenant. Constructed only where phase and policy allow it.
pub struct PrismaWriter {
    name: String,
    session: Session,
    compute: Option<Session>,
    snooze: Option<std::time::Duration>,
}

impl PrismaWriter {
    /// Opens nothing: the secret is read and the network used when something is written.
    ///
    /// # Errors
    /// When an address, the proxy or an extra authority in the configuration can't be used.
    pub fn new(config: &PrismaConfig, vault: Arc<dyn Vault>) -> Result<Self, OutsideError> {
        let open = |api, url: &str| {
            Session::new(api, config, url, Arc::clone(&vault))
                .map_err(|fault| fault.during("prisma settings", ""))
        };
        let url = config.compute_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        Ok(Self {
            name: config.name.clone(),
            session: open(Api::Cspm, &config.api_url)?,
            compute: url.map(|url| open(Api::Compute, url)).transpose()?,
            snooze: config.snooze_in_progress,
        })
    }

    async fn alert(&self, order: &WriteBack) -> Result<WriteBackEnd, PrismaFault> {
        let Some(status) = order.status else {
            return Ok(impossible(
                "Prisma Cloud takes text only together with a dismissal; an alert has no comments",
            ));
        };
        if !is_id(&order.vendor_id) {
            return Ok(impossible("this is no id of an alert of Prisma Cloud"));
        }
        let Some(found) = self.look(&order.vendor_id).await? else {
            return Ok(impossible("Prisma Cloud no longer has this alert"));
        };
        let step = decide(&found, order, status, self.snooze);
        let (path, body) = match step {
            Step::Done(end) => return Ok(end),
            Step::Dismiss(body) => ("dismiss", body),
            Step::Reopen(body) => ("reopen", body),
        };
        let call = Call {
            verb: Verb::Post,
            path: &["alert", path],
            query: &[],
            body: Some(body.to_string().into_bytes()),
        };
        match self.session.once(Lane::Details, &call).await {
            Ok(_) => Ok(WriteBackEnd::Written { note: written(path, self.snooze, status) }),
            // It changed between the read and the write: what it is now decides.
            Err(PrismaFault::Refused { status: 400 | 404, detail }) => {
                match self.look(&order.vendor_id).await? {
                    Some(now) => match decide(&now, order, status, self.snooze) {
                        Step::Done(end) => Ok(end),
                        _ => Ok(impossible(&format!("Prisma Cloud refuses it: {detail}"))),
                    },
                    None => Ok(impossible("Prisma Cloud no longer has this alert")),
                }
            }
            Err(fault) => Err(fault),
        }
    }

    /// The alert as it is now; `None` when there is no such alert.
    async fn look(&self, id: &str) -> Result<Option<Value>, PrismaFault> {
        let query = [("detailed", "true".to_owned())];
        let call = Call { verb: Verb::Get, path: &["alert", id], query: &query, body: None };
        match self.session.read(Lane::Details, &call).await {
            Ok(answer) => value(&answer).map(Some),
            Err(PrismaFault::Refused { status: 400 | 404, .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn incident(&self, order: &WriteBack) -> Result<WriteBackEnd, PrismaFault> {
        let wanted = match order.status {
            Some(WriteBackStatus::Resolved | WriteBackStatus::FalsePositive) => true,
            Some(WriteBackStatus::Reopened) => false,
            Some(WriteBackStatus::InProgress) => {
                return Ok(impossible(
                    "an incident of Prisma Compute is acknowledged or not; it has no status for work in progress",
                ));
            }
            None => return Ok(impossible("an incident of Prisma Compute takes no text")),
        };
        let Some(session) = self.compute.as_ref() else {
            return Ok(impossible("no Compute address is configured for this source"));
        };
        if !is_id(&order.vendor_id) {
            return Ok(impossible("this is no id of an incident of Prisma Compute"));
        }
        let Some(now) = acknowledged(session, &order.vendor_id).await? else {
            return Ok(impossible("Prisma Compute no longer has this incident"));
        };
        let words = if wanted { "acknowledged" } else { "not acknowledged" };
        if now == wanted {
            return Ok(WriteBackEnd::AlreadySo { note: words.to_owned() });
        }
        let path = ["api", VERSION, "audits", "incidents", "acknowledge", order.vendor_id.as_str()];
        let body = json!({ "acknowledged": wanted }).to_string().into_bytes();
        let call = Call { verb: Verb::Patch, path: &path, query: &[], body: Some(body) };
        session.once(Lane::Details, &call).await?;
        Ok(WriteBackEnd::Written { note: words.to_owned() })
    }
}

async fn acknowledged(session: &Session, id: &str) -> Result<Option<bool>, PrismaFault> {
    let path = ["api", VERSION, "audits", "incidents"];
    let query = [("id", id.to_owned())];
    let call = Call { verb: Verb::Get, path: &path, query: &query, body: None };
    let found = value(&session.read(Lane::Details, &call).await?)?;
    let found =
        list(&found).iter().find(|incident| text_of(at(incident, "_id")).as_deref() == Some(id));
    Ok(found.map(|incident| at(incident, "acknowledged") == &Value::Bool(true)))
}

#[derive(Debug, PartialEq)]
enum Step {
    Done(WriteBackEnd),
    Dismiss(Value),
    Reopen(Value),
}

/// What to send, given the alert as it is. Nothing that Prisma would refuse.
fn decide(
    alert: &Value,
    order: &WriteBack,
    status: WriteBackStatus,
    snooze: Option<std::time::Duration>,
) -> Step {
    let now = text_of(at(alert, "status")).unwrap_or_default().to_ascii_lowercase();
    let note = text_of(at(alert, "dismissalNote")).unwrap_or_default();
    let ours = !order.marker.is_empty() && note.contains(&order.marker);
    let already = |note: &str| Step::Done(WriteBackEnd::AlreadySo { note: note.to_owned() });
    let no = |why: &str| Step::Done(impossible(why));
    let restricted = at(alert, "policy.restrictAlertDismissal") == &Value::Bool(true);
    let snoozing = status == WriteBackStatus::InProgress;
    match (status, now.as_str()) {
        (WriteBackStatus::Reopened, "open" | "pending_resolution") => already("open"),
        (WriteBackStatus::Reopened, "dismissed" | "snoozed") => Step::Reopen(change(order, None)),
        (WriteBackStatus::Reopened, "resolved") => no(
            "a resolved alert can't be reopened by a client; Prisma Cloud opens it again when its resource violates the policy again",
        ),
        (_, "resolved") => already("resolved by Prisma Cloud itself"),
        (WriteBackStatus::InProgress, _) if snooze.is_none() => no(
            "Prisma Cloud has no status for work in progress; snoozing, the nearest, is not switched on for this source",
        ),
        (_, "dismissed") => {
            already(if ours { "dismissed with this note" } else { "dismissed by somebody else" })
        }
        (WriteBackStatus::InProgress, "snoozed") => already("snoozed"),
        _ if restricted => no("the policy does not allow its alerts to be dismissed or snoozed"),
        (_, "open" | "snoozed" | "pending_resolution") => {
            Step::Dismiss(change(order, snooze.filter(|_| snoozing)))
        }
        (_, other) => {
            no(&format!("the alert has a status that is not known ({:?})", text::line(other, 40)))
        }
    }
}

/// The body of both changes (vendor's OpenAPI, `AlertStatusChangeRequestModel`): `filter` is
/// required, and bounds what `alerts` names.
fn change(order: &WriteBack, snooze: Option<std::time::Duration>) -> Value {
    let mut body = json!({
        "alerts": [order.vendor_id],
        "policies": [],
        "dismissalNote": note(order),
        "filter": {"timeRange": {"type": "to_now", "value": "epoch"}},
    });
    if let Some(span) = snooze {
        let hours = span.as_secs().div_ceil(3_600).clamp(1, 24 * 365);
        body["dismissalTimeRange"] = json!({
            "type": "relative", "relativeTimeType": "FORWARD", "value": {"amount": hours, "unit": "hour"},
        });
    }
    body
}

/// The comment, cut where it must be so that the marker stays whole.
fn note(order: &WriteBack) -> String {
    let comment = text::body(&order.comment, NOTE_CAP);
    if order.marker.is_empty() || comment.contains(&order.marker) {
        return comment;
    }
    let room = NOTE_CAP.saturating_sub(order.marker.chars().count() + 1);
    format!("{}\n{}", text::body(&order.comment, room), order.marker)
}

fn written(path: &str, snooze: Option<std::time::Duration>, status: WriteBackStatus) -> String {
    match (path, snooze) {
        ("reopen", _) => "reopened".to_owned(),
        (_, Some(span)) if status == WriteBackStatus::InProgress => {
            format!("snoozed for {} hours, with the note", span.as_secs().div_ceil(3_600).max(1))
        }
        _ => "dismissed, with the note".to_owned(),
    }
}

fn impossible(why: &str) -> WriteBackEnd {
    WriteBackEnd::Impossible { why: format!("{}.", text::line(why, text::LINE_CAP)) }
}

/// An id goes into a path: letters, digits and hyphens only.
fn is_id(id: &str) -> bool {
    (1..=100).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[async_trait]
impl AlertWriter for PrismaWriter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write_back(&self, order: &WriteBack) -> Result<WriteBackEnd, OutsideError> {
        let end = match order.kind.as_str() {
            ALERT => self.alert(order).await,
            INCIDENT => self.incident(order).await,
            _ => Ok(impossible("Prisma Compute takes nothing back about an audit")),
        };
        end.map_err(|fault| fault.during("prisma write back", PERMISSION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(comment: &str) -> WriteBack {
        WriteBack {
            vendor_id: "P-1".into(),
            kind: ALERT.into(),
            status: Some(WriteBackStatus::Resolved),
            comment: comment.into(),
            marker: "[firebreak inc-1]".into(),
        }
    }

    #[test]
    fn the_marker_survives_the_longest_comment() {
        for comment in ["", "short", &"é".repeat(5_000), "has [firebreak inc-1] in it"] {
            let note = note(&order(comment));
            assert_eq!(note.matches("[firebreak inc-1]").count(), 1);
            assert!(note.chars().count() <= NOTE_CAP);
        }
    }

    #[test]
    fn what_is_sent_goes_by_what_the_alert_is() {
        use WriteBackStatus as S;
        let day = Some(std::time::Duration::from_secs(86_400));
        let step =
            |status: S, alert: Value, snooze| match decide(&alert, &order("c"), status, snooze) {
                Step::Done(WriteBackEnd::AlreadySo { .. }) => "already",
                Step::Done(WriteBackEnd::Impossible { .. }) => "impossible",
                Step::Done(WriteBackEnd::Written { .. }) => "written",
                Step::Dismiss(body) if body.get("dismissalTimeRange").is_some() => "snooze",
                Step::Dismiss(_) => "dismiss",
                Step::Reopen(_) => "reopen",
            };
        let is = |status: &str| json!({"status": status});
        for (status, alert, snooze, expected) in [
            (S::Resolved, is("open"), None, "dismiss"),
            (S::FalsePositive, is("OPEN"), day, "dismiss"),
            (S::Resolved, is("snoozed"), None, "dismiss"),
            (S::Resolved, is("dismissed"), None, "already"),
            (S::Resolved, is("resolved"), None, "already"),
            (S::Resolved, is("brand_new"), None, "impossible"),
            (
                S::Resolved,
                json!({"status": "open", "policy": {"restrictAlertDismissal": true}}),
                None,
                "impossible",
            ),
            (S::InProgress, is("open"), None, "impossible"),
            (S::InProgress, is("open"), day, "snooze"),
            (S::InProgress, is("snoozed"), day, "already"),
            (S::Reopened, is("open"), None, "already"),
            (S::Reopened, is("dismissed"), None, "reopen"),
            (S::Reopened, is("resolved"), None, "impossible"),
        ] {
            assert_eq!(step(status, alert.clone(), snooze), expected, "{status:?} {alert}");
        }
    }

    #[test]
    fn ids_that_would_leave_their_place_are_none() {
        assert!(is_id("P-123") && is_id("5e170534776710d48a0812f5"));
        for id in ["", "..", "a/b", "a?b", "a%2f", "é"] {
            assert!(!is_id(id), "{id}");
        }
    }
}
