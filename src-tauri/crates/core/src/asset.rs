//! Assets and the edges between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Resource, ResourceKind};
use crate::{AssetId, Timestamp};

/// What an asset is for. Policy treats `Unknown` as strictly as `Production`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Serves customers.
    Production,
    /// Looks like production, serves nobody.
    Staging,
    /// Somebody's workbench.
    Development,
    /// Nobody said.
    Unknown,
}

impl Environment {
    /// The name used in policies and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Production, Self::Staging, Self::Development, Self::Unknown]
            .into_iter()
            .find(|environment| environment.name() == name)
    }

    /// What the tags say. Keys `environment`, `env` and `stage`, any case; a value that is not
    /// recognised is `Unknown`, never a guess.
    pub fn from_tags(tags: &BTreeMap<String, String>) -> Self {
        let value = tags
            .iter()
            .find(|(key, _)| {
                matches!(key.to_ascii_lowercase().as_str(), "environment" | "env" | "stage")
            })
            .map(|(_, value)| value.trim().to_ascii_lowercase());
        match value.as_deref() {
            Some("production" | "prod" | "prd" | "live") => Self::Production,
            Some("staging" | "stage" | "stg" | "preprod" | "uat") => Self::Staging,
            Some("development" | "dev" | "sandbox" | "test" | "qa") => Self::Development,
            _ => Self::Unknown,
        }
    }
}

/// A cloud resource, workload or identity, merged from what sources and the cloud say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Native id where known.
    pub id: AssetId,
    /// What it is.
    pub kind: ResourceKind,
    /// The type verbatim.
    pub native_type: Option<String>,
    /// Untrusted.
    pub name: Option<String>,
    /// Account id.
    pub account: Option<String>,
    /// Untrusted.
    pub account_name: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// The network it is in: `vpc-…`. What was kept before this was read has none.
    #[serde(default)]
    pub vpc: Option<String>,
    /// From tags; unknown otherwise.
    pub environment: Environment,
    /// From the tag `owner` or `team`.
    pub owner: Option<String>,
    /// Untrusted keys and values.
    pub tags: BTreeMap<String, String>,
    /// "running", as the cloud says.
    pub cloud_state: Option<String>,
    /// When the cloud was last read.
    pub read_at: Option<Timestamp>,
    /// Field name to the source that said it.
    pub provenance: BTreeMap<String, String>,
}

impl Asset {
    /// What a finding alone tells about its asset. `None` when the finding names no resource.
    pub fn from_resource(source: &str, resource: &Resource) -> Option<Self> {
        let id = asset_id(source, resource)?;
        let mut asset = Self {
            id,
            kind: resource.kind.unwrap_or(ResourceKind::Other),
            native_type: resource.native_type.clone(),
            name: resource.given_name().map(str::to_owned),
            account: resource.account.clone(),
            account_name: resource.account_name.clone(),
            region: resource.region.clone(),
            vpc: resource.vpc.clone(),
            environment: Environment::from_tags(&resource.tags),
            owner: owner_of(&resource.tags),
            tags: resource.tags.clone(),
            cloud_state: None,
            read_at: None,
            provenance: BTreeMap::new(),
        };
        for (field, set) in [
            ("name", asset.name.is_some()),
            ("account", asset.account.is_some()),
            ("region", asset.region.is_some()),
            ("vpc", asset.vpc.is_some()),
            ("tags", !asset.tags.is_empty()),
            ("environment", asset.environment != Environment::Unknown),
            ("owner", asset.owner.is_some()),
        ] {
            if set {
                asset.provenance.insert(field.to_owned(), source.to_owned());
            }
        }
        Some(asset)
    }

    /// Takes over what `fresh` knows; the cloud's own word replaces a source's, silence replaces nothing.
    pub fn absorb(&mut self, fresh: Self) {
        fn take<T>(slot: &mut Option<T>, fresh: Option<T>) {
            if fresh.is_some() {
                *slot = fresh;
            }
        }
        if fresh.kind != ResourceKind::Other {
            self.kind = fresh.kind;
        }
        take(&mut self.native_type, fresh.native_type);
        take(&mut self.name, fresh.name);
        take(&mut self.account, fresh.account);
        take(&mut self.account_name, fresh.account_name);
        take(&mut self.region, fresh.region);
        take(&mut self.vpc, fresh.vpc);
        take(&mut self.owner, fresh.owner);
        take(&mut self.cloud_state, fresh.cloud_state);
        take(&mut self.read_at, fresh.read_at);
        if !fresh.tags.is_empty() {
            self.tags = fresh.tags;
        }
        if fresh.environment != Environment::Unknown {
            self.environment = fresh.environment;
        }
        self.provenance.extend(fresh.provenance);
    }
}

/// The id under which an asset is known: native where there is one.
pub fn asset_id(source: &str, resource: &Resource) -> Option<AssetId> {
    let native = resource.native_id.as_deref().filter(|id| !id.is_empty());
    let vendor = resource.vendor_id.as_deref().filter(|id| !id.is_empty());
    match (native, vendor) {
        (Some(id), _) => Some(AssetId::new(id)),
        (None, Some(id)) => Some(AssetId::new(format!("{source}:{id}"))),
        (None, None) => None,
    }
}

/// The tag `owner` or `team`, any case.
pub fn owner_of(tags: &BTreeMap<String, String>) -> Option<String> {
    tags.iter()
        .find(|(key, _)| matches!(key.to_ascii_lowercase().as_str(), "owner" | "team"))
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_empty())
}

/// One reason why two assets are connected.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// Where the attacker would come from.
    pub from: AssetId,
    /// Where they would get to.
    pub to: AssetId,
    /// `network`, `can_assume`, `reads`, `mounts`, `exposed`, …
    pub kind: String,
    /// One line for a person. Untrusted.
    pub reason: String,
    /// Who said so.
    pub source: String,
}

/// A node of the neighbourhood that a source's graph gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Native id where known.
    pub id: AssetId,
    /// Untrusted.
    pub name: String,
    /// The source's type, verbatim.
    pub kind: String,
    /// Outside our clouds: an address, the internet.
    pub external: bool,
    /// Classified as what an attacker is after.
    pub crown_jewel: bool,
}

/// The neighbours of one asset with the reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbourhood {
    /// Nodes, the asset itself included where the source lists it.
    pub nodes: Vec<Neighbour>,
    /// Edges between them.
    pub edges: Vec<Edge>,
}

/// What lies before an incident's assets, as worked out here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// What was found, nodes and edges.
    pub found: Neighbourhood,
    /// How many of the edges are uncertain.
    pub uncertain: usize,
    /// Whether more was found than is kept.
    pub is_cut: bool,
}

impl Neighbourhood {
    /// Takes in what another source says. A node is told once, and is a crown jewel when anybody
    /// says so; every reason is kept, with who gave it.
    pub fn absorb(&mut self, mut other: Self) {
        other.take_names_of(self);
        for node in other.nodes {
            match self.nodes.iter_mut().find(|known| known.id == node.id) {
                Some(known) => known.crown_jewel |= node.crown_jewel,
                None => self.nodes.push(node),
            }
        }
        for edge in other.edges {
            if !self.edges.contains(&edge) {
                self.edges.push(edge);
            }
        }
    }

    /// What is outside our clouds has no id of its own: each source makes one up. The same name is
    /// the same place: there is one internet.
    fn take_names_of(&mut self, known: &Self) {
        let mut renamed = BTreeMap::new();
        for node in self.nodes.iter_mut().filter(|node| node.external) {
            let same = known
                .nodes
                .iter()
                .find(|other| other.external && other.name.eq_ignore_ascii_case(&node.name));
            if let Some(other) = same {
                renamed.insert(std::mem::replace(&mut node.id, other.id.clone()), other.id.clone());
            }
        }
        for edge in &mut self.edges {
            for end in [&mut edge.from, &mut edge.to] {
                if let Some(id) = renamed.get(end) {
                    end.clone_from(id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(source: &str, names: &[(&str, bool)]) -> Neighbourhood {
        let node = |name: &str, crown_jewel| Neighbour {
            id: AssetId::new(name),
            name: name.to_owned(),
            kind: "bucket".to_owned(),
            external: false,
            crown_jewel,
        };
        let edge = |to: &str| Edge {
            from: AssetId::new("i-1"),
            to: AssetId::new(to),
            kind: "reads".to_owned(),
            reason: "a policy".to_owned(),
            source: source.to_owned(),
        };
        Neighbourhood {
            nodes: names.iter().map(|(name, jewel)| node(name, *jewel)).collect(),
            edges: names.iter().map(|(name, _)| edge(name)).collect(),
        }
    }

    #[test]
    fn what_several_sources_say_is_told_once_with_every_reason() {
        let mut whole = graph("wiz", &[("a", false), ("b", false)]);
        whole.absorb(graph("orca", &[("a", true), ("c", false)]));
        whole.absorb(graph("orca", &[("a", false)]));
        let nodes: Vec<(&str, bool)> =
            whole.nodes.iter().map(|node| (node.id.as_str(), node.crown_jewel)).collect();
        assert_eq!(nodes, [("a", true), ("b", false), ("c", false)]);
        let edges: Vec<(&str, &str)> =
            whole.edges.iter().map(|edge| (edge.to.as_str(), edge.source.as_str())).collect();
        assert_eq!(edges, [("a", "wiz"), ("b", "wiz"), ("a", "orca"), ("c", "orca")]);
    }

    #[test]
    fn there_is_one_internet() {
        let internet = |id: &str| {
            let mut graph = graph(id, &[("i-1", false)]);
            let (name, id) = ("the internet".to_owned(), AssetId::new(id));
            let kind = "internet".to_owned();
            graph.edges[0].from = id.clone();
            graph.nodes.push(Neighbour { id, name, kind, external: true, crown_jewel: false });
            graph
        };
        let mut whole = internet("wiz:internet");
        whole.absorb(internet("orca:internet"));
        assert_eq!(whole.nodes.len(), 2);
        assert!(whole.edges.iter().all(|edge| edge.from.as_str() == "wiz:internet"));
        assert_eq!(whole.edges.len(), 2, "each source's reason");
    }
}
