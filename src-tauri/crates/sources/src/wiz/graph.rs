//! Neighbours: Wiz's answer to a graph search, as nodes and edges with reasons.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::asset::{Edge, Neighbour, Neighbourhood, asset_id};
use firebreak_core::finding::{Finding, Resource, ResourceKind};
use firebreak_core::{AssetId, text};
use serde_json::{Value, json};

use super::resource::kind_of;
use crate::fields::{at, id, list, opaque, text_of, title};
use crate::native;

/// Classifications, hyphens and blanks taken out, of what an attacker is after.
const GRAVE: [&str; 9] = [
    "crownjewel",
    "restricted",
    "confidential",
    "secret",
    "pii",
    "pci",
    "phi",
    "sensitive",
    "critical",
];
/// Most nodes and edges kept.
const NODES_CAP: usize = 200;
const EDGES_CAP: usize = 500;

/// The search for one resource by the ids that Wiz's graph may know it by; `None` without any.
pub(super) fn by_resource(resource: &Resource) -> Option<Value> {
    let native = resource.native_id.as_deref()?;
    let mut ids = vec![native.to_owned()];
    if let (Some(ResourceKind::Instance), Some(account), Some(region)) =
        (resource.kind, &resource.account, &resource.region)
        && native.starts_with("i-")
    {
        ids.insert(0, native::instance_arn(native, account, region));
    }
    Some(json!({
        "type": ["CLOUD_RESOURCE"], "select": true,
        "where": {"providerUniqueId": {"EQUALS": ids}},
    }))
}

/// Reads the answer. `query` is the search it answers; where its blocks match the entities of a
/// row one to one, their relationships name the edges.
pub(super) fn neighbourhood(
    source: &str,
    finding: &Finding,
    query: &Value,
    answer: &Value,
) -> Neighbourhood {
    let resource = &finding.draft.resource;
    let mut sketch = Sketch {
        source,
        owner: &finding.source,
        root: asset_id(&finding.source, resource),
        root_vendor_id: resource.vendor_id.as_deref(),
        nodes: BTreeMap::new(),
        order: Vec::new(),
        edges: BTreeSet::new(),
    };
    let blocks = selected_blocks(query);
    for row in list(answer).iter().take(50) {
        let entities: Vec<&Value> =
            list(at(row, "entities")).iter().filter(|e| e.is_object()).take(50).collect();
        let ids: Vec<Option<AssetId>> = entities.iter().map(|entity| sketch.node(entity)).collect();
        if blocks.len() == entities.len() {
            sketch.relate_by_blocks(&blocks, &ids, &entities);
        } else {
            sketch.relate_to_root(&ids, &entities);
        }
        for (entity, id) in entities.iter().zip(&ids) {
            if let Some(id) = id {
                sketch.exposures(id, entity);
                sketch.movement(id, entity);
            }
        }
    }
    sketch.finish()
}

struct Sketch<'a> {
    source: &'a str,
    owner: &'a str,
    root: Option<AssetId>,
    root_vendor_id: Option<&'a str>,
    nodes: BTreeMap<AssetId, Neighbour>,
    order: Vec<AssetId>,
    edges: BTreeSet<Edge>,
}

impl Sketch<'_> {
    /// Adds an entity; the answer is its id, the finding's own where it is the same thing.
    fn node(&mut self, entity: &Value) -> Option<AssetId> {
        let vendor_id = id(at(entity, "id"));
        let property = |key: &str| {
            text_of(at(entity, key)).or_else(|| text_of(at(entity, "properties").get(key)?))
        };
        let given =
            ["providerUniqueId", "externalId", "nativeId"].iter().filter_map(|key| property(key));
        let given: Vec<String> = given.collect();
        let native = given.iter().find(|id| native::is_cloud_form(id)).or_else(|| given.first());
        let resource = Resource {
            native_id: native.map(|id| native::canonical(id).id),
            vendor_id: vendor_id.clone(),
            ..Resource::default()
        };
        let same = vendor_id.is_some() && vendor_id.as_deref() == self.root_vendor_id;
        let id = if same { self.root.clone() } else { None }
            .or_else(|| asset_id(self.owner, &resource))?;
        let node = Neighbour {
            name: title(at(entity, "name")).unwrap_or_else(|| id.as_str().to_owned()),
            kind: title(at(entity, "type")).unwrap_or_else(|| "unknown".to_owned()),
            external: is_internet(entity),
            crown_jewel: is_crown_jewel(entity),
            id: id.clone(),
        };
        self.keep(node).then_some(id)
    }

    fn keep(&mut self, node: Neighbour) -> bool {
        if let Some(known) = self.nodes.get_mut(&node.id) {
            known.crown_jewel |= node.crown_jewel;
            return true;
        }
        let room = self.nodes.len() < NODES_CAP;
        if room {
            self.order.push(node.id.clone());
            self.nodes.insert(node.id.clone(), node);
        }
        room
    }

    fn edge(&mut self, from: &AssetId, to: &AssetId, kind: &str, reason: &str) {
        if from != to && self.edges.len() < EDGES_CAP {
            self.edges.insert(Edge {
                from: from.clone(),
                to: to.clone(),
                kind: kind.to_owned(),
                reason: text::line(reason, text::LINE_CAP),
                source: self.source.to_owned(),
            });
        }
    }

    fn relate_by_blocks(&mut self, blocks: &[Block], ids: &[Option<AssetId>], entities: &[&Value]) {
        for (at_block, block) in blocks.iter().enumerate() {
            let Some(parent) = block.parent else { continue };
            let (Some(from), Some(to)) = (&ids[parent], &ids[at_block]) else { continue };
            let (from, to, subject, object) = if block.reverse {
                (to.clone(), from.clone(), entities[at_block], entities[parent])
            } else {
                (from.clone(), to.clone(), entities[parent], entities[at_block])
            };
            let words = block.relationship.to_lowercase().replace('_', " ");
            let reason = format!("{} {words} {}", called(subject), called(object));
            self.edge(&from, &to, &block.relationship.to_lowercase(), &reason);
        }
    }

    /// The rows don't say what connects them: they were found together, and that is all.
    fn relate_to_root(&mut self, ids: &[Option<AssetId>], entities: &[&Value]) {
        let Some(root) = self.root.clone() else { return };
        for (id, entity) in ids.iter().zip(entities) {
            if let Some(id) = id {
                self.edge(
                    &root,
                    id,
                    "related",
                    &format!("Wiz's evidence names {} beside it", called(entity)),
                );
            }
        }
    }

    fn exposures(&mut self, id: &AssetId, entity: &Value) {
        for exposure in list(at(entity, "publicExposures")).iter().take(20) {
            let range =
                text_of(at(exposure, "sourceIpRange")).unwrap_or_else(|| "the internet".to_owned());
            let port = text_of(at(exposure, "portRange")).unwrap_or_else(|| "any".to_owned());
            let outside = AssetId::new(format!("address:{}", opaque(&range)));
            let name = if matches!(range.as_str(), "0.0.0.0/0" | "::/0") {
                "the internet".to_owned()
            } else {
                text::line(&range, 100)
            };
            let node = Neighbour {
                id: outside.clone(),
                name,
                kind: "address".to_owned(),
                external: true,
                crown_jewel: false,
            };
            if !self.keep(node) {
                continue;
            }
            self.edge(&outside, id, "exposed", &format!("port {port} open to {range}"));
            let mut before = outside;
            // Wiz's own node for the internet is where the path begins: it is there already.
            let hops = list(at(exposure, "path")).iter().filter(|hop| !is_internet(hop));
            for hop in hops.take(20) {
                if let Some(hop) = self.node(hop) {
                    self.edge(
                        &before,
                        &hop,
                        "network",
                        &format!("on the way from {range} to port {port}"),
                    );
                    before = hop;
                }
            }
            if before.as_str().starts_with("address:") {
                continue;
            }
            self.edge(&before, id, "network", &format!("on the way from {range} to port {port}"));
        }
    }

    fn movement(&mut self, id: &AssetId, entity: &Value) {
        for path in list(at(entity, "lateralMovementPaths")).iter().take(20) {
            let mut before = id.clone();
            for step in list(at(path, "pathEntities")).iter().take(20) {
                let entity = at(step, "entity");
                let Some(next) = self.node(entity) else { continue };
                let reason = format!("lateral movement: {} {}", verb(entity), called(entity));
                self.edge(&before, &next, "lateral_movement", &reason);
                before = next;
            }
        }
    }

    fn finish(mut self) -> Neighbourhood {
        let nodes = self.order.iter().filter_map(|id| self.nodes.remove(id)).collect();
        Neighbourhood { nodes, edges: self.edges.into_iter().collect() }
    }
}

/// `role web-node`: the type in words and the name.
fn called(entity: &Value) -> String {
    let kind = text_of(at(entity, "type")).unwrap_or_default().to_lowercase().replace('_', " ");
    let kind = match kind.as_str() {
        "service account" | "access role" | "role" | "iam role" => "role",
        "virtual machine" => "instance",
        "user account" => "user",
        kind => kind,
    };
    let name = title(at(entity, "name"))
        .or_else(|| id(at(entity, "id")))
        .unwrap_or_else(|| "without a name".to_owned());
    format!("{kind} {name}").trim().to_owned()
}

fn verb(entity: &Value) -> &'static str {
    let kind = text_of(at(entity, "type")).unwrap_or_default();
    match kind_of(&kind) {
        Some(ResourceKind::Role | ResourceKind::User | ResourceKind::AccessKey) => "uses",
        _ if kind.eq_ignore_ascii_case("SECRET") => "uses",
        _ => "reaches",
    }
}

fn is_internet(entity: &Value) -> bool {
    text_of(at(entity, "name")).is_some_and(|name| name.eq_ignore_ascii_case("internet"))
}

/// What Wiz or the owner marked as worth an attacker's while.
fn is_crown_jewel(entity: &Value) -> bool {
    let properties = at(entity, "properties");
    let truth = |value: &Value| {
        value.as_bool() == Some(true)
            || value.as_str().is_some_and(|t| t.eq_ignore_ascii_case("true"))
    };
    let flagged = ["hasSensitiveData", "isCrownJewel", "crownJewel", "hasSensitiveDataFindings"];
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let word = |value: &Value| plain(&text_of(value).unwrap_or_default());
    let grave = |value: &Value| GRAVE.contains(&word(value).as_str());
    let tagged = at(properties, "tags").as_object().is_some_and(|tags| {
        tags.iter().take(200).any(|(key, value)| match plain(key).as_str() {
            "crownjewel" => truth(value) || word(value) == "yes",
            "dataclassification" | "classification" | "criticality" => grave(value),
            _ => false,
        })
    });
    flagged.iter().any(|key| truth(at(properties, key)))
        || ["dataClassification", "classification"].iter().any(|key| grave(at(properties, key)))
        || truth(at(entity, "userMetadata.isInWatchlist"))
        || tagged
}

/// A selected block of a graph query, in the order in which a row lists its entities.
struct Block {
    parent: Option<usize>,
    relationship: String,
    reverse: bool,
}

fn selected_blocks(query: &Value) -> Vec<Block> {
    let mut blocks = Vec::new();
    walk(query, None, String::new(), false, 20, &mut blocks);
    blocks
}

fn walk(
    block: &Value,
    parent: Option<usize>,
    relationship: String,
    reverse: bool,
    levels: usize,
    blocks: &mut Vec<Block>,
) {
    if levels == 0 || blocks.len() >= 50 {
        return;
    }
    let selected = at(block, "select").as_bool() == Some(true);
    let here = if selected {
        blocks.push(Block { parent, relationship, reverse });
        Some(blocks.len() - 1)
    } else {
        parent
    };
    for relation in list(at(block, "relationships")).iter().take(20) {
        let kind = &at(relation, "type")[0];
        let word = text_of(at(kind, "type")).unwrap_or_else(|| "related to".to_owned());
        let reverse = at(kind, "reverse").as_bool() == Some(true);
        walk(at(relation, "with"), here, text::line(&word, 60), reverse, levels - 1, blocks);
    }
}
