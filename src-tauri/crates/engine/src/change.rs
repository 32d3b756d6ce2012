//! What people do to incidents in triage: moved, assigned, put together and taken apart, one or
//! thousands at once. Each change is recorded with what it altered and can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, SubsecRound};
use firebreak_core::audit::Entry;
use firebreak_core::incident::label;
use firebreak_core::timeline;
use firebreak_core::triage::{Cause, MOST_SNOOZED_DAYS, Standing, Wish};
use firebreak_core::{IncidentId, IncidentState, Timestamp, text};
use firebreak_store::{Altered, ChangeRow, Relocated, Stand, Write};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::engine::fresh;
use crate::ingest::count;
use crate::suppress::terms_told;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// Incidents in one change.
pub const MOST_CHANGED: usize = 10_000;
/// Incidents that one transaction changes; between two of them the order can be cancelled.
pub(crate) const CHANGED_AT_ONCE: usize = 1_000;
/// Incidents that one audit record tells of.
const CHANGES_A_RECORD: usize = 100;
/// From here on listeners are told to look at the queue anew, not of each incident.
const TOLD_SINGLY: usize = 50;

/// What became of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeReport {
    /// What it is recorded as; `None` when it altered nothing.
    pub change: Option<String>,
    /// In words.
    pub text: String,
    /// Incidents that stand differently now.
    pub changed: Vec<IncidentId>,
    /// Incidents that stood so already.
    pub unchanged: u32,
    /// Those that it could not be done to.
    pub refused: Vec<RefusedChange>,
    /// Incidents whose findings are others now: their context and plan are of before.
    pub regrouped: BTreeSet<IncidentId>,
    /// Whether it was cancelled before it reached all.
    pub cancelled: bool,
}

/// An incident that a change was not made to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedChange {
    /// `INC-12`.
    pub label: String,
    /// Why, in words that follow the label.
    pub why: String,
}

impl Engine {
    /// Does to incidents what a person wishes. What can't be done to some is in the report; it is
    /// done to the others. `watch` hears how many were looked at.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a wish that lacks something, [`EngineError::Refused`] when it can't
    /// be done to any.
    pub async fn change(
        &self,
        incidents: &BTreeSet<IncidentId>,
        wish: &Wish,
        who: &Identity,
        watch: impl Fn(usize),
        cancel: &CancellationToken,
    ) -> Result<ChangeReport, EngineError> {
        if incidents.is_empty() || incidents.len() > MOST_CHANGED {
            return Err(EngineError::Invalid(format!(
                "{} incidents were named; a change takes 1 to {MOST_CHANGED}",
                incidents.len()
            )));
        }
        match wish {
            Wish::Move { to, reason, cause } => {
                let reason = checked_reason(*to, reason, *cause)?;
                let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                let said = format!("{}{because}", to.name());
                let next = |standing: &Standing| standing.moved(*to, *cause);
                self.restand(incidents, &said, next, who, watch, cancel).await
            }
            Wish::Assign { owner } => {
                let owner = owner
                    .as_deref()
                    .map(|name| text::line(name.trim(), 80))
                    .filter(|name| !name.is_empty());
                let said = format!("assigned to {}", owner.as_deref().unwrap_or("nobody"));
                let next = |standing: &Standing| Ok(standing.assigned(owner.clone()));
                self.restand(incidents, &said, next, who, watch, cancel).await
            }
            Wish::HandOver { to, note } => self.hand_over(incidents, to, note, who).await,
            Wish::Snooze { until } => {
                let until = checked_until(*until, self.now())?;
                let said = format!("snoozed until {}", until.format("%Y-%m-%d %H:%M UTC"));
                let next = |standing: &Standing| standing.snoozed(until);
                self.restand(incidents, &said, next, who, watch, cancel).await
            }
            Wish::Wake => {
                self.restand(incidents, "awake again", Standing::woken, who, watch, cancel).await
            }
            Wish::Merge { into } => self.merge(incidents, into, who).await,
            Wish::Unmerge => self.unmerge(incidents, who).await,
            Wish::Relocate { findings, into } => {
                self.relocate(incidents, findings, into.as_ref(), who).await
            }
        }
    }

    /// Takes a change back: what it altered is as before, except where somebody went on since. Without
    /// an id, the person's newest.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when there is nothing to take back, or it was taken back already.
    pub async fn undo_change(
        &self,
        change: Option<&str>,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let id = match change {
            Some(id) => id.to_owned(),
            None => self.store.newest_change(&who.name).await?.ok_or_else(|| {
                EngineError::Refused("there is no change of yours to take back".to_owned())
            })?,
        };
        let (row, altered, relocated) = self.store.change(&id).await?;
        if let Some((at, by)) = &row.undone {
            return Err(EngineError::Refused(format!(
                "{by} took this back at {}: {}",
                at.format("%Y-%m-%d %H:%M UTC"),
                row.text
            )));
        }
        let said = format!("taken back: {}", row.text);
        let mut report = ChangeReport { text: said.clone(), ..ChangeReport::default() };
        let mut write = self.store.write().await?;
        write.mark_undone(&id, self.now(), &who.name).await?;
        let was: BTreeMap<&IncidentId, &Altered> =
            altered.iter().map(|one| (&one.incident, one)).collect();
        let stands = write.stands(&was.keys().map(|id| (*id).clone()).collect()).await?;
        let mut again = Vec::new();
        for stand in &stands {
            match self.undone(&mut write, &id, stand, was[&stand.incident]).await? {
                Ok(after) if after == stand.standing => report.unchanged += 1,
                Ok(after) => again.push(stand.altered(after)),
                Err(why) => report.refused.push(refused(stand, why)),
            }
        }
        let terms = self.undo_terms(&mut write, &id, &mut report).await?;
        let kept = again.is_empty() && terms.is_empty() && relocated.is_empty();
        if kept && report.unchanged == 0 && !report.refused.is_empty() {
            return Err(nothing_done(&report.refused));
        }
        let back: Vec<Relocated> = relocated
            .into_iter()
            .map(|Relocated { finding, before, after }| Relocated {
                finding,
                before: after,
                after: before,
            })
            .collect();
        self.may_go_back(&mut write, &back).await?;
        let touched = self.touched_by(&mut write, &again, &back).await?;
        let groups = self.groups(&mut write, &touched).await?;
        if !back.is_empty() {
            write.relocate(&back).await.map_err(|_| {
                EngineError::Refused("a finding of it was moved on since".to_owned())
            })?;
            self.name_anew(&mut write, &back).await?;
            self.keep_what_filled_up(&mut write, &mut again, &back).await?;
        }
        self.apply(&mut write, &again, |_| said.clone(), who).await?;
        report.regrouped = self.regroup(&mut write, groups, &BTreeSet::new()).await?;
        let text = format!("{said} ({} incidents)", again.len());
        let incidents: Vec<_> = again.iter().map(|one| one.incident.as_str()).collect();
        let kept: Vec<_> = report.refused.iter().map(|one| one.label.as_str()).collect();
        let mut detail = json!({ "change": id, "incidents": incidents, "changed_since": kept });
        if !terms.is_empty() {
            detail["suppressions"] = terms_told(&terms);
        }
        write.audit(self.record(who, "change_undone", id.clone(), text, detail)).await?;
        write.commit().await?;
        report.change = Some(id);
        report.changed = again.into_iter().map(|one| one.incident).collect();
        self.tell(&report);
        if !terms.is_empty() {
            self.emit(EngineEvent::SuppressionsChanged);
            self.show_what_is_hidden_too_long().await?;
        }
        Ok(report)
    }

    /// Lets each stand as `next` says, some thousand at a time.
    async fn restand(
        &self,
        incidents: &BTreeSet<IncidentId>,
        said: &str,
        next: impl Fn(&Standing) -> Result<Standing, String>,
        who: &Identity,
        watch: impl Fn(usize),
        cancel: &CancellationToken,
    ) -> Result<ChangeReport, EngineError> {
        let mut report = ChangeReport { text: said.to_owned(), ..ChangeReport::default() };
        let done = self.restand_all(incidents, next, who, watch, cancel, &mut report).await;
        // What was done before something went wrong is done, and can be taken back.
        self.tell(&report);
        if let Err(EngineError::Store(error)) = &done {
            self.note_storage(error);
        }
        done?;
        match report.changed.is_empty() && report.unchanged == 0 && !report.cancelled {
            true => Err(nothing_done(&report.refused)),
            false => Ok(report),
        }
    }

    async fn restand_all(
        &self,
        incidents: &BTreeSet<IncidentId>,
        next: impl Fn(&Standing) -> Result<Standing, String>,
        who: &Identity,
        watch: impl Fn(usize),
        cancel: &CancellationToken,
        report: &mut ChangeReport,
    ) -> Result<(), EngineError> {
        let (id, said) = (fresh("chg"), report.text.clone());
        let words = |one: &Altered| match one.before.state == one.after.state {
            true => said.clone(),
            false => format!("{} \u{2192} {said}", one.before.state.name()),
        };
        let all: Vec<&IncidentId> = incidents.iter().collect();
        let mut looked_at = 0;
        for some in all.chunks(CHANGED_AT_ONCE) {
            if cancel.is_cancelled() {
                report.cancelled = true;
                break;
            }
            let mut write = self.store.write().await?;
            let stands = write.stands(&some.iter().map(|id| (*id).clone()).collect()).await?;
            let mut altered = Vec::new();
            for stand in &stands {
                match next(&stand.standing) {
                    Ok(after) if after == stand.standing => report.unchanged += 1,
                    Ok(after) => altered.push(stand.altered(after)),
                    Err(why) => report.refused.push(refused(stand, why)),
                }
            }
            if !altered.is_empty() {
                self.apply(&mut write, &altered, words, who).await?;
                let row = self.change_row(&id, &said, altered.len(), who);
                write.put_change(&row, &altered, &[]).await?;
                let records = self.told(&row, &altered, incidents.len() == 1, who);
                write.audit_all(records).await?;
                write.commit().await?;
                report.change = Some(id.clone());
                report.changed.extend(altered.into_iter().map(|one| one.incident));
            }
            looked_at += some.len();
            watch(looked_at);
        }
        Ok(())
    }

    /// Writes how incidents stand now, and a line in the timeline of each.
    pub(crate) async fn apply(
        &self,
        write: &mut Write,
        altered: &[Altered],
        words: impl Fn(&Altered) -> String,
        who: &Identity,
    ) -> Result<(), EngineError> {
        let now = self.now();
        write.set_standings(altered, now).await?;
        for one in altered {
            if one.before.merged_into != one.after.merged_into {
                write.merge_tree(&one.incident).await?;
            }
        }
        let lines: Vec<(IncidentId, timeline::Entry)> = altered
            .iter()
            .map(|one| (one.incident.clone(), self.decision(who, words(one))))
            .collect();
        Ok(write.put_timelines(&lines).await?)
    }

    /// The change as it is recorded.
    pub(crate) fn change_row(
        &self,
        id: &str,
        said: &str,
        incidents: usize,
        who: &Identity,
    ) -> ChangeRow {
        ChangeRow {
            id: id.to_owned(),
            at: self.now(),
            actor: who.name.clone(),
            text: said.to_owned(),
            incidents: count(incidents),
            undone: None,
        }
    }

    /// The change as the audit log has it: of one incident alone under the incident's own name.
    pub(crate) fn told(
        &self,
        row: &ChangeRow,
        altered: &[Altered],
        alone: bool,
        who: &Identity,
    ) -> Vec<Entry> {
        let told = |one: &Altered| json!({ "incident": one.incident, "before": one.before, "after": one.after });
        if let ([one], true) = (altered, alone) {
            let mut detail = told(one);
            detail["change"] = json!(row.id);
            let subject = one.incident.to_string();
            return vec![self.record(who, "incident_changed", subject, row.text.clone(), detail)];
        }
        let chunk = |some: &[Altered]| {
            let text = format!("{} incidents {}", some.len(), row.text);
            let detail = json!({ "incidents": some.iter().map(told).collect::<Vec<_>>() });
            self.record(who, "incidents_changed", row.id.clone(), text, detail)
        };
        altered.chunks(CHANGES_A_RECORD).map(chunk).collect()
    }

    /// Tells listeners what changed.
    pub(crate) fn tell(&self, report: &ChangeReport) {
        let mut changed: BTreeSet<&IncidentId> = report.changed.iter().collect();
        changed.extend(&report.regrouped);
        self.tell_of_incidents(&changed, &BTreeSet::new());
        for incident in report.regrouped.iter().cloned() {
            self.emit(EngineEvent::IncidentDetailChanged { incident });
        }
        if !changed.is_empty() {
            self.emit(EngineEvent::AuditChanged);
        }
    }
}

impl Engine {
    /// Tells listeners of incidents: of each, or to look at the queue anew where there are many.
    pub(crate) fn tell_of_incidents(
        &self,
        changed: &BTreeSet<&IncidentId>,
        opened: &BTreeSet<&IncidentId>,
    ) {
        if changed.len() > TOLD_SINGLY {
            self.emit(EngineEvent::QueueChanged);
            return;
        }
        for incident in changed {
            let is_new = opened.contains(incident);
            self.emit(EngineEvent::IncidentChanged { incident: (*incident).clone(), is_new });
        }
    }
}

/// Until when, if that is ahead and not too far.
fn checked_until(until: Timestamp, now: Timestamp) -> Result<Timestamp, EngineError> {
    match until {
        until if until <= now => {
            Err(EngineError::Invalid("an incident is snoozed until later than now".to_owned()))
        }
        until if until > now + Duration::days(MOST_SNOOZED_DAYS) => Err(EngineError::Invalid(
            format!("an incident is snoozed for {MOST_SNOOZED_DAYS} days at most"),
        )),
        // As it is kept: a comparison with what was read back must hold.
        until => Ok(until.trunc_subsecs(6)),
    }
}

/// The reason as it is kept.
fn checked_reason(
    to: IncidentState,
    reason: &str,
    cause: Option<Cause>,
) -> Result<String, EngineError> {
    let reason = text::line(reason.trim(), text::LINE_CAP);
    if !to.takes_findings() && reason.is_empty() {
        return Err(EngineError::Invalid("closing needs a reason".to_owned()));
    }
    let causes = || Cause::ALL.map(Cause::name).join(", ");
    match (to == IncidentState::FalsePositive, cause) {
        (true, None) => Err(EngineError::Invalid(format!(
            "a false positive needs its cause, so that its rule can be mended: {}",
            causes()
        ))),
        (false, Some(_)) => {
            Err(EngineError::Invalid("only a false positive has a cause".to_owned()))
        }
        _ => Ok(reason),
    }
}

pub(crate) fn refused(stand: &Stand, why: String) -> RefusedChange {
    RefusedChange { label: label(stand.number), why }
}

/// The error for a change that could be made to none.
pub(crate) fn nothing_done(refused: &[RefusedChange]) -> EngineError {
    let mut text = match refused.first() {
        Some(first) => format!("{} {}", first.label, first.why),
        None => "there is nothing to change".to_owned(),
    };
    if refused.len() > 1 {
        text = format!("{text} (and {} more could not be changed)", refused.len() - 1);
    }
    EngineError::Refused(text)
}
