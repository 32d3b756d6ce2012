//! What a rule would have hidden lately, before it is made.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use firebreak_core::finding::Finding;
use firebreak_core::suppression::{Scope, reaches};
use firebreak_core::{IncidentId, IncidentState, Severity};
use firebreak_store::Witness;

use crate::ingest::count;
use crate::{Engine, EngineError};

/// Days of history that a preview looks at.
pub const LOOKED_BACK_DAYS: i64 = 30;
/// Findings shown as examples.
const EXAMPLES: usize = 8;
/// Open incidents that a preview names.
const NAMED: usize = 200;

/// What a rule would have hidden, had it been in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Days that were looked at.
    pub days: i64,
    /// Whether there may be older ones that were not looked at.
    pub more: bool,
    /// The worst severity that is hidden: as asked, else the worst that the scope covers. `None` where
    /// it covers nothing and nobody said.
    pub up_to: Option<Severity>,
    /// Findings that the scope covers, by the worst severity they had, worst first, and whether each
    /// kind is hidden.
    pub by_severity: Vec<(Severity, u32, bool)>,
    /// Findings hidden.
    pub findings: u32,
    /// Incidents that would not have been opened.
    pub incidents: u32,
    /// Incidents that would have had fewer findings.
    pub partly: u32,
    /// The newest that are hidden.
    pub examples: Vec<Finding>,
    /// Open incidents that hold nothing else.
    pub open: Vec<Covered>,
    /// How many those are in all.
    pub open_count: u32,
}

/// An open incident of which a rule covers every finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// Which.
    pub incident: IncidentId,
    /// Its number.
    pub number: i64,
    /// Untrusted.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
}

impl Engine {
    /// What a rule would have hidden of the last thirty days.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a scope that names nothing.
    pub async fn preview_suppression(
        &self,
        scope: Scope,
        up_to: Option<Severity>,
    ) -> Result<Preview, EngineError> {
        let scope = scope.checked().map_err(EngineError::Invalid)?;
        let since = self.now() - Duration::days(LOOKED_BACK_DAYS);
        let found = self.store.look_back(&scope, since).await?;
        let up_to = up_to.or_else(|| found.witnesses.iter().map(|one| one.worst).max());
        let hides = |severity| up_to.is_some_and(|up_to| reaches(up_to, severity));
        let mut kinds: BTreeMap<Severity, u32> = BTreeMap::new();
        found.witnesses.iter().for_each(|one| *kinds.entry(one.worst).or_default() += 1);
        let hidden: Vec<&Witness> = found.witnesses.iter().filter(|one| hides(one.worst)).collect();
        let mut incidents: BTreeMap<&IncidentId, (&Witness, u32)> = BTreeMap::new();
        for one in &hidden {
            incidents.entry(&one.incident).or_insert((one, 0)).1 += 1;
        }
        let whole = incidents.values().filter(|(one, hidden)| *hidden >= one.findings).count();
        let open = self.covered(&scope, hides, incidents.values().map(|(one, _)| *one)).await?;
        Ok(Preview {
            days: LOOKED_BACK_DAYS,
            more: found.more,
            up_to,
            by_severity: kinds
                .into_iter()
                .rev()
                .map(|(severity, findings)| (severity, findings, hides(severity)))
                .collect(),
            findings: count(hidden.len()),
            incidents: count(whole),
            partly: count(incidents.len() - whole),
            examples: hidden.iter().take(EXAMPLES).map(|one| one.finding.clone()).collect(),
            open_count: count(open.len()),
            open: open.into_iter().take(NAMED).collect(),
        })
    }

    /// Of these incidents those that may be closed with the rule, worst and newest first. Looked at
    /// whole: a finding that is older than the history counts too.
    async fn covered(
        &self,
        scope: &Scope,
        hides: impl Fn(Severity) -> bool,
        incidents: impl Iterator<Item = &Witness>,
    ) -> Result<Vec<Covered>, EngineError> {
        let some: Vec<&Witness> =
            incidents.filter(|one| may_be_closed(one.state)).take(super::MOST_CLOSED).collect();
        let ids: BTreeSet<IncidentId> = some.iter().map(|one| one.incident.clone()).collect();
        let mut more: BTreeSet<IncidentId> = BTreeSet::new();
        for member in self.store.members_of(&ids).await? {
            if !(hides(member.worst) && scope.covers(&member.finding)) {
                more.insert(member.incident);
            }
        }
        let covered = |one: &&Witness| Covered {
            incident: one.incident.clone(),
            number: one.number,
            title: one.title.clone(),
            severity: one.severity,
            state: one.state,
        };
        let whole = some.iter().filter(|one| !more.contains(&one.incident));
        let mut open: Vec<Covered> = whole.map(covered).collect();
        open.sort_by_key(|one| std::cmp::Reverse((one.severity, one.number)));
        Ok(open)
    }
}

/// What may be closed with a rule: what nobody began to contain.
pub(super) fn may_be_closed(state: IncidentState) -> bool {
    matches!(
        state,
        IncidentState::New
            | IncidentState::Triaged
            | IncidentState::Planned
            | IncidentState::Snoozed
    )
}
