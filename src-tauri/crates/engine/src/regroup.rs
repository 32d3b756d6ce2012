//! Incidents put together and taken apart. A merged incident keeps what is its own, so that it can be
//! taken out again exactly: its findings are only shown, and worked on, in the other.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use firebreak_core::audit::Entry;
use firebreak_core::incident::label;
use firebreak_core::triage::Standing;
use firebreak_core::{FindingId, IncidentId, IncidentState};
use firebreak_store::{Altered, Fact, Member, Relocated, Stand, StoreError, Write};
use serde_json::json;

use crate::change::{ChangeReport, nothing_done, refused};
use crate::engine::fresh;
use crate::head;
use crate::notes::Notes;
use crate::{Engine, EngineError, EngineEvent, Identity};

/// The findings of incidents, before they are moved.
pub(crate) type Groups = BTreeMap<IncidentId, Vec<Member>>;

/// A change of groups that is written.
pub(crate) struct Regrouped {
    /// The change's id.
    pub id: String,
    /// Incidents that it opened.
    pub opened: BTreeSet<IncidentId>,
    /// Incidents that have other findings than before.
    pub incidents: BTreeSet<IncidentId>,
    /// What the audit log is to have.
    pub records: Vec<Entry>,
}

impl Engine {
    pub(crate) async fn merge(
        &self,
        incidents: &BTreeSet<IncidentId>,
        into: &IncidentId,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let mut write = self.store.write().await?;
        let target = one(&mut write, into).await?;
        target.standing.takes_in().map_err(|why| says_no(&target, &why))?;
        let mut others = incidents.clone();
        others.remove(into);
        let said = format!("merged into {}", label(target.number));
        let mut report = ChangeReport { text: said.clone(), ..ChangeReport::default() };
        let stands = write.stands(&others).await?;
        let (mut altered, mut taken) = (Vec::new(), Vec::new());
        for stand in &stands {
            match stand.standing.merged(into) {
                Ok(after) => {
                    altered.push(stand.altered(after));
                    taken.push(label(stand.number));
                }
                Err(why) => report.refused.push(refused(stand, why)),
            }
        }
        let line = self.decision(who, format!("took in {}", taken.join(", ")));
        if !altered.is_empty() {
            write.put_timeline(into, &line).await?;
        }
        self.finish(write, report, &altered, &[], who).await
    }

    pub(crate) async fn unmerge(
        &self,
        incidents: &BTreeSet<IncidentId>,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let mut write = self.store.write().await?;
        let said = "taken out again".to_owned();
        let mut report = ChangeReport { text: said, ..ChangeReport::default() };
        let stands = write.stands(incidents).await?;
        let mut altered = Vec::new();
        for stand in &stands {
            if stand.standing.merged_into.is_none() {
                report.refused.push(refused(stand, "is not merged into another".to_owned()));
                continue;
            }
            let before = write.before_merge(&stand.incident).await?;
            let state = before.map_or(IncidentState::Triaged, |before| before.state);
            let after = Standing { state, merged_into: None, ..stand.standing.clone() };
            altered.push(stand.altered(after));
            let left = self.decision(who, format!("{} was taken out again", label(stand.number)));
            write.put_timeline(&stand.root, &left).await?;
        }
        self.finish(write, report, &altered, &[], who).await
    }

    pub(crate) async fn relocate(
        &self,
        incidents: &BTreeSet<IncidentId>,
        findings: &[FindingId],
        into: Option<&IncidentId>,
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        let [from] = incidents.iter().collect::<Vec<_>>()[..] else {
            return Err(EngineError::Invalid("findings are moved from one incident".to_owned()));
        };
        let mut write = self.store.write().await?;
        let source = one(&mut write, from).await?;
        source.standing.takes_in().map_err(|why| says_no(&source, &why))?;
        let members = write.members(from).await?;
        let moving: BTreeSet<&FindingId> = findings.iter().collect();
        let (going, staying): (Vec<&Member>, Vec<&Member>) =
            members.iter().partition(|member| moving.contains(&member.finding.id));
        if going.len() != moving.len() || going.is_empty() {
            return Err(EngineError::Invalid(format!(
                "{} of the {} findings named are in {}",
                going.len(),
                moving.len(),
                label(source.number)
            )));
        }
        if staying.is_empty() {
            return Err(says_no(&source, "would have no finding left; merge it instead"));
        }
        let mut altered = Vec::new();
        let (target, number) = match into {
            Some(into) => {
                let target = one(&mut write, into).await?;
                target.standing.takes_in().map_err(|why| says_no(&target, &why))?;
                if target.incident == source.incident {
                    return Err(says_no(&source, "has these findings already"));
                }
                (target.incident, target.number)
            }
            None => {
                let (id, number, opened) = self.split_off(&mut write, &source, &going, who).await?;
                altered.push(opened);
                (id, number)
            }
        };
        let count = going.len();
        let findings = if count == 1 { "1 finding" } else { &format!("{count} findings") };
        let said = format!("{findings} of {} put into {}", label(source.number), label(number));
        let moves: Vec<Relocated> = going
            .iter()
            .map(|member| Relocated {
                finding: member.finding.id.clone(),
                before: member.home.clone(),
                after: target.clone(),
            })
            .collect();
        for incident in [from, &target] {
            write.put_timeline(incident, &self.decision(who, said.clone())).await?;
        }
        let report = ChangeReport { text: said, ..ChangeReport::default() };
        self.finish(write, report, &altered, &moves, who).await
    }

    /// Opens an incident for findings of another. Taken back, it is closed and empty.
    async fn split_off(
        &self,
        write: &mut Write,
        source: &Stand,
        going: &[&Member],
        who: &Identity,
    ) -> Result<(IncidentId, i64, Altered), EngineError> {
        let id = IncidentId::new(fresh("inc"));
        let number = write.next_incident_number().await?;
        let because = format!("split off {} by {}", label(source.number), who.name);
        let first = &going.first().expect("it was checked that some go").finding;
        let head = head::opened((id.clone(), number), first, because, self.now());
        write.put_incidents(&[&head]).await?;
        write.audit(self.incident_opened(&head)).await?;
        let state = match source.standing.state {
            IncidentState::New => IncidentState::New,
            _ => IncidentState::Triaged,
        };
        let after = Standing {
            state,
            owner: source.standing.owner.clone(),
            cause: None,
            merged_into: None,
            handover: None,
            snooze: None,
        };
        let before = Standing { state: IncidentState::Closed, ..after.clone() };
        Ok((id.clone(), number, Altered { incident: id, before, after }))
    }

    /// Makes a change of groups whole, and tells of it.
    async fn finish(
        &self,
        mut write: Write,
        mut report: ChangeReport,
        altered: &[Altered],
        moves: &[Relocated],
        who: &Identity,
    ) -> Result<ChangeReport, EngineError> {
        if altered.is_empty() && moves.is_empty() {
            return Err(nothing_done(&report.refused));
        }
        let change = self.regrouped(&mut write, &report.text, altered, moves, who).await?;
        write.audit_all(change.records).await?;
        write.commit().await?;
        report.regrouped = change.incidents;
        report.change = Some(change.id);
        report.changed = altered.iter().map(|one| one.incident.clone()).collect();
        for incident in change.opened {
            self.emit(EngineEvent::IncidentChanged { incident, is_new: true });
        }
        self.tell(&report);
        Ok(report)
    }

    /// Writes a change of groups: standings, whose findings are whose, what incidents are by that, and
    /// the change itself. What the audit log is to have is in the answer.
    pub(crate) async fn regrouped(
        &self,
        write: &mut Write,
        said: &str,
        altered: &[Altered],
        moves: &[Relocated],
        who: &Identity,
    ) -> Result<Regrouped, EngineError> {
        let touched = self.touched_by(write, altered, moves).await?;
        let groups = self.groups(write, &touched).await?;
        // What a move of findings alters is the incident that it opened for them.
        let opened: BTreeSet<IncidentId> = match moves.is_empty() {
            true => BTreeSet::new(),
            false => altered.iter().map(|one| one.incident.clone()).collect(),
        };
        write.relocate(moves).await?;
        self.name_anew(write, moves).await?;
        self.apply(write, altered, |_| said.to_owned(), who).await?;
        let incidents = self.regroup(write, groups, &opened).await?;
        let row = self.change_row(&fresh("chg"), said, altered.len().max(incidents.len()), who);
        write.put_change(&row, altered, moves).await?;
        let mut records = self.told(&row, altered, false, who);
        if !moves.is_empty() {
            let told = moves.iter().map(
                |one| json!({ "finding": one.finding, "before": one.before, "after": one.after }),
            );
            let detail = json!({ "findings": told.collect::<Vec<_>>() });
            let text = said.to_owned();
            records.push(self.record(who, "findings_moved", row.id.clone(), text, detail));
        }
        Ok(Regrouped { id: row.id, opened, incidents, records })
    }

    /// How an incident stands when a change to it is undone, or why that can't be.
    pub(crate) async fn undone(
        &self,
        write: &mut Write,
        change: &str,
        stand: &Stand,
        was: &Altered,
    ) -> Result<Result<Standing, String>, EngineError> {
        let Some(after) = stand.standing.undone(&was.before, &was.after) else {
            return Ok(Err("was changed since".to_owned()));
        };
        let back_into = after.merged_into.as_ref();
        if let Some(into) = back_into.filter(|_| after.merged_into != stand.standing.merged_into) {
            let into = one(write, into).await?;
            let root = one(write, &into.root).await?;
            if root.incident == stand.incident {
                return Ok(Err(format!("has taken {} in since", label(into.number))));
            }
            // Out of a closed incident it may go back; what was closed since would hide it.
            let since = write.altered_since(&root.incident, change).await?;
            if let (Err(why), true) = (root.standing.takes_in(), since) {
                return Ok(Err(format!("would go into {}, which {why}", label(root.number))));
            }
        }
        Ok(Ok(after))
    }

    /// Findings go back only to where somebody works on them: a closed incident would hide them.
    pub(crate) async fn may_go_back(
        &self,
        write: &mut Write,
        back: &[Relocated],
    ) -> Result<(), EngineError> {
        let homes = back.iter().map(|one| one.after.clone()).collect();
        let roots = write.stands(&homes).await?.into_iter().map(|stand| stand.root).collect();
        for root in write.stands(&roots).await? {
            root.standing.takes_in().map_err(|why| says_no(&root, &why))?;
        }
        Ok(())
    }

    /// An incident that a split opened is closed when the split is undone, unless it got findings of
    /// its own meanwhile.
    pub(crate) async fn keep_what_filled_up(
        &self,
        write: &mut Write,
        again: &mut Vec<Altered>,
        back: &[Relocated],
    ) -> Result<(), EngineError> {
        for left in back.iter().map(|one| &one.before).collect::<BTreeSet<_>>() {
            if !write.members(left).await?.is_empty() {
                again.retain(|one| one.incident != *left);
            }
        }
        Ok(())
    }

    /// The incidents whose findings a change may make others: those that have them now, and those
    /// that will.
    pub(crate) async fn touched_by(
        &self,
        write: &mut Write,
        altered: &[Altered],
        moves: &[Relocated],
    ) -> Result<BTreeSet<IncidentId>, EngineError> {
        let mut named = BTreeSet::new();
        for one in altered {
            if one.before.merged_into != one.after.merged_into {
                named.insert(one.incident.clone());
                named.extend(one.after.merged_into.clone());
            }
        }
        named.extend(moves.iter().flat_map(|one| [one.before.clone(), one.after.clone()]));
        let stands = write.stands(&named).await?;
        // Under a root of its own again, an incident has findings that it did not have.
        let moved = altered.iter().map(|one| &one.incident).filter(|id| named.contains(id));
        Ok(stands.into_iter().map(|stand| stand.root).chain(moved.cloned()).collect())
    }

    /// The findings of these incidents.
    pub(crate) async fn groups(
        &self,
        write: &mut Write,
        ids: &BTreeSet<IncidentId>,
    ) -> Result<Groups, StoreError> {
        let mut groups = Groups::new();
        for id in ids {
            groups.insert(id.clone(), write.members(id).await?);
        }
        Ok(groups)
    }

    /// Makes incidents what their findings make them, now that some went and some came. Answers those
    /// that have others than before.
    pub(crate) async fn regroup(
        &self,
        write: &mut Write,
        mut before: Groups,
        opened: &BTreeSet<IncidentId>,
    ) -> Result<BTreeSet<IncidentId>, EngineError> {
        let ids = before.keys().cloned().collect();
        let (mut rebuilt, mut notes) = (Vec::new(), Notes::default());
        for mut head in write.incident_heads(&ids).await? {
            let id = head.id.clone();
            let before = before.remove(&id).unwrap_or_default();
            let after = write.members(&id).await?;
            let (came, stayed) = split(&after, &before);
            let (went, _) = split(&before, &after);
            if came.is_empty() && went.is_empty() {
                continue;
            }
            head::rebuild(&mut head, &after, self.now());
            rebuilt.push(head);
            let told = |members: &[&Member]| {
                let mut notes = Notes::default();
                members.iter().for_each(|member| notes.moved_in(&id, &member.finding));
                notes
            };
            let (gone, staying, coming) = (told(&went), told(&stayed), told(&came));
            let kept: HashSet<&Fact> = staying.facts().chain(coming.facts()).collect();
            let lost: Vec<&Fact> = gone.facts().filter(|fact| !kept.contains(fact)).collect();
            write.withdraw_facts(&lost, true).await?;
            write.withdraw_facts(&coming.facts().collect::<Vec<_>>(), false).await?;
            notes.extend(coming);
        }
        write.put_incidents(&rebuilt.iter().collect::<Vec<_>>()).await?;
        notes.write(write, opened).await?;
        Ok(rebuilt.into_iter().map(|head| head.id).collect())
    }
}

/// How one incident stands.
pub(crate) async fn one(write: &mut Write, id: &IncidentId) -> Result<Stand, StoreError> {
    let mut stands = write.stands(&BTreeSet::from([id.clone()])).await?;
    Ok(stands.pop().expect("one that is missing is an error"))
}

fn says_no(stand: &Stand, why: &str) -> EngineError {
    EngineError::Refused(format!("{} {why}", label(stand.number)))
}

/// Of these findings those that are not among the others, and those that are.
fn split<'a>(these: &'a [Member], others: &[Member]) -> (Vec<&'a Member>, Vec<&'a Member>) {
    let known: BTreeSet<&FindingId> = others.iter().map(|member| &member.finding.id).collect();
    these.iter().partition(|member| !known.contains(&member.finding.id))
}
