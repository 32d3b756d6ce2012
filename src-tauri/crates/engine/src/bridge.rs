//! Incidents that a finding shows to be one thing happening, put together. What somebody works on is
//! not rearranged under their hands: of those at most one is part of it, and the others go into that
//! one. Where several are in somebody's hand, they stay apart and are shown as related.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::audit::Entry;
use firebreak_core::correlate::stretch;
use firebreak_core::incident::label;
use firebreak_core::{IncidentId, correlate};
use firebreak_store::{Altered, Relocated, Stand, StoreError, Write};

use crate::intake::Taken;
use crate::{Engine, EngineError, Identity};

/// Two incidents that a finding links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bridge {
    /// The one that has the finding.
    pub one: IncidentId,
    /// Another that it would have gone into as well.
    pub other: IncidentId,
    /// What the finding shares with that.
    pub because: String,
}

/// What was put together, for the audit log and for those who listen.
#[derive(Debug, Default)]
struct PutTogether {
    records: Vec<Entry>,
    changed: BTreeSet<IncidentId>,
}

impl Engine {
    /// Does what follows from what a batch took in: wakes incidents that were put off and puts together
    /// those that turned out to be one. Answers the records of it, the opened incidents' too.
    pub(crate) async fn follow_up(
        &self,
        write: &mut Write,
        taken: &mut Taken,
    ) -> Result<Vec<Entry>, EngineError> {
        let mut records: Vec<Entry> =
            taken.opened.iter().map(|head| self.incident_opened(head)).collect();
        records.extend(self.wake_all(write, &taken.woken).await?);
        let put = self.put_together(write, &taken.bridges).await?;
        records.extend(put.records);
        taken.changed.extend(put.changed);
        Ok(records)
    }

    /// Puts incidents together, each group as one change that a person can take incidents out of
    /// again; what was taken out is in somebody's hand and stays out.
    async fn put_together(
        &self,
        write: &mut Write,
        bridges: &[Bridge],
    ) -> Result<PutTogether, EngineError> {
        let mut done = PutTogether::default();
        if bridges.is_empty() {
            return Ok(done);
        }
        let firebreak = Identity::firebreak();
        let ids: BTreeSet<IncidentId> =
            bridges.iter().flat_map(|bridge| [&bridge.one, &bridge.other]).cloned().collect();
        let held = write.in_hand(&ids, &firebreak.name).await?;
        let stands = write.stands(&ids).await?;
        for group in groups(bridges, &stands) {
            let Some((target, altered)) = merged(&group, &held) else { continue };
            let labels: Vec<String> = group
                .iter()
                .filter(|stand| altered.iter().any(|one| one.incident == stand.incident))
                .map(|stand| label(stand.number))
                .collect();
            let why = bridges.iter().find(|bridge| named_in(bridge, &altered));
            let why = why.map_or("", |bridge| bridge.because.as_str());
            let line = format!("took in {}: a finding {why}", labels.join(", "));
            write.put_timeline(&target.incident, &self.decision(&firebreak, line)).await?;
            let said = format!("merged into {}: a finding {why}", label(target.number));
            let change = self.regrouped(write, &said, &altered, &[], &firebreak).await?;
            done.records.extend(change.records);
            done.changed.extend(change.incidents);
            done.changed.extend(altered.into_iter().map(|one| one.incident));
        }
        Ok(done)
    }

    /// Finds anew what the findings name that are at home in incidents whose findings were moved.
    pub(crate) async fn name_anew(
        &self,
        write: &mut Write,
        moves: &[Relocated],
    ) -> Result<(), StoreError> {
        let homes: BTreeSet<IncidentId> =
            moves.iter().flat_map(|one| [&one.before, &one.after]).cloned().collect();
        for stand in write.stands(&homes).await? {
            let home = &stand.incident;
            let mut named: BTreeMap<String, Vec<correlate::Stretch>> = BTreeMap::new();
            for member in write.members(&stand.root).await? {
                let finding = &member.finding;
                if member.home != *home || !finding.draft.status.is_active() {
                    continue;
                }
                for entity in correlate::entities(&finding.source, &finding.draft) {
                    stretch(named.entry(entity.id).or_default(), home, finding.began_at());
                }
            }
            let come: Vec<(&str, correlate::Stretch)> = named
                .iter()
                .flat_map(|(entity, all)| all.iter().map(|one| (entity.as_str(), one.clone())))
                .collect();
            write.forget_names(home).await?;
            write.rename(&[], &come).await?;
        }
        Ok(())
    }
}

/// The incidents that hang together, each group by number.
fn groups<'s>(bridges: &[Bridge], stands: &'s [Stand]) -> Vec<Vec<&'s Stand>> {
    let mut group_of: BTreeMap<&IncidentId, usize> =
        stands.iter().enumerate().map(|(at, stand)| (&stand.incident, at)).collect();
    for bridge in bridges {
        let (one, other) = (group_of[&bridge.one], group_of[&bridge.other]);
        group_of.values_mut().filter(|group| **group == other).for_each(|group| *group = one);
    }
    let mut groups: BTreeMap<usize, Vec<&Stand>> = BTreeMap::new();
    for stand in stands {
        groups.entry(group_of[&stand.incident]).or_default().push(stand);
    }
    groups.into_values().collect()
}

/// Into which of a group the others go, and how those stand then: into the one that is in somebody's
/// hand or whose steps ran, else into the first. `None` where nothing can be put together.
fn merged<'s>(
    group: &[&'s Stand],
    held: &BTreeSet<IncidentId>,
) -> Option<(&'s Stand, Vec<Altered>)> {
    let is_free = |stand: &Stand, into: &Stand| {
        let free = !held.contains(&stand.incident) && stand.incident != into.incident;
        free.then(|| stand.standing.merged(&into.incident).ok()).flatten()
    };
    let takes = |stand: &&&Stand| stand.standing.takes_in().is_ok();
    let stays = |stand: &Stand| {
        held.contains(&stand.incident) || stand.standing.merged(&stand.incident).is_err()
    };
    let target = group.iter().filter(takes).min_by_key(|stand| (!stays(stand), stand.number))?;
    let altered: Vec<Altered> = group
        .iter()
        .filter_map(|stand| is_free(stand, target).map(|after| stand.altered(after)))
        .collect();
    (!altered.is_empty()).then_some((target, altered))
}

fn named_in(bridge: &Bridge, altered: &[Altered]) -> bool {
    altered.iter().any(|one| [&bridge.one, &bridge.other].contains(&&one.incident))
}
