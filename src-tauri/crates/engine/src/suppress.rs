//! Suppression rules: made, changed and ended by people, each a change that can be taken back; and
//! what they hid, shown again when they end.

mod lookback;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use firebreak_core::finding::{FindingDraft, FindingKey};
use firebreak_core::suppression::{
    Scope, Suppression, Term, USUAL_DAYS, checked_expiry, checked_reason,
};
use firebreak_core::{IncidentId, IncidentState, Severity, SuppressionId, Timestamp};
use firebreak_store::{Altered, ChangeRow, Stand, TermChange, Write};
use serde_json::{Value, json};

use crate::change::{ChangeReport, RefusedChange, refused};
use crate::engine::fresh;
use crate::ingest::count;
use crate::intake::{Intake, Taken};
use crate::{Engine, EngineError, EngineEvent, Identity};

pub use lookback::{Covered, LOOKED_BACK_DAYS, Preview};

/// Rules in force at a time.
const MOST_RULES: usize = 500;
/// Incidents that a rule may close when it is made.
const MOST_CLOSED: usize = 1_000;
/// Findings that are shown in one transaction.
const SHOWN_AT_ONCE: u32 = 1_000;
/// Findings that one audit record tells of.
const FINDINGS_A_RECORD: usize = 100;

/// A rule that a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressOrder {
    /// What it is for.
    pub scope: Scope,
    /// The worst severity that it hides.
    pub up_to: Severity,
    /// Why.
    pub reason: String,
    /// Until when; thirty days when nobody says.
    pub expires_at: Option<Timestamp>,
    /// Open incidents that hold nothing else, to be closed with it.
    pub close: BTreeSet<IncidentId>,
}

impl Engine {
    /// Makes a rule, and closes what it covers whole where that is asked. Incidents that hold more, or
    /// that somebody contains, stay and are in the report.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for an order that lacks something.
    pub async fn suppress(
        &self,
        order: SuppressOrder,
        who: &Identity,
    ) -> Result<(SuppressionId, ChangeReport), EngineError> {
        let now = self.now();
        if order.close.len() > MOST_CLOSED {
            return Err(EngineError::Invalid(format!(
                "at most {MOST_CLOSED} are closed with a rule"
            )));
        }
        let expires_at = order.expires_at.unwrap_or(now + Duration::days(USUAL_DAYS));
        let rule = Suppression {
            id: SuppressionId::new(fresh("sup")),
            scope: order.scope.checked().map_err(EngineError::Invalid)?,
            up_to: order.up_to,
            reason: checked_reason(&order.reason).map_err(EngineError::Invalid)?,
            made_by: who.name.clone(),
            made_at: now,
            term: Term {
                expires_at: checked_expiry(expires_at, now).map_err(EngineError::Invalid)?,
                ended: false,
            },
        };
        let said = format!("suppressed {}: {}", rule.scope.words(), rule.reason);
        let mut report = ChangeReport { text: said.clone(), ..ChangeReport::default() };
        let mut write = self.store.write().await?;
        if write.suppressions_in_force(now).await?.len() >= MOST_RULES {
            return Err(EngineError::Refused(format!(
                "{MOST_RULES} suppression rules are in force; end some first"
            )));
        }
        let mut altered = Vec::new();
        for stand in write.stands(&order.close).await? {
            match closed_by(&mut write, &rule, &stand).await? {
                Ok(one) => altered.push(one),
                Err(why) => report.refused.push(refused(&stand, why)),
            }
        }
        let words = |one: &Altered| format!("{} \u{2192} closed: {said}", one.before.state.name());
        self.apply(&mut write, &altered, words, who).await?;
        write.put_suppression(&rule).await?;
        let row = self.change_row(&fresh("chg"), &said, altered.len(), who);
        write.put_change(&row, &altered, &[]).await?;
        let not_yet = Term { ended: true, ..rule.term.clone() };
        let term = TermChange { rule: rule.id.clone(), before: not_yet, after: rule.term.clone() };
        write.put_terms(&row.id, &[term]).await?;
        let detail = json!({
            "scope": rule.scope, "up_to": rule.up_to, "reason": rule.reason,
            "expires_at": rule.term.expires_at, "change": row.id,
        });
        let mut records =
            vec![self.record(who, "suppression_added", rule.id.to_string(), said, detail)];
        records.extend(self.told(&row, &altered, false, who));
        write.audit_all(records).await?;
        write.commit().await?;
        report.change = Some(row.id);
        report.changed = altered.into_iter().map(|one| one.incident).collect();
        self.tell(&report);
        self.tell_of_rules();
        Ok((rule.id, report))
    }

    /// Lets a rule that is in force hold until another time.
    ///
    /// # Errors
    /// [`EngineError::Refused`] for one that ended.
    pub async fn renew_suppression(
        &self,
        id: &SuppressionId,
        expires_at: Timestamp,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let expires_at = checked_expiry(expires_at, self.now()).map_err(EngineError::Invalid)?;
        let until = expires_at.format("%Y-%m-%d %H:%M UTC");
        let said =
            |rule: &Suppression| format!("suppression of {} until {until}", rule.scope.words());
        let after = |term: &Term| Term { expires_at, ..term.clone() };
        self.change_term(id, "suppression_changed", said, after, who).await
    }

    /// Ends a rule that is in force. What it hid and is still open shows.
    ///
    /// # Errors
    /// [`EngineError::Refused`] for one that ended already.
    pub async fn end_suppression(
        &self,
        id: &SuppressionId,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let said = |rule: &Suppression| format!("ended the suppression of {}", rule.scope.words());
        let after = |term: &Term| Term { ended: true, ..term.clone() };
        let report = self.change_term(id, "suppression_ended", said, after, who).await?;
        self.show_what_is_hidden_too_long().await?;
        Ok(report)
    }

    async fn change_term(
        &self,
        id: &SuppressionId,
        kind: &'static str,
        said: impl Fn(&Suppression) -> String,
        after: impl Fn(&Term) -> Term,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let mut write = self.store.write().await?;
        let rule = write.suppression(id).await?;
        if !rule.term.holds(self.now()) {
            return Err(EngineError::Refused(
                "this suppression rule ended already; make a new one".to_owned(),
            ));
        }
        let said = said(&rule);
        let mut report = ChangeReport { text: said.clone(), ..ChangeReport::default() };
        let term =
            TermChange { rule: id.clone(), after: after(&rule.term), before: rule.term.clone() };
        if term.after == term.before {
            return Ok(report);
        }
        let row: ChangeRow = self.change_row(&fresh("chg"), &said, 0, who);
        write.put_change(&row, &[], &[]).await?;
        let detail = json!({ "change": row.id, "before": term.before, "after": term.after });
        write.put_terms(&row.id, &[term]).await?;
        write.audit(self.record(who, kind, id.to_string(), said, detail)).await?;
        write.commit().await?;
        report.change = Some(row.id);
        self.tell_of_rules();
        Ok(report)
    }

    /// Takes back what a change altered of rules; answers what that altered.
    pub(crate) async fn undo_terms(
        &self,
        write: &mut Write,
        change: &str,
        report: &mut ChangeReport,
    ) -> Result<Vec<TermChange>, EngineError> {
        let mut back = Vec::new();
        for was in self.store.terms_of(change).await? {
            let rule = write.suppression(&was.rule).await?;
            let after = rule.term.undone(&was.before, &was.after);
            let refusal = match &after {
                None => Some("was changed since"),
                // Undoing an end would have it hold again.
                Some(after) if !after.ended && !after.holds(self.now()) => {
                    Some("has expired meanwhile; make a new one")
                }
                Some(_) => None,
            };
            match (after, refusal) {
                (Some(after), None) if after == rule.term => report.unchanged += 1,
                (Some(after), None) => {
                    back.push(TermChange { rule: was.rule, before: rule.term, after });
                }
                (_, why) => report.refused.push(RefusedChange {
                    label: format!("the suppression of {}", rule.scope.words()),
                    why: why.unwrap_or("was changed since").to_owned(),
                }),
            }
        }
        write.set_terms(&back).await?;
        Ok(back)
    }

    /// Shows findings whose rules ended or expired, as if they had just come. Some thousand at a time,
    /// so that a process that ends meanwhile leaves nothing half done. Answers how many it looked at.
    ///
    /// # Errors
    /// Store errors.
    pub async fn show_what_is_hidden_too_long(&self) -> Result<usize, EngineError> {
        let mut looked_at = 0;
        while self.store.hides_too_long(self.now()).await? {
            let shown = self.show_some().await;
            if let Err(EngineError::Store(error)) = &shown {
                self.note_storage(error);
            }
            looked_at += shown?;
        }
        Ok(looked_at)
    }

    async fn show_some(&self) -> Result<usize, EngineError> {
        let now = self.now();
        let mut write = self.store.write().await?;
        let hidden = write.hidden_too_long(now, SHOWN_AT_ONCE).await?;
        let ids: Vec<_> = hidden.iter().map(|(finding, _)| &finding.id).collect();
        write.show(&ids, now).await?;
        let mut records = Vec::new();
        for some in hidden.chunks(FINDINGS_A_RECORD) {
            let told =
                some.iter().map(|(finding, rule)| json!({ "finding": finding.id, "rule": rule }));
            let detail = json!({ "findings": told.collect::<Vec<_>>() });
            let text = format!("{} findings are hidden no more: their rules ended", some.len());
            let firebreak = Identity::firebreak();
            records.push(self.record(&firebreak, "findings_shown", "suppression", text, detail));
        }
        let looked_at = hidden.len();
        let mut by_source: BTreeMap<String, Vec<FindingDraft>> = BTreeMap::new();
        for (finding, _) in hidden {
            by_source.entry(finding.source).or_default().push(finding.draft);
        }
        let mut all = Vec::new();
        for (source, drafts) in &by_source {
            let mut intake = Intake::begin(&mut write, source, drafts.iter(), now).await?;
            for draft in drafts {
                intake.reveal(&FindingKey::of(source, draft));
            }
            let mut taken = intake.finish(&mut write).await?;
            records.extend(self.follow_up(&mut write, &mut taken).await?);
            all.push(taken);
        }
        write.audit_all(records).await?;
        write.commit().await?;
        self.tell_of_shown(&all);
        Ok(looked_at)
    }

    fn tell_of_shown(&self, all: &[Taken]) {
        let opened: BTreeSet<&IncidentId> =
            all.iter().flat_map(|taken| &taken.opened).map(|head| &head.id).collect();
        let changed: BTreeSet<&IncidentId> = all.iter().flat_map(|taken| &taken.changed).collect();
        self.tell_of_incidents(&changed, &opened);
        self.tell_of_rules();
    }

    fn tell_of_rules(&self) {
        self.emit(EngineEvent::SuppressionsChanged);
        self.emit(EngineEvent::AuditChanged);
    }
}

/// How an incident is closed with a rule, or why not. What somebody contains is not noise.
async fn closed_by(
    write: &mut Write,
    rule: &Suppression,
    stand: &Stand,
) -> Result<Result<Altered, String>, EngineError> {
    let members = write.members(&stand.incident).await?;
    let others = members.iter().filter(|member| !rule.hides(&member.finding, member.worst)).count();
    if others > 0 || members.is_empty() {
        let others = count(others);
        return Ok(Err(format!("has {others} findings that this rule would not hide")));
    }
    if !lookback::may_be_closed(stand.standing.state) {
        return Ok(Err(format!("is {}, so it stays", stand.standing.state.name())));
    }
    Ok(stand.standing.moved(IncidentState::Closed, None).map(|after| stand.altered(after)))
}

/// What a change altered of rules, for the audit log.
pub(crate) fn terms_told(terms: &[TermChange]) -> Value {
    let told =
        |one: &TermChange| json!({ "rule": one.rule, "before": one.before, "after": one.after });
    terms.iter().map(told).collect()
}
