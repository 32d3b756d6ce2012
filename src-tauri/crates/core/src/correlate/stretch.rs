//! When an incident's findings name an entity: what links a new finding to it, kept small.

use std::collections::{BTreeMap, HashMap};

use chrono::Duration;

use super::entity::Entity;
use super::score::Shared;
use super::{Candidate, window};
use crate::{IncidentId, Timestamp};

/// A time in which findings of one incident name an entity, with no gap greater than the window. A
/// finding within the window of a stretch is within the window of one of its findings, so a stretch
/// links exactly what its findings would.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stretch {
    /// The findings' own incident, which may be merged into another.
    pub home: IncidentId,
    /// Of the first finding.
    pub first_at: Timestamp,
    /// Of the last finding.
    pub last_at: Timestamp,
}

impl Stretch {
    /// How far a time is from it; nothing while it lasts.
    pub fn gap(&self, at: Timestamp) -> Duration {
        if at < self.first_at {
            self.first_at - at
        } else if at > self.last_at {
            at - self.last_at
        } else {
            Duration::zero()
        }
    }
}

/// Takes in that a finding of this home names the entity: what it brings within the window becomes
/// one stretch.
pub fn stretch(stretches: &mut Vec<Stretch>, home: &IncidentId, at: Timestamp) {
    let mut whole = Stretch { home: home.clone(), first_at: at, last_at: at };
    stretches.retain(|known| {
        let joins = known.home == *home && known.gap(at) <= window();
        if joins {
            whole.first_at = whole.first_at.min(known.first_at);
            whole.last_at = whole.last_at.max(known.last_at);
        }
        !joins
    });
    stretches.push(whole);
}

/// What a finding shares with the incidents that have these stretches: by incident, which is the root
/// of each home, and beside it the home in which a finding that joins is at home: the incident itself
/// where it names the same, else the first that was merged into it.
pub fn candidates(
    names: &[Entity],
    at: Timestamp,
    stretches: &HashMap<String, Vec<Stretch>>,
    root_of: impl Fn(&IncidentId) -> IncidentId,
) -> Vec<(Candidate, IncidentId)> {
    let mut found: BTreeMap<IncidentId, (Vec<Shared>, IncidentId)> = BTreeMap::new();
    for entity in names {
        let near = stretches.get(&entity.id).into_iter().flatten();
        for (home, apart) in near.map(|known| (&known.home, known.gap(at))) {
            if apart > window() {
                continue;
            }
            let root = root_of(home);
            let (shared, at_home) =
                found.entry(root.clone()).or_insert_with(|| (Vec::new(), home.clone()));
            let nearer = *home == root || (*at_home != root && home < at_home);
            if entity.role.is_enough() && nearer {
                at_home.clone_from(home);
            }
            match shared.iter_mut().find(|shared| shared.entity == *entity) {
                Some(known) => known.apart = known.apart.min(apart),
                None => shared.push(Shared { entity: entity.clone(), apart }),
            }
        }
    }
    let candidate = |(incident, (shared, home))| (Candidate { incident, shared }, home);
    found.into_iter().map(candidate).collect()
}
