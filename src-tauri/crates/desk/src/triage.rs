//! What the interface may ask done with incidents, and taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use firebreak_core::FindingId;
use firebreak_core::IncidentId;
use firebreak_core::triage::Wish;
use firebreak_engine::{ChangeReport, EngineError, MOST_CHANGED};
use firebreak_store::ChangeRow;
use firebreak_wire as wire;

use crate::desk::locked;
use crate::view::count;
use crate::{Desk, DeskError, view};

/// Rows that a report carries.
const ROWS_TOLD: usize = 50;
/// Changes that a list has at most.
const CHANGES_LISTED: u32 = 200;
/// Incidents that a page of the queue holds while their ids are gathered.
const PAGE: u32 = 500;

impl Desk {
    /// Does with incidents what a person wishes.
    pub async fn change_incidents(
        self: &Arc<Self>,
        order: wire::TriageOrder,
    ) -> Result<wire::TriageReport, DeskError> {
        let engine = self.owner()?;
        let incidents = self.found(&order.incidents).await?;
        let wish = self.wish(order.wish).await?;
        let cancel = self.stop.child_token();
        *locked(&self.changing) = cancel.clone();
        let of = u32::try_from(incidents.len()).unwrap_or(u32::MAX);
        let watch = |looked_at: usize| {
            let done = u32::try_from(looked_at).unwrap_or(u32::MAX);
            if done < of {
                self.hub.send(wire::Event::TriageProgressed { done, of });
            }
        };
        let report = engine.change(&incidents, &wish, &self.me, watch, &cancel).await?;
        self.changed(report).await
    }

    /// Takes a change back; without an id, the newest of the person at the desk.
    pub async fn undo_triage(
        self: &Arc<Self>,
        change: Option<&str>,
    ) -> Result<wire::TriageReport, DeskError> {
        let report = self.owner()?.undo_change(change, &self.me).await?;
        self.changed(report).await
    }

    /// Stops the order under way; what it did so far stays, and can be taken back.
    pub fn cancel_triage(&self) {
        locked(&self.changing).cancel();
    }

    /// Writes a note into an incident's timeline.
    pub async fn add_note(&self, said: &str, note: &str) -> Result<(), DeskError> {
        let id = self.engine.find_incident(said).await?;
        Ok(self.owner()?.add_note(&id, note, &self.me).await?)
    }

    /// Notes that the person at the desk read what they must know of an incident handed to them.
    pub async fn read_handover(&self, said: &str) -> Result<(), DeskError> {
        let id = self.engine.find_incident(said).await?;
        Ok(self.owner()?.read_handover(&id, &self.me).await?)
    }

    /// The newest changes, newest first.
    pub async fn list_triage(&self, limit: u32) -> Result<Vec<wire::TriageChange>, DeskError> {
        let limit = limit.clamp(1, CHANGES_LISTED);
        let rows = self.engine.store().changes(None, limit).await?;
        Ok(rows.into_iter().map(change).collect())
    }

    /// The ids of the incidents that a query leaves, in the queue's order.
    ///
    /// # Errors
    /// When they are more than one change takes.
    pub async fn select_incidents(
        &self,
        query: wire::QueueQuery,
    ) -> Result<Vec<String>, DeskError> {
        let mut filter = view::queue::filter(query, &self.me.name);
        filter.limit = PAGE;
        filter.after = None;
        let mut ids = Vec::new();
        loop {
            let page = self.engine.store().queue(&filter).await?;
            ids.extend(page.rows.into_iter().map(|row| row.id.to_string()));
            if ids.len() > MOST_CHANGED {
                return Err(EngineError::Refused(format!(
                    "more than {MOST_CHANGED} incidents match; narrow the filter"
                ))
                .into());
            }
            filter.after = page.next;
            if filter.after.is_none() {
                return Ok(ids);
            }
        }
    }

    /// False positives by rule and cause, most first.
    pub async fn false_positives(&self) -> Result<Vec<wire::FalsePositives>, DeskError> {
        let rows = self.engine.store().false_positives().await?;
        let row = |(source, rule, cause, incidents)| wire::FalsePositives {
            source,
            rule,
            cause,
            incidents,
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Gathers the context of incidents anew whose findings are others now, and proposes again where
    /// nobody has begun with the plan.
    pub async fn refresh(self: &Arc<Self>, incidents: BTreeSet<IncidentId>) {
        for id in incidents {
            let refreshed = async {
                let incident = self.engine.store().incident(&id).await?;
                if !incident.state.is_open() || self.engine.store().plan(&id).await?.is_none() {
                    return Ok(());
                }
                self.engine.enrich(&id).await?;
                self.engine.propose(&id, &self.me).await?;
                self.ask_model_later(id.clone());
                Ok::<(), EngineError>(())
            };
            match refreshed.await {
                // A plan that somebody began with stays as it is.
                Ok(()) | Err(EngineError::Refused(_)) => {}
                Err(error) => {
                    tracing::warn!(incident = %id, %error, "no new plan for an incident whose findings changed");
                }
            }
        }
    }

    pub(crate) async fn changed(
        self: &Arc<Self>,
        report: ChangeReport,
    ) -> Result<wire::TriageReport, DeskError> {
        let store = self.engine.store();
        let mut rows = Vec::new();
        if report.changed.len() + report.regrouped.len() <= ROWS_TOLD {
            let all: BTreeSet<&IncidentId> =
                report.changed.iter().chain(&report.regrouped).collect();
            for id in all {
                rows.push(view::queue::row(&store.queue_row(id).await?));
            }
        }
        if !report.regrouped.is_empty() {
            let (desk, incidents) = (Arc::clone(self), report.regrouped);
            self.tasks.spawn(async move { desk.refresh(incidents).await });
        }
        let refusal = |one: &firebreak_engine::RefusedChange| wire::TriageRefusal {
            label: one.label.clone(),
            why: one.why.clone(),
        };
        Ok(wire::TriageReport {
            change: report.change,
            text: report.text,
            changed: count(report.changed.len()),
            unchanged: report.unchanged,
            refused: report.refused.iter().take(ROWS_TOLD).map(refusal).collect(),
            refused_count: count(report.refused.len()),
            cancelled: report.cancelled,
            rows,
        })
    }

    pub(crate) async fn found(&self, said: &[String]) -> Result<BTreeSet<IncidentId>, DeskError> {
        let mut found = BTreeSet::new();
        for said in said {
            // An id is looked up with the change; a label is looked up here.
            match said.starts_with("inc_") && said.len() < 64 {
                true => found.insert(IncidentId::new(said)),
                false => found.insert(self.engine.find_incident(said).await?),
            };
        }
        Ok(found)
    }

    async fn wish(&self, wish: wire::TriageWish) -> Result<Wish, DeskError> {
        Ok(match wish {
            wire::TriageWish::Move { to, reason, cause } => Wish::Move { to, reason, cause },
            wire::TriageWish::Assign { owner } => {
                let me = |owner| if owner == "me" { self.me.name.clone() } else { owner };
                Wish::Assign { owner: owner.map(me) }
            }
            wire::TriageWish::HandOver { to, note } => Wish::HandOver { to, note },
            wire::TriageWish::Snooze { until } => Wish::Snooze { until },
            wire::TriageWish::Wake => Wish::Wake,
            wire::TriageWish::Merge { into } => {
                Wish::Merge { into: self.engine.find_incident(&into).await? }
            }
            wire::TriageWish::Unmerge => Wish::Unmerge,
            wire::TriageWish::Relocate { findings, into } => Wish::Relocate {
                findings: findings.into_iter().map(FindingId::new).collect(),
                into: match into {
                    Some(into) => Some(self.engine.find_incident(&into).await?),
                    None => None,
                },
            },
        })
    }
}

fn change(row: ChangeRow) -> wire::TriageChange {
    let (undone_at, undone_by) = row.undone.unzip();
    wire::TriageChange {
        id: row.id,
        at: row.at,
        actor: row.actor,
        text: row.text,
        incidents: row.incidents,
        undone_at,
        undone_by,
    }
}
