//! What an attacker on an incident's assets can open connections to, and what the Internet can: read
//! once for all incidents of a region, walked for each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use firebreak_core::Timestamp;
use firebreak_core::asset::Neighbourhood;
use firebreak_core::incident::Incident;
use firebreak_core::network::{Networks, Region, UNREAD};
use firebreak_core::ports::OutsideError;

use crate::Engine;
use crate::layers::Layer;
use crate::map::HOPS;

/// How long what was read of a region serves.
const KEPT: TimeDelta = TimeDelta::minutes(10);
/// How long a failure is believed before it is tried again.
const KEPT_FAILURE: TimeDelta = TimeDelta::minutes(1);
/// Regions whose networks are walked together.
const MOST_REGIONS: usize = 8;

/// What was last read of each region of each account.
#[derive(Default)]
pub(crate) struct ReadRegions(Mutex<BTreeMap<(String, String), Kept>>);

#[derive(Clone)]
struct Kept {
    at: Timestamp,
    read: Result<Arc<Region>, OutsideError>,
}

impl Engine {
    /// What can be opened from the incident's asset on, along what the sources say too.
    pub(crate) async fn connections(
        &self,
        incident: &Incident,
        place: (Option<&str>, Option<&str>),
        said: Option<&Neighbourhood>,
        problems: &mut Vec<String>,
    ) -> Layer {
        let (Some(asset), (Some(account), Some(region))) = (&incident.asset, place) else {
            return Layer::Unasked;
        };
        // What IAM has is in no network.
        if region == "global" || self.reader(account).is_none() {
            return Layer::Unasked;
        }
        let own = self.region(account, region).await;
        let whole = match own.read {
            Ok(whole) => whole,
            Err(error) => {
                let remedy = error.remedy.as_deref().map(|remedy| format!("; {remedy}"));
                let remedy = remedy.unwrap_or_default();
                problems.push(format!(
                    "the network of account {account} in {region} could not be read: {error}{remedy}"
                ));
                return Layer::Failed;
            }
        };
        problems.extend(whole.gaps.iter().cloned());
        let regions = self.with_peers(whole).await;
        let (start, edges) =
            (asset.clone(), said.map(|said| said.edges.clone()).unwrap_or_default());
        // Great networks take a while to compare.
        let walk = tokio::task::spawn_blocking(move || {
            Networks::new(&regions).around(&[start], &edges, HOPS)
        });
        let Ok(around) = walk.await else {
            problems.push(format!("the network of account {account} could not be worked out"));
            return Layer::Failed;
        };
        if around.is_cut {
            problems.push(format!(
                "more can be connected to from here than is kept; the first {} ways are shown",
                around.found.edges.len()
            ));
        }
        Layer::Found(around, own.at)
    }

    /// A region and those that its peerings lead to, and theirs, as far as they are configured. What
    /// can't be read is a place out of sight.
    async fn with_peers(&self, own: Arc<Region>) -> Vec<Arc<Region>> {
        let mut seen = BTreeSet::from([(own.account.clone(), own.region.clone())]);
        let mut all = vec![own];
        let mut next = 0;
        while let Some(region) = all.get(next).cloned() {
            next += 1;
            for (account, name) in region.leads_to() {
                let place = (account.to_owned(), name.to_owned());
                if all.len() == MOST_REGIONS
                    || self.reader(account).is_none()
                    || !seen.insert(place)
                {
                    continue;
                }
                all.extend(self.region(account, name).await.read);
            }
        }
        all
    }

    /// What was read of a region lately, or else now.
    async fn region(&self, account: &str, region: &str) -> Kept {
        let now = self.now();
        let known = self.read_regions.of(account, region).filter(|kept| {
            let lasts = if kept.read.is_ok() { KEPT } else { KEPT_FAILURE };
            now.signed_duration_since(kept.at).abs() < lasts
        });
        if let Some(kept) = known {
            return kept;
        }
        let read = match self.reader(account) {
            Some(reader) => reader.network(region).await.map(Arc::new),
            None => Ok(Arc::default()),
        };
        let kept = Kept { at: now, read };
        self.read_regions.keep(account, region, kept.clone());
        kept
    }
}

impl ReadRegions {
    fn of(&self, account: &str, region: &str) -> Option<Kept> {
        let place = (account.to_owned(), region.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned()
    }

    fn keep(&self, account: &str, region: &str, kept: Kept) {
        let place = (account.to_owned(), region.to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, kept);
    }

    /// Another reader may know another account by that id.
    pub(crate) fn forget(&self, account: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(known, _), _| known != account);
    }
}

/// One line for the evidence, with when it was so.
pub(crate) fn line<'a>(
    layer: &'a Layer,
    (account, region): (&str, &str),
) -> Option<(String, Timestamp, &'a Neighbourhood)> {
    let Layer::Found(around, at) = layer else { return None };
    let ways = around.found.edges.len();
    let text = format!(
        "groups, ACLs and routes of account {account} in {region} allow {ways} {} around here, {} of them \
         uncertain; {UNREAD}",
        if ways == 1 { "way" } else { "ways" },
        around.uncertain
    );
    (ways > 0).then_some((text, *at, &around.found))
}
