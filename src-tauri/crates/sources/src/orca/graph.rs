//! Neighbours: what Orca's inventory says around an asset, as nodes and edges with reasons.
//!
//! `BlastRadius` is JSON written as text, and no public sample shows more than an empty one. So it is
//! read by what can't be otherwise: every object in it that names an asset is a neighbour of the
//! asset above it, and where it says how (`via`, `reason`, `relation`) that is the reason.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::asset::{Edge, Neighbour, Neighbourhood, asset_id};
use firebreak_core::finding::{Finding, Resource};
use firebreak_core::{AssetId, text};
use serde_json::Value;

use super::plain::{embedded, plain, understood};
use crate::fields::{at, id, list, text_of, title};
use crate::native;

/// Most nodes and edges kept, and levels looked into.
const NODES_CAP: usize = 200;
const EDGES_CAP: usize = 500;
const LEVELS: usize = 8;
/// Fields of an asset that are no neighbours though they look like objects.
const OWN_FIELDS: [&str; 8] = [
    "BlastRadius",
    "ModelTags",
    "Tags",
    "OrcaTags",
    "CVECount",
    "MetadataOptions",
    "AssetData",
    "AccessEndpoints",
];

/// Reads an answer of the serving layer (Inventory, or Alert with its Inventory) or of
/// `GET /api/assets/…`.
pub(super) fn neighbourhood(source: &str, finding: &Finding, answer: &Value) -> Neighbourhood {
    let mut sketch = Sketch {
        source,
        owner: &finding.source,
        root: asset_id(&finding.source, &finding.draft.resource),
        root_vendor_id: finding.draft.resource.vendor_id.as_deref(),
        nodes: BTreeMap::new(),
        order: Vec::new(),
        edges: BTreeSet::new(),
    };
    let listed = at(answer, "data");
    let rows = if listed.is_array() { list(listed) } else { std::slice::from_ref(answer) };
    for row in rows.iter().take(10) {
        let row = plain(row.clone());
        let inventory = at(&row, "Inventory");
        sketch.asset(if inventory.is_object() { inventory } else { &row });
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
    /// The asset that was asked for, and all that its record names.
    fn asset(&mut self, asset: &Value) {
        let Some(here) = self.node(asset) else { return };
        self.exposure(&here, asset);
        let radius = at(asset, "BlastRadius");
        if let Some(fault) = radius_fault(radius) {
            // The rest of the record is drawn all the same.
            tracing::warn!(source = self.source, asset = here.as_str(), fault);
        }
        self.walk(&embedded(radius), &here, "blast_radius", LEVELS);
        for (key, value) in asset.as_object().into_iter().flatten() {
            if !OWN_FIELDS.contains(&key.as_str()) && (value.is_object() || value.is_array()) {
                self.walk(value, &here, key, LEVELS);
            }
        }
    }

    /// Adds each object that names an asset below the one above it.
    fn walk(&mut self, value: &Value, above: &AssetId, relation: &str, levels: usize) {
        let Some(levels) = levels.checked_sub(1) else { return };
        let Value::Object(map) = value else {
            list(value).iter().take(NODES_CAP).for_each(|v| self.walk(v, above, relation, levels));
            return;
        };
        let below = if names_asset(value) { self.node(value) } else { None };
        if let Some(below) = &below {
            self.edge(above, below, relation, &reason(value, relation));
        }
        let from = below.as_ref().unwrap_or(above);
        for (key, inner) in map.iter().take(NODES_CAP) {
            // `models` only says that there is a list: `Policies.models[]`.
            let word = if matches!(key.as_str(), "models" | "assets" | "nodes" | "data") {
                relation
            } else {
                key
            };
            if inner.is_object() || inner.is_array() {
                self.walk(inner, from, word, levels);
            }
        }
    }

    fn exposure(&mut self, here: &AssetId, asset: &Value) {
        let open = is_true(at(asset, "IsInternetFacing"))
            || text_of(at(asset, "Exposure")).is_some_and(|word| {
                let word = word.to_ascii_lowercase();
                word.contains("public") || word.contains("internet")
            });
        let endpoints = embedded(at(asset, "AccessEndpoints"));
        let endpoints: Vec<String> =
            list(&endpoints).iter().take(20).filter_map(endpoint).collect();
        if !open && endpoints.is_empty() {
            return;
        }
        let outside = AssetId::new("address:internet");
        let kept = self.keep(Neighbour {
            id: outside.clone(),
            name: "the internet".to_owned(),
            kind: "address".to_owned(),
            external: true,
            crown_jewel: false,
        });
        if !kept {
            return;
        }
        for words in &endpoints {
            self.edge(&outside, here, "exposed", &format!("access endpoint {words}"));
        }
        if endpoints.is_empty() {
            self.edge(&outside, here, "exposed", "Orca says that it faces the internet");
        }
    }

    /// Adds an asset; the answer is its id, the finding's own where it is the same thing.
    fn node(&mut self, asset: &Value) -> Option<AssetId> {
        let field = |keys: &[&str]| keys.iter().find_map(|key| text_of(at(asset, key)));
        let vendor_id =
            ["asset_unique_id", "AssetUniqueId", "id"].iter().find_map(|key| id(at(asset, key)));
        let mut given: Vec<String> =
            ["Arn", "arn", "InstanceId", "UiUniqueField", "asset_vendor_id", "AccessKeyId"]
                .iter()
                .filter_map(|key| text_of(at(asset, key)))
                .collect();
        given.extend(vendor_id.as_deref().and_then(|id| id.rsplit('_').next()).map(str::to_owned));
        let native = given.iter().find(|id| native::is_cloud_form(id));
        let resource = Resource {
            native_id: native.map(|id| native::canonical(id).id),
            vendor_id: vendor_id.clone(),
            ..Resource::default()
        };
        let same = vendor_id.is_some() && vendor_id.as_deref() == self.root_vendor_id;
        let id = if same { self.root.clone() } else { None }
            .or_else(|| asset_id(self.owner, &resource))?;
        let node = Neighbour {
            name: ["Name", "name", "asset_name"]
                .iter()
                .find_map(|key| title(at(asset, key)))
                .unwrap_or_else(|| text::line(id.as_str(), text::TITLE_CAP)),
            kind: field(&["Type", "type", "asset_type"])
                .map_or_else(|| "unknown".to_owned(), |kind| text::line(&kind, 100)),
            external: false,
            crown_jewel: is_crown_jewel(asset),
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
                kind: snake(kind),
                reason: text::line(reason, text::LINE_CAP),
                source: self.source.to_owned(),
            });
        }
    }

    fn finish(mut self) -> Neighbourhood {
        let nodes = self.order.iter().filter_map(|id| self.nodes.remove(id)).collect();
        Neighbourhood { nodes, edges: self.edges.into_iter().collect() }
    }
}

/// Why a blast radius says nothing to us, in words; `None` for one that names assets and for none.
pub(super) fn radius_fault(radius: &Value) -> Option<String> {
    match understood(radius) {
        Err(why) => Some(format!("blast radius: not understood ({why})")),
        Ok(Value::Null) => None,
        Ok(radius) if is_empty(&radius) || names_any(&radius, LEVELS) => None,
        Ok(_) => Some("blast radius: not understood (it names no asset in a known way)".to_owned()),
    }
}

/// Whether a blast radius names an asset.
pub(super) fn radius_names(radius: &Value) -> bool {
    understood(radius).is_ok_and(|radius| names_any(&radius, LEVELS))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_empty),
        Value::Array(items) => items.iter().all(is_empty),
        _ => false,
    }
}

fn names_any(value: &Value, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return false };
    match value {
        Value::Object(map) => {
            names_asset(value) || map.values().any(|inner| names_any(inner, levels))
        }
        Value::Array(items) => items.iter().any(|inner| names_any(inner, levels)),
        _ => false,
    }
}

/// An id that only assets have, or a type beside a plain id.
fn names_asset(value: &Value) -> bool {
    let has = |key: &str| text_of(at(value, key)).is_some();
    ["asset_unique_id", "AssetUniqueId", "Arn", "arn"].iter().any(|key| has(key))
        || (has("id") && has("type") && has("name"))
}

/// `reads (IamRole web-node): via its role`.
fn reason(asset: &Value, relation: &str) -> String {
    let said =
        ["via", "reason", "relation", "description"].iter().find_map(|key| text_of(at(asset, key)));
    let relation = snake(relation).replace('_', " ");
    match said {
        Some(said) => format!("Orca, {relation}: {said}"),
        None if relation == "blast radius" => {
            "Orca names it in the asset's blast radius".to_owned()
        }
        None => format!("Orca's inventory lists it under {relation}"),
    }
}

/// One access endpoint in words: itself, or its fields in one line.
fn endpoint(value: &Value) -> Option<String> {
    let fields = || {
        let map = value.as_object()?;
        let pairs = map.iter().take(6);
        let mut words: Vec<String> =
            pairs.filter_map(|(key, v)| Some(format!("{key} {}", text_of(v)?))).collect();
        words.sort();
        (!words.is_empty()).then(|| words.join(", "))
    };
    text_of(value).or_else(fields).map(|words| text::line(&words, 200))
}

/// Classified by Orca (`DetectedCrownJewelReason`, score) or by a person (`crown_jewel`).
fn is_crown_jewel(asset: &Value) -> bool {
    let score = text_of(at(asset, "DetectedCrownJewelScore")).and_then(|s| s.parse::<f64>().ok());
    score.is_some_and(|score| score > 0.0)
        || text_of(at(asset, "DetectedCrownJewelReason")).is_some()
        || ["IsCrownJewel", "crown_jewel", "CrownJewel"].iter().any(|key| is_true(at(asset, key)))
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str().is_some_and(|t| t.eq_ignore_ascii_case("true"))
}

/// `IamRoles` as `iam_roles`, short and plain.
fn snake(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars().filter(char::is_ascii).take(60) {
        match c {
            'A'..='Z' => {
                if out.ends_with(|last: char| last.is_ascii_lowercase()) {
                    out.push('_');
                }
                out.push(c.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' => out.push(c),
            _ if out.is_empty() || out.ends_with('_') => {}
            _ => out.push('_'),
        }
    }
    let out = out.trim_end_matches('_').to_owned();
    if out.is_empty() { "related".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_become_plain_words() {
        for (word, expected) in [
            ("IamRoles", "iam_roles"),
            ("can_read", "can_read"),
            ("<b>x", "b_x"),
            ("", "related"),
            ("\u{202e}", "related"),
        ] {
            let got = snake(word);
            assert!(got.starts_with(expected), "{word}: {got}");
        }
    }
}
