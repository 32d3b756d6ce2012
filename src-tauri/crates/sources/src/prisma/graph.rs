//! Neighbours: what Prisma's asset inventory and IAM query connect with a finding's asset.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::asset::{Edge, Neighbour, Neighbourhood, asset_id};
use firebreak_core::finding::{Finding, Resource, ResourceKind};
use firebreak_core::{AssetId, text};
use serde_json::Value;

use super::client::Client;
use super::fault::PrismaFault;
use super::kinds::kind_of;
use super::permission;
use super::tags::{crown_jewel, tags};
use crate::fields::{Notes, at, list, opaque, text_of, title};
use crate::native;

/// Most nodes and edges kept.
const NODES_CAP: usize = 200;
const EDGES_CAP: usize = 500;
/// Stores of data whose tags are looked up, one request each.
const LOOKUPS: usize = 6;

/// Asks for relationships, network exposure and reach by permissions. The first must succeed where
/// the asset is known; the others add what the access key may see.
pub(super) async fn around(
    client: &Client,
    source: &str,
    finding: &Finding,
) -> Result<Neighbourhood, PrismaFault> {
    let mut sketch = Sketch::new(source, finding);
    let Some(root) = sketch.root.clone() else { return Ok(Neighbourhood::default()) };
    if let Some(asset) = asset_of(client, finding).await? {
        let found = client.asset(&asset, "RELATIONSHIPS").await?;
        sketch.relationships(&root, at(&found, "data.asset"));
        match client.asset(&asset, "NETWORK").await {
            Ok(found) => sketch.exposures(&root, at(&found, "data.asset")),
            Err(fault) => tracing::warn!(source, %fault, "network exposure is left out"),
        }
    }
    if let Some(query) = permission::query(&finding.draft.resource) {
        match client.permissions(&query, permission::LIMIT).await {
            Ok(found) => sketch.reach(&root, &found),
            Err(fault) => tracing::warn!(source, %fault, "reach by permissions is left out"),
        }
    }
    sketch.mark_jewels(client).await;
    Ok(sketch.finish())
}

/// Prisma's id of the finding's asset: in the alert, or by its `rrn`.
async fn asset_of(client: &Client, finding: &Finding) -> Result<Option<String>, PrismaFault> {
    let Some(lookup) = finding.draft.evidence_query.as_ref() else { return Ok(None) };
    if let Some(asset) = text_of(at(lookup, "prisma.unifiedAssetId")) {
        return Ok(Some(asset));
    }
    let Some(rrn) = text_of(at(lookup, "prisma.rrn")) else { return Ok(None) };
    match client.resource(&rrn).await {
        Ok(found) => Ok(text_of(at(&found, "assetId"))),
        // It has left the inventory.
        Err(PrismaFault::Refused { status: 400 | 404, .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

pub(super) struct Sketch<'a> {
    source: &'a str,
    owner: &'a str,
    root: Option<AssetId>,
    nodes: BTreeMap<AssetId, Neighbour>,
    order: Vec<AssetId>,
    edges: BTreeSet<Edge>,
    // Of stores of data: how Prisma can be asked about them.
    stores: Vec<(AssetId, Store)>,
}

enum Store {
    Asset(String),
    Rrn(String),
}

impl<'a> Sketch<'a> {
    fn new(source: &'a str, finding: &'a Finding) -> Self {
        let resource = &finding.draft.resource;
        let root = asset_id(&finding.source, resource);
        let mut sketch = Self {
            source,
            owner: &finding.source,
            root: root.clone(),
            nodes: BTreeMap::new(),
            order: Vec::new(),
            edges: BTreeSet::new(),
            stores: Vec::new(),
        };
        if let Some(id) = root {
            let name = resource.name.clone().unwrap_or_else(|| id.as_str().to_owned());
            let kind = resource.native_type.clone().unwrap_or_else(|| "unknown".to_owned());
            let crown_jewel = crown_jewel(&resource.tags);
            sketch.keep(Neighbour { id, name, kind, external: false, crown_jewel });
        }
        sketch
    }

    fn keep(&mut self, node: Neighbour) -> bool {
        if self.nodes.contains_key(&node.id) {
            return true;
        }
        let room = self.nodes.len() < NODES_CAP;
        if room {
            self.order.push(node.id.clone());
            self.nodes.insert(node.id.clone(), node);
        }
        room
    }

    /// Adds a thing by what Prisma calls it; the answer is its id.
    fn thing(
        &mut self,
        native: Option<String>,
        vendor: Option<String>,
        name: Option<String>,
        kind: &str,
    ) -> Option<AssetId> {
        let resource = Resource {
            native_id: native.map(|id| native::canonical(&id).id),
            vendor_id: vendor.map(|id| opaque(&id)),
            ..Resource::default()
        };
        let id = asset_id(self.owner, &resource)?;
        let node = Neighbour {
            name: name.unwrap_or_else(|| id.as_str().to_owned()),
            kind: text::line(kind, text::TITLE_CAP),
            external: false,
            crown_jewel: false,
            id: id.clone(),
        };
        self.keep(node).then_some(id)
    }

    fn edge(&mut self, from: &AssetId, to: &AssetId, kind: &str, reason: &str) {
        if from != to && self.edges.len() < EDGES_CAP {
            self.edges.insert(Edge {
                from: from.clone(),
                to: to.clone(),
                kind: text::line(kind, 60),
                reason: text::line(reason, text::LINE_CAP),
                source: self.source.to_owned(),
            });
        }
    }

    /// `relationships[]` of an asset (vendor's OpenAPI, `Relationships`).
    fn relationships(&mut self, root: &AssetId, asset: &Value) {
        for related in list(at(asset, "relationships")).iter().take(NODES_CAP) {
            let word = |path: &str| text_of(at(related, path));
            let kind = word("assetType").unwrap_or_else(|| "unknown".to_owned());
            let native =
                word("externalAssetId").filter(|id| native::is_cloud_form(id)).or_else(|| {
                    let name = word("externalAssetId").or_else(|| word("assetName"))?;
                    (kind_of(&kind) == Some(ResourceKind::Bucket))
                        .then(|| native::bucket_arn(&name, word("region").as_deref()))?
                });
            let Some(to) =
                self.thing(native, word("assetId"), title(at(related, "assetName")), &kind)
            else {
                continue;
            };
            let how = word("relationshipType").unwrap_or_else(|| "related to".to_owned());
            let words = how.to_lowercase().replace(['_', '-'], " ");
            let kind_words = kind.to_lowercase().replace('_', " ");
            let reason = format!(
                "Prisma's inventory: {words} {kind_words} {}",
                called(at(related, "assetName"))
            );
            // "read by": the other one reaches this one.
            let (from, onto) = if words.ends_with(" by") && words != "protected by" {
                (&to, root)
            } else {
                (root, &to)
            };
            self.edge(from, onto, &words.replace(' ', "_"), &reason);
            if let Some(asset) = word("assetId").filter(|_| is_store(&kind)) {
                self.stores.push((to, Store::Asset(asset)));
            }
        }
    }

    /// `network[]` of an asset: who may come in from outside.
    fn exposures(&mut self, root: &AssetId, asset: &Value) {
        for rule in list(at(asset, "network")).iter().take(40) {
            let word = |path: &str| text_of(at(rule, path)).unwrap_or_default();
            let inbound = word("direction").to_ascii_lowercase().contains("in");
            let allowed = word("access").to_ascii_lowercase().contains("allow");
            if !inbound || !allowed {
                continue;
            }
            let ports = Some(word("ports"))
                .filter(|ports| !ports.is_empty())
                .unwrap_or_else(|| "any".to_owned());
            for range in
                word("ips").split(',').map(str::trim).filter(|range| !range.is_empty()).take(10)
            {
                let outside = AssetId::new(format!("address:{}", opaque(range)));
                let name = match range {
                    "0.0.0.0/0" | "::/0" => "the internet".to_owned(),
                    range => text::line(range, 100),
                };
                let node = Neighbour {
                    id: outside.clone(),
                    name,
                    kind: "address".to_owned(),
                    external: true,
                    crown_jewel: false,
                };
                if self.keep(node) {
                    self.edge(&outside, root, "exposed", &format!("port {ports} open to {range}"));
                }
            }
        }
    }

    /// What the IAM query says the root may touch.
    fn reach(&mut self, root: &AssetId, answer: &Value) {
        for grant in permission::grants(answer) {
            let Some(to) = self.thing(grant.native, grant.rrn.clone(), grant.name, &grant.kind)
            else {
                continue;
            };
            self.edge(root, &to, grant.verb, &grant.reason);
            if let Some(rrn) = grant.rrn.filter(|_| is_store(&grant.kind)) {
                self.stores.push((to, Store::Rrn(rrn)));
            }
        }
    }

    /// Looks up the tags of the first stores of data. What can't be looked up stays unmarked.
    async fn mark_jewels(&mut self, client: &Client) {
        let mut seen = BTreeSet::new();
        for (id, store) in std::mem::take(&mut self.stores) {
            if !seen.insert(id.clone()) || seen.len() > LOOKUPS {
                continue;
            }
            let found = match &store {
                Store::Asset(asset) => {
                    client.asset(asset, "ASSET").await.map(|found| at(&found, "data.asset").clone())
                }
                Store::Rrn(rrn) => client.resource(rrn).await,
            };
            let Ok(found) = found else { continue };
            let data = at(&found, "data");
            let tags = tags(
                &[at(&found, "tags"), at(data, "tags"), at(data, "tagSets")],
                &mut Notes::default(),
            );
            if let Some(node) = self.nodes.get_mut(&id) {
                node.crown_jewel |= crown_jewel(&tags);
            }
        }
    }

    fn finish(mut self) -> Neighbourhood {
        if self.edges.is_empty() {
            return Neighbourhood::default();
        }
        let nodes = self.order.iter().filter_map(|id| self.nodes.remove(id)).collect();
        Neighbourhood { nodes, edges: self.edges.into_iter().collect() }
    }
}

fn called(name: &Value) -> String {
    title(name).unwrap_or_else(|| "without a name".to_owned())
}

fn is_store(kind: &str) -> bool {
    matches!(kind_of(kind), Some(ResourceKind::Bucket | ResourceKind::Database))
}
