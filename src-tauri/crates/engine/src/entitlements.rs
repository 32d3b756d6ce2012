//! What IAM policies let an attacker on an incident's assets get at: read once for all incidents of an
//! account, walked for each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_core::iam::{Account, Reachability, Start, Thing, UNREAD};
use firebreak_core::incident::Incident;
use firebreak_core::ports::OutsideError;
use firebreak_core::{AssetId, Timestamp};

use crate::layers::Layer;
use crate::map::HOPS;
use crate::{Engine, EngineError};

/// How long what was read of an account serves.
const KEPT: TimeDelta = TimeDelta::minutes(10);
/// How long a failure is believed before it is tried again.
const KEPT_FAILURE: TimeDelta = TimeDelta::minutes(1);
/// Accounts whose policies are walked together.
const MOST_ACCOUNTS: usize = 8;

/// What was last read of each account.
#[derive(Default)]
pub(crate) struct ReadAccounts(Mutex<BTreeMap<String, Kept>>);

#[derive(Clone)]
struct Kept {
    at: Timestamp,
    read: Result<Arc<Account>, OutsideError>,
}

impl Engine {
    /// What policies allow from the incident's asset on, along what the sources say too.
    pub(crate) async fn entitlements(
        &self,
        incident: &Incident,
        account: Option<&str>,
        read: Option<&Asset>,
        said: Option<&Neighbourhood>,
        problems: &mut Vec<String>,
    ) -> Result<Layer, EngineError> {
        let (Some(asset), Some(account)) = (&incident.asset, account) else {
            return Ok(Layer::Unasked);
        };
        if self.reader(account).is_none() {
            return Ok(Layer::Unasked);
        }
        let own = self.account(account).await;
        let whole = match own.read {
            Ok(whole) => whole,
            Err(error) => {
                let remedy = error.remedy.as_deref().map(|remedy| format!("; {remedy}"));
                let remedy = remedy.unwrap_or_default();
                problems.push(format!(
                    "IAM policies of account {account} could not be read: {error}{remedy}"
                ));
                return Ok(Layer::Failed);
            }
        };
        problems.extend(whole.gaps.iter().cloned());
        let mut accounts = vec![whole];
        for other in self.accounts().into_iter().filter(|other| other != account) {
            if accounts.len() < MOST_ACCOUNTS
                && let Ok(whole) = self.account(&other).await.read
            {
                accounts.push(whole);
            }
        }
        let owner = read.filter(|_| asset.as_str().starts_with("AKIA"));
        let owner = owner.and_then(|key| Some((key.name.clone()?, account.to_owned())));
        let start = Start { id: asset.clone(), owner };
        let things = self.things(asset, account, said).await?;
        let edges = said.map(|said| said.edges.clone()).unwrap_or_default();
        // Great accounts take a while to weigh.
        let walk = tokio::task::spawn_blocking(move || {
            Reachability::new(&accounts, things).around(&[start], &edges, HOPS)
        });
        let Ok(around) = walk.await else {
            problems.push(format!("IAM policies of account {account} could not be weighed"));
            return Ok(Layer::Failed);
        };
        if around.is_cut {
            problems.push(format!(
                "IAM policies allow more from here than is kept; the first {} ways are shown",
                around.found.edges.len()
            ));
        }
        Ok(Layer::Found(around, own.at))
    }

    /// What was read of an account lately, or else now.
    async fn account(&self, id: &str) -> Kept {
        let now = self.now();
        let known = self.read_accounts.of(id).filter(|kept| {
            let lasts = if kept.read.is_ok() { KEPT } else { KEPT_FAILURE };
            now.signed_duration_since(kept.at).abs() < lasts
        });
        if let Some(kept) = known {
            return kept;
        }
        let read = match self.reader(id) {
            Some(reader) => reader.identities().await.map(Arc::new),
            None => Ok(Arc::default()),
        };
        let kept = Kept { at: now, read };
        self.read_accounts.keep(id, kept.clone());
        kept
    }

    /// What holds data, as the sources name it, with whose it is.
    async fn things(
        &self,
        asset: &AssetId,
        account: &str,
        said: Option<&Neighbourhood>,
    ) -> Result<Vec<Thing>, EngineError> {
        let nodes = said.map(|said| said.nodes.as_slice()).unwrap_or_default();
        let near = nodes.iter().filter(|node| !node.external).map(|node| node.id.clone());
        let mut ids: BTreeSet<AssetId> = near.collect();
        ids.insert(asset.clone());
        let known = self.store.assets(&ids).await?;
        let mut whose: BTreeMap<AssetId, Option<String>> =
            known.into_iter().map(|asset| (asset.id, asset.account)).collect();
        whose.entry(asset.clone()).or_insert_with(|| Some(account.to_owned()));
        let thing = |id: AssetId| Thing { account: whose.get(&id).cloned().flatten(), id };
        Ok(ids.into_iter().map(thing).collect())
    }
}

impl ReadAccounts {
    fn of(&self, id: &str) -> Option<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn keep(&self, id: &str, kept: Kept) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), kept);
    }

    /// Another reader may know another account by that id.
    pub(crate) fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// One line for the evidence, with when it was so.
pub(crate) fn line<'a>(
    layer: &'a Layer,
    account: &str,
) -> Option<(String, Timestamp, &'a Neighbourhood)> {
    let Layer::Found(around, at) = layer else { return None };
    let ways = around.found.edges.len();
    let text = format!(
        "IAM policies of account {account} allow {ways} {} from here, {} of them uncertain; {UNREAD}",
        if ways == 1 { "way on" } else { "ways on" },
        around.uncertain
    );
    (ways > 0).then_some((text, *at, &around.found))
}
