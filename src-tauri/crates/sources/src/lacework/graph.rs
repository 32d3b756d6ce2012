//! Neighbours: what an alert's scopes name, as nodes and edges with reasons. Lacework has no public
//! API of attack paths; this is what its alerts themselves connect. Alerts that it relates to one are
//! no assets: they are told among the observations.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::asset::{Edge, Neighbour, Neighbourhood, asset_id};
use firebreak_core::finding::{Finding, Resource};
use firebreak_core::{AssetId, text};
use serde_json::Value;

use super::entity::entities;
use super::people;
use crate::fields::{at, list, opaque, text_of};
use crate::native;

/// Most nodes and edges kept.
const NODES_CAP: usize = 200;
const EDGES_CAP: usize = 500;
/// Most entries read of one list.
const ENTRIES_CAP: usize = 50;

/// The answers to the scopes; null where there is none.
pub(super) struct Scopes<'a> {
    pub(super) details: &'a Value,
    pub(super) events: &'a Value,
    pub(super) observations: &'a Value,
}

/// Reads the answers.
pub(super) fn neighbourhood(source: &str, finding: &Finding, scopes: &Scopes<'_>) -> Neighbourhood {
    let resource = &finding.draft.resource;
    let root = asset_id(&finding.source, resource);
    let mut sketch =
        Sketch { source, nodes: BTreeMap::new(), order: Vec::new(), edges: BTreeSet::new() };
    let Some(root) = root else { return Neighbourhood::default() };
    let name = resource.name.clone().unwrap_or_else(|| root.as_str().to_owned());
    sketch.keep(root.clone(), &name, resource.native_type.as_deref().unwrap_or("unknown"), false);
    let map = at(scopes.details, "entityMap");
    let person = sketch.person(&root, map, scopes.events);
    sketch.machines(&root, &name, map);
    sketch.resources(&root, person.as_ref(), map);
    sketch.addresses(&root, person.as_ref(), &name, map);
    sketch.keys(person.as_ref().unwrap_or(&root), scopes.events);
    sketch.relationships(&root, resource, scopes.observations);
    sketch.finish()
}

struct Sketch<'a> {
    source: &'a str,
    nodes: BTreeMap<AssetId, Neighbour>,
    order: Vec<AssetId>,
    edges: BTreeSet<Edge>,
}

impl Sketch<'_> {
    /// Whoever acted; the answer is their id.
    fn person(&mut self, root: &AssetId, map: &Value, events: &Value) -> Option<AssetId> {
        let person = people::person(map, events)?;
        let name = person.name.clone()?;
        let known = Resource {
            native_id: person.native_id,
            vendor_id: Some(opaque(&format!("user:{name}"))),
            ..Resource::default()
        };
        let id = asset_id(self.source, &known)?;
        self.keep(id.clone(), &name, "CT_User", false);
        let apis = entities(map, &["API"]);
        let calls: Vec<String> =
            apis.iter().filter_map(|api| api.field(&["api"])).take(4).collect();
        let called = if calls.is_empty() {
            "acted".to_owned()
        } else {
            format!("called {}", calls.join(", "))
        };
        self.edge(&id, root, "acts_on", &format!("{name} {called}"));
        Some(id)
    }

    fn machines(&mut self, root: &AssetId, name: &str, map: &Value) {
        for machine in entities(map, &["Machine"]) {
            let Some(instance) = machine.field(&["instanceid", "awsinstanceid"]) else { continue };
            let id = AssetId::new(native::canonical(&instance).id);
            let host = machine.field(&["name", "hostname"]).unwrap_or(instance);
            self.keep(id.clone(), &host, machine.kind, false);
            self.edge(
                root,
                &id,
                "related",
                &format!("the alert about {name} names machine {host}"),
            );
        }
    }

    fn resources(&mut self, root: &AssetId, person: Option<&AssetId>, map: &Value) {
        let kinds = ["Resource", "NewViolation", "ViolationReason"];
        for entity in entities(map, &kinds) {
            let Some(value) = entity.field(&["value", "resource", "arn", "urn"]) else { continue };
            let name = entity.field(&["name"]).unwrap_or_default();
            let bucket = native::bucket_arn(&value, None).filter(|_| name == "bucketName");
            let Some(native) = bucket.or_else(|| native::is_cloud_form(&value).then_some(value))
            else {
                continue;
            };
            let own = native::canonical(&native);
            let id = AssetId::new(own.id);
            let short = native.rsplit([':', '/']).next().unwrap_or(&native).to_owned();
            self.keep(id.clone(), &short, entity.kind, false);
            match person {
                Some(person) => {
                    self.edge(
                        person,
                        &id,
                        "touches",
                        &format!("the events of the alert touch {short}"),
                    );
                }
                None => self.edge(root, &id, "related", &format!("the alert names {short}")),
            }
        }
    }

    fn addresses(&mut self, root: &AssetId, person: Option<&AssetId>, name: &str, map: &Value) {
        for from in entities(map, &["SourceIpAddress"]) {
            let Some(address) = from.field(&["ip_addr", "ipaddress"]) else { continue };
            let place = from.field(&["country"]).map(|country| format!(" ({country})"));
            let id = self.outside(&address);
            let reason = format!("calls came from {address}{}", place.unwrap_or_default());
            self.edge(&id, person.unwrap_or(root), "calls", &reason);
        }
        for to in entities(map, &["IpAddress", "DnsName"]) {
            let Some(host) = to.field(&["ip_addr", "ipaddress", "hostname"]) else { continue };
            let id = self.outside(&host);
            self.edge(root, &id, "network", &format!("{name} talks to {host}"));
        }
    }

    fn outside(&mut self, address: &str) -> AssetId {
        let id = AssetId::new(format!("address:{}", opaque(address)));
        self.keep(id.clone(), address, "address", true);
        id
    }

    /// Access keys that the events were signed with.
    fn keys(&mut self, owner: &AssetId, events: &Value) {
        for event in list(events).iter().take(ENTRIES_CAP) {
            let identity = at(event, "userIdentity");
            let parsed = identity.as_str().and_then(|text| crate::json::raw(text.as_bytes()).ok());
            let parsed = parsed.map(|raw| crate::json::value(raw).0);
            let key = text_of(at(parsed.as_ref().unwrap_or(identity), "accessKeyId"));
            let Some(key) = key.filter(|key| native::is_cloud_form(key)) else { continue };
            let id = AssetId::new(native::canonical(&key).id);
            self.keep(id.clone(), &key, "access key", false);
            let call = text_of(at(event, "eventName")).unwrap_or_else(|| "a call".to_owned());
            self.edge(&id, owner, "signs_as", &format!("{call} was signed with {key}"));
            if let Some(address) = text_of(at(event, "sourceIpAddress")) {
                let from = self.outside(&address);
                self.edge(&from, &id, "calls", &format!("{call} came from {address}"));
            }
        }
    }

    /// Processes, hosts and users, and how Lacework says they are related.
    fn relationships(&mut self, root: &AssetId, resource: &Resource, entries: &Value) {
        for entry in list(entries).iter().take(ENTRIES_CAP) {
            for link in list(at(entry, "relationships")).iter().take(ENTRIES_CAP) {
                let (Some((from, one)), Some((to, other))) =
                    (self.end(root, resource, link, "src"), self.end(root, resource, link, "dst"))
                else {
                    continue;
                };
                let words = text_of(at(link, "relationshipDescriptor"));
                let words = words.unwrap_or_else(|| "is related to".to_owned());
                self.edge(&from, &to, "observed", &format!("{one} {words} {other}"));
            }
        }
    }

    fn end(
        &mut self,
        root: &AssetId,
        resource: &Resource,
        link: &Value,
        side: &str,
    ) -> Option<(AssetId, String)> {
        let field = |name: &str| text_of(at(link, &format!("{side}{name}")));
        let name = field("EntityText")?;
        let kind = field("EntityType").unwrap_or_else(|| "unknown".to_owned());
        let same = kind == "machine" && resource.name.as_deref() == Some(name.as_str());
        if same {
            return Some((root.clone(), name));
        }
        let uuid = field("EntityUuid")?;
        let id = AssetId::new(format!("{}:entity:{}", self.source, opaque(&uuid)));
        self.keep(id.clone(), &name, &kind, false);
        Some((id, name))
    }

    /// Adds a node; what comes first stays.
    fn keep(&mut self, id: AssetId, name: &str, kind: &str, external: bool) {
        if self.nodes.len() >= NODES_CAP || self.nodes.contains_key(&id) {
            return;
        }
        let name = text::line(name, text::TITLE_CAP);
        let kind = text::line(kind, 100);
        self.order.push(id.clone());
        self.nodes.insert(id.clone(), Neighbour { id, name, kind, external, crown_jewel: false });
    }

    fn edge(&mut self, from: &AssetId, to: &AssetId, kind: &str, reason: &str) {
        let kept = self.nodes.contains_key(from) && self.nodes.contains_key(to);
        if from == to || !kept || self.edges.len() >= EDGES_CAP {
            return;
        }
        self.edges.insert(Edge {
            from: from.clone(),
            to: to.clone(),
            kind: kind.to_owned(),
            reason: text::line(reason, text::LINE_CAP),
            source: self.source.to_owned(),
        });
    }

    fn finish(mut self) -> Neighbourhood {
        let nodes = self.order.iter().filter_map(|id| self.nodes.remove(id)).collect();
        Neighbourhood { nodes, edges: self.edges.into_iter().collect() }
    }
}
