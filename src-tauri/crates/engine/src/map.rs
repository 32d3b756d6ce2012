//! The map: what every source and cloud read ever said of who can get where, as one graph in memory.
//!
//! It is read from the contexts of all incidents when it is first asked, and learns with each context
//! that is gathered. What an incident reaches is thereby not only what was said for its sake.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use firebreak_core::asset::{Asset, Neighbourhood};
use firebreak_core::graph::{AssetGraph, BlastRadius, Question, Scratch, WorthRules, blast_radius};
use firebreak_core::{AssetId, Timestamp};
use firebreak_store::{Store, StoreError};
use tokio::sync::OwnedMutexGuard;

use crate::{Engine, EngineError};

/// Contexts read at once.
const PAGE: u32 = 200;
/// Assets listed with their paths where nobody asks for more.
const LISTED: usize = 120;
/// Hops looked at.
pub(crate) const HOPS: u32 = 4;
/// Who a crown jewel's claim is filed under; contexts don't keep which source made it.
const CONTEXT: &str = "context";

/// What an incident's assets reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Counts, and the first assets with their paths.
    pub radius: BlastRadius,
    /// How far was looked.
    pub hops: u32,
    /// What the assets of the list and of its paths are called.
    pub named: BTreeMap<AssetId, Named>,
}

/// What a source calls an asset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Untrusted.
    pub name: String,
    /// The source's type, verbatim. Untrusted.
    pub kind: String,
}

/// The graph, and what it does not hold itself.
#[derive(Default)]
pub(crate) struct AssetMap {
    pub(crate) graph: AssetGraph,
    named: HashMap<AssetId, Named>,
    pub(crate) scratch: Scratch,
    rules: WorthRules,
    is_read: bool,
}

impl Engine {
    /// What an attacker on these assets can get at, as far as anybody ever said.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn reach(&self, from: &[AssetId]) -> Result<Reach, EngineError> {
        self.reach_listing(from, LISTED).await
    }

    /// The same, with so many listed.
    ///
    /// # Errors
    /// Only when the store fails.
    pub async fn reach_listing(
        &self,
        from: &[AssetId],
        listed: usize,
    ) -> Result<Reach, EngineError> {
        Ok(self.whole_map().await?.reach(from, listed))
    }

    /// The map, read if it was not yet. Nobody else has it while this is held.
    pub(crate) async fn whole_map(&self) -> Result<OwnedMutexGuard<AssetMap>, EngineError> {
        let mut map = Arc::clone(&self.map).lock_owned().await;
        if !map.is_read {
            *map = AssetMap::read(&self.store).await?;
        }
        Ok(map)
    }

    /// Takes in what was just said. An edge that is said no more is forgotten with the whole map,
    /// which is then read again when it is asked: another incident's context may still say it.
    pub(crate) async fn learn(
        &self,
        before: Option<&Neighbourhood>,
        now: &Neighbourhood,
        at: Timestamp,
    ) -> Result<(), EngineError> {
        let mut map = self.map.lock().await;
        if !map.is_read {
            return Ok(());
        }
        let lost =
            |before: &Neighbourhood| before.edges.iter().any(|edge| !now.edges.contains(edge));
        if before.is_some_and(lost) {
            *map = AssetMap::default();
            return Ok(());
        }
        let assets = self.store.assets(&ids(now)).await?;
        map.learn(now, at, &assets);
        Ok(())
    }
}

impl AssetMap {
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut map = Self { is_read: true, ..Self::default() };
        let mut after = None;
        loop {
            let page = store.neighbourhoods(after.as_ref(), PAGE).await?;
            let Some((last, _, _)) = page.last() else { return Ok(map) };
            after = Some(last.clone());
            let mut all = BTreeSet::new();
            for (_, neighbourhood, _) in &page {
                all.extend(ids(neighbourhood));
            }
            let assets = store.assets(&all).await?;
            for (_, neighbourhood, at) in &page {
                map.learn(neighbourhood, *at, &assets);
            }
        }
    }

    fn learn(&mut self, said: &Neighbourhood, at: Timestamp, assets: &[Asset]) {
        self.graph.absorb(CONTEXT, said, at);
        for node in &said.nodes {
            // The graph knows what is outside by its name.
            let id = if node.external { AssetId::new(&node.name) } else { node.id.clone() };
            let named = Named { name: node.name.clone(), kind: node.kind.clone() };
            self.named.insert(id, named);
        }
        for asset in assets {
            self.graph.describe(asset, &self.rules);
        }
    }

    fn reach(&mut self, from: &[AssetId], listed: usize) -> Reach {
        let question = Question { hops: HOPS, listed, ..Question::from(from) };
        let radius = blast_radius(&self.graph, &question, &mut self.scratch);
        let listed = radius.listed.iter().map(|reached| &reached.asset);
        let on_paths = radius.edges.iter().flat_map(|edge| [&edge.from, &edge.to]);
        let named = self.names(listed.chain(on_paths));
        Reach { radius, hops: HOPS, named }
    }

    /// What these are called, as far as anybody said.
    pub(crate) fn names<'a>(
        &self,
        ids: impl Iterator<Item = &'a AssetId>,
    ) -> BTreeMap<AssetId, Named> {
        ids.filter_map(|id| Some((id.clone(), self.named.get(id)?.clone()))).collect()
    }
}

fn ids(said: &Neighbourhood) -> BTreeSet<AssetId> {
    said.nodes.iter().filter(|node| !node.external).map(|node| node.id.clone()).collect()
}
