//! What kind of way leads from one asset to another.

use serde::{Deserialize, Serialize};

/// How an attacker gets along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// Packets get there: groups, routes, exposure.
    Network,
    /// It can act as it: can-assume, instance profile, key owner, trust.
    Identity,
    /// It can read or write it: permissions, mounts.
    Data,
    /// One runs on, in or from the other.
    Workload,
    /// The source's word is none that we know. It is an edge all the same.
    Unclear,
}

impl EdgeKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Network, Self::Identity, Self::Data, Self::Workload, Self::Unclear];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Identity => "identity",
            Self::Data => "data",
            Self::Workload => "workload",
            Self::Unclear => "unclear",
        }
    }

    /// Reads a stored name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a source's relation means: `can_assume`, `EXPOSED`, `runs on`. The first word that is
    /// known decides, looked for in the order identity, data, network, workload.
    pub fn of_relation(relation: &str) -> Self {
        let relation = relation.to_ascii_lowercase();
        let known = |words: &[&str]| {
            relation
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|word| words.contains(&word.strip_suffix('s').unwrap_or(word)))
        };
        [
            (Self::Identity, IDENTITY),
            (Self::Data, DATA),
            (Self::Network, NETWORK),
            (Self::Workload, WORKLOAD),
        ]
        .into_iter()
        .find(|(_, words)| known(words))
        .map_or(Self::Unclear, |(kind, _)| kind)
    }
}

/// Relation words without a final `s`, for that is taken off before they are compared.
const IDENTITY: &[&str] = &[
    "assume",
    "role",
    "profile",
    "trust",
    "key",
    "credential",
    "secret",
    "token",
    "sign",
    "permission",
    "impersonate",
    "identity",
    "login",
    "admin",
    "act",
    "acting",
    "iam",
];
const DATA: &[&str] =
    &["read", "write", "mount", "store", "data", "touche", "touch", "query", "queried", "backup"];
const NETWORK: &[&str] = &[
    "network",
    "exposed",
    "expose",
    "call",
    "connect",
    "connected",
    "route",
    "talk",
    "listen",
    "reach",
    "reache",
    "port",
    "peer",
    "peered",
    "ingres",
    "egres",
    "traffic",
];
const WORKLOAD: &[&str] = &[
    "run", "running", "host", "hosted", "replica", "deploy", "deployed", "contain", "instance",
    "image", "invoke", "attached", "workload", "manage", "part",
];

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeKinds(u8);

impl EdgeKinds {
    /// Every kind.
    pub const ALL: Self = Self(0b1_1111);

    /// These and no others.
    pub fn of(kinds: &[EdgeKind]) -> Self {
        Self(kinds.iter().fold(0, |set, kind| set | bit(*kind)))
    }

    /// Whether a kind is among them.
    pub fn has(self, kind: EdgeKind) -> bool {
        self.0 & bit(kind) != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

fn bit(kind: EdgeKind) -> u8 {
    1 << kind as u8
}
